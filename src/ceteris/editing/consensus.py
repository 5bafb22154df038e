"""What people who answered for the same rows decide together, each as far as the others bear them out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ceteris.editing.edits import label_said, leaves_open
from ceteris.issues.crowd import consensus
from ceteris.sections import MAJORITY
from ceteris.tables.votes import Votes, by_person, majority

__all__ = ["decided_together", "labels_of_votes"]


def labels_of_votes(votes: Votes, rule: str, ids: np.ndarray, pred_probs: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """Return the label that a rule makes of the votes on each row, None where nobody gave one, shape (n_rows,).

    Parameters
    ----------
    votes : Votes
    rule : {"majority", "crowdlab"}
    ids : ndarray of str objects, shape (n_rows,)
    pred_probs : ndarray, shape (n_rows, n_classes)
        Out of fold.
    """
    if rule == MAJORITY:
        return majority(votes.take(pd.Index(classes).get_indexer(pd.Index(votes.labels)) >= 0), ids)
    table, people = by_person(votes, len(ids), classes)
    told = ~np.isnan(table).all(axis=1) if people else np.zeros(len(ids), dtype=bool)
    found = np.full(len(ids), None, dtype=object)
    if told.any():
        found[told] = np.asarray(classes, dtype=object)[consensus(table[told], pred_probs[told])]
    return found


def decided_together(answers: pd.DataFrame, ids: np.ndarray, pred_probs: np.ndarray, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return one decision for each id that was answered, in the order of ids: always a line that somebody wrote.

    A row is dropped where more people drop it than name a label. Else its label is the most probable, after all answers and the
    audit's probabilities, of those that were given. An answer that is `unsure` and a line about a whole family are no
    votes: the last of them stands where there is nothing else.

    Parameters
    ----------
    answers : DataFrame
        From `edits.live`.
    ids : ndarray of str objects, shape (n_rows,)
        Of the rows, an unknown id's last answer stands, for `edits.apply` to refuse; likewise one whose label is no class.
    pred_probs : ndarray, shape (n_rows, n_classes)
        Out of fold.
    """
    codes = pd.Index(classes).get_indexer(pd.Index(label_said(answers), dtype=object))
    places = pd.Index(ids).get_indexer(pd.Index(answers["id"], dtype=object))
    answers = answers.assign(_code=codes, _place=places)
    votes = ~leaves_open(answers)
    chosen = _chosen(answers[votes & (codes >= 0) & (places >= 0)], pred_probs)
    decisions = [_settled(lines, chosen.get(str(name))) for name, lines in answers.groupby("id", sort=True)]
    columns = [name for name in answers.columns if name not in ("_code", "_place")]
    return pd.DataFrame(decisions, columns=columns).reset_index(drop=True).astype(object)


def _chosen(votes: pd.DataFrame, pred_probs: np.ndarray) -> dict[str, int]:
    """Return the code of the label on which people come to agree, by id."""
    if votes.empty:
        return {}
    table = votes.pivot_table(index="_place", columns="reviewer", values="_code", aggfunc="last")
    agreed = consensus(table.to_numpy(dtype=float), pred_probs[table.index.to_numpy()])
    names = votes.drop_duplicates("_place").set_index("_place")["id"]
    return dict(zip(names.loc[table.index], agreed.tolist(), strict=True))


def _settled(lines: pd.DataFrame, code: int | None) -> pd.Series:
    votes = lines[~leaves_open(lines)]
    if votes.empty:
        return lines.iloc[-1]
    drops, labels = (votes[votes["action"].isin(actions)] for actions in (["drop"], ["relabel", "confirm"]))
    if len(drops) > len(labels):
        return drops.iloc[-1]
    return (labels if code is None else labels[labels["_code"] == code]).iloc[-1]

"""Where people who answered for the same rows part: a queue of these rows, and how far each two of them agree."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from ceteris.editing.edit_lines import FAMILY_SOURCE
from ceteris.editing.edits import CONTROL, STATES, label_said, leaves_open, states
from ceteris.editing.in_time import in_time
from ceteris.reviewing.shares import share_of

__all__ = ["disagreements", "first_answers", "kappa", "last_answers"]

_WHO = ["id", "reviewer"]
DROPPED = "drop"


def first_answers(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the first line of each reviewer about each row, in the order of time: given before anything else was seen.

    One that was taken back later is still what was thought. Answers to controls are among them; what was decided of a whole
    family is not, for nobody looked at the row.

    Parameters
    ----------
    ledger : DataFrame
        With the columns of `edits.COLUMNS`.
    """
    answers = in_time(ledger)
    looked = (answers["action"] != "revert") & (answers["source"] != FAMILY_SOURCE)
    return answers[looked].drop_duplicates(_WHO).reset_index(drop=True)


def last_answers(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the line of each reviewer about each row that now counts, in the order of time; none about controls."""
    ordered = in_time(ledger)
    return ordered[states(ordered) == STATES[0]].reset_index(drop=True)


def disagreements(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of which two reviewers now say otherwise: id, and `said`, what each says in the order of names.

    `unsure` contradicts nobody, nor does an answer that is not blind. Where one label was given twice under two given labels,
    the answers are the same.

    Parameters
    ----------
    ledger : DataFrame
        With the columns of `edits.COLUMNS`.
    """
    answers = last_answers(ledger)
    answers = answers[~leaves_open(answers)].sort_values("reviewer", kind="stable")
    answers = answers.assign(told=[_word(label) for label in label_said(answers)])
    by_row = answers.groupby("id", sort=True)["told"]
    parted = answers[by_row.transform("nunique") > 1]
    words = (parted["reviewer"] + ": " + parted["told"]).groupby(parted["id"], sort=True).agg("; ".join)
    return pd.DataFrame({"id": words.index.to_numpy(dtype=object), "said": words.to_numpy(dtype=object)})


def kappa(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return how far each two reviewers agree, by their first answers to the rows of which both said something.

    To drop a row is an answer beside the labels; `unsure` is none.

    Columns: reviewer, other, n (rows), agree (how many), low and high (Wilson's bounds on that share), and kappa, Cohen's: 1
    where they always agree, 0 where as often as by chance; NaN where both gave one and the same answer throughout.

    References
    ----------
    Cohen (1960), A coefficient of agreement for nominal scales.
    """
    answers = first_answers(ledger)
    answers = answers[(answers["source"] != CONTROL) & (answers["action"] != "unsure")]
    told = [DROPPED if label is None else f"label {label}" for label in label_said(answers)]  # a class may be called drop
    labels = pd.Series(told, index=pd.MultiIndex.from_frame(answers[_WHO]), dtype=object)
    lines = []
    for one, other in combinations(sorted(set(labels.index.get_level_values("reviewer"))), 2):
        mine, theirs = (labels.xs(name, level="reviewer") for name in (one, other))
        both = mine.index.intersection(theirs.index)
        if len(both):
            first, second = mine.loc[both].to_numpy(dtype=object), theirs.loc[both].to_numpy(dtype=object)
            agree = share_of(int((first == second).sum()), len(both))
            lines.append((one, other, agree.n, agree.k, agree.low, agree.high, _cohen(first, second)))
    return pd.DataFrame(lines, columns=["reviewer", "other", "n", "agree", "low", "high", "kappa"])


def _cohen(first: np.ndarray, second: np.ndarray) -> float:
    from sklearn.metrics import cohen_kappa_score

    if len({*first, *second}) < 2:
        return float("nan")
    return float(cohen_kappa_score(first, second))


def _word(label: str | None) -> str:
    return "drop the row" if label is None else str(label)

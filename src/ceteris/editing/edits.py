"""Edits are patches: what people decided about single rows, and the pure function that applies it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from ceteris.editing.edit_lines import ACTIONS, COLUMNS, CONTROL, WHERE, YIELDING, Fault, parse
from ceteris.errors import StaleEditError, nearest
from ceteris.tables.labels import is_known

__all__ = [
    "ACTIONS", "COLUMNS", "CONTROL", "STATES", "Applied", "Settled", "apply", "disputed", "label_said", "leaves_open", "live",
    "misfit_of", "parse", "refuse_lost_classes", "resolve", "says", "settle", "states",
]  # fmt: skip

STATES = ("live", "again", "revert", "reverted", "control", "replaced")


@dataclass(frozen=True)
class Applied:
    """What edits made of some rows: new labels, rows kept, and the patch that says so, one line a changed or answered row."""

    labels: np.ndarray
    kept: np.ndarray
    patch: pd.DataFrame
    already: int = 0


def states(edits: pd.DataFrame) -> pd.Series:
    """Return what became of each line of the ledger: one of `STATES`, aligned with the lines.

    A line sent twice counts once (`again`); a `revert` cancels the answer it names (`reverted`); a later line of one reviewer
    on one id replaces the earlier (`replaced`), but one that is not blind replaces no blind one, nor one about a whole family
    one about the row itself: it is then itself the `replaced`;
    answers to planted controls count nowhere (`control`); the rest is `live`.
    """
    moments = [datetime.fromisoformat(value) for value in edits["at"]]
    order = sorted(range(len(edits)), key=moments.__getitem__)
    lines = edits.reset_index(drop=True).iloc[order]
    again = lines.duplicated("answer")
    reverts = ~again & (lines["action"] == "revert")
    reverted = lines["answer"].isin(set(lines.loc[reverts, "reverts"]))
    control = lines["source"] == CONTROL
    counting = lines[~again & ~reverts & ~reverted & ~control]
    counting = counting.iloc[np.argsort((~counting["source"].isin(YIELDING)).to_numpy(), kind="stable")]
    replaced = lines.index.isin(counting.index[counting.duplicated(["id", "reviewer"], keep="last")])
    found = np.select([again, reverts, reverted, control, replaced], STATES[1:], STATES[0])
    return pd.Series(found, index=lines.index, dtype=object).sort_index().set_axis(edits.index)


@dataclass(frozen=True)
class Settled:
    """What a ledger comes to: one decision for each id, and what hinders others.

    Attributes
    ----------
    decisions : DataFrame
        The columns of `COLUMNS` and `where`, in the order of ids.
    faults : tuple of Fault
        Lines that contradict others.
    conflicts : mapping of str to DataFrame
        The live answers to each id on which reviewers disagree.
    """

    decisions: pd.DataFrame
    faults: tuple[Fault, ...]
    conflicts: Mapping[str, pd.DataFrame]


def resolve(edits: pd.DataFrame, rule: str = "refuse", settled: Collection[str] = ()) -> pd.DataFrame:
    """Return one decision for each id that was answered, in the order of ids.

    A line sent twice counts once; a `revert` cancels the answer it names; a later line of one reviewer on one id
    replaces the earlier; answers to planted controls are left out. Reviewers who disagree are refused, or settled by
    `rule`: "latest", or "majority" (a tie is refused).

    Parameters
    ----------
    settled : collection of str
        Ids whose conflicts are settled elsewhere: nothing is decided of them here, and nothing refused.

    Raises
    ------
    StaleEditError
        Lists every conflict, and every revert of an answer that is unknown.
    """
    found = settle(edits, rule)
    _refuse(found.faults)
    elsewhere = set(settled)
    conflicts = {name: answers for name, answers in found.conflicts.items() if name not in elsewhere}
    if conflicts:
        raise StaleEditError(
            "Reviewers disagree on these ids:",
            "Set fix.conflicts: latest (or majority) in params.yaml, revert one, or ask anew: ceteris review conflicts "
            "(of rows that judge: validation-conflicts)",
            [f"{name}: {disputed(answers)}" for name, answers in conflicts.items()],
        )
    return found.decisions


def live(edits: pd.DataFrame) -> pd.DataFrame:
    """Return the line of each reviewer about each id that now counts (`states`), in the order of time.

    Raises
    ------
    StaleEditError
        Lists every answer that stands on two lines, every revert of one that is unknown, and whoever said two things at once.
    """
    _refuse(settle(edits, "latest").faults)
    moments = [datetime.fromisoformat(value) for value in edits["at"]]
    ordered = edits.iloc[sorted(range(len(edits)), key=moments.__getitem__)]
    return ordered[states(ordered) == STATES[0]]


def _refuse(faults: tuple[Fault, ...]) -> None:
    if faults:
        raise StaleEditError("The edits contradict themselves:", "Correct these lines.", map(str, faults))


def settle(edits: pd.DataFrame, rule: str = "refuse") -> Settled:
    """Return one decision for each id with a live answer (`states`), and what stands against others.

    Reviewers who disagree are a conflict, or settled by `rule`: "latest", or "majority" (a tie is a conflict).
    """
    edits = edits.reset_index(drop=True)
    edits = edits.assign(_at=[datetime.fromisoformat(value) for value in edits["at"]], _state=states(edits))
    edits = edits.sort_values("_at", kind="stable")
    live = edits[edits["_state"] == STATES[0]]
    decisions, conflicts = [], {}
    for name, answers in live.groupby("id", sort=True):
        said = answers[~leaves_open(answers)]
        settled = _settle(said, rule) if len(said) else answers.iloc[-1]
        if settled is None:
            conflicts[str(name)] = answers[[*COLUMNS, WHERE]]
        else:
            decisions.append(settled)
    table = pd.DataFrame(decisions, columns=[*COLUMNS, WHERE]).reset_index(drop=True).astype(object)
    return Settled(table, tuple(_contradictions(edits)), conflicts)


def label_said(answers: pd.DataFrame) -> np.ndarray:
    """Return the label that each answer names, shape (n_answers,), None where the row is dropped or left open."""
    kept = answers["given_label"].where(answers["action"] == "confirm", None)
    return answers["new_label"].where(answers["action"] == "relabel", kept).to_numpy(dtype=object)


def leaves_open(answers: pd.DataFrame) -> pd.Series:
    """Return which answers contradict nobody: unsure ones, those not blind where others may be, those about a whole family."""
    return (answers["action"] == "unsure") | answers["source"].isin(YIELDING)


def _contradictions(edits: pd.DataFrame) -> Iterator[Fault]:
    content = edits.drop_duplicates(list(COLUMNS))
    for row in content[content.duplicated("answer")].itertuples():
        yield Fault(str(row.where), f"the answer {row.answer!r} stands on two different lines")
    edits = edits[edits["_state"] != "again"]
    reverts = edits[edits["action"] == "revert"]
    for row in reverts[~reverts["reverts"].isin(set(edits["answer"]))].itertuples():
        yield Fault(str(row.where), f"reverts the unknown answer {row.reverts!r}")
    for row in reverts[reverts["reverts"].isin(set(reverts["answer"]))].itertuples():
        yield Fault(str(row.where), "reverts a revert; give the answer anew instead")
    counting = edits[edits["_state"].isin(["live", "replaced"])]
    for (name, reviewer, _), rows in counting.groupby(["id", "reviewer", "_at"], sort=False):
        if len(rows) > 1:
            first, last = (says(row) for row in (rows.iloc[0], rows.iloc[-1]))
            yield Fault(str(rows["where"].iloc[-1]), f"{reviewer} said of {name!r} at one moment {first} and {last}")


def disputed(answers: pd.DataFrame) -> str:
    """Return who says what, of answers on which reviewers disagree."""
    return "; ".join(f"{row.reviewer} says {says(row)} ({row.where})" for row in answers.itertuples())


def says(row: object) -> str:
    """Return what a line of the ledger says, in a word or two."""
    action, given, new = (getattr(row, name) for name in ("action", "given_label", "new_label"))
    return f"{action} {given if action == 'confirm' else new}".strip()


def _settle(answers: pd.DataFrame, rule: str) -> pd.Series | None:
    """Return the last answer that says what is decided, or None; answers that name one label say the same."""
    ballots = label_said(answers).tolist()
    (most, votes), *others = Counter(ballots).most_common(2)
    if not others or rule == "latest":
        return answers.iloc[-1]
    if rule == "majority" and votes > others[0][1]:
        return answers.iloc[max(place for place, ballot in enumerate(ballots) if ballot == most)]
    return None


def apply(ids: np.ndarray, labels: np.ndarray, decisions: pd.DataFrame, classes: tuple[str, ...]) -> Applied:
    """Return what decisions make of these rows; no decisions is the identity.

    Parameters
    ----------
    ids, labels : ndarray of str, shape (n_rows,)
    decisions : DataFrame
        From `resolve`, every id among `ids`.

    Raises
    ------
    StaleEditError
        An id is unknown, a given label is not what the data holds, or a new label is none of the classes. Every bad
        line is listed. A row that already holds the new label is counted in `already` and left as it is.
    """
    places = pd.Index(ids).get_indexer(pd.Index(decisions["id"])) if len(decisions) else np.empty(0, dtype=int)
    changed, kept, faults, lines, already = labels.copy(), np.ones(len(ids), dtype=bool), [], [], 0
    for place, edit in zip(places, decisions.itertuples(), strict=True):
        misfit = misfit_of(edit, labels[place] if place >= 0 else None, classes)
        if misfit:
            faults.append(str(Fault(str(edit.where), misfit)))
        elif edit.action == "relabel" and labels[place] == edit.new_label:
            already += 1
        else:
            if edit.action == "relabel":
                changed[place] = edit.new_label
            elif edit.action == "drop":
                kept[place] = False
            lines.append((edit.id, edit.action, edit.given_label, edit.new_label, edit.reviewer, edit.source))
    if faults:
        raise StaleEditError("These edits do not fit the data:", "Correct or revert these lines.", faults)
    columns = ["id", "action", "given_label", "new_label", "reviewer", "source"]
    return Applied(changed, kept, pd.DataFrame(lines, columns=columns, dtype=object), already)


def misfit_of(edit: Any, held: str | None, classes: Collection[str]) -> str | None:
    """Return why an edit does not fit the data; None where it does, or is applied already.

    Parameters
    ----------
    edit : a line of the ledger
    held : str, optional
        The label that its row holds; None where there is no such row.
    """
    if held is None:
        return f"the id {edit.id!r} is unknown"
    if edit.action == "relabel" and not is_known(str(edit.new_label), classes):
        what = f"none of the classes.{nearest(str(edit.new_label), classes)}" if classes else "no number in its plain spelling"
        return f"new_label {edit.new_label!r} is {what}"
    if held != edit.given_label and not (edit.action == "relabel" and held == edit.new_label):
        return f"{edit.id!r} holds {held!r}, the edit was made on {edit.given_label!r}"
    return None


def refuse_lost_classes(before: np.ndarray, after: np.ndarray, version: str) -> None:
    """Refuse a version in which a class has no row left."""
    lost = sorted(set(before) - set(after))
    if lost:
        raise StaleEditError(
            f"The version {version!r} would hold no row of {', '.join(map(repr, lost))}.",
            f"Take that step out of fix.recipes.{version} in params.yaml, or revert the edits that drop the class.",
        )

"""Edits are patches: what people decided about single rows, and the pure function that applies it."""

from __future__ import annotations

import csv
import io
import uuid
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from ceteris.errors import StaleEditError, nearest
from ceteris.neutral import original

__all__ = ["COLUMNS", "ACTIONS", "CONTROL", "Applied", "parse", "resolve", "live", "label_said", "apply", "refuse_lost_classes"]

COLUMNS = ("id", "action", "given_label", "new_label", "reviewer", "reason", "source", "batch", "at", "answer", "reverts")
ACTIONS = ("relabel", "drop", "confirm", "unsure", "revert")
CONTROL = "control"
_WHERE = "where"


@dataclass(frozen=True)
class Applied:
    """What edits made of some rows: new labels, rows kept, and the patch that says so, one line a changed or answered row."""

    labels: np.ndarray
    kept: np.ndarray
    patch: pd.DataFrame
    already: int = 0


def parse(text: str, file: str) -> pd.DataFrame:
    """Return the edits of one ledger file: the columns of `COLUMNS` as exact text, and `where` (file and line).

    Raises
    ------
    StaleEditError
        The header is not the ledger's, or lines are ragged or mangled (a date, an answer or an action that is none).
        Every bad line is listed.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    rows: list[list[str]] = []
    faults: list[str] = []
    try:
        header = next(reader, None)
        if header is None:
            return pd.DataFrame(columns=[*COLUMNS, _WHERE], dtype=object)
        if tuple(header) != COLUMNS:
            hint = " It looks like a spreadsheet wrote it with semicolons." if ";" in "".join(header) else ""
            raise StaleEditError(
                f"{file} line 1 is {','.join(header)[:120]!r}, not the header of an edits file.{hint}",
                f"Restore it from git, or write the header {','.join(COLUMNS)}.",
            )
        for line in reader:
            where = f"{file} line {reader.line_num}"
            if len(line) != len(COLUMNS):
                faults.append(f"{where}: {len(line)} fields, not {len(COLUMNS)}")
                continue
            values = [original(value) for value in line]
            fault = _fault(dict(zip(COLUMNS, values, strict=True)))
            if fault:
                faults.append(f"{where}: {fault}")
            rows.append([*values, where])
    except csv.Error as error:
        faults.append(f"{file} line {reader.line_num}: {error}")
    if faults:
        raise StaleEditError(
            f"{file} holds lines that are no edits:", f"Correct them, or restore it: git checkout {file}", faults
        )
    return pd.DataFrame(rows, columns=[*COLUMNS, _WHERE], dtype=object)


def _fault(edit: dict[str, str]) -> str | None:
    if edit["action"] not in ACTIONS:
        return f"action {edit['action']!r}.{nearest(edit['action'], ACTIONS)}"
    try:
        uuid.UUID(edit["answer"])
    except ValueError:
        return f"answer {edit['answer'][:40]!r} is no uuid"
    try:
        if datetime.fromisoformat(edit["at"]).tzinfo is None:
            return f"at {edit['at']!r} has no time zone (2026-01-31T12:00:00+00:00 has)"
    except ValueError:
        return f"at {edit['at'][:40]!r} is no ISO date and time"
    if edit["action"] == "revert":
        return None if edit["reverts"] else "a revert names no answer in `reverts`"
    if not edit["id"]:
        return "the id is empty"
    if not edit["reviewer"]:
        return "the reviewer is empty"
    if edit["action"] == "relabel" and not edit["new_label"]:
        return "a relabel names no new_label"
    return None


def resolve(edits: pd.DataFrame, rule: str = "refuse") -> pd.DataFrame:
    """Return one decision for each id that was answered, in the order of ids.

    A line sent twice counts once; a `revert` cancels the answer it names; a later line of one reviewer on one id
    replaces the earlier; answers to planted controls are left out. Reviewers who disagree are refused, or settled by
    `rule`: "latest", or "majority" (a tie is refused).

    Raises
    ------
    StaleEditError
        Lists every conflict; and what `live` refuses.
    """
    decisions, conflicts = [], []
    for name, answers in live(edits).groupby("id", sort=True):
        said = answers[answers["action"] != "unsure"]
        settled = _settle(said if len(said) else answers, rule)
        if settled is None:
            conflicts.append(
                f"{name}: " + "; ".join(f"{row.reviewer} says {_says(row)} ({row.where})" for row in answers.itertuples())
            )
        else:
            decisions.append(settled)
    if conflicts:
        raise StaleEditError(
            "Reviewers disagree on these ids:",
            "Set fix.conflicts: latest (or majority) in params.yaml, or revert one answer.",
            conflicts,
        )
    return pd.DataFrame(decisions, columns=[*COLUMNS, _WHERE]).reset_index(drop=True).astype(object)


def live(edits: pd.DataFrame) -> pd.DataFrame:
    """Return the line of each reviewer about each id that now counts, in the order of time.

    A line sent twice counts once; a `revert` cancels the answer it names; a later line of one reviewer on one id replaces the
    earlier; answers to planted controls are left out.

    Raises
    ------
    StaleEditError
        Lists every answer that stands on two lines, every revert of one that is unknown, and whoever said two things at once.
    """
    edits = edits.assign(_at=[datetime.fromisoformat(value) for value in edits["at"]], _order=np.arange(len(edits)))
    edits = edits.sort_values(["_at", "_order"], kind="stable")
    faults = _reused_answers(edits)
    edits = edits.drop_duplicates("answer")
    reverts = edits[edits["action"] == "revert"]
    unknown = reverts[~reverts["reverts"].isin(set(edits["answer"]))]
    faults += [f"{row.where}: reverts the unknown answer {row.reverts!r}" for row in unknown.itertuples()]
    doubled = reverts[reverts["reverts"].isin(set(reverts["answer"]))]
    faults += [f"{row.where}: reverts a revert; give the answer anew instead" for row in doubled.itertuples()]
    live = edits[(edits["action"] != "revert") & ~edits["answer"].isin(set(reverts["reverts"])) & (edits["source"] != CONTROL)]
    faults += _same_moment(live)
    if faults:
        raise StaleEditError("The edits contradict themselves:", "Correct these lines.", faults)
    return live.drop_duplicates(["id", "reviewer"], keep="last")


def label_said(answers: pd.DataFrame) -> np.ndarray:
    """Return the label that each answer names, shape (n_answers,), None where the row is dropped or left open."""
    kept = answers["given_label"].where(answers["action"] == "confirm", None)
    return answers["new_label"].where(answers["action"] == "relabel", kept).to_numpy(dtype=object)


def _reused_answers(edits: pd.DataFrame) -> list[str]:
    content = edits.drop_duplicates(list(COLUMNS))
    reused = content[content.duplicated("answer")]
    return [f"{row.where}: the answer {row.answer!r} stands on two different lines" for row in reused.itertuples()]


def _same_moment(live: pd.DataFrame) -> list[str]:
    moments = live.groupby(["id", "reviewer", "_at"], sort=False)
    return [
        f"{rows['where'].iloc[-1]}: {reviewer} said of {name!r} at one moment {_says(rows.iloc[0])} and {_says(rows.iloc[-1])}"
        for (name, reviewer, _), rows in moments
        if len(rows) > 1
    ]


def _says(row: object) -> str:
    return f"{getattr(row, 'action')} {getattr(row, 'new_label')}".strip()  # noqa: B009


def _settle(answers: pd.DataFrame, rule: str) -> pd.Series | None:
    ballots = answers.groupby(["action", "new_label"], sort=False).size().sort_values(ascending=False)
    if len(ballots) == 1 or rule == "latest":
        return answers.iloc[-1]
    if rule == "majority" and ballots.iloc[0] > ballots.iloc[1]:
        action, label = ballots.index[0]
        return answers[(answers["action"] == action) & (answers["new_label"] == label)].iloc[-1]
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
        if place < 0:
            faults.append(f"{edit.where}: the id {edit.id!r} is unknown")
        elif edit.action == "relabel" and edit.new_label not in classes:
            faults.append(
                f"{edit.where}: new_label {edit.new_label!r} is none of the classes.{nearest(str(edit.new_label), classes)}"
            )
        elif edit.action == "relabel" and labels[place] == edit.new_label:
            already += 1
        elif labels[place] != edit.given_label:
            faults.append(f"{edit.where}: {edit.id!r} holds {labels[place]!r}, the edit was made on {edit.given_label!r}")
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


def refuse_lost_classes(before: np.ndarray, after: np.ndarray, version: str) -> None:
    """Refuse a version in which a class has no row left."""
    lost = sorted(set(before) - set(after))
    if lost:
        raise StaleEditError(
            f"The version {version!r} would hold no row of {', '.join(map(repr, lost))}.",
            f"Take that step out of fix.recipes.{version} in params.yaml, or revert the edits that drop the class.",
        )

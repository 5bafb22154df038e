"""A queue that a person filled in, as lines of the edits ledger."""

from __future__ import annotations

import uuid
from datetime import datetime

import pandas as pd

from ceteris.errors import BadInputError, nearest

__all__ = ["LABEL_COLUMN", "to_edits", "to_reverts", "to_review"]

LABEL_COLUMN = "label"
_ALSO = ("unsure", "drop")


def to_review(queue: pd.DataFrame, features: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return a table to fill in: id, an empty `label`, the named columns of the queue, and the features of each row.

    Parameters
    ----------
    queue : DataFrame
        With a column `id`.
    features : DataFrame
        Indexed by id.
    """
    head = pd.DataFrame({"id": queue["id"], LABEL_COLUMN: ""})
    shown = features.reindex(queue["id"]).reset_index(drop=True).apply(_whole)
    shown.columns = [name if name not in ("id", LABEL_COLUMN, *columns) else f"feature {name}" for name in shown.columns]
    return pd.concat([head, queue[list(columns)].reset_index(drop=True), shown], axis=1)


def _whole(column: pd.Series) -> pd.Series:
    """Return numbers that are all whole as whole, 1 and not 1.0: as the reviewer's own file has them."""
    if not pd.api.types.is_float_dtype(column) or column.isna().all():
        return column
    whole = (column.dropna() % 1 == 0).all() and column.abs().max() < 2**53
    return column.astype("Int64") if whole else column


def to_edits(
    filled: pd.DataFrame,
    given: pd.Series,
    judging: frozenset[str],
    classes: tuple[str, ...],
    known: pd.DataFrame,
    *,
    reviewer: str,
    batch: str,
    at: str,
) -> list[dict[str, str]]:
    """Return one ledger line for each answer that is new: relabel, confirm, drop or unsure.

    Parameters
    ----------
    filled : DataFrame
        Columns `id` and `label` as text; a row without a label is no answer.
    given : Series
        The given label of each row that may be answered for, indexed by id.
    judging : frozenset of str
        The ids of the rows that judge, whose answers count as verified labels.
    known : DataFrame
        The ledger so far: what this reviewer said last of a row is not said again.

    Raises
    ------
    BadInputError
        Lists every answer that is no class, every id that is unknown or answered in two ways, and rows that judge and would
        be dropped.
    """
    for column in ("id", LABEL_COLUMN):
        if column not in filled:
            raise BadInputError(f"The file has the columns {list(filled.columns)[:8]}, and no {column!r}.", "Export it anew.")
    answers = filled[filled[LABEL_COLUMN].str.strip() != ""]
    last, said = _last_said(known, reviewer), dict[str, str]()
    lines, faults = [], []
    for name, written in zip(answers["id"], answers[LABEL_COLUMN], strict=True):
        answer = written if written in classes else written.strip()
        if said.setdefault(name, answer) != answer:
            faults.append(f"{name!r} is answered twice, {said[name]!r} and {answer!r}")
        elif name not in given.index:
            faults.append(f"{name!r} is no train or validation row")
        elif answer not in classes and answer not in _ALSO:
            faults.append(f"{name!r}: {answer!r} is no class.{nearest(answer, [*classes, *_ALSO])}")
        elif answer == "drop" and name in judging and answer not in classes:
            faults.append(f"{name!r} is a row that judges, which no edit may drop; answer `unsure`")
        else:
            line = _line(str(name), str(answer), str(given[name]), classes)
            if last.get(name) == (line["action"], line["new_label"]):
                continue
            last[name] = line["action"], line["new_label"]
            source = "disagreement" if name in judging else "queue"
            lines.append(line | {"reviewer": reviewer, "batch": batch, "at": at, "source": source, "answer": str(uuid.uuid4())})
    if faults:
        more = [f"and {len(faults) - 50} more"] if len(faults) > 50 else []
        raise BadInputError(
            "These answers cannot be read:\n  " + "\n  ".join(faults[:50] + more) + "\n", "Correct them; nothing was written."
        )
    return lines


def to_reverts(known: pd.DataFrame, which: str, *, reviewer: str, at: str) -> list[dict[str, str]]:
    """Return the ledger lines that cancel every live answer of a batch, or one answer.

    Parameters
    ----------
    known : DataFrame
        The ledger so far.
    which : str
        "reviewer/batch", or the uuid of an answer.
    reviewer : str
        Who takes it back.

    Raises
    ------
    BadInputError
        There is no such batch or answer, or all of it was taken back before.
    """
    undone = set(known.loc[known["action"] == "revert", "reverts"])
    answers = known[known["action"] != "revert"].drop_duplicates("answer")
    batches = answers["reviewer"] + "/" + answers["batch"]
    chosen = answers[(batches == which) | (answers["answer"] == which)]
    if chosen.empty:
        raise BadInputError(
            f"{which!r} is no batch of answers and no answer.{nearest(which, sorted(set(batches)))}",
            "Name it as REVIEWER/BATCH: ceteris credit lists them.",
        )
    live = chosen[~chosen["answer"].isin(undone)]
    if live.empty:
        raise BadInputError(f"All of {which!r} was taken back before.", "Nothing is left to do.")
    same = {"action": "revert", "new_label": "", "reviewer": reviewer, "batch": "reverts", "at": at, "source": "revert"}
    return [
        same | {"id": str(id), "given_label": str(given), "answer": str(uuid.uuid4()), "reverts": str(answer)}
        for id, given, answer in live[["id", "given_label", "answer"]].itertuples(index=False)
    ]


def _last_said(known: pd.DataFrame, reviewer: str) -> dict[str, tuple[str, str]]:
    """Return what a reviewer's last answer to each row says (action, new label), without those that were reverted."""
    undone = set(known.loc[known["action"] == "revert", "reverts"])
    mine = known[(known["reviewer"] == reviewer) & (known["action"] != "revert") & ~known["answer"].isin(undone)]
    ordered = mine.iloc[sorted(range(len(mine)), key=lambda place: datetime.fromisoformat(mine["at"].iloc[place]))]
    return dict(zip(ordered["id"], zip(ordered["action"], ordered["new_label"], strict=True), strict=True))


def _line(name: str, answer: str, given: str, classes: tuple[str, ...]) -> dict[str, str]:
    if answer in _ALSO and answer not in classes:
        return {"id": name, "action": answer, "given_label": given, "new_label": ""}
    action = "confirm" if answer == given else "relabel"
    return {"id": name, "action": action, "given_label": given, "new_label": "" if action == "confirm" else answer}

"""A queue that a person filled in, as lines of the edits ledger."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from ceteris.editing.blind import answered_by, judging_source
from ceteris.editing.edit_lines import QUEUE_SOURCE, RANDOM_SOURCE
from ceteris.errors import BadInputError, nearest, quoted, some
from ceteris.reviewing.rankings import draw
from ceteris.tables.dates import said
from ceteris.tables.labels import is_known, number_text

if TYPE_CHECKING:
    from ceteris.reviewing.arms import Question

__all__ = [
    "CHOSEN_BY",
    "columns_told",
    "LABEL_COLUMN",
    "TICKET",
    "not_imported",
    "random_rows",
    "to_edits",
    "to_review",
]

LABEL_COLUMN, CHOSEN_BY, TICKET = "label", "chosen_by", "ticket"
_ALSO = ("unsure", "drop")
_MEANS = {
    "given_label": "as it came", "suggested_label": "by the audit", "label_quality": "0 doubted, 1 trusted",
    "pi": "the chance with which the row was picked", CHOSEN_BY: "queue or chance; to be kept",
    TICKET: "where the row comes from; to be kept",
}  # fmt: skip
_TITLES = {name: f"{name} ({_MEANS[name]})" for name in ("pi", "label_quality")}  # the names that do not speak for themselves


def columns_told(columns: Iterable[str]) -> str:
    """Return what the named columns of a table to fill in hold, in words."""
    return ", ".join(f"{name} ({_MEANS[name]})" for name in columns)


def to_review(
    queue: pd.DataFrame, features: pd.DataFrame, columns: tuple[str, ...], kinds: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return a table to fill in: id, an empty `label`, the named columns of the queue, and the features of each row.

    Parameters
    ----------
    queue : DataFrame
        With a column `id`.
    features : DataFrame
        Indexed by id.
    kinds : mapping of str to str, optional
        `ingest.kinds`: a date is written as a day, and not as its seconds.
    """
    dated = [name for name, kind in (kinds or {}).items() if kind == "date"]
    head = pd.DataFrame({"id": queue["id"], LABEL_COLUMN: ""})
    known = queue[list(columns)].reset_index(drop=True)
    known.columns = pd.Index([_TITLES.get(name, name) for name in columns])
    rows = features.reindex(queue["id"]).reset_index(drop=True)
    shown = rows.apply(lambda column: column.map(said) if column.name in dated else _whole(column))
    taken = ("id", LABEL_COLUMN, CHOSEN_BY, TICKET, *columns, *known)
    shown.columns = [name if name not in taken else f"feature {name}" for name in shown.columns]
    return pd.concat([head, known, shown], axis=1)


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
    asked: Mapping[str, Question | None] | None = None,
) -> list[dict[str, str]]:
    """Return one ledger line for each answer that is new: relabel, confirm, drop or unsure.

    Parameters
    ----------
    filled : DataFrame
        Columns `id` and `label` as text; a row without a label is no answer. A column `chosen_by` says of train rows whether
        a queue chose them ("queue", or blank) or chance ("random").
    given : Series
        The given label of each row that may be answered for, indexed by id.
    judging : frozenset of str
        The ids of the rows that judge, whose answers count as verified labels.
    known : DataFrame
        The ledger so far: what this reviewer said last of a row is not said again.
    asked : mapping of str to Question, optional
        What the ticket beside a row stands for, by id; None where it stands for nothing today.

    Raises
    ------
    BadInputError
        Lists every answer that is no class, every id that is unknown or answered in two ways, rows chosen by neither, and rows
        that judge and would be dropped; of each row all that stands against it.
    """
    for column in ("id", LABEL_COLUMN):
        if column not in filled:
            raise BadInputError(f"The file has the columns {some(filled.columns, 8)}, and no {column!r}.", "Export it anew.")
    answers = filled[filled[LABEL_COLUMN].str.strip() != ""]
    last, said, seen = _last_said(known, reviewer), dict[str, str](), answered_by(known, reviewer)
    lines, faults, questions = [], [], asked or {}
    sources = answers[CHOSEN_BY] if CHOSEN_BY in filled else pd.Series("", index=answers.index)
    labels = answers["given_label"] if "given_label" in filled else pd.Series("", index=answers.index)
    for name, written, source, shown in zip(answers["id"], answers[LABEL_COLUMN], sources, labels, strict=True):
        answer, question = _meant(written, classes), questions.get(name)
        found = _faults(name, answer, source, given, judging, classes)
        if said.setdefault(name, answer) != answer:
            found.append(f"{quoted(name)} is answered twice, {quoted(said[name])} and {quoted(answer)}")
        if name in questions and question is None:
            found.append(
                f"{quoted(name)}: its {TICKET} stands for no question today: its label changed since, or it was typed over"
            )
        elif question is None and shown not in ("", given.get(name, shown)):
            found.append(
                f"{quoted(name)}: its given_label is {quoted(shown)} here and {given[name]!r} in the data: it changed"
                f" since, or the row was planted; keep the column {TICKET}"
            )
        faults += found
        if not found:
            line = _line(str(name), str(answer), question.shown if question else str(given[name]), classes)
            source = question.source if question else judging_source(name, seen) if name in judging else source or QUEUE_SOURCE
            # A row that chance chooses is answered anew: what the queue's answers are worth is compared with what these are.
            if last.get((name, source == RANDOM_SOURCE)) == (line["action"], line["new_label"]):
                continue
            last[name, source == RANDOM_SOURCE] = line["action"], line["new_label"]
            whose = {"reviewer": reviewer, "batch": batch, "at": at, "source": source}
            lines.append(line | whose | {"reason": question.reason if question else "", "answer": str(uuid.uuid4())})
    if faults:
        more = [f"and {len(faults) - 50} more"] if len(faults) > 50 else []
        raise BadInputError(
            "These answers cannot be read:\n  " + "\n  ".join(faults[:50] + more) + "\n", "Correct them; nothing was written."
        )
    return lines


def _meant(written: str, classes: tuple[str, ...]) -> str:
    """Return an answer as it was meant: without blanks around it, and 7 where a program that reads numbers wrote 7.0."""
    answer = written if written in classes else written.strip()
    if not classes:
        return number_text(answer) or answer
    whole = answer.removesuffix(".0")
    return whole if answer not in classes and whole in classes else answer


def _faults(
    name: str, answer: str, source: str, given: pd.Series, judging: frozenset[str], classes: tuple[str, ...]
) -> list[str]:
    """Return all that keeps an answer from being read."""
    found = []
    if name not in given.index:
        found.append(f"{quoted(name)} is no train or validation row")
    if answer not in _ALSO and not is_known(answer, classes):
        what = f"no class.{nearest(answer[:100], [*classes, *_ALSO])}" if classes else "no number."
        found.append(f"{quoted(name)}: {quoted(answer)} is {what}")
    if answer == "drop" and name in judging and answer not in classes:
        found.append(f"{quoted(name)} is a row that judges, which no edit may drop; answer `unsure`")
    if name not in judging and source not in ("", QUEUE_SOURCE, RANDOM_SOURCE):
        found.append(f"{quoted(name)}: {CHOSEN_BY} is {quoted(source)}.{nearest(source[:100], [QUEUE_SOURCE, RANDOM_SOURCE])}")
    return found


def not_imported(filled: pd.DataFrame, known: pd.DataFrame) -> list[str]:
    """Return the ids of a filled-in queue whose answer stands in no line of the ledger, whoever gave it.

    Parameters
    ----------
    filled : DataFrame
        As for `to_edits`.
    known : DataFrame
        The ledger; what was taken back stands there, too.
    """
    said = known["action"].mask(known["action"] == "relabel", known["new_label"])
    said = said.mask(known["action"] == "confirm", known["given_label"])
    there = set(zip(known["id"], said, known["source"] == RANDOM_SOURCE, strict=True))
    answers = filled[filled[LABEL_COLUMN].str.strip() != ""]
    blank = pd.Series("", index=answers.index)
    drawn = answers.get(CHOSEN_BY, blank) == RANDOM_SOURCE
    either = answers.get(TICKET, blank).str.strip() != ""  # a ticket may stand for chance, too
    rows = zip(answers["id"], answers[LABEL_COLUMN], drawn, either, strict=True)
    return [
        str(id)
        for id, answer, random, any_source in rows
        if not {(id, said, chance) for said in (answer, answer.strip()) for chance in {random, random or any_source}} & there
    ]


def random_rows(ids: Collection[str], answered: Collection[str], most: int) -> list[str]:
    """Return the next rows of one random order of the ids (by sha256), those passed over that were answered as such before.

    The order is the same each time, so that nobody picks among draws, and the first k of all answers are k random rows.
    """
    done = set(answered)
    return [id for id in sorted(ids, key=draw) if id not in done][:most]


def _last_said(known: pd.DataFrame, reviewer: str) -> dict[tuple[str, bool], tuple[str, str]]:
    """Return what a reviewer's last answer to each row says (action, new label), by row and whether chance gave the row.

    Answers that were reverted say nothing.
    """
    undone = set(known.loc[known["action"] == "revert", "reverts"])
    mine = known[(known["reviewer"] == reviewer) & (known["action"] != "revert") & ~known["answer"].isin(undone)]
    ordered = mine.iloc[sorted(range(len(mine)), key=lambda place: datetime.fromisoformat(mine["at"].iloc[place]))]
    rows = zip(ordered["id"], ordered["source"] == RANDOM_SOURCE, strict=True)
    return dict(zip(rows, zip(ordered["action"], ordered["new_label"], strict=True), strict=True))


def _line(name: str, answer: str, given: str, classes: tuple[str, ...]) -> dict[str, str]:
    if answer in _ALSO and answer not in classes:
        return {"id": name, "action": answer, "given_label": given, "new_label": ""}
    action = "confirm" if answer == given else "relabel"
    return {"id": name, "action": action, "given_label": given, "new_label": "" if action == "confirm" else answer}

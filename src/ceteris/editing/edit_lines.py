"""A line of an edits ledger: its columns, how it is read from a file, and what is no line of one."""

from __future__ import annotations

import csv
import io
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from ceteris.errors import StaleEditError, nearest
from ceteris.neutral import original

__all__ = [
    "ACTIONS", "COLUMNS", "CONTROL", "FAMILY_SOURCE", "JUDGING_SOURCE", "QUEUE_SOURCE", "RANDOM_SOURCE", "TOLD", "WHERE",
    "YIELDING", "Fault", "fault_of", "parse", "scan",
]  # fmt: skip

COLUMNS = ("id", "action", "given_label", "new_label", "reviewer", "reason", "source", "batch", "at", "answer", "reverts")
ACTIONS = ("relabel", "drop", "confirm", "unsure", "revert")
CONTROL = "control"
QUEUE_SOURCE, RANDOM_SOURCE, JUDGING_SOURCE = "queue", "random", "disagreement"
TOLD = "told"  # of a row that judges, asked of somebody who had answered for it before, and so been told its given label
FAMILY_SOURCE = "family"  # of a row that nobody looked at: decided with all others of its pattern
YIELDING = (TOLD, FAMILY_SOURCE)  # sources whose answers count only where no other does
WHERE = "where"
_YEARS = 1970, 2999
_MOMENT = re.compile(  # what both datetime.fromisoformat and pandas read, and read alike
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_LONGEST = 100_000  # letters; csv reads up to 131,072 a field


@dataclass(frozen=True)
class Fault:
    """What is wrong with one line of a ledger, and where it stands (file and line)."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def parse(text: str, file: str) -> pd.DataFrame:
    """Return the edits of one ledger file: the columns of `COLUMNS` as exact text, and `where` (file and line).

    Raises
    ------
    StaleEditError
        The header is not the ledger's, or lines are ragged or mangled (a date, an answer or an action that is none).
        Every bad line is listed.
    """
    found, faults = scan(text, file)
    if faults:
        raise StaleEditError(
            f"{file} holds lines that are no edits:",
            f"Correct them, or restore the file, without what was added since `git add`: git checkout {file}",
            map(str, faults),
        )
    return found


def scan(text: str, file: str) -> tuple[pd.DataFrame, tuple[Fault, ...]]:
    """Return the edits of one ledger file that can be read, as `parse` does, and a fault for every line that cannot."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    rows: list[list[str]] = []
    faults: list[Fault] = []
    first = 1
    try:
        header = tuple(next(reader, COLUMNS))
        if header != COLUMNS:
            hint = " It looks like a spreadsheet wrote it with semicolons." if ";" in "".join(header) else ""
            what = f"{','.join(header)[:120]!r} is not the header of an edits file, {','.join(COLUMNS)}.{hint}"
            return _lines([]), (Fault(f"{file} line 1", what),)
        first = reader.line_num + 1
        for line in reader:
            values = [original(value) for value in line]
            where, fault = f"{file} line {reader.line_num}", fault_of(values)
            if fault:
                faults.append(Fault(where, fault))
            else:
                rows.append([*values, where])
            first = reader.line_num + 1
    except csv.Error as error:
        faults.append(Fault(f"{file} line {first}", str(error)))
    return _lines(rows), tuple(faults)


def _lines(rows: list[list[str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[*COLUMNS, WHERE], dtype=object)


def fault_of(values: Sequence[str]) -> str | None:
    """Return why values, in the order of `COLUMNS`, are no edit; None where they are one."""
    if len(values) != len(COLUMNS):
        return f"{len(values)} fields, not {len(COLUMNS)}"
    edit = dict(zip(COLUMNS, values, strict=True))
    return _unkept(edit) or _unfit(edit) or _lacking(edit)


def _unkept(edit: dict[str, str]) -> str | None:
    """Return which value a CSV file in UTF-8 would not give back."""
    for column, value in edit.items():
        if "\x00" in value or (not value.isascii() and any("\ud800" <= letter < "\ue000" for letter in value)):
            return f"{column} holds a NUL or half a character"
        if len(value) > _LONGEST:
            return f"{column} has {len(value):,} letters; at most {_LONGEST:,} are kept"
    return None


def _unfit(edit: dict[str, str]) -> str | None:
    if edit["action"] not in ACTIONS:
        return f"action {edit['action']!r}.{nearest(edit['action'], ACTIONS)}"
    try:
        uuid.UUID(edit["answer"])
    except ValueError:
        return f"answer {edit['answer'][:40]!r} is no uuid"
    return _untimely(edit["at"])


def _untimely(at: str) -> str | None:
    """Return why a text is no moment that every reader of a ledger takes."""
    found = _MOMENT.fullmatch(at)
    try:
        if found is None or not _YEARS[0] <= datetime.fromisoformat(at).year <= _YEARS[1]:
            raise ValueError
    except ValueError:
        return f"at {at[:40]!r} is no ISO date and time of the years {_YEARS[0]} to {_YEARS[1]}"
    return None if found["zone"] else f"at {at!r} has no time zone (2026-01-31T12:00:00+00:00 has)"


def _lacking(edit: dict[str, str]) -> str | None:
    if edit["action"] == "revert":
        return None if edit["reverts"] else "a revert names no answer in `reverts`"
    if not edit["id"]:
        return "the id is empty"
    if not edit["reviewer"]:
        return "the reviewer is empty"
    if edit["action"] == "relabel" and not edit["new_label"]:
        return "a relabel names no new_label"
    return None

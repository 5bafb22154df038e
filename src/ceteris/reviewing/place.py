"""Where a queue is written for a person to fill in: never over a file that is there."""

from __future__ import annotations

import csv
import itertools
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from ceteris.editing.answers import CHOSEN_BY, LABEL_COLUMN, TICKET, not_imported
from ceteris.errors import BadInputError, counted, some
from ceteris.store import read_table

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

__all__ = ["free_place", "read_filled"]


def free_place(out: Path | None, name: str, known: Callable[[], pd.DataFrame]) -> Path:
    """Return where a queue may be written, having said so where that is not its first name.

    A queue whose answers are all imported has done its work: it stays, and the next one has the next number.

    Parameters
    ----------
    out : Path or None
        The file that was asked for; None: review-NAME.csv, or else review-NAME-2.csv and so on.
    known : returns every line of the ledgers

    Raises
    ------
    BadInputError
        A file of that name holds answers that are not imported, is not filled in yet, or is no queue; or `out` is there.
    """
    for number in itertools.count(1):
        path = out or Path(f"review-{name}{f'-{number}' if number > 1 else ''}.csv")
        if not path.exists():
            return path
        answers = _imported(path, known())
        if out is not None:
            raise BadInputError(f"{path} is there already, with {counted(answers, 'answer')} imported.", "Pass another --out.")
        print(f"{path} stays as it is: {counted(answers, 'answer')} imported.")
    raise AssertionError


def _imported(path: Path, known: pd.DataFrame) -> int:
    """Return how many answers a queue holds, refusing one that holds none, or any that are not imported."""
    filled, quoted = read_filled(path), shlex.quote(str(path))
    other = "or move it, or pass another --out."
    if not {"id", LABEL_COLUMN} <= set(filled):
        raise BadInputError(f"{path} is there already and is no queue.", "Move it, or pass another --out.")
    lacking = not_imported(filled, known)
    if lacking:
        raise BadInputError(
            f"{path} is there already and holds answers that are not imported, to {some(lacking)}.",
            f"Import them (ceteris edits import {quoted} --reviewer YOUR-NAME), {other}",
        )
    answers = int((filled[LABEL_COLUMN].str.strip() != "").sum())
    if not answers:
        raise BadInputError(f"{path} is there already, and no row of it is answered.", f"Fill in its column `label`, {other}")
    return answers


def read_filled(path: Path) -> pd.DataFrame:
    """Return a queue as somebody filled it in; refuse a file that is no table, or parts its columns with another character."""
    try:
        _refuse_other_delimiters(path)
        filled = read_table(path, text=("id", LABEL_COLUMN, "given_label", CHOSEN_BY, TICKET))
        _refuse_torn(path)
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}.", "Name a CSV file that you may read.") from None
    except ValueError as error:
        said = str(error).split("\n")[0].rstrip(".")
        raise BadInputError(f"{path} cannot be read: {said}.", "Save it as CSV in UTF-8, with commas.") from None
    return filled


def _refuse_other_delimiters(path: Path) -> None:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        header = file.readline().rstrip("\r\n")
    seen = next((sign for sign in ";\t|" if {"id", LABEL_COLUMN} <= set(header.replace('"', "").split(sign))), None)
    if seen is not None:
        name = {";": "semicolons", "\t": "tabs", "|": "upright strokes (|)"}[seen]
        raise BadInputError(
            f"{path} parts its columns with {name}, and is read with commas.",
            "Save it again as CSV and choose the comma as the field delimiter; nothing was written.",
        )


def _refuse_torn(path: Path) -> None:
    """Refuse a file of which nobody can say what it answers: a column stands twice, or its last line ends early."""
    csv.field_size_limit(2**31 - 1)  # a text of a row may be long
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        lines = csv.reader(file)
        header: list[str] = next(lines, [])
        last: list[str] = []
        for line in lines:
            last = line or last
    for name in ("id", LABEL_COLUMN, TICKET):
        if header.count(name) > 1:
            raise BadInputError(f"{path} has {header.count(name)} columns {name!r}.", "Keep one of them; nothing was written.")
    if last and len(last) < len(header):
        raise BadInputError(
            f"{path} has {counted(len(last), 'cell')} in its last line, where its header has {len(header)}: it may be cut off.",
            "Save it again, whole; nothing was written.",
        )

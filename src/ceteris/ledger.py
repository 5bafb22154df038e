"""The door to data/edits/: one append-only CSV a reviewer and batch, in git."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pandas as pd

from ceteris import edits
from ceteris.errors import SealedTestError, StaleEditError, some
from ceteris.neutral import neutral
from ceteris.splits import TEST, VALIDATION

__all__ = ["append", "ledger_files", "of_part", "read_ledger"]


def read_ledger(folder: Path) -> pd.DataFrame:
    """Return every line of every ledger file, in the order of file names, columns as `edits.COLUMNS` and `where`."""
    files = ledger_files(folder)
    tables = []
    for path in files:
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise StaleEditError(f"{path.name} is not UTF-8 (byte {error.start}).", "Save it as CSV in UTF-8.") from None
        tables.append(edits.parse(text, f"{folder.parent.name}/{folder.name}/{path.name}"))
    found = [table for table in tables if len(table)]
    return pd.concat(found, ignore_index=True) if found else edits.parse("", "")


def ledger_files(folder: Path) -> list[Path]:
    """Return the files of a ledger in the order of their names, refusing what cannot be one."""
    found = sorted(path for path in folder.rglob("*") if not _hidden(path.relative_to(folder)) and path != folder / "README.md")
    stray = [path for path in found if path.parent != folder or path.suffix != ".csv" or not path.is_file()]
    if stray:
        raise StaleEditError(
            f"{some(path.relative_to(folder) for path in stray)} in {folder.name}/ cannot be read as edits.",
            "Keep one file NAME.csv a reviewer and batch, in that folder itself.",
        )
    return found


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def append(path: Path, lines: list[dict[str, str]]) -> None:
    """Add lines to a ledger file, making it with its header where it is new; bytes that are there stay there."""
    from ceteris.store import write_bytes

    before = path.read_bytes() if path.exists() else (",".join(edits.COLUMNS) + "\n").encode()
    buffer = io.StringIO()
    for line in lines:
        values = [neutral(line.get(name, "")) for name in edits.COLUMNS]
        # Before Python 3.13 csv leaves a lone carriage return unquoted, and then reads it as the end of the line.
        quoting: Any = csv.QUOTE_ALL if any("\r" in value for value in values) else csv.QUOTE_MINIMAL
        csv.writer(buffer, lineterminator="\n", quoting=quoting).writerow(values)
    write_bytes(path, before + (b"" if before.endswith(b"\n") else b"\n") + buffer.getvalue().encode())


def of_part(decisions: pd.DataFrame, parts: pd.Series, part: str) -> pd.DataFrame:
    """Return the decisions about rows of one part; those about unknown ids go with the train rows, to be refused there.

    Parameters
    ----------
    decisions : DataFrame
        From `edits.resolve`.
    parts : Series
        The part of each id, indexed by id.

    Raises
    ------
    SealedTestError
        A decision is about a row of the test part.
    """
    place = decisions["id"].map(parts)
    sealed = decisions[place == TEST]
    if len(sealed):
        raise SealedTestError(
            f"These edits are about rows of the sealed test part: {some(sealed['where'] + ' ' + sealed['id'])}.",
            "Move the lines to release/edits/; they belong to one counted look at the test part.",
        )
    judging = place == VALIDATION
    return decisions[judging if part == VALIDATION else ~judging].reset_index(drop=True)

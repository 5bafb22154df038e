"""The door between answers and the two ledgers: data/edits/, and release/edits/ for the rows of a counted look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ceteris.errors import BadInputError

if TYPE_CHECKING:
    from ceteris.workbench import Workbench

__all__ = ["append", "file_of", "known"]


def known(bench: Workbench) -> pd.DataFrame:
    """Return every line of both ledgers."""
    from ceteris.ledger import read_ledger
    from ceteris.release.folder import EDITS

    return pd.concat([read_ledger(bench.path("edits")), read_ledger(bench.root / EDITS)], ignore_index=True)


def append(bench: Workbench, name: str, lines: list[dict[str, str]]) -> list[str]:
    """Add lines to the ledger that their rows belong to, and return the files that were written."""
    from ceteris import edits, ledger
    from ceteris.release.folder import EDITS
    from ceteris.splits import TEST

    parts, written = bench.parts() if lines else pd.Series(dtype=object), []
    sealed = [parts.get(line["id"]) == TEST for line in lines]
    for folder, of_test in ((bench.path("edits"), False), (bench.root / EDITS, True)):
        path, mine = folder / name, [line for line, test in zip(lines, sealed, strict=True) if test == of_test]
        if mine:
            ledger.append(path, mine)
            edits.parse(path.read_text(encoding="utf-8"), path.name)
            written.append(path.relative_to(bench.root).as_posix())
    return written


def file_of(reviewer: str, batch: str) -> str:
    """Return the name of the file that a reviewer's batch stands in."""
    return f"{plain(reviewer)}-{plain(batch)}.csv"


def plain(name: str) -> str:
    """Return a name as a part of a file's name: ASCII letters and digits, others as underscores."""
    kept = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name).strip("_")
    if not kept:
        raise BadInputError(f"{name!r} names no file.", "Use letters and digits.")
    return kept

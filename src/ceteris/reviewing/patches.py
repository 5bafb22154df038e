"""The door between answers and the two ledgers: data/edits/, and release/edits/ for the rows of a counted look."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from ceteris import edits, ledger
from ceteris.errors import BadInputError
from ceteris.release.folder import EDITS
from ceteris.splits import TEST

if TYPE_CHECKING:
    from ceteris.workbench import Workbench

__all__ = ["Ledgers", "file_of", "plain"]


class Ledgers:
    """Both ledgers of a repository, found once; what stands in them is read each time.

    Parameters
    ----------
    bench : Workbench
    """

    def __init__(self, bench: Workbench) -> None:
        self._bench, self._edits, self._release = bench, bench.path("edits"), bench.root / EDITS

    def lines(self) -> pd.DataFrame:
        """Return every line of both."""
        return pd.concat([ledger.read_ledger(self._edits), ledger.read_ledger(self._release)], ignore_index=True)

    def append(self, name: str, lines: list[dict[str, str]]) -> list[str]:
        """Add lines to the ledger that their rows belong to, and return the files that were written."""
        written = []
        for folder, of_test in ((self._edits, False), (self._release, True)):
            path, mine = folder / name, [line for line in lines if (line["id"] in self._sealed) == of_test]
            if mine:
                ledger.append(path, mine)
                edits.parse(path.read_text(encoding="utf-8"), path.name)
                written.append(path.relative_to(self._bench.root).as_posix())
        return written

    @cached_property
    def _sealed(self) -> frozenset[str]:
        parts = self._bench.parts()
        return frozenset(parts.index[parts == TEST])


def file_of(reviewer: str, batch: str) -> str:
    """Return the name of the file that a reviewer's batch stands in."""
    return f"{plain(reviewer)}-{plain(batch)}.csv"


def plain(name: str) -> str:
    """Return a name as a part of a file's name: ASCII letters and digits, others as underscores."""
    kept = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name).strip("_")
    if not kept:
        raise BadInputError(f"{name!r} names no file.", "Use letters and digits.")
    return kept

"""The door between answers and the two ledgers: data/edits/, and release/edits/ for the rows of a counted look."""

from __future__ import annotations

import contextlib
import hashlib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from ceteris.editing import ledger
from ceteris.editing.edit_lines import Fault
from ceteris.errors import BadInputError
from ceteris.locks import locked
from ceteris.release.folder import EDITS
from ceteris.reviewing.checking import Today, check
from ceteris.reviewing.standing import standing
from ceteris.splitting.splits import TEST
from ceteris.store import STATE

if TYPE_CHECKING:
    from ceteris.workbench import Workbench

__all__ = ["Ledgers", "Written", "file_of", "left_out", "plain"]

_LONGEST = 40  # letters of a name in a file's


@dataclass(frozen=True)
class Written:
    """What became of answers, as of `ledger.Appended`, and the files that hold new ones, relative to the repository."""

    files: tuple[str, ...]
    saved: tuple[str, ...]
    refused: Mapping[str, str]
    remarks: tuple[str, ...]


class Ledgers:
    """Both ledgers of a repository, found once; what stands in them is read each time.

    Parameters
    ----------
    bench : Workbench
    """

    def __init__(self, bench: Workbench) -> None:
        self._bench, self._folders = bench, (bench.path("edits"), bench.root / EDITS)

    def lines(self) -> pd.DataFrame:
        """Return every line of both; refusals as of `ledger.read_ledger`."""
        return pd.concat([ledger.read_ledger(folder) for folder in self._folders], ignore_index=True)

    def readable(self) -> tuple[pd.DataFrame, tuple[Fault, ...]]:
        """Return every line of both that can be read, and what hinders the others."""
        found = self._scanned()
        faults = tuple(fault for _, faults in found for fault in faults)
        return pd.concat([lines for lines, _ in found], ignore_index=True), faults

    def standing(self) -> pd.DataFrame:
        """Return who said what of which row and when, and what became of it, as `standing.standing` tells."""
        return standing(self.readable()[0], dict(self._bench.parts()))

    def checked(self) -> pd.DataFrame:
        """Return what stands against the lines of both, as `checking.check` tells."""
        bench, fix = self._bench, self._bench.params.fix
        recipes = {name: {step.step for step in steps} for name, steps in fix.steps().items()}
        versions = tuple(name for name, steps in recipes.items() if "apply_edits" in steps)
        together = not versions and any("consensus" in steps for steps in recipes.values())
        today = Today(bench.parts(), bench.given_labels(), bench.classes(), fix.conflicts, versions, together)
        both = zip(self._scanned(), (False, True), strict=True)
        return pd.concat([check(lines, faults, today, sealed=sealed) for (lines, faults), sealed in both], ignore_index=True)

    def append(self, name: str, lines: Sequence[Mapping[str, str]], *, who: str = "edits") -> Written:
        """Add lines to the ledger that their rows belong to, as `ledger.append` does, and return what became of them.

        A line that reverts goes where the answer stands that it takes back, whatever became of its row.
        """
        files, saved, refused, remarks = list[str](), list[str](), dict[str, str](), list[str]()
        sealed = [self._of_test(line) for line in lines]
        for folder, of_test in zip(self._folders, (False, True), strict=True):
            mine = [line for line, test in zip(lines, sealed, strict=True) if test == of_test]
            if mine:
                found = ledger.append(folder / name, mine, who=who, beside=self._folders)
                files += [(folder / name).relative_to(self._bench.root).as_posix()] * (found.added > 0)
                saved += found.saved
                refused |= found.refused
                remarks += found.remarks
        return Written(tuple(files), tuple(saved), refused, tuple(dict.fromkeys(remarks)))

    @contextlib.contextmanager
    def alone(self, who: str) -> Iterator[None]:
        """Let one command at a time look at the ledgers and add to them, so that no file is imported twice at once."""
        with locked(self._bench.root / STATE / "answers.lock", who, f"answers in {self._bench.root}", 60.0):
            yield

    def _scanned(self) -> list[tuple[pd.DataFrame, tuple[Fault, ...]]]:
        """Return `ledger.scan_ledger` of each, at the revision that is open."""
        if self._bench.rev is None:
            return [ledger.scan_ledger(folder) for folder in self._folders]
        names = [folder.relative_to(self._bench.root).as_posix() for folder in self._folders]
        return [ledger.scan_files(self._bench.files_at(name)) for name in names]

    def _of_test(self, line: Mapping[str, str]) -> bool:
        if line.get("reverts"):
            return line["reverts"] in set(ledger.scan_ledger(self._folders[1])[0]["answer"])
        return line["id"] in self._sealed

    @cached_property
    def _sealed(self) -> frozenset[str]:
        parts = self._bench.parts()
        return frozenset(parts.index[parts == TEST])


def left_out(faults: Sequence[Fault]) -> str:
    """Return what of the ledgers cannot be read, in a sentence; "" where all of it can."""
    if not faults:
        return ""
    more = f", and {len(faults) - 1:,} more" if len(faults) > 1 else ""
    return f"Left out, since it cannot be read: {faults[0]}{more}. See: ceteris edits check"


def file_of(reviewer: str, batch: str) -> str:
    """Return the name of the file that a reviewer's batch stands in."""
    return f"{plain(reviewer)}-{plain(batch)}.csv"


def plain(name: str) -> str:
    """Return a name as a part of a file's name: ASCII letters and digits, others as underscores, at most 49 of them.

    Where more than separators is lost, a digest of the whole name follows, so that two such names are two files. It is one
    file whether a letter and its accent are written apart (NFD) or as one (NFC).
    """
    if not name.strip():
        raise BadInputError(f"{name!r} names no file.", "Use letters and digits.")
    name = unicodedata.normalize("NFC", name)
    kept = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name).strip("_")
    if kept and name.isascii() and len(kept) <= _LONGEST:
        return kept
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{kept[:_LONGEST].rstrip('_')}_{digest}".lstrip("_")

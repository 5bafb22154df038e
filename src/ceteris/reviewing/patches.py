"""The door between answers and the two ledgers: data/edits/, and release/edits/ for the rows of a counted look."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ceteris import ledger
from ceteris.edit_lines import Fault
from ceteris.errors import BadInputError
from ceteris.locks import locked
from ceteris.release.folder import EDITS
from ceteris.reviewing.checking import Today, check
from ceteris.reviewing.standing import standing
from ceteris.splits import TEST
from ceteris.store import STATE

if TYPE_CHECKING:
    from ceteris.workbench import Workbench

__all__ = ["Written", "append", "checked", "file_of", "folders", "known", "one_at_a_time", "plain", "scanned", "standing_of"]


@dataclass(frozen=True)
class Written:
    """What became of answers, as of `ledger.Appended`, and the files that hold new ones, relative to the repository."""

    files: tuple[str, ...]
    saved: tuple[str, ...]
    refused: Mapping[str, str]
    remarks: tuple[str, ...]


def folders(bench: Workbench) -> tuple[Path, Path]:
    """Return where edits stand, and where those of test rows do."""
    return bench.path("edits"), bench.root / EDITS


def known(bench: Workbench) -> pd.DataFrame:
    """Return every line of both ledgers; refusals as of `ledger.read_ledger`."""
    return pd.concat([ledger.read_ledger(folder) for folder in folders(bench)], ignore_index=True)


@contextlib.contextmanager
def one_at_a_time(bench: Workbench, who: str) -> Iterator[None]:
    """Let one command at a time look at the ledger and add to it, so that no file is imported twice at once."""
    with locked(bench.root / STATE / "answers.lock", who, f"answers in {bench.root}", 60.0):
        yield


def scanned(bench: Workbench) -> list[tuple[pd.DataFrame, tuple[Fault, ...]]]:
    """Return of each of the two ledgers every line that can be read, and what hinders the others, at the revision open here."""
    if bench.rev is not None:
        names = (folder.relative_to(bench.root).as_posix() for folder in folders(bench))
        return [ledger.scan_files(bench.files_at(name)) for name in names]
    return [ledger.scan_ledger(folder) for folder in folders(bench)]


def standing_of(bench: Workbench) -> pd.DataFrame:
    """Return who said what of which row and when, and what became of it, as `standing.standing` tells."""
    lines = pd.concat([lines for lines, _ in scanned(bench)], ignore_index=True)
    return standing(lines, dict(bench.parts()))


def checked(bench: Workbench) -> pd.DataFrame:
    """Return what stands against the lines of both ledgers, as `checking.check` tells."""
    params, parts = bench.params, bench.parts()
    versions = [name for name, steps in params.fix.steps().items() if any(step.step == "apply_edits" for step in steps)]
    today = Today(parts, bench.given_labels(), bench.classes(), params.fix.conflicts, tuple(versions))
    both = zip(scanned(bench), (False, True), strict=True)
    return pd.concat([check(lines, faults, today, sealed=sealed) for (lines, faults), sealed in both], ignore_index=True)


def append(bench: Workbench, name: str, lines: Sequence[Mapping[str, str]], *, who: str = "edits") -> Written:
    """Add lines to the ledger that their rows belong to, as `ledger.append` does, and return what became of them.

    A line that reverts goes where the answer stands that it takes back, whatever became of its row.
    """
    parts = bench.parts() if lines else pd.Series(dtype=object)
    there = set(ledger.scan_ledger(bench.root / EDITS)[0]["answer"])
    sealed = [line["reverts"] in there if line.get("reverts") else parts.get(line["id"]) == TEST for line in lines]
    files, saved, refused, remarks = list[str](), list[str](), dict[str, str](), list[str]()
    for folder, of_test in zip(folders(bench), (False, True), strict=True):
        mine = [line for line, test in zip(lines, sealed, strict=True) if test == of_test]
        if mine:
            found = ledger.append(folder / name, mine, who=who, beside=folders(bench))
            files += [(folder / name).relative_to(bench.root).as_posix()] * (found.added > 0)
            saved += found.saved
            refused |= found.refused
            remarks += found.remarks
    return Written(tuple(files), tuple(saved), refused, tuple(dict.fromkeys(remarks)))


def file_of(reviewer: str, batch: str) -> str:
    """Return the name of the file that a reviewer's batch stands in."""
    return f"{plain(reviewer)}-{plain(batch)}.csv"


def plain(name: str) -> str:
    """Return a name as a part of a file's name: ASCII letters and digits, others as underscores."""
    kept = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name).strip("_")
    if not kept:
        raise BadInputError(f"{name!r} names no file.", "Use letters and digits.")
    return kept

"""The door to data/edits/: one append-only CSV a reviewer and batch, in git."""

from __future__ import annotations

import codecs
import csv
import io
import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from ceteris.editing.edit_lines import COLUMNS, Fault, fault_of, parse, scan
from ceteris.errors import SealedTestError, StaleEditError, some
from ceteris.neutral import neutral, original
from ceteris.splitting.splits import TEST, VALIDATION

__all__ = ["Appended", "append", "ledger_files", "of_part", "read_ledger", "scan_files", "scan_ledger"]


_ANSWER = COLUMNS.index("answer")
_PATIENCE = 10.0  # seconds: whoever holds the ledger's lock writes one file


@dataclass(frozen=True)
class Appended:
    """What became of lines that were to be added to a ledger.

    Attributes
    ----------
    saved : tuple of str
        The answers (uuids) that stand on the disk now, in the order given: those of this call, and those that stood there.
    added : int
        How many lines this call wrote.
    refused : mapping of str to str
        Why, by answer, a line was not written.
    remarks : tuple of str
        Other files of the ledger that cannot be read, so that nobody knows which answers stand in them.
    """

    saved: tuple[str, ...]
    added: int
    refused: Mapping[str, str]
    remarks: tuple[str, ...]


def read_ledger(folder: Path) -> pd.DataFrame:
    """Return every line of every ledger file, in the order of file names, columns as `edits.COLUMNS` and `where`.

    Raises
    ------
    StaleEditError
        Something in the folder cannot be a ledger, or a file holds lines that are no edits: all of its bad lines are listed.
    """
    return _joined([parse(_text(path), _named(path)) for path in ledger_files(folder)])


def scan_ledger(folder: Path) -> tuple[pd.DataFrame, tuple[Fault, ...]]:
    """Return every line of a ledger that can be read, as `read_ledger` does, and what hinders the others."""
    files, stray = _listed(folder)
    faults = [Fault(_named(path), "cannot be read as edits, which stand in files NAME.csv there") for path in stray]
    tables = []
    for path in files:
        try:
            table, found = _scanned(path, *_state(path))
        except OSError as error:
            faults.append(Fault(_named(path), f"cannot be read: {error.strerror}"))
        else:
            tables.append(table)
            faults += found
    return _joined(tables), tuple(faults)


@lru_cache(maxsize=256)
def _scanned(path: Path, inode: int, size: int, changed: int) -> tuple[pd.DataFrame, tuple[Fault, ...]]:
    """Return `scan_files` of one file, read anew where it changed; nobody may change the table."""
    return scan_files({_named(path): path.read_bytes()})


def scan_files(files: Mapping[str, bytes]) -> tuple[pd.DataFrame, tuple[Fault, ...]]:
    """Return every line of some ledger files, by their names, that can be read, and what hinders the others."""
    tables, faults = [], list[Fault]()
    for name, content in files.items():
        try:
            table, found = scan(content.decode("utf-8-sig"), name)
        except UnicodeDecodeError as error:
            faults.append(Fault(f"{name} line {_line(error)}", "is not UTF-8"))
        else:
            tables.append(table)
            faults += found
    return _joined(tables), tuple(faults)


def ledger_files(folder: Path) -> list[Path]:
    """Return the files of a ledger in the order of their names, refusing what cannot be one."""
    files, stray = _listed(folder)
    if stray:
        raise StaleEditError(
            f"{some(path.relative_to(folder) for path in stray)} in {folder.name}/ cannot be read as edits.",
            "Keep one file NAME.csv a reviewer and batch, in that folder itself.",
        )
    return files


def _listed(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the files of a ledger, and what else stands in its folder, both in the order of their names."""
    found = sorted(path for path in folder.rglob("*") if not _hidden(path.relative_to(folder)) and path != folder / "README.md")
    stray = [path for path in found if path.parent != folder or path.suffix != ".csv" or not path.is_file()]
    return [path for path in found if path not in stray], stray


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _named(path: Path) -> str:
    return f"{path.parent.parent.name}/{path.parent.name}/{path.name}"


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    found = [table for table in tables if len(table)]
    return pd.concat(found, ignore_index=True) if found else parse("", "")


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StaleEditError(f"{_named(path)} line {_line(error)} is not UTF-8.", "Save it as CSV in UTF-8.") from None
    except OSError as error:
        raise StaleEditError(f"{_named(path)} cannot be read: {error.strerror}.", "Make it readable.") from None


def _line(error: UnicodeDecodeError) -> int:
    """Return the line on which a text ceases to be UTF-8."""
    return error.object.count(b"\n", 0, error.start) + 1


def append(path: Path, lines: Iterable[Mapping[str, str]], *, who: str = "edits", beside: Collection[Path] = ()) -> Appended:
    """Add lines to a ledger file, making it with its header where it is new, and return what became of each.

    One process and thread at a time appends, under a lock of the ledger's own: a run of the pipeline never makes a person
    wait. Bytes that are there stay there; on return every line is on the disk itself. Whoever reads sees the old file or the
    new one. A line whose answer stands in any file of the ledger is not written again, so that sending twice does no harm;
    one that says something else under a known answer, or that is no edit, is refused, and the others are kept.

    Parameters
    ----------
    path : Path
    lines : iterable of mapping
        Values by column; a column that is absent is empty.
    who : str
        What those who wait are told.
    beside : collection of Path
        Other folders of the ledger; that of `path` is always meant.

    Raises
    ------
    StaleEditError
        What stands in this file is no ledger, so that what is added to it might be lost.
    BusyError
        Somebody held the lock for 10 seconds.
    CeterisError
        The disk is full, or refuses; the old file is whole.
    """
    from ceteris.locks import locked
    from ceteris.store import STATE, settle, state_of, write_bytes

    state = state_of(path) or path.parent / STATE
    with locked(state / "ledger.lock", who, f"the ledger {path.parent}", _PATIENCE):
        shutil.rmtree(state / "ledger", ignore_errors=True)  # what a writer that was killed left
        known, remarks = _known(path, beside)
        new, saved, refused = _sorted_out(lines, known)
        if new:
            before = path.read_bytes() if path.exists() else b""
            if before in (b"", codecs.BOM_UTF8):
                before += (",".join(COLUMNS) + "\n").encode()
            text = b"" if before.endswith(b"\n") else b"\n"
            write_bytes(path, before + text + _csv(new), scratch=state / "ledger")
        for folder in filter(Path.is_dir, {path.parent, *beside} if saved else ()):
            settle(folder)
    return Appended(tuple(saved), len(new), refused, remarks)


def _known(path: Path, beside: Collection[Path]) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Return what each answer of the ledger says, and a sentence for each other file that cannot be read."""
    known: dict[str, tuple[str, ...]] = {}
    remarks = []
    for file in [other for folder in {path.parent, *beside} for other in _listed(folder)[0] if other != path]:
        try:
            known |= _answers(file, *_state(file))
        except (StaleEditError, OSError) as error:
            said = error.what if isinstance(error, StaleEditError) else f"{file.name}: {error.strerror}."
            remarks.append(f"{said} The answers in it are not known here. See: ceteris edits check")
    if path.exists():
        known |= _answers(path, *_state(path))
    return known, tuple(remarks)


def _state(path: Path) -> tuple[int, int, int]:
    """Return what changes when a file is changed or replaced."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


@lru_cache(maxsize=1024)
def _answers(path: Path, inode: int, size: int, changed: int) -> Mapping[str, tuple[str, ...]]:
    """Return the values of each answer in a file, read anew where the file changed; whether they fit is not asked here."""
    rows = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    found, first = {}, 1
    try:
        for values in rows:
            if rows.line_num == 1 and tuple(values) != COLUMNS:
                raise csv.Error("not the header of an edits file")
            if len(values) != len(COLUMNS):
                raise csv.Error(f"{len(values)} fields, not {len(COLUMNS)}")
            if rows.line_num > 1:
                found[values[_ANSWER]] = tuple(map(original, values))
            first = rows.line_num + 1
    except csv.Error as error:
        raise StaleEditError(
            f"{_named(path)} line {first}: {error}.",
            f"Correct it, or restore the file, without what was added since `git add`: git checkout {_named(path)}."
            " Or go on under the name of another batch.",
        ) from None
    return found


def _sorted_out(
    lines: Iterable[Mapping[str, str]], known: dict[str, tuple[str, ...]]
) -> tuple[list[tuple[str, ...]], list[str], dict[str, str]]:
    """Return the values to be written, the answers that then stand on the disk, and why others are refused."""
    new, saved, refused = [], [], {}
    for line in lines:
        values = tuple(str(line.get(name, "")) for name in COLUMNS)
        answer = str(line.get("answer", ""))
        fault = fault_of(values)
        if fault is None and known.setdefault(answer, values) is values:
            new.append(values)
        elif fault is None and known[answer] != values:
            fault = "this answer (uuid) stands in the ledger and says something else"
        if fault is None:
            saved.append(answer)
        else:
            refused[answer] = fault
    return new, saved, refused


def _csv(lines: Iterable[Sequence[str]]) -> bytes:
    buffer = io.StringIO()
    for line in lines:
        values = [neutral(value) for value in line]
        # Before Python 3.13 csv leaves a lone carriage return unquoted, and then reads it as the end of the line.
        quoting: Any = csv.QUOTE_ALL if any("\r" in value for value in values) else csv.QUOTE_MINIMAL
        csv.writer(buffer, lineterminator="\n", quoting=quoting).writerow(values)
    return buffer.getvalue().encode()


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

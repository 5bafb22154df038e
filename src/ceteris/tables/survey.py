"""The door through which `ceteris init` looks at a messy file: read, told what is wrong, and repaired as far as was asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ceteris.dataset import LABEL, META
from ceteris.errors import BadInputError, nearest
from ceteris.kinds import is_number
from ceteris.readers import Read
from ceteris.readers.csv_file import FALLBACK, is_mixed, second_row_names
from ceteris.readers.mixed_text import mixed_lines
from ceteris.readers.packed import start_of, whole
from ceteris.readers.sources import Table, kind_of, open_source, table_of
from ceteris.sections import Ingest
from ceteris.tables.guesses import Guess, guess, labels_are_numbers
from ceteris.tables.headers import looks_like_a_header
from ceteris.tables.mess import REPAIRS, Finding, found_in_rows, line, override, with_lines
from ceteris.tables.messy_cells import found_in_cells

__all__ = ["Survey", "as_it_is", "asked_repairs", "findings_told", "survey"]

_ROUNDS = 15  # readings, each with the repairs that the ones before called for
_START = 1_000_000  # bytes in which the rows at the head of a file are looked for
_HEAD = ("fallback_encoding", "header_rows")  # what hides every other fault while it is not set


@dataclass(frozen=True)
class Survey:
    """What a file holds, as it was read at last, and its faults: those that were repaired, and those that stand.

    `tried`: it was read as if faults that stand were repaired, without which it cannot be read, or hardly.
    """

    table: Table
    ingest: Ingest
    guessed: Guess
    repaired: tuple[Finding, ...]
    standing: tuple[Finding, ...]
    tried: bool = False


def asked_repairs(named: Collection[str]) -> frozenset[str]:
    """Return the repairs that `--repair` names, or "all"; refuse a name that is none."""
    unknown = [name for name in named if name not in (*REPAIRS, "all")]
    if unknown:
        raise BadInputError(f"--repair {unknown[0]} is no repair.{nearest(unknown[0], ('all', *REPAIRS))}", "Name one of them.")
    return frozenset(named)


def survey(
    path: Path,
    ingest: Ingest,
    classes: tuple[str, ...],
    beside: Mapping[str, Path],
    asked: frozenset[str] = frozenset(),
    *,
    open_labels: bool = False,
) -> Survey:
    """Return what one file holds, after the repairs that were asked for, and all of its faults.

    A file of two encodings or two header rows is read on trial as if that were repaired, so that its other faults are told too.
    With `open_labels` nobody said what the labels are, and they are numbers where they seem to be.
    """
    repaired: dict[str, Finding] = {}
    trial: dict[str, Finding] = {}
    read = None
    for _ in range(_ROUNDS):
        head = _at_the_head(path, ingest) if read is None else []
        if not head and read is None:
            read, ingest = open_source(path, ingest, beside=beside)
            head = _second_header(path, read, ingest)
        for found in head:
            (repaired if asked & {found.repair, "all"} else trial)[found.what], ingest = found, _with(ingest, found)
        if head or read is None:
            read = None
            continue
        table, guessed, ingest = _tabled(read, ingest, classes, open_labels)
        cells, rows = list(found_in_cells(read.cells, table.frame, ingest)), list(found_in_rows(table.frame, ingest))
        todo = [found for found in cells if _is_to_do(found, asked, repaired)]
        for found in todo or [found for found in rows if _is_to_do(found, asked, repaired)][:1]:
            repaired[found.what], ingest = found, _with(ingest, found)
            todo, read = [found], None if found.repair == "ids" else read
        if not todo:
            return Survey(table, ingest, guessed, (*repaired.values(),), (*trial.values(), *cells, *rows), bool(trial))
    raise BadInputError(f"{ingest.source} shows new faults after each repair.", "Repair them one by one: --repair NAME.")


def as_it_is(
    path: Path,
    found: Survey,
    before: Ingest,
    classes: tuple[str, ...],
    beside: Mapping[str, Path],
    *,
    open_labels: bool = False,
) -> Survey:
    """Return the same without the repairs that nobody asked for, under which the file was read on trial.

    Raises
    ------
    CeterisError
        It cannot be read as it is.
    """
    kept = ("fallback_encoding", "header_rows", "kinds", "dates", "label_type")
    asked = {key: value for one in found.repaired for key, value in one.lines.items() if key in _HEAD}
    ingest = found.ingest.model_copy(update={key: getattr(before, key) for key in kept} | asked)
    read, ingest = open_source(path, ingest, beside=beside)
    table, guessed, ingest = _tabled(read, ingest, classes, open_labels)
    return replace(found, table=table, guessed=guessed, ingest=ingest, tried=False)


def _is_to_do(found: Finding, asked: frozenset[str], repaired: Mapping[str, Finding]) -> bool:
    wanted = found.repair in asked or (found.sure and "all" in asked)
    return wanted and bool(found.lines) and found.what not in repaired


def findings_told(found: Survey) -> list[str]:
    """Return a line for each fault, with the line of params.yaml that repairs it, or that was set."""
    tried = [line(one) for one in found.standing if one.repair in ("encoding", "header_rows")] if found.tried else []
    lines = [f"the file is described as it would be read with {', '.join(tried)}"] if tried else []
    lines += [f"repaired ({one.repair}): {one.what}: {line(one)}" for one in found.repaired]
    for one in found.standing:
        by_name = "" if one.sure else ", by name only"
        how = f": {line(one)} (--repair {one.repair}{by_name})" if one.lines else ""
        lines.append(f"messy ({one.repair}): {one.what}{how}")
    if any(one.lines and one.sure for one in found.standing):
        lines.append("repair all of these, but those by name only: --repair all; or write the lines into params.yaml")
    trial = next(filter(None, map(override, found.standing)), "")
    if trial:
        lines.append(
            f"what a repair is worth, once a run without it is committed: dvc exp run {trial}, then ceteris experiments"
        )
    return lines


def _at_the_head(path: Path, ingest: Ingest) -> list[Finding]:
    """Return whether a text file mixes encodings, and whether its second row is the header, both told before it is read."""
    kind, found = kind_of(path, ingest.source), []
    if kind in ("csv", "json") and ingest.encoding == "utf-8" and ingest.fallback_encoding is None:
        data = whole(path, ingest.source)
        if not data.isascii() and is_mixed(data):
            what = f"{ingest.source} mixes encodings: {mixed_lines(data).told}"
            found.append(Finding("encoding", what, {"fallback_encoding": FALLBACK}))
    if (
        kind == "csv"
        and ingest.header_rows == 1
        and second_row_names(start_of(path, _START), ingest.encoding, ingest.delimiter)
    ):
        what = f"{ingest.source} has 2 header rows: its second row names every column, where its first does not"
        found.append(Finding("header_rows", what, {"header_rows": 2}))
    return found


def _second_header(path: Path, read: Read, ingest: Ingest) -> list[Finding]:
    tables = kind_of(path, ingest.source) in ("csv", "excel")
    labels = ingest.annotators or () if ingest.label is None else (ingest.label,)
    if not tables or ingest.header_rows == 2 or not looks_like_a_header(read.cells, labels):
        return []
    what = f"{ingest.source} has 2 header rows, it seems: the first row below its names holds none of the numbers that follow"
    return [Finding("header_rows", what, {"header_rows": 2})]


def _tabled(read: Read, ingest: Ingest, classes: tuple[str, ...], open_labels: bool) -> tuple[Table, Guess, Ingest]:
    """Return the rows, with the kinds of their columns, and of their labels, guessed where none are declared."""
    table = table_of(read, ingest, classes)
    if open_labels and ingest.label_type == "text" and labels_are_numbers(table.frame[LABEL]):
        ingest = ingest.model_copy(update={"label_type": "number"})
        table = table_of(read, ingest, ())
    features = table.frame.drop(columns=[*META], errors="ignore")
    guessed = guess(features, ingest.kinds, ingest.dates, table.moments)
    ingest = ingest.model_copy(update={"kinds": guessed.kinds or None, "dates": guessed.dates})
    if any(kind == "date" and not is_number(features[name]) for name, kind in guessed.kinds.items() if name in features):
        table = table_of(read, ingest, classes)
    return table, guessed, ingest


def _with(ingest: Ingest, found: Finding) -> Ingest:
    made: dict[str, Any] = with_lines(ingest, found)
    return Ingest.model_validate({**ingest.model_dump(), **{key: _tuples(value) for key, value in made.items()}})


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(held) for key, held in value.items()}
    return tuple(value) if isinstance(value, list) else value

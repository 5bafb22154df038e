"""`ceteris init`: a file of the user's own is looked at, put in its place, declared in params.yaml, and tracked."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ceteris.csv_file import full_of_nul, guess_delimiter, guess_encoding
from ceteris.dataset import FEWEST_ROWS
from ceteris.errors import BadInputError, CeterisError, ParamsError
from ceteris.forecast import expected_time
from ceteris.init import Findings, classes_to_declare, inspect, plan
from ceteris.metrics import METRICS
from ceteris.other_data import of_other_data
from ceteris.params import parse, parse_as
from ceteris.params_file import changed
from ceteris.sections import Ingest, Section
from ceteris.sources import Table, locate, look, refuse_other_kinds
from ceteris.store import find_root, parse_yaml, read_params, write_text
from ceteris.tracking import bring, existing, place, track

__all__ = ["READING", "init_command", "describe_findings"]

READING = ("label_type", "missing", "infinite", "unlabelled", "normalise")  # keys of `ingest` on how a text is read
_OPTIONS = (
    "In `ceteris init` each `ingest.KEY: VALUE` is an option: --unlabelled drop, --normalise labels, --infinite missing,"
    " --label-type text, --drop COLUMN, ...; null is an option left out."
)
_LARGE = 20_000_000  # bytes that take some seconds to read
_print = partial(print, flush=True)


def init_command(
    file: str,
    label: str,
    id: str | None = None,
    true_label: str | None = None,
    group: str | None = None,
    drop: tuple[str, ...] = (),
    *,
    plant: float = 0.0,
    delimiter: str | None = None,
    encoding: str | None = None,
    reading: Mapping[str, str] | None = None,
    root: Path | None = None,
    tell: Callable[[str], None] = _print,
) -> None:
    """Declare a CSV or Parquet file as the data of this repository, telling all that is found and done.

    Nothing is written where anything is refused, and all that can be refused in one reading is told together.

    Parameters
    ----------
    file : str
        Anywhere; a copy goes to data/source/ where it is not there yet.
    label, id, true_label, group, drop
        Names of columns.
    plant : float
        Share of rows, 0 to 0.5, whose label is to be changed on purpose: a trial of the pipeline on data like these.
    delimiter, encoding : str, optional
        Of a CSV file; default: guessed, and said.
    reading : mapping of str to str, optional
        Values of the keys `READING` of `ingest`. Default: what params.yaml says where it declares this very file, else
        the defaults: what suited another file is not carried over in silence.

    Raises
    ------
    CeterisError
    """
    root = root or find_root()
    if true_label is not None and plant:
        raise BadInputError("--true-label and --plant were both given: planting makes its own true labels.", "Leave one out.")
    if delimiter is not None and len(delimiter) != 1:
        raise BadInputError(f"--delimiter is {delimiter!r}.", "Pass one character.")
    params, path = read_params(root), existing(file)
    name = place(path, root)
    known = name == params.ingest.source
    declared: dict[str, Any] = {"source": name, "label": label, "id": id, "true_label": true_label, "group": group}
    declared |= {"drop": list(drop) or None, **_csv_dialect(path, name, delimiter, encoding)}
    declared |= _reading(params.ingest if known else Ingest(), reading or {})
    before = (root / "params.yaml").read_text(encoding="utf-8")
    classes = params.validate_.classes or ()
    table, found = _look(path, _declared_ingest(before, declared, plant), classes, tell)
    changes, told = plan(found, params, declared, plant)
    numbers = declared["label_type"] == "number"
    changes[("validate", "classes")], said = (None, "") if numbers else classes_to_declare(found, classes, known)
    after = changed(before, changes)
    planned = parse(parse_yaml(after, "params.yaml"))
    for line in filter(None, [*told, said, *of_other_data(root, table.frame, known=known, planted=plant > 0)]):
        tell(line)
    tell(expected_time(table.frame, planned))
    for line in _settle(path, name, after, root):
        tell(line)


def _look(path: Path, ingest: Ingest, classes: tuple[str, ...], tell: Callable[[str], None]) -> tuple[Table, Findings]:
    """Return what the file holds, having told what was found; refuse, with all problems together, where there are any."""
    if path.stat().st_size > _LARGE:
        tell(f"reading {path} ({path.stat().st_size / 1e6:.0f} MB)")
    with _options_named():
        table = look(path, ingest, classes)
        found = inspect(table.frame)
        for line in describe_findings(found, table, ingest):
            tell(line)
        if found.rows < FEWEST_ROWS:
            table.problems.add(
                f"There are {found.rows} rows with a label.", f"Add some: {FEWEST_ROWS} are needed at the least."
            )
        table.problems.refuse()
    return table, found


def _reading(kept: Ingest, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return how texts are to be read: what was asked for, else as it was."""
    held = {key: asked.get(key, getattr(kept, key)) for key in READING}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in held.items()}


class _Declared(Section):
    """What the options of `ceteris init` say, before the rest of params.yaml is made to suit it."""

    ingest: Ingest


def _declared_ingest(text: str, declared: dict[str, Any], plant: float) -> Ingest:
    """Return the section `ingest` as it would stand in params.yaml, refusing a value that it cannot hold."""
    ingest = parse_yaml(text, "params.yaml").get("ingest") or {}
    planted = {"kind": "uniform" if plant else "none", "rate": float(plant)}
    try:
        return parse_as(_Declared, {"ingest": {**ingest, **declared, "plant": planted}}, "ceteris init").ingest
    except ParamsError as refusal:
        raise ParamsError(refusal.what, "Correct this option.") from None


@contextlib.contextmanager
def _options_named() -> Iterator[None]:
    """Add to a refusal that names lines of `ingest` how to say the same on the command line."""
    try:
        yield
    except CeterisError as refusal:
        if "ingest." not in str(refusal):
            raise
        raise type(refusal)(str(refusal), _OPTIONS) from None


def _settle(path: Path, name: str, params: str, root: Path) -> Iterator[str]:
    """Put the file in its place, declare it, give it to git or DVC; yield what was done, a line each, as it is done."""
    yield from bring(path, root / name)
    locate(name, root)
    write_text(root / "params.yaml", params)
    yield "params.yaml: ingest, split.copies, audit, fix.recipes, train and compare.planned are set; comments are kept"
    yield from track(root, name)
    yield "next: dvc repro"


def describe_findings(found: Findings, table: Table, ingest: Ingest) -> list[str]:
    """Return what was found, a line each."""
    kinds = list(found.kinds.values())
    classes = ", ".join(f"{label!r} {count}" for label, count in list(found.classes.items())[:12])
    more = f" and {len(found.classes) - 12} more" if len(found.classes) > 12 else ""
    lines = [
        f"{ingest.source}: {found.rows} rows, {kinds.count('number')} number and {kinds.count('text')} text columns",
        _labels_found(found, ingest) or f"{len(found.classes)} classes in {ingest.label!r}: {classes}{more}",
    ]
    if len(found.classes) > max(50, found.rows // 10) and ingest.label_type != "number":
        numbers = ": --label-type number" if math.isfinite(found.spread) else ""
        lines.append(f"so many classes look like a number{numbers} or an id: is {ingest.label!r} the label?")
    if found.missing:
        shares = sorted(found.missing.items(), key=lambda item: -item[1])
        lines.append("missing: " + ", ".join(f"{name!r} {share:.1%}" for name, share in shares[:12]))
        lines += [f"  and {len(shares) - 12} more columns with missing values"] if len(shares) > 12 else []
    lines += [f"look at {line}" for line in found.suspicious[:20]]
    lines += [f"  and {len(found.suspicious) - 20} more columns like these"] if len(found.suspicious) > 20 else []
    if found.copies:
        lines.append(f"{found.copies} rows are exact copies of others")
    if found.contradictions:
        lines.append(f"rows that are equal in all features and differ in their label: {found.contradictions} sets")
    if ingest.id is None:
        lines.append("no id column: each row's id is made of its content (not its label), so an edited row is a new row")
    return [*lines, *(f"look at this: {note}" for note in table.notes), *table.examples]


def _labels_found(found: Findings, ingest: Ingest) -> str:
    """Return what labels that are numbers hold; "" where they are classes."""
    if ingest.label_type != "number":
        return ""
    values = [float(label) for label in found.classes]
    low, high, spread = (METRICS["mae"].digits(value) for value in (min(values), max(values), found.spread))
    return f"{ingest.label!r} holds numbers from {low} to {high}, {len(values)} different ones, standard deviation {spread}"


def _csv_dialect(path: Path, name: str, delimiter: str | None, encoding: str | None) -> dict[str, str]:
    """Return what to declare of a CSV file: what was asked for, else a guess from how its bytes look."""
    if refuse_other_kinds(path, name) == "parquet":
        return {"encoding": Ingest().encoding, "delimiter": Ingest().delimiter}
    with path.open("rb") as file:
        start = file.read(4_000_000)
    if encoding is None:
        encoding = "utf-8" if _is_utf8(start) else guess_encoding(start)
    try:
        line = start.decode(encoding, "replace").removeprefix("\ufeff").lstrip().split("\n", 1)[0]
    except LookupError:
        line = ""
    return {"encoding": encoding, "delimiter": delimiter or guess_delimiter(line)}


def _is_utf8(start: bytes) -> bool:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or full_of_nul(start):
        return False
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.end >= len(start) - 3 and error.reason == "unexpected end of data"
    return True

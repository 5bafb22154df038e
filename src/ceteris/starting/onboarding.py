"""`ceteris init`: a file of the user's own is looked at, put in its place, declared in params.yaml, and tracked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from ceteris.canvas.form import empty_the_shipped_one
from ceteris.dataset import FEWEST_ROWS
from ceteris.errors import BadInputError, CeterisError, ParamsError, counted, some
from ceteris.layout import reach_of
from ceteris.metrics import METRICS
from ceteris.params import parse, parse_as
from ceteris.readers.csv_file import full_of_nul, guess_delimiter, guess_encoding, is_mixed
from ceteris.readers.image_folder import ID_COLUMN, LABEL_COLUMN
from ceteris.readers.packed import start_of
from ceteris.readers.sources import PICTURES, Table, kind_of, locate
from ceteris.sections import Ingest, Section
from ceteris.splitting.split_plan import split_lines
from ceteris.starting.forecast import expected_time
from ceteris.starting.init import Findings, classes_to_declare, inspect, plan
from ceteris.starting.init_options import options_of
from ceteris.starting.into import Project
from ceteris.starting.other_data import of_other_data
from ceteris.starting.params_file import changed
from ceteris.starting.tracking import bring, existing, place, track
from ceteris.store import find_root, parse_yaml, write_text
from ceteris.tables.guesses import kinds_told
from ceteris.tables.labels import number_text
from ceteris.tables.survey import Survey, as_it_is, asked_repairs, findings_told, survey

__all__ = ["READING", "init_command", "describe_findings"]

READING = (  # keys of `ingest` on how a source is read
    "label_type", "missing", "infinite", "unlabelled", "normalise", "sheet", "image_size", "image_mode", "unreadable",
    "features", "features_ids", "annotators", "votes", "given",
    "fallback_encoding", "header_rows", "sentinels", "decimal", "units", "id_width",
    "duplicates", "conflicting", "rare_classes", "rare_below",
)  # fmt: skip
_LARGE = 20_000_000  # bytes that take some seconds to read
_print = partial(print, flush=True)


def init_command(
    file: str,
    label: str | None,
    id: str | None = None,
    true_label: str | None = None,
    group: str | None = None,
    drop: tuple[str, ...] = (),
    *,
    time: str | None = None,
    time_format: str | None = None,
    time_feature: bool = False,
    split_column: str | None = None,
    verified: str | None = None,
    plant: float = 0.0,
    delimiter: str | None = None,
    encoding: str | None = None,
    reading: Mapping[str, Any] | None = None,
    kinds: Mapping[str, str] | None = None,
    dates: str | None = None,
    repair: tuple[str, ...] = (),
    models: Mapping[str, Any] | None = None,
    root: Path | None = None,
    into: Project | None = None,
    tell: Callable[[str], None] = _print,
) -> None:
    """Declare a table or a folder of pictures as the data of this repository, telling all that is found and done.

    Nothing is written where anything is refused, and all that can be refused in one reading is told together.

    Parameters
    ----------
    file : str
        Anywhere; a copy goes to data/source/ where it is not there yet. One of a repository that the project was put into
        stays where it is.
    label, id, true_label, group, drop, time, split_column, verified
        Names of columns; pictures have the names of their folders as labels. With `time` the newest rows judge, with
        `split_column` those that it names.
    time_format : str, optional
        How the texts of `time` spell a date, as `datetime.strptime` has it.
    time_feature : bool
        Whether the time is a feature, too.
    plant : float
        Share of rows, 0 to 0.5, whose label is to be changed on purpose: a trial of the pipeline on data like these.
    delimiter, encoding : str, optional
        Of a CSV file; default: guessed, and said.
    reading : mapping of str, optional
        Values of the keys `READING` of `ingest`; the files of `features`, `features_ids` and `votes` may be anywhere
        too. Default:
        what params.yaml says where it declares this very file, else the defaults: what suited another file is not carried
        over in silence.
    models : mapping, optional
        `train.models`; default: what the number of rows allows.
    root : Path, optional
        Default: the repository at or above the working directory.
    into : Project, optional
        A project that is made first, where nothing is refused.
    kinds : mapping of str to str, optional
        What columns are; the others are guessed, and told.
    dates : {"iso", "day_first", "month_first"}, optional
        How 03/04/2026 is read. Default: as values that can be read in one way only tell.
    repair : tuple of str
        Which faults of the file are to be repaired, where they are found: names of `mess.REPAIRS`, or "all".

    Raises
    ------
    CeterisError
    """
    root = into.root if into else root or find_root()
    if true_label is not None and plant:
        raise BadInputError("--true-label and --plant were both given: planting makes its own true labels.", "Leave one out.")
    if time is not None and split_column is not None:
        raise BadInputError("--time and --split-column were both given: rows are split by one of them.", "Leave one out.")
    if delimiter is not None and len(delimiter) != 1:
        raise BadInputError(f"--delimiter is {delimiter!r}.", "Pass one character.")
    before = into.params if into else (root / "params.yaml").read_text(encoding="utf-8")
    params, path = parse(parse_yaml(before, "params.yaml")), existing(file)
    reach = into.top if into else reach_of(root)
    name = place(path, root, reach)
    label, id = _roles(label, id, path, name, voted="given" in (reading or {}))
    known = name == params.ingest.source
    reading, beside = _placed(reading or {}, root, reach)
    declared: dict[str, Any] = {"source": name, "batches": None, "label": label, "id": id}
    declared |= {"true_label": true_label, "group": group}
    declared |= {"time": time, "time_format": time_format, "time_feature": time_feature}
    declared |= {"part": split_column, "verified": verified}
    declared |= {"drop": list(drop) or None, **_csv_dialect(path, name, delimiter, encoding)}
    kept = params.ingest if known else Ingest()
    declared |= _reading(kept, reading)
    if "given" not in reading and label is not None:
        declared["given"] = None
    declared |= {"kinds": {**(kept.kinds or {}), **(kinds or {})} or None, "dates": dates or kept.dates}
    classes = params.validate_.classes or ()
    lying = _all_beside(declared, beside, root)
    asked = asked_repairs(repair)
    asked_for = _declared_ingest(before, declared, plant)
    unsaid = not known and "label_type" not in reading and _can_be_numbers(asked_for, path)
    table, found, ingest = _look(path, asked_for, classes, tell, lying, asked, open_labels=unsaid)
    declared |= {key: _plain(getattr(ingest, key)) for key in ("id", "drop", "kinds", "dates", *READING)}
    changes, told = plan(found, params, declared, plant, models)
    copies = {"copies": changes["split", "copies"]}
    lines, said_of_split = split_lines(table.frame, ingest, params.split.model_copy(update=copies), dated=table.dated)
    changes, told = changes | lines, told + said_of_split
    numbers = declared["label_type"] == "number"
    changes[("validate", "classes")], said = (None, "") if numbers else classes_to_declare(found, classes, known)
    after = changed(before, changes)
    planned = parse(parse_yaml(after, "params.yaml"))
    others = of_other_data(root, table.frame, known=known, planted=plant > 0) if (root / "dvc.yaml").is_file() else []
    for line in filter(None, [*told, said, *others]):
        tell(line)
    tell(expected_time(table.frame, planned))
    made, then = (into.make(), into.next()) if into else ((), ("next: dvc repro",))
    for line in chain(made, _settle({name: path, **beside}, after, root), then):
        tell(line)


def _roles(label: str | None, id: str | None, path: Path, name: str, voted: bool) -> tuple[str | None, str | None]:
    """Return the columns of labels and ids: those that were named; of pictures, their folders' names and their paths."""
    if kind_of(path, name) != PICTURES:
        if label is None and not voted:
            raise BadInputError(
                "No label column was named.",
                "Pass --label COLUMN (where several people labelled the rows: --annotator COLUMN for each, --given majority).",
            )
        return label, id
    if label not in (None, LABEL_COLUMN) or id not in (None, ID_COLUMN):
        raise BadInputError(
            f"{name} is a folder: the label of a picture is the name of the folder it is in, its id the path below {name}.",
            "Leave --label and --id out.",
        )
    return LABEL_COLUMN, ID_COLUMN


def _placed(reading: Mapping[str, Any], root: Path, reach: Path) -> tuple[dict[str, Any], dict[str, Path]]:
    """Return how a source is read, the files beside it named by where they are to stand; and where they lie now."""
    named, beside = dict(reading), {}
    for key in ("features", "features_ids", "votes"):
        if key in named:
            path = existing(str(named[key]), table=key == "votes")
            named[key] = place(path, root, reach)
            beside[named[key]] = path
    return named, beside


def _all_beside(declared: dict[str, Any], beside: dict[str, Path], root: Path) -> dict[str, Path]:
    """Return where all files lie that are declared beside the source, those that were so before among them."""
    kept = {key: declared[key] for key in ("features", "features_ids", "votes") if declared[key] is not None}
    return {name: beside.get(name) or locate(name, root, key) for key, name in kept.items()}


def _look(
    path: Path,
    ingest: Ingest,
    classes: tuple[str, ...],
    tell: Callable[[str], None],
    beside: Mapping[str, Path],
    asked: frozenset[str],
    *,
    open_labels: bool,
) -> tuple[Table, Findings, Ingest]:
    """Return what the file holds, and how it is to be read, having told them; refuse with all problems together."""
    if path.stat().st_size > _LARGE:
        tell(f"reading {path} ({path.stat().st_size / 1e6:.0f} MB)")
    with _options_named():
        seen = survey(path, ingest, classes, beside, asked, open_labels=open_labels)
        if seen.tried:
            seen = _as_it_is_or_told(path, seen, ingest, classes, tell, beside, open_labels=open_labels)
        found, table = _told(seen, tell), seen.table
        if seen.ingest.label_type != ingest.label_type:
            tell(f"that {ingest.label!r} holds numbers, and no classes, is a guess: where it holds classes, --label-type text")
        if found.rows < FEWEST_ROWS:
            table.problems.add(
                f"Only {counted(found.rows, 'row has', 'rows have')} a label.",
                f"Add some: {FEWEST_ROWS} are needed at the least.",
            )
        table.problems.refuse()
    return table, found, seen.ingest


def _as_it_is_or_told(
    path: Path,
    seen: Survey,
    ingest: Ingest,
    classes: tuple[str, ...],
    tell: Callable[[str], None],
    beside: Mapping[str, Path],
    *,
    open_labels: bool,
) -> Survey:
    """Return what the file holds without a repair that nobody asked for; where that is refused, all faults are told first."""
    try:
        return as_it_is(path, seen, ingest, classes, beside, open_labels=open_labels)
    except CeterisError:
        _told(seen, tell)
        raise


def _told(seen: Survey, tell: Callable[[str], None]) -> Findings:
    found = inspect(seen.table.frame, seen.ingest.kinds)
    for line in (*describe_findings(found, seen.table, seen.ingest), *seen.guessed.told, *findings_told(seen)):
        tell(line)
    return found


def _can_be_numbers(ingest: Ingest, path: Path) -> bool:
    """Return whether labels of which nobody said what they are can be numbers: of one column, with no option of classes."""
    voted = ingest.annotators is not None or ingest.votes is not None
    return not voted and ingest.normalise == "none" and kind_of(path, ingest.source) != PICTURES


def _reading(kept: Ingest, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return how texts are to be read: what was asked for, else as it was."""
    return {key: _plain(asked.get(key, getattr(kept, key))) for key in READING}


def _plain(value: Any) -> Any:
    """Return a value as params.yaml holds it: tuples are lists there."""
    if isinstance(value, Mapping):
        return {key: _plain(held) for key, held in value.items()}
    return list(value) if isinstance(value, tuple) else value


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
        if not (options := options_of(str(refusal))):
            raise
        raise type(refusal)(str(refusal), options) from None


def _settle(files: dict[str, Path], params: str, root: Path) -> Iterator[str]:
    """Put the files in their places, declare them, give them to git or DVC; yield what was done, as it is done."""
    for name, path in files.items():
        yield from bring(path, root / name)
        locate(name, root)
    write_text(root / "params.yaml", params)
    yield "params.yaml: ingest, split, audit, fix.recipes, train and compare.planned are set; comments are kept"
    yield from empty_the_shipped_one(root)
    for name in files:
        yield from track(root, name)


def describe_findings(found: Findings, table: Table, ingest: Ingest) -> list[str]:
    """Return what was found, a line each."""
    classes = ", ".join(f"{label!r} {count}" for label, count in list(found.classes.items())[:12])
    more = f" and {len(found.classes) - 12} more" if len(found.classes) > 12 else ""
    lines = [
        f"{ingest.source}: {counted(found.rows, 'row')}, {counted(len(found.kinds), 'feature')}",
        *kinds_told(found.kinds, ingest.dates),
        _labels_found(found, ingest)
        or f"{counted(len(found.classes), 'class', 'classes')} in {ingest.label or ingest.given!r}: {classes}{more}",
    ]
    if len(found.classes) > max(50, found.rows // 10) and ingest.label_type != "number":
        lines.append(_so_many_classes(found, ingest))
    if found.missing:
        shares = sorted(found.missing.items(), key=lambda item: -item[1])
        lines.append("missing: " + ", ".join(f"{name!r} {share:.1%}" for name, share in shares[:12]))
        lines += [f"  and {counted(len(shares) - 12, 'more column')} with missing values"] if len(shares) > 12 else []
    lines += [f"look at {line}" for line in found.suspicious[:20]]
    lines += [f"  and {counted(len(found.suspicious) - 20, 'more column')} like these"] if len(found.suspicious) > 20 else []
    if found.copies:
        lines.append(f"{counted(found.copies, 'row is an exact copy', 'rows are exact copies')} of others")
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


def _so_many_classes(found: Findings, ingest: Ingest) -> str:
    """Return what so many classes may be: numbers, but for a few texts among them, or texts that are no labels."""
    texts = {label: rows for label, rows in found.classes.items() if number_text(label) is None}
    if 0 < len(texts) <= len(found.classes) // 2:
        return (
            f"the labels in {ingest.label!r} look like numbers, but for {counted(sum(texts.values()), 'row')} that hold"
            f" {some(texts)}: correct these, or leave them out, and the rest are numbers (--label-type number)"
        )
    numbers = "texts" if texts else "numbers (--label-type number)"
    return f"so many classes look like {numbers} or ids: is {ingest.label!r} the label?"


def _csv_dialect(path: Path, name: str, delimiter: str | None, encoding: str | None) -> dict[str, str]:
    """Return what to declare of a text file: what was asked for, else a guess from how its bytes look."""
    if kind_of(path, name) not in ("csv", "json"):
        return {"encoding": Ingest().encoding, "delimiter": Ingest().delimiter}
    start = start_of(path, 4_000_000)
    if encoding is None:
        encoding = "utf-8" if _is_utf8(start) or (not full_of_nul(start) and is_mixed(start)) else guess_encoding(start)
    if kind_of(path, name) == "json":
        return {"encoding": encoding, "delimiter": Ingest().delimiter}
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

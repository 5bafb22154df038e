"""The door to a retrain: the batch is written, params.yaml names it, the pipeline runs, and what came out is recorded."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from ceteris.dataset import ID, META
from ceteris.errors import BadInputError, BusyError, CeterisError, counted
from ceteris.layout import read_layout
from ceteris.locks import locked
from ceteris.params import Params, parse
from ceteris.release.folder import read_terms
from ceteris.retraining.batch import Labelled, in_columns_of, labelled, without_unfinished
from ceteris.retraining.decision import Decision, decide
from ceteris.retraining.plan import BEFORE, changes_for
from ceteris.retraining.record import COLUMNS, FILE, TEXTS, checked, line_of, refuse_too_soon
from ceteris.retraining.unfinished import begin, end, put_back
from ceteris.sections import is_batch_name
from ceteris.serving.log_file import read_inferences, read_labels
from ceteris.serving.packaged import open_package
from ceteris.starting.params_file import changed as edited
from ceteris.store import (
    STATE,
    parse_yaml,
    read_params,
    read_parquet,
    read_table,
    single_writer,
    write_table,
)
from ceteris.training.kept import kept

__all__ = ["Retrained", "note_promoted", "refuse_beside_dvc", "reproduced", "retrain"]

_SHOWN = 20_000  # letters of what a pipeline said that failed


@dataclass(frozen=True)
class Retrained:
    """What a retrain made, and what the held-out rows say of it.

    Attributes
    ----------
    file : str
        That of the batch.
    changed : tuple of str
        What it changed in the project.
    """

    batch: str
    file: str
    changed: tuple[str, ...]
    rows: int
    candidate: str
    baseline: str
    decision: Decision


def retrain(root: Path, log: Path, package: Path, batch: str | None, tell: Callable[[str], object]) -> Retrained:
    """Make a batch of the labelled rows of a log, and weigh the served cell with it against the same without.

    What was changed is put back where the pipeline does not come to its end: after a kill -9, by the next retrain.

    Raises
    ------
    BadInputError
        There are too few labelled rows, or the source has columns that the log lacks.
    BusyError
        Another retrain or a run of the pipeline is at work, or the last retrain was too short a while ago.
    """
    settings = read_terms(root).retrain
    refuse_beside_dvc(root)
    now = datetime.now(UTC)
    with locked(root / STATE / "retrain", "ceteris retrain", f"a retrain in {root}", 0.0):
        refuse_too_soon(read_record(root), now, settings.cool_down_hours)
        if left := put_back(root):
            tell(f"the last retrain did not come to its end: {left}")
        served = open_package(package, read_terms(root).package.trusted or ())
        params, layout = read_params(root), read_layout(root)
        raw = without_unfinished(read_parquet(root / layout["raw"] / "table.parquet"), params.ingest)
        known, ids = raw.drop(columns=[*META], errors="ignore"), set(raw[ID])
        found = labelled(read_inferences(log), read_labels(log), served.schema, known, ids)
        for note in found.notes:
            tell(note)
        if len(found.ids) < settings.at_least:
            raise BadInputError(
                f"The log holds {counted(len(found.ids), 'new row')} with a label; retrain.at_least is {settings.at_least}.",
                "Label more of a queue (ceteris monitor --queue, then ceteris labels), or lower that line of"
                " release/release.yaml.",
            )
        name = batch or f"batch-{len(read_record(root)) + 1}-{now:%Y%m%d}"
        cell = str(served.manifest["cell"])
        baseline = _put_in(root, layout, params, _rows(params, found, served.schema.features), name, cell, tell)
        table = read_table(root / layout["results"] / "compare" / "batches.csv", text=("verdict", "reason"))
        model, _, version = cell.partition("/")
        decision = decide(table, name, model, version, settings.margin)
        file = f"{layout['source']}/{name}.parquet"
        changed = ("params.yaml", "dvc.lock", file, layout["results"], "release")
        made = Retrained(name, file, changed, len(found.ids), cell, f"{model}/{baseline}", decision)
        line = line_of(now, name, made.rows, made.candidate, made.baseline, decision)
        _write_record(root, pd.concat([read_record(root), pd.DataFrame([line])], ignore_index=True))
        return made


def _rows(params: Params, found: Labelled, features: tuple[Any, ...]) -> pd.DataFrame:
    dates = [one.name for one in features if one.kind == "date"]
    return in_columns_of(params.ingest, found, dates, dated=isinstance(params.split.test_from, str))


def _put_in(
    root: Path,
    layout: Mapping[str, str],
    params: Params,
    rows: pd.DataFrame,
    name: str,
    cell: str,
    tell: Callable[[str], object],
) -> str:
    """Write the batch, name it in params.yaml, and run the pipeline; return the version that leaves it out."""
    if not is_batch_name(f"{BEFORE}{name}"):
        raise BadInputError(f"The batch would be called {name!r}.", "Name it with letters, digits, - and _, up to 33: --batch")
    path, text = root / layout["source"] / f"{name}.parquet", (root / "params.yaml").read_text(encoding="utf-8")
    if path.exists():
        raise BadInputError(f"{path.relative_to(root)} is there already.", "Name another batch: --batch NAME")
    baseline, changes = changes_for(params, f"{layout['source']}/{name}.parquet", cell)
    after = edited(text, changes)
    parse(parse_yaml(after, "params.yaml"))
    try:
        begin(root, str(path.relative_to(root)), rows, text, after)
        tell(f"{len(rows):,} labelled rows are the batch {name}; running the pipeline with it and without (dvc repro)")
        came_to_its_end = reproduced(root)
    except BaseException as error:
        left = put_back(root)
        if isinstance(error, KeyboardInterrupt) and left:
            tell(f"interrupted: {left}")
        raise
    if not came_to_its_end:
        raise CeterisError(
            f"The pipeline did not come to its end with the batch: {put_back(root)}.",
            "See above what it said, then run this again.",
        )
    end(root)
    return baseline


def refuse_beside_dvc(root: Path) -> None:
    """Refuse to change params.yaml under a pipeline that is running: its next stage would read other params than its last.

    Raises
    ------
    BusyError
    """
    path = root / ".dvc/tmp/rwlock"  # what DVC writes down for as long as it runs a stage
    try:
        held = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        entries = [*held.get("write", {}).values(), *chain.from_iterable(held.get("read", {}).values())]
        numbers = sorted({int(one["pid"]) for one in entries})
    except (ValueError, LookupError, TypeError, AttributeError):
        return  # torn, which the pipeline itself says
    for number in numbers:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(number, 0)
            raise BusyError(
                f"DVC is at work here (process {number}), and a retrain changes params.yaml.",
                "Wait for it to end, or end it, then run this again.",
            )


def reproduced(root: Path) -> bool:
    """Return whether the pipeline came to its end; a keeper ends all of it when this process goes, however it goes."""
    with tempfile.TemporaryDirectory(prefix="ceteris-retrain-") as scratch:
        told = Path(scratch) / "told"
        words = [sys.executable, "-m", "dvc", "repro"]  # quiet, DVC keeps its own errors to itself
        with kept(words, root, scratch, out=told, err=told) as process:
            ended = process.communicate()[0].strip()
        if ended != "exit 0" and told.is_file():
            print(told.read_text(encoding="utf-8", errors="replace")[-_SHOWN:], file=sys.stderr, end="")
    return ended == "exit 0"


def read_record(root: Path) -> pd.DataFrame:
    """Return the record of retrains, empty where there was none."""
    path = root / FILE
    if not path.is_file():
        return pd.DataFrame(columns=list(COLUMNS))
    try:
        found = read_table(path, text=TEXTS)
    except ValueError:  # pandas' for what is no table
        found = pd.DataFrame()
    return checked(found)


def note_promoted(root: Path, batch: str, promoted: str) -> None:
    """Note what became of the model of a batch: "yes", or why not."""
    record = read_record(root)
    record.loc[record["batch"] == batch, "promoted"] = promoted
    _write_record(root, record)


def _write_record(root: Path, record: pd.DataFrame) -> None:
    with single_writer(root, "retrain"):
        write_table(root / FILE, record)

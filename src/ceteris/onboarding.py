"""`ceteris init`: a file of the user's own is looked at, put in its place, declared in params.yaml, and tracked."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ceteris.csv_file import full_of_nul, guess_delimiter, guess_encoding
from ceteris.dataset import LABEL, META
from ceteris.errors import BadInputError, CeterisError, nearest
from ceteris.init import Findings, fits_ahead, inspect, plan
from ceteris.models import build, seeded
from ceteris.params import Params, parse
from ceteris.params_file import changed
from ceteris.sections import Ingest, ModelRecipe
from ceteris.sources import FOLDER, Table, locate, read_file, refuse_other_kinds
from ceteris.store import find_root, parse_yaml, read_params, sha256, write_text

__all__ = ["init_command", "track", "describe_findings", "expected_seconds"]

_GIT_LIMIT = 10_000_000  # bytes; larger files are kept by DVC
_SAMPLE = 2_000  # rows of the fits that are timed
_START_UP = 25.0  # seconds that all stages take to start, write and draw, whatever the data
_WORST = {"SVC": 2.0}  # how a fit's time grows with the rows, where not in proportion


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
    root: Path | None = None,
    tell: Callable[[str], None] = print,
) -> None:
    """Declare a CSV or Parquet file as the data of this repository, telling all that is found and done.

    Nothing is written where anything is refused. What params.yaml says of reading (`unlabelled`, `normalise`,
    `label_type`, `infinite`, `missing`) is heeded, so that a refusal can be resolved there and the command run again.

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

    Raises
    ------
    CeterisError
    """
    root = root or find_root()
    if true_label is not None and plant:
        raise BadInputError("--true-label and --plant were both given: planting makes its own true labels.", "Leave one out.")
    if delimiter is not None and len(delimiter) != 1:
        raise BadInputError(f"--delimiter is {delimiter!r}.", "Pass one character.")
    params = read_params(root)
    path = _existing(file)
    name = _place(path, root)
    declared: dict[str, Any] = {"source": name, "label": label, "id": id, "true_label": true_label, "group": group}
    declared |= {"drop": list(drop) or None, **_csv_dialect(path, name, delimiter, encoding)}
    ingest = params.ingest.model_copy(update={**declared, "drop": tuple(drop) or None})
    classes = params.validate_.classes or ()
    table = read_file(path, ingest, classes)
    found = inspect(table.frame)
    changes, told = plan(found, params, declared, plant)
    if classes and not set(found.classes) <= set(classes):
        changes[("validate", "classes")] = None
        told.append("validate.classes named the classes of other data, and is null now")
    before = (root / "params.yaml").read_text(encoding="utf-8")
    after = changed(before, changes)
    planned = parse(parse_yaml(after, "params.yaml"))
    for line in [*describe_findings(found, table, ingest), *told, expected_time(table.frame, planned)]:
        tell(line)
    for line in _settle(path, name, after, root):
        tell(line)


def _settle(path: Path, name: str, params: str, root: Path) -> Iterator[str]:
    """Put the file in its place, declare it, give it to git or DVC; yield what was done, a line each, as it is done."""
    yield from _bring(path, root / name)
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
        f"{len(found.classes)} classes in {ingest.label!r}: {classes}{more}",
    ]
    if len(found.classes) > max(50, found.rows // 10):
        lines.append(f"so many classes look like a number or an id: is {ingest.label!r} the label?")
    if found.missing:
        shares = sorted(found.missing.items(), key=lambda item: -item[1])
        lines.append("missing: " + ", ".join(f"{name!r} {share:.1%}" for name, share in shares[:12]))
        lines += [f"  and {len(shares) - 12} more columns with missing values"] if len(shares) > 12 else []
    lines += [f"look at {line}" for line in found.suspicious[:20]]
    if found.contradictions:
        lines.append(f"rows that are equal in all features and differ in their label: {found.contradictions} sets")
    if ingest.id is None:
        lines.append("no id column: each row's id is made of its content (not its label), so an edited row is a new row")
    return [*lines, *table.notes, *table.examples]


def expected_time(frame: pd.DataFrame, params: Params) -> str:
    """Return a line on how long the pipeline will take, extrapolated from one quick fit of each model."""
    seconds = expected_seconds(frame, params)
    shown = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
    return f"expected time of a first `dvc repro`: about {shown} (an estimate, from one fit of each model on a sample)"


def expected_seconds(frame: pd.DataFrame, params: Params) -> float:
    """Return the expected seconds of a first run: one timed fit of each recipe, times its fits, scaled to the train rows."""
    train_rows = len(frame) * (1 - params.split.validation - params.split.test)
    rows = np.random.default_rng(0).permutation(len(frame))[: min(_SAMPLE, len(frame))]
    sample = frame.iloc[np.sort(rows)]
    features = sample[[name for name in sample.columns if name not in META]]
    codes = pd.factorize(sample[LABEL].to_numpy(dtype=object))[0]
    models = {name: recipe.model_dump() for name, recipe in params.train.models.items()}
    fits = fits_ahead(models, params.train.seeds, params.ingest.true_label is not None or params.ingest.plant.rate > 0)
    recipes = [(recipe, fits[name]) for name, recipe in params.train.models.items()]
    recipes.append((params.audit.model, params.audit.folds * params.audit.repeats))
    total = _START_UP
    for recipe, count in recipes:
        growth = _WORST.get(recipe.estimator.rpartition(".")[2], 1.0)
        total += count * _timed_fit(recipe, features, codes) * (train_rows / len(sample)) ** growth
    return total


def _timed_fit(recipe: ModelRecipe, features: pd.DataFrame, codes: np.ndarray) -> float:
    import warnings

    from threadpoolctl import threadpool_limits

    if len(np.unique(codes)) < 2:
        return 0.0
    model = seeded(build(recipe, features), 0)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        started = time.perf_counter()
        model.fit(features, codes).predict(features.iloc[: len(features) // 3 + 1])
        return time.perf_counter() - started


def track(root: Path, name: str) -> list[str]:
    """Give the file to git where it is small, to DVC where it is large, and return what was done, a line each.

    Only what is tracked travels with `dvc exp run --temp` and `--queue`.
    """
    size = (root / name).stat().st_size
    if _run(root, "git", "rev-parse", "--is-inside-work-tree") is not None:
        return [f"this is no git repository, so {name} is not tracked: after `git init` and `dvc init`, `git add {name}`"]
    if _run(root, "git", "ls-files", "--error-unmatch", name) is None:
        fault = _run(root, "git", "add", "--", name)
        return [fault or f"{name} is tracked by git, and staged as it is now: commit it"]
    if (root / f"{name}.dvc").is_file() or size >= _GIT_LIMIT:
        fault = _run(root, sys.executable, "-m", "dvc", "add", "--quiet", name)
        fault = fault or _run(root, "git", "add", "--", f"{name}.dvc", str(Path(name).parent / ".gitignore"))
        done = f"{name} ({size / 1e6:.1f} MB) is kept by DVC, and {name}.dvc is staged in git: commit it"
        return [f"{name} could not be given to DVC: {fault}" if fault else done]
    fault = _run(root, "git", "add", "--", name)
    return [
        f"{name} could not be given to git: {fault}" if fault else f"{name} is staged in git ({size / 1e6:.1f} MB): commit it"
    ]


def _run(root: Path, *command: str) -> str | None:
    """Return None where a command succeeds, else the last line of what it said."""
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]


def _existing(file: str) -> Path:
    path = Path(file).expanduser()
    if not path.exists():
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        raise BadInputError(
            f"There is no file {file!r}.{nearest(path.name, beside) if beside else ''}", "Name a CSV or Parquet file."
        )
    if not path.is_file():
        raise BadInputError(f"{file!r} is a folder.", "Name one CSV or Parquet file in it.")
    refuse_other_kinds(path, file)
    return path.resolve()


def _place(path: Path, root: Path) -> str:
    """Return where the file is to stand, relative to the repository; refuse to write over another file."""
    home = (root / FOLDER).resolve()
    if path.is_relative_to(home):
        return path.relative_to(root.resolve()).as_posix()
    target = home / path.name
    if target.exists() and sha256(target) != sha256(path):
        raise BadInputError(
            f"{FOLDER}/{path.name} is there already and holds other bytes than {path}.",
            "Remove or rename one of them, then run `ceteris init` again.",
        )
    return f"{FOLDER}/{path.name}"


def _bring(path: Path, target: Path) -> Iterator[str]:
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.copying")
    try:
        shutil.copyfile(path, unfinished)
        unfinished.replace(target)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise CeterisError(
            f"{path} could not be copied to {target}: {error.strerror}.", "Make room or access, run again."
        ) from None
    yield f"copied {path} to {FOLDER}/{target.name}; the original is not used again"


def _csv_dialect(path: Path, name: str, delimiter: str | None, encoding: str | None) -> dict[str, str]:
    """Return what to declare of a CSV file: what was asked for, else a guess from how its bytes look."""
    if refuse_other_kinds(path, name) == "parquet":
        return {}
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

"""Every model on every version, same seeds: fits the cells whose fingerprint changed and keeps the others byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ceteris.closure import training_code
from ceteris.dataset import Dataset, codes, row_digests
from ceteris.errors import some
from ceteris.fixing.version_files import Trains, read_versions
from ceteris.measuring.fingerprint import Fingerprint, of_rows, of_values
from ceteris.stages import Progress, Stage, run
from ceteris.store import note_times, read_json, read_parquet, sweep, write_json
from ceteris.training.brought import are_copies, classes_look_swapped, judges_its_own
from ceteris.training.brought_files import Brought
from ceteris.training.cell_files import FINGERPRINT, LEFT_OUT, MODEL, PREDICTIONS, cell_state, copy_cell, write_cell
from ceteris.training.cells import Cell
from ceteris.training.fitted import Job, fit_cells
from ceteris.training.learners import described, learner, refuse_unwatched
from ceteris.training.models import runs_alone

__all__ = ["main"]


Wanted = dict[Path, tuple[str, str, Fingerprint]]


def main(stage: Stage) -> None:
    """Bring models/ up to date, cell by cell."""
    train = Dataset.from_frame(read_parquet(stage.path("split", "train.parquet")))
    validation = Dataset.from_frame(read_parquet(stage.path("split", "validation.parquet")))
    classes = tuple(read_json(stage.path("split", "classes.json")))
    recipes = stage.params.train.models
    versions = read_versions(stage.path("versions"), train, classes, stage.params.train.seeds)
    brought = {name: Brought(stage.root, recipe.predictions, classes) for name, recipe in recipes.items() if recipe.predictions}
    cells = {name: found.cells(versions, validation) for name, found in brought.items()}
    wanted = _wanted(stage, versions, cells, of_rows(validation.ids, row_digests(validation.features)))
    missing = _keep_and_copy(stage.path("models"), wanted)
    taken = _take(missing, cells, validation.ids, classes)
    own = {name: recipe for name, recipe in recipes.items() if name not in cells}
    kind = stage.params.model_kind
    models = {name: learner(recipe, train.features, stage.root, classes, kind=kind) for name, recipe in own.items()}
    jobs = [_job(model, name, models[model], train, versions[name]) for model, name, _ in missing.values()]
    fitted, fits = _fit(stage, jobs, missing, validation, classes)
    files = {folder / name for folder in wanted for name in (PREDICTIONS, MODEL, FINGERPRINT)}
    files |= {_leave_out(stage, name, [version for version in versions if version not in cells[name]]) for name in cells}
    sweep(stage.path("models"), files)
    told = f"{len(wanted):,} cells: {fitted:,} fitted ({fits:,} fits), {len(wanted) - fitted - taken:,} kept or copied"
    stage.tell(told + (f", {taken:,} brought" if taken else ""))
    for name, found in brought.items():
        for doubt in _doubts(found, cells[name], versions, train, validation, classes):
            stage.tell(f"{name}: {doubt}")


def _wanted(stage: Stage, versions: dict[str, Trains], cells: dict[str, dict[str, Cell]], inputs: str) -> Wanted:
    """Return every cell that is to be there; of predictions made elsewhere those that were brought."""
    wanted: Wanted = {}
    code = training_code()
    for model, recipe in stage.params.train.models.items():
        refuse_unwatched(recipe, stage.root, stage.name)
        stated = described(recipe, stage.root)
        for name in cells.get(model, versions):
            version = versions[name]
            fingerprint = Fingerprint(version.data, stated, of_values(version.seeds), inputs, code)
            wanted[stage.path("models", model, name)] = (model, name, fingerprint)
    return wanted


def _take(missing: Wanted, cells: dict[str, dict[str, Cell]], ids: np.ndarray, classes: tuple[str, ...]) -> int:
    """Write the cells that were brought, take them out of what is missing, and return how many they are."""
    taken = {place: cell for place, cell in missing.items() if cell[0] in cells}
    first: dict[str, Cell] = {}  # versions that are one and the same have one cell, whatever was brought for the second
    for place, (model, name, fingerprint) in taken.items():
        cell = first.setdefault(fingerprint.fit_key, cells[model][name])
        write_cell(place, cell, fingerprint, ids, classes, b"")
        del missing[place]
    return len(taken)


def _leave_out(stage: Stage, model: str, lacking: list[str]) -> Path:
    """Write which versions have no cell of a model whose predictions were made elsewhere, and return where."""
    path = stage.path("models", model, LEFT_OUT)
    write_json(path, lacking)
    if lacking:
        stage.tell(f"{model}: no predictions were brought for {some(lacking, len(lacking))}: not compared")
    return path


def _doubts(
    found: Brought,
    cells: dict[str, Cell],
    versions: dict[str, Trains],
    train: Dataset,
    validation: Dataset,
    classes: tuple[str, ...],
) -> Iterator[str]:
    """Yield a sentence for each sign that predictions which were brought are not what their manifest says."""
    labels = codes(validation.labels, classes)
    for name, cell in cells.items():
        for seed, predicted in zip(versions[name].seeds, cell.predicted, strict=False):
            if doubt := classes_look_swapped(predicted, labels, classes):
                yield f"{name}/seed-{seed}: {doubt}"
    tables = {
        (name, versions[name].data, seed): table
        for name, cell in cells.items()
        if cell.pred_probs is not None
        for seed, table in zip(versions[name].seeds, cell.pred_probs, strict=False)
    }
    if doubt := are_copies(tables):
        yield doubt
    if found.audits and "given" in cells:
        agreeing = found.pred_probs(train).argmax(axis=1) == codes(train.labels, classes)
        right = cells["given"].predicted == labels
        doubt = judges_its_own(float(agreeing.mean()), len(train), float(right.mean()), len(validation))
        if doubt:
            yield doubt


def _job(model: str, name: str, estimator: object, train: Dataset, version: Trains) -> Job:
    from ceteris.training.skops_file import dump_model

    keep = None if version.control or runs_alone(estimator) else dump_model  # a command keeps what it likes by itself
    return Job(model, name, estimator, train.by_id(), version.draws, version.seeds, keep)


def _keep_and_copy(folder: Path, wanted: Wanted) -> Wanted:
    """Return the cells that must be fitted, one a fingerprint, after copying those that stand under another name."""
    whole: dict[str, Path] = {}
    for found in sorted(folder.glob(f"*/*/{FINGERPRINT}")):
        state = cell_state(found.parent)
        if state is not None:
            whole.setdefault(Fingerprint(**state["fingerprint"]).fit_key, found.parent)
    kept = {place: cell for place, cell in wanted.items() if _holds(place, cell[2])}
    missing = {place: cell for place, cell in wanted.items() if place not in kept}
    for place, (_, _, fingerprint) in list(missing.items()):
        if fingerprint.fit_key in whole:
            copy_cell(whole[fingerprint.fit_key], place)
            del missing[place]
    return missing


def _holds(place: Path, fingerprint: Fingerprint) -> bool:
    state = cell_state(place)
    return state is not None and Fingerprint(**state["fingerprint"]).fit_key == fingerprint.fit_key


def _fit(
    stage: Stage,
    jobs: list[Job],
    missing: Wanted,
    validation: Dataset,
    classes: tuple[str, ...],
) -> tuple[int, int]:
    # Two cells with one fingerprint are fitted once: `reviewed` equals `given` until somebody has reviewed.
    first: dict[str, Path] = {}
    for place, (_, _, fingerprint) in missing.items():
        first.setdefault(fingerprint.fit_key, place)
    chosen = [job for job, (place, cell) in zip(jobs, missing.items(), strict=True) if first[cell[2].fit_key] == place]
    fits, progress = 0, Progress(stage, "cells")
    for done, (job, cell) in enumerate(fit_cells(chosen, validation.by_id(), len(classes)), start=1):
        place = stage.path("models", job.model, job.version)
        fingerprint = missing[place][2]
        write_cell(place, cell, fingerprint, validation.ids, classes, cell.kept or b"")
        for other, (_, _, same) in missing.items():
            if other != place and same.fit_key == fingerprint.fit_key:
                copy_cell(place, other)
        fits += cell.fits
        spent = {"fits": cell.fits, "cpu_seconds": round(cell.cpu_seconds, 4)}
        note_times(stage.root, {"fit_key": fingerprint.fit_key, "model": job.model, "version": job.version, **spent})
        progress(done, len(chosen))
    return len(chosen), fits


if __name__ == "__main__":
    run(main)

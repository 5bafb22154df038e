"""Every model on every version, same seeds: fits the cells whose fingerprint changed and keeps the others byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ceteris.cell_files import FINGERPRINT, MODEL, PREDICTIONS, cell_state, copy_cell, write_cell
from ceteris.cells import Draw, Job, fit_cells
from ceteris.closure import training_code
from ceteris.dataset import Dataset, codes, row_digests
from ceteris.fingerprint import Fingerprint, of_draws, of_rows, of_values
from ceteris.models import build, describe
from ceteris.stages import Progress, Stage, run
from ceteris.store import note_times, read_json, read_parquet, sweep

__all__ = ["main"]


@dataclass(frozen=True)
class _Version:
    draws: tuple[Draw, ...]
    seeds: tuple[int, ...]
    data: str
    control: bool


def main(stage: Stage) -> None:
    """Bring models/ up to date, cell by cell."""
    train = Dataset.from_frame(read_parquet(stage.path("split", "train.parquet")))
    validation = Dataset.from_frame(read_parquet(stage.path("split", "validation.parquet")))
    classes = tuple(read_json(stage.path("split", "classes.json")))
    versions = _versions(stage, train, classes)
    inputs = of_rows(validation.ids, row_digests(validation.features))
    code = training_code()
    wanted: dict[Path, tuple[str, str, Fingerprint]] = {}
    for model, recipe in stage.params.train.models.items():
        stated = describe(recipe, stage.root)
        for name, version in versions.items():
            fingerprint = Fingerprint(version.data, stated, of_values(version.seeds), inputs, code)
            wanted[stage.path("models", model, name)] = (model, name, fingerprint)
    missing = _keep_and_copy(stage.path("models"), wanted)
    kind = stage.params.model_kind
    models = {name: build(recipe, train.features, stage.root, kind=kind) for name, recipe in stage.params.train.models.items()}
    jobs = [_job(model, name, models[model], train, versions[name]) for model, name, _ in missing.values()]
    fitted, fits = _fit(stage, jobs, missing, validation, classes)
    files = {folder / name for folder in wanted for name in (PREDICTIONS, MODEL, FINGERPRINT)}
    sweep(stage.path("models"), files)
    stage.tell(f"{len(wanted):,} cells: {fitted:,} fitted ({fits:,} fits), {len(wanted) - fitted:,} kept or copied")


def _job(model: str, name: str, estimator: object, train: Dataset, version: _Version) -> Job:
    from ceteris.skops_file import dump_model

    keep = None if version.control else dump_model
    return Job(model, name, estimator, train.features, version.draws, version.seeds, keep)


def _versions(stage: Stage, train: Dataset, classes: tuple[str, ...]) -> dict[str, _Version]:
    index = read_json(stage.path("versions", "index.json"))
    digests = row_digests(train.features)
    count = stage.params.train.seeds
    versions = {}
    for name in index["order"]:
        stated = index["versions"][name]
        table = read_parquet(stage.path("versions", f"{name}.parquet"))
        draws, data = [], []
        for _, drawn in table.groupby("draw", sort=True):
            rows = train.positions(drawn["id"].to_numpy(dtype=object))
            labels, weights = drawn["label"].to_numpy(dtype=object), drawn["weight"].to_numpy(dtype=np.float64)
            data.append(of_rows(train.ids[rows], digests[rows], labels, weights))
            every = np.array_equal(rows, np.arange(len(train)))
            draws.append(Draw(None if every else rows, codes(labels, classes), None if (weights == 1.0).all() else weights))
        seeds = tuple(range(count, 2 * count) if stated["reseeded"] else range(count))
        versions[name] = _Version(tuple(draws), seeds, of_draws(data, stated["redrawn"]), stated["control"])
    return versions


def _keep_and_copy(folder: Path, wanted: dict[Path, tuple[str, str, Fingerprint]]) -> dict[Path, tuple[str, str, Fingerprint]]:
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
    missing: dict[Path, tuple[str, str, Fingerprint]],
    validation: Dataset,
    classes: tuple[str, ...],
) -> tuple[int, int]:
    # Two cells with one fingerprint are fitted once: `reviewed` equals `given` until somebody has reviewed.
    first: dict[str, Path] = {}
    for place, (_, _, fingerprint) in missing.items():
        first.setdefault(fingerprint.fit_key, place)
    chosen = [job for job, (place, cell) in zip(jobs, missing.items(), strict=True) if first[cell[2].fit_key] == place]
    fits, progress = 0, Progress(stage, "cells")
    for done, (job, cell) in enumerate(fit_cells(chosen, validation.features, len(classes)), start=1):
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

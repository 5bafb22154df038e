"""Cells that no stage makes: trained on request, and kept by fingerprint in .ceteris/cells/."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ceteris.closure import training_code
from ceteris.dataset import Dataset, codes, row_digests
from ceteris.errors import IntegrityError
from ceteris.measuring.fingerprint import Fingerprint, of_draws, of_rows, of_values
from ceteris.sections import ModelRecipe
from ceteris.store import STATE, note_times
from ceteris.training.cell_files import read_cell, write_cell
from ceteris.training.cells import Cell, Draw
from ceteris.training.fitted import Job, fit_cells
from ceteris.training.learners import described, learner
from ceteris.training.models import CLASSIFIER, REGRESSOR

__all__ = ["Extra", "Training", "kept"]

Known = Callable[[Fingerprint], Cell | None]


@dataclass(frozen=True)
class Training:
    """The train rows and labels of one cell: one draw for all seeds, or one for each.

    Attributes
    ----------
    rows : ndarrays of int
        Positions among the train rows, one array a draw.
    labels : ndarrays of str objects, one a draw, aligned with `rows`
    """

    rows: tuple[np.ndarray, ...]
    labels: tuple[np.ndarray, ...]


def kept(root: Path, wanted: Fingerprint) -> Cell | None:
    """Return the cell that was trained on request before, or None."""
    try:
        return read_cell(_place(root, wanted.fit_key))[0]
    except IntegrityError:
        return None


def _place(root: Path, fit_key: str) -> Path:
    return root / STATE / "cells" / fit_key


class Extra:
    """Trains one recipe on any labels of one train part, predicting one validation part.

    Parameters
    ----------
    known : returns a cell, of whatever revision, that has a fingerprint, or None
    tell : called with (cells done, cells to fit), before the first fit and after each cell
    """

    def __init__(
        self,
        root: Path,
        train: Dataset,
        validation: Dataset,
        classes: tuple[str, ...],
        seeds: int,
        *,
        known: Known = lambda _: None,
        tell: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        self._root, self._train, self._validation, self._classes = root, train, validation, classes
        self._seeds, self._known, self._tell = tuple(range(seeds)), known, tell
        self._digests = row_digests(train.features)
        self._inputs = of_rows(validation.ids, row_digests(validation.features))

    def fingerprint(self, recipe: ModelRecipe, training: Training) -> Fingerprint:
        """Return the fingerprint of a cell, the same that the train stage would give it."""
        data = [
            of_rows(self._train.ids[rows], self._digests[rows], labels, np.ones(len(rows)))
            for rows, labels in zip(training.rows, training.labels, strict=True)
        ]
        stated = of_draws(data, len(data) > 1)
        return Fingerprint(stated, described(recipe, self._root), of_values(self._seeds), self._inputs, training_code())

    def cells(self, recipe: ModelRecipe, trainings: Sequence[Training]) -> list[tuple[Fingerprint, Cell]]:
        """Return the cell of each training, fitting those that are found nowhere, each once."""
        wanted = [self.fingerprint(recipe, training) for training in trainings]
        found = {one.fit_key: self._find(one) for one in wanted}
        missing = {one.fit_key: training for one, training in zip(wanted, trainings, strict=True) if found[one.fit_key] is None}
        named = {one.fit_key: one for one in wanted}
        kind = CLASSIFIER if self._classes else REGRESSOR
        estimator = learner(recipe, self._train.features, self._root, self._classes, kind=kind) if missing else None
        jobs = [
            Job("model", key, estimator, self._train.by_id(), self._draws(training), self._seeds)
            for key, training in missing.items()
        ]
        if jobs:
            self._tell(0, len(jobs))
        for done, (job, cell) in enumerate(fit_cells(jobs, self._validation.by_id(), len(self._classes)), start=1):
            write_cell(_place(self._root, job.version), cell, named[job.version], self._validation.ids, self._classes, b"")
            note_times(
                self._root,
                {"fit_key": job.version, "model": recipe.told, "version": "extra", "fits": cell.fits,
                 "cpu_seconds": round(cell.cpu_seconds, 4)},
            )  # fmt: skip
            found[job.version] = cell
            self._tell(done, len(jobs))
        return [(one, _there(found[one.fit_key])) for one in wanted]

    def _find(self, wanted: Fingerprint) -> Cell | None:
        return kept(self._root, wanted) or self._known(wanted)

    def _draws(self, training: Training) -> tuple[Draw, ...]:
        every = np.arange(len(self._train))
        return tuple(
            Draw(None if np.array_equal(rows, every) else rows, codes(labels, self._classes))
            for rows, labels in zip(training.rows, training.labels, strict=True)
        )


def _there(cell: Cell | None) -> Cell:
    assert cell is not None
    return cell

"""The cells that were measured, fitted once more so that they predict the test rows too: the same ones, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from ceteris.dataset import Dataset
from ceteris.errors import BadInputError, IntegrityError
from ceteris.experiments.extra import Extra, Training
from ceteris.measuring.compare import Arm
from ceteris.measuring.pairs import Name, VersionFacts
from ceteris.params import Params
from ceteris.store import read_json, read_parquet
from ceteris.training.cell_files import read_cell
from ceteris.training.cells import Cell

__all__ = ["Trained"]

_AGAIN = "Make it anew: dvc repro (or, where that changes nothing, dvc repro train --force)"


class Trained:
    """What train left, and the recipes and rows to do it again.

    Parameters
    ----------
    root : Path
        The repository.
    layout : mapping of str to str
        From `ceteris.layout.read_layout`.
    params : Params
    tell : called with (cells done, cells to fit) after each cell

    Raises
    ------
    BadInputError
        The pipeline did not come that far.
    """

    def __init__(
        self,
        root: Path,
        layout: Mapping[str, str],
        params: Params,
        tell: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        self._root, self._layout, self._params, self._tell = root, layout, params, tell
        self.train = Dataset.from_frame(self.table("split", "train.parquet"))
        self.validation = Dataset.from_frame(self.table("split", "validation.parquet"))
        self.classes: tuple[str, ...] = tuple(read_json(self.path("split", "classes.json")))
        index = read_json(self.path("versions", "index.json"))
        self.facts = {name: VersionFacts(**index["versions"][name]) for name in index["order"]}
        self._on_validation = self._extra(self.validation)
        self.arm = cache(self._arm)

    def path(self, place: str, *parts: str) -> Path:
        """Return the path of a file that a stage has made, refusing one that is not there."""
        path = self._root.joinpath(self._layout[place], *parts)
        if not path.exists():
            raise BadInputError(f"{path.relative_to(self._root)} is not there.", "Run the pipeline first: dvc repro")
        return path

    def table(self, place: str, *parts: str) -> pd.DataFrame:
        """Return the table that a stage has made."""
        return read_parquet(self.path(place, *parts))

    def _arm(self, name: Name) -> Arm:
        """Return a cell as it was measured on validation.

        Raises
        ------
        BadInputError
            It is not there.
        IntegrityError
            It is not what train would make of the recipe, the version and the rows as they are now.
        """
        cell, fingerprint, ids, classes = read_cell(self.path("models", *name))
        now = self._on_validation.fingerprint(self._params.train.models[name[0]], self._training(name[1]))
        if classes != self.classes or not np.array_equal(ids, self.validation.ids) or fingerprint.fit_key != now.fit_key:
            raise IntegrityError(f"The cell {'/'.join(name)} is older than what it is made of.", _AGAIN)
        return Arm(cell, fingerprint)

    def rehearse(self, names: Sequence[Name]) -> None:
        """Fit the first seed of each cell again, before any look is spent; refusals as of `on_test`."""
        extra = self._extra(self.validation, seeds=1)
        for name in names:
            self._refuse_another(name, self._fitted(extra, name).predicted, self.arm(name).cell.predicted[:1])

    def on_test(self, names: Sequence[Name], test: Dataset) -> dict[Name, Arm]:
        """Return the cells with what they predict for the test rows, fitted with the same seeds on the same versions.

        Raises
        ------
        IntegrityError
            One of them predicts validation rows otherwise than the cell that was measured.
        """
        extra = self._extra(_stacked(self.validation, test))
        arms, judging = {}, len(self.validation)
        for name in names:
            measured, again = self.arm(name), self._fitted(extra, name)
            self._refuse_another(name, again.over_seeds()[0][:, :judging], measured.cell.over_seeds()[0])
            probabilities = None if again.pred_probs is None else again.pred_probs[:, judging:]
            arms[name] = replace(
                measured, cell=replace(again, predicted=again.predicted[:, judging:], pred_probs=probabilities)
            )
        return arms

    def _fitted(self, extra: Extra, name: Name) -> Cell:
        return extra.cells(self._params.train.models[name[0]], [self._training(name[1])])[0][1]

    def _extra(self, judging: Dataset, seeds: int | None = None) -> Extra:
        return Extra(self._root, self.train, judging, self.classes, seeds or self._params.train.seeds, tell=self._tell)

    def _training(self, version: str) -> Training:
        draws = [drawn for _, drawn in self.table("versions", f"{version}.parquet").groupby("draw", sort=True)]
        rows = [self.train.positions(drawn["id"].to_numpy(dtype=object)) for drawn in draws]
        return Training(tuple(rows), tuple(drawn["label"].to_numpy(dtype=object) for drawn in draws))

    def _refuse_another(self, name: Name, again: np.ndarray, measured: np.ndarray) -> None:
        # Numbers may differ in their last digits, as sums of floats do that are added up in another order.
        same = again == measured if self.classes else np.isclose(again, measured, rtol=1e-6, atol=0)
        rows = int((~same).any(axis=0).sum())
        if rows:
            raise IntegrityError(
                f"{'/'.join(name)}, fitted again with the same seeds, predicts {rows:,} of {measured.shape[1]:,} validation "
                "rows otherwise than the cell that was measured: what would be accepted is not what was measured.",
                f"Let the estimator of train.models.{name[0]} draw all that it draws from its random_state, then: dvc repro",
            )


def _stacked(validation: Dataset, test: Dataset) -> Dataset:
    """Return the rows of both parts, the validation rows first: one fit predicts both, and shows itself by the former."""
    return Dataset(
        ids=np.concatenate([validation.ids, test.ids]),
        labels=np.concatenate([validation.labels, test.labels]),
        features=pd.concat([validation.features, test.features], ignore_index=True),
    )

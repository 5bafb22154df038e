"""The door to the versions as they train: which rows with which labels, for which seeds, and the fingerprint of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ceteris.dataset import Dataset, codes, row_digests
from ceteris.measuring.fingerprint import of_draws, of_rows
from ceteris.store import read_json, read_parquet
from ceteris.training.cells import Draw

__all__ = ["Trains", "read_versions", "given_alone"]


@dataclass(frozen=True)
class Trains:
    """What a version trains with: one draw, or one a seed where it is drawn anew for each, and the fingerprint of its data."""

    draws: tuple[Draw, ...]
    seeds: tuple[int, ...]
    data: str
    control: bool = False

    @property
    def redrawn(self) -> bool:
        """Whether each seed has rows of its own."""
        return len(self.draws) > 1


def read_versions(folder: Path, train: Dataset, classes: tuple[str, ...], count: int) -> dict[str, Trains]:
    """Return every version below data/versions/, in the order they were made, for `count` seeds."""
    index = read_json(folder / "index.json")
    digests = row_digests(train.features)
    versions = {}
    for name in index["order"]:
        stated = index["versions"][name]
        table = read_parquet(folder / f"{name}.parquet")
        draws, data = [], []
        for _, drawn in table.groupby("draw", sort=True):
            rows = train.positions(drawn["id"].to_numpy(dtype=object))
            labels, weights = drawn["label"].to_numpy(dtype=object), drawn["weight"].to_numpy(dtype=np.float64)
            data.append(of_rows(train.ids[rows], digests[rows], labels, weights))
            every = np.array_equal(rows, np.arange(len(train)))
            draws.append(Draw(None if every else rows, codes(labels, classes), None if (weights == 1.0).all() else weights))
        seeds = tuple(range(count, 2 * count) if stated["reseeded"] else range(count))
        versions[name] = Trains(tuple(draws), seeds, of_draws(data, stated["redrawn"]), stated["control"])
    return versions


def given_alone(train: Dataset, classes: tuple[str, ...], count: int) -> Trains:
    """Return the version `given`, which is there before any other is made."""
    data = of_rows(train.ids, row_digests(train.features), train.labels, np.ones(len(train)))
    return Trains((Draw(None, codes(train.labels, classes)),), tuple(range(count)), data)

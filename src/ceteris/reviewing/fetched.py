"""Rows of a part, read in small windows: a queue over a million rows opens as one over a hundred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ceteris.dataset import GROUP, ID, LABEL
from ceteris.errors import BadInputError, nearest, some
from ceteris.store import refuse_sealed

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["Held", "Rows"]

_STRETCHES, _KEPT = 20, 40  # row groups that a sample is drawn from, and that are kept in memory


class Rows:
    """The rows of one Parquet file, by id.

    Parameters
    ----------
    path : Path
        With a column ID.
    """

    def __init__(self, path: Path) -> None:
        refuse_sealed(path)
        self._path = path
        self._kept: dict[int, pa.Table] = {}

    @cached_property
    def ids(self) -> pd.Index:
        """The ids, in the order of the file."""
        return pd.Index(self._column(ID), dtype=object)

    @cached_property
    def labels(self) -> pd.Series:
        """The given label of each row, indexed by id."""
        return self._column(LABEL).set_axis(self.ids)

    def of(self, ids: Sequence[str]) -> pd.DataFrame:
        """Return the features of some rows, indexed by id, in the order asked for.

        Raises
        ------
        BadInputError
            Some are not there any more.
        """
        places = self.ids.get_indexer(pd.Index(ids, dtype=object))
        if (places < 0).any():
            gone = [id for id, place in zip(ids, places, strict=True) if place < 0]
            raise BadInputError(f"These rows are not in the data any more: {some(gone)}.", "Open the queue anew.")
        return self._at(places).set_axis(pd.Index(ids, dtype=object), axis=0)

    def column(self, name: str) -> pd.Series:
        """Return one feature of every row.

        Raises
        ------
        BadInputError
            There is no such column.
        """
        if name not in self._features:
            raise BadInputError(f"The rows have no column {name!r}.{nearest(name, self._features)}", "Name one that they have.")
        return self._column(name)

    def sample(self, most: int, seed: int = 0) -> pd.DataFrame:
        """Return the features of the rows of `sample_ids`, indexed by id."""
        return self.of(list(self.sample_ids(most, seed)))

    def sample_ids(self, most: int, seed: int = 0) -> pd.Index:
        """Return the ids of `most` random rows or fewer, in the order of the file; of a long one, from some stretches of it."""
        places, starts = np.arange(len(self.ids)), self._starts
        if len(places) > most:
            rng = np.random.default_rng(seed)
            stretches = np.sort(rng.permutation(len(starts) - 1)[:_STRETCHES])
            places = np.concatenate([np.arange(starts[one], starts[one + 1]) for one in stretches])
            places = np.sort(rng.choice(places, min(most, len(places)), replace=False))
        return self.ids[places]

    @cached_property
    def _file(self) -> pq.ParquetFile:
        import pyarrow.parquet as pq

        try:
            return pq.ParquetFile(self._path, memory_map=True)
        except (OSError, ValueError) as error:
            raise BadInputError(f"{self._path} cannot be read: {type(error).__name__}.", "Make it: dvc repro") from None

    @cached_property
    def _starts(self) -> np.ndarray:
        """Where each row group begins, and where the last one ends."""
        sizes = [self._file.metadata.row_group(group).num_rows for group in range(self._file.num_row_groups)]
        return np.concatenate([[0], np.cumsum(sizes, dtype=int)])

    def _column(self, name: str) -> pd.Series:
        return _series(self._file.read([name]).column(name))

    def _at(self, places: np.ndarray) -> pd.DataFrame:
        import pyarrow as pa

        groups = np.searchsorted(self._starts, places, side="right") - 1
        order = np.argsort(groups, kind="stable")
        parts = [
            self._group(int(group)).take(pa.array(places[order][groups[order] == group] - self._starts[group]))
            for group in np.unique(groups)
        ]
        table = pa.concat_tables(parts) if parts else self._file.schema_arrow.empty_table().select(self._features)
        back = np.empty(len(places), dtype=int)
        back[order] = np.arange(len(places))
        table = table.take(pa.array(back))
        return pd.DataFrame({name: _series(table.column(name)) for name in table.column_names})

    @cached_property
    def _features(self) -> list[str]:
        return [name for name in self._file.schema_arrow.names if name not in (ID, LABEL, GROUP)]

    def _group(self, group: int) -> pa.Table:
        if group not in self._kept:
            if len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[group] = self._file.read_row_group(group, columns=self._features)
        return self._kept[group]


def _series(column: pa.ChunkedArray) -> pd.Series:
    """Return numbers as they are, and texts as objects, None where missing."""
    import pyarrow.types as kinds

    if kinds.is_floating(column.type) or kinds.is_integer(column.type):
        return pd.Series(column.to_numpy())
    return pd.Series(column.to_pylist(), dtype=object)


@dataclass(frozen=True)
class Held:
    """Rows that are in memory already, with the same questions as `Rows`.

    Attributes
    ----------
    features : DataFrame, indexed by id
    labels : Series, the given labels, indexed by id
    """

    features: pd.DataFrame
    labels: pd.Series

    def of(self, ids: Sequence[str]) -> pd.DataFrame:
        """Return the features of some rows, indexed by id."""
        return self.features.loc[list(ids)]

    def sample(self, most: int, seed: int = 0) -> pd.DataFrame:
        """Return the features of `most` random rows or fewer."""
        return self.features if len(self.features) <= most else self.features.sample(most, random_state=seed)

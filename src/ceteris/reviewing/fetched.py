"""Rows of a part, read in small windows: a queue over a million rows opens as one over a hundred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ceteris.dataset import GROUP, ID, LABEL, META
from ceteris.errors import BadInputError, nearest, some
from ceteris.reviewing.heads import SAMPLE, random_sample
from ceteris.store import read_parquet, refuse_sealed

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["Held", "Rows", "read_kept", "state_of"]

_KEPT = 40  # row groups that stay in memory


def read_kept(path: Path) -> pd.DataFrame | None:
    """Return a table that was kept, None where it is not there, or damaged: it is made anew then."""
    try:
        return read_parquet(path) if path.is_file() else None
    except (OSError, ValueError):
        return None


def state_of(*files: Path) -> str:
    """Return 16 hex digits that change whenever one of these files does, by their sizes and times.

    Raises
    ------
    BadInputError
        One is not there.
    """
    import hashlib

    try:
        seen = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    except OSError as error:
        raise BadInputError(f"{error.filename} is not there.", "Make it: dvc repro") from None
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


class Rows:
    """The rows of one Parquet file, by id.

    Parameters
    ----------
    path : Path
        With the columns ID and LABEL.
    sample : Path, optional
        Where a random sample of a long file stands, which is read in its place.
    front : Path, optional
        Where those of its rows that are asked for first stand, in about that order.
    """

    def __init__(self, path: Path, sample: Path | None = None, front: Path | None = None) -> None:
        refuse_sealed(path)
        self._path, self._sample, self._front_path = path, sample, front
        self._groups: dict[int, pa.Table] = {}

    def __len__(self) -> int:
        return int(self._starts[-1])

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
        wanted: pd.Index = pd.Index(list(ids), dtype=object)
        if self._front is not None and wanted.isin(self._front.ids).all():
            return self._front.of(ids)
        places = self.ids.get_indexer(wanted)
        if (places < 0).any():
            gone = [id for id, place in zip(ids, places, strict=True) if place < 0]
            raise BadInputError(f"These rows are gone from the data: {some(gone)}.", "dvc repro, then open the queue.")
        return self.at(places).set_axis(wanted, axis=0)

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

    def groups(self, ids: Sequence[str]) -> np.ndarray | None:
        """Return the group of some rows, None where rows have none."""
        if GROUP not in self._file.schema_arrow.names:
            return None
        return self._column(GROUP).to_numpy(dtype=object)[self.ids.get_indexer(pd.Index(list(ids), dtype=object))]

    def sample(self, most: int = SAMPLE) -> tuple[pd.DataFrame, pd.Series]:
        """Return the features of `most` random rows or fewer, and their labels, both indexed by id."""
        source, places = self._sampled(most)
        return source.at(places).set_axis(source.ids[places], axis=0), source.labels.iloc[places]

    def some(self, most: int = SAMPLE) -> pd.DataFrame:
        """Return the features of the rows of `sample`, without their ids."""
        source, places = self._sampled(most)
        return source.at(places)

    def _sampled(self, most: int) -> tuple[Rows, np.ndarray]:
        """Return where random rows stand: in this file, or in that of its sample."""
        if self._sample is not None and len(self) > most and self._sample.is_file():
            there = Rows(self._sample)
            return there, np.arange(len(there))
        return self, random_sample(len(self), most)

    def at(self, places: np.ndarray) -> pd.DataFrame:
        """Return the features of the rows at some places of the file, in the order asked for."""
        import pyarrow as pa

        if np.array_equal(places, np.arange(len(self))):
            return _frame(self._file.read(self._features))
        groups = np.searchsorted(self._starts, places, side="right") - 1
        order = np.argsort(groups, kind="stable")
        parts = [
            self._group(int(group)).take(pa.array(places[order][groups[order] == group] - self._starts[group]))
            for group in np.unique(groups)
        ]
        table = pa.concat_tables(parts) if parts else self._file.schema_arrow.empty_table().select(self._features)
        back = np.empty(len(places), dtype=int)
        back[order] = np.arange(len(places))
        return _frame(table.take(pa.array(back)))

    @cached_property
    def _front(self) -> Rows | None:
        return Rows(self._front_path) if self._front_path is not None and self._front_path.is_file() else None

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

    @cached_property
    def _features(self) -> list[str]:
        return [name for name in self._file.schema_arrow.names if name not in META]

    def _column(self, name: str) -> pd.Series:
        return _series(self._file.read([name]).column(name))

    def _group(self, group: int) -> pa.Table:
        if group not in self._groups:
            if len(self._groups) >= _KEPT:
                self._groups.pop(next(iter(self._groups)))
            self._groups[group] = self._file.read_row_group(group, columns=self._features)
        return self._groups[group]


def _frame(table: pa.Table) -> pd.DataFrame:
    return pd.DataFrame({name: _series(table.column(name)) for name in table.column_names})


def _series(column: pa.ChunkedArray) -> pd.Series:
    """Return numbers as they are, texts as objects, None where missing, and arrays as such."""
    import pyarrow.types as kinds

    if kinds.is_floating(column.type) or kinds.is_integer(column.type):
        return pd.Series(column.to_numpy())
    if kinds.is_list(column.type) or kinds.is_fixed_size_list(column.type):
        return column.to_pandas()
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

    def sample(self, most: int = SAMPLE) -> tuple[pd.DataFrame, pd.Series]:
        """Return the features of all its rows, and their labels."""
        return self.features, self.labels

    def some(self, most: int = SAMPLE) -> pd.DataFrame:
        """Return the features of all its rows."""
        return self.features

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
from ceteris.store import read_parquet, refuse_sealed, write_parquet

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["SAMPLE", "Held", "Rows", "read_kept", "state_of"]

SAMPLE = 20_000  # random rows that what is usual, and what is near, is read off
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
    keep : Path, optional
        A folder in which a random sample of a long file is kept, so that the file is read whole only once.
    places : Series of int, optional
        Where some rows stand in the file, by id; without it the ids of the whole file are read.
    """

    def __init__(self, path: Path, keep: Path | None = None, places: pd.Series | None = None) -> None:
        refuse_sealed(path)
        self._path, self._keep, self._places = path, keep, places
        self._groups: dict[int, pa.Table] = {}

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
        if self._places is not None and wanted.isin(self._places.index).all():
            places = self._places.loc[wanted].to_numpy(dtype=int)
        else:
            places = self.ids.get_indexer(wanted)
        if (places < 0).any() or (places >= self._starts[-1]).any():
            gone = [id for id, place in zip(ids, places, strict=True) if place < 0]
            raise BadInputError(f"These rows are gone from the data: {some(gone or ids)}.", "dvc repro, then open the queue.")
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
        kept = None if self._keep is None else self._keep / f"sample-{most}-{state_of(self._path)}.parquet"
        table = None if kept is None else read_kept(kept)
        if table is None:
            places = np.arange(len(self.ids))
            if len(places) > most:
                places = np.sort(np.random.default_rng(0).choice(places, most, replace=False))
            table = self.at(places)
            table[ID] = pd.Series(self.ids[places], dtype=object)
            table[LABEL] = self._column(LABEL).iloc[places].reset_index(drop=True)
            if kept is not None and len(self.ids) > most:
                write_parquet(kept, table)
        table = table.set_index(ID).rename_axis(None)
        return table.drop(columns=LABEL), table[LABEL]

    def at(self, places: np.ndarray) -> pd.DataFrame:
        """Return the features of the rows at some places of the file, in the order asked for."""
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

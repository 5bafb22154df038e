"""The rows that everything works on: ids, labels, features, groups, weights, in one canonical order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError, some

__all__ = [
    "ID",
    "LABEL",
    "GROUP",
    "TRUE_LABEL",
    "TIME",
    "PART",
    "VERIFIED",
    "VOTES",
    "BATCH",
    "META",
    "FEWEST_ROWS",
    "Dataset",
    "codes",
    "row_digests",
]

ID = "ceteris:id"
LABEL = "ceteris:label"
GROUP = "ceteris:group"
TRUE_LABEL = "ceteris:true_label"
TIME = "ceteris:time"
PART = "ceteris:part"
VERIFIED = "ceteris:verified"
VOTES = "ceteris:votes"
BATCH = "ceteris:batch"
META = (ID, LABEL, GROUP, TRUE_LABEL, TIME, PART, VERIFIED, VOTES, BATCH)
_MOST_KNOWN = 10_000  # texts of a column whose bytes are kept
FEWEST_ROWS = 20  # under which no part of a split says anything


@dataclass(frozen=True)
class Dataset:
    """Labelled rows, sorted by id, columns sorted by name.

    Attributes
    ----------
    ids : ndarray of str objects, shape (n_rows,)
        Unique, exact text.
    labels : ndarray of str objects, shape (n_rows,)
    features : DataFrame, shape (n_rows, n_features)
        float64 columns (NaN where missing), text columns (object; None where missing), and columns of arrays (object; a
        float32, float64 or uint8 array each: see `kinds`).
    groups : ndarray of str objects, shape (n_rows,), or None
    times : ndarray of float, shape (n_rows,), or None
        When each row came to be: a number, or seconds since 1970-01-01 UTC.
    """

    ids: np.ndarray
    labels: np.ndarray
    features: pd.DataFrame
    groups: np.ndarray | None = None
    times: np.ndarray | None = None

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.labels) or len(self.ids) != len(self.features):
            raise BadInputError(
                f"A data set holds {len(self.ids)} ids, {len(self.labels)} labels and {len(self.features)} rows of features.",
                "Pass one of each for every row.",
            )
        repeated = pd.Index(self.ids)[pd.Index(self.ids).duplicated()]
        if len(repeated):
            raise BadInputError(f"These ids stand on more than one row: {some(repeated.unique())}.", "Make every id unique.")

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Dataset:
        """Return the data set that a table with the columns of `META` holds, in canonical order."""
        in_order = frame[ID].is_monotonic_increasing  # as every table of ours is: a copy of a big one costs its size again
        ordered = frame.reset_index(drop=True) if in_order else frame.sort_values(ID, kind="stable", ignore_index=True)
        names = sorted(column for column in ordered.columns if column not in META)
        features = ordered[names]
        for name in names:
            if not pd.api.types.is_numeric_dtype(features[name]):
                values = features[name].astype(object)
                features[name] = pd.Series(values.where(values.notna(), None), dtype=object)
        return cls(
            ids=ordered[ID].to_numpy(dtype=object),
            labels=_shared(ordered[LABEL]),
            features=features,
            groups=ordered[GROUP].to_numpy(dtype=object) if GROUP in ordered else None,
            times=ordered[TIME].to_numpy(dtype=np.float64) if TIME in ordered else None,
        )

    def by_id(self) -> pd.DataFrame:
        """Return the features with the ids as their index, for models that look rows up by themselves.

        The index is an Arrow array: a fold takes of it what it needs without touching a million objects, which every worker
        would otherwise copy.
        """
        return self.features.set_axis(pd.Index(self.ids, dtype="str"), axis=0)

    def uncut(self) -> np.ndarray | None:
        """Return what no fold or re-split may cut: the groups, else the copies of a row, shape (n_rows,); else None."""
        if self.groups is not None:
            return self.groups
        if _all_differ(self.features):
            return None
        digests = row_digests(self.features)
        return digests if len(set(digests)) < len(digests) else None

    def to_frame(self) -> pd.DataFrame:
        """Return one table: the columns of `META` that are known, then the features."""
        head: dict[str, np.ndarray] = {ID: self.ids, LABEL: self.labels}
        if self.groups is not None:
            head[GROUP] = self.groups
        meta = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in head.items()})
        if self.times is not None:
            meta[TIME] = self.times
        return pd.concat([meta, self.features.reset_index(drop=True)], axis=1)

    def take(self, rows: np.ndarray) -> Dataset:
        """Return the rows at these positions (or where this mask holds), in the order of the data set."""
        return Dataset(
            ids=self.ids[rows],
            labels=self.labels[rows],
            features=self.features.iloc[np.flatnonzero(rows) if np.asarray(rows).dtype == bool else rows].reset_index(
                drop=True
            ),
            groups=None if self.groups is None else self.groups[rows],
            times=None if self.times is None else self.times[rows],
        )

    def positions(self, ids: np.ndarray) -> np.ndarray:
        """Return the position of each of these ids, -1 where an id is unknown."""
        return pd.Index(self.ids).get_indexer(pd.Index(ids))


def codes(labels: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """Return the position of each label among the classes, -1 where it is none of them, shape (n_rows,).

    Where there are no classes labels are numbers: returned as float64, NaN where one is None.
    """
    if not classes:
        return np.asarray(labels, dtype=np.float64)
    return pd.Index(classes).get_indexer(pd.Index(labels)).astype(np.int64)


def _shared(labels: pd.Series) -> np.ndarray:
    """Return labels as objects, equal ones as one object, for each would take as much as an id."""
    kept: dict[Any, Any] = {}
    return np.array([kept.setdefault(label, label) for label in labels], dtype=object)


def _all_differ(features: pd.DataFrame) -> bool:
    """Whether quick hashes of the numbers alone tell all rows apart; where they do not, rows may differ all the same."""
    hashes = np.zeros(len(features), dtype=np.uint64)
    for name in features.columns:
        if pd.api.types.is_numeric_dtype(features[name].dtype):
            numbers = features[name].to_numpy(dtype=np.float64, na_value=np.nan)
            hashes = hashes * np.uint64(31) + pd.util.hash_array(numbers)  # which knows one NaN, and one 0
    return len(np.unique(hashes)) == len(hashes)


def row_digests(features: pd.DataFrame) -> np.ndarray:
    """Return the sha256 of each row's feature values, independent of column order.

    Two rows have the same digest where every value is the same: 0.0 and -0.0 are one value, and so are all NaN.

    Returns
    -------
    ndarray of bytes objects, shape (n_rows,)
    """
    names = sorted(features.columns, key=str)
    header = hashlib.sha256("\x1f".join(map(str, names)).encode("utf-8", "surrogatepass"))
    kinds = features.dtypes
    numeric = [name for name in names if pd.api.types.is_numeric_dtype(kinds[name])]
    textual = [name for name in names if not pd.api.types.is_numeric_dtype(kinds[name])]
    numbers = np.ascontiguousarray(features[numeric].to_numpy(dtype=np.float64, na_value=np.nan) + 0.0)
    numbers[np.isnan(numbers)] = np.nan
    bytes_of, width = numbers.reshape(-1).view(np.uint8).data, 8 * len(numeric)
    spelled = zip(*(_spelled(features[name].to_numpy(dtype=object)) for name in textual), strict=True)
    digests = np.empty(len(features), dtype=object)
    for row, content in enumerate(spelled if textual else repeat((), len(features))):
        digest = header.copy()
        digest.update(bytes_of[row * width : (row + 1) * width])
        for cell in content:
            digest.update(cell)
        digests[row] = digest.digest()
    return digests


def _spelled(column: np.ndarray) -> Iterator[bytes]:
    """Yield each value of a column as bytes that tell its kind: missing, a text, another value, an array."""
    known: dict[str, bytes] = {}
    for value in column:
        if type(value) is str:
            found = known.get(value)
            if found is None:
                text = value.encode("utf-8", "surrogatepass")
                found = b"1:%d:%b" % (len(text), text)
                if len(known) < _MOST_KNOWN:
                    known[value] = found
            yield found
        elif isinstance(value, np.ndarray) and value.dtype != object:
            content = np.ascontiguousarray(value).tobytes()
            yield b"3:%s:%d:%b" % (value.dtype.str.encode(), len(content), content)
        else:
            kind = 1 if isinstance(value, str) else 0 if _missing(value) else 2
            text = (value if kind == 1 else repr(value) if kind == 2 else "").encode("utf-8", "surrogatepass")
            yield b"%d:%d:%b" % (kind, len(text), text)


def _missing(value: Any) -> bool:
    # pd.isna looks into what is no scalar, a list or an array, and tells of each of its values.
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))

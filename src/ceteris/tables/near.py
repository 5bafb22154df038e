"""Rows that nearly equal each other, and the clusters that they make. Whether two rows are near depends on these two alone.

Two rows are near where their rough values are the same (`near_digests`), or where

- the same values are missing,
- each number differs by at most `distance` times the larger of the two, and has the same sign,
- each short text (under eight words) is the same but for case and white space,
- of all runs of three words in the longer texts of either row, at least 70 % stand in both (the Jaccard index).

Long texts that are near are found by min-hashes (Broder 1997) in 20 bands of 5: a pair at 70 % is missed once in forty, a pair
at 80 % once in three thousand; which pairs are missed is the same in every run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import row_digests
from ceteris.errors import ParamsError
from ceteris.kinds import array_kind

__all__ = ["LIKE_TEXTS", "connected", "near_clusters", "near_digests", "near_to"]

LIKE_TEXTS = 0.7
LONG = 8  # words
_RUN = 3  # words
_BANDS, _PER_BAND = 20, 5
_APART = 1e6  # between coordinates that are never near; logarithms of numbers stay within 750
_MOST_PAIRS, _MOST_CANDIDATES = 50, 500  # a row, on average
_MOST_COORDINATES = 12  # that grids are made of; all of them are compared
_AT_ONCE = 1_000_000  # pairs
_LARGEST = 0.25  # share of the rows in one cluster


def near_digests(features: pd.DataFrame) -> np.ndarray:
    """Return a digest of each row that nearly equal rows share: numbers to 3 digits, texts in lower case and single spaces."""
    rough: dict[str, Any] = {}
    for name in features.columns:
        column = features[name]
        if pd.api.types.is_numeric_dtype(column):
            rough[name] = _to_three_digits(column.to_numpy(dtype=np.float64))
        else:
            rough[name] = _roughly(column) if array_kind(column) else _folded(column)
    frame = pd.DataFrame(rough)
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = pd.Series(frame[name].astype(object).where(frame[name].notna(), None), dtype=object)
    return row_digests(frame)


def near_to(features: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    """Return which rows share their digest with one of other rows, which have these columns too, shape (n_rows,), bool."""
    theirs = pd.Index(near_digests(others[list(features.columns)]))
    return np.asarray(pd.Index(near_digests(features)).isin(theirs))  # np.isin compares each object with each


def near_clusters(features: pd.DataFrame, distance: float) -> np.ndarray:
    """Return a number for each row that rows share which are near, or near to the same row, and so on, shape (n_rows,).

    Parameters
    ----------
    features : DataFrame, shape (n_rows, n_features)
    distance : float in [0, 1)

    Raises
    ------
    ParamsError
        So many rows are near that a cluster of them is no set of copies any more.
    """
    codes = pd.factorize(row_digests(features))[0]  # rows that are the same are compared once
    first = np.unique(codes, return_index=True)[1]
    rows = features.iloc[first].reset_index(drop=True)
    coordinates, documents = _coordinates(rows), _documents(rows)
    plain = np.flatnonzero(documents == "")
    near = np.vstack([_near_numbers(coordinates, plain, distance), _near_texts(coordinates, documents, distance)])
    rough = len(rows) + pd.factorize(near_digests(rows))[0]
    pairs = np.vstack([near, np.column_stack([np.arange(len(rows)), rough])])
    clusters = connected(pairs, 2 * len(rows))[codes]
    sizes = np.bincount(clusters)
    if sizes.max() > max(_LARGEST * len(codes), 20) and len(near):
        raise ParamsError(
            f"Near copies of near copies make one set of {sizes.max():,} of {len(codes):,} rows, which no split could part.",
            "Lower split.near_distance in params.yaml, or set `split.near_copies: tell`.",
        )
    return clusters


def connected(pairs: np.ndarray, n_nodes: int) -> np.ndarray:
    """Return the number of the connected component of each node; pairs of nodes have shape (n_pairs, 2)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n_nodes, n_nodes))
    return np.asarray(connected_components(graph, directed=False)[1])


def _to_three_digits(values: np.ndarray) -> np.ndarray:
    size = np.floor(np.log10(np.where((values == 0) | ~np.isfinite(values), 1.0, np.abs(values))))
    scale = 10.0 ** np.minimum(2 - size, 300)
    return np.asarray(np.round(values * scale) / scale)


def _roughly(column: pd.Series) -> pd.Series:
    """Return arrays with numbers to 3 digits; pixels as they are."""
    whole = array_kind(column) == "image"
    return pd.Series([cell if whole else _to_three_digits(cell.astype(np.float64)) for cell in column], dtype=object)


def _folded(column: pd.Series) -> np.ndarray:
    return np.asarray(column.str.casefold().str.split().str.join(" ").astype(object).to_numpy())


def _coordinates(rows: pd.DataFrame) -> np.ndarray:
    """Return numbers whose difference tells whether two values are near, shape (n_rows, 1 + n_numbers).

    A number becomes its logarithm, since |log a - log b| <= -log(1 - d) where |a - b| <= d max(a, b); zero, negative and
    missing numbers stand far away. The first coordinate is a code of all that must be equal.
    """
    numbers, same = [], []
    for name in rows.columns:
        if not pd.api.types.is_numeric_dtype(rows[name]):
            same.append(_roughly(rows[name]) if array_kind(rows[name]) else pd.Series(_unless_long(rows[name])))
            continue
        values = rows[name].to_numpy(dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(np.abs(values))
        kinds = [values > 0, values < 0, values == 0]
        numbers.append(np.select(kinds, [logs, logs + _APART, 2 * _APART], default=3 * _APART))
    codes = pd.factorize(row_digests(pd.concat(same, axis=1)))[0] if same else np.zeros(len(rows), dtype=int)
    return np.column_stack([codes * _APART, *numbers])


def _is_long(column: pd.Series) -> np.ndarray:
    return np.asarray(
        column.map(lambda text: isinstance(text, str) and text.count(" ") >= LONG - 1 and len(text.split()) >= LONG)
    )


def _unless_long(column: pd.Series) -> np.ndarray:
    """Return what must be equal of a text column: short texts without case, and where a long one stands."""
    return np.where(_is_long(column), "\x00long", _folded(column))


def _documents(rows: pd.DataFrame) -> np.ndarray:
    """Return all long texts of each row as one, "" where it has none."""
    whole = pd.Series("", index=rows.index, dtype=object)
    for name in rows.columns:
        if not pd.api.types.is_numeric_dtype(rows[name]) and not array_kind(rows[name]):
            whole += rows[name].where(_is_long(rows[name]), "") + " "
    return whole.str.strip().to_numpy(dtype=object)


def _near_numbers(coordinates: np.ndarray, rows: np.ndarray, distance: float) -> np.ndarray:
    """Return the pairs of rows that are near in every coordinate, shape (n_pairs, 2).

    Near rows share a cell of one of d + 1 grids of d coordinates, cells d + 1 radii wide, each grid shifted by one radius: a
    border lies between two near values in one of these grids at most (Chan 1998).
    """
    radius = _radius(distance)
    telling = 1 + np.argsort([-len(np.unique(column)) for column in coordinates[rows, 1:].T], kind="stable")[:_MOST_COORDINATES]
    values, width = coordinates[np.ix_(rows, telling)], (len(telling) + 1) * radius * (1 + 1e-6)
    factors = np.random.default_rng(0).integers(2**32, 2**63, len(telling), dtype=np.int64) * 2 + 1
    found = [np.empty(0, dtype=np.int64)]
    for shift in range(len(telling) + 1):
        cells = np.floor((values + shift * radius) / width).astype(np.int64)
        keys = (cells * factors).sum(axis=1) + coordinates[rows, 0].astype(np.int64)
        for one, other in _sharing(keys):
            near = _within(coordinates[rows[one]], coordinates[rows[other]], radius)
            found.append(one[near] * len(rows) + other[near])
    pairs = np.unique(np.concatenate(found))
    _refuse_crowds(len(pairs), len(rows), _MOST_PAIRS)
    return rows[np.column_stack(np.divmod(pairs, max(len(rows), 1)))]


def _within(one: np.ndarray, other: np.ndarray, radius: float) -> np.ndarray:
    return np.asarray((np.abs(one - other) <= radius).all(axis=1))


def _sharing(keys: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the pairs of rows whose keys are equal, the first row before the second, some at a time."""
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(keys[order]) != 0]) if len(keys) else np.empty(0, dtype=int)
    sizes = np.diff(np.r_[starts, len(order)])
    _refuse_crowds(int((sizes * (sizes - 1) // 2).sum()), len(order), _MOST_CANDIDATES)
    for size in np.unique(sizes[sizes > 1]):
        one, other = np.triu_indices(size, 1)
        sets = starts[sizes == size]
        for some in np.array_split(sets, len(sets) * len(one) // _AT_ONCE + 1):
            members = order[some[:, None] + np.arange(size)]
            yield members[:, one].ravel(), members[:, other].ravel()


def _radius(distance: float) -> float:
    return float(-np.log1p(-distance)) + 1e-12


def _refuse_crowds(n_pairs: int, n_rows: int, most: int) -> None:
    if n_pairs > most * n_rows:
        raise ParamsError(
            f"{n_pairs:,} pairs among {n_rows:,} rows nearly equal each other: these are no copies, the rows stand close.",
            "Lower split.near_distance in params.yaml, or set `split.near_copies: tell`.",
        )


def _near_texts(coordinates: np.ndarray, documents: np.ndarray, distance: float) -> np.ndarray:
    from sklearn.feature_extraction.text import HashingVectorizer

    rows = np.flatnonzero(documents != "")
    if len(rows) < 2:
        return np.empty((0, 2), dtype=np.intp)
    runs = HashingVectorizer(
        ngram_range=(_RUN, _RUN), token_pattern=r"\S+", n_features=2**31 - 1, binary=True, norm=None, alternate_sign=False
    ).transform(documents[rows])
    found, sizes = [np.empty(0, dtype=np.int64)], np.diff(runs.indptr)
    for keys in _bands(_min_hashes(runs.indices, runs.indptr), coordinates[rows, 0]):
        for one, other in _sharing(keys):
            near = np.flatnonzero(_within(coordinates[rows[one]], coordinates[rows[other]], _radius(distance)))
            one, other = one[near], other[near]
            shared = np.asarray(runs[one].multiply(runs[other]).sum(axis=1)).ravel()
            near = shared >= LIKE_TEXTS * (sizes[one] + sizes[other] - shared)
            found.append(one[near] * len(rows) + other[near])
    pairs = np.unique(np.concatenate(found))
    return rows[np.column_stack(np.divmod(pairs, len(rows)))]


def _min_hashes(indices: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return the smallest of each of many hashes over the runs of each row, shape (n_hashes, n_rows)."""
    rng = np.random.default_rng(0)
    factors = rng.integers(2**32, 2**63, _BANDS * _PER_BAND, dtype=np.uint64) * 2 + 1
    runs = indices.astype(np.uint64)
    return np.array([np.minimum.reduceat((runs * factor) >> np.uint64(32), starts[:-1]) for factor in factors])


def _bands(hashes: np.ndarray, codes: np.ndarray) -> Iterator[np.ndarray]:
    """Yield a key of each row for each band: rows that share it share a code and all hashes of the band."""
    factors = np.random.default_rng(1).integers(2**32, 2**63, _PER_BAND, dtype=np.int64) * 2 + 1
    for band in hashes.reshape(_BANDS, _PER_BAND, -1).astype(np.int64):
        yield (band * factors[:, None]).sum(axis=0) + codes.astype(np.int64)

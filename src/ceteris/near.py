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

import numpy as np
import pandas as pd

from ceteris.dataset import row_digests
from ceteris.errors import ParamsError

__all__ = ["LIKE_TEXTS", "connected", "near_clusters", "near_digests"]

LIKE_TEXTS = 0.7
LONG = 8  # words
_RUN = 3  # words
_BANDS, _PER_BAND = 20, 5
_APART = 1e6  # between coordinates that are never near; logarithms of numbers stay within 750
_MOST_PAIRS = 50  # a row, on average
_LARGEST = 0.25  # share of the rows in one cluster


def near_digests(features: pd.DataFrame) -> np.ndarray:
    """Return a digest of each row that nearly equal rows share: numbers to 3 digits, texts in lower case and single spaces."""
    rough = {}
    for name in features.columns:
        column = features[name]
        if pd.api.types.is_numeric_dtype(column):
            values = column.to_numpy(dtype=np.float64)
            size = np.floor(np.log10(np.where((values == 0) | ~np.isfinite(values), 1.0, np.abs(values))))
            scale = 10.0 ** np.minimum(2 - size, 300)
            rough[name] = np.round(values * scale) / scale
        else:
            rough[name] = _folded(column)
    frame = pd.DataFrame(rough)
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = pd.Series(frame[name].astype(object).where(frame[name].notna(), None), dtype=object)
    return row_digests(frame)


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
    codes, _ = pd.factorize(near_digests(features))
    first = np.unique(codes, return_index=True)[1]
    rows = features.iloc[first].reset_index(drop=True)
    coordinates, documents = _coordinates(rows), _documents(rows)
    pairs = np.vstack(
        [_near_numbers(coordinates, np.flatnonzero(documents == ""), distance), _near_texts(coordinates, documents, distance)]
    )
    clusters = connected(pairs, len(rows))[codes]
    sizes = np.bincount(clusters)
    if sizes.max() > max(_LARGEST * len(codes), 20) and len(pairs):
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
            same.append(pd.Series(_unless_long(rows[name])))
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
        if not pd.api.types.is_numeric_dtype(rows[name]):
            whole += rows[name].where(_is_long(rows[name]), "") + " "
    return whole.str.strip().to_numpy(dtype=object)


def _near_numbers(coordinates: np.ndarray, rows: np.ndarray, distance: float) -> np.ndarray:
    from scipy.spatial import cKDTree

    if len(rows) < 2:
        return np.empty((0, 2), dtype=np.intp)
    tree, radius = cKDTree(coordinates[rows]), _radius(distance)
    _refuse_crowds(int(tree.count_neighbors(tree, radius, p=np.inf) - len(rows)) // 2, len(rows))
    return rows[tree.query_pairs(radius, p=np.inf, output_type="ndarray")]


def _radius(distance: float) -> float:
    return float(-np.log1p(-distance)) + 1e-12


def _refuse_crowds(n_pairs: int, n_rows: int) -> None:
    if n_pairs > _MOST_PAIRS * n_rows:
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
    pairs = _candidates(_min_hashes(runs.indices, runs.indptr), coordinates[rows, 0])
    apart = np.abs(coordinates[rows[pairs[:, 0]], 1:] - coordinates[rows[pairs[:, 1]], 1:])
    pairs = pairs[(apart <= _radius(distance)).all(axis=1)]
    shared = np.concatenate(
        [np.asarray(runs[some[:, 0]].multiply(runs[some[:, 1]]).sum(axis=1)).ravel() for some in _chunks(pairs)]
        or [np.empty(0)]
    )
    sizes = np.diff(runs.indptr)
    return rows[pairs[shared >= LIKE_TEXTS * (sizes[pairs].sum(axis=1) - shared)]]


def _min_hashes(indices: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return the smallest of each of many hashes over the runs of each row, shape (n_hashes, n_rows)."""
    rng = np.random.default_rng(0)
    factors = rng.integers(2**32, 2**63, _BANDS * _PER_BAND, dtype=np.uint64) * 2 + 1
    runs = indices.astype(np.uint64)
    return np.array([np.minimum.reduceat((runs * factor) >> np.uint64(32), starts[:-1]) for factor in factors])


def _candidates(hashes: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return the pairs of rows that share a code and all hashes of a band, each once, shape (n_pairs, 2)."""
    n_rows = len(codes)
    found = np.empty(0, dtype=np.int64)  # of each pair, first row * n_rows + second row
    for band in hashes.reshape(_BANDS, _PER_BAND, -1):
        keys = np.vstack([band, codes.astype(np.uint64)])
        order = np.lexsort(keys)
        new = np.r_[True, (np.diff(keys[:, order].astype(np.int64), axis=1) != 0).any(axis=0)]
        starts = np.flatnonzero(new)
        sizes = np.diff(np.r_[starts, len(order)])
        _refuse_crowds(int((sizes * (sizes - 1) // 2).sum()), n_rows)
        for size in np.unique(sizes[sizes > 1]):
            members = order[starts[sizes == size][:, None] + np.arange(size)]
            one, other = np.triu_indices(size, 1)
            pair = np.sort(np.column_stack([members[:, one].ravel(), members[:, other].ravel()]), axis=1)
            found = np.union1d(found, pair[:, 0] * n_rows + pair[:, 1])
    return np.column_stack(np.divmod(found, n_rows))


def _chunks(pairs: np.ndarray) -> list[np.ndarray]:
    return np.array_split(pairs, len(pairs) // 50_000 + 1) if len(pairs) else []

"""Five kinds of label errors: anywhere, between neighbouring classes, where a weak model errs, by the features, in families."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from calibration.data_sets import TWO_CLASSES, Labelled
from ceteris.fixing.noise import confusable as mistaken
from ceteris.fixing.noise import uniform as anywhere
from ceteris.fixing.noise import weak_pred_probs

__all__ = ["KINDS", "kinds_in", "planted"]


def _uniform(data: Labelled, count: int, rng: np.random.Generator) -> np.ndarray:
    return anywhere(data.labels, data.n_classes, count, rng)


def _pairwise(data: Labelled, count: int, rng: np.random.Generator) -> np.ndarray:
    """Move rows to the next class."""
    rows = rng.permutation(len(data.labels))[:count]
    return _moved(data, rows)


def _confusable(data: Labelled, count: int, rng: np.random.Generator) -> np.ndarray:
    return mistaken(data.labels, weak_pred_probs(data.labels, data.features, rng), count, rng)


def _by_features(data: Labelled, count: int, rng: np.random.Generator) -> np.ndarray:
    """Move the rows that lie farthest along a random direction of each class, always to the same other class."""
    values = _numbers(data)
    along = np.empty(len(data.labels))
    for code in range(data.n_classes):
        mine = data.labels == code
        along[mine] = _ranks(values[mine] @ rng.normal(size=values.shape[1]))
    return _moved(data, np.argsort(-along, kind="stable")[:count])


def _by_family(data: Labelled, count: int, rng: np.random.Generator) -> np.ndarray:
    """Move nine in ten of the rows in a band of one column, and as many elsewhere as are lacking."""
    values = _numbers(data)
    spread = np.flatnonzero([len(np.unique(column)) > 10 for column in values.T])
    column = values[:, rng.choice(spread)]
    start = rng.uniform(0, 1)
    away = np.abs((_ranks(column) - start + 0.5) % 1 - 0.5)
    band = rng.permutation(np.argsort(away, kind="stable")[:count])
    rest = rng.permutation(np.setdiff1d(np.arange(len(column)), band))
    inside = round(0.9 * count)
    return _moved(data, np.concatenate([band[:inside], rest[: count - inside]]))


def _moved(data: Labelled, rows: np.ndarray) -> np.ndarray:
    given = data.labels.copy()
    given[rows] = (given[rows] + 1) % data.n_classes
    return given


def _numbers(data: Labelled) -> np.ndarray:
    """Return the numbers of the rows, standardised, missing ones at the middle."""
    values = data.features.select_dtypes("number").to_numpy(dtype=float)
    spread = np.nanstd(values, axis=0)
    return np.asarray(np.nan_to_num((values - np.nanmean(values, axis=0)) / np.where(spread > 0, spread, 1.0)))


def _ranks(values: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(values, kind="stable"), kind="stable") / max(len(values) - 1, 1)


KINDS: MappingProxyType[str, Callable[[Labelled, int, np.random.Generator], np.ndarray]] = MappingProxyType(
    {
        "uniform": _uniform,
        "pairwise": _pairwise,
        "confusable": _confusable,
        "by features": _by_features,
        "by family": _by_family,
    }
)


def kinds_in(name: str) -> tuple[str, ...]:
    """Return the kinds of errors that differ in a data set: of two classes, an error anywhere is one between neighbours."""
    return tuple(kind for kind in KINDS if kind != "pairwise" or name not in TWO_CLASSES)


def planted(data: Labelled, kind: str, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Return the labels with errors of a kind in round(rate * n_rows) rows, as codes, shape (n_rows,)."""
    count = round(rate * len(data.labels))
    return KINDS[kind](data, count, rng) if count else data.labels.copy()

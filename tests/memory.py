"""Estimators that tell on whoever uses them wrongly: they remember every row that they were fitted on."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

__all__ = ["Memoriser", "Coin", "Leaver", "Scribbler", "Warped"]


class Memoriser(ClassifierMixin, BaseEstimator):
    """Gives probability 1 to the label of a row that it has seen (its first column is the row's number), else 1 / classes."""

    def fit(self, X: Any, y: np.ndarray) -> Memoriser:
        self.classes_ = np.unique(y)
        self.seen_ = dict(zip(np.asarray(X)[:, 0].tolist(), y.tolist(), strict=True))
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        probabilities = np.full((len(X), len(self.classes_)), 1.0 / len(self.classes_))
        for place, row in enumerate(np.asarray(X)[:, 0].tolist()):
            if row in self.seen_:
                probabilities[place] = self.classes_ == self.seen_[row]
        return probabilities

    def predict(self, X: Any) -> np.ndarray:
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class Coin(ClassifierMixin, BaseEstimator):
    """Predicts by its seed alone."""

    def __init__(self, random_state: int | None = None) -> None:
        self.random_state = random_state

    def fit(self, X: Any, y: np.ndarray) -> Coin:
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: Any) -> np.ndarray:
        return np.random.default_rng(self.random_state).choice(self.classes_, len(X))


class Scribbler(Coin):
    """Writes zeros over all that it is given, wherever it may."""

    def fit(self, X: Any, y: np.ndarray, sample_weight: np.ndarray | None = None) -> Scribbler:
        super().fit(X, y)
        for table in (X, y, sample_weight):
            self._scribble(table)
        return self

    def predict(self, X: Any) -> np.ndarray:
        predicted = np.random.default_rng(self.random_state).choice(self.classes_, X.shape[0])
        self._scribble(X)
        return predicted

    @staticmethod
    def _scribble(table: Any) -> None:
        if hasattr(table, "iloc"):
            table.iloc[:, :] = 0.0
            table = table.to_numpy()
        values = getattr(table, "data", None) if hasattr(table, "toarray") else table
        with contextlib.suppress(ValueError):
            values[:] = 0


class Leaver(Memoriser):
    """Leaves when it is cloned."""

    def __sklearn_clone__(self) -> Leaver:
        raise SystemExit("bye")


class Warped(ClassifierMixin, BaseEstimator):
    """Gives probabilities that are wrong in a way that can be chosen, or leaves ("exits in fit")."""

    def __init__(self, fault: str = "", random_state: int | None = None) -> None:
        self.fault, self.random_state = fault, random_state

    def fit(self, X: Any, y: np.ndarray) -> Warped:
        self._may_exit("fit")
        if self.fault == "fails":
            raise RuntimeError("out of luck")
        self.classes_ = np.unique(y)
        if self.fault == "reversed":
            self.classes_ = self.classes_[::-1]
        if self.fault == "names":
            self.classes_ = np.array([f"class {value}" for value in self.classes_])
        self.label_ = int(y[0])
        return self

    def _may_exit(self, method: str) -> None:
        if self.fault == f"exits in {method}":
            raise SystemExit("bye")

    def predict_proba(self, X: Any) -> np.ndarray:
        self._may_exit("predict_proba")
        probabilities = np.tile(np.arange(1.0, len(self.classes_) + 1), (len(X), 1))
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        if self.fault == "nan":
            probabilities[1] = np.nan
        if self.fault == "sum":
            probabilities[2] *= 0.5
        if self.fault == "negative":
            probabilities[0] = [-0.5, *[1.5 / (len(self.classes_) - 1)] * (len(self.classes_) - 1)]
        return probabilities[:, :-1] if self.fault == "narrow" else probabilities

    def predict(self, X: Any) -> np.ndarray:
        self._may_exit("predict")
        if self.fault == "unknown":
            return np.full(len(X), 99)
        if self.fault == "texts":
            return np.full(len(X), "ant")
        return np.full(len(X), self.label_)

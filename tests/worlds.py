"""Worlds for the calibration: real learners on blobs of three classes, with or without seed noise, small enough to be many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.tree import DecisionTreeClassifier

CENTRES = np.array([[0.0, 0.0, 0.0, 0.0, 0.0], [1.6, 0.4, 0.0, 0.5, 0.0], [0.2, 1.7, 0.6, 0.0, 0.0]])

STOCHASTIC: dict[str, Callable[[int], object]] = {
    "linear": lambda seed: SGDClassifier(loss="log_loss", alpha=0.01, max_iter=3, tol=None, random_state=seed),
    "tree": lambda seed: DecisionTreeClassifier(max_features=2, min_samples_leaf=5, random_state=seed),
    "forest": lambda seed: RandomForestClassifier(n_estimators=4, max_depth=6, random_state=seed),
    "boosting": lambda seed: GradientBoostingClassifier(n_estimators=4, max_depth=2, subsample=0.5, random_state=seed),
}
DETERMINISTIC: dict[str, Callable[[int], object]] = {
    "linear": lambda seed: LogisticRegression(max_iter=300),
    "tree": lambda seed: DecisionTreeClassifier(min_samples_leaf=5, random_state=0),
}


@dataclass(frozen=True)
class Arm:
    """A learner, and the rows and labels it is trained on; `rows(seed)` are drawn anew for each seed where given."""

    learner: Callable[[int], object]
    features: np.ndarray
    labels: np.ndarray
    rows: Callable[[int], np.ndarray] | None = None
    deterministic: bool = False

    def predict(self, seeds: range, *samples: np.ndarray) -> list[np.ndarray]:
        """Return the predicted classes of each sample of rows, shape (n_seeds, n_rows); fitted once where seeds do nothing."""
        once = self.deterministic and self.rows is None
        found = []
        for seed in seeds[:1] if once else seeds:
            rows = slice(None) if self.rows is None else self.rows(seed)
            model = self.learner(seed).fit(self.features[rows], self.labels[rows])
            found.append([model.predict(sample) for sample in samples])
        stacked = [np.stack(predicted) for predicted in zip(*found, strict=True)]
        return [np.broadcast_to(one, (len(seeds), one.shape[1])) for one in stacked]


def draw(rng: np.random.Generator, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return features and true labels of fresh rows."""
    labels = rng.integers(0, 3, n_rows)
    return CENTRES[labels] + rng.normal(size=(n_rows, CENTRES.shape[1])), labels


def flip(rng: np.random.Generator, labels: np.ndarray, rates: tuple[float, float, float]) -> np.ndarray:
    """Return the labels with each class turned into the next one at its own rate."""
    return np.where(rng.random(len(labels)) < np.array(rates)[labels], (labels + 1) % 3, labels)

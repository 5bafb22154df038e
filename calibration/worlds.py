"""Worlds for the calibration: real learners on blobs of three classes, with or without seed noise, small enough to be many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.tree import DecisionTreeClassifier

from ceteris.measuring.effect import Effect, paired_effect
from ceteris.measuring.intervals import crossed_variance
from ceteris.measuring.scoring import row_scores

__all__ = [
    "DETERMINISTIC",
    "EVEN",
    "GROUPED",
    "LATE",
    "LEARNERS",
    "METRICS",
    "MINORITY",
    "STOCHASTIC",
    "TRUTH_ROWS",
    "TRUTH_SEEDS",
    "Arm",
    "Learner",
    "Population",
    "Predictions",
    "Rows",
    "Truth",
    "covers",
    "effect_of",
    "flagged",
    "flip",
    "truth_of",
]

CENTRES = np.array([[0.0, 0.0, 0.0, 0.0, 0.0], [1.6, 0.4, 0.0, 0.5, 0.0], [0.2, 1.7, 0.6, 0.0, 0.0]])
N_CLASSES = len(CENTRES)
METRICS = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "roc_auc")
TRUTH_ROWS, TRUTH_SEEDS = 20_000, 200
LATE = 1000  # seeds of the truth are others than those of any trial


@dataclass(frozen=True)
class Learner:
    """A learner by its name: `make(seed)` returns it unfitted; to a deterministic one seeds make no difference."""

    name: str
    make: Callable[[int], object]
    deterministic: bool = False


STOCHASTIC = (
    Learner("linear", lambda seed: SGDClassifier(loss="log_loss", alpha=0.01, max_iter=3, tol=None, random_state=seed)),
    Learner("tree", lambda seed: DecisionTreeClassifier(max_features=2, min_samples_leaf=5, random_state=seed)),
    Learner("forest", lambda seed: RandomForestClassifier(n_estimators=4, max_depth=6, random_state=seed)),
    Learner("boosting", lambda seed: GradientBoostingClassifier(n_estimators=4, max_depth=2, subsample=0.5, random_state=seed)),
)
DETERMINISTIC = (
    Learner("linear", lambda seed: LogisticRegression(max_iter=300), deterministic=True),
    Learner("tree", lambda seed: DecisionTreeClassifier(min_samples_leaf=5, random_state=0), deterministic=True),
)
LEARNERS = (*STOCHASTIC, *DETERMINISTIC)


@dataclass(frozen=True)
class Rows:
    """Rows with their true labels, and the group of each where rows belong together."""

    features: np.ndarray
    labels: np.ndarray
    groups: np.ndarray | None = None

    def first(self, n_rows: int) -> Rows:
        """Return the first rows."""
        groups = None if self.groups is None else self.groups[:n_rows]
        return Rows(self.features[:n_rows], self.labels[:n_rows], groups)


@dataclass(frozen=True)
class Population:
    """Where rows come from: the share of each class, and rows of one label and one offset in groups of a size."""

    shares: tuple[float, float, float] = (1 / 3, 1 / 3, 1 / 3)
    group_size: int = 1

    def draw(self, rng: np.random.Generator, n_rows: int) -> Rows:
        """Return fresh rows; whole groups, where there are groups."""
        n_groups = n_rows // self.group_size
        groups = np.repeat(np.arange(n_groups), self.group_size)
        labels = rng.choice(N_CLASSES, n_groups, p=self.shares)[groups]
        features = CENTRES[labels] + rng.normal(size=(len(labels), CENTRES.shape[1]))
        if self.group_size == 1:
            return Rows(features, labels)
        offsets = rng.normal(size=(n_groups, CENTRES.shape[1]))[groups]
        within = CENTRES[labels] + 0.9 * offsets + 0.45 * (features - CENTRES[labels])
        return Rows(within, labels, groups)


EVEN = Population()
MINORITY = Population((0.485, 0.485, 0.03))
GROUPED = Population(group_size=5)


@dataclass(frozen=True)
class Predictions:
    """Probabilities of one arm, shape (n_seeds, n_rows, n_classes); an arm without seed noise is its one row, broadcast."""

    probabilities: np.ndarray

    @cached_property
    def classes(self) -> np.ndarray:
        """The predicted classes, shape (n_seeds, n_rows)."""
        return self.probabilities.argmax(axis=2)

    def part(self, n_seeds: int, n_rows: int) -> Predictions:
        """Return those of the first seeds on the first rows."""
        return Predictions(self.probabilities[:n_seeds, :n_rows])

    def scores(self, metric: str, labels: np.ndarray) -> np.ndarray:
        """Return the per-row scores, more is better, shape (n_seeds, n_rows)."""
        found = row_scores(metric, labels, self.classes, self.probabilities, N_CLASSES)
        assert found is not None
        return found


@dataclass(frozen=True)
class Arm:
    """A learner, and the rows and labels it is trained on; `rows(seed)` are drawn anew for each seed where given."""

    learner: Learner
    features: np.ndarray
    labels: np.ndarray
    rows: Callable[[int], np.ndarray] | None = None

    @property
    def varies(self) -> bool:
        """Whether seeds make a difference."""
        return not self.learner.deterministic or self.rows is not None

    def predict(self, seeds: range, sample: Rows) -> Predictions:
        """Return what the arm says of rows, fitted once a seed, or once where seeds do nothing."""
        found = np.zeros((len(seeds) if self.varies else 1, len(sample.labels), N_CLASSES))
        for place, seed in enumerate(seeds[: len(found)]):
            found[place] = self._fitted(seed, sample.features)
        return Predictions(np.broadcast_to(found, (len(seeds), *found.shape[1:])))

    def _fitted(self, seed: int, features: np.ndarray) -> np.ndarray:
        rows = slice(None) if self.rows is None else self.rows(seed)
        model = self.learner.make(seed).fit(self.features[rows], self.labels[rows])  # type: ignore[attr-defined]
        found = np.zeros((len(features), N_CLASSES))
        found[:, model.classes_] = model.predict_proba(features)
        return found


def flip(rng: np.random.Generator, labels: np.ndarray, rates: tuple[float, float, float]) -> np.ndarray:
    """Return the labels with each class turned into the next one at its own rate."""
    return np.where(rng.random(len(labels)) < np.array(rates)[labels], (labels + 1) % N_CLASSES, labels)


def effect_of(
    metric: str,
    labels: np.ndarray,
    baseline: Predictions,
    candidate: Predictions,
    groups: np.ndarray | None = None,
    **how: bool,
) -> Effect:
    """Return the effect as ceteris measures it, metric by metric."""
    differs = (baseline.classes != candidate.classes).any(axis=0)
    effect = paired_effect(
        baseline.scores(metric, labels),
        candidate.scores(metric, labels),
        discordant=differs if metric not in ("log_loss", "roc_auc") else None,
        groups=groups,
        **how,  # type: ignore[arg-type]
    )
    return replace(effect, metric=metric)


def flagged(effect: Effect) -> bool:
    """Whether the interval leaves 0: a false alarm where the truth is 0."""
    return not effect.low <= 0 <= effect.high


@dataclass(frozen=True)
class Truth:
    """The effect over fresh rows and fresh seeds, and the variance that is left in it."""

    value: float
    variance: float


def truth_of(arms: Sequence[Arm], rows: Rows, metrics: Sequence[str], n_seeds: int = TRUTH_SEEDS) -> dict[str, Truth]:
    """Return what the second arm is worth against the first, from many rows and, where seeds matter, many seeds.

    The value is the mean over seeds of the difference of metrics; its variance is at most v_row + v_seed of
    `intervals.crossed_variance`, taken from means of batches of 20 seeds so that no table of all seeds is held.
    """
    varies = any(arm.varies for arm in arms)
    starts = range(LATE, LATE + (n_seeds if varies else 1), 20)
    found: dict[str, list[np.ndarray]] = {metric: [] for metric in metrics}
    for start in starts:
        baseline, candidate = (arm.predict(range(start, start + (20 if varies else 1)), rows) for arm in arms)
        for metric in metrics:
            difference = candidate.scores(metric, rows.labels) - baseline.scores(metric, rows.labels)
            found[metric].append(_by_group(difference.mean(axis=0), rows.groups))
    truths = {}
    for metric, batches in found.items():
        values = np.stack(batches)
        truths[metric] = Truth(float(values.mean()), crossed_variance(values)[0])
    return truths


def _by_group(differences: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    if groups is None:
        return differences
    return np.bincount(groups, differences) / np.bincount(groups)


def covers(effect: Effect, truth: Truth) -> bool:
    """Whether the interval holds the truth; what is uncertain in the truth itself widens it, by about a fortieth."""
    if effect.variance <= 0:
        return effect.low <= truth.value <= effect.high
    wider = np.sqrt(1 + truth.variance / effect.variance)
    return bool(abs(effect.difference - truth.value) <= (effect.high - effect.low) / 2 * wider)

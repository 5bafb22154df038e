"""Worlds whose labels are numbers: do the intervals of mean absolute error, root mean squared error and R² hold the effect?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge, SGDRegressor
from sklearn.tree import DecisionTreeRegressor

from calibration.worlds import LATE, TRUTH_ROWS, TRUTH_SEEDS, Learner, Truth, covers
from ceteris.measuring.effect import paired_effect
from ceteris.measuring.intervals import crossed_variance
from ceteris.measuring.scoring_numbers import number_scores
from ceteris.metrics import NUMBERS, metrics_of

__all__ = ["FORMS", "LEARNERS", "METRICS", "SIZES", "TRIALS", "errors"]

METRICS = metrics_of(NUMBERS)
TRIALS = 10
SIZES = ((10, 100), (10, 250), (10, 2000), (20, 2000))
"""Seeds and validation rows of the trials: one trial is measured at each size."""
LEARNERS = (
    Learner("linear", lambda seed: SGDRegressor(max_iter=3, tol=None, eta0=0.01, random_state=seed)),
    Learner("tree", lambda seed: DecisionTreeRegressor(max_features=2, min_samples_leaf=5, random_state=seed)),
    Learner("forest", lambda seed: RandomForestRegressor(n_estimators=4, max_depth=6, random_state=seed)),
    Learner("boosting", lambda seed: GradientBoostingRegressor(n_estimators=8, max_depth=2, subsample=0.5, random_state=seed)),
    Learner("linear", lambda seed: Ridge(), deterministic=True),
    Learner("tree", lambda seed: DecisionTreeRegressor(min_samples_leaf=5, random_state=0), deterministic=True),
)
# What no feature explains of a label: in the second form one in a hundred is far off, as a sensor's or a typist's.
FORMS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "heavy tails": lambda rng, n: rng.standard_t(5, size=n),
}


@dataclass(frozen=True)
class _Rows:
    features: np.ndarray
    values: np.ndarray


def _draw(rng: np.random.Generator, n_rows: int, form: str) -> _Rows:
    features = rng.normal(size=(n_rows, 5))
    signal = 2 * features[:, 0] + features[:, 1] * features[:, 2] + np.maximum(features[:, 3], 0)
    return _Rows(features, signal + FORMS[form](rng, n_rows))


@dataclass(frozen=True)
class _Arm:
    learner: Learner
    train: _Rows

    def predict(self, seeds: Sequence[int], features: np.ndarray) -> np.ndarray:
        """Return what the arm predicts, shape (n_seeds, n_rows), fitted once where seeds do nothing."""
        fitted = seeds[:1] if self.learner.deterministic else seeds
        made = [self.learner.make(seed).fit(self.train.features, self.train.values) for seed in fitted]  # type: ignore[attr-defined]
        found = np.stack([model.predict(features) for model in made])
        return np.broadcast_to(found, (len(seeds), len(features)))


def errors(
    block: int,
    sizes: Sequence[tuple[int, int]] = SIZES,
    forms: Sequence[str] = tuple(FORMS),
    truth_seeds: int = TRUTH_SEEDS,
) -> list[dict[str, bool]]:
    """One fix of gross errors in a tenth of the labels, tried ten times on fresh seeds and rows, of each form of noise."""
    rng = np.random.default_rng([16, block])
    found: list[dict[str, bool]] = [{} for _ in range(TRIALS)]
    for form in forms:
        arms = _fix(rng, LEARNERS[block % len(LEARNERS)], form)
        truths = _truths(arms, _draw(rng, TRUTH_ROWS, form), truth_seeds)
        for trial in range(TRIALS):
            fresh, seeds = _draw(rng, max(n for _, n in sizes), form), range(20 * trial, 20 * trial + max(s for s, _ in sizes))
            predicted = [arm.predict(seeds, fresh.features) for arm in arms]
            for n_seeds, n_rows in sizes:
                for metric in METRICS:
                    effect = paired_effect(
                        *(number_scores(metric, fresh.values[:n_rows], arm[:n_seeds, :n_rows]) for arm in predicted)
                    )
                    found[trial][f"{form}, S {n_seeds}, n {n_rows}/{metric}"] = covers(effect, truths[metric])
    return found


def _fix(rng: np.random.Generator, learner: Learner, form: str) -> tuple[_Arm, _Arm]:
    true = _draw(rng, 250, form)
    wrong = np.where(rng.random(250) < 0.1, rng.permutation(true.values) * 3, true.values)
    fixed = np.where(rng.random(250) < 0.7, true.values, wrong)
    return _Arm(learner, _Rows(true.features, wrong)), _Arm(learner, _Rows(true.features, fixed))


def _truths(arms: tuple[_Arm, _Arm], rows: _Rows, truth_seeds: int) -> dict[str, Truth]:
    """Return what the second arm is worth against the first, from many rows and, where seeds matter, many seeds."""
    varies, batches = not arms[0].learner.deterministic, []
    for start in range(LATE, LATE + (truth_seeds if varies else 1), 20):
        predicted = [arm.predict(range(start, start + (20 if varies else 1)), rows.features) for arm in arms]
        scores = [[number_scores(metric, rows.values, arm) for metric in METRICS] for arm in predicted]
        batches.append([(other - one).mean(axis=0) for one, other in zip(*scores, strict=True)])
    by_metric = {metric: np.stack([batch[place] for batch in batches]) for place, metric in enumerate(METRICS)}
    return {metric: Truth(float(found.mean()), crossed_variance(found)[0]) for metric, found in by_metric.items()}

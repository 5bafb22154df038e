"""Worlds in which a person answers rightly, in the order of each ranking: what is a model worth that is trained afterwards?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from calibration.data_sets import data_set
from calibration.people import people
from calibration.planted import planted
from ceteris.detectors.scores import DETECTORS, Judged, scores_of
from ceteris.reviewing.arms import CONTROL, RANDOM, Arm
from ceteris.reviewing.dealing import BLOCK, Dealer
from ceteris.reviewing.learning import LEARNED, Learner, known_of
from ceteris.sections import ModelRecipe, Review
from ceteris.training.models import prepared
from ceteris.training.pred_probs import out_of_fold
from ceteris.training.preparation import preparation

__all__ = ["DEPTHS", "ORACLE", "PEOPLE", "SHARE", "STRATEGIES", "TRAINED", "ranked"]

PEOPLE = "people"  # the errors that people made
ORACLE = "oracle"  # every wrong label before every right one: what no detector can pass
DEPTHS = (0.05, 0.1, 0.2)  # shares of the training rows that are answered
RANDOM_ORDERS = 5
TRAINED, SHARE = 1_200, 0.6  # training rows at most: so many, and such a share of all rows; the others judge
SHIPPED, SPARING = Review(), Review(random=0.05, controls=0.05)
_C, _C_OF_TEXTS = 0.1, 1.0  # of standardised columns, and of TF-IDF weights, whose rows are of length 1

Order = Callable[[Judged, dict[str, np.ndarray], np.ndarray, int, np.random.Generator], np.ndarray]


def ranked(name: str, kind: str, rate: float, world: int) -> dict[str, float]:
    """One world: errors stand in training rows, and the first rows of each ranking are answered.

    Returns
    -------
    dict
        "given" (accuracy on true labels without a review), "RANKING/DEPTH" (what the review adds to it), "RANKING/DEPTH found"
        (the share of its answers that changed a label).
    """
    rng = np.random.default_rng([22, world])
    data, labels = people() if kind == PEOPLE else (data_set(name), None)
    order = rng.permutation(len(data.labels))
    training, judges = np.split(order, [min(TRAINED, round(SHARE * len(order)))])
    given = (planted(data, kind, rate, rng) if labels is None else labels)[training]
    rows, judging = (data.features.iloc[places].reset_index(drop=True) for places in (training, judges))
    model = LogisticRegression(C=_C if data.kinds is None else _C_OF_TEXTS, max_iter=500)
    recipe = ModelRecipe(estimator="sklearn.linear_model.LogisticRegression", prepare="scaled", kinds=data.kinds)
    judge = prepared(clone(model), recipe, rows)
    pred_probs = out_of_fold(judge, rows, given, data.n_classes, folds=_folds(given), seed=world, workers=1)
    points = preparation("scaled", rows, data.kinds).fit(rows)
    coded = preparation("coded", rows, data.kinds).fit_transform(rows)
    told = Judged(rows, points.transform(rows), coded, given, pred_probs, seed=world)
    known = points.transform(judging)

    def accuracy(labels: np.ndarray) -> float:
        fitted = clone(model).fit(told.points, labels)
        return float(np.mean(fitted.predict(known) == data.labels[judges]))

    return _measured(told, data.labels[training], accuracy, rng)


def _folds(given: np.ndarray) -> int:
    counts = np.bincount(given)
    return int(max(2, min(5, counts[counts > 0].min())))


def _measured(
    rows: Judged, truth: np.ndarray, accuracy: Callable[[np.ndarray], float], rng: np.random.Generator
) -> dict[str, float]:
    most, before = round(max(DEPTHS) * len(truth)), accuracy(rows.given)
    scores = {name: scores_of(name, detector, rows) for name, detector in DETECTORS.items()}
    orders = {name: [np.argsort(found, kind="stable")[:most]] for name, found in scores.items()}
    orders |= {name: [strategy(rows, scores, truth, most, rng)] for name, strategy in STRATEGIES.items()}
    wrong = truth != rows.given
    orders[ORACLE] = [np.argsort(rng.random(len(truth)) - wrong, kind="stable")[:most]]
    orders["random"] = [rng.permutation(len(truth))[:most] for _ in range(RANDOM_ORDERS)]
    found = {"given": before}
    for name, tried in orders.items():
        for depth in DEPTHS:
            gains, changed = [], []
            for order in tried:
                answered = order[: round(depth * len(truth))]
                labels = rows.given.copy()
                labels[answered] = truth[answered]
                gains.append(accuracy(labels) - before)
                changed.append(np.mean(truth[answered] != rows.given[answered]))
            found |= {f"{name}/{depth:.0%}": float(np.mean(gains)), f"{name}/{depth:.0%} found": float(np.mean(changed))}
    return found


def _queue(*rankings: str, shares: Review = SHIPPED) -> Order:
    """Return the review queue itself: its shares, and the arms that its dealer chooses among from the answers."""

    def order(
        rows: Judged, scores: dict[str, np.ndarray], truth: np.ndarray, most: int, rng: np.random.Generator
    ) -> np.ndarray:
        ids = np.array([f"r{row:05d}" for row in range(len(truth))], dtype=object)
        chance = rng.permutation(len(truth))
        arms = [_arm(name, rows, scores) for name in rankings] + [Arm(RANDOM, chance), Arm(CONTROL, chance[::-1])]
        dealer = Dealer(ids, rows.given, arms, shares, seed=int(rng.integers(2**31)))
        lines: list[tuple[str, str, str, float, int]] = []
        while len(lines) < most:
            answered = pd.DataFrame(lines, columns=["id", "arm", "reason", "changed", "place"])
            for one in dealer.deal(answered, min(BLOCK, most - len(lines))):
                changed = float(truth[one.place] != rows.given[one.place])
                lines.append((one.id, one.arm, one.reason, changed, one.place))
        return np.array([line[-1] for line in lines], dtype=int)

    return order


def _arm(name: str, rows: Judged, scores: dict[str, np.ndarray]) -> Arm:
    if name != LEARNED:
        return Arm(name, np.argsort(scores[name], kind="stable"))
    order = np.argsort(scores["combined"], kind="stable")
    known = known_of(rows.given, rows.doubts.suggested, rows.coded, rows.doubts.quality)
    return Arm(name, order, learner=Learner(order, lambda: known))


STRATEGIES: dict[str, Order] = {
    "queue that learns nothing": _queue("combined", "by_class"),
    "queue": _queue("combined", LEARNED),
    "queue, 5 % random": _queue("combined", LEARNED, shares=SPARING),
    "learned alone, 5 % random": _queue(LEARNED, shares=SPARING),
}

"""Worlds in which a person answers rightly, in the order of each ranking: what is a model worth that is trained afterwards?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from calibration.true_labels import NOISE, table_of
from ceteris.detectors.scores import DETECTORS, Judged, scores_of
from ceteris.models import prepared
from ceteris.pred_probs import out_of_fold
from ceteris.preparation import preparation
from ceteris.reviewing.arms import CONTROL, RANDOM, Arm
from ceteris.reviewing.dealing import BLOCK, Dealer
from ceteris.sections import ModelRecipe, Review

__all__ = ["DEPTHS", "RATE", "SHARE", "STRATEGIES", "TRAINED", "ranked"]

RATE = 0.2  # of the training labels
DEPTHS = (0.05, 0.1, 0.2)  # shares of the training rows that are answered
RANDOM_ORDERS = 5
TRAINED, SHARE = 1_200, 0.6  # training rows at most: so many, and such a share of all rows; the others judge
SHIPPED, SPARING = Review(), Review(random=0.05, controls=0.05)
_RECIPE = ModelRecipe(estimator="sklearn.linear_model.LogisticRegression", prepare="scaled")

Strategy = Callable[[Judged, dict[str, np.ndarray], np.ndarray, int, np.random.Generator], np.ndarray]


def ranked(data: str, noise: str, world: int) -> dict[str, float]:
    """One world: errors are planted in training rows, and the first rows of each ranking answered.

    Returns
    -------
    dict
        "given" (accuracy on true labels without a review), "RANKING/DEPTH" (what the review adds to it), "RANKING/DEPTH found"
        (the share of its answers that changed a label).
    """
    features, true = table_of(data)
    rng = np.random.default_rng([22, world])
    held = rng.permutation(len(true)) >= min(TRAINED, round(SHARE * len(true)))
    rows, judging = features[~held].reset_index(drop=True), features[held].reset_index(drop=True)
    truth, judged = true[~held], true[held]
    given = NOISE[noise](truth, rows, round(RATE * len(truth)), rng)
    judge = prepared(LogisticRegression(C=0.1, max_iter=500), _RECIPE, rows)
    n_classes = int(true.max()) + 1
    pred_probs = out_of_fold(judge, rows, given, n_classes, folds=_folds(given), seed=world, workers=1)
    points = preparation("scaled", rows).fit(rows)
    told = Judged(rows, points.transform(rows), preparation("coded", rows).fit_transform(rows), given, pred_probs, seed=world)
    known = points.transform(judging)

    def accuracy(labels: np.ndarray) -> float:
        fitted = LogisticRegression(C=0.1, max_iter=500).fit(told.points, labels)
        return float(np.mean(fitted.predict(known) == judged))

    return _measured(told, truth, accuracy, rng)


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


def _queue(*rankings: str, shares: Review = SHIPPED) -> Strategy:
    """Return the review queue itself: its shares, and the arms that its dealer chooses among from the answers."""

    def order(
        rows: Judged, scores: dict[str, np.ndarray], truth: np.ndarray, most: int, rng: np.random.Generator
    ) -> np.ndarray:
        ids = np.array([f"r{row:05d}" for row in range(len(truth))], dtype=object)
        chance = rng.permutation(len(truth))
        arms = [Arm(name, np.argsort(scores[name], kind="stable")) for name in rankings]
        arms += [Arm(RANDOM, chance), Arm(CONTROL, chance[::-1])]
        dealer = Dealer(ids, rows.given, arms, shares, seed=int(rng.integers(2**31)))
        lines: list[tuple[str, str, str, float, int]] = []
        while len(lines) < most:
            answered = pd.DataFrame(lines, columns=["id", "arm", "reason", "changed", "place"])
            for one in dealer.deal(answered, min(BLOCK, most - len(lines))):
                changed = float(truth[one.place] != rows.given[one.place])
                lines.append((one.id, one.arm, one.reason, changed, one.place))
        return np.array([line[-1] for line in lines], dtype=int)

    return order


def _learned(rows: Judged, scores: dict[str, np.ndarray], truth: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Return an order that learns from each 20 answers which labels are wrong: of the given label, the scores and the columns.

    One row in five is a random one. Before the first answers, and beside what is learned, stands the rank average of neighbours
    and label quality.
    """
    coded = rows.coded.toarray() if hasattr(rows.coded, "toarray") else np.asarray(rows.coded, dtype=float)
    names = ("label_quality", "knn", "data_oob")
    classes = np.eye(rows.pred_probs.shape[1])
    known = np.column_stack(
        [classes[rows.given], classes[rows.pred_probs.argmax(axis=1)], *(scores[name] for name in names), coded]
    )
    doubt, order = scores["combined"], list[int]()
    left, wrong = np.ones(len(truth), dtype=bool), truth != rows.given
    while len(order) < most:
        for turn in range(min(BLOCK, most - len(order))):
            free = np.flatnonzero(left)
            row = int(rng.choice(free)) if turn % 5 == 4 else int(free[np.argmin(doubt[free])])
            order.append(row)
            left[row] = False
        if 0 < wrong[order].sum() < len(order):
            learned = RandomForestClassifier(100, min_samples_leaf=3, random_state=0).fit(known[order], wrong[order])
            doubt = pd.Series(scores["combined"]).rank(pct=True).to_numpy() - 2 * learned.predict_proba(known)[:, 1]
    return np.array(order)


STRATEGIES: dict[str, Strategy] = {
    "queue": _queue("combined", "by_class"),
    "queue of four": _queue("combined", "by_class", "confident_learning", "ensemble"),
    "queue, 5 % random": _queue("combined", "by_class", shares=SPARING),
    "queue of four, 5 % random": _queue("combined", "by_class", "confident_learning", "ensemble", shares=SPARING),
    "learned": _learned,
}

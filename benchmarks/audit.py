"""Finding label issues: ceteris against cleanlab's CleanLearning, with the same model and the same folds."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.ratios import Comparison, Result, side_by_side
from benchmarks.workloads import Workload, digits, synthetic

FOLDS = 5


def run() -> Result:
    """Return how long both take, with long and with short fits."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    forest, logistic = RandomForestClassifier(30, random_state=0), LogisticRegression(max_iter=1000)
    return Result(
        (
            _compare("audit, long fits: forest of 30 trees, 20,000 x 30", forest, synthetic(), 5, "0.6"),
            _compare("audit, short fits: logistic, 1,400 digits", logistic, digits(), 25, ""),
        )
    )


def _compare(name: str, model: Any, data: Workload, rounds: int, aim: str) -> Comparison:
    small = slice(0, 500)
    _refuse_other_answers(
        ours(model, data.features[small], data.given[small], data.n_classes),
        plain(model, data.features[small], data.given[small]),
    )
    return side_by_side(
        name,
        "CleanLearning",
        lambda: ours(model, data.features, data.given, data.n_classes),
        lambda: plain(model, data.features, data.given),
        rounds=rounds,
        aim=aim,
        limit="1.1",
    )


def ours(model: Any, features: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Return which rows ceteris flags."""
    from ceteris.issues.table import find_label_issues
    from ceteris.training.pred_probs import out_of_fold

    pred_probs = out_of_fold(model, features, labels, n_classes, folds=FOLDS, seed=0)
    ids, classes = np.arange(len(labels)).astype(str), tuple(map(str, range(n_classes)))
    return find_label_issues(ids, labels.astype(str), pred_probs, classes)["is_label_issue"].to_numpy()


def plain(model: Any, features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return which rows cleanlab flags."""
    from cleanlab.classification import CleanLearning

    return CleanLearning(model, cv_n_folds=FOLDS, seed=0).find_label_issues(features, labels)["is_label_issue"].to_numpy()


def _refuse_other_answers(found: np.ndarray, expected: np.ndarray) -> None:
    if not np.array_equal(found, expected):
        raise RuntimeError(f"The two sides flag different rows ({found.sum()} and {expected.sum()}): their times say nothing.")

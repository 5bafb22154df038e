"""What a fix is worth: `ceteris.measure_effect` against a loop over seeds that fits and predicts the same two arms."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from benchmarks.ratios import Comparison, Result, side_by_side
from benchmarks.workloads import Workload, digits, synthetic

SEEDS = 10


def run() -> Result:
    """Return how long both take, with long and with short fits."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.tree import DecisionTreeClassifier

    forest, tree = RandomForestClassifier(10), DecisionTreeClassifier(max_features="sqrt")
    logistic = LogisticRegression(max_iter=1000)
    return Result(
        (
            _compare("effect, long fits: forest of 10 trees, 20,000 x 30", forest, synthetic(), 5, "0.6"),
            _compare("effect, short fits: tree, 1,400 digits", tree, digits(), 25, "0.6"),
            _compare("effect, short fits: logistic, 1,400 digits", logistic, digits(), 15, "0.6"),
        ),
        notes=(
            "Both sides fit 2 arms x 10 seeds, but for the logistic model: two seeds tell ceteris that it is deterministic, so"
            " it fits 2 x 2, and the loop 2 x 10. ceteris also checks that no validation row is trained on, keeps"
            " probabilities, and gives an interval over seeds and rows; the loop takes a paired t over the seeds.",
        ),
    )


def _compare(name: str, model: Any, data: Workload, rounds: int, aim: str) -> Comparison:
    found, expected = ours(model, data, seeds=2), plain(model, data, seeds=2)
    if abs(found - expected) > 1e-9:
        raise RuntimeError(f"The two sides measure {found} and {expected}: their times say nothing.")
    return side_by_side(
        name, "loop over seeds", lambda: _run(ours, model, data), lambda: _run(plain, model, data),
        rounds=rounds, aim=aim, limit="1.1",
    )  # fmt: skip


def _run(side: Any, model: Any, data: Workload) -> None:
    side(model, data, seeds=SEEDS)


def ours(model: Any, data: Workload, seeds: int) -> float:
    """Return the gain in accuracy as ceteris measures it."""
    import ceteris

    return ceteris.measure_effect(
        model,
        baseline=(data.features, data.given),
        candidate=(data.features, data.true),
        validation=(data.judging, data.judged),
        seeds=seeds,
    ).difference


def plain(model: Any, data: Workload, seeds: int) -> float:
    """Return the gain in accuracy of a loop."""
    from scipy.stats import ttest_rel
    from sklearn.base import clone
    from sklearn.metrics import accuracy_score

    scores: dict[str, list[float]] = {"baseline": [], "candidate": []}
    for seed in range(seeds):
        for arm, labels in (("baseline", data.given), ("candidate", data.true)):
            fitted = clone(model).set_params(random_state=seed).fit(data.features, labels)
            scores[arm].append(accuracy_score(data.judged, fitted.predict(data.judging)))
    with np.errstate(all="ignore"), warnings.catch_warnings():  # a deterministic model has no spread over seeds
        warnings.simplefilter("ignore")
        ttest_rel(scores["candidate"], scores["baseline"]).confidence_interval()
    return float(np.mean(scores["candidate"]) - np.mean(scores["baseline"]))

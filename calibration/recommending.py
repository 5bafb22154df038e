"""What `ceteris recommend` ships on real rows with planted errors: how often that lowers the true score."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from calibration.data_sets import DATA_SETS, Labelled, data_set
from calibration.planted import kinds_in, planted
from ceteris.editing import edits
from ceteris.fixing.recipes import make_all
from ceteris.fixing.versions import Evidence, Version
from ceteris.issues.table import find_label_issues, rank
from ceteris.measuring.effect import Effect, judge, paired_effect
from ceteris.measuring.tipping import tipping_count
from ceteris.recommending.recommendation import GIVEN, recommend
from ceteris.sections import PLACEBO, Step
from ceteris.telling.finding import findings
from ceteris.training.pred_probs import out_of_fold
from ceteris.training.preparation import preparation

__all__ = ["ALL", "LOWERED", "RATES", "SHIPPED", "cells", "recommended"]

RATES = (0.0, 0.1, 0.2, 0.3)
SHIPPED, LOWERED = "a fix is shipped", "the true score falls"
ALL = "all cells"
_TRAIN, _VALIDATION = 900, 600
_REVIEWED = 100
_DRAWS = 5
_RECIPES = {
    GIVEN: (),
    "pruned": (Step(step="drop_flagged"),),
    "relabelled": (Step(step="relabel_flagged"),),
    "reviewed": (Step(step="simulate_review", rows=_REVIEWED),),
}


def cells() -> list[tuple[str, str, float]]:
    """Return the cells of the grid: data set, kind of errors, rate."""
    return [(name, kind, rate) for name in DATA_SETS for kind in kinds_in(name) for rate in RATES]


def recommended(block: int) -> list[dict[str, bool]]:
    """Return what is shipped in one cell of the grid, on given validation labels and on verified ones.

    Rows train, judge, and tell the truth; the first two carry the errors. A reviewer answers the first 100 rows of the queue
    from the true label. On verified labels every row on which two arms differ was answered.
    """
    grid = cells()
    name, kind, rate = grid[block % len(grid)]
    rng = np.random.default_rng([11, block])
    data = data_set(name)
    world = _World(data, planted(data, kind, rate, rng), rng.permutation(len(data.labels)))
    found: dict[str, bool] = {}
    for scored_on in ("given", "verified"):
        shipped = world.shipped(scored_on)
        lowered = shipped != GIVEN and world.true_score(shipped) < world.true_score(GIVEN)
        for row in (ALL, f"{name}, {kind}, {100 * rate:.0f} %"):
            found |= {f"{row}/{scored_on} labels: {SHIPPED}": shipped != GIVEN}
            found |= {f"{row}/{scored_on} labels: {LOWERED}": bool(lowered)}
    return [found]


class _World:
    """One cell: its versions, what a model predicts under each, and what that is worth."""

    def __init__(self, data: Labelled, given: np.ndarray, order: np.ndarray) -> None:
        self._data, self._given = data, given
        self._train, self._judging, self._truth = np.split(order, [_TRAIN, _TRAIN + _VALIDATION])
        self._versions = make_all(_RECIPES, self._evidence())
        self._predicted = {name: self._fitted(version) for name, version in self._versions.items()}

    def shipped(self, scored_on: str) -> str:
        """Return the version that is recommended."""
        lines = [self._line(name, scored_on) for name in _RECIPES if name != GIVEN]
        found = findings(pd.DataFrame(lines))
        return recommend(found, "logistic", "accuracy", made_by_people=["reviewed"]).version

    def true_score(self, version: str) -> float:
        """Return the accuracy on rows that neither trained nor judged, by their true labels."""
        return float((self._predicted[version][1] == self._data.labels[self._truth]).mean())

    def _model(self) -> Any:
        return make_pipeline(preparation("scaled", self._data.features), LogisticRegression(max_iter=300))

    def _evidence(self) -> Evidence:
        classes = tuple(f"{code:03d}" for code in range(self._data.n_classes))
        names, codes = np.asarray(classes, dtype=object), self._given[self._train]
        rows = self._data.features.iloc[self._train].reset_index(drop=True)
        ids = np.array([f"r{row:05d}" for row in range(len(rows))], dtype=object)
        probs = out_of_fold(self._model(), rows, codes, len(classes), folds=5, seed=0, names=classes)
        ranked = rank(find_label_issues(ids, names[codes], probs, classes))
        queue = pd.Index(ids).get_indexer(pd.Index(ranked["id"]))
        suggested, flagged = np.empty(len(ids), dtype=object), np.zeros(len(ids), dtype=bool)
        suggested[queue], flagged[queue] = ranked["suggested_label"], ranked["is_label_issue"]
        return Evidence(
            ids, names[codes], classes, queue, flagged, suggested, edits.resolve(edits.parse("", "")),
            true=names[self._data.labels[self._train]], draws=_DRAWS,
        )  # fmt: skip

    def _fitted(self, version: Version) -> tuple[np.ndarray, np.ndarray]:
        """Return what a version's models predict for the judging rows, a line a draw, and for the others the first's."""
        rows = self._data.features.iloc[self._train].reset_index(drop=True)
        judged, others = [], np.zeros(0)
        for labels, kept in zip(version.labels, version.kept, strict=True):
            model = self._model().fit(rows[kept], labels[kept].astype(int))
            judged.append(model.predict(self._data.features.iloc[self._judging]))
            if not len(others):
                others = model.predict(self._data.features.iloc[self._truth])
        return np.array(judged), others

    def _line(self, name: str, scored_on: str) -> dict[str, Any]:
        labels = (self._given if scored_on == "given" else self._data.labels)[self._judging]
        placebo = PLACEBO + name
        effect = self._effect(GIVEN, name, labels)
        net = self._effect(placebo, name, labels) if placebo in self._versions else None
        judged = judge(effect, net=net)
        arms = [np.broadcast_to(self._predicted[arm][0], (_DRAWS, len(labels))) for arm in (GIVEN, name)]
        tips = tipping_count(labels, *arms, net=net) if scored_on == "given" else None
        return {
            "axis": "data", "baseline_model": "logistic", "candidate_model": "logistic", "baseline_version": GIVEN,
            "candidate_version": name, "metric": "accuracy", "scored_on": scored_on, "difference": effect.difference,
            "low": effect.low, "high": effect.high, "p_value": effect.p_value, "verdict": judged.verdict,
            "reason": judged.reason, "control": placebo if net else "", "tipping": math.nan if tips is None else tips,
            "net": net.difference if net else math.nan, "net_low": net.low if net else math.nan,
            "net_high": net.high if net else math.nan,
        }  # fmt: skip

    def _effect(self, baseline: str, candidate: str, labels: np.ndarray) -> Effect:
        one, other = (
            np.broadcast_to(self._predicted[arm][0] == labels, (_DRAWS, len(labels))) for arm in (baseline, candidate)
        )
        return paired_effect(one, other, redrawn_control=baseline != GIVEN)

"""What moved the score, and by how much: every pair of cells that differ in one thing, as one table of effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from ceteris.editing.reviewed import Review, noted
from ceteris.measuring.effect import Effect, holm, judge, paired_effect
from ceteris.measuring.fingerprint import Fingerprint, hold_fixed
from ceteris.measuring.pairs import Name, Pair, VersionFacts
from ceteris.measuring.scoring import row_scores
from ceteris.metrics import METRICS, metrics_of
from ceteris.sections import SCORED_ON, Compare
from ceteris.training.cells import Cell

__all__ = [
    "Arm",
    "Judged",
    "Scorer",
    "judge_pair",
    "judge_pairs",
    "as_one_family",
    "effects_table",
    "grid_table",
    "COLUMNS",
]

COLUMNS = (
    "axis", "planned", "baseline_model", "baseline_version", "candidate_model", "candidate_version", "metric", "scored_on",
    "difference", "low", "high", "p_holm", "n_seeds", "n_rows", "n_discordant", "control", "net", "net_low", "net_high",
    "verdict", "reason", "labels_reviewed", "p_value", "tipping", "queue", "plan",
)  # fmt: skip


@dataclass(frozen=True)
class Arm:
    """A cell as compare sees it: predictions with one row a seed, and what it was made of."""

    cell: Cell
    fingerprint: Fingerprint


@dataclass(frozen=True)
class Judged:
    """An effect of a pair on one metric and one set of labels; `effect` is None where the question does not apply."""

    pair: Pair
    metric: str
    scored_on: str
    effect: Effect | None
    net: Effect | None = None
    p_holm: float | None = None
    reason: str = ""
    tipping: int | None = None
    queue: str = ""
    review: Review | None = None


@dataclass
class Scorer:
    """Row scores of cells, each computed once.

    Attributes
    ----------
    arms : the cells by (model, version)
    labels : the label codes of the validation rows, or numbers, shape (n_rows,), by what they are ("given", "true", ...)
    """

    arms: Mapping[Name, Arm]
    labels: Mapping[str, np.ndarray]
    n_classes: int
    groups: np.ndarray | None
    compare: Compare
    _scores: dict[tuple[Name, str, str], np.ndarray | None] = field(default_factory=dict)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that these labels have."""
        return metrics_of(METRICS[self.compare.metric].labels)

    def scores(self, name: Name, metric: str, scored_on: str) -> np.ndarray | None:
        """Return the row scores of a cell, shape (n_seeds, n_rows), or None where the metric does not apply."""
        key = (name, metric, scored_on)
        if key not in self._scores:
            cell = self.arms[name].cell
            found = row_scores(metric, self.labels[scored_on], cell.predicted, cell.pred_probs, self.n_classes)
            self._scores[key] = None if found is None else np.broadcast_to(found, (cell.n_seeds, found.shape[1]))
        return self._scores[key]

    def effect(self, baseline: Name, candidate: Name, metric: str, scored_on: str, redrawn: bool = False) -> Effect | None:
        """Return candidate - baseline, judged as a family of one."""
        arms = self.scores(baseline, metric, scored_on), self.scores(candidate, metric, scored_on)
        if arms[0] is None or arms[1] is None:
            return None
        one, other = self.arms[baseline], self.arms[candidate]
        found = paired_effect(
            arms[0],
            arms[1],
            confidence=self.compare.confidence,
            groups=self.groups,
            redrawn_control=redrawn,
            discordant=None if METRICS[metric].every_row else self.discordant(baseline, candidate),
            region=self.compare.region_of(metric),
            identical=one.fingerprint.fit_key == other.fingerprint.fit_key,
        )
        return replace(found, metric=metric, scored_on=scored_on)

    def discordant(self, baseline: Name, candidate: Name) -> np.ndarray:
        """Return the rows on which two cells predict differently in any seed, shape (n_rows,), bool."""
        return np.asarray(self.differing(baseline, candidate) > 0)

    def differing(self, baseline: Name, candidate: Name) -> np.ndarray:
        """Return the share of seeds in which two cells predict differently, shape (n_rows,)."""
        one, other = self.arms[baseline].cell.over_seeds()[0], self.arms[candidate].cell.over_seeds()[0]
        return np.asarray((one != other).mean(axis=0))


def judge_pairs(scorer: Scorer, pairs: list[Pair], facts: Mapping[str, VersionFacts]) -> list[Judged]:
    """Return every pair on every metric and every set of labels, each judged as a family of one.

    Raises
    ------
    NotHeldFixedError
        A pair differs in more than its axis.
    """
    judged: list[Judged] = []
    for pair in pairs:
        one, other = scorer.arms[pair.baseline], scorer.arms[pair.candidate]
        hold_fixed(one.fingerprint, other.fingerprint, pair.axis, ("/".join(pair.baseline), "/".join(pair.candidate)))
        for scored_on in scorer.labels:
            judged += [judge_pair(scorer, pair, metric, scored_on, facts) for metric in scorer.metrics]
    return judged


def judge_pair(scorer: Scorer, pair: Pair, metric: str, scored_on: str, facts: Mapping[str, VersionFacts]) -> Judged:
    """Return a pair on one metric and one set of labels, judged as a family of one, net of its control where it has one."""
    if pair.axis == "aa" and all(scorer.arms[name].cell.deterministic for name in (pair.baseline, pair.candidate)):
        return Judged(
            pair, metric, scored_on, None, reason="not applicable: the learner is deterministic, other seeds change nothing"
        )
    effect = scorer.effect(pair.baseline, pair.candidate, metric, scored_on, pair.redrawn)
    if effect is None:
        return Judged(pair, metric, scored_on, None, reason="not applicable: an arm gives no probabilities")
    net = None
    if pair.control:
        against = (pair.candidate[0], pair.control)
        net = scorer.effect(against, pair.candidate, metric, scored_on, facts[pair.control].redrawn)
    return Judged(pair, metric, scored_on, judge(effect, net=net if pair.needs_net else None), net)


def as_one_family(judged: list[Judged], metric: str) -> list[Judged]:
    """Return the same, the planned contrasts on the primary metric adjusted by Holm, each on the best labels it has.

    Best first: true, verified (all), verified (disagreements), given.
    """
    best: dict[Pair, int] = {}
    for index, one in enumerate(judged):
        # Arms that are one and the same ask nothing: they take no share of the error that the family may make.
        if one.pair.planned and one.metric == metric and one.effect is not None and not one.effect.identical:
            known = best.get(one.pair)
            if known is None or SCORED_ON.index(one.scored_on) < SCORED_ON.index(judged[known].scored_on):
                best[one.pair] = index
    adjusted = holm([_effect(judged[index]).p_value for index in best.values()])
    settled = list(judged)
    for index, p in zip(best.values(), adjusted, strict=True):
        one = judged[index]
        settled[index] = replace(
            one, p_holm=float(p), effect=judge(_effect(one), float(p), one.net if one.pair.needs_net else None)
        )
    return settled


def _effect(judged: Judged) -> Effect:
    assert judged.effect is not None
    return judged.effect


def effects_table(judged: list[Judged], facts: Mapping[str, VersionFacts], plan: str = "") -> pd.DataFrame:
    """Return the judged effects as the rows of effects.csv, with the columns of `COLUMNS`; shares, and nats for log-loss.

    Parameters
    ----------
    plan : str
        What they were made under, by `ceteris.measuring.planning.plan_name`.
    """
    return pd.DataFrame([_line(one, facts) | {"plan": plan} for one in judged], columns=list(COLUMNS))


def _line(one: Judged, facts: Mapping[str, VersionFacts]) -> dict[str, Any]:
    pair, effect, net = one.pair, one.effect, one.net
    reason = noted(one.reason or (effect.reason if effect else ""), one.review)
    if effect is not None and one.p_holm is None and not facts[pair.candidate[1]].control and not pair.redrawn:
        reason += "; exploratory, not adjusted for looking at many"
    return {
        "axis": pair.axis,
        "planned": pair.planned,
        "baseline_model": pair.baseline[0],
        "baseline_version": pair.baseline[1],
        "candidate_model": pair.candidate[0],
        "candidate_version": pair.candidate[1],
        "metric": one.metric,
        "scored_on": one.scored_on,
        "difference": effect.difference if effect else np.nan,
        "low": effect.low if effect else np.nan,
        "high": effect.high if effect else np.nan,
        "p_holm": np.nan if one.p_holm is None else one.p_holm,
        "n_seeds": effect.n_seeds if effect else np.nan,
        "n_rows": effect.n_rows if effect else np.nan,
        "n_discordant": effect.n_discordant if effect and not METRICS[one.metric].every_row else np.nan,
        "control": pair.control,
        "net": net.difference if net else np.nan,
        "net_low": net.low if net else np.nan,
        "net_high": net.high if net else np.nan,
        "verdict": effect.verdict if effect else "",
        "reason": reason,
        "labels_reviewed": facts[pair.candidate[1]].reviewed,
        "p_value": effect.p_value if effect else np.nan,
        "tipping": np.nan if one.tipping is None else one.tipping,
        "queue": one.queue,
    }


def grid_table(scorer: Scorer, facts: Mapping[str, VersionFacts]) -> pd.DataFrame:
    """Return one row a cell, metric and set of labels: the metric's value in its usual orientation, mean over seeds."""
    rows = []
    for (model, version), arm in scorer.arms.items():
        for scored_on, labels in scorer.labels.items():
            for metric in scorer.metrics:
                scores = scorer.scores((model, version), metric, scored_on)
                rows.append(
                    {
                        "model": model,
                        "version": version,
                        "metric": metric,
                        "scored_on": scored_on,
                        "value": np.nan if scores is None else float(scores.mean()) * METRICS[metric].sign,
                        "n_rows": len(labels),
                        "n_seeds": arm.cell.n_seeds,
                        "deterministic": arm.cell.deterministic,
                        "labels_reviewed": facts[version].reviewed,
                        "rows": facts[version].rows,
                    }
                )
    return pd.DataFrame(rows)

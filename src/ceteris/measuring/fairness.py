"""What a fix of the data is worth to each group of validation rows: a fix that helps on the whole may cost some of them.

Automated cleaning widens gaps between groups more often than it narrows them (Guha et al. 2023); the mean over all rows does
not show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ceteris.measuring.compare import Scorer
from ceteris.measuring.effect import paired_effect
from ceteris.measuring.pairs import Pair, VersionFacts
from ceteris.measuring.slicing import FEWEST
from ceteris.metrics import METRICS
from ceteris.sections import SCORED_ON

__all__ = ["COLUMNS", "UNKNOWN", "Gap", "gaps_of", "groups_table", "metric_of"]

UNKNOWN = "unknown"
COLUMNS = ("model", "version", "column", "group", "rows", "before", "after", "difference", "low", "high", "scored_on", "state")


@dataclass(frozen=True)
class Gap:
    """How far the best and the worst group of a column are apart, before and after a fix, in the unit of the score.

    Attributes
    ----------
    harmed : groups whose interval of the difference is wholly below zero
    """

    model: str
    version: str
    column: str
    before: float
    after: float
    harmed: tuple[str, ...] = ()


def metric_of(n_classes: int) -> str:
    """Return what groups are scored by: a mean over rows, whatever the primary metric is."""
    return "accuracy" if n_classes else "mae"


def groups_table(
    scorer: Scorer, pairs: Iterable[Pair], facts: Mapping[str, VersionFacts], groups: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """Return the score of each group under `given` and under each fix of the data, of every model, in `COLUMNS`.

    Parameters
    ----------
    groups : mapping of str to ndarray of str objects, shape (n_rows,)
        By column.

    Returns
    -------
    DataFrame whose difference is oriented so that more is better; scores are missing where `state` is UNKNOWN
    """
    scored_on = next(name for name in SCORED_ON if name in scorer.labels)
    lines = [
        {"model": pair.baseline[0], "version": pair.candidate[1], "column": column, "group": name, "scored_on": scored_on}
        | _line(scorer, pair, scored_on, np.asarray(group == name))
        for pair in pairs
        if _is_a_fix(scorer, pair, facts)
        for column, group in groups.items()
        for name in sorted(set(group))
    ]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _is_a_fix(scorer: Scorer, pair: Pair, facts: Mapping[str, VersionFacts]) -> bool:
    """Whether a pair holds the model and fixes `given`; a version that equals it fixes nothing."""
    one, other = (scorer.arms[name].fingerprint.fit_key for name in (pair.baseline, pair.candidate))
    return pair.axis == "data" and pair.baseline[1] == "given" and not facts[pair.candidate[1]].control and one != other


def _line(scorer: Scorer, pair: Pair, scored_on: str, inside: np.ndarray) -> dict[str, Any]:
    metric = metric_of(scorer.n_classes)
    units = inside.sum() if scorer.groups is None else len(set(scorer.groups[inside]))
    if inside.sum() < FEWEST or units < 2:
        return {"rows": int(inside.sum()), "state": UNKNOWN}
    arms = [scorer.scores(name, metric, scored_on) for name in (pair.baseline, pair.candidate)]
    before, after = (arm[:, inside] for arm in arms if arm is not None)
    effect = paired_effect(
        before, after, confidence=scorer.compare.confidence, groups=None if scorer.groups is None else scorer.groups[inside],
        discordant=None if METRICS[metric].every_row else scorer.discordant(pair.baseline, pair.candidate)[inside],
        region=scorer.compare.region_of(metric), identical=False,
    )  # fmt: skip
    sign = METRICS[metric].sign
    return {
        "rows": int(inside.sum()), "before": sign * float(before.mean()), "after": sign * float(after.mean()),
        "difference": effect.difference, "low": effect.low, "high": effect.high, "state": "",
    }  # fmt: skip


def gaps_of(table: pd.DataFrame) -> list[Gap]:
    """Return the gap of each column under each fix, over its groups with enough rows, where there are two of them or more."""
    return list(_gaps(table[table["state"] != UNKNOWN]))


def _gaps(known: pd.DataFrame) -> Iterator[Gap]:
    for (model, version, column), rows in known.groupby(["model", "version", "column"], sort=False):
        if len(rows) > 1:
            harmed = tuple(map(str, rows.loc[rows["high"] < 0, "group"]))
            before, after = (float(np.ptp(rows[name].astype(float))) for name in ("before", "after"))
            yield Gap(str(model), str(version), str(column), before, after, harmed)

"""What a batch of rows was worth: its effect on the rows that were there before it, and on the rows of the batch itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ceteris.measuring.compare import Arm, Judged, Scorer, judge_pair
from ceteris.measuring.pairs import Pair, VersionFacts
from ceteris.sections import SCORED_ON, Step

__all__ = ["COLUMNS", "NEW", "OLD", "batch_pairs", "batch_table"]

OLD, NEW = "old", "new"
COLUMNS = (
    "batches", "rows", "model", "baseline", "candidate", "metric", "scored_on", "difference", "low", "high", "n_seeds",
    "n_rows", "n_discordant", "verdict", "reason",
)  # fmt: skip


def batch_pairs(pairs: Sequence[Pair], recipes: Mapping[str, Sequence[Step]]) -> list[tuple[Pair, tuple[str, ...]]]:
    """Return the pairs whose baseline leaves out batches that the candidate holds, and these batches."""
    absent = {
        name: {batch for step in steps if step.step == "leave_out" for batch in step.batches or ()}
        for name, steps in recipes.items()
    }
    found = []
    for pair in pairs:
        gone = sorted(absent.get(pair.baseline[1], set()) - absent.get(pair.candidate[1], set()))
        if pair.axis == "data" and gone and pair.candidate[1] in recipes:
            found.append((pair, tuple(gone)))
    return found


def batch_table(
    scorer: Scorer, pairs: Sequence[tuple[Pair, tuple[str, ...]]], facts: Mapping[str, VersionFacts], batches: np.ndarray
) -> pd.DataFrame:
    """Return the effect of each pair on the primary metric, once on the rows of its batches and once on all others.

    Each is judged as a family of one, on the best labels that all validation rows have.

    Parameters
    ----------
    pairs : sequence of (Pair, names)
        From `batch_pairs`.
    batches : ndarray of str objects, shape (n_rows,)
        The batch of each validation row, "" where it was in the source.
    """
    scored_on = next(name for name in SCORED_ON if name in scorer.labels)
    lines = []
    for pair, names in pairs:
        new = np.isin(batches.astype(str), names)
        for rows, mask in ((OLD, ~new), (NEW, new)):
            found = _judged(scorer, pair, facts, np.flatnonzero(mask), scored_on)
            lines.append(_line(pair, names, rows, found, int(mask.sum()), scorer.compare.metric, scored_on))
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _judged(scorer: Scorer, pair: Pair, facts: Mapping[str, VersionFacts], rows: np.ndarray, scored_on: str) -> Judged | None:
    """Return the pair on some of the validation rows; None where there is none, or the metric needs two classes among them."""
    metric = scorer.compare.metric
    if not len(rows) or (metric == "roc_auc" and len(np.unique(scorer.labels[scored_on][rows])) < 2):
        return None
    arms = {name: _of_rows(scorer.arms[name], rows) for name in (pair.baseline, pair.candidate)}
    groups = None if scorer.groups is None else scorer.groups[rows]
    some = Scorer(arms, {scored_on: scorer.labels[scored_on][rows]}, scorer.n_classes, groups, scorer.compare)
    return judge_pair(some, replace(pair, control="", needs_net=False), metric, scored_on, facts)


def _of_rows(arm: Arm, rows: np.ndarray) -> Arm:
    probabilities = None if arm.cell.pred_probs is None else arm.cell.pred_probs[:, rows]
    return replace(arm, cell=replace(arm.cell, predicted=arm.cell.predicted[:, rows], pred_probs=probabilities))


def _line(
    pair: Pair, names: Sequence[str], rows: str, found: Judged | None, n_rows: int, metric: str, scored_on: str
) -> dict[str, object]:
    effect = None if found is None else found.effect
    nothing = "no such row judges" if not n_rows else "the metric says nothing of these rows"
    return {
        "batches": " ".join(names), "rows": rows, "model": pair.candidate[0], "baseline": pair.baseline[1],
        "candidate": pair.candidate[1], "metric": metric, "scored_on": scored_on,
        "difference": effect.difference if effect else np.nan, "low": effect.low if effect else np.nan,
        "high": effect.high if effect else np.nan, "n_seeds": effect.n_seeds if effect else np.nan, "n_rows": n_rows,
        "n_discordant": effect.n_discordant if effect else np.nan, "verdict": effect.verdict if effect else "",
        "reason": effect.reason if effect else nothing,
    }  # fmt: skip

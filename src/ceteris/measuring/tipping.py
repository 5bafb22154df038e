"""How few wrong labels would undo a verdict, and how long it takes to check them."""

from __future__ import annotations

from bisect import bisect_left
from functools import partial

import numpy as np

from ceteris.editing.reviewed import minutes_of
from ceteris.measuring.effect import Effect, judge, paired_effect

__all__ = ["tipping_count", "tipping_sentence"]


def tipping_count(
    labels: np.ndarray,
    baseline: np.ndarray,
    candidate: np.ndarray,
    *,
    p_factor: float = 1.0,
    net: Effect | None = None,
    confidence: float = 0.95,
    groups: np.ndarray | None = None,
    redrawn_control: bool = False,
    region: float = 0.005,
) -> int | None:
    """Return how few of the disagreement labels would, if wrong, undo the verdict on accuracy; None where no number would.

    A wrong label turns its row to the least favourable alternative: the class for which the share of seeds where the
    candidate predicts it, minus that of the baseline, is smallest (for `harms`, largest; for the others, whichever of both
    takes fewer rows). Rows are turned in the order of how far they move the mean, the count is found by bisection.

    Parameters
    ----------
    labels : array of int, shape (n_rows,)
        The labels that the verdict was scored on.
    baseline, candidate : array of int, shape (n_seeds, n_rows)
        Predicted classes.
    p_factor : float >= 1
        Holm-adjusted p over unadjusted p, held at what it was.
    net : Effect, optional
        Candidate minus its placebo, held at what it was.
    confidence, groups, redrawn_control, region
        As for `paired_effect`.
    """
    labels, baseline, candidate = np.asarray(labels), np.asarray(baseline), np.asarray(candidate)
    differs = (baseline != candidate).any(axis=0)

    def verdict(now: np.ndarray) -> str:
        effect = paired_effect(
            baseline == now, candidate == now, confidence=confidence, groups=groups, redrawn_control=redrawn_control,
            discordant=differs, region=region,
        )  # fmt: skip
        return judge(effect, min(1.0, p_factor * effect.p_value), net).verdict

    def undone(turned: np.ndarray, order: np.ndarray, count: int) -> bool:
        now = labels.copy()
        now[order[:count]] = turned[order[:count]]
        return verdict(now) != before

    before = verdict(labels)
    ways = {"helps": [(candidate, baseline)], "harms": [(baseline, candidate)]}
    counts = []
    for better, worse in ways.get(before, ways["helps"] + ways["harms"]):
        turned, order = _least_favourable(labels, better, worse)
        if verdict(turned) != before:
            counts.append(1 + bisect_left(range(1, len(order)), True, key=partial(undone, turned, order)))
    return min(counts, default=None)


def tipping_sentence(count: int | None, n_disagreement: int, n_asked: int | None = None) -> str:
    """Return what a tipping count says to a reader, with what there is to check and the time that it takes at 6 s a label.

    Parameters
    ----------
    count : int or None
        As `tipping_count` returns it.
    n_disagreement : int
        Rows on which the two arms predict differently in any seed.
    n_asked : int, optional
        Rows that the queue asks for, where that is a sample of them.
    """
    if not n_disagreement:
        return "The arms never predict differently: no label can change this verdict."
    asked = n_disagreement if n_asked is None else n_asked
    check = f"about {minutes_of(asked)} to check"
    if asked < n_disagreement:
        check += f" a sample of {asked:,} of these {n_disagreement:,} rows"
    if n_disagreement == 1:
        what = "not undo this verdict" if count is None else f"undo this verdict; {check}"
        return f"The one disagreement label, if wrong, would {what}."
    if count is None:
        return f"No number of these {n_disagreement:,} disagreement labels, if wrong, would undo this verdict."
    return f"{count:,} of these {n_disagreement:,} disagreement labels wrong would undo this verdict; {check}."


def _least_favourable(labels: np.ndarray, better: np.ndarray, worse: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels with every row turned against the better arm, and the rows that move, farthest first.

    Only a class that the other arm predicts can be the one; among equals it is that of the earliest seed, so that the names of
    classes mean nothing.
    """
    leads = [(better == label).sum(axis=0) - (worse == label).sum(axis=0) for label in (labels, *worse)]
    lead, place = leads[0], np.argmin(leads[1:], axis=0)
    move = np.minimum(np.min(leads[1:], axis=0) - lead, 0)
    turned = np.where(move < 0, worse[place, np.arange(len(labels))], labels)
    order = np.argsort(move, kind="stable")
    return turned, order[move[order] < 0]

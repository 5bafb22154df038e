"""Confident learning, in batches: which labels are doubted, and how labels are confused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ceteris.errors import BadInputError
from ceteris.issues.loading import load_cleanlab
from ceteris.training.pred_probs import check

__all__ = ["REPAIRED", "Doubts", "find_doubts", "noise_joint"]

REPAIRED = "repaired_joint"
_BATCH = 1 << 14  # rows whose probabilities stay within a processor's cache


@dataclass(frozen=True)
class Doubts:
    """What was found of each row, in its order; each of shape (n_rows,).

    Attributes
    ----------
    quality : ndarray of float in [0, 1], the probability of the given label
    suggested : ndarray of int, the code of the most probable class
    flagged : ndarray of bool
    """

    quality: np.ndarray
    suggested: np.ndarray
    flagged: np.ndarray


def find_doubts(given: np.ndarray, pred_probs: np.ndarray, filter_by: str = "prune_by_noise_rate") -> Doubts:
    """Return what `find_label_issues` tells, of codes, without ids: of tables that are larger than the memory, too.

    By `prune_by_noise_rate` rows are read in batches, and a few numbers a row are held. The rows that it flags are those of
    `cleanlab.filter.find_label_issues`, each of them. cleanlab's own `find_label_issues_batched` flags others: the rows of
    lowest self-confidence whatever their class, as many as are confidently of another class. `repaired_joint` is the same
    rule on the joint of `noise_joint`. Other rules hold all at once.

    Parameters
    ----------
    given : ndarray of int, shape (n_rows,)
    pred_probs : ndarray of float, shape (n_rows, n_classes)
        Out of fold. Memory-mapped files will do for both.

    Source: Northcutt, Jiang & Chuang (2021), Confident learning, JAIR 70.
    """
    n_rows, n_classes = pred_probs.shape
    given = np.asarray(given)
    if given.shape != (n_rows,) or given.dtype.kind not in "iu" or not n_rows or given.min() < 0 or given.max() >= n_classes:
        raise BadInputError(
            f"{n_rows:,} rows of probabilities need as many labels, as codes from 0 to {n_classes - 1}.",
            f"These are of shape {given.shape} and type {given.dtype}: give the position of each row's class.",
        )
    given = given.astype(np.intp, copy=False)
    quality, suggested = np.empty(n_rows), np.empty(n_rows, dtype=np.intp)
    for rows in _batches(n_rows):
        batch = check(pred_probs[rows], len(given[rows]), n_classes, "The audit", first=rows.start)
        suggested[rows] = batch.argmax(axis=1)
        quality[rows] = batch[np.arange(len(batch)), given[rows]]
    if filter_by in ("prune_by_noise_rate", REPAIRED):
        counts = _confident_counts(given, pred_probs, quality, suggested, repaired=filter_by == REPAIRED)
        flagged = _pruned_by_noise_rate(given, pred_probs, quality, suggested, counts)
    else:
        load_cleanlab()
        from cleanlab.filter import find_label_issues as find

        flagged = find(given, np.asarray(pred_probs, dtype=np.float64), filter_by=filter_by, n_jobs=1)
    if flagged.shape != given.shape or flagged.dtype != bool:
        raise BadInputError("cleanlab returned no answer for every row.", "Report this with the versions of `pip freeze`.")
    return Doubts(quality, suggested, flagged)


def _batches(n_rows: int) -> Iterator[slice]:
    return (slice(start, min(start + _BATCH, n_rows)) for start in range(0, n_rows, _BATCH))


def noise_joint(given: np.ndarray, pred_probs: np.ndarray) -> np.ndarray:
    """Return the estimated share of all rows of each given label (row) and true one (column), shape (n_classes, n_classes).

    A row counts for the most probable of the classes whose threshold it passes. cleanlab counts it for the most probable class
    of all, though that class may be one whose threshold it does not pass (cleanlab#1248).

    Parameters
    ----------
    given : ndarray of int, shape (n_rows,)
    pred_probs : ndarray of float, shape (n_rows, n_classes)
        Out of fold.

    Source: Northcutt, Jiang & Chuang (2021), Confident learning, JAIR 70, equations 1 and 3.
    """
    load_cleanlab()
    from cleanlab.count import calibrate_confident_joint

    quality, suggested = pred_probs[np.arange(len(given)), given], pred_probs.argmax(axis=1)
    counts = _confident_counts(given, pred_probs, quality, suggested, repaired=True)
    return np.asarray(calibrate_confident_joint(counts, given), dtype=float) / len(given)


def _pruned_by_noise_rate(
    given: np.ndarray, pred_probs: np.ndarray, quality: np.ndarray, suggested: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """Return which rows are flagged: of each class as many as belong to each other one, those whose margin is largest.

    A row whose given label is the most probable one is never flagged, and no margin of its is above zero: where enough
    margins are, only the rows in doubt are looked at.
    """
    load_cleanlab()
    from cleanlab.count import calibrate_confident_joint
    from cleanlab.filter import _keep_at_least_n_per_class
    from cleanlab.internal.constants import FLOATING_POINT_COMPARISON

    to_prune = np.asarray(_keep_at_least_n_per_class(calibrate_confident_joint(counts, given).T, n=1))
    flagged, kept = np.zeros(len(given), dtype=bool), np.zeros(len(given), dtype=bool)
    doubted = given != suggested
    for code in range(len(to_prune)):
        of_class = given == code
        rows = np.flatnonzero(of_class & doubted)
        near = np.asarray(pred_probs[rows], dtype=np.float64)
        for other in np.flatnonzero(to_prune[:, code] > 0):
            if other == code or np.count_nonzero(of_class) <= 1:
                continue
            count, margins = to_prune[other, code], near[:, other] - near[:, code]
            largest = _largest(margins, count)
            if largest is None:
                every = np.flatnonzero(of_class)
                order = np.argsort(-(np.asarray(pred_probs[every, other], dtype=np.float64) - quality[every]))
                flagged[every[order[:count]]] = True
            else:
                flagged[rows[largest]] = True
        near[:, code] += FLOATING_POINT_COMPARISON
        kept[rows] = near.argmax(axis=1) != code
    return flagged & kept


def _largest(margins: np.ndarray, count: int) -> np.ndarray | None:
    """Return where the `count` largest margins are; None where some of them are not above zero, or ties leave it open."""
    if np.count_nonzero(margins > 0) < count:
        return None
    found = margins >= np.partition(margins, -count)[-count]
    return found if np.count_nonzero(found) == count else None


def _confident_counts(
    given: np.ndarray, pred_probs: np.ndarray, quality: np.ndarray, suggested: np.ndarray, *, repaired: bool = False
) -> np.ndarray:
    """Return how many rows of each given class (row) are confidently of each class (column), shape (n_classes, n_classes).

    Of a row that passes several thresholds cleanlab takes the most probable class of all; `repaired`, that among those passed.
    """
    load_cleanlab()
    from cleanlab.internal.constants import CONFIDENT_THRESHOLDS_LOWER_BOUND, FLOATING_POINT_COMPARISON

    n_classes = pred_probs.shape[1]
    means = [quality[mine].mean() if (mine := given == code).any() else np.inf for code in range(n_classes)]
    least = np.maximum(means, CONFIDENT_THRESHOLDS_LOWER_BOUND) - FLOATING_POINT_COMPARISON
    joint = np.zeros(n_classes * n_classes, dtype=np.int64)
    for rows in _batches(len(given)):
        sure = pred_probs[rows] >= least
        first, last = sure.argmax(axis=1), n_classes - 1 - sure[:, ::-1].argmax(axis=1)
        best = np.where(sure, pred_probs[rows], -1.0).argmax(axis=1) if repaired else suggested[rows]
        true = np.where(first == last, first, best)
        some_sure = sure[np.arange(len(sure)), first]
        joint += np.bincount((true * n_classes + given[rows])[some_sure], minlength=len(joint))
    counts = joint.reshape(n_classes, n_classes).T  # laid out as cleanlab's, whose sums round by the layout
    np.fill_diagonal(counts, counts.diagonal().clip(min=1))
    return counts

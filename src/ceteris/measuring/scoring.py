"""How good each prediction was, row by row: per-row scores whose mean is the metric, more is better.

A metric that is no mean over rows is given by its influence values, c[s, i] = metric_s + IF[s, i]; their spread over rows is
the spread of the metric. Classes absent from the labels are left out of averages over classes.
"""

from __future__ import annotations

import numpy as np

from ceteris.errors import BadInputError, nearest
from ceteris.measuring.scoring_numbers import number_scores
from ceteris.metrics import METRICS, NUMBERS

__all__ = ["THIN", "row_scores", "thin_classes", "value"]

THIN = 20


def row_scores(
    metric: str, labels: np.ndarray, predicted: np.ndarray, pred_probs: np.ndarray | None, n_classes: int
) -> np.ndarray | None:
    """Return per-row scores c[s, i], oriented so that more is better, whose mean over rows is the metric of seed s.

    Parameters
    ----------
    metric : one of METRICS
    labels : array of int in [0, n_classes), shape (n_rows,)
        For mae, rmse and r2 numbers, as are the predictions.
    predicted : array of int in [0, n_classes), shape (n_seeds, n_rows)
    pred_probs : array of float in [0, 1], shape (n_seeds, n_rows, n_classes), or None
    n_classes : int >= 2; 0 where labels are numbers

    Returns
    -------
    ndarray of float, shape (n_seeds, n_rows), or None where the metric needs probabilities and there are none
        For log_loss the log probability of the label: its mean is minus the log-loss.

    Raises
    ------
    BadInputError
        An unknown metric, shapes that do not fit, probabilities that are not numbers, or fewer than two classes for roc_auc.
    """
    if metric not in METRICS:
        raise BadInputError(f"{metric!r} is no metric.{nearest(metric, METRICS)}", "Set compare.metric to one of them.")
    if METRICS[metric].labels == NUMBERS:
        return number_scores(metric, labels, predicted)
    if METRICS[metric].of_probabilities and pred_probs is None:
        return None
    labels, predicted = np.asarray(labels, dtype=np.intp), np.asarray(predicted, dtype=np.intp)
    _refuse_misfits(labels, predicted, n_classes)
    if METRICS[metric].of_probabilities:
        probs = _probabilities(pred_probs, (*predicted.shape, n_classes))
        return _log_probability(labels, probs) if metric == "log_loss" else _auc(labels, probs, n_classes)
    if metric == "accuracy":
        return np.asarray(predicted == labels, dtype=float)
    return (_balanced_accuracy if metric == "balanced_accuracy" else _macro_f1)(labels, predicted, n_classes)


def value(
    metric: str, labels: np.ndarray, predicted: np.ndarray, pred_probs: np.ndarray | None, n_classes: int
) -> float | None:
    """Return the metric, averaged over seeds, in its usual orientation: for log_loss less is better.

    Parameters and refusals are those of `row_scores`; None where it returns None.
    """
    scores = row_scores(metric, labels, predicted, pred_probs, n_classes)
    if scores is None:
        return None
    return float(scores.mean()) * METRICS[metric].sign


def thin_classes(labels: np.ndarray) -> np.ndarray:
    """Return the codes of the classes that have rows, but under 20: intervals of class-wise metrics are too narrow there."""
    codes, counts = np.unique(np.asarray(labels, dtype=np.intp), return_counts=True)
    return codes[counts < THIN]


def _balanced_accuracy(labels: np.ndarray, predicted: np.ndarray, n_classes: int) -> np.ndarray:
    """Mean recall over the K classes with rows; IF = 1[y = k] (hit - recall_k) / (K p_k), p_k the class's share of rows."""
    hit = predicted == labels
    count = np.bincount(labels, minlength=n_classes)
    present = count > 0
    recall = _count_by_class(labels, hit, n_classes) / np.maximum(count, 1)
    metric = recall[:, present].mean(axis=1, keepdims=True)
    share = count / len(labels)
    scores: np.ndarray = metric + (hit - recall[:, labels]) / (present.sum() * share[labels])
    return scores


def _macro_f1(labels: np.ndarray, predicted: np.ndarray, n_classes: int) -> np.ndarray:
    """Mean over the K classes with rows of F_k = 2 TP_k / (P_k + N_k), P_k rows predicted and N_k rows of class k.

    IF of F_k on a row = n (2 tp - F_k (yhat_k + y_k)) / (P_k + N_k); only the row's label and its prediction contribute.
    """
    hit = predicted == labels
    n_rows, count = len(labels), np.bincount(labels, minlength=n_classes)
    present = count > 0
    total = np.stack([np.bincount(row, minlength=n_classes) for row in predicted]) + count
    f1 = np.where(present, 2 * _count_by_class(labels, hit, n_classes) / np.maximum(total, 1), 0.0)
    unit = n_rows / np.maximum(total, 1)
    of_label = unit[:, labels] * (2 * hit - f1[:, labels] * (1 + hit))
    at_prediction = np.take_along_axis(unit * f1, predicted, axis=1)
    influence = (of_label - np.where(hit, 0.0, at_prediction)) / present.sum()
    scores: np.ndarray = f1[:, present].mean(axis=1, keepdims=True) + influence
    return scores


def _count_by_class(labels: np.ndarray, hit: np.ndarray, n_classes: int) -> np.ndarray:
    return np.stack([np.bincount(labels[row], minlength=n_classes) for row in hit])


def _log_probability(labels: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """log p of the label, p clipped to [eps, 1] with eps of the probabilities' own precision, as scikit-learn does."""
    of_label = np.take_along_axis(probs, labels[None, :, None], axis=2)[:, :, 0]
    scores: np.ndarray = np.log(np.clip(of_label, np.finfo(probs.dtype).eps, 1.0)).astype(float)
    return scores


def _auc(labels: np.ndarray, probs: np.ndarray, n_classes: int) -> np.ndarray:
    """AUC of class 1 for two classes, else the mean over classes with rows of one against the rest."""
    present = np.unique(labels)
    if len(present) < 2:
        raise BadInputError("roc_auc needs rows of two classes, and one was seen.", "Set another compare.metric.")
    codes = [1] if n_classes == 2 else present
    total = np.zeros(probs.shape[:2])
    for code in codes:
        total += _auc_of_class(labels == code, probs[:, :, code])
    return total / len(codes)


def _auc_of_class(positive: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return AUC + IF per row from DeLong's components, O(n log n) through midranks.

    V10 of a positive = share of negatives scored below it (ties half), V01 of a negative = share of positives above it;
    AUC = mean V10 = mean V01; IF = n (V - AUC) / (rows on that side). DeLong, DeLong & Clarke-Pearson (1988); Sun & Xu (2014).
    """
    n_rows, n_positive = len(positive), int(positive.sum())
    n_negative = n_rows - n_positive
    order = np.argsort(scores, axis=1)  # of ties in any order: they share a rank
    ordered, above = np.take_along_axis(scores, order, axis=1), positive[order]
    ranks, placed = _midranks(ordered), np.empty(scores.shape)
    for side, others in ((above, n_negative), (~above, n_positive)):
        own = _midranks(ordered[side].reshape(len(scores), -1)).ravel()
        placed[side] = (ranks[side] - own) / others
    placed[~above] = 1 - placed[~above]
    components = np.empty(scores.shape)
    np.put_along_axis(components, order, placed, axis=1)
    auc = components[:, positive].mean(axis=1, keepdims=True)
    values: np.ndarray = auc + (components - auc) * (n_rows / np.where(positive, n_positive, n_negative))
    return values


def _midranks(ordered: np.ndarray) -> np.ndarray:
    """Return ranks from 1 along the rows of a table, each of which rises; tied values share the mean of theirs."""
    n = ordered.shape[1]
    differs = ordered[:, 1:] != ordered[:, :-1]
    edge = np.ones((len(ordered), 1), dtype=bool)
    place = np.arange(n)
    first = np.maximum.accumulate(np.where(np.hstack([edge, differs]), place, 0), axis=1)
    last = np.minimum.accumulate(np.where(np.hstack([differs, edge]), place, n)[:, ::-1], axis=1)[:, ::-1]
    ranks: np.ndarray = (first + last) / 2 + 1
    return ranks


def _refuse_misfits(labels: np.ndarray, predicted: np.ndarray, n_classes: int) -> None:
    if labels.ndim != 1 or predicted.ndim != 2 or predicted.shape[1] != len(labels) or not predicted.size:
        raise BadInputError(
            f"labels have shape {labels.shape} and predictions {predicted.shape}.",
            "Pass (n_rows,) and (n_seeds, n_rows), neither empty.",
        )
    for name, codes in (("labels", labels), ("predictions", predicted)):
        if codes.min() < 0 or codes.max() >= n_classes:
            raise BadInputError(
                f"The {name} hold codes from {codes.min()} to {codes.max()}.", f"Pass codes from 0 to {n_classes - 1}."
            )


def _probabilities(pred_probs: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray:
    probs = np.asarray(pred_probs)
    if probs.shape != shape:
        raise BadInputError(f"pred_probs has shape {probs.shape}.", f"Pass one of shape {shape}: seeds, rows, classes.")
    if not np.issubdtype(probs.dtype, np.floating):
        probs = probs.astype(float)
    if not np.isfinite(probs).all():
        raise BadInputError("pred_probs holds values that are not finite numbers.", "Pass a probability for every row.")
    return probs

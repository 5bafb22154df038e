"""cleanlab's label issues behind one adapter that always returns one table. The only room that knows cleanlab."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ceteris.dataset import codes
from ceteris.errors import BadInputError, some
from ceteris.tables.labels import number_text
from ceteris.training.pred_probs import check

__all__ = [
    "COLUMNS",
    "Crowd",
    "Doubts",
    "consensus",
    "crowd",
    "find_doubts",
    "find_label_issues",
    "find_number_issues",
    "noise_joint",
    "rank",
    "with_votes",
    "worth_labelling",
]

_NUMBER_THRESHOLD = 0.05  # cleanlab.datalab, of regression labels
REPAIRED = "repaired_joint"
_BATCH = 1 << 14  # rows whose probabilities stay within a processor's cache
COLUMNS = ("id", "given_label", "suggested_label", "label_quality", "is_label_issue", "issue_type")


def find_label_issues(
    ids: np.ndarray,
    labels: np.ndarray,
    pred_probs: np.ndarray,
    classes: tuple[str, ...],
    filter_by: str = "prune_by_noise_rate",
) -> pd.DataFrame:
    """Return one row for every row of data, in its order, with the columns of `COLUMNS`.

    Parameters
    ----------
    ids, labels : ndarray of str, shape (n_rows,)
    pred_probs : ndarray, shape (n_rows, n_classes)
        Out of fold; column order = classes.
    filter_by : str
        The pruning rule of `cleanlab.filter.find_label_issues`.

    Returns
    -------
    DataFrame
        `label_quality` is cleanlab's self-confidence in [0, 1], low = doubted. `suggested_label` is the most probable class.

    Source: Northcutt, Jiang & Chuang (2021), Confident learning, JAIR 70.
    """
    given = codes(labels, classes)
    if (given < 0).any():
        raise BadInputError(
            f"These labels are none of the classes: {some(np.unique(labels[given < 0]))}.", "Add them to validate.classes."
        )
    absent = [classes[code] for code in np.flatnonzero(np.bincount(given, minlength=len(classes)) == 0)]
    if absent:
        raise BadInputError(
            f"No train row has the classes {some(absent)}.", "Add rows, or drop these classes from validate.classes."
        )
    if pred_probs.shape != (len(ids), len(classes)):
        check(pred_probs, len(ids), len(classes), "The audit")
    found = find_doubts(given, pred_probs, filter_by)
    names = np.asarray(classes, dtype=object)
    return pd.DataFrame(
        {
            "id": pd.Series(ids, dtype=object),
            "given_label": pd.Series(labels, dtype=object),
            "suggested_label": pd.Series(names[found.suggested], dtype=object),
            "label_quality": found.quality,
            "is_label_issue": found.flagged,
            "issue_type": pd.Series(np.array(["", "label"], dtype=object)[found.flagged.astype(int)], dtype=object),
        }
    )


def _load_cleanlab() -> None:
    """Load cleanlab without its Datalab, which would bring Hugging Face's datasets with it: a second that no audit needs."""
    if {"cleanlab", "datasets"} & set(sys.modules):
        return
    sys.modules["datasets"] = None  # type: ignore[assignment]
    try:
        import cleanlab  # noqa: F401
    finally:
        del sys.modules["datasets"]


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
        _load_cleanlab()
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
    _load_cleanlab()
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
    _load_cleanlab()
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
    _load_cleanlab()
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


def find_number_issues(ids: np.ndarray, labels: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """Return the table of `find_label_issues` where labels are numbers.

    Parameters
    ----------
    ids, labels : ndarray of str, shape (n_rows,)
    predicted : ndarray of float, shape (n_rows,)
        Out of fold.

    Returns
    -------
    DataFrame
        `label_quality` is cleanlab's OUTRE score in [0, 1], low = doubted: how near a row's label and error lie to those of
        other rows. A row is an issue where it is below a twentieth of the median, Datalab's rule. `suggested_label` is what
        was predicted.

    Source: Zhou et al. (2023), Detecting errors in numerical data via any regression model.
    """
    _load_cleanlab()
    from cleanlab.regression.rank import get_label_quality_scores

    values = np.asarray(labels, dtype=np.float64)
    spread = float(values.std()) or 1.0  # a change of unit is no change of quality
    quality = get_label_quality_scores(values / spread, np.asarray(predicted, dtype=np.float64) / spread)
    if quality.shape != values.shape or not np.isfinite(quality).all():
        raise BadInputError("cleanlab returned no answer for every row.", "Report this with the versions of `pip freeze`.")
    flagged = quality < _NUMBER_THRESHOLD * np.median(quality)
    return pd.DataFrame(
        {
            "id": pd.Series(ids, dtype=object),
            "given_label": pd.Series(labels, dtype=object),
            "suggested_label": pd.Series([number_text(repr(float(value))) for value in predicted], dtype=object),
            "label_quality": quality,
            "is_label_issue": flagged,
            "issue_type": pd.Series(np.where(flagged, "label", ""), dtype=object),
        }
    )


def rank(issues: pd.DataFrame) -> pd.DataFrame:
    """Return the issues as a queue: flagged rows first, most doubted first, ties by id."""
    ordered = issues.sort_values(["is_label_issue", "label_quality", "id"], ascending=[False, True, True], kind="stable")
    return ordered.reset_index(drop=True)


@dataclass(frozen=True)
class Crowd:
    """What the votes of several people and a model come to.

    Attributes
    ----------
    agreed : ndarray of int, shape (n_rows,)
        The most probable of the labels that somebody gave the row.
    posterior : ndarray, shape (n_rows, n_classes)
        Probabilities after all votes.
    quality : ndarray of float in [0, 1], shape (n_people,)
        How far a person's labels are right; NaN of one who shares no row with others.
    """

    agreed: np.ndarray
    posterior: np.ndarray
    quality: np.ndarray


def consensus(votes: np.ndarray, pred_probs: np.ndarray) -> np.ndarray:
    """Return the label of each row that is most probable after all votes, among those that somebody gave it, as codes.

    Parameters are those of `crowd`.
    """
    return crowd(votes, pred_probs).agreed


def crowd(votes: np.ndarray, pred_probs: np.ndarray) -> Crowd:
    """Return what the votes come to.

    A vote weighs as much as its giver agrees with the others where they answered for the same rows; so does the audit model's.

    Parameters
    ----------
    votes : ndarray of float, shape (n_rows, n_people)
        Codes, NaN where a person gave none; every row has one, and so has every person.
    pred_probs : ndarray, shape (n_rows, n_classes)
        Out of fold.

    Source: Goh, Tkachenko & Mueller (2022), CROWDLAB, by `cleanlab.multiannotator`.
    """
    _load_cleanlab()
    from cleanlab.multiannotator import _get_post_pred_probs_and_weights, get_label_quality_multiannotator

    counts = (~np.isnan(votes)).sum(axis=1)
    if (counts == 1).all():  # nobody stands against anybody
        return Crowd(np.nanmax(votes, axis=1, initial=-1).astype(np.int64), pred_probs, np.full(votes.shape[1], np.nan))
    # cleanlab breaks exact ties by numpy's global generator: where no two probabilities are equal nothing is left to draw.
    untied = pred_probs * (1 - 1e-9 * np.arange(pred_probs.shape[1]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # people who agree on no row are no fault of the data
        warnings.simplefilter("ignore", RuntimeWarning)  # nor are those who share none: their quality is NaN
        found = get_label_quality_multiannotator(votes, untied, verbose=False)
        told = found["label_quality"]
        agreed, agreement = (told[name].to_numpy() for name in ("consensus_label", "annotator_agreement"))
        posterior, *_ = _get_post_pred_probs_and_weights(votes, agreed, untied, counts, agreement, verbose=False)
    quality = found["detailed_label_quality"].to_numpy(dtype=float)
    best = np.where(np.isnan(votes), -np.inf, quality).argmax(axis=1)
    people = found["annotator_stats"]["annotator_quality"].sort_index().to_numpy(dtype=float)
    return Crowd(votes[np.arange(len(votes)), best].astype(np.int64), posterior, people)


def with_votes(
    issues: pd.DataFrame, votes: np.ndarray, pred_probs: np.ndarray, classes: tuple[str, ...]
) -> tuple[pd.DataFrame, Crowd]:
    """Return the issues with what people's votes say of them, and what the votes come to of the rows that have any.

    Where two people or more answered a row its `label_quality` is the probability of the given label after all votes, its
    suggestion the label on which they come to agree, and it is an issue where that is not the given one. What the model alone
    says stays in `model_quality`.

    Parameters
    ----------
    issues : DataFrame
        From `find_label_issues`.
    votes : ndarray of float, shape (n_rows, n_people)
        Codes, NaN where a person gave none.
    pred_probs : ndarray, shape (n_rows, n_classes)
        Out of fold.
    """
    counts = (~np.isnan(votes)).sum(axis=1)
    told = counts > 0
    found = crowd(votes[told], pred_probs[told])
    several = counts[told] > 1
    rows = np.flatnonzero(told)[several]
    given, names = codes(issues["given_label"].to_numpy(dtype=object), classes)[rows], np.asarray(classes, dtype=object)
    suggested, quality, flagged, kind = (issues[name].to_numpy(copy=True) for name in COLUMNS[2:])
    suggested[rows] = names[found.agreed[several]]
    quality[rows] = found.posterior[several, given]
    flagged[rows] = found.agreed[several] != given
    kind[rows] = np.where(flagged[rows], "votes", "")
    kinds = {"is_label_issue": flagged, "issue_type": pd.Series(kind, dtype=object)}
    words = {"suggested_label": pd.Series(suggested, dtype=object), "label_quality": quality}
    return issues.assign(model_quality=issues["label_quality"], **words, **kinds), found  # type: ignore[arg-type]


def worth_labelling(given: np.ndarray, pred_probs: np.ndarray, unlabelled: np.ndarray) -> np.ndarray:
    """Return ActiveLab's score of rows without a label, in [0, 1]: low = a label teaches most.

    Parameters
    ----------
    given : ndarray of int, shape (n_labelled,)
        Codes of the labels that are known.
    pred_probs : ndarray, shape (n_labelled, n_classes)
        Out of sample, of those rows.
    unlabelled : ndarray, shape (n_rows, n_classes)

    Source: Goh & Mueller (2023), ActiveLab: Active learning with re-labeling by multiple annotators.
    """
    _load_cleanlab()
    from cleanlab.multiannotator import get_active_learning_scores

    check(unlabelled, len(unlabelled), pred_probs.shape[1], "The window")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cleanlab remarks on a single annotator
        _, scores = get_active_learning_scores(given.astype(float)[:, None], pred_probs, unlabelled)
    return np.asarray(scores)

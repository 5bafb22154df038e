"""cleanlab's label issues behind one adapter that always returns one table. The only room that knows cleanlab."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from ceteris.dataset import codes
from ceteris.errors import BadInputError, some
from ceteris.labels import number_text
from ceteris.pred_probs import check

__all__ = ["COLUMNS", "consensus", "find_label_issues", "find_number_issues", "rank"]

_NUMBER_THRESHOLD = 0.05  # cleanlab.datalab, of regression labels
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
    from cleanlab.filter import find_label_issues as find
    from cleanlab.rank import get_label_quality_scores

    pred_probs = check(pred_probs, len(ids), len(classes), "The audit")
    given = codes(labels, classes)
    if (given < 0).any():
        raise BadInputError(
            f"These labels are none of the classes: {some(np.unique(labels[given < 0]))}.", "Add them to validate.classes."
        )
    absent = [name for code, name in enumerate(classes) if not (given == code).any()]
    if absent:
        raise BadInputError(
            f"No train row has the classes {some(absent)}.", "Add rows, or drop these classes from validate.classes."
        )
    flagged = find(given, pred_probs, filter_by=filter_by, n_jobs=1)
    if flagged.shape != given.shape or flagged.dtype != bool:
        raise BadInputError("cleanlab returned no answer for every row.", "Report this with the versions of `pip freeze`.")
    return pd.DataFrame(
        {
            "id": pd.Series(ids, dtype=object),
            "given_label": pd.Series(labels, dtype=object),
            "suggested_label": pd.Series(np.asarray(classes, dtype=object)[pred_probs.argmax(axis=1)], dtype=object),
            "label_quality": get_label_quality_scores(given, pred_probs, method="self_confidence"),
            "is_label_issue": flagged,
            "issue_type": pd.Series(np.where(flagged, "label", ""), dtype=object),
        }
    )


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


def consensus(votes: np.ndarray, pred_probs: np.ndarray) -> np.ndarray:
    """Return the label of each row that is most probable after all votes, among those that somebody gave it, as codes.

    A vote weighs as much as its giver agrees with the others where they answered for the same rows; so does the audit model's.

    Parameters
    ----------
    votes : ndarray of float, shape (n_rows, n_people)
        Codes, NaN where a person gave none; every row has one.
    pred_probs : ndarray, shape (n_rows, n_classes)
        Out of fold.

    Source: Goh, Tkachenko & Mueller (2022), CROWDLAB, by `cleanlab.multiannotator`.
    """
    from cleanlab.multiannotator import get_label_quality_multiannotator

    alone = (~np.isnan(votes)).sum(axis=1) == 1
    if alone.all():
        return np.nanmax(votes, axis=1, initial=-1).astype(np.int64)
    # cleanlab breaks exact ties by numpy's global generator: where no two probabilities are equal nothing is left to draw.
    untied = pred_probs * (1 - 1e-9 * np.arange(pred_probs.shape[1]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # people who agree on no row are no fault of the data
        found = get_label_quality_multiannotator(votes, untied, return_annotator_stats=False, verbose=False)
    quality = found["detailed_label_quality"].to_numpy(dtype=float)
    best = np.where(np.isnan(votes), -np.inf, quality).argmax(axis=1)
    return votes[np.arange(len(votes)), best].astype(np.int64)

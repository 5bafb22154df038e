"""One row for every row of data: its label, how far it is doubted, and what is suggested instead."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ceteris.dataset import codes
from ceteris.errors import BadInputError, some
from ceteris.issues.confident import find_doubts
from ceteris.issues.crowd import Crowd, crowd
from ceteris.issues.loading import load_cleanlab
from ceteris.tables.labels import number_text
from ceteris.training.pred_probs import check

__all__ = ["COLUMNS", "find_label_issues", "find_number_issues", "rank", "with_votes"]

COLUMNS = ("id", "given_label", "suggested_label", "label_quality", "is_label_issue", "issue_type")
_NUMBER_THRESHOLD = 0.05  # cleanlab.datalab, of regression labels


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
    load_cleanlab()
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

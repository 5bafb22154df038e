"""What labels, latencies and the business say of a window: accuracy as measured, by group, and what it is worth.

Labels of a review queue are no sample of the window: its doubtful rows are picked. Rows that were drawn at random stand for
all that nobody picked and nobody labelled, each for 1 / pi rows, so that accuracy stays measurable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ceteris.measuring.estimates import Estimate, wilson
from ceteris.monitoring.settings import FEWEST_IN_GROUP

__all__ = ["Labelled", "correlations", "fairness", "labelled", "percentiles"]

_FEWEST_WINDOWS = 5


@dataclass(frozen=True)
class Labelled:
    """The labelled rows of a window, and for how many rows each of them stands.

    Attributes
    ----------
    rows : ndarray of int
        Their places in the window.
    weights : ndarray of float
    told : str
        Where the labels come from, and what that means.
    """

    rows: np.ndarray
    weights: np.ndarray
    told: str

    @property
    def effective(self) -> float:
        """Kish's number of rows that were as good if all stood for one: (sum of w)^2 / sum of w^2."""
        return float(self.weights.sum() ** 2 / np.square(self.weights).sum()) if len(self.rows) else 0.0

    def share(self, right: np.ndarray) -> Estimate:
        """Return the weighted (Hajek) share of rows that are right, with Wilson's 95 % interval.

        Parameters
        ----------
        right : ndarray of bool
            Of the labelled rows.
        """
        value = float(np.average(right, weights=self.weights))
        return Estimate(value, *wilson(value, self.effective))

    def mean(self, values: np.ndarray) -> Estimate:
        """Return the weighted mean with its normal 95 % interval."""
        value = float(np.average(values, weights=self.weights))
        spread = float(np.average(np.square(values - value), weights=self.weights)) ** 0.5
        half = 1.96 * spread / max(self.effective - 1, 1) ** 0.5
        return Estimate(value, value - half, value + half)


def labelled(known: np.ndarray, asked: np.ndarray, pi: np.ndarray) -> Labelled:
    """Return which rows of a window are labelled, and their weights.

    Parameters
    ----------
    known : ndarray of bool, shape (n_rows,)
        Whether a row has a label.
    asked : ndarray of str objects, shape (n_rows,)
        `random` or `active` where a queue asked for it, else "".
    pi : ndarray of float, shape (n_rows,)
        The probability with which a queue drew it.
    """
    drawn = known & (asked == "random")
    certain, open_ = known & ~drawn, ~known & (asked == "active")
    others = len(known) - int(certain.sum()) - int(open_.sum())
    weights = np.where(certain, 1.0, 0.0)
    if drawn.any():
        ways = np.where(drawn, 1 / np.where(drawn, pi, 1.0), 0.0)
        weights = weights + ways * others / ways.sum()
        told = f"{int(drawn.sum()):,} rows drawn at random stand for {others:,}"
        told += f"; {int(open_.sum()):,} that were asked for have no answer and are left out" if open_.any() else ""
    elif certain.all():
        told = "every row has its label"
    else:
        told = "labels came by themselves: taken as if they had come at random"
        if (asked[certain] == "active").any():
            certain = certain & (asked != "active")
            weights, told = np.where(certain, 1.0, 0.0), "the picked rows of a queue say nothing of the others: left out"
    rows = np.flatnonzero(weights)
    return Labelled(rows, weights[rows], told if len(rows) else "no labels yet")


def fairness(groups: Mapping[str, np.ndarray], true: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> pd.DataFrame:
    """Return accuracy by group, with the columns column, group, rows, accuracy (NaN under 30 labelled rows: unknown).

    Parameters
    ----------
    groups : mapping of str to ndarray of objects
        The group of each labelled row, by column; None is a group of its own.
    """
    columns = ["column", "group", "rows", "accuracy"]
    found = []
    for name, members in groups.items():
        texts = np.array(["(missing)" if one is None or one != one else str(one) for one in members], dtype=object)
        if len(texts):
            found.append(_by_group(name, texts, true, predicted, weights))
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def _by_group(name: str, groups: np.ndarray, true: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> pd.DataFrame:
    from fairlearn.metrics import MetricFrame, count
    from sklearn.metrics import accuracy_score

    frame = MetricFrame(
        metrics={"rows": count, "accuracy": accuracy_score},
        y_true=true.astype(str),
        y_pred=predicted.astype(str),
        sensitive_features=groups,
        sample_params={"accuracy": {"sample_weight": weights}},
    ).by_group
    enough = frame["rows"] >= FEWEST_IN_GROUP
    told = {"column": name, "group": frame.index.astype(str), "rows": frame["rows"].astype(int).to_numpy()}
    return pd.DataFrame({**told, "accuracy": frame["accuracy"].where(enough).astype(float).to_numpy()})


def percentiles(milliseconds: np.ndarray) -> dict[str, float]:
    """Return the median, the 95th and the 99th percentile of latencies."""
    return {f"p{place}": float(np.percentile(milliseconds, place)) for place in (50, 95, 99)}


def correlations(windows: pd.DataFrame, metrics: Sequence[str], of: str = "accuracy") -> pd.DataFrame:
    """Return how each business metric went along with the model's own over windows: metric, windows, correlation, p.

    Spearman's, as a business metric has any unit; NaN under five windows that have both, or where one of them never moves.

    Parameters
    ----------
    windows : DataFrame
        One row a window, with a column a business metric (its mean over the window's rows) and one of the model's metric.
    """
    from scipy.stats import spearmanr

    rows = []
    for metric in metrics:
        both = windows[[of, metric]].dropna().astype(float)
        told = (float("nan"), float("nan"))
        if len(both) >= _FEWEST_WINDOWS and both.nunique().min() > 1:
            found = spearmanr(both[of], both[metric])
            told = (float(found.statistic), float(found.pvalue))
        rows.append((metric, len(both), *told))
    return pd.DataFrame(rows, columns=["metric", "windows", "correlation", "p"])

"""How right each group of test rows is answered, by fairlearn's MetricFrame: groups with too few rows are shown as unknown."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ceteris.measuring.estimates import wilson
from ceteris.measuring.slicing import FEWEST
from ceteris.release.judged import BASELINE, CANDIDATE, LABEL

__all__ = ["COLUMNS", "FEW", "KNOWN", "ROWS", "by_group"]

KNOWN, FEW = "", "unknown"
ROWS = "rows"
COLUMNS = ("column", "group", ROWS, BASELINE, CANDIDATE, "low", "high", "state")


def by_group(judged: pd.DataFrame, groups: Mapping[str, np.ndarray], numbers: bool) -> pd.DataFrame:
    """Return the accuracy of both arms (of numbers the mean absolute error) in each group of each column.

    Parameters
    ----------
    judged : DataFrame
        From `judged.judged_rows`.
    groups : mapping of str to ndarray of str objects, shape (n_rows,)
        By column.

    Returns
    -------
    DataFrame in `COLUMNS`; scores are missing where `state` is FEW, and the interval of the candidate's is Wilson's, 95 %
    """
    from fairlearn.metrics import MetricFrame, count
    from sklearn.metrics import accuracy_score, mean_absolute_error

    score = mean_absolute_error if numbers else accuracy_score
    found = []
    for column, group in groups.items():
        frames = {
            arm: MetricFrame(
                metrics={"score": score, ROWS: count},
                y_true=judged[LABEL],
                y_pred=judged[arm],
                sensitive_features=pd.Series(group, name=column),
            ).by_group
            for arm in (BASELINE, CANDIDATE)
        }
        for name, n_rows in frames[CANDIDATE][ROWS].items():
            scores = {arm: float(frame.loc[name, "score"]) for arm, frame in frames.items()}
            found.append({"column": column, "group": str(name), ROWS: int(n_rows)} | _line(scores, int(n_rows), numbers))
    return pd.DataFrame(found, columns=list(COLUMNS))


def _line(scores: dict[str, float], n_rows: int, numbers: bool) -> dict[str, object]:
    if n_rows < FEWEST:
        return {"state": FEW}
    low, high = (np.nan, np.nan) if numbers else wilson(scores[CANDIDATE], n_rows)
    return scores | {"low": low, "high": high, "state": KNOWN}

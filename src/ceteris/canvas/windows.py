"""The metric of the business and that of the model in each window that monitoring judged. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

__all__ = ["metrics_of"]


def metrics_of(windows: Sequence[Mapping[str, Any]], business: str, model: str) -> pd.DataFrame:
    """Return the two metrics of each window, NaN where it has none; of windows that share rows, the first alone.

    Parameters
    ----------
    windows : sequence of mapping
        As `monitoring.watched.watch` returns them.
    business, model : str
        The names of the two metrics.

    Returns
    -------
    DataFrame
        Columns: business_metric (mean over the rows of the window), model_metric (by the labels that came back).
    """
    found, reached = [], 0
    for one in sorted(windows, key=lambda window: (window["last"], window["first"])):
        if not one["enough"] or one["first"] <= reached:
            continue
        reached, accuracy = one["last"], one["accuracy"]
        measured = accuracy["real"].get("value", math.nan) if accuracy["metric"] == model else math.nan
        found.append((one["business"].get(business, {}).get("mean", math.nan), measured))
    return pd.DataFrame(found, columns=["business_metric", "model_metric"], dtype=float)

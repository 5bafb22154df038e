"""Which rows of a window a person is asked to label: those worth most to the model, and some at random, which keep accuracy
measurable. A queue shows nothing of what was predicted."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import LABEL, PART, codes
from ceteris.issues.crowd import worth_labelling
from ceteris.monitoring.settings import Monitor
from ceteris.monitoring.watched import known_probabilities, replayed
from ceteris.monitoring.windows import Window
from ceteris.serving.schema import InputSchema
from ceteris.splitting.splits import VALIDATION

__all__ = ["HEAD", "queue_of"]

HEAD = ("id", "label", "source", "pi")
_MOST_NUMBERS = 64  # of an array, that a cell of a spreadsheet shows


def queue_of(window: Window, reference: pd.DataFrame, schema: InputSchema, settings: Monitor) -> pd.DataFrame:
    """Return the queue: the columns of `HEAD`, then the features. Rows that are labelled or were asked for are left out.

    Doubtful rows are picked with certainty (pi = 1); of all others so many are drawn that the random share is kept, each with
    the same probability, which is its pi. Where the model gives no probabilities, all are drawn at random.
    """
    open_ = window.lines["true"].isna().to_numpy() & (window.lines["asked"] == "").to_numpy() & ~replayed(window, reference)
    rows = np.flatnonzero(open_)
    count = min(settings.queue_rows, len(rows))
    scores = _scores(window, reference, schema, rows)
    drawn = count if scores is None else min(count, max(1, round(settings.random * count)))
    order = rows if scores is None else rows[np.argsort(scores, kind="stable")]
    picked, others = order[: count - drawn], np.sort(order[count - drawn :])
    rng = np.random.default_rng([21, settings.seed, int(window.lines["seq"].iloc[0])])
    chance = rng.choice(others, drawn, replace=False)
    chosen = rng.permutation(np.concatenate([picked, chance]).astype(int))
    random = np.isin(chosen, chance)
    head = pd.DataFrame(
        {
            "id": window.lines["row_id"].to_numpy(dtype=object)[chosen],
            "label": pd.Series([""] * len(chosen), dtype=object),
            "source": pd.Series(np.where(random, "random", "active"), dtype=object),
            "pi": np.where(random, drawn / max(len(others), 1), 1.0),
        }
    )
    shown = window.features.iloc[chosen].reset_index(drop=True)
    for name in [name for name in shown if shown[name].dtype == object]:
        shown[name] = shown[name].map(_readable)
    # A feature may be called as a column of the head; no feature is ever called "ceteris:...".
    shown.columns = [f"ceteris:{name}" if name in HEAD else name for name in shown]
    return pd.concat([head, shown], axis=1)


def _scores(window: Window, reference: pd.DataFrame, schema: InputSchema, rows: np.ndarray) -> np.ndarray | None:
    """Return how little each row's label is known, low = worth labelling; None where the model gives no probabilities."""
    validation = reference[reference[PART] == VALIDATION]
    known = known_probabilities(validation, schema)
    if window.pred_probs is None or known is None or not len(rows):
        return None
    given = codes(validation[LABEL].to_numpy(dtype=object), schema.classes)
    return worth_labelling(given, known, window.pred_probs[rows])


def _readable(cell: Any) -> Any:
    if not isinstance(cell, np.ndarray):
        return cell
    flat = cell.ravel().tolist()
    return json.dumps(flat) if len(flat) <= _MOST_NUMBERS else f"{len(flat):,} numbers"

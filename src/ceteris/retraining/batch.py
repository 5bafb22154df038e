"""From the lines of a log to a batch in the columns of the source: rows that have a label and all their features. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import BATCH, row_digests
from ceteris.errors import BadInputError, counted, some
from ceteris.sections import Ingest, batch_name
from ceteris.serving.schema import InputSchema, frame_of

__all__ = ["REVIEW", "Labelled", "in_columns_of", "labelled", "without_unfinished"]

REVIEW = "review"  # the source of labels that a person gave who saw the row, and not what was predicted


@dataclass(frozen=True)
class Labelled:
    """Rows of a log that have a label.

    Attributes
    ----------
    ids, labels : ndarray of str objects, shape (n_rows,)
    reviewed : ndarray of bool, shape (n_rows,)
        Whether a person gave the label on a blind question.
    at : ndarray of float, shape (n_rows,)
        When each was asked for, seconds since 1970 UTC.
    features : DataFrame, shape (n_rows, n_features)
    notes : tuple of str
        How many labelled rows were left out, and why.
    """

    ids: np.ndarray
    labels: np.ndarray
    reviewed: np.ndarray
    at: np.ndarray
    features: pd.DataFrame
    notes: tuple[str, ...]


def labelled(
    inferences: pd.DataFrame, labels: pd.DataFrame, schema: InputSchema, known: pd.DataFrame, ids: Collection[str]
) -> Labelled:
    """Return the logged rows that have a label and that the data do not hold yet, in the order in which they were asked for.

    Of an id that was asked for more than once the last line counts, and so does its last label.

    Parameters
    ----------
    inferences, labels : DataFrame
        From `serving.log_file`.
    known : DataFrame
        The features of all rows that the data hold.
    ids : collection of str
        Their ids.

    Raises
    ------
    BadInputError
        A label is no class of the model, or the model, the log and the data do not belong together.
    """
    last = labels.drop_duplicates("row_id", keep="last").set_index("row_id")
    lines = inferences.drop_duplicates("row_id", keep="last")
    lines = lines[lines["row_id"].isin(last.index)].reset_index(drop=True)
    strange = sorted(set(last.loc[lines["row_id"], "label"]) - set(schema.classes)) if schema.classes else []
    if strange:
        raise BadInputError(
            f"Labels of the log are no classes of the model: {some(strange)}.",
            "Correct them (ceteris labels), or add the class to the source and train a model that knows it.",
        )
    strange = sorted({one.name for one in schema.features} - set(known.columns))
    if strange:
        raise BadInputError(
            f"The served model takes {some(strange)}, which the data here do not have.",
            "Name the package that was made of these data: --package FOLDER",
        )
    inputs = [_object(text) for text in lines["inputs"]]
    whole = np.array([_is_whole(one, schema) for one in inputs], dtype=bool)
    old = lines["row_id"].isin(list(ids)).to_numpy()
    kept = np.flatnonzero(whole & ~old)
    try:
        features = frame_of([inputs[place] for place in kept], schema)
    except (TypeError, ValueError):
        raise BadInputError(
            "Labelled rows of the log hold values that are none of the served model's schema.", "Name the log of that model."
        ) from None
    digests = pd.Series(row_digests(features), dtype=object) if len(kept) else pd.Series([], dtype=object)
    seen = set(row_digests(known[list(features.columns)])) if len(kept) else set()
    copies = (digests.isin(seen) | digests.duplicated(keep="last")).to_numpy(dtype=bool)
    notes = [
        (int(old.sum()), "whose id the data hold already"),
        (int((~whole & ~old).sum()), "of which the log holds not all features"),
        (int(copies.sum()), "with the features of another row"),
    ]
    rows = lines.iloc[kept[~copies]]
    found = last.loc[rows["row_id"]]
    return Labelled(
        ids=rows["row_id"].to_numpy(dtype=object),
        labels=found["label"].to_numpy(dtype=object),
        reviewed=(found["source"] == REVIEW).to_numpy(dtype=bool),
        at=rows["at"].to_numpy(dtype=float),
        features=features[~copies].reset_index(drop=True),
        notes=tuple(f"{counted(count, 'labelled row')} left out, {why}" for count, why in notes if count),
    )


def without_unfinished(raw: pd.DataFrame, ingest: Ingest) -> pd.DataFrame:
    """Return the rows of data/raw but those of a batch that params.yaml does not name: an unfinished retrain left them."""
    if BATCH not in raw:
        return raw
    return raw[raw[BATCH].isin(["", *map(batch_name, ingest.batches or ())])]


def _by_hand(lacking: Collection[str]) -> str:
    """Return what to do where a log holds not all that the source has; a batch has its columns, and no file beside it."""
    files = [f"ingest.{key}" for key in ("votes", "features") if key in lacking]
    if files:
        return f"Put the labelled rows into the source, and into the file of {' and '.join(files)}, by hand."
    return (
        "Make the batch by hand, with the source's columns, and name it in `ingest.batches` of params.yaml; a recipe with the"
        " step `leave_out` and `batches` is the version without it."
    )


def _object(text: str) -> dict[str, Any]:
    """Return what a line of a log was asked, nothing where that is no JSON object."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_whole(inputs: dict[str, Any], schema: InputSchema) -> bool:
    return all(one.name in inputs for one in schema.features)


def in_columns_of(ingest: Ingest, found: Labelled, dates: Collection[str], *, dated: bool) -> pd.DataFrame:
    """Return the rows in the columns that `ingest` declares of its source.

    Parameters
    ----------
    dates : collection of str
        The features that are dates, which are kept as points in time.
    dated : bool
        Whether `ingest.time` holds dates.

    Raises
    ------
    BadInputError
        The source has columns that no log holds.
    """
    lacking = [key for key in ("annotators", "votes", "features", "group", "part") if getattr(ingest, key) is not None]
    lacking += ["time"] if ingest.time is not None and not dated else []
    if lacking:
        raise BadInputError(
            f"The log holds nothing for {some(f'ingest.{key}' for key in lacking)}, which the source has.", _by_hand(lacking)
        )
    head: dict[str, Any] = {}
    if ingest.id is not None or ingest.source == "digits":
        head[ingest.id or "id"] = found.ids
    head[str(ingest.label)] = found.labels
    if ingest.true_label is not None:
        head[ingest.true_label] = pd.Series(found.labels, dtype=object).where(found.reviewed, None)
    if ingest.verified is not None:
        head[ingest.verified] = np.where(found.reviewed, "true", "false")
    rows = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in head.items()})
    if ingest.time is not None and ingest.time not in found.features:
        rows[ingest.time] = pd.to_datetime(found.at, unit="s", utc=True)
    features = found.features.copy(deep=False)
    for name in dates:
        features[name] = pd.to_datetime(features[name], unit="s", utc=True)
    return pd.concat([rows, features.reset_index(drop=True)], axis=1)

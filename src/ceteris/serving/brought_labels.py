"""The door to labels that come back in a CSV file: read strictly, checked against the classes of the model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from ceteris.errors import BadInputError, nearest, some
from ceteris.neutral import original
from ceteris.readers.csv_file import read_csv

__all__ = ["brought"]


def brought(path: Path, classes: Sequence[str] | None) -> tuple[pd.DataFrame, int]:
    """Return the labels that a file holds, and how many of its rows hold none.

    Parameters
    ----------
    classes : sequence of str, or None
        What a label may be, () where it is a number; None where that is not known.

    Returns
    -------
    labels : DataFrame
        Columns row_id and label, a line for each id.
    blank : int

    Raises
    ------
    BadInputError
        The file is no table with the columns id and label, a label is no class, or one id has two.
    """
    if not path.is_file():
        raise BadInputError(f"{path} is not there.", "Name a CSV file with the columns id and label.")
    cells = _cells(path)
    lacking = [name for name in ("id", "label") if name not in cells.column_names]
    if lacking:
        raise BadInputError(f"{path.name} lacks the column {some(lacking)}; it has {some(cells.column_names, 12)}.", _SAVE)
    found = pd.DataFrame(
        {name: [original(text or "") for text in cells.column(column).to_pylist()] for name, column in _COLUMNS}, dtype=object
    )
    blank = found["label"].str.strip() == ""
    found = found[~blank].reset_index(drop=True)
    found["label"] = _checked(found["label"].str.strip().to_numpy(dtype=object), classes, path.name)
    found = found.drop_duplicates().reset_index(drop=True)
    twice = found["row_id"][found["row_id"].duplicated()].unique()
    if len(twice):
        raise BadInputError(f"{path.name} gives two labels to one id: {some(twice)}.", "Keep one line for each.")
    return found, int(blank.sum())


_COLUMNS = (("row_id", "id"), ("label", "label"))
_SAVE = "Save it as UTF-8, with commas between the columns id and label."


def _cells(path: Path) -> pa.Table:
    """Return the cells of a file; how a source is written, params.yaml may declare, and of these labels it says nothing."""
    try:
        return read_csv(path, path.name)[0]
    except BadInputError as refusal:
        if "params.yaml" in refusal.do:
            raise BadInputError(refusal.what, _SAVE) from None
        raise


def _checked(labels: np.ndarray, classes: Sequence[str] | None, name: str) -> np.ndarray:
    if classes is None or not len(labels):
        return labels
    if not classes:
        numbers = pd.to_numeric(pd.Series(labels), errors="coerce").to_numpy(dtype=np.float64)
        strange = labels[~np.isfinite(numbers)]
        if len(strange):
            raise BadInputError(f"{name} holds labels that are no numbers: {some(strange)}.", "The model predicts numbers.")
        return np.array([str(number) for number in numbers.tolist()], dtype=object)
    strange = np.array(sorted(set(labels) - set(classes)), dtype=object)
    if len(strange):
        raise BadInputError(
            f"{name} holds labels that are no class of the model: {some(strange)}.{nearest(strange[0], classes)}",
            "Correct them in the file; nothing was added.",
        )
    return labels

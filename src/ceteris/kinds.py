"""What each feature is: a number, a category, a text, a date, a vector, a row of a sparse matrix, or an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["KINDS", "ARRAYS", "array_kind", "image_pixels", "is_number", "kinds_of", "merged"]

KINDS = ("number", "category", "text", "date", "vector", "sparse", "image")
ARRAYS = ("vector", "sparse", "image")  # kinds whose every cell is an array of numbers
_CELLS = {"f4": "vector", "f8": "sparse", "u1": "image"}


def kinds_of(features: pd.DataFrame, declared: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the kind of each column, in their order: what its values say, and between two that look alike what is declared.

    Seconds are numbers unless they are declared as dates, and strings are categories unless they are declared as texts.
    """
    declared = declared or {}
    return {str(name): _kind(features[name], declared.get(str(name), "")) for name in features.columns}


def _kind(column: pd.Series, declared: str) -> str:
    if is_number(column):
        return "date" if declared == "date" else "number"
    return array_kind(column) or ("text" if declared == "text" else "category")


def is_number(column: pd.Series) -> bool:
    """Return whether a column holds plain numbers (a date is one, in seconds)."""
    return bool(pd.api.types.is_numeric_dtype(column))


def array_kind(column: pd.Series) -> str:
    """Return the kind of a column of arrays, told by the type of their numbers; "" where it holds none."""
    if column.dtype != object or not len(column):
        return ""
    first: Any = column.iloc[0]
    return _CELLS.get(first.dtype.str[1:], "") if isinstance(first, np.ndarray) else ""


def merged(one: Mapping[str, str] | None, over: Mapping[str, str] | None) -> dict[str, str] | None:
    """Return the kinds that two sections declare, those of the second where both do; None where nothing is declared."""
    return {**(one or {}), **(over or {})} or None


def image_pixels(features: pd.DataFrame, shape: Sequence[int]) -> np.ndarray:
    """Return the pixels of each row, more where there is more ink (colours as they are): of its images, else of all columns."""
    column = next((name for name in features.columns if array_kind(features[name]) == "image"), None)
    if column is not None:
        pixels = np.stack(list(features[column]))
        return (
            pixels.reshape(len(features), *shape)
            if tuple(shape[2:]) == (3,)
            else 255 - pixels.reshape(len(features), *shape[:2])
        )
    return features.to_numpy(dtype=float).reshape(len(features), *shape)

"""What is tested of a feature: its own values where they are numbers or categories, else numbers that are derived from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ceteris.serving.schema import Feature

__all__ = ["Values", "values_of"]


@dataclass(frozen=True)
class Values:
    """One thing that may drift.

    Attributes
    ----------
    name : str
        The feature, and what was derived from it.
    reference, window : ndarray
        Of float, NaN where missing, or of objects, None where missing.
    """

    name: str
    reference: np.ndarray
    window: np.ndarray

    @property
    def is_number(self) -> bool:
        """Whether these are numbers."""
        return self.reference.dtype.kind == "f"


# Of what is no single value only these are tested one by one; the classifier of window against reference sees the whole.
_DERIVED: dict[str, dict[str, Callable[[Any], float]]] = {
    "text": {"letters": len, "words": lambda cell: len(cell.split())},
    "vector": {"length": lambda cell: float(np.linalg.norm(cell)), "mean": lambda cell: float(np.mean(cell))},
    "sparse": {"entries": lambda cell: float(np.count_nonzero(cell)), "sum": lambda cell: float(np.sum(cell))},
    "image": {"brightness": lambda cell: float(np.mean(cell)), "contrast": lambda cell: float(np.std(cell))},
}


def values_of(features: Sequence[Feature], reference: pd.DataFrame, window: pd.DataFrame) -> list[Values]:
    """Return what is tested one by one, feature by feature."""
    found = []
    for one in features:
        cells = reference[one.name], window[one.name]
        if one.kind in ("number", "date"):
            found.append(Values(one.name, *(part.to_numpy(dtype=np.float64) for part in cells)))
        elif one.kind == "category":
            found.append(Values(one.name, *(part.to_numpy(dtype=object) for part in cells)))
        for what, of in _DERIVED.get(one.kind, {}).items():
            found.append(Values(f"{one.name}: {what}", *(_numbers(part, of) for part in cells)))
    return found


def _numbers(cells: pd.Series, of: Callable[[Any], float]) -> np.ndarray:
    return np.array([np.nan if cell is None else of(cell) for cell in cells.to_numpy(dtype=object)], dtype=np.float64)

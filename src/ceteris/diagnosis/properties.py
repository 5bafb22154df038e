"""What should not tell a label: which values are missing, how long a text is, how bright a picture, where a row stands."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ceteris.kinds import array_kind, is_number

__all__ = ["picture_properties", "properties_of"]

_RARE = 0.01  # share of rows under which a missing value says nothing


def properties_of(features: pd.DataFrame, kinds: dict[str, str], pictures: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Return the properties of the rows by name, each an array of float, shape (n_rows,).

    Parameters
    ----------
    features : DataFrame, shape (n_rows, n_features)
    kinds : mapping of str to str
        The kind of each column, as `kinds.kinds_of` has them.
    pictures : ndarray, shape (n_rows, height, width) or (n_rows, height, width, 3), optional
        In 0 to 255.
    """
    found: dict[str, np.ndarray] = {}
    for name in features.columns:
        column = features[name]
        if array_kind(column):
            continue
        absent = column.isna().to_numpy()
        if _RARE <= absent.mean() <= 1 - _RARE:
            found[f"missing {name}"] = absent.astype(float)
        if not is_number(column) and kinds.get(str(name)) == "text":
            found[f"length of {name}"] = column.fillna("").str.len().to_numpy(dtype=float)
    return found | ({} if pictures is None else picture_properties(pictures))


def picture_properties(pictures: np.ndarray) -> dict[str, np.ndarray]:
    """Return the brightness and the contrast of each picture, in [0, 1]."""
    flat = pictures.reshape(len(pictures), -1).astype(float) / 255
    return {"brightness": flat.mean(axis=1), "contrast": flat.std(axis=1)}

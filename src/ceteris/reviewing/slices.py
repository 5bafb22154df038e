"""All rows of one pattern at once: a column, a sign and a value, as in `pixel_03 = 16`, `age > 90`, `text ~ refund`."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError
from ceteris.kinds import array_kind

__all__ = ["Slice", "slice_of"]

_SIGNS = ("<=", ">=", "=", "<", ">", "~")
_NUMBER = {"<=": np.less_equal, ">=": np.greater_equal, "=": np.equal, "<": np.less, ">": np.greater}


@dataclass(frozen=True)
class Slice:
    """Rows whose value in a column is, is below, is above, or (`~`) holds something."""

    column: str
    sign: str
    value: str

    def __str__(self) -> str:
        return f"{self.column} {self.sign} {self.value}"

    def of(self, values: pd.Series) -> np.ndarray:
        """Return the places of the rows that belong to it.

        Raises
        ------
        BadInputError
            The sign does not fit the column: numbers hold nothing, and texts are neither below nor above.
        """
        if array_kind(values):
            raise BadInputError(
                f"{self.column!r} holds a {array_kind(values)} in each row, of which no single value can be asked for.",
                "Name another column.",
            )
        if not pd.api.types.is_numeric_dtype(values):
            if self.sign not in ("=", "~"):
                raise BadInputError(f"{self.column!r} holds texts, which {self.sign} does not order.", "Write = or ~ (holds).")
            texts = values.fillna("").astype(str)
            found = (
                texts == self.value
                if self.sign == "="
                else texts.str.casefold().str.contains(self.value.casefold(), regex=False)
            )
            return np.flatnonzero(found.to_numpy(dtype=bool))
        numbers = values.to_numpy(dtype=float)
        if self.sign == "=" and self.value in ("", "missing"):
            return np.flatnonzero(np.isnan(numbers))
        try:
            wanted = float(self.value)
        except ValueError:
            wanted = np.nan
        if np.isnan(wanted) or self.sign == "~":
            raise BadInputError(f"{self.column!r} holds numbers: {str(self)!r} asks for none.", f"As in: {self.column} > 3")
        return np.flatnonzero(_NUMBER[self.sign](numbers, wanted))


def slice_of(text: str) -> Slice | None:
    """Return the slice that a text names, None where it holds no sign."""
    parted = re.split(f"({'|'.join(map(re.escape, _SIGNS))})", text, maxsplit=1)
    if len(parted) < 3 or not parted[0].strip():
        return None
    return Slice(parted[0].strip(), parted[1], parted[2].strip())

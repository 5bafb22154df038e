"""A family of errors in words a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from ceteris.wording import literal

__all__ = ["NONE", "line_of", "listed"]

NONE = "No family of errors: no pattern of the columns holds more doubted rows than the model itself expects."


def line_of(family: Any) -> str:
    """Return one family: its pattern, how many rows it holds, how many are doubted, and how many were to be expected.

    Parameters
    ----------
    family : a line of `found.find_families`
    """
    told = f"{family.pattern}: {family.rows:,} rows, {family.doubted:.0%} doubted ({family.expected:.0%} expected)"
    overlap = family.rows - family.new_rows
    return literal(told.replace("%", " %") + (f"; {overlap:,} of them stand in families above" if overlap else ""))


def listed(families: pd.DataFrame) -> Iterator[str]:
    """Yield the families line by line, and what to do with them."""
    if families.empty:
        yield NONE
        return
    for family in families.itertuples():
        yield f"{family.number}. {line_of(family)}"
    yield "Answer a random 20 rows of one, then decide for all of them: ceteris families review 1"

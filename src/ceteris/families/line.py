"""A family of errors in one line."""

from __future__ import annotations

from typing import Any

from ceteris.telling.wording import literal

__all__ = ["NONE", "line_of", "share_text"]

NONE = "No family of errors: no pattern of the columns holds more doubted rows than the model itself expects."


def line_of(family: Any) -> str:
    """Return one family: its pattern, how many rows it holds, how many are doubted, and how many were to be expected.

    Parameters
    ----------
    family : a line of `found.find_families`
    """
    doubted, expected = share_text(family.doubted), share_text(family.expected)
    told = f"{family.pattern}: {family.rows:,} rows, {doubted} doubted ({expected} expected)"
    if family.given_label:
        told += f", {share_text(family.given_share)} given {family.given_label}"
    overlap = family.rows - family.new_rows
    return literal(told + (f"; {overlap:,} of them are counted in another family" if overlap else ""))


def share_text(value: float) -> str:
    """Return a share as whole percent."""
    return f"{100 * value:.0f} %"

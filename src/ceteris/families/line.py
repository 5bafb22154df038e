"""A family of errors in one line."""

from __future__ import annotations

from typing import Any

from ceteris.telling.wording import literal

__all__ = ["NONE", "UNSURE", "line_of", "share_text", "unsure_line"]

NONE = "No family of errors: no pattern of the columns holds more doubted rows than the model itself expects."

UNSURE = (
    "Here the model itself is unsure: these rows are hard, or their labels err by a rule that it has learned. Only answers for"
    " random ones of them tell which"
)


def line_of(family: Any) -> str:
    """Return one family: its pattern, how many rows it holds, how many are doubted, and how many were to be expected.

    Parameters
    ----------
    family : a line of `found.families_of`
    """
    doubted, expected = share_text(family.doubted), share_text(family.expected)
    told = f"{family.pattern}: {family.rows:,} rows, {doubted} doubted ({expected} expected)"
    if family.given_label:
        told += f", {share_text(family.given_share)} given {family.given_label}"
    overlap = family.rows - family.new_rows
    return literal(told + (f"; {overlap:,} of them are counted in another family" if overlap else ""))


def unsure_line(one: Any) -> str:
    """Return one line of `unsure.unsure_of`: its pattern, how many rows it holds, and how many of them are doubted."""
    doubted, expected, elsewhere = (share_text(value) for value in (one.doubted, one.expected, one.elsewhere))
    return literal(f"{one.pattern}: {one.rows:,} rows, {doubted} doubted ({expected} expected), and {elsewhere} elsewhere")


def share_text(value: float) -> str:
    """Return a share as whole percent."""
    return f"{100 * value:.0f} %"

"""Numbers that are written with a unit, with marks between thousands, or with a decimal comma. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from ceteris.errors import Problems, some

__all__ = ["FACTORS", "Measure", "factors_of", "measure", "measured", "number_of"]

FACTORS = {  # of units that are often mixed, in the first of each kind
    unit: (kind, factor)
    for kind, units in {
        "kg": {"kg": 1.0, "g": 0.001, "mg": 1e-6, "lb": 0.45359237, "lbs": 0.45359237, "oz": 0.028349523125, "t": 1000.0},
        "m": {"m": 1.0, "cm": 0.01, "mm": 0.001, "km": 1000.0, "in": 0.0254, "ft": 0.3048, "mi": 1609.344},
        "s": {"s": 1.0, "sec": 1.0, "ms": 0.001, "min": 60.0, "h": 3600.0, "hrs": 3600.0},
    }.items()
    for unit, factor in units.items()
}
_MEASURE = re.compile(
    r"^(?P<sign>[+-]?)\s*(?P<before>[$€£¥]?)\s*(?P<minus>[+-]?)(?P<number>[0-9.][0-9., '\u00a0\u202f]*?(?:[eE][+-]?[0-9]+)?)"
    r"\s*(?P<after>[^\W\d_]{1,12}\.?|[%‰°$€£¥]|°[CF]|[^\W\d_]{1,6}(?:/[^\W\d_]{1,6}|[²³]))?$"
)
_SPACES = re.compile(r"[ '\u00a0\u202f]")
_GROUPED = {"point": re.compile(r"^[1-9]\d{0,2}(,\d{3})+(\.\d*)?$"), "comma": re.compile(r"^[1-9]\d{0,2}(\.\d{3})+(,\d*)?$")}
_SPACED = re.compile(r"^[1-9]\d{0,2}([ '\u00a0\u202f]\d{3})+([.,]\d*)?$")
_PLAIN = {"point": re.compile(r"^(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"), "comma": re.compile(r"^(\d+,?\d*|,\d+)([eE][+-]?\d+)?$")}


class Measure(NamedTuple):
    """A number and the unit beside it, "" where there is none."""

    number: float
    unit: str


def number_of(text: str, decimal: str = "point") -> float | None:
    """Return the number that a text without sign and unit spells, thousands marked or not; None where it spells none."""
    if _SPACED.match(text):
        text = _SPACES.sub("", text)
    if _GROUPED[decimal].match(text):
        text = text.replace("," if decimal == "point" else ".", "")
    return float(text.replace(",", ".")) if _PLAIN[decimal].match(text) else None


def measure(text: str, decimal: str = "point") -> Measure | None:
    """Return the number and the unit that a text spells ("12 kg", "$3.50", "1 000", "1%"); None where it spells no number."""
    found = _MEASURE.match(text.strip())
    if found is None or (found["sign"] and found["minus"]) or (found["before"] and found["after"]):
        return None
    number = number_of(found["number"], decimal)
    if number is None:
        return None
    sign = -1.0 if "-" in (found["sign"], found["minus"]) else 1.0
    return Measure(sign * number, found["before"] or found["after"] or "")


def factors_of(units: Iterable[str]) -> dict[str, float] | None:
    """Return a factor for each of several units that are known to measure one thing; None where they are not."""
    known = [FACTORS.get(unit) for unit in units]
    found = {unit: factor[1] for unit, factor in zip(units, known, strict=True) if factor is not None}
    return found if None not in known and len({factor[0] for factor in known if factor}) == 1 else None


def measured(
    texts: np.ndarray, name: str, unit: str | Mapping[str, float], decimal: str, problems: Problems
) -> tuple[np.ndarray, int]:
    """Return the numbers of a column that is declared to hold measures, and how many of its cells had a unit or marks.

    Parameters
    ----------
    texts : ndarray of str objects, shape (n_rows,)
        None where missing, which is NaN.
    unit : str or mapping of str to float
        The one unit, which a number may also lack; or a factor for each unit, "" for numbers without one.
    decimal : {"point", "comma"}
    problems : Problems
        Notes cells that are no number, or have another unit.
    """
    codes, held = pd.factorize(texts)
    factors = {unit: 1.0, "": 1.0} if isinstance(unit, str) else dict(unit)
    found = [measure(text, decimal) for text in held]
    lost = [text for text, one in zip(held, found, strict=True) if one is None]
    if lost:
        problems.add(
            f"Column {name!r} is declared under ingest.units, and holds what spells no number: {some(lost)}.",
            f"List what means 'no value' under `ingest.sentinels` for {name!r}, or correct `ingest.decimal`.",
        )
    counts = Counter[str]()
    for one, rows in zip(found, np.bincount(codes[codes >= 0], minlength=len(held)), strict=True):
        if one is not None and one.unit not in factors:
            counts[one.unit] += int(rows)
    if counts:
        told = ", ".join(f"{other!r} in {rows} rows" for other, rows in sorted(counts.items())[:5])
        more = ", ".join(f"{other or repr('')}: FACTOR" for other in sorted({*counts, *(set(factors) - {""})})[:6])
        problems.add(
            f"Column {name!r} holds units that ingest.units does not name: {told}.",
            f"Declare a factor for each: params.yaml `ingest.units: {{{name}: {{{more}}}}}`.",
        )
    values = [np.nan if one is None else one.number * factors.get(one.unit, 1.0) for one in found]
    plain = [
        one is None or _PLAIN["point"].match(text.strip().lstrip("+-")) is not None
        for text, one in zip(held, found, strict=True)
    ]
    changed = ~np.array([*plain, True], dtype=bool)[codes]
    return np.array([*values, np.nan], dtype=np.float64)[codes], int(changed.sum())

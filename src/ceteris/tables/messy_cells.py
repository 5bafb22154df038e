"""What is messy in single cells: ids that a spreadsheet mangled, values that mean none, units and decimal commas. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import pandas as pd

from ceteris.dataset import META
from ceteris.errors import counted, some
from ceteris.kinds import is_number
from ceteris.sections import Ingest
from ceteris.tables.columns import exact_text, is_plain
from ceteris.tables.dates import is_date, seconds_of
from ceteris.tables.labels import number_text
from ceteris.tables.measures import factors_of, measure
from ceteris.tables.mess import Finding

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["found_in_cells"]

_WORDS = frozenset(
    ("unknown", "unk", "?", "??", "-", "--", "---", ".", "..", "missing", "not available", "n.a.", "n. a.", "#n/a", "#null!",
     "#value!", "nil", "(blank)", "blank", "undefined", "not known", "not specified", "unspecified", "<na>", "\\n")
)  # fmt: skip
_NINES = re.compile(r"^-?9{2,}(\.0+)?$|^-?8{3,}$")
_DAYS = ("1900-01-01", "1899-12-30", "1899-12-31", "1901-01-01", "1970-01-01", "1753-01-01", "9999-12-31", "2099-12-31")
_SCIENTIFIC = re.compile(r"^[+-]?\d([.,]\d+)?E\+?\d+$", re.IGNORECASE)
_MONTH = re.compile(r"^(\d{1,2}-)?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(-\d{2,4})?$", re.IGNORECASE)
_BEHIND_COMMA = re.compile(r",(?P<digits>\d+)")
_SPIKE, _DISTINCT = 3, 10  # rows that make a spike, and different values beside it that tell how far it stands apart
_SAMPLE = 500  # texts at which a first look is taken
_MEASURES = 0.9  # share of values that are numbers with a unit


def found_in_cells(cells: pa.Table, frame: pd.DataFrame, ingest: Ingest) -> Iterator[Finding]:
    """Yield the faults of single cells: ids, values that mean "no value", units and decimal commas.

    Parameters
    ----------
    cells : Table
        What the source holds.
    frame : DataFrame
        The rows that were made of it, in the form of `sources.read`.
    ingest : Ingest
        How it was read.
    """
    if ingest.id is not None and ingest.id in cells.column_names:
        yield from _ids(exact_text(cells.column(ingest.id)), ingest)
    for name in frame.columns:
        if name in META or not is_plain(cells.schema.field(name).type):
            continue
        kind = (ingest.kinds or {}).get(name)
        if kind != "text":
            yield from (
                _numbers(name, frame[name], kind == "date")
                if is_number(frame[name])
                else _texts(name, frame[name].dropna(), ingest)
            )


def _ids(texts: pa.ChunkedArray, ingest: Ingest) -> Iterator[Finding]:
    held = [text.strip() for text in texts.drop_null().to_pylist()]
    aside = {"id": None, "drop": [ingest.id]}
    scientific = [text for text in held if _SCIENTIFIC.match(text)]
    if scientific:
        are = counted(len(scientific), "id is a number", "ids are numbers")
        what = f"in {ingest.id!r} {are} whose digits a spreadsheet cut off: {some(scientific)}"
        yield Finding("ids", what, aside)
    dates = [text for text in held if _MONTH.match(text) or is_date(text)]
    if dates and len(dates) < 0.5 * len(held):
        are = counted(len(dates), "id is a date", "ids are dates")
        what = f"in {ingest.id!r} {are}, which a spreadsheet makes of texts such as 1-2: {some(dates)}"
        yield Finding("ids", what, aside)
    short, width = _short_of_zeros(held)
    if short and ingest.id_width is None:
        have = counted(len(short), "id has", "ids have")
        what = f"in {ingest.id!r} {have} fewer than {width} digits, as where zeros in front were lost: {some(short)}"
        yield Finding("ids", what, {"id_width": width}, sure=False)


def _short_of_zeros(held: list[str]) -> tuple[list[str], int]:
    """Return the ids that are shorter than most, where all are whole numbers, too far apart to be a count of rows."""
    if not held or not all(text.isascii() and text.isdigit() for text in held) or any(text[0] == "0" for text in held):
        return [], 0
    numbers = [int(text) for text in held]
    width = max(map(len, held))
    short = [text for text in held if len(text) < width]
    counting = max(numbers) - min(numbers) < 10 * len(numbers)
    return ([], 0) if width < 4 or counting or len(short) * 3 > len(held) else (short, width)


def _numbers(name: str, column: pd.Series, dated: bool) -> Iterator[Finding]:
    """Yield the values at the edge of a column of numbers, or of dates, that stand apart in many rows."""
    found: dict[str, int] = {}
    counts = column.value_counts().sort_index()
    while len(counts) > _DISTINCT and len(found) < 5:
        edge = next((place for place in (0, -1) if _stands_apart(counts, place, dated)), None)
        if edge is None:
            break
        value = float(counts.index[edge])
        found[_day(value) if dated else number_text(repr(value)) or ""] = int(counts.iloc[edge])
        counts = counts.drop(counts.index[edge])
    if found:
        told = " and ".join(f"{value} in {counted(count, 'row')}" for value, count in found.items())
        what = f"{name!r} holds {told}, apart from all its other values"
        yield Finding("sentinels", what, {"sentinels": {name: list(found)}}, sure="-1" not in found)


def _stands_apart(counts: pd.Series, edge: int, dated: bool) -> bool:
    value, rows = float(counts.index[edge]), int(counts.iloc[edge])
    if rows < _SPIKE:
        return False
    if dated:
        return value in _SECONDS
    others = counts.drop(counts.index[edge])
    low, high = float(others.index[0]), float(others.index[-1])
    gap = (low - value) if edge == 0 else (value - high)
    nines = bool(_NINES.match(number_text(repr(value)) or ""))
    below = edge == 0 and value < 0 <= low
    if below and (nines or (value == -1 and rows >= 0.01 * counts.sum())):
        return True
    usual = max(5, 0.005 * counts.sum())
    return gap > (0.5 if nines else 3.0) * (high - low) and rows >= (_SPIKE if nines else usual)


_SECONDS = {seconds_of(day): day for day in _DAYS}


def _day(value: float) -> str:
    return str(_SECONDS[value])


def _texts(name: str, held: pd.Series, ingest: Ingest) -> Iterator[Finding]:
    counts = {str(text): int(rows) for text, rows in held.str.strip().value_counts().items()}
    words = {text: rows for text, rows in counts.items() if text.casefold() in _WORDS}
    if words:
        told = " and ".join(f"{word!r} in {counted(rows, 'row')}" for word, rows in sorted(words.items()))
        yield Finding("sentinels", f"{name!r} holds {told}", {"sentinels": {name: sorted(words)}})
    others = {text: rows for text, rows in counts.items() if text not in words}
    if name in (ingest.units or {}) or _share(list(others)[:_SAMPLE], "point", "comma") < _MEASURES:
        return
    if ingest.decimal == "point" and _are_decimal_commas(others):
        commas = [text for text in others if "," in text]
        what = f"{name!r} holds {counted(sum(others[text] for text in commas), 'number')} with a decimal comma: {some(commas)}"
        yield Finding("decimal", what, {"decimal": "comma"})
    else:
        yield from _units(name, others, ingest)


def _share(texts: Collection[str], *decimals: str) -> float:
    """Return the share of texts that spell numbers, bare or with a unit, with one of these marks between decimals."""
    return sum(any(measure(text, mark) for mark in decimals) for text in texts) / max(len(texts), 1)


def _are_decimal_commas(texts: Collection[str]) -> bool:
    """Whether numbers have commas that part no thousands: one with other than three digits behind it tells."""
    commas = [one["digits"] for text in texts if (one := _BEHIND_COMMA.search(text))]
    return any(len(digits) != 3 for digits in commas) and _share(texts, "comma") >= _MEASURES > _share(texts, "point")


def _units(name: str, texts: dict[str, int], ingest: Ingest) -> Iterator[Finding]:
    """Yield what a column of numbers with a unit, or with several, is to be declared as."""
    found = {text: measure(text, ingest.decimal) for text in texts}
    known = {text: one for text, one in found.items() if one is not None}
    rows = Counter[str]()
    for text, one in known.items():
        rows[one.unit] += texts[text]
    units = sorted(set(rows) - {""}, key=lambda unit: (-rows[unit], unit))
    bare = all(number_text(text) for text in known)
    if len(known) < _MEASURES * len(texts) or bare or len(units) > 4 or {"st", "nd", "rd", "th"} & set(units):
        return
    lost = [text for text in texts if text not in known]
    beside = {"sentinels": {name: sorted(lost)}} if lost else {}
    also = f"; and what is no number: {some(lost)}" if lost else ""
    told = ", ".join(f"{unit!r} in {counted(rows[unit], 'row')}" for unit in units) or "marks between thousands"
    if len(units) < 2:
        yield Finding("units", f"{name!r} holds numbers with {told}{also}", {"units": {name: "".join(units)}, **beside})
        return
    factors = None if rows[""] else factors_of(units)
    open_ = "" if factors else f": say what each is worth, `ingest.units: {{{name}: {{{': FACTOR, '.join(units)}: FACTOR}}}}`"
    lines = {"units": {name: factors}, **beside} if factors else {}
    yield Finding("units", f"{name!r} holds numbers with several units, {told}{also}{open_}", lines)

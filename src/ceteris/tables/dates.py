"""A date written as text, as seconds since 1970: ISO 8601 always; day and month the other way round only as declared."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd

from ceteris.errors import Problems, some

__all__ = ["is_date", "read_dates", "said", "seconds_of"]

_TIME = r"(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}))?)?"
_YEAR_FIRST = re.compile(rf"^(\d{{4}})(?:[-./](\d{{1,2}})(?:[-./](\d{{1,2}}){_TIME})?)?$")
_YEAR_LAST = re.compile(rf"^(\d{{1,2}})[-./](\d{{1,2}})[-./](\d{{4}}){_TIME}$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_dates(texts: np.ndarray, name: str, how: str, problems: Problems) -> np.ndarray:
    """Return the seconds since 1970-01-01 UTC that texts spell (no zone: UTC), NaN where None, and note those that spell none.

    Parameters
    ----------
    texts : ndarray of str objects, shape (n_rows,)
        Without surrounding white space; None where missing.
    how : {"iso", "day_first", "month_first"}
        `ingest.dates`: how 03/04/2026 is read.
    """
    codes, held = pd.factorize(texts)
    known = np.array([_seconds(text, how) for text in held] + [np.nan], dtype=np.float64)
    lost = [text for text, value in zip(held, known[:-1], strict=True) if np.isnan(value)]
    if lost:
        problems.add(*_refused(lost, name, how))
    return known[codes]


def is_date(text: str, how: str = "") -> bool:
    """Return whether a text spells a day, as `read_dates` reads it; by default whichever of day and month comes first."""
    text = text.strip()
    orders = (how,) if how else ("day_first", "month_first")
    # A number alone may be a year or the eight digits of a day, and more often is neither.
    return not text.isdigit() and any(_moment(text, order) is not None for order in orders)


def seconds_of(text: str, how: str = "iso") -> float | None:
    """Return the seconds since 1970-01-01 UTC that a text spells, None where it spells no date."""
    found = _seconds(text.strip(), how)
    return None if np.isnan(found) else found


def said(seconds: float) -> str:
    """Return a date as it is shown: the day, and the time where it is not midnight; "" where missing."""
    if not np.isfinite(seconds):
        return ""
    moment = np.datetime64(int(np.floor(seconds)), "s")
    return str(moment).replace("T", " ").removesuffix(" 00:00:00")


def _seconds(text: str, how: str) -> float:
    found = _moment(text, how)
    return float("nan") if found is None else (found - _EPOCH).total_seconds()


def _moment(text: str, how: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except ValueError:
        pass
    parts = _YEAR_FIRST.match(text)
    if parts:
        return _made(parts[1], parts[2] or "1", parts[3] or "1", parts.groups()[3:])
    parts = _YEAR_LAST.match(text)
    if parts is None or how == "iso":
        return None
    day, month = (1, 2) if how == "day_first" else (2, 1)
    return _made(parts[3], parts[month], parts[day], parts.groups()[3:])


def _made(year: str, month: str, day: str, time: tuple[str | None, ...]) -> datetime | None:
    hour, minute, second = (int(part or 0) for part in time)
    try:
        return datetime(int(year), int(month), int(day), hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _refused(lost: list[str], name: str, how: str) -> tuple[str, str]:
    """Return what to say of texts that spell no date as declared: of day and month first, what each would make of one."""
    readings = {text: [_moment(text, order) for order in ("day_first", "month_first")] for text in lost}
    both = [text for text, found in readings.items() if None not in found]
    either = [text for text, found in readings.items() if found != [None, None]]
    if not either:
        return (
            f"Column {name!r} is declared to hold dates, and these texts are none: {some(lost)}.",
            "Write them like 2026-04-03, list what means 'no value' under `ingest.missing`, or declare another kind in"
            f" `ingest.kinds` for {name!r}.",
        )
    shown = (both or either)[0]
    day, month = (None if found is None else _long(found) for found in readings[shown])
    told = f"{day or 'no date'} with the day first, {month or 'no date'} with the month first"
    kept = "as `ingest.dates` now has it" if how != "iso" else "and `ingest.dates` says neither"
    return (
        f"Column {name!r} holds {shown!r}, which is {told}, {kept} ({len(either)} different texts like it).",
        "Say which comes first: params.yaml `ingest.dates: day_first` or `ingest.dates: month_first`; or write dates like"
        " 2026-04-03.",
    )


def _long(moment: date) -> str:
    return f"{moment.day} {moment:%B} {moment.year}"

"""A date written as text: ISO 8601 always, day and month the other way round only as declared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.errors import Problems
from ceteris.tables.dates import read_dates, said

_2024_04_03 = 1712102400.0


def read(*texts: str | None, how: str = "iso") -> tuple[list[float], str]:
    problems = Problems("It")
    found = read_dates(np.array(texts, dtype=object), "on", how, problems)
    return list(found), " ".join(map(str, problems.found))


@pytest.mark.parametrize(
    "text", ["2024-04-03", "2024-04-03T00:00", "2024-4-3", "2024/04/03", "20240403", "2024-04-03T02:00+02:00", "2024-W14-3"]
)
def test_one_day_is_one_number_however_it_is_written(text: str) -> None:
    assert read(text) == ([_2024_04_03], "")


def test_day_and_month_are_read_as_declared() -> None:
    assert read("03/04/2024", how="day_first") == read("04.03.2024", how="month_first") == ([_2024_04_03], "")


def test_what_can_be_read_in_two_ways_is_refused_with_both() -> None:
    _, said_of = read("2024-01-01", "03/04/2024")
    assert "'03/04/2024', which is 3 April 2024 with the day first, 4 March 2024 with the month first" in said_of
    assert "ingest.dates: day_first" in said_of
    assert "no date with the month first" in read("31/04/2024", "31/05/2024")[1]
    assert "'04/31/2024'" not in read("04/30/2024", how="month_first")[1]
    assert "as `ingest.dates` now has it" in read("04/30/2024", how="day_first")[1]


def test_what_is_no_date_is_named_and_what_is_missing_is_missing() -> None:
    assert "'soon'" in read("soon", "2024-01-01")[1]
    assert "'9999-99-99'" in read("9999-99-99")[1]
    assert np.isnan(read(None, "9999-12-31")[0][0])


@given(st.datetimes())
def test_every_day_that_python_writes_is_read_and_shown_as_it_was(moment) -> None:
    moment = moment.replace(microsecond=0)
    (seconds,), told = read(moment.isoformat())
    assert told == ""
    assert said(seconds) == (moment.isoformat(sep=" ").removesuffix(" 00:00:00"))

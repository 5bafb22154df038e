"""What a time is: numbers and dates are read as they are, and what is neither is refused by id."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.errors import BadInputError, Problems
from ceteris.tables.times import cut_at, spelled, times_of

DAY = 86_400.0


def read(values: pa.Array, written: str | None = None) -> tuple[list[float], bool]:
    problems, ids = Problems("mine.csv"), np.array([f"r{row}" for row in range(len(values))], dtype=object)
    times, dated = times_of(pa.chunked_array([values]), "when", written, ids, problems)
    problems.refuse()
    return times.tolist(), dated


@pytest.mark.parametrize(
    ("values", "written", "expected"),
    [
        (pa.array(["3", " 2.5 ", "1e3"]), None, ([3.0, 2.5, 1000.0], False)),
        (pa.array([7, 8]), None, ([7.0, 8.0], False)),
        (pa.array(["1970-01-02", "1970-01-03T12:00"]), None, ([DAY, 2.5 * DAY], True)),
        (pa.array(["1970-01-02T00:00+02:00"]), None, ([DAY - 7200], True)),
        (pa.array(["Jan-1970", "Feb-1970"]), "%b-%Y", ([0.0, 31 * DAY], True)),
        (pa.array(["19700102"]), "%Y%m%d", ([DAY], True)),
        (pa.array([datetime.date(1970, 1, 2)]), None, ([DAY], True)),
        (pa.array([datetime.datetime(1970, 1, 2)], pa.timestamp("ns", "Europe/Vienna")), None, ([DAY], True)),
    ],
)  # fmt: skip
def test_numbers_and_dates_are_read(values: pa.Array, written: str | None, expected: tuple[list[float], bool]) -> None:
    assert read(values, written) == expected


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (pa.array(["2018-01-01", "soon"]), r"'when' holds what is no time in 1 rows, at the ids 'r1'.*ingest\.time_format"),
        (pa.array(["2018-01-01", "2018-02-30"]), "holds what is no time in 1 rows, at the ids 'r1'"),
        (pa.array(["1", "2018-01-01"]), "no time"),
        (pa.array(["1", "inf"]), "holds what is no time in 1 rows"),
        (pa.array(["1", " "]), r"'when' holds no time in 1 rows, at the ids 'r1'.*`split\.by: hash`"),
        (pa.array([1.0, None, np.nan]), "holds no time in 2 rows, at the ids 'r1', 'r2'"),
        (pa.array([None, datetime.date(1970, 1, 2)]), "holds no time in 1 rows, at the ids 'r0'"),
    ],
)
def test_what_is_no_time_and_what_is_missing_is_refused_by_id(values: pa.Array, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        read(values)


@given(st.integers(-(10**9), 4 * 10**9), st.booleans())
def test_a_cut_is_found_again_from_what_params_yaml_holds(seconds: int, dated: bool) -> None:
    assert cut_at(spelled(float(seconds), dated), "test_from") == seconds

"""What the columns of a user's file seem to be: told, never taken for granted where it can be read in two ways."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ceteris.tables.guesses import guess, kinds_told, labels_are_numbers


def column(values: list[object], repeat: int = 1) -> pd.DataFrame:
    return pd.DataFrame({"x": pd.Series(values * repeat, dtype=object)})


SENTENCES = [f"the {word} film was {end} at all" for word in ("first", "last", "long") for end in map(str, range(30))]


@pytest.mark.parametrize(
    ("values", "kinds", "dates"),
    [
        (["2024-01-02", None, "2024-03-04T05:06"], {"x": "date"}, "iso"),
        (["31/01/2024", "02/03/2024"], {"x": "date"}, "day_first"),
        (["01/31/2024", "02/03/2024"], {"x": "date"}, "month_first"),
        (["2024-01-02", "soon"], {}, "iso"),
        (["20240102", "20240103"], {}, "iso"),
        (SENTENCES, {"x": "text"}, "iso"),
        (["red", "green"] * 40, {}, "iso"),
        ([f"id-{row}" for row in range(99)], {}, "iso"),
        (["very good indeed", "not good at all"] * 40, {}, "iso"),
        ([None, None], {}, "iso"),
    ],
    ids=["iso", "day", "month", "one is none", "digits", "texts", "few values", "ids", "two phrases", "nothing"],
)
def test_a_column_is_guessed_by_all_its_values(values: list[object], kinds: dict[str, str], dates: str) -> None:
    found = guess(column(values))
    assert (found.kinds, found.dates, found.told) == (kinds, dates, ())


def test_dates_that_can_be_read_in_two_ways_are_left_for_a_person_to_say() -> None:
    rows = column(["01/02/2024", "03/04/2024"])
    left = guess(rows)
    assert left.kinds == {}
    assert "--kind x=date --dates day_first" in left.told[0]
    assert guess(rows, dates="month_first").kinds == {"x": "date"}


def test_what_is_declared_stays_and_times_of_the_file_itself_are_dates() -> None:
    rows = pd.DataFrame({"a": pd.Series(SENTENCES, dtype=object), "b": np.arange(len(SENTENCES), dtype=float)})
    assert guess(rows, {"a": "category"}, moments=("b",)).kinds == {"a": "category", "b": "date"}


def test_the_table_counts_and_names_the_columns_of_each_kind() -> None:
    kinds = {f"n{place}": "number" for place in range(9)} | {"on": "date"}
    assert kinds_told(kinds, "day_first")[1:] == [
        "  number       9  'n0', 'n1', 'n2', 'n3', 'n4', 'n5' and 3 more",
        "  date         1  'on' (day first)",
    ]


@pytest.mark.parametrize(
    ("labels", "numbers"),
    [
        ([f"{row / 7:.2f}" for row in range(99)], True),
        ([str(row // 3) for row in range(300)], True),
        ([str(row % 100) for row in range(5000)], False),  # a hundred classes, each in many rows
        ([f"{half / 2}" for half in range(2, 11)] * 40, False),  # stars from 1.0 to 5.0
        ([f"{row:03}" for row in range(99)], False),
        ([f"{row / 7:.2f}" for row in range(99)] + ["unknown"], False),
        (["-1e400", *(f"{row / 7:.2f}" for row in range(99))], False),
    ],
    ids=["decimals", "counts", "many classes", "stars", "codes", "a text", "no finite number"],
)
def test_labels_are_numbers_where_many_differ_with_decimals_or_in_few_rows_each(labels: list[str], numbers: bool) -> None:
    assert labels_are_numbers(pd.Series([*labels, None], dtype=object)) == numbers

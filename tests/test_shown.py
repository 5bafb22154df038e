"""A row as a person meets it: pictures, texts and values; nothing is lost without a word."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ceteris.reviewing.shown import MOST_CELLS, MOST_LETTERS, profile, shown

CITIES = ["Bern"] * 300 + ["Basel"] * 97 + ["Chur", "Chur", None]
AGES = pd.DataFrame({"age": [*np.linspace(20, 60, 399), np.nan], "city": pd.Series(CITIES, dtype=object)})
USUAL = profile(AGES)


def pixels(row: dict[str, float], shape: tuple[int, int], bounds: tuple[float, float] = (0, 16)) -> np.ndarray:
    found = shown("r", row, profile(pd.DataFrame([{"p": value} for value in bounds]), shape), shape)
    head, _, data = found.image.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_pixels_become_a_picture_dark_ink_on_light_paper() -> None:
    drawn = pixels({"p0": 0.0, "p1": 16.0, "p2": 8.0, "p3": 0.0, "p4": 20.0, "p5": -3.0}, (2, 3))
    assert drawn.tolist() == [[255, 0, 128], [255, 0, 255]]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"p0": 1.0, "p1": 2.0, "p2": 3.0}, "3 values are no image of 2 × 2 pixels"),
        ({"p0": 1.0, "p1": np.nan, "p2": np.nan, "p3": np.inf}, "3 of its 4 pixels have no value"),
        ({"p0": 1.0, "p1": 2.0, "p2": 3.0, "p3": "smudge"}, "1 of its 4 pixels is a text"),
    ],
)
def test_a_broken_image_is_told_and_its_values_are_shown(row: dict[str, Any], why: str) -> None:
    found = shown("r", row, profile(pd.DataFrame([row]), (2, 2)), (2, 2))
    assert (found.image, found.broken) == ("", why)
    assert len(found.values) == len(row)


@pytest.mark.parametrize(
    ("age", "city", "unusual"),
    [
        (40.0, "Bern", {}),
        (300.0, "Bern", {"age": "99 % of rows are below 59.8"}),
        (2.0, "Basel", {"age": "99 % of rows are above 20.2"}),
        (40.0, "Chur", {"city": "rare: under 1 % of rows"}),
        (40.0, "Atlantis", {"city": "rare: under 1 % of rows"}),
        (np.nan, None, {"age": "missing, as in 0% of rows", "city": "missing, as in 0% of rows"}),
    ],
)
def test_unusual_values_come_first_and_say_why(age: float, city: str | None, unusual: dict[str, str]) -> None:
    found = shown("r", {"age": age, "city": city}, USUAL)
    assert {cell.column: cell.unusual for cell in found.values if cell.unusual} == unusual
    assert [bool(cell.unusual) for cell in found.values] == sorted((bool(cell.unusual) for cell in found.values), reverse=True)


def test_names_that_nearly_all_differ_are_not_called_rare() -> None:
    names = pd.DataFrame({"name": pd.Series([f"person {n}" for n in range(500)], dtype=object)})
    assert shown("r", {"name": "person 7"}, profile(names)).values[0].unusual == ""


def test_a_long_text_is_read_as_a_text_and_sent_in_part() -> None:
    long = "<script>alert(1)</script>\n" * 1000
    found = shown("r", {"text": long, "age": 30.0}, USUAL)
    assert (found.texts[0].text, found.texts[0].length) == (long[:MOST_LETTERS], len(long))
    assert [cell.column for cell in found.values] == ["age"]


def test_what_is_not_sent_is_counted() -> None:
    wide = {f"c{n}": float(n) for n in range(MOST_CELLS + 50)}
    found = shown("r", wide, profile(pd.DataFrame([wide] * 3)))
    assert (len(found.values), found.more) == (MOST_CELLS, 50)


def test_a_row_fits_one_line() -> None:
    found = shown("r", {"text": "a\nb " * 200, "age": 30.5}, USUAL)
    assert len(found.brief()) == 160
    assert "\n" not in found.brief()
    assert shown("r", {"age": 30.5, "city": "Bern"}, USUAL).brief() == "age: 30.5 · city: Bern"
    assert shown("r", {"age": np.nan, "city": "Bern"}, USUAL).brief() == "age: — · city: Bern"

"""A text of 10 MB and a picture that cannot be drawn are rows like others: shown as far as they can be, and answered."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pandas as pd
import pytest
from answers import answered, lines
from lab import Lab, Notebook, serve, until
from playwright.sync_api import Browser
from worlds import LONG, NOTEBOOK, broken_images, long_texts, notebook

SIZE = {"width": 1400, "height": 1000}
AT_ONCE, SOON = 0.5, 10.0  # seconds, on a busy machine


@pytest.fixture(scope="module")
def lengthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab on a few rows whose text is 10 MB long."""
    folder = tmp_path_factory.mktemp("lengthy")
    with serve(long_texts(folder / "repository"), folder / "home") as served:
        yield served


@pytest.fixture(scope="module")
def smudged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab on pictures, half of which have pixels without a value."""
    folder = tmp_path_factory.mktemp("smudged")
    with serve(broken_images(folder / "repository"), folder / "home") as served:
        yield served


def opened(lab: Lab, browser: Browser) -> Notebook:
    found = Notebook(lab, browser.new_context(viewport=SIZE).new_page(), NOTEBOOK).open()
    found.run_all()
    until(found.row, "a row", SOON)
    found.review.focus()
    return found


@pytest.mark.parametrize("kind", ["words", "word"])
def test_a_text_of_10_mb_is_shown_in_part_and_the_rest_on_request_and_keys_go_on_working(
    kind: str, lengthy: Lab, browser: Browser
) -> None:
    notebook(lengthy.root, f"kind={kind}")
    here = opened(lengthy, browser)
    text, more = here.review.locator("pre.text"), here.review.get_by_role("button", name="show more")
    assert more.inner_text() == f"{LONG:,} letters, the first 20,000 are shown: show more"
    assert text.evaluate("node => node.textContent.length") == 20_000
    assert text.evaluate("node => node.scrollHeight > node.clientHeight && node.clientHeight < 400")
    assert text.evaluate("node => node.scrollWidth <= node.clientWidth")
    until(lambda: "nearest" in here.said_in("neighbours"), "neighbours", SOON)
    here.looks(f"long-{kind}")

    for part in (2, 3):
        more.click()
        until(lambda shown=20_000 * part: text.evaluate("node => node.textContent.length") == shown, "more of the text", SOON)  # type: ignore[misc]
    assert more.inner_text() == f"{LONG:,} letters, the first 60,000 are shown: show more"
    text.focus()
    here.page.keyboard.press("PageDown")
    until(lambda: text.evaluate("node => node.scrollTop > 0"), "that the text scrolls", SOON)

    began = time.monotonic()
    (row,) = here.press("2")
    until(lambda: here.row() != row, "another row, or none", SOON)
    assert time.monotonic() - began < AT_ONCE
    here.saved(SOON)
    assert [answered(line) for line in lines(lengthy.root) if line["id"] == row] == [(row, "bee")]
    here.page.context.close()


def test_a_picture_without_some_pixels_is_a_sentence_and_its_values_and_can_be_answered_or_left_open(
    smudged: Lab, browser: Browser
) -> None:
    here = opened(smudged, browser)
    table = pd.read_parquet(smudged.root / "data/split/train.parquet").set_index("ceteris:id")
    broken = set(table.index[table.isna().any(axis=1)])
    pressed: dict[str, str] = {}
    looked = False
    while not (looked and {True, False} <= {id in broken for id in pressed}) or len(pressed) < 6:
        row = until(here.row, "a row")
        shown = here.review.locator(".row .broken")
        if row in broken:
            assert shown.inner_text() == "This row cannot be drawn: 3 of its 64 pixels have no value. Its values:"
            assert here.review.locator(".row img").count() == 0
            assert here.review.locator(".row .values tr").count() == 64
            if not looked:
                until(lambda: "nearest" in here.said_in("neighbours"), "neighbours", SOON)
                here.looks("broken-image")
                looked = True
        else:
            assert shown.count() == 0
            assert here.review.locator(".row img").evaluate("node => node.naturalWidth") == 8
        key = "?" if len(pressed) % 2 else "3"
        here.press(key)
        pressed[row] = "unsure" if key == "?" else "3"
    here.saved()
    assert dict(answered(line) for line in lines(smudged.root)) == pressed
    here.page.context.close()


def test_rows_of_another_size_than_the_pictures_are_a_sentence_each(smudged: Lab, browser: Browser) -> None:
    path = smudged.root / "data/split/train.parquet"
    whole, before = path.read_bytes(), len(lines(smudged.root))
    pd.read_parquet(path).drop(columns="pixel_63").to_parquet(path)
    try:
        here = opened(smudged, browser)
        said = here.review.locator(".row .broken").inner_text()
        assert said == "This row cannot be drawn: 63 values are no image of 8 × 8 pixels. Its values:"
        until(lambda: "nearest" in here.said_in("neighbours"), "neighbours", SOON)
        assert "cannot be drawn" in here.said_in("neighbours")
        here.looks("wrong-size")
        (row,) = here.press("1")
        here.saved()
        assert [answered(line)[0] for line in lines(smudged.root)[before:]] == [row]
        assert not re.search("kernel could not", here.review.inner_text())
        here.page.context.close()
    finally:
        path.write_bytes(whole)

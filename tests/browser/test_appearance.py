"""Nothing of the review is cut off, overlapping, faint or blurred: light, dark, few and many classes, long texts and labels."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from answers import answered, lines
from lab import Lab, Notebook, serve, until
from playwright.sync_api import Browser
from worlds import NOTEBOOK, of_classes

WIDE, NARROW = {"width": 1400, "height": 1600}, {"width": 760, "height": 1900}


@pytest.fixture(scope="module", params=[2, 10, 200], ids=lambda count: f"{count} classes")
def crowded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab on rows with long texts and so many classes, some with long names."""
    folder = tmp_path_factory.mktemp("crowded")
    with serve(of_classes(folder / "repository", request.param), folder / "home") as served:
        yield served


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_row_is_whole_and_readable(theme: str, crowded: Lab, browser: Browser) -> None:
    crowded.theme(theme)
    context = browser.new_context(viewport=WIDE)
    notebook = Notebook(crowded, context.new_page(), NOTEBOOK).open()
    notebook.run_all()
    until(notebook.row, "a row")
    until(lambda: "nearest" in notebook.said_in("neighbours"), "neighbours")
    notebook.review.scroll_into_view_if_needed()
    name = f"look-{notebook.classes()}-{theme}"
    notebook.review.screenshot(path=notebook.picture(name))
    assert notebook.faults() == []
    notebook.review.focus()
    (row,) = notebook.press("Enter")
    notebook.saved()
    until(lambda: row in notebook.said_in("told"), "what was hidden")
    notebook.page.keyboard.press("/")
    notebook.page.keyboard.type("class")
    notebook.review.screenshot(path=notebook.picture(f"{name}-search"))
    assert notebook.faults() == []
    notebook.page.keyboard.press("Escape")
    notebook.page.set_viewport_size(NARROW)
    notebook.review.screenshot(path=notebook.picture(f"{name}-narrow"))
    assert notebook.faults() == []
    context.close()


def test_a_class_is_found_by_typing_among_however_many(crowded: Lab, browser: Browser) -> None:
    context = browser.new_context(viewport=WIDE)
    notebook = Notebook(crowded, context.new_page(), NOTEBOOK).open()
    notebook.run_all()
    row = until(notebook.row, "a row")
    before = len(lines(crowded.root))
    notebook.review.focus()
    notebook.page.keyboard.press("/")
    notebook.page.keyboard.type("class")
    listed = notebook.page.get_by_test_id("review-found").get_by_role("option").all_inner_texts()
    last = {2: "no class holds that", 10: "class 008", 200: "and 190 more: type on"}[notebook.classes()]
    assert (len(listed), listed[-1]) == ({2: 1, 10: 8, 200: 9}[notebook.classes()], last)
    notebook.page.keyboard.press("Escape")
    notebook.page.keyboard.press("/")
    notebook.page.keyboard.type("zzunbreak")
    notebook.page.keyboard.press("Enter")
    notebook.saved()
    (line,) = lines(crowded.root)[before:]
    assert answered(line)[0] == row
    assert answered(line)[1].startswith("zzunbreakable")
    context.close()

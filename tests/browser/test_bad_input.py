"""Markup in the data is shown as text, tabs do not lose each other's answers, and a disk that takes nothing is told plainly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from answers import lines
from lab import Lab, Notebook, serve, until
from playwright.sync_api import Browser
from worlds import ATTACK, NOTEBOOK, hostile

SIZE = {"width": 1400, "height": 1000}


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab on rows with markup in their labels, ids, texts and names of columns."""
    folder = tmp_path_factory.mktemp("attacked")
    with serve(hostile(folder / "repository"), folder / "home") as served:
        yield served


def test_markup_is_text_and_nothing_is_executed(attacked: Lab, browser: Browser) -> None:
    context = browser.new_context(viewport=SIZE)
    notebook = Notebook(attacked, context.new_page(), NOTEBOOK).open()
    notebook.run_all()
    until(lambda: "nearest" in notebook.said_in("neighbours"), "neighbours")
    notebook.review.focus()
    notebook.press("2")
    notebook.saved()
    notebook.page.keyboard.press("/")
    notebook.page.keyboard.type("cow")
    notebook.shot("attacked")
    assert notebook.said_in("row").count(ATTACK) >= 3  # id, name of the column, text
    assert ATTACK in notebook.said_in("class-0")
    assert notebook.page.evaluate("window.attacked") is None
    assert notebook.review.locator("script").count() == 0
    assert notebook.review.locator("img[onerror]").count() == 0
    assert lines(attacked.root)[-1]["id"].startswith(ATTACK)
    context.close()


def test_two_tabs_on_one_queue_lose_no_answer(attacked: Lab, browser: Browser) -> None:
    context = browser.new_context(viewport=SIZE)
    (attacked.root / "second.ipynb").write_bytes((attacked.root / NOTEBOOK).read_bytes())
    before = {line["answer"] for line in lines(attacked.root)}
    tabs = [Notebook(attacked, context.new_page(), path) for path in (NOTEBOOK, "second.ipynb")]
    for tab in tabs:
        tab.page.bring_to_front()
        tab.open().run_all()
        until(tab.row, "a row")
    for _ in range(4):
        for tab in tabs:
            tab.page.bring_to_front()
            tab.review.focus()
            tab.press("1", "2", "1")
    for tab in tabs:
        tab.saved()
    fresh = [line["answer"] for line in lines(attacked.root) if line["answer"] not in before]
    assert len(fresh) == len(set(fresh)) == 24
    context.close()


def test_a_disk_that_takes_nothing_is_told_and_what_was_answered_is_written_when_it_does(
    attacked: Lab, browser: Browser
) -> None:
    context = browser.new_context(viewport=SIZE)
    notebook = Notebook(attacked, context.new_page(), NOTEBOOK).open()
    notebook.run_all()
    until(notebook.row, "a row")
    before = len(lines(attacked.root))
    edits = attacked.root / "data/edits"
    edits.chmod(0o555)
    for path in edits.glob("*.csv"):
        path.chmod(0o444)
    try:
        notebook.review.focus()
        notebook.press("1", "2")
        until(lambda: "written" in notebook.banner(), "that nothing can be written")
        assert notebook.banner().startswith("2 answers are not saved: ")
        assert notebook.banner().endswith("This browser keeps them until then.")
        assert notebook.said_in("unsaved") == "2 not saved yet"
        notebook.looks("read-only")
        assert len(lines(attacked.root)) == before
    finally:
        edits.chmod(0o755)
        for path in edits.glob("*.csv"):
            path.chmod(0o644)
    notebook.saved()
    assert len(lines(attacked.root)) == before + 2
    context.close()

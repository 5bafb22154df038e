"""Whoever hears the review instead of seeing it is told the row, the keys, the progress, and what became of each answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from answers import lines
from lab import Lab, Notebook, serve, until
from playwright.sync_api import Browser, Locator
from worlds import NOTEBOOK, plain


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab on rows of three classes."""
    folder = tmp_path_factory.mktemp("heard")
    with serve(plain(folder / "repository"), folder / "home") as served:
        yield served


# What has the focus in the review, by its name, and the outline that shows it.
FOCUSED = """root => {
  const node = document.activeElement, style = getComputedStyle(node);
  const name = root.contains(node) && node !== root ? node.getAttribute("aria-label") || node.textContent : "";
  return [name, [style.outlineStyle, style.outlineWidth]];
}"""


def live(part: Locator) -> tuple[str | None, str | None]:
    return part.get_attribute("role"), part.get_attribute("aria-live")


def test_the_row_the_keys_the_progress_and_what_became_of_answers_are_announced(lab: Lab, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    here = Notebook(lab, context.new_page(), NOTEBOOK).open()
    here.run_all()
    row = until(here.row, "a row")
    until(lambda: "nearest" in here.said_in("neighbours"), "neighbours")
    given = here.review.locator(".label strong").inner_text()
    tree = here.review.aria_snapshot()
    heard = [
        r'^- application "Train labels in doubt, reviewed by ada":',
        r'progressbar "rows answered"',
        r"status: all saved",
        r'group "neighbours":\s*- group "nearest rows given ',
        rf'button "Keep {given}, key Enter"',
        r'button "Drop row, key minus"',
        r'button "Unsure, key question mark"',
        r'button "Undo, key Backspace"',
        *(
            rf'button "{name}, key {place}{", as given" * (name == given)}"'
            for place, name in enumerate(("ant", "bee", "cow"), 1)
        ),
        r'combobox "Search a class"',
        r'button "Run experiment"',
    ]
    assert [said for said in heard if not re.search(said, tree)] == []
    total = here.said_in("progress").rpartition(" ")[2]
    progress = here.review.get_by_role("progressbar")
    assert progress.get_attribute("aria-valuetext") == f"0 of {total}"
    assert here.said_in("spoken").startswith(f"{row}, given {given}")
    part = here.page.get_by_test_id
    assert live(part("review-spoken")) == (None, "assertive")
    assert [live(part(f"review-{name}"))[0] for name in ("unsaved", "told", "refused", "run-told")] == [
        "status",
        "status",
        "alert",
        "status",
    ]

    edits = lab.root / "data/edits"
    edits.mkdir(exist_ok=True)
    edits.chmod(0o555)
    try:
        here.review.focus()
        here.press("2")
        until(here.banner, "that nothing is written")
        tree = here.review.aria_snapshot()
        assert re.search(r"alert:\s*(- paragraph: )?.*1 answer is not saved: ", tree), tree
        assert "status: 1 not saved yet" in tree
    finally:
        edits.chmod(0o755)
    here.saved()
    until(lambda: here.said_in("told").startswith(f"{row}: you said bee"), "what was hidden")
    tree = here.review.aria_snapshot()
    assert f'status: "{row}: you said bee; given {given}' in tree or f"status: '{row}: you said bee" in tree, tree
    assert progress.get_attribute("aria-valuetext") == f"1 of {total}"
    following = until(here.row, "a row")
    assert here.said_in("spoken").startswith(f"{following}, given ")
    assert len(lines(lab.root)) == 1
    here.page.keyboard.press("/")
    here.page.keyboard.type("c")
    tree = here.review.aria_snapshot()
    assert re.search(r'combobox "Search a class" \[expanded\].*', tree), tree
    assert re.search(r'listbox "classes found":\s*- option "cow" \[selected\]', tree), tree
    context.close()


def test_a_row_that_is_brought_back_shows_neighbours_of_the_class_that_was_suggested(lab: Lab, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    here = Notebook(lab, context.new_page(), NOTEBOOK).open()
    here.run_all()
    here.review.focus()
    for _ in range(20):
        (row,) = here.press("?")
        here.saved()
        until(lambda row=row: here.said_in("told").startswith(f"{row}: "), "what was hidden")  # type: ignore[misc]
        given, suggested = re.findall(r"given (\w+), the model suggests (\w+)$", here.said_in("told"))[0]
        if given != suggested:
            break
    assert "suggests" not in here.said_in("neighbours")
    here.page.keyboard.press("Backspace")
    title = f"nearest rows given {suggested}, which the model suggests"
    until(lambda: title in here.said_in("neighbours"), "neighbours of the suggested class")
    group = here.review.get_by_role("group", name=title, exact=True)
    assert set(group.locator("figcaption").all_inner_texts()) == {suggested}
    here.saved()
    here.looks("brought-back")
    context.close()


def test_the_tab_key_goes_through_the_review_in_the_order_in_which_it_is_read_and_shows_where_it_is(
    lab: Lab, browser: Browser
) -> None:
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    here = Notebook(lab, context.new_page(), NOTEBOOK).open()
    here.run_all()
    until(here.row, "a row")
    until(lambda: "nearest" in here.said_in("neighbours"), "neighbours")
    here.review.focus()
    reached: list[str] = []
    while len(reached) < 30:
        here.page.keyboard.press("Tab")
        name, outline = here.review.evaluate(FOCUSED)
        if not name:
            break
        reached.append(name)
        assert (outline[0], float(outline[1].removesuffix("px")) >= 2) == ("solid", True), name
    given = here.review.locator(".label strong").inner_text()
    classes = [f"{name}, key {place}{', as given' * (name == given)}" for place, name in enumerate(("ant", "bee", "cow"), 1)]
    commands = [f"Keep {given}, key Enter", "Drop row, key minus", "Unsure, key question mark", "Undo, key Backspace"]
    assert reached == [
        "values", "neighbours", *commands, *classes, "Search a class", "This session", "Run experiment",
    ]  # fmt: skip
    context.close()

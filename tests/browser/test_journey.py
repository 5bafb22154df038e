"""From a doubted label to a measured effect without leaving the notebook, as a person goes."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest
from answers import answered, lines
from lab import Lab, Notebook, until
from playwright.sync_api import Browser

NOTEBOOK = "notebooks/03-review-labels.ipynb"


@pytest.fixture(scope="module")
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    """Notebook 03, open all along the way; the browser keeps what it stores."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    lab.git("config", "user.name", "Ada")
    yield Notebook(lab, context.new_page(), NOTEBOOK).open()
    context.close()


def experiments(root: Lab) -> list[str]:
    names = root.git("for-each-ref", "--format=%(refname)", "refs/exps").split()
    return [name.rpartition("/")[2] for name in names if re.match(r"refs/exps/[0-9a-f]{2}/", name)]


def test_run_all_shows_the_review_and_starts_no_experiment(notebook: Notebook) -> None:
    notebook.run_all()
    notebook.review.scroll_into_view_if_needed()
    notebook.shot("1-opened")
    assert notebook.errors() == []
    assert notebook.said_in("unsaved") == "all saved"
    assert experiments(notebook.lab) == []
    assert not (notebook.lab.root / ".ceteris/runs").exists()
    assert lines(notebook.lab.root) == []


def test_each_key_is_a_line_on_disk(notebook: Notebook) -> None:
    notebook.review.focus()
    keys = ["3", "Enter", "7", "?", "-", "0", "9", "1"]
    said = ["3", None, "7", "unsure", "drop", "0", "9", "1"]
    rows = notebook.press(*keys)
    notebook.saved()
    notebook.shot("2-answered")
    written = lines(notebook.lab.root)
    assert [answered(line)[0] for line in written] == rows
    assert [answered(line)[1] for line in written] == [
        word or line["given_label"] for word, line in zip(said, written, strict=True)
    ]
    assert {line["reviewer"] for line in written} == {"Ada"}
    assert notebook.said_in("progress").startswith("8 of ")


def test_what_was_hidden_is_told_after_the_answer_and_a_key_adds_no_cell(notebook: Notebook) -> None:
    cells = notebook.page.locator(".jp-Cell").count()
    notebook.review.focus()
    assert "suggests" not in notebook.said_in("row")
    (row,) = notebook.press("2")
    notebook.saved()
    until(lambda: notebook.said_in("told").startswith(f"{row}: you said 2; given "), "what the model suggests")
    notebook.page.keyboard.press("b")
    notebook.page.keyboard.press("x")
    assert notebook.page.locator(".jp-Cell").count() == cells


def test_answers_that_a_dead_kernel_never_heard_are_there_after_the_cell_is_run_again(notebook: Notebook) -> None:
    before = lines(notebook.lab.root)
    notebook.lab.kill_kernel()
    notebook.review.focus()
    rows = notebook.press("4", "5", "6", "?")
    until(lambda: "4 answers are not saved" in notebook.said_in("banner"), "the count")
    assert notebook.said_in("unsaved") == "4 not saved yet"
    notebook.shot("3-killed")
    assert lines(notebook.lab.root) == before

    notebook.reopen()
    assert lines(notebook.lab.root) == before
    notebook.run_all()
    notebook.saved()
    notebook.shot("4-back")
    fresh = lines(notebook.lab.root)[len(before) :]
    assert [answered(line) for line in fresh] == list(zip(rows, ["4", "5", "6", "unsure"], strict=True))
    assert len({line["answer"] for line in lines(notebook.lab.root)}) == len(before) + 4


def test_a_crash_in_the_middle_loses_nothing_either(notebook: Notebook) -> None:
    before = lines(notebook.lab.root)
    notebook.review.focus()
    rows = notebook.press("8", "8")
    notebook.lab.crash_kernel()
    notebook.answer_dialog()
    notebook.review.focus()
    rows += notebook.press("3", "3")
    notebook.run_all()
    notebook.saved()
    fresh = lines(notebook.lab.root)[len(before) :]
    assert [answered(line) for line in fresh] == list(zip(rows, ["8", "8", "3", "3"], strict=True))


def test_undo_adds_a_line_and_brings_the_row_back(notebook: Notebook) -> None:
    before = lines(notebook.lab.root)
    notebook.review.focus()
    (row,) = notebook.press("0")
    notebook.page.keyboard.press("Backspace")
    assert notebook.row() == row
    notebook.press("1")
    notebook.saved()
    first, back, second = lines(notebook.lab.root)[len(before) :]
    assert [(line["id"], line["action"]) for line in (first, back)] == [(row, first["action"]), (row, "revert")]
    assert back["reverts"] == first["answer"]
    assert answered(second) == (row, "1")


def test_two_hundred_key_presses_in_a_row_lose_none_and_arrive_in_order(notebook: Notebook) -> None:
    before = lines(notebook.lab.root)
    notebook.review.focus()
    keys = random.Random(0).choices("0123456789", k=200)
    rows = notebook.press(*keys)
    notebook.saved()
    fresh = lines(notebook.lab.root)[len(before) :]
    assert [answered(line) for line in fresh] == list(zip(rows, keys, strict=True))
    assert len(set(rows)) == 200
    assert [line["at"] for line in fresh] == sorted(line["at"] for line in fresh)


def test_the_button_runs_the_experiment_while_answering_goes_on(notebook: Notebook) -> None:
    answers = len(lines(notebook.lab.root))
    notebook.page.get_by_test_id("review-run").click()
    until(lambda: "review-1 is running" in notebook.said_in("run-told"), "that it runs")
    notebook.shot("5-running")
    notebook.press("5", "5", "5")
    notebook.saved()
    assert len(lines(notebook.lab.root)) == answers + 3
    until(lambda: "review-1 is done" in notebook.said_in("run-told"), "that it is done", 300)
    notebook.shot("6-done")
    assert "Against main, data (" in notebook.said_in("run-told")
    assert experiments(notebook.lab) == ["review-1"]


def test_the_effect_of_these_answers_stands_beside_the_other_experiments(notebook: Notebook) -> None:
    notebook.run_cell("bench.experiments()")
    shown = notebook.output("bench.experiments()")
    assert re.search(r"review-1\s*data\s*\d+ labels, \d+ rows? dropped", shown)
    assert any(verdict in shown for verdict in ("helps", "harms", "cannot tell", "no practical difference"))
    notebook.cell("bench.experiments()").scroll_into_view_if_needed()
    notebook.shot("7-effect")
    assert notebook.errors() == []


def test_the_answers_that_mattered_are_named(notebook: Notebook) -> None:
    notebook.new_cell('bench.credit(reviewer="Ada").head(10)')
    shown = notebook.output("bench.credit(")
    rows = {line["id"] for line in lines(notebook.lab.root)}
    assert set(re.findall(r"digit-\d+", shown)) <= rows
    assert re.search(r"digit-\d+", shown)
    notebook.shot("8-mattered")


def test_git_shows_the_answers_and_nothing_else_but_the_notebook(notebook: Notebook) -> None:
    changed = {line[3:] for line in notebook.lab.git("status", "--porcelain").splitlines()}
    assert {path for path in changed if not path.startswith("data/edits/")} <= {NOTEBOOK}

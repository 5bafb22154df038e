"""What changes behind an open review (rows, labels, the ledger) is told in a sentence, and no answer is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from answers import answered, lines
from lab import Lab, Notebook, serve, until
from playwright.sync_api import Browser
from worlds import NOTEBOOK, made_again, plain

from ceteris.editing.edit_lines import COLUMNS

SIZE = {"width": 1400, "height": 1000}
CHANGED = "The data have changed since this queue was opened. Open it anew: run the cell again."


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab on rows of three classes."""
    folder = tmp_path_factory.mktemp("changed")
    with serve(plain(folder / "repository"), folder / "home") as served:
        shutil.copytree(served.root, folder / "as it was")
        yield served


@pytest.fixture
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    """The review of its train rows, open, with a row to answer; what a test changed is put back."""
    context = browser.new_context(viewport=SIZE)
    opened = Notebook(lab, context.new_page(), NOTEBOOK).open()
    opened.run_all()
    until(opened.row, "a row")
    opened.review.focus()
    yield opened
    context.close()
    lab.kill_kernel()
    for name in ("data", "results", ".ceteris"):
        shutil.rmtree(lab.root / name, ignore_errors=True)
    shutil.copytree(lab.root.parent / "as it was", lab.root, dirs_exist_ok=True)


def given(notebook: Notebook) -> str:
    return notebook.review.locator(".label strong").inner_text()


def kept(notebook: Notebook) -> int:
    """Return how many answers the browser keeps."""
    return int(notebook.page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('ceteris-review/')).length"))


def again(notebook: Notebook) -> None:
    notebook.run_all()
    until(notebook.row, "a row")
    notebook.saved()
    notebook.review.focus()


def test_answers_to_rows_that_are_gone_or_relabelled_are_refused_by_name_and_the_others_are_saved(notebook: Notebook) -> None:
    root = notebook.lab.root
    notebook.press("1")
    notebook.saved()
    gone = until(notebook.row, "a row")
    notebook.press("1")
    relabelled, was = until(notebook.row, "a row"), given(notebook)
    notebook.page.keyboard.press("Backspace")
    notebook.saved()
    before = len(lines(root))

    def change(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[table["id"] == relabelled, "label"] = "cow" if was != "cow" else "ant"
        return table[table["id"] != gone]

    made_again(root, change)
    pressed = notebook.press("1", "2", "3")
    assert pressed[:2] == [gone, relabelled]
    until(lambda: CHANGED in notebook.banner(), "that the data have changed")
    assert notebook.banner() == f"3 answers are not saved: {CHANGED} This browser keeps them until then."
    assert len(lines(root)) == before
    notebook.looks("data-changed")

    again(notebook)
    (line,) = lines(root)[before:]
    assert answered(line) == (pressed[2], "cow")
    told = notebook.said_in("refused")
    assert told.startswith(f"Not written 2 answers: {gone}, ")
    assert f"; {relabelled}, " in told
    assert "gone from this queue, or its label has changed since it was shown" in told
    notebook.looks("data-changed-refused")

    notebook.reopen()
    again(notebook)
    assert notebook.said_in("refused") == told  # until somebody has seen it
    notebook.review.get_by_role("button", name="dismiss").click()
    assert (notebook.said_in("refused"), kept(notebook)) == ("", 0)
    assert len(lines(root)) == before + 1


def renamed(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(label=table["label"].replace("bee", "wasp"))


def removed(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["label"] != "bee"]


@pytest.mark.parametrize(
    ("change", "classes"), [(renamed, ["ant", "cow", "wasp"]), (removed, ["ant", "cow"])], ids=["renamed", "removed"]
)
def test_an_answer_that_names_a_class_that_is_none_any_more_is_refused_with_the_classes_that_are(
    change: Callable[[pd.DataFrame], pd.DataFrame], classes: list[str], notebook: Notebook
) -> None:
    made_again(notebook.lab.root, change, validate={"classes": classes})
    expected: dict[str, Any] = {"saved": [], "refused": []}
    for key, label in [("1", "ant"), ("2", "bee"), ("3", "cow")] * 3:
        id = until(notebook.row, "a row")
        stale = "bee" in (label, given(notebook))
        expected["refused" if stale else "saved"].append((id, label))
        notebook.press(key)
    assert all(expected.values())
    until(lambda: CHANGED in notebook.banner(), "that the data have changed")
    assert lines(notebook.lab.root) == []

    again(notebook)
    assert [answered(line) for line in lines(notebook.lab.root)] == expected["saved"]
    told = notebook.said_in("refused")
    assert all(id in told for id, _ in expected["refused"])
    assert "'bee' is no class now." in told
    assert kept(notebook) == len(expected["refused"])
    assert [button.get_attribute("aria-label") for button in notebook.review.locator(".classes button").all()] == [
        f"{label}, key {place}{', as given' * (label == given(notebook))}" for place, label in enumerate(classes, 1)
    ]
    notebook.looks(f"classes-{len(classes)}")


def test_a_ledger_that_was_edited_into_nonsense_is_named_with_its_line_and_answers_land_when_it_is_mended(
    notebook: Notebook,
) -> None:
    root = notebook.lab.root
    notebook.press("1", "2")
    notebook.saved()
    (path,) = (root / "data/edits").glob("ada-*.csv")
    whole = path.read_bytes()
    path.write_bytes(whole + b'"row-0001,relabel\nno end\n')
    damaged, place = path.read_bytes(), f"data/edits/{path.name} line 4"

    pressed = notebook.press("3", "1")
    until(lambda: notebook.banner().startswith("2 answers are not saved: "), "that both answers wait")
    assert place in notebook.banner()
    assert notebook.said_in("unsaved") == "2 not saved yet"
    assert kept(notebook) == 2
    notebook.looks("ledger")
    assert path.read_bytes() == damaged
    path.write_bytes(whole)
    notebook.saved()
    until(lambda: not notebook.banner(), "that all can be read")
    assert [answered(line) for line in lines(root)[2:]] == list(zip(pressed, ["cow", "ant"], strict=True))


def test_a_ledger_that_was_nonsense_before_is_named_when_the_review_is_opened(notebook: Notebook) -> None:
    root = notebook.lab.root
    notebook.press("1", "2")
    notebook.saved()
    (mine,) = (root / "data/edits").glob("ada-*.csv")
    whole = mine.read_bytes()
    mine.write_bytes(whole + b"row-0001,frobnicate\n")
    other = mine.with_name("bob-1.csv")
    other.write_text(f"{','.join(COLUMNS)}\nnothing\n", encoding="utf-8")
    notebook.reopen()
    again(notebook)
    told = f"Left out, since it cannot be read: data/edits/{mine.name} line 4: 2 fields, not 11, and 1 more."
    assert notebook.banner() == f"{told} See: ceteris edits check"
    notebook.looks("ledger-opened")

    (row,) = notebook.press("3")
    until(lambda: notebook.banner().startswith("1 answer is not saved: "), "that it is not saved")
    assert f"data/edits/{mine.name} line 4" in notebook.banner()
    mine.write_bytes(whole)
    notebook.saved()
    assert [answered(line) for line in lines(root) if line["id"] == row] == [(row, "cow")]
    told = f"Left out, since it cannot be read: data/edits/{other.name} line 2: 1 fields, not 11. See: ceteris edits check"
    until(lambda: notebook.banner() == told, "what cannot be read still")
    other.unlink()
    notebook.press("3")
    notebook.saved()
    until(lambda: not notebook.banner(), "that all can be read")

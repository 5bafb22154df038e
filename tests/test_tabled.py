"""What is to be copied from a table stands whole in a terminal of 80 and of 60 columns."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console, RenderableType
from small import edit
from test_board import BOARDS
from test_reviews_shown import HARMS, HELPS, answers, credit
from test_shown_experiments import better
from test_shown_experiments import told as lines_of
from test_standing import told as standing_of

from ceteris.experiments.board_shown import board_shown
from ceteris.experiments.reviews_shown import answers_shown, credit_shown
from ceteris.experiments.shown import shown
from ceteris.reviewing.edits_shown import listed

LONG, ID = "augmented-labels-2", "0f8fad5b-d9cb-469f-a165-70867"


def experiments(width: int) -> tuple[RenderableType, list[str]]:
    return shown(lines_of(better(LONG)), "accuracy", width), [LONG, "on base", "helps"]


def batches(width: int) -> tuple[RenderableType, list[str]]:
    one = credit(f"ann/{LONG}", HARMS)
    return credit_shown([one, credit("b", HELPS)], "batch", "accuracy", "beside", width), [f"ann/{LONG}"]


def own_answers(width: int) -> tuple[RenderableType, list[str]]:
    found = answers(3)
    found.moving.loc[0, "id"] = ID[:18]
    found.moving.loc[0, "batch"] = "batch-12"
    return answers_shown(found, "accuracy", "beside"), [ID[:18], "batch-12"]


def edits(width: int) -> tuple[RenderableType, list[str]]:
    return listed(standing_of(edit(ID, new="bee", reviewer="reviewer-one")), width=width), [ID, "reviewer-one"]


def budget(width: int) -> tuple[RenderableType, list[str]]:
    board = BOARDS["few"]
    return board_shown(board, width), [trial.name for trial in board.trials]


def printed(what: RenderableType, width: int) -> str:
    """Return what a terminal shows of a table, as the commands print it."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(what, crop=False)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("table", [experiments, batches, own_answers, edits, budget])
def test_names_are_never_broken_and_no_line_is_cut(
    table: Callable[[int], tuple[RenderableType, list[str]]], width: int
) -> None:
    found, names = table(width)
    text = printed(found, width)
    assert max(map(len, text.splitlines())) <= width
    for name in names:
        assert name in text, text


def test_a_name_as_long_as_the_terminal_is_still_whole_and_what_stands_beside_it_too() -> None:
    name = "x" * 58
    text = printed(shown(lines_of(better(name)), "accuracy", 60), 60)
    assert name in text and "[" in text and "helps" in text


def test_what_stands_beside_an_id_that_is_longer_than_a_terminal_is_not_left_out() -> None:
    id = "".join(f"{place:03d}" for place in range(40))
    text = printed(listed(standing_of(edit(id, new="bee", reviewer="reviewer-one")), width=80), 80)
    (line,) = (line for line in text.splitlines() if id in line)
    assert "ant \u2192" in line and "counts" in line

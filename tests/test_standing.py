"""Who said what of which row and when, and what became of it: told as `edits.resolve` decides."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import decided, edit

from ceteris.editing import edits
from ceteris.errors import BadInputError
from ceteris.reviewing.standing import COLUMNS, chosen, standing

LATER, LAST = "2026-02-01T12:00:00+00:00", "2026-02-02T12:00:00+00:00"
PARTS = {"a": "train", "b": "validation"}


def told(*lines: dict[str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(lines, columns=list(edits.COLUMNS), dtype=object)
    return standing(frame.assign(where=[f"line {row + 2}" for row in range(len(frame))]), PARTS)


def test_each_line_says_who_ended_it_and_when() -> None:
    first, second = edit("a", new="bee"), edit("a", new="cow", at=LATER)
    other = edit("b", "confirm", reviewer="bob", source="disagreement")
    undo = edit("", "revert", reverts=other["answer"], reviewer="lead", at=LAST)
    table = told(undo, second, other, first)
    assert list(table.columns) == list(COLUMNS)
    assert table[["id", "part", "state", "ended_by", "ended_at"]].to_numpy().tolist() == [
        ["b", "validation", "reverted", "lead", LAST],
        ["a", "train", "replaced", "ann", LATER],
        ["a", "train", "live", "", ""],
        ["b", "validation", "revert", "", ""],
    ]


def test_an_answer_that_was_reverted_gives_way_to_the_one_before_it() -> None:
    first, second = edit("a", new="bee"), edit("a", new="cow", at=LATER)
    undo = edit("a", "revert", reverts=second["answer"], at=LAST)
    assert told(first, second, undo)["state"].tolist() == ["live", "reverted", "revert"]


def test_what_is_sent_again_counts_once_and_a_control_nowhere() -> None:
    line, control = edit("a", new="bee"), edit("b", new="bee", source=edits.CONTROL)
    assert told(line, line, control)["state"].tolist() == ["live", "again", "control"]


def test_a_row_that_is_gone_has_no_part() -> None:
    assert told(edit("gone", new="bee"))["part"].tolist() == [""]


MOMENTS = st.integers(0, 5).map(lambda hour: f"2026-01-31T{hour:02d}:00:00+00:00")
LINES = st.lists(
    st.builds(
        lambda id, new, who, at, number: edit(id, new=new, reviewer=who, at=at, batch=str(number)),
        st.sampled_from("ab"), st.sampled_from(["bee", "cow"]), st.sampled_from(["ann", "bob"]), MOMENTS, st.integers(0, 9),
    ),
    max_size=8, unique_by=lambda line: (line["id"], line["reviewer"], line["at"]),
)  # fmt: skip


@given(LINES, st.sets(st.integers(0, 7)))
def test_the_answers_that_count_are_those_that_decide(lines: list[dict[str, str]], undone: set[int]) -> None:
    reverts = [edit("", "revert", reverts=lines[place]["answer"], at=LATER) for place in undone if place < len(lines)]
    table = told(*lines, *reverts)
    live = table[table["state"] == "live"]
    assert not live.duplicated(["id", "reviewer"]).any()
    assert set(decided(*lines, *reverts, rule="latest")["answer"]) <= set(live["answer"])
    assert set(live["id"]) == set(decided(*lines, *reverts, rule="latest")["id"])


def test_lines_are_chosen_by_any_column_and_day() -> None:
    table = told(edit("a", new="bee"), edit("b", "drop", reviewer="bob", at=LATER))
    assert chosen(table, reviewer="bob")["id"].tolist() == ["b"]
    assert chosen(table, action="relabel", id="a", reviewer=None)["id"].tolist() == ["a"]
    assert chosen(table, since="2026-02-01")["id"].tolist() == ["b"]
    assert chosen(table, since="2026-02-01T14:00:00+03:00")["id"].tolist() == ["b"]
    assert chosen(table, since="2026-02-01T12:00:01").empty


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"reviewer": "bop"}, "No line of the ledger has the reviewer 'bop'. Did you mean 'bob'?"),
        ({"state": "alive"}, "No line of the ledger has the state 'alive'. Did you mean 'live'?"),
        ({"since": "yesterday"}, "'yesterday' is no day. Write it like 2026-01-31"),
    ],
)
def test_what_no_line_has_is_refused(wanted: dict[str, str], said: str) -> None:
    table = told(edit("a", new="bee"), edit("b", "drop", reviewer="bob"))
    with pytest.raises(BadInputError) as refusal:
        chosen(table, **wanted)
    assert said in str(refusal.value)

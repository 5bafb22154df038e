"""Every line of a ledger is checked against the data of today, and each finding says what to do."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from small import CLASSES, edit

from ceteris.editing import edits
from ceteris.editing.edit_lines import Fault
from ceteris.reviewing.checking import COLUMNS, Today, check

LATER = "2026-02-01T12:00:00+00:00"
PARTS = pd.Series({"a": "train", "a too": "train", "b": "train", "c": "train", "v": "validation", "t": "test"})
LABELS = pd.Series({"a": "ant", "a too": "ant", "b": "bee", "c": "cow", "v": "ant"})
TODAY = Today(PARTS, LABELS, CLASSES, "refuse", ("reviewed",))
FITTING = [
    edit("a", new="bee"),
    edit("b", "confirm", "bee"),
    edit("c", "unsure", "cow"),
    edit("v", "confirm", source="disagreement"),
]


def found(
    *lines: dict[str, str], faults: tuple[Fault, ...] = (), sealed: bool = False, today: Today = TODAY
) -> list[list[Any]]:
    frame = pd.DataFrame(lines, columns=list(edits.COLUMNS), dtype=object)
    table = check(frame.assign(where=[f"line {row + 2}" for row in range(len(frame))]), faults, today, sealed=sealed)
    assert list(table.columns) == list(COLUMNS)
    return table[["where", "what", "do", "must"]].to_numpy().tolist()


def test_edits_that_fit_leave_nothing_to_say() -> None:
    assert found(*FITTING) == []
    assert found() == []


@pytest.mark.parametrize(
    ("line", "what", "do"),
    [
        (edit("gone", new="bee"), "the id 'gone' is unknown today: the row is gone", "ceteris edits revert"),
        (edit("a", new="beee"), "'beee' is none of the classes. Did you mean 'bee'?", "Answer the row anew"),
        (edit("a", given="cow", new="bee"), "'a' holds 'ant', the edit was made on 'cow'", "ceteris edits revert"),
        (edit("a", "drop", given="dog"), "made on 'dog'; 'dog' is no class any more", "ceteris edits revert"),
        (edit("t", new="bee"), "is about a row of the sealed test part", "Move the line to release/edits/"),
        (edit("v", new="bee"), "relabel of a validation row from 'queue': no answer of a blind review", "ceteris queue"),
        (edit("v", "drop", source="disagreement"), "drop of a validation row from 'disagreement'", "Take it back"),
        (edit("", "revert", reverts="nowhere"), "reverts the unknown answer 'nowhere'", "Correct the line"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_stands_against_one_line_is_told_with_the_way_out(line: dict[str, str], what: str, do: str) -> None:
    ((where, said, way, must),) = found(*FITTING[1:3], line)
    assert (where, must) == ("line 4", True)
    assert what in said
    assert do in way
    if "ceteris edits revert" in way:
        assert line["answer"] in way


def test_every_bad_line_is_listed_those_that_cannot_be_read_first() -> None:
    faults = (Fault("data/edits/ann-1.csv line 3", "2 fields, not 11"), Fault("data/edits/notes.txt", "cannot be read"))
    said = found(*[edit(f"gone {number}", new="bee") for number in range(60)], faults=faults)
    assert len(said) == 62
    assert [line[2] for line in said[:2]] == [
        "Correct it, or restore the file, without what was added since `git add`: git checkout data/edits/ann-1.csv",
        "Move it elsewhere, save it as CSV in UTF-8, or restore it: git checkout data/edits/notes.txt",
    ]


def test_an_edit_that_is_applied_already_is_to_be_known_and_no_more() -> None:
    assert found(edit("a", given="cow", new="ant")) == [
        ["line 2", "already applied: the data hold 'ant'", "Nothing has to be done.", False]
    ]


def test_reviewers_who_disagree_are_told_with_both_ways_out_and_a_rule_settles_them() -> None:
    mine, others = edit("a", new="bee"), edit("a", "drop", reviewer="bob", at=LATER)
    ((_, what, do, must),) = found(mine, others)
    assert must
    assert "ann says relabel bee (line 2); bob says drop (line 3)" in what
    assert "fix.conflicts: latest (or majority)" in do
    assert others["answer"] in do
    assert found(mine, others, today=Today(PARTS, LABELS, CLASSES, "latest")) == []


def test_what_counts_nowhere_is_not_complained_of() -> None:
    gone, control = edit("gone", new="bee"), edit("nobody", new="bee", source=edits.CONTROL)
    replaced = edit("a", new="beee")
    undo = edit("", "revert", reverts=gone["answer"], at=LATER)
    assert found(gone, control, replaced, undo, edit("a", new="bee", at=LATER)) == []


def test_an_answer_that_a_rule_overrules_hinders_no_run() -> None:
    today = Today(PARTS, LABELS, CLASSES, "latest")
    ((where, _, _, must),) = found(edit("a", new="beee"), edit("a", "drop", reviewer="bob", at=LATER), today=today)
    assert (where, must) == ("line 2", False)


def test_a_class_that_would_be_lost_is_told() -> None:
    ((_, what, do, must),) = found(edit("b", "drop", "bee"))
    assert must
    assert "'reviewed' would hold no row of 'bee'" in what
    assert "fix.recipes.reviewed" in do
    assert found(edit("b", "drop", "bee"), today=Today(PARTS, LABELS, CLASSES, "refuse")) == []


def test_the_ledger_of_test_rows_holds_test_rows_alone_and_their_labels_are_not_looked_at() -> None:
    assert found(edit("t", given="cow", new="bee", source="disagreement"), sealed=True) == []
    ((_, what, do, _),) = found(edit("a", new="bee"), sealed=True)
    assert "is about a train row" in what
    assert "data/edits/" in do
    ((_, what, _, _),) = found(edit("gone", new="bee"), sealed=True)
    assert "unknown" in what


@pytest.mark.parametrize(("action", "source"), [("confirm", "queue"), ("confirm", "random"), ("drop", "disagreement")])
def test_what_no_blind_review_said_of_a_test_row_is_told(action: str, source: str) -> None:
    line = edit("t", action, source=source)
    assert found(line, sealed=True) == [
        ["line 2", f"{action} of a test row from {source!r}: no answer of a blind review",
         f"Take it back: ceteris edits revert {line['answer']} --reviewer YOUR-NAME. Ask anew: ceteris queue test", True]
    ]  # fmt: skip


@pytest.mark.parametrize("part", ["validation", "test"])
def test_an_answer_that_is_not_blind_is_to_be_known_and_who_could_answer_instead_is_said(part: str) -> None:
    row = part[0]
    anew = edit(row, "confirm", source="told", at=LATER)
    (alone,) = found(anew, sealed=part == "test")
    assert alone[1:] == [
        "ann had been told the given label before: the answer leaves the label open, as unsure does",
        f"To let somebody else answer, take it back: ceteris edits revert {anew['answer']} --reviewer YOUR-NAME. "
        f"Ask anew: ceteris queue{' test' if part == 'test' else ''}",
        False,
    ]
    (beside,) = found(edit(row, "confirm", source="disagreement"), anew, sealed=part == "test")
    assert "the first answer counts" in beside[1]
    assert beside[2:] == ["Nothing has to be done.", False]


def test_a_random_train_answer_whose_row_judges_by_now_is_to_be_known_and_no_more() -> None:
    ((where, what, do, must),) = found(edit("v", "relabel", "dog", "bee", source="random"))
    assert (where, do, must) == ("line 2", "Nothing has to be done.", False)
    assert "when this was a train row" in what

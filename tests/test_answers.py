"""A queue that a person filled in becomes lines of the ledger: each answer once, and nothing where something is wrong."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small import CLASSES, decided, edit

from ceteris import edits
from ceteris.answers import to_edits, to_reverts, to_review
from ceteris.errors import BadInputError
from ceteris.store import table_text

GIVEN = pd.Series({"t1": "ant", "t2": "bee", "v1": "cow"})
JUDGING = frozenset({"v1"})
NOBODY = edits.parse("", "")
AT = "2026-02-01T12:00:00+00:00"


def filled(*answers: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(answers, columns=["id", "label"], dtype=object)


def lines(*answers: tuple[str, str], known: pd.DataFrame = NOBODY, classes: tuple[str, ...] = CLASSES) -> list[dict[str, str]]:
    return to_edits(filled(*answers), GIVEN, JUDGING, classes, known, reviewer="ann", batch="b", at=AT)


def ledger(*known: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(known, columns=list(edits.COLUMNS), dtype=object)


@pytest.mark.parametrize(
    ("id", "answer", "action", "new", "source"),
    [
        ("t1", "bee", "relabel", "bee", "queue"),
        ("t1", "ant", "confirm", "", "queue"),
        ("t1", "drop", "drop", "", "queue"),
        ("t1", "unsure", "unsure", "", "queue"),
        ("t1", " bee ", "relabel", "bee", "queue"),
        ("v1", "ant", "relabel", "ant", "disagreement"),
        ("v1", "cow", "confirm", "", "disagreement"),
        ("v1", "unsure", "unsure", "", "disagreement"),
    ],
)
def test_an_answer_says_what_was_decided_on_which_label_and_where_from(
    id: str, answer: str, action: str, new: str, source: str
) -> None:
    (line,) = lines((id, answer))
    assert (line["action"], line["new_label"], line["source"], line["given_label"]) == (action, new, source, GIVEN[id])
    assert (line["reviewer"], line["batch"], line["at"]) == ("ann", "b", AT)
    assert uuid.UUID(line["answer"])


def test_what_comes_out_is_read_as_edits() -> None:
    decisions = decided(*[{"reason": "", "reverts": ""} | line for line in lines(("t1", "bee"), ("t2", "drop"))])
    assert list(decisions["action"]) == ["relabel", "drop"]


def test_a_row_left_blank_is_no_answer() -> None:
    assert lines(("t1", ""), ("t2", "  ")) == []


def test_a_class_that_is_called_like_an_answer_is_a_class() -> None:
    (line,) = lines(("t1", "drop"), classes=("ant", "drop"))
    assert (line["action"], line["new_label"]) == ("relabel", "drop")


def test_a_class_with_a_space_at_its_end_can_be_answered() -> None:
    (line,) = lines(("t1", "bee "), classes=("ant", "bee "))
    assert line["new_label"] == "bee "


def test_an_answer_that_is_there_already_is_not_said_again() -> None:
    known = ledger(edit("t1", given="ant", new="bee"))
    assert lines(("t1", "bee"), known=known) == []
    assert len(lines(("t1", "cow"), known=known)) == 1
    assert len(lines(("t1", "bee"), known=ledger(edit("t1", given="ant", new="bee", reviewer="bob")))) == 1


def test_the_last_answer_counts_by_time_and_a_reverted_one_does_not() -> None:
    late = edit("t1", given="ant", new="cow", at="2026-01-31T14:00:00+00:00")
    early = edit("t1", given="ant", new="bee", at="2026-01-31T13:00:00+00:00")
    undo = edit("", "revert", reverts=late["answer"], at="2026-01-31T15:00:00+00:00")
    assert lines(("t1", "cow"), known=ledger(late, early)) == []
    assert len(lines(("t1", "cow"), known=ledger(late, early, undo))) == 1
    assert lines(("t1", "bee"), known=ledger(late, early, undo)) == []


def test_the_same_answer_on_two_lines_counts_once() -> None:
    assert len(lines(("t1", "bee"), ("t1", "bee"))) == 1


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([("t1", "bees")], "'t1': 'bees' is no class. Did you mean 'bee'?"),
        ([("nobody", "bee")], "'nobody' is no train or validation row"),
        ([("1E+05", "bee")], "'1E+05' is no train or validation row"),
        ([("v1", "drop")], "'v1' is a row that judges, which no edit may drop; answer `unsure`"),
        ([("t1", "bee"), ("t1", "cow")], "'t1' is answered twice, 'bee' and 'cow'"),
    ],
)
def test_an_answer_that_cannot_be_read_is_refused(answers: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(BadInputError) as refusal:
        lines(("t2", "ant"), *answers)
    assert said in str(refusal.value)
    assert str(refusal.value).endswith("Correct them; nothing was written.")


def test_every_bad_answer_is_listed() -> None:
    with pytest.raises(BadInputError) as refusal:
        lines(("t1", "x"), ("nobody", "bee"))
    assert "'t1'" in str(refusal.value)
    assert "'nobody'" in str(refusal.value)


@pytest.mark.parametrize("column", ["id", "label"])
def test_a_file_without_its_columns_is_refused(column: str) -> None:
    with pytest.raises(BadInputError, match=f"no '{column}'"):
        to_edits(filled(("t1", "ant")).drop(columns=column), GIVEN, JUDGING, CLASSES, NOBODY, reviewer="a", batch="b", at=AT)


def test_a_table_to_fill_in_holds_an_empty_label_the_queue_and_the_features() -> None:
    queue = pd.DataFrame({"id": ["b", "a"], "given_label": ["x", "y"]})
    features: Any = pd.DataFrame({"size": [1.0, 2.0], "label": [3.0, 4.0]}, index=["a", "b"])
    table = to_review(queue, features, ("given_label",))
    assert list(table.columns) == ["id", "label", "given_label", "size", "feature label"]
    assert table.to_numpy().tolist() == [["b", "", "x", 2.0, 4.0], ["a", "", "y", 1.0, 3.0]]


def test_whole_numbers_are_shown_whole() -> None:
    queue = pd.DataFrame({"id": ["a", "b", "c"]})
    values = {"flag": [1.0, 0.0, 1.0], "hole": [1.0, np.nan, 3.0], "part": [1.0, 0.5, 2.0], "huge": [1.0, 2.0, 1e300]}
    features = pd.DataFrame({**values, "void": [np.nan] * 3, "word": ["x", None, "1.0"]}, index=["a", "b", "c"])
    lines = table_text(to_review(queue, features, ())).splitlines()
    assert lines[1:] == ["a,,1,1,1.0,1.0,,x", "b,,0,,0.5,2.0,,", "c,,1,3,2.0,1e+300,,1.0"]


ANSWERS = (
    edit("t1", new="bee", reviewer="ann", batch="x"),
    edit("t2", given="bee", new="cow", reviewer="ann", batch="x"),
    edit("t3", new="cow", reviewer="bob", batch="x"),
)


def test_taking_a_batch_back_brings_every_decision_of_it_back_and_no_other() -> None:
    taken = to_reverts(ledger(*ANSWERS), "ann/x", reviewer="lead", at=AT)
    assert [(line["id"], line["reverts"]) for line in taken] == [(line["id"], line["answer"]) for line in ANSWERS[:2]]
    assert decided(*ANSWERS, *taken)["id"].tolist() == ["t3"]


def test_one_answer_is_taken_back_by_its_name_and_once() -> None:
    (line,) = to_reverts(ledger(*ANSWERS), ANSWERS[2]["answer"], reviewer="lead", at=AT)
    assert line["reverts"] == ANSWERS[2]["answer"]
    with pytest.raises(BadInputError, match="was taken back before"):
        to_reverts(ledger(*ANSWERS, line), "bob/x", reviewer="lead", at=AT)


def test_an_unknown_batch_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadInputError, match="Did you mean 'ann/x'"):
        to_reverts(ledger(*ANSWERS), "an/x", reviewer="lead", at=AT)

"""The first answer of a person about a row that judges is blind; what is said when its label is known verifies nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import CLASSES, decided, edit

from ceteris.editing import edits
from ceteris.editing.answers import to_edits
from ceteris.editing.blind import not_blind, told_of_blindness
from ceteris.editing.reverts import to_reverts
from ceteris.errors import LeakageError
from ceteris.measuring.disagreement import NOT_ANSWERED, UNSURE
from ceteris.measuring.verified import answers_of, said_of

IDS = np.array(["v1", "v2", "v3"], dtype=object)
TEXTS = np.array(["ant", "bee", "cow"], dtype=object)
GIVEN = pd.Series(TEXTS, index=IDS)
ACTS = st.tuples(st.sampled_from(["ann", "bob"]), st.sampled_from(list(IDS)), st.sampled_from([*CLASSES, "unsure", "undo"]))


def ledger(*lines: dict[str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(lines, columns=list(edits.COLUMNS), dtype=object)
    return frame.assign(where=[f"data/edits/ann-1.csv line {row + 2}" for row in range(len(frame))])


def written(acts: list[tuple[str, str, str]]) -> list[dict[str, str]]:
    """Return the lines that people leave who answer for rows that judge, take answers back and answer anew."""
    lines: list[dict[str, str]] = []
    for minute, (who, id, said) in enumerate(acts):
        at = (datetime(2026, 2, 1, tzinfo=UTC) + timedelta(minutes=minute)).isoformat()
        known = ledger(*lines)
        if said != "undo":
            filled = pd.DataFrame({"id": [id], "label": [said]})
            lines += to_edits(filled, GIVEN, frozenset(IDS), CLASSES, known, reviewer=who, batch="b", at=at)
            continue
        mine = (known["reviewer"] == who) & (known["id"] == id) & (edits.states(known) == "live")
        if mine.any():
            lines += to_reverts(known, mine, "it", reviewer=who, at=at)
    return lines


def firsts(lines: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the first line of each person about each row, and what takes it back."""
    kept: dict[tuple[str, str], dict[str, str]] = {}
    for line in lines:
        if line["action"] != "revert":
            kept.setdefault((line["id"], line["reviewer"]), line)
    answers = {line["answer"] for line in kept.values()}
    return [line for line in lines if line["answer"] in answers or line.get("reverts") in answers]


def said(lines: list[dict[str, str]]) -> np.ndarray:
    return answers_of(
        decided(*[{"reason": "", "reverts": ""} | line for line in lines], rule="latest"), IDS, TEXTS, CLASSES
    ).codes


@given(st.lists(ACTS, max_size=12))
def test_no_answer_that_follows_the_first_of_a_person_ever_verifies_a_label(acts: list[tuple[str, str, str]]) -> None:
    lines = written(acts)
    every, blind = said(lines), said(firsts(lines))
    known = blind != NOT_ANSWERED
    assert every[known].tolist() == blind[known].tolist()
    assert set(every[~known]) <= {NOT_ANSWERED, UNSURE}
    assert said_of(decided(*lines, rule="latest"), IDS, CLASSES).codes.tolist() == every.tolist()


@given(st.lists(ACTS, max_size=12), st.lists(st.tuples(st.sampled_from(list(IDS)), st.sampled_from(CLASSES)), max_size=4))
def test_what_was_said_of_rows_when_they_were_train_rows_changes_no_verified_label(
    acts: list[tuple[str, str, str]], before: list[tuple[str, str]]
) -> None:
    earlier = [
        edit(
            id,
            "relabel",
            "dog",
            label,
            source="random",
            reviewer="cy",
            batch=str(number),
            at=f"2026-01-0{number + 1}T12:00:00Z",
        )
        for number, (id, label) in enumerate(before)
    ]
    lines = written(acts)
    every, blind = said([*earlier, *lines]), said(lines)
    assert every[blind >= 0].tolist() == blind[blind >= 0].tolist()
    assert (every[blind < 0] < 0).all()


def test_an_undone_answer_that_is_given_anew_is_kept_is_marked_and_leaves_the_label_open() -> None:
    lines = written([("ann", "v1", "bee"), ("ann", "v1", "undo"), ("ann", "v1", "ant")])
    assert [line["source"] for line in lines] == ["disagreement", "revert", "told"]
    assert said(lines).tolist() == [UNSURE, NOT_ANSWERED, NOT_ANSWERED]
    assert said([*lines, *written([("bob", "v1", "cow")])]).tolist() == [2, NOT_ANSWERED, NOT_ANSWERED]


def test_a_change_of_mind_takes_no_blind_answers_place() -> None:
    lines = written([("ann", "v1", "bee"), ("ann", "v1", "ant")])
    assert said(lines)[0] == 1
    assert edits.states(ledger(*lines)).tolist() == ["live", "replaced"]


def test_who_answered_for_a_row_when_it_was_a_train_row_is_not_blind_to_it() -> None:
    known = ledger(edit("v1", "confirm", source="control", reviewer="ann"))
    filled = pd.DataFrame({"id": ["v1"], "label": ["bee"]})
    for who, source in (("ann", "told"), ("bob", "disagreement")):
        (line,) = to_edits(
            filled, GIVEN, frozenset(IDS), CLASSES, known, reviewer=who, batch="b", at="2026-02-01T12:00:00+00:00"
        )
        assert line["source"] == source


def test_a_ledger_from_before_the_mark_means_what_it_meant() -> None:
    first, undone, anew = written([("ann", "v1", "bee"), ("ann", "v1", "undo"), ("ann", "v1", "ant")])
    assert said([first, undone, anew | {"source": "disagreement"}])[0] == 0


def test_two_who_answer_anew_contradict_nobody() -> None:
    lines = written([("ann", "v1", "bee"), ("bob", "v1", "bee"), ("ann", "v1", "undo"), ("ann", "v1", "cow")])
    assert edits.settle(ledger(*lines)).conflicts == {}
    assert said(lines)[0] == 1


def test_answers_that_are_not_blind_are_counted_in_a_sentence_and_those_taken_back_are_not() -> None:
    lines = [
        *written([("ann", "v1", "bee"), ("ann", "v1", "ant"), ("bob", "v2", "bee")]),
        edit("v2", source="random", new="ant"),
    ]
    assert not_blind(ledger(*lines), list(IDS))["source"].tolist() == ["told", "random"]
    assert not_blind(ledger(*lines), ["v2"])["source"].tolist() == ["random"]
    back = edit("", "revert", source="revert", reverts=lines[1]["answer"])
    assert not_blind(ledger(*lines, back), list(IDS))["source"].tolist() == ["random"]
    assert told_of_blindness(0) == ""
    assert told_of_blindness(1) == "1 answer to a validation row was not blind and so verifies no label: ceteris edits check"
    assert told_of_blindness(1200, "test").startswith("1,200 answers to test rows were not blind and so verify no label")


def test_the_mark_is_no_way_round_the_guard() -> None:
    with pytest.raises(LeakageError, match="none may drop a row"):
        said([edit("v1", "drop", "ant", source="told")])

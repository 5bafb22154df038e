"""A queue that a person filled in becomes lines of the ledger: each answer once, and nothing where something is wrong."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import CLASSES, decided, edit

from ceteris.editing import edits
from ceteris.editing.answers import not_imported, random_rows, to_edits, to_review
from ceteris.editing.in_time import in_order
from ceteris.editing.reverts import still_answered, to_reverts, with_reverts
from ceteris.errors import BadInputError
from ceteris.reviewing.arms import Question
from ceteris.reviewing.place import read_filled
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


def test_all_that_stands_against_one_row_is_listed_at_once() -> None:
    twice = filled(("t1", "bee"), ("t1", "bees"), ("nobody", "x")).assign(
        given_label=["", "cow", ""], chosen_by=["", "luck", ""]
    )
    with pytest.raises(BadInputError) as refusal:
        to_edits(twice, GIVEN, JUDGING, CLASSES, NOBODY, reviewer="a", batch="b", at=AT)
    for said in (
        "'t1': 'bees' is no class. Did you mean 'bee'?",
        "'t1': chosen_by is 'luck'.",
        "'t1' is answered twice, 'bee' and 'bees'",
        "'t1': its given_label is 'cow' here and 'ant' in the data",
        "'nobody' is no train or validation row",
        "'nobody': 'x' is no class.",
    ):
        assert said in str(refusal.value)


@pytest.mark.parametrize(("sign", "named"), [(";", "semicolons"), ("\t", "tabs"), ("|", "upright strokes (|)")])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_file_that_is_parted_otherwise_is_refused_by_the_name_of_what_parts_it(
    tmp_path: Path, sign: str, named: str, quote: str
) -> None:
    rows = [["id", "label", "a, b"], ["t1", "bee", "1,5"]]
    path = tmp_path / "q.csv"
    path.write_text("\ufeff" + "\n".join(sign.join(f"{quote}{cell}{quote}" for cell in row) for row in rows), encoding="utf-8")
    with pytest.raises(BadInputError) as refusal:
        read_filled(path)
    assert f"q.csv parts its columns with {named}, and is read with commas. Save it again as CSV" in str(refusal.value)


def test_a_comma_file_whose_names_hold_semicolons_is_read(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text("id,label,x;y\nt1,bee,1;2\n", encoding="utf-8")
    assert read_filled(path)["label"].tolist() == ["bee"]


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


def test_what_is_not_imported_yet_is_told_by_row_answer_and_who_chose_it() -> None:
    answers = (("t1", " bee"), ("t2", "bee"), ("t3", ""), ("v1", "unsure"))
    asked, known = filled(*answers), ledger(*lines(*answers))
    assert not_imported(asked, NOBODY) == ["t1", "t2", "v1"]
    assert not_imported(asked, known) == []
    assert not_imported(filled(("t1", "ant"), ("v1", "unsure")), known) == ["t1"]
    assert not_imported(asked.assign(chosen_by="random").head(1), known) == ["t1"]  # as a random row it was not answered


def test_whole_numbers_are_shown_whole() -> None:
    queue = pd.DataFrame({"id": ["a", "b", "c"]})
    values = {"flag": [1.0, 0.0, 1.0], "hole": [1.0, np.nan, 3.0], "part": [1.0, 0.5, 2.0], "huge": [1.0, 2.0, 1e300]}
    features = pd.DataFrame({**values, "void": [np.nan] * 3, "word": ["x", None, "1.0"]}, index=["a", "b", "c"])
    lines = table_text(to_review(queue, features, ())).splitlines()
    assert lines[1:] == ["a,,1,1,1.0,1.0,,x", "b,,0,,0.5,2.0,,", "c,,1,3,2.0,1e+300,,1.0"]


def test_a_declared_date_is_written_as_a_day_and_a_missing_one_as_nothing() -> None:
    queue = pd.DataFrame({"id": ["a", "b", "c"]})
    features = pd.DataFrame({"when": [86_400.0, np.nan, 90_061.0], "other": [86_400.0, 1.0, 2.0]}, index=["a", "b", "c"])
    kinds = {"when": "date", "gone": "date"}
    lines = table_text(to_review(queue, features, (), kinds)).splitlines()
    assert lines[1:] == ["a,,1970-01-02,86400", "b,,,1", "c,,1970-01-02 01:01:01,2"]


ANSWERS = (
    edit("t1", new="bee", reviewer="ann", batch="x"),
    edit("t2", given="bee", new="cow", reviewer="ann", batch="x"),
    edit("t3", new="cow", reviewer="bob", batch="x"),
)


def taken(*known: dict[str, str], which: str = "ann/x") -> list[dict[str, str]]:
    lines = ledger(*known)
    chosen = (lines["reviewer"] + "/" + lines["batch"] == which) | (lines["answer"] == which)
    return to_reverts(lines, chosen, repr(which), reviewer="lead", at=AT)


def test_taking_a_batch_back_brings_every_decision_of_it_back_and_no_other() -> None:
    found = taken(*ANSWERS)
    assert [(line["id"], line["reverts"]) for line in found] == [(line["id"], line["answer"]) for line in ANSWERS[:2]]
    assert decided(*ANSWERS, *found)["id"].tolist() == ["t3"]


def test_one_answer_is_taken_back_by_its_name_and_once() -> None:
    (line,) = taken(*ANSWERS, which=ANSWERS[2]["answer"])
    assert line["reverts"] == ANSWERS[2]["answer"]
    with pytest.raises(BadInputError, match=r"All of 'bob/x' was taken back before\. Nothing is left to do"):
        taken(*ANSWERS, line, which="bob/x")


def test_rows_that_keep_another_answer_are_counted() -> None:
    late = edit("t1", new="cow", reviewer="ann", batch="y", at="2026-02-02T12:00:00+00:00")
    assert still_answered(ledger(*ANSWERS, late), taken(*ANSWERS, late, which="ann/y")) == 1
    assert still_answered(ledger(*ANSWERS), taken(*ANSWERS)) == 0


def test_some_answers_come_with_what_takes_them_back() -> None:
    undo = edit("", "revert", reverts=ANSWERS[0]["answer"])
    other = edit("", "revert", reverts=ANSWERS[2]["answer"])
    known = ledger(*ANSWERS, undo, other)
    found = with_reverts(known, known["reviewer"] == "ann")
    assert found["answer"].tolist() == [ANSWERS[0]["answer"], ANSWERS[1]["answer"], undo["answer"]]


def test_answers_stand_in_the_order_they_were_given_those_of_one_import_as_in_its_file() -> None:
    late = edit("a", at="2026-02-01T00:30:00+02:00", new="bee")
    imported = [edit(name, at="2026-01-31T23:00:00+00:00", new="bee") for name in ("d", "b", "c", *"efghijklm")]
    found = in_order(decided(*imported, late))
    assert found["id"].tolist() == ["a", "d", "b", "c", *"efghijklm"]


@given(st.sets(st.text(min_size=1, max_size=4), max_size=30), st.integers(0, 8))
def test_random_rows_are_one_order_that_goes_on_and_more_rows_change_no_place(ids: set[str], most: int) -> None:
    first = random_rows(ids, [], most)
    rest = random_rows(ids, first, len(ids))
    assert first + rest == random_rows(ids, [], len(ids))
    assert {*first, *rest} == ids
    more = random_rows({*ids, "another row"}, [], len(ids) + 1)
    assert [name for name in more if name in ids] == first + rest


def test_random_rows_are_not_the_first_ones() -> None:
    places = [int(name) for name in random_rows([str(place) for place in range(1000)], [], 200)]
    assert 450 < np.mean(places) < 550


def chosen(*answers: tuple[str, str, str], known: pd.DataFrame = NOBODY) -> list[dict[str, str]]:
    file = pd.DataFrame(answers, columns=["id", "label", "chosen_by"], dtype=object)
    return to_edits(file, GIVEN, JUDGING, CLASSES, known, reviewer="ann", batch="b", at=AT)


def test_who_chose_a_row_is_kept_with_its_answer() -> None:
    found = chosen(("t1", "bee", "random"), ("t2", "bee", ""), ("v1", "cow", "random"))
    assert [line["source"] for line in found] == ["random", "queue", "disagreement"]
    with pytest.raises(BadInputError, match=r"'t1': chosen_by is 'randm'\. Did you mean 'random'"):
        chosen(("t1", "bee", "randm"))


def test_a_row_that_the_queue_gave_is_answered_anew_where_chance_gives_it_once() -> None:
    known = ledger(edit("t1", given="ant", new="bee"))
    (line,) = chosen(("t1", "bee", "random"), known=known)
    assert chosen(("t1", "bee", "random"), known=ledger(*known.to_dict("records"), line)) == []


def test_a_feature_that_is_called_like_a_column_of_the_file_is_told_apart() -> None:
    features: Any = pd.DataFrame({"chosen_by": ["web", "phone"]}, index=["a", "b"])
    table = to_review(pd.DataFrame({"id": ["b", "a"]}), features, ())
    assert list(table.columns) == ["id", "label", "feature chosen_by"]


def asked(id: str, shown: str, source: str, reason: str) -> Question:
    return Question(id, 0, shown, "", reason, source, "")


def test_an_answer_bears_what_its_ticket_stands_for_and_is_about_the_label_that_was_shown() -> None:
    tickets = {"t1": asked("t1", "cow", "control", "flip"), "t2": asked("t2", "bee", "queue", "combined")}
    file = filled(("t1", "cow"), ("t2", "ant"), ("v1", "cow"))
    found = to_edits(file, GIVEN, JUDGING, CLASSES, NOBODY, reviewer="ann", batch="b", at=AT, asked=tickets)
    assert [(line["action"], line["given_label"], line["source"], line["reason"]) for line in found] == [
        ("confirm", "cow", "control", "flip"),
        ("relabel", "bee", "queue", "combined"),
        ("confirm", "cow", "disagreement", ""),
    ]


def test_a_ticket_that_stands_for_nothing_today_is_refused() -> None:
    with pytest.raises(BadInputError, match="'t1': its ticket stands for no question today"):
        to_edits(filled(("t1", "ant")), GIVEN, JUDGING, CLASSES, NOBODY, reviewer="a", batch="b", at=AT, asked={"t1": None})

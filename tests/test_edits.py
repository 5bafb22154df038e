"""Edits are patches: laws of applying them, and everything that is no edit."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import CLASSES, decided, edit

from ceteris.editing import edits
from ceteris.editing.edit_lines import fault_of
from ceteris.errors import StaleEditError

IDS = np.array(["a", "b", "c", "d"], dtype=object)
LABELS = np.array(["ant", "bee", "cow", "ant"], dtype=object)
GIVEN = dict(zip(IDS, LABELS, strict=True))
LINES = st.builds(
    lambda id, action, new, who, minute: edit(
        id,
        action,
        GIVEN[id],
        new if action == "relabel" else "",
        reviewer=who,
        at=f"2026-01-31T12:{minute:02d}:00+00:00",
    ),
    st.sampled_from(list(IDS)),
    st.sampled_from(["relabel", "drop", "confirm", "unsure"]),
    st.sampled_from(CLASSES),
    st.sampled_from(["ann", "bob"]),
    st.integers(0, 59),
)
LEDGERS = st.lists(LINES, max_size=8, unique_by=lambda line: (line["id"], line["reviewer"], line["at"]))


def applied(*lines: dict[str, str], rule: str = "refuse") -> edits.Applied:
    return edits.apply(IDS, LABELS, decided(*lines, rule=rule), CLASSES)


def outcome(made: edits.Applied) -> Any:
    return made.labels.tolist(), made.kept.tolist(), made.patch.to_numpy().tolist()


def text_of(*lines: dict[str, str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, edits.COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def test_an_empty_ledger_is_the_identity() -> None:
    made = applied()
    assert made.labels.tolist() == LABELS.tolist()
    assert made.kept.all()
    assert made.patch.empty


@given(LEDGERS, st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(lines: list[dict[str, str]], random: Any) -> None:
    stamped = [line | {"at": f"2026-01-31T12:00:{place:02d}+00:00"} for place, line in enumerate(lines)]
    shuffled = list(stamped)
    random.shuffle(shuffled)
    assert outcome(applied(*stamped, rule="latest")) == outcome(applied(*shuffled, rule="latest"))


@given(LEDGERS)
def test_reverting_every_answer_brings_the_data_back(lines: list[dict[str, str]]) -> None:
    reverts = [
        edit("", "revert", "", reverts=line["answer"], at="2026-02-01T00:00:00+00:00", reason=str(place))
        for place, line in enumerate(lines)
    ]
    assert outcome(applied(*lines, *reverts)) == outcome(applied())


@given(LEDGERS)
def test_a_line_that_is_sent_twice_counts_once(lines: list[dict[str, str]]) -> None:
    assert outcome(applied(*lines, rule="latest")) == outcome(applied(*lines, *lines, rule="latest"))


@given(LEDGERS, st.permutations(CLASSES))
def test_renaming_the_classes_commutes_with_applying_edits(lines: list[dict[str, str]], names: list[str]) -> None:
    renamed = dict(zip(CLASSES, [name.upper() for name in names], strict=True)) | {"": ""}
    others = [line | {"given_label": renamed[line["given_label"]], "new_label": renamed[line["new_label"]]} for line in lines]
    labels = np.array([renamed[label] for label in LABELS], dtype=object)
    there = edits.apply(IDS, labels, decided(*others, rule="latest"), tuple(renamed[name] for name in CLASSES))
    back = applied(*lines, rule="latest")
    assert there.labels.tolist() == [renamed[label] for label in back.labels]
    assert there.kept.tolist() == back.kept.tolist()


@given(LEDGERS)
def test_inputs_are_not_changed(lines: list[dict[str, str]]) -> None:
    applied(*lines, rule="latest")
    assert LABELS.tolist() == ["ant", "bee", "cow", "ant"]


def test_each_action_does_what_it_says() -> None:
    made = applied(edit("a", new="bee"), edit("b", "drop", "bee"), edit("c", "confirm", "cow"), edit("d", "unsure", "ant"))
    assert made.labels.tolist() == ["bee", "bee", "cow", "ant"]
    assert made.kept.tolist() == [True, False, True, True]
    assert list(made.patch["action"]) == ["relabel", "drop", "confirm", "unsure"]


def test_a_later_line_of_one_reviewer_replaces_the_earlier_by_time_not_by_place() -> None:
    late = edit("a", new="cow", at="2026-01-31T15:00:00+02:00")
    early = edit("a", new="bee", at="2026-01-31T12:30:00+00:00")
    assert applied(late, early).labels[0] == "cow"
    elsewhere = edit("a", new="ant", at="2026-01-31T19:00:00+07:00")
    assert applied(late, elsewhere).labels[0] == "cow"


def test_reverting_the_later_answer_brings_the_earlier_one_back() -> None:
    early, late = edit("a", new="bee"), edit("a", new="cow", at="2026-01-31T13:00:00+00:00")
    undo = edit("a", "revert", reverts=late["answer"], at="2026-01-31T14:00:00+00:00")
    assert applied(early, late, undo).labels[0] == "bee"


def test_reviewers_who_disagree_are_refused_until_a_rule_is_named() -> None:
    ann, bob = edit("a", new="bee"), edit("a", new="cow", reviewer="bob", at="2026-01-31T13:00:00+00:00")
    with pytest.raises(StaleEditError) as refusal:
        applied(ann, bob)
    assert "a: ann says relabel bee (line 2); bob says relabel cow (line 3)" in str(refusal.value)
    assert "fix.conflicts: latest (or majority) in params.yaml" in str(refusal.value)
    assert str(refusal.value).endswith("ceteris review conflicts (of rows that judge: validation-conflicts)")
    assert applied(ann, bob, rule="latest").labels[0] == "cow"
    with pytest.raises(StaleEditError):
        applied(ann, bob, rule="majority")
    eve = edit("a", new="bee", reviewer="eve", at="2026-01-31T11:00:00+00:00")
    assert applied(ann, bob, eve, rule="majority").labels[0] == "bee"


def test_answers_that_come_to_one_label_contradict_nobody_however_it_was_said() -> None:
    ann = edit("b", given="ant", new="bee")  # then the data held bee
    bob = edit("b", "confirm", given="bee", reviewer="bob", at="2026-01-31T13:00:00+00:00")
    assert applied(ann, bob).labels[1] == "bee"
    eve = edit("b", new="cow", given="bee", reviewer="eve", at="2026-01-31T14:00:00+00:00")
    assert applied(ann, bob, eve, rule="majority").patch["reviewer"].tolist() == ["bob"]


def test_two_who_confirm_different_labels_disagree_and_both_are_named() -> None:
    ann, bob = edit("a", "confirm"), edit("a", "confirm", given="cow", reviewer="bob", at="2026-01-31T13:00:00+00:00")
    with pytest.raises(StaleEditError, match=r"a: ann says confirm ant \(line 2\); bob says confirm cow \(line 3\)"):
        applied(ann, bob)


def test_someone_who_is_unsure_contradicts_nobody() -> None:
    made = applied(edit("a", new="bee"), edit("a", "unsure", reviewer="bob", at="2026-01-31T13:00:00+00:00"))
    assert made.labels[0] == "bee"


def test_answers_to_planted_controls_are_never_applied() -> None:
    made = applied(edit("a", new="bee", source=edits.CONTROL))
    assert outcome(made) == outcome(applied())


def test_a_row_that_already_holds_the_new_label_is_counted_and_skipped() -> None:
    made = applied(edit("a", given="cow", new="ant"))
    assert made.already == 1
    assert made.labels.tolist() == LABELS.tolist()


def test_every_line_that_does_not_fit_the_data_is_listed() -> None:
    stale = [edit("a", given="cow", new="bee"), edit("nobody", new="bee"), edit("b", given="bee", new="bees")]
    with pytest.raises(StaleEditError) as refusal:
        applied(*stale)
    assert len(refusal.value.lines) == 3
    said = str(refusal.value)
    assert "line 2: 'a' holds 'ant', the edit was made on 'cow'" in said
    assert "the id 'nobody' is unknown" in said
    assert "new_label 'bees' is none of the classes. Did you mean 'bee'?" in said


def test_two_answers_of_one_reviewer_at_one_moment_are_refused() -> None:
    with pytest.raises(StaleEditError, match="line 3: ann said of 'a' at one moment relabel bee and drop"):
        applied(edit("a", new="bee"), edit("a", "drop"))


def test_one_moment_is_one_in_every_time_zone() -> None:
    there = edit("a", "drop", at="2026-01-31T14:00:00+02:00")
    with pytest.raises(StaleEditError, match="line 3: ann said of 'a' at one moment relabel bee and drop"):
        applied(edit("a", new="bee", at="2026-01-31T12:00:00+00:00"), there)


def test_a_revert_of_a_revert_is_refused() -> None:
    line = edit("a", new="bee")
    undo = edit("", "revert", "", reverts=line["answer"], at="2026-01-31T13:00:00+00:00")
    again = edit("", "revert", "", reverts=undo["answer"], at="2026-01-31T14:00:00+00:00")
    with pytest.raises(StaleEditError, match="line 4: reverts a revert; give the answer anew instead"):
        applied(line, undo, again)


def test_one_answer_on_two_different_lines_is_refused() -> None:
    one = edit("a", new="bee")
    with pytest.raises(StaleEditError, match="stands on two different lines"):
        applied(one, one | {"new_label": "cow"})


def test_a_revert_of_an_unknown_answer_is_refused() -> None:
    with pytest.raises(StaleEditError, match="line 2: reverts the unknown answer 'nowhere'"):
        applied(edit("", "revert", reverts="nowhere"))


def test_a_class_that_would_be_lost_is_refused_by_name() -> None:
    with pytest.raises(StaleEditError, match=r"no row of 'bee'.*fix\.recipes\.mine"):
        edits.refuse_lost_classes(LABELS, np.array(["ant", "cow"]), "mine")
    edits.refuse_lost_classes(LABELS, LABELS[:3], "mine")


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
)
def test_what_a_ledger_says_is_read_exactly(name: str, reason: str) -> None:
    from ceteris.neutral import neutral

    line = edit(name, new="bee", reason=reason)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([edits.COLUMNS, [neutral(line[column]) for column in edits.COLUMNS]])
    read = edits.parse(text.getvalue(), "f.csv").iloc[0]
    assert (read["id"], read["reason"]) == (name, reason)


def test_a_byte_order_mark_is_read() -> None:
    assert len(edits.parse("\ufeff" + text_of(edit("a", new="bee")), "f.csv")) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"action": "relable"}, "action 'relable'. Did you mean 'relabel'?"),
        ({"answer": "1E+05"}, "answer '1E+05' is no uuid"),
        ({"at": "31.01.2026"}, "at '31.01.2026' is no ISO date and time"),
        ({"at": "2026-01-31T12:00:00"}, "has no time zone"),
        ({"at": "2026-W05-1T12:00:00+00:00"}, "at '2026-W05-1T12:00:00+00:00' is no ISO date and time"),
        ({"at": "2026-01-31x12:00:00+00:00"}, "is no ISO date and time"),
        ({"at": "2026-01-31T12:00:00,5+00:00"}, "is no ISO date and time"),
        ({"at": "2026-02-30T12:00:00+00:00"}, "is no ISO date and time"),
        ({"at": "0001-01-01T00:00:00+05:00"}, "is no ISO date and time of the years 1970 to 2999"),
        ({"at": "9999-12-31T23:59:59-05:00"}, "is no ISO date and time of the years 1970 to 2999"),
        ({"id": ""}, "the id is empty"),
        ({"reviewer": ""}, "the reviewer is empty"),
        ({"new_label": ""}, "names no new_label"),
        ({"action": "revert"}, "names no answer in `reverts`"),
    ],
)
def test_a_line_that_is_no_edit_is_refused_with_its_place(changed: dict[str, str], said: str) -> None:
    good = edit("a", new="bee")
    with pytest.raises(StaleEditError) as refusal:
        edits.parse(text_of(good, good | changed), "mine.csv")
    assert f"mine.csv line 3: {said}" in str(refusal.value) or said in str(refusal.value)
    assert len(refusal.value.lines) == 1


ZONES = st.sampled_from(["Z", "+00:00", "-05:30", "+2359", "-23:59", "+24:00", "+05:99", "+05", "z", ""])
FRACTIONS = st.sampled_from(["", ":00", ":59.1", ":60", ":00.123456", ":00.1234567", ":00,5", "."])


@given(st.sampled_from(["1969-12-31", "1970-01-01", "2024-02-29", "2999-12-31", "3000-01-01", "20260131", "2026-1-31"]),
       st.sampled_from("T t_x"), st.sampled_from(["00:00", "23:59", "24:00", "12", "1200"]), FRACTIONS, ZONES)  # fmt: skip
def test_a_moment_that_is_taken_is_the_same_one_to_pandas(day: str, between: str, clock: str, fraction: str, zone: str) -> None:
    at = f"{day}{between}{clock}{fraction}{zone}"
    if fault_of([(edit("a", new="bee") | {"at": at})[column] for column in edits.COLUMNS]) is None:
        seen = pd.to_datetime(pd.Series([at, "2026-01-31T12:00:00+00:00"], dtype=object), utc=True, format="ISO8601")
        assert seen[0] == pd.Timestamp(datetime.fromisoformat(at).astimezone(UTC))


def test_a_file_with_semicolons_is_refused_as_a_spreadsheets() -> None:
    with pytest.raises(StaleEditError, match="spreadsheet wrote it with semicolons"):
        edits.parse(text_of(edit("a", new="bee")).replace(",", ";"), "mine.csv")


def test_ragged_lines_and_open_quotes_are_listed() -> None:
    header = ",".join(edits.COLUMNS) + "\n"
    with pytest.raises(StaleEditError) as refusal:
        edits.parse(header + "a,b\nc,d,e\n", "mine.csv")
    assert [line.partition(":")[0] for line in refusal.value.lines] == ["mine.csv line 2", "mine.csv line 3"]
    with pytest.raises(StaleEditError, match=r"mine\.csv line 2: unexpected end of data"):
        edits.parse(header + '"a,b', "mine.csv")


def test_nothing_at_all_is_no_edits() -> None:
    assert list(edits.parse("", "").columns) == [*edits.COLUMNS, "where"]
    assert isinstance(edits.resolve(edits.parse("", "")), pd.DataFrame)


def test_what_is_decided_of_a_whole_family_yields_to_an_answer_about_a_row() -> None:
    of_family = edit("r", "drop", source="family", at="2026-02-01T12:00:00+00:00")
    for at in ("2026-01-01T12:00:00+00:00", "2026-03-01T12:00:00+00:00"):
        for who in ("ann", "bob"):
            assert decided(of_family, edit("r", "confirm", reviewer=who, at=at))["action"].tolist() == ["confirm"]
    assert decided(of_family, edit("r", "unsure", reviewer="bob"))["action"].tolist() == ["drop"]

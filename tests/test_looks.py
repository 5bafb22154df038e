"""Looks are lines that are never lost: the level of each, what makes it another look, and a file that somebody spoilt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.errors import BadInputError, IntegrityError
from ceteris.release.looks import (
    COLUMNS,
    HEADER,
    Look,
    Question,
    find,
    level_of,
    line_of,
    lines_of,
    next_look,
    parse,
    unasked,
    whole_again,
)

ASKED = Question("svc/true", "svc/given", "accuracy", "0.005", "helps", "c" * 64, "b" * 64, "t" * 64)
TOLD = {"at": "2026-01-31T12:00:00.000+00:00", "who": "Ann <ann@example.org>", "revision": "abc", "on_validation": "helps"}


def look(*before: Look, **changed: Any) -> Look:
    return next_look(before, replace(ASKED, **changed), **TOLD, because="")


def text_of(*looks: Look) -> str:
    return "".join(f"{line}\n" for line in (HEADER, *map(line_of, looks)))


ONE = look()
TWO = look(ONE, candidate="forest/true", candidate_cell="d" * 64)


def test_the_level_of_look_j_is_a_twentieth_halved_j_times_and_all_of_them_stay_below_a_twentieth() -> None:
    assert [level_of(number) for number in (1, 2, 3)] == [0.025, 0.0125, 0.00625]
    assert sum(level_of(number) for number in range(1, 49)) < 0.05


@pytest.mark.parametrize("number", [0, 60])
def test_where_no_level_is_left_a_look_is_refused(number: int) -> None:
    with pytest.raises(BadInputError, match="at which nothing can be told"):
        level_of(number)


def test_a_look_is_counted_over_all_lines_whatever_their_numbers_say() -> None:
    merged = (ONE, replace(TWO, number=1, level=0.025))  # two branches took a look each
    third = look(*merged, candidate="tree/true")
    assert (third.number, third.level) == (3, 0.00625)


@pytest.mark.parametrize("field", list(Question.__dataclass_fields__))
def test_who_asks_the_same_goes_on_with_the_look_and_anything_else_is_another(field: str) -> None:
    assert find([TWO, ONE], ASKED) is ONE
    named = field in ("candidate", "baseline")  # fingerprints decide, never names
    assert find([TWO, ONE], replace(ASKED, **{field: "other"})) is (ONE if named else None)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("candidate_cell", "d" * 64, "the fingerprint of svc/true (cccccccccccc -> dddddddddddd)"),
        ("baseline_cell", "d" * 64, "the fingerprint of svc/given (bbbbbbbbbbbb -> dddddddddddd)"),
        ("test", "d" * 64, "the test part (tttttttttttt -> dddddddddddd)"),
        ("metric", "log_loss", "compare.metric (accuracy -> log_loss)"),
        ("region", "0.02", "the region of practical equality (0.005 -> 0.02)"),
        ("at_least", "no practical difference", "at_least (helps -> no practical difference)"),
    ],
)
def test_why_a_question_goes_on_with_no_look_is_said(field: str, value: str, said: str) -> None:
    told = unasked([ONE, TWO], replace(ASKED, **{field: value}))
    assert told == f"Since look 1 was taken for svc/true in place of svc/given, this changed: {said}."
    assert unasked([TWO], ASKED) == "No look was taken for svc/true in place of svc/given, so there is none to go on with."


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0")), st.text(st.characters(codec="utf-8"), max_size=9)
)
def test_any_words_come_back_from_a_line_as_they_were_told_on_one_line(because: str, who: str) -> None:
    told = next_look((), ASKED, **(TOLD | {"who": who.replace("\0", "")}), because=because)
    assert told.because == " ".join(because.split())
    assert parse(text_of(told, ONE)) == (told, replace(ONE, number=2, level=level_of(2)))
    assert len(text_of(told).splitlines()) == 2


def test_looks_that_branches_took_apart_and_levels_that_somebody_changed_spend_what_their_places_give() -> None:
    apart = text_of(ONE, replace(TWO, number=1, level=0.025), replace(TWO, number=7, level=0.9, because="x"))
    assert [(found.number, found.level) for found in parse(apart)] == [(1, 0.025), (2, 0.0125), (3, 0.00625)]


def test_a_reason_that_a_spreadsheet_would_execute_is_neutral_in_the_file() -> None:
    told = next_look((), ASKED, **TOLD, because="=HYPERLINK(1)")
    assert "'=HYPERLINK(1)" in line_of(told)
    assert parse(text_of(told)) == (told,)


def test_a_last_line_that_was_torn_is_no_look_and_one_that_lacks_its_end_alone_is() -> None:
    whole = text_of(ONE, TWO)
    assert parse(whole[:-1]) == (ONE, TWO)
    for cut in (2, 40, len(line_of(TWO)) - 1):
        torn = whole[: len(text_of(ONE)) + cut]
        assert parse(torn) == (ONE,)
        assert lines_of(torn) == [line_of(ONE)]
    assert parse(HEADER[:20]) == parse(HEADER) == parse("") == ()


def test_line_ends_and_marks_that_an_editor_adds_change_no_look() -> None:
    assert parse("\ufeff" + text_of(ONE, TWO).replace("\n", "\r\n") + "\r\n") == (ONE, TWO)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (text_of(ONE).replace(",", ";"), "line 1 is 'look;at;who"),
        (HEADER + "\n<<<<<<< HEAD\n" + line_of(ONE) + "\n", "line 2 is no look: '<<<<<<< HEAD'"),
        (text_of(replace(ONE, level=1.5)), "line 2 is no look: '1,2026"),
        (text_of(ONE).replace("\n1,", "\none,"), "line 2 is no look: 'one,2026"),
        (HEADER + '\n"' + line_of(ONE) + "\n", "line 2 is no look"),
        ("\n".join([HEADER, *["x"] * 7]) + "\n", "and 2 more"),
    ],
)
def test_a_spoilt_file_is_refused_with_each_line_and_the_way_back(text: str, named: str) -> None:
    with pytest.raises(IntegrityError, match=r"git checkout HEAD -- release/looks\.csv") as refusal:
        parse(text)
    assert named in str(refusal.value)


def test_the_file_is_made_whole_again_from_what_was_seen_and_what_was_added() -> None:
    seen, three = [line_of(ONE), line_of(TWO)], line_of(look(ONE, TWO, candidate_cell="e" * 64))
    assert whole_again(seen, [line_of(TWO), three]) == "\n".join([HEADER, *seen, three]) + "\n"
    softened = line_of(replace(TWO, level=0.025))
    assert whole_again(seen, [line_of(ONE), softened, three]) == "\n".join([HEADER, *seen, three]) + "\n"


def test_the_header_names_what_the_issue_asks_for() -> None:
    assert {"who", "at", "candidate", "baseline", "level", "candidate_cell", "baseline_cell", "test", "because"} <= set(COLUMNS)

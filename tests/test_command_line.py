"""The words of a command: which are refused before anything runs, and that what is filled in stays in its word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.command_line import PLACES, filled, is_seeded, words_of

WHOLE = "python net.py {train} {predict} {out} {seed}"


@given(st.text(max_size=30))
def test_whatever_is_filled_in_the_words_keep_their_number(text: str) -> None:
    words = words_of("python 'my net.py' --rows={train} {predict} {out} {seed}")
    found = filled(words, dict.fromkeys(PLACES, text))
    assert found == ["python", "my net.py", f"--rows={text}", text, text, text]


def test_braces_that_name_no_place_are_left_as_they_are() -> None:
    words = words_of(WHOLE + """ '{"lr": 0.1}' '{ }'""")
    assert filled(words, dict.fromkeys(PLACES, "x"))[-2:] == ['{"lr": 0.1}', "{ }"]


def test_a_command_is_seeded_where_it_is_told_a_seed() -> None:
    assert is_seeded(WHOLE)
    assert not is_seeded(WHOLE.replace(" {seed}", ""))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("python net.py", r"lacks {train}, {predict}, {out}: write where it reads and writes"),
        ("python net.py {train} {predict}", r"lacks {out}:"),
        (WHOLE + " {sed}", r"names {sed}; a run fills in {train}, {predict}, {out}, {seed}"),
        (WHOLE + " {}", r"names {};"),
        (WHOLE + " 'x", r"cannot be read: no closing quotation"),
        (WHOLE + " && rm x", r"holds '&&', and no shell reads it: put that into a script"),
        (WHOLE + " > log", r"holds '>', and no shell reads it"),
        ("{train} {predict} {out}", r"begins with '{train}': name a program first"),
    ],
)
def test_a_command_that_cannot_run_is_refused(command: str, said: str) -> None:
    with pytest.raises(ValueError, match="command") as refusal:
        words_of(command)
    assert said in str(refusal.value)

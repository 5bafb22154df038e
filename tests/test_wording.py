"""Numbers with sign, unit and interval; text that stays text."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.telling.wording import (
    amount,
    count,
    elide,
    ems,
    interval,
    level,
    literal,
    metric_unit,
    percent,
    upper_first,
    visible,
)


def test_a_difference_has_its_sign_and_unit() -> None:
    assert amount(0.029, "accuracy") == "+2.9 pp"
    assert amount(-0.029, "balanced_accuracy") == "\u22122.9 pp"
    assert amount(0.0123, "log_loss") == "+0.012 nats"
    assert interval(0.012, 0.046, "accuracy") == "[+1.2, +4.6]"
    assert level(0.8694, "accuracy") == "86.9 %"


def test_nothing_is_neither_plus_nor_minus_nought() -> None:
    assert amount(0.00004, "accuracy") == amount(-0.00004, "accuracy") == amount(0.0, "accuracy") == "0.0 pp"


def test_what_is_missing_is_a_dash() -> None:
    assert amount(float("nan"), "accuracy") == level(float("nan"), "log_loss") == count(float("nan")) == "\u2013"
    assert interval(float("nan"), 0.1, "accuracy") == ""


def test_thousands_are_parted() -> None:
    assert count(1234567) == "1,234,567"


def test_a_share_is_told_as_it_was_set() -> None:
    assert (percent(0.95), percent(0.999), percent(0.07)) == ("95 %", "99.9 %", "7 %")


def test_a_positive_log_loss_effect_is_said_to_be_a_lower_log_loss() -> None:
    assert metric_unit("log_loss") == (1.0, "nats; positive: lower log-loss")
    assert metric_unit("accuracy") == (100.0, "percentage points")


def test_a_name_in_capitals_begins_a_sentence_as_it_is() -> None:
    assert [upper_first(text) for text in ("ROC-AUC", "accuracy", "")] == ["ROC-AUC", "Accuracy", ""]


@given(st.text(st.characters(), max_size=80), st.floats(3, 40))
def test_elided_text_fits_and_keeps_its_ends(text: str, width: float) -> None:
    short = elide(text, width)
    assert ems(short) <= width + 0.6
    if ems(visible(text)) <= width:
        assert short == literal(text)
    else:
        assert "\u2026" in short


@given(st.text(st.characters(), max_size=40))
def test_any_label_can_stand_in_xml(text: str) -> None:
    node = ET.Element("text")
    node.text = literal(text)
    assert ET.fromstring(ET.tostring(node, encoding="unicode")).text == (literal(text) or None)


def test_plain_text_is_left_alone() -> None:
    for text in ("cat", "$\\frac{$", "<script>", "[/x]", "\U0001f600", "e\u0301"):
        assert literal(text) == text


@pytest.mark.parametrize("text", ["\x1b[31m", "a\nb", "\u202egnp.exe", "\ud800"])
def test_what_would_act_is_shown_instead(text: str) -> None:
    shown = visible(text)
    assert not any(character in shown for character in "\x1b\n\u202e\ud800")
    assert len(shown) >= len(text)


def test_a_label_from_right_to_left_does_not_turn_the_arrow_beside_it() -> None:
    assert literal("\u05e2\u05d1") == "\u2068\u05e2\u05d1\u2069"

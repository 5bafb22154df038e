"""A session's summary counts first answers, before the suggestion was seen, and tells nothing of what was not asked."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from small import edit

from ceteris.editing import edits
from ceteris.reviewing.shares import share_of
from ceteris.reviewing.summary import seconds_of, summary


def at(second: float) -> str:
    return f"2026-01-31T12:{int(second) // 60:02d}:{second % 60:06.3f}+00:00"


def ledger(*lines: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=list(edits.COLUMNS), dtype=object)


LEDGER = ledger(
    edit("a", new="bee", at=at(0)),
    edit("b", "confirm", at=at(4)),
    edit("c", "drop", at=at(8)),
    edit("d", "unsure", at=at(12)),
    edit("e", new="cow", source="random", at=at(16)),
    edit("f", "confirm", source="control", at=at(20)),
    edit("g", new="bee", source="control", at=at(24)),
    edit("h", "confirm", given="bee", source="control", reason="flip", at=at(28)),
    edit("i", new="ant", given="bee", source="control", reason="flip", at=at(32)),
    edit("a", "confirm", reviewer="bob", at=at(0)),
    edit("e", new="cow", reviewer="bob", at=at(4)),
)
SUGGESTED = {"a": "bee", "b": "bee", "c": "bee", "d": "bee", "e": "ant"}
FLAGGED = frozenset("abcd")


def test_every_share_is_counted_by_hand() -> None:
    found = summary(LEDGER, "ann", suggested=SUGGESTED, flagged=FLAGGED)
    assert found.actions == {"confirm": 1, "relabel": 2, "drop": 1, "unsure": 1}
    assert found.precision == share_of(2, 3)  # a and c of a, b, c
    assert found.with_suggestion == share_of(1, 3)  # a of a, b, e
    assert found.with_others == share_of(1, 2)  # e of a, e
    assert found.false_fixes == share_of(1, 2)  # g of f, g
    assert found.missed_flips == share_of(1, 2)  # h of h, i
    assert found.seconds == 4.0


def test_the_first_answer_counts_though_another_took_its_place_when_the_suggestion_was_seen() -> None:
    first = edit("a", "confirm", at=at(0))
    undo = edit("a", "revert", reverts=first["answer"], at=at(1))
    found = summary(ledger(first, undo, edit("a", new="bee", at=at(2))), "ann", suggested=SUGGESTED, flagged=FLAGGED)
    assert (found.precision, found.with_suggestion) == (share_of(0, 1), share_of(0, 1))


def test_a_batch_is_summed_up_by_itself() -> None:
    lines = ledger(edit("a", new="bee"), edit("b", new="bee", batch="2"))
    found = summary(lines, "ann", suggested=SUGGESTED, flagged=FLAGGED, batch="2")
    assert found.actions["relabel"] == 1 and found.precision == share_of(1, 1)


def test_nobody_is_summed_up_as_nobody() -> None:
    found = summary(LEDGER, "cid", suggested=SUGGESTED, flagged=FLAGGED)
    assert found.told() == ["cid: no answer that counts yet."] and math.isnan(found.precision.value) and found.seconds == 6.0
    assert summary(ledger(), "ann", suggested={}, flagged=frozenset()).told() == ["ann: no answer that counts yet."]


def test_a_summary_is_told_in_sentences() -> None:
    assert summary(LEDGER, "ann", suggested=SUGGESTED, flagged=FLAGGED).told() == [
        "ann: first answers to 5 rows, controls left out (1 confirm, 2 relabel, 1 drop, 1 unsure), 4.0 s each.",
        "Flagged rows whose label was wrong: 2 of 3, 67 % [21, 94].",
        "Answers that agree with the suggestion: 1 of 3, 33 % [6, 79].",
        "Answers that agree with another reviewer's: 1 of 2, 50 % [9, 91].",
        "Undoubted rows whose label was changed (false fixes, at most): 1 of 2, 50 % [9, 91].",
        "Wrong labels shown on purpose that were confirmed: 1 of 2, 50 % [9, 91].",
    ]
    assert summary(LEDGER, "bob", suggested={}, flagged=frozenset()).told() == [
        "bob: first answers to 2 rows, controls left out (1 confirm, 1 relabel).",
        "Answers that agree with another reviewer's: 1 of 2, 50 % [9, 91].",
    ]


@pytest.mark.parametrize(
    ("seconds", "pace"),
    [
        ([0, 2, 4, 6, 8, 10], 2.0),
        ([0, 2, 4, 6, 8, 10, 2000, 2002], 2.0),
        ([10, 8, 6, 4, 2, 0], 2.0),
        ([0, 2, 4], 6.0),
        ([5] * 20, 6.0),
        ([], 6.0),
    ],
)
def test_a_pace_is_the_median_time_between_answers_without_breaks_and_6_s_where_none_is_known(
    seconds: list[int], pace: float
) -> None:
    assert seconds_of(pd.Series([at(second) for second in seconds], dtype=object)) == pace

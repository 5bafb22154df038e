"""Given labels and better ones side by side: both numbers, and a sentence where sign or verdict part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import shown

from ceteris.editing.reviewed import Checked, Review
from ceteris.telling.finding import Finding, findings
from ceteris.telling.scored_twice import given_told, parting, progress_told, review_told, scored_twice, two_columns

VERIFIED = "verified (disagreements)"


def one(difference: float, verdict: str, **other: Any) -> Finding:
    (found,) = findings(pd.DataFrame([shown.effect("fixed", difference, 0.01, verdict=verdict, **other)]))
    return found


@pytest.mark.parametrize(
    ("better", "given", "said"),
    [
        ((0.082, "helps"), (-0.027, "harms"), "turn its sign"),
        ((0.082, "helps"), (-0.001, "cannot tell"), "turn its sign"),
        ((0.01, "cannot tell"), (-0.01, "cannot tell"), "on neither is it told from 0"),
        ((0.08, "helps"), (0.01, "cannot tell"), "would have told \u201ccannot tell\u201d"),
        ((0.0, "no practical difference"), (-0.03, "harms"), "would have told \u201charms\u201d"),
    ],
)
def test_where_sign_or_verdict_part_it_is_said(better: tuple[float, str], given: tuple[float, str], said: str) -> None:
    told = parting(one(*better, scored_on=VERIFIED), one(*given, scored_on="given"))
    assert said in told
    assert ("verified labels (disagreements) decide" in told) == (better[1] != given[1])


def test_where_both_tell_the_same_nothing_is_said() -> None:
    assert parting(one(0.08, "helps", scored_on="true"), one(0.05, "helps", scored_on="given")) == ""


def test_a_clause_holds_number_interval_labels_and_verdict() -> None:
    assert given_told(one(-0.027, "harms", scored_on="given")) == "on given labels \u22122.7 pp [\u22123.7, \u22121.7]: harms"


def test_planned_contrasts_stand_beside_and_so_do_those_that_a_person_checked() -> None:
    quiet = {"planned": False}
    rows = [
        shown.effect("fixed", -0.02, 0.01, scored_on="given"),
        shown.effect("fixed", 0.03, 0.01, scored_on=VERIFIED),
        shown.effect("fixed", -0.02, 0.01, scored_on="given", metric="macro_f1"),
        shown.effect("checked", -0.02, 0.01, scored_on="given", **quiet),
        shown.effect("checked", 0.03, 0.01, scored_on=VERIFIED, **quiet),
        shown.effect("other", -0.02, 0.01, scored_on="given", **quiet),
        shown.effect("other", 0.04, 0.01, scored_on="true", **quiet),
    ]
    found = scored_twice(findings(pd.DataFrame(rows)), "accuracy", {})
    assert [(twice.better.candidate_version, twice.better.scored_on) for twice in found] == [
        ("fixed", VERIFIED), ("checked", VERIFIED)
    ]  # fmt: skip
    table = two_columns(found)
    assert table["given_difference"].tolist() == [-0.02] * 2 and table["difference"].tolist() == [0.03] * 2
    assert table["given_verdict"].tolist() == ["harms"] * 2 and table["verdict"].tolist() == ["helps"] * 2
    assert table["parting"].str.contains("turn its sign").all()
    assert two_columns([]).columns.equals(table.columns)


def test_the_best_of_several_better_labels_stands_beside() -> None:
    rows = [shown.effect("fixed", 0.01, 0.02, scored_on=labels) for labels in ("given", VERIFIED, "verified (all)")]
    (twice,) = scored_twice(findings(pd.DataFrame(rows)), "accuracy", {})
    assert twice.better.scored_on == "verified (all)"


def test_a_review_is_told_with_the_errors_where_arms_differ_and_where_they_agree() -> None:
    told = review_told(Review(41, Checked(41, 0, 0, 9, 0.1056, 0.3761), Checked(16, 0, 0, 3, 0.0405, 0.4565)))
    assert told == [
        "A person checked all 41 rows on which the arms differ: 9 had a wrong label (11 to 38 %).",
        "Of 16 checked rows on which the arms agree, 3 had a wrong label (4 to 46 %).",
    ]


def test_of_labels_that_came_verified_no_person_is_said_to_have_checked_them_here() -> None:
    rows = Checked(41, 0, 0, 9, 0.1056, 0.3761)
    assert review_told(Review(41, rows, came=41)) == []
    assert review_told(Review(41, rows, came=11))[1] == "11 of these labels came verified with the data; 30 were asked for."


def test_a_sample_is_named_and_unsure_rows_are_counted_for_and_against() -> None:
    told = review_told(Review(310, Checked(62, unsure=2, wrong=20), Checked(7, left=2), 0.031, 0.047))
    assert told[0].startswith("A person checked a random sample of 62 of the 310 rows")
    assert "20 of 60 that could be told had a wrong label" in told[0]
    assert "counted against the candidate the effect is +3.1 pp, counted for it +4.7 pp" in told[1]
    assert told[2] == "Of labels on which the arms agree nothing is known: 2 of 7 decoys are not answered."


def test_none_wrong_is_said_with_how_many_may_be() -> None:
    assert "none had a wrong label (0 to 60 %)" in review_told(Review(9, Checked(9), Checked(4, high=0.6024)))[1]
    assert "none of them could be told" in review_told(Review(2, Checked(2, unsure=2), against=0.0, favour=0.1))[0]


def test_how_far_a_review_is() -> None:
    assert progress_told(Review(48, Checked(48, left=18))) == (
        "30 of the 48 labels asked for are checked; 18 are left, about 2 minutes."
    )
    assert progress_told(Review(48, Checked(48))) == progress_told(Review(48, Checked(48, left=48))) == ""
    assert np.isnan(Review(1).against)

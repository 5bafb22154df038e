"""What each look said: added to and never changed, and told beside the look at whose level it was said."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pandas as pd
import pytest
from test_looks import ONE, TWO

from ceteris.release.looks import Look
from ceteris.release.record import COLUMNS, looks_table, verdict_of, with_verdict
from ceteris.release.told import looks_told

NONE = pd.DataFrame(columns=list(COLUMNS))
HELPS = {
    "verdict": "helps", "reason": "the interval lies above zero", "scored_on": "given", "metric": "accuracy",
    "difference": 0.031, "low": 0.012, "high": 0.05, "n_seeds": 10, "n_rows": 1200, "n_discordant": 80,
}  # fmt: skip


def said(look: Look, accepted: bool = True, **changed: Any) -> dict[str, Any]:
    return verdict_of(look, {"accepted": accepted, "question": asdict(look.question), "test": HELPS | changed})


def verdicts(*lines: dict[str, Any]) -> pd.DataFrame:
    found = NONE
    for line in lines:
        found = with_verdict(found, line)
    return found


def test_a_verdict_is_added_at_the_end_and_the_same_again_is_not() -> None:
    once = verdicts(said(ONE), said(TWO, verdict="harms", accepted=False))
    assert list(once["verdict"]) == ["helps", "harms"]
    assert with_verdict(once, said(ONE, difference=0.031 + 1e-9)).equals(once)
    reviewed = with_verdict(once, said(ONE, scored_on="verified (all)"))
    assert reviewed.head(2).equals(once)
    assert list(with_verdict(reviewed, said(ONE))["scored_on"]) == ["given", "given", "verified (all)", "given"]


def test_the_table_tells_the_last_that_each_look_said() -> None:
    found = looks_table((ONE, TWO), verdicts(said(ONE), said(TWO), said(ONE, accepted=False, verdict="cannot tell")))
    assert list(found["look"]) == [1, 2]
    assert list(found["verdict"]) == ["cannot tell", "helps"]
    assert list(found["accepted"]) == [False, True]
    assert list(found["n_rows"]) == [1200, 1200]


def test_a_look_without_a_verdict_is_not_accepted() -> None:
    for known in (NONE, verdicts(said(ONE))):
        last = looks_table((ONE, TWO), known).iloc[-1]
        assert (last["verdict"], last["accepted"], last["scored_on"]) == ("", False, "")
        assert pd.isna(last["difference"])
        assert pd.isna(last["n_rows"])
    assert looks_table((), NONE).empty


def test_what_was_said_at_the_level_of_another_place_is_no_verdict() -> None:
    apart = replace(TWO, number=1, level=0.025)  # taken on a branch, as its first
    (first, second) = looks_table((ONE, TWO), verdicts(said(ONE), said(apart)))["verdict"]
    assert (first, second) == ("helps", "")


def test_the_last_looks_are_told_a_line_each() -> None:
    looks = (ONE, TWO, *(replace(TWO, number=number, at=f"2026-02-0{number}") for number in range(3, 8)))
    told = looks_told(looks_table(looks, verdicts(said(ONE), said(looks[-1]))))
    assert told[0] == "sealed test: 2 earlier looks"
    assert len(told) == 6
    assert told[1].endswith("forest/true in place of svc/given: no verdict stands here")
    assert told[-1].endswith(
        "forest/true in place of svc/given: helps, accepted, accuracy +3.1 pp [+1.2, +5.0] on given labels"
    )
    assert looks_told(looks_table((), NONE)) == []


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_of_the_file_is_filled(name: str) -> None:
    assert said(ONE)[name] not in ("", None)

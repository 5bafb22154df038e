"""What a validation part can see, by hand: the two tables are inverses of one another, and a plan has a name."""

from __future__ import annotations

import io
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.errors import BadInputError
from ceteris.measuring.planning import (
    made_otherwise,
    plan_changes,
    plan_hash,
    plan_name,
    reviews_needed,
    rows_needed,
    visible_table,
)
from ceteris.measuring.verdicts import smallest_visible_before
from ceteris.sections import Compare, Contrast


def test_rows_needed_by_hand() -> None:
    assert rows_needed(0.01, 0.05) == math.ceil(0.05 * 280**2) == 3920
    assert rows_needed(0.028, 0.05) == math.ceil(0.05 * 100**2)
    assert rows_needed(0.02, 0.02) == 500  # ten of them differ, where the formula alone would have 392


@given(st.floats(0.005, 0.2), st.floats(0.01, 0.5))
def test_so_many_rows_show_the_effect_and_one_less_does_not(effect: float, share: float) -> None:
    rows = rows_needed(effect, share)
    assert smallest_visible_before(rows, share) <= effect * (1 + 1e-9)
    assert rows == 1 or not smallest_visible_before(rows - 1, share) <= effect * (1 - 1e-9)
    assert effect > share or smallest_visible_before(rows, share) <= share


@pytest.mark.parametrize(("effect", "share"), [(0.0, 0.1), (1.5, 0.1), (0.01, -0.1)])
def test_what_cannot_be_is_refused(effect: float, share: float) -> None:
    with pytest.raises(BadInputError, match="cannot be"):
        rows_needed(effect, share)


def test_arms_that_differ_on_few_rows_cannot_differ_by_much() -> None:
    table = visible_table(1000).set_index("discordant_share")
    assert math.isnan(table.loc[0.02, "rows for 3 pp"])
    assert table.loc[0.02, "rows for 2 pp"] == rows_needed(0.02, 0.02)
    assert table.loc[0.05, "smallest_visible"] == smallest_visible_before(1000, 0.05)
    assert list(visible_table(112)["smallest_visible"].isna()) == [True, True, False]  # 2, 6 and 11 rows differ


def contrast(candidate: str) -> Contrast:
    return Contrast(axis="data", model="m", baseline="given", candidate=candidate)


def test_a_plan_is_named_by_its_contrasts_how_they_are_judged_and_on_which_rows() -> None:
    one = Compare(planned=(contrast("a"), contrast("b")))
    assert plan_hash(one, "rows") == plan_hash(Compare(planned=(contrast("a"), contrast("b"))), "rows")
    assert plan_hash(one, "rows") != plan_hash(one, "other rows")
    others = [
        Compare(planned=(contrast("b"), contrast("a"))),
        Compare(planned=(contrast("a"),)),
        Compare(planned=one.planned, metric="macro_f1"),
        Compare(planned=one.planned, region=0.01),
    ]
    assert len({plan_hash(other, "rows") for other in [one, *others]}) == 5


def test_the_name_of_a_plan_is_text_in_every_table() -> None:
    one = Compare(planned=(contrast("a"),))
    name = plan_name(one, "rows")
    assert name == f"plan-{plan_hash(one, 'rows')[:12]}"
    assert pd.read_csv(io.StringIO(f"plan\n{name}\n"))["plan"].item() == name


def test_what_one_plan_says_otherwise_than_another_is_told() -> None:
    one = Compare(planned=(contrast("a"), contrast("b")))
    assert plan_changes(one, one) == []
    other = Compare(planned=(contrast("b"), contrast("c")), metric="macro_f1", region=0.01)
    assert plan_changes(one, other) == [
        "data: m.given.c planned", "data: m.given.a no longer planned", "metric accuracy -> macro_f1", "region 0.005 -> 0.01"
    ]  # fmt: skip
    assert plan_changes(one, Compare(planned=one.planned[::-1])) == ["the order of the planned contrasts"]


def test_results_of_another_plan_are_told_and_those_of_this_one_or_of_none_are_not() -> None:
    now, then = "plan-1", "plan-2"
    told = made_otherwise(pd.DataFrame({"plan": [then] * 2}), now)
    assert told == "These results were made under plan-2, and params.yaml and the validation rows are now plan-1: dvc repro"
    assert made_otherwise(pd.DataFrame({"plan": [now]}), now) == ""
    assert made_otherwise(pd.DataFrame({"axis": ["data"]}), now) == made_otherwise(pd.DataFrame({"plan": []}), now) == ""


def effects(*rows: tuple[str, str, float, float, int]) -> pd.DataFrame:
    columns = ["candidate_version", "scored_on", "difference", "low", "labels_reviewed"]
    same = {"axis": "data", "metric": "accuracy", "planned": True, "baseline_version": "given", "candidate_model": "m"}
    return pd.DataFrame(rows, columns=columns).assign(**same)


def test_labels_needed_go_by_the_rate_of_the_reviews_so_far_on_the_best_labels() -> None:
    table = reviews_needed(
        effects(
            ("reviewed", "given", 0.01, -0.01, 100), ("reviewed", "true", 0.04, 0.02, 100), ("pruned", "true", 0.1, 0.1, 0)
        ),
        "accuracy",
    )
    assert table.to_dict("records") == [
        {
            "review": "m/reviewed", "labels": 100, "labels for 1 pp": "25 (at most 50)", "labels for 2 pp": "50 (at most 100)",
            "labels for 3 pp": "75 (at most 150)", "scored on": "true",
        }
    ]  # fmt: skip


def test_a_rate_that_may_be_nothing_has_no_bound_and_one_that_is_nothing_no_number() -> None:
    table = reviews_needed(effects(("a", "true", 0.01, -0.01, 100), ("b", "true", -0.01, -0.03, 100)), "accuracy")
    assert table["labels for 1 pp"].tolist() == ["100 (no bound)", ""]

"""Guards say what was seen and what was asked: of groups, of calibration, of pace; what has too few rows is never judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ceteris.errors import BadInputError, ParamsError
from ceteris.measuring.slicing import MISSING, sliced
from ceteris.release.calibration import calibration_of
from ceteris.release.gate_terms import Gate, unpackable
from ceteris.release.guards import (
    FAILS,
    HOLDS,
    NOT_APPLICABLE,
    NOT_ASKED,
    UNKNOWN,
    at_least,
    at_most,
    load_guards,
    opens,
    package_guard,
    slice_guards,
    verdict_guard,
)
from ceteris.release.pace import Load, latency_ms
from ceteris.release.slices import by_group
from ceteris.release.terms import parse_terms
from ceteris.sections import ModelRecipe


def judged(**rows: tuple[int, int, int]) -> pd.DataFrame:
    """Return rows of groups: how many there are, and how many of them the baseline and the candidate get right."""
    table = [
        {"group": name, "label": "a", "baseline": "a" if row < one else "b", "candidate": "a" if row < other else "b"}
        for name, (count, one, other) in rows.items()
        for row in range(count)
    ]
    return pd.DataFrame(table)


def groups(**rows: tuple[int, int, int]) -> pd.DataFrame:
    table = judged(**rows)
    return by_group(table, {"town": table["group"].to_numpy(dtype=object)}, numbers=False)


def test_a_group_is_scored_by_its_own_rows_and_its_interval_is_wilsons() -> None:
    found = groups(north=(40, 20, 30), south=(100, 90, 80)).set_index("group")
    assert found.loc["north", ["rows", "baseline", "candidate"]].tolist() == [40, 0.5, 0.75]
    assert found.loc["south", ["rows", "baseline", "candidate"]].tolist() == [100, 0.9, 0.8]
    assert (found.loc["south", "low"], found.loc["south", "high"]) == pytest.approx((0.7112, 0.8666), abs=1e-4)


def test_a_group_of_29_rows_is_unknown_and_one_of_30_is_judged() -> None:
    found = groups(few=(29, 29, 0), enough=(30, 15, 27), many=(60, 30, 45))
    assert dict(zip(found["group"], found["state"], strict=True)) == {"enough": "", "few": "unknown", "many": ""}
    assert found.set_index("group").loc["few", ["baseline", "candidate", "low"]].isna().all()
    worst, gap = slice_guards(found, Gate(worst_slice=0.7, gap=0.2), numbers=False)
    assert (worst.state, worst.seen) == (HOLDS, 0.75)
    assert (gap.state, gap.seen) == (HOLDS, pytest.approx(0.15))
    assert "1 of 3 groups have too few rows and are unknown" in worst.told


def test_a_worst_group_and_a_gap_that_do_not_hold_name_themselves_and_their_lines() -> None:
    worst, gap = slice_guards(groups(north=(40, 20, 30), south=(100, 90, 90)), Gate(worst_slice=0.8, gap=0.1), numbers=False)
    assert (worst.state, gap.state) == (FAILS, FAILS)
    assert worst.told == (
        "the smallest accuracy of a group is 0.75 (town north, 40 rows), and at least 0.8 is asked: "
        "gate.worst_slice in release/release.yaml"
    )
    assert gap.told.endswith("is 0.15 (by town), and at most 0.1 is asked: gate.gap in release/release.yaml")


def test_where_no_group_has_enough_rows_nothing_passes_and_nothing_fails() -> None:
    worst, gap = slice_guards(groups(one=(9, 9, 9), other=(9, 0, 0)), Gate(worst_slice=0.5), numbers=False)
    assert (worst.state, worst.seen, gap.state) == (UNKNOWN, None, NOT_ASKED)
    assert not opens([worst])
    assert opens([gap])


def test_the_gap_is_one_within_a_column_and_never_between_two() -> None:
    table = judged(a=(40, 40, 40), b=(40, 40, 20))
    town = table["group"].to_numpy(dtype=object)
    found = by_group(table, {"town": town, "all": np.array(["any"] * 80, dtype=object)}, numbers=False)
    found = found[(found["column"] == "all") | (found["group"] == "a")]
    assert slice_guards(found, Gate(), numbers=False)[1].seen is None


def test_numbers_have_an_error_in_each_group_and_no_share_of_right_answers() -> None:
    table = pd.DataFrame({"label": [1.0] * 60, "baseline": [2.0] * 60, "candidate": [1.0, 2.0] * 30})
    found = by_group(table, {"town": np.array(["x", "y"] * 30, dtype=object)}, numbers=True).set_index("group")
    assert found["candidate"].tolist() == [0.0, 1.0]
    states = [guard.state for guard in slice_guards(found.reset_index(), Gate(worst_slice=0.9, gap=0.1), numbers=True)]
    assert states == [NOT_APPLICABLE, NOT_APPLICABLE]


def test_a_guard_compares_with_its_threshold_in_its_own_direction() -> None:
    gate = Gate(size_mb=2.0, load_per_second=2.0)
    states = {
        seen: (at_most("size_mb", "it", seen, gate).state, at_least("load_per_second", "it", seen, gate).state)
        for seen in (1.0, 2.0, 3.0)
    }
    assert states == {1.0: (HOLDS, FAILS), 2.0: (HOLDS, HOLDS), 3.0: (FAILS, HOLDS)}
    assert at_most("size_mb", "it", 9.0, Gate()).state == NOT_ASKED


def test_the_gate_opens_where_all_that_was_asked_holds_and_for_nothing_less() -> None:
    holds, off = at_most("gap", "it", 0.1, Gate(gap=0.2)), at_most("gap", "it", 0.1, Gate())
    assert opens([holds, off])
    assert not opens([holds, off, at_most("gap", "it", 0.3, Gate(gap=0.2))])
    assert not opens([holds, at_most("gap", "it", None, Gate(gap=0.2))])
    assert not opens([holds, package_guard("it is trained by a command")])


@pytest.mark.parametrize("accepted", [True, False])
def test_the_verdict_of_the_look_is_a_guard_too(accepted: bool) -> None:
    found = verdict_guard(
        {"accepted": accepted, "question": {"at_least": "helps"}, "test": {"verdict": "helps" if accepted else "cannot tell"}}
    )
    assert found.state == (HOLDS if accepted else FAILS)


def world(rng: np.random.Generator, over: float, rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Return confidences, and whether each was right, of a model that is too sure by `over`."""
    confidence = rng.uniform(0.5 + over, 1.0, rows)
    return confidence, rng.random(rows) < confidence - over


@pytest.mark.parametrize("over", [0.1, 0.2])
def test_the_interval_of_the_calibration_error_holds_what_is_true_in_95_of_100_worlds(over: float) -> None:
    rng = np.random.default_rng(1)
    found = [calibration_of(*world(rng, over)) for _ in range(200)]
    covered = np.mean([one.low <= over <= one.high for one in found])
    assert 0.9 <= covered <= 1.0
    assert np.mean([one.error for one in found]) == pytest.approx(over, abs=0.01)


def test_a_calibrated_model_has_an_interval_that_reaches_down_to_nothing() -> None:
    rng = np.random.default_rng(2)
    found = [calibration_of(*world(rng, 0.0)) for _ in range(100)]
    assert np.mean([one.low == 0.0 for one in found]) > 0.9
    assert np.mean([one.error for one in found]) < 0.025  # the plain error of such worlds is 0.06


def test_latency_is_that_of_one_row_at_a_time() -> None:
    seen: list[int] = []
    assert latency_ms(lambda frame: seen.append(len(frame)), pd.DataFrame({"x": range(7)})) >= 0
    assert set(seen) == {1}


def load_states(load: Load | None, reason: str = "", **asked: Any) -> dict[str, str]:
    return {one.name: one.state for one in load_guards(load, Gate(**asked), reason)}


def test_a_load_test_holds_where_every_request_was_answered_and_as_fast_as_is_asked() -> None:
    seen = Load(per_second=50.0, p95_ms=20.0, answered=100, failed=0, why="")
    assert load_states(seen, load_per_second=50.0, load_ms=20.0) == dict.fromkeys(("load", "load_per_second", "load_ms"), HOLDS)
    slow = load_states(seen, load_per_second=51.0, load_ms=19.0)
    assert slow == {"load": HOLDS, "load_per_second": FAILS, "load_ms": FAILS}


def test_one_request_that_failed_closes_the_gate_and_is_told_with_what_it_said() -> None:
    seen = Load(per_second=50.0, p95_ms=20.0, answered=99, failed=1, why="503 busy")
    guards = load_guards(seen, Gate(load_ms=100.0))
    assert guards[0].told == "1 of 100 requests of 4 clients at once over HTTP for 2 s failed, the first: 503 busy"
    assert (guards[0].state, guards[2].state, opens(guards)) == (FAILS, HOLDS, False)
    assert opens(load_guards(seen, Gate()))  # nothing is asked of the load


def test_a_package_that_could_not_be_served_is_unknown_and_closes_the_gate_where_its_pace_is_asked() -> None:
    assert load_states(None, "no server") == dict.fromkeys(("load", "load_per_second", "load_ms"), NOT_ASKED)
    asked = load_guards(None, Gate(load_ms=100.0), "no server")
    assert [one.state for one in asked] == [UNKNOWN, NOT_ASKED, UNKNOWN]
    assert all("no server" in one.told for one in asked)
    silent = load_guards(Load(0.0, float("nan"), 0, 4, "no answer came"), Gate(load_ms=100.0))
    assert [one.state for one in silent] == [FAILS, NOT_ASKED, UNKNOWN]


def test_numbers_are_cut_at_the_quartiles_of_train_rows_alone() -> None:
    train = pd.Series([0.0, 1.0, 2.0, 3.0, 4.0], name="age")
    found = sliced(pd.Series([-9.0, 1.0, 1.5, 99.0, np.nan], name="age"), train, "gate.groups")
    assert found.tolist() == ["up to 1", "up to 1", "1 to 2", "over 3", MISSING]
    assert sliced(train, train, "gate.groups").tolist() == ["up to 1", "up to 1", "1 to 2", "2 to 3", "over 3"]


def test_a_column_of_one_number_or_of_none_is_still_cut() -> None:
    one, none = pd.Series([5.0] * 4, name="x"), pd.Series([np.nan] * 4, name="x")
    assert sliced(one, one, "gate.groups").tolist() == ["up to 5"] * 4
    assert sliced(none, none, "gate.groups").tolist() == [MISSING] * 4


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pd.Series([f"t{row}" for row in range(51)], name="text"), "'text', which has 51 different values, and 50 groups are"),
        (pd.Series([np.zeros(2, dtype=np.float32)] * 3, name="v"), "'v', whose cells are arrays"),
    ],
)
def test_a_column_that_makes_no_groups_is_refused(column: pd.Series, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        sliced(column, column, "gate.groups")


@pytest.mark.parametrize(
    ("recipe", "trusted", "said"),
    [
        ({"estimator": "sklearn.linear_model.LogisticRegression"}, (), ""),
        ({"command": "python train.py {train} {predict} {out}"}, (), "it is trained by a command"),
        ({"predictions": "predictions/mine"}, (), "its predictions were made elsewhere"),
        ({"estimator": "estimators/mine.py:Mine"}, (), "its class stands in estimators/mine.py"),
        ({"estimator": "lightgbm.LGBMClassifier"}, (), "no type of lightgbm is trusted: name those"),
        ({"estimator": "lightgbm.LGBMClassifier"}, ("lightgbm.sklearn.LGBMClassifier",), ""),
    ],
)
def test_what_no_package_can_hold_is_told_by_its_recipe(recipe: dict[str, Any], trusted: tuple[str, ...], said: str) -> None:
    found = unpackable(ModelRecipe(**recipe), trusted)
    assert found.startswith(said)
    assert bool(found) == bool(said)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"gate": {"worst_slice": 1.5}}, "gate.worst_slice is 1.5"),
        ({"gate": {"groups": ["a", "a"]}}, "gate.groups: groups names one column or more, each once"),
        ({"gate": {"groups": []}}, "gate.groups: groups names one column or more"),
        ({"gate": {"latency": 3.0}}, "gate.latency is not a known key. Did you mean 'latency_ms'?"),
        ({"package": {"trusted": ["os.system()"]}}, "is no type by its full path"),
        ({"gate": {"load_clients": 0}}, "gate.load_clients is 0"),
    ],
)
def test_what_a_gate_cannot_ask_is_refused(section: dict[str, Any], said: str) -> None:
    with pytest.raises(ParamsError) as refusal:
        parse_terms(section)
    assert said in str(refusal.value)


def test_every_threshold_may_be_left_open() -> None:
    gate = parse_terms({"gate": {}}).gate
    assert {name for name, value in gate.model_dump().items() if value is not None} == {"load_clients", "load_seconds"}

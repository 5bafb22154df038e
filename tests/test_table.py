"""The table of experiments: each against its parent and the first run, and verdicts that nothing later changes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from revisions import N_ROWS, SETTINGS, World, cell, judging, params, snapshot, version

from ceteris.errors import BadInputError
from ceteris.experiments.snapshot import Snapshot
from ceteris.experiments.table import COLUMNS, Line, judged, lines, table
from ceteris.measuring.online import levels
from ceteris.measuring.planning import plan_name
from ceteris.params import parse_compare

ROWS = judging()
BASE = snapshot("base", parent="")


def trial(name: str, **changed: Any) -> Snapshot:
    """Return an experiment on `base` with another logistic regression."""
    return snapshot(name, **({"models": {"logistic": f"m of {name}", "tree": "m2"}, "experiment": True} | changed))


def world(*trials: Snapshot, **wrong: int) -> World:
    """Return the cells of trials, each wrong on as many rows as said, else on 30 of the 60."""
    cells = {
        (one.rev, *name): cell(ROWS, range(wrong.get(one.rev, 30) if name[0] == "logistic" else 30))
        for one in (BASE, *trials)
        for name in one.cells
    }
    return World(cells)


def told(*trials: Snapshot, spent: Any = (), cells: World | None = None, **wrong: int) -> dict[str, Line]:
    found, _ = judged(lines([BASE, *trials], (cells or world(*trials, **wrong)).past, SETTINGS), list(spent), SETTINGS)
    return {line.snapshot.name: line for line in found}


def test_each_is_measured_against_its_parent_and_against_the_first() -> None:
    one, two = trial("one"), trial("two", parent="one")
    found = told(one, two, one=20, two=14)
    assert found["base"].against_parent is None
    assert found["base"].changed == "the first run"
    assert found["one"].effect is not None and found["one"].effect.difference == pytest.approx(10 / 60)
    assert found["two"].effect is not None and found["two"].effect.difference == pytest.approx(6 / 60)
    assert found["two"].parent == one
    first = found["two"].against_first
    assert first is not None and first.effect is not None and first.effect.difference == pytest.approx(16 / 60)
    assert found["one"].against_first is not None


def test_a_parent_without_a_run_is_passed_over_and_said_where_there_is_no_other() -> None:
    broken = trial("broken", fault=BadInputError("It is broken.", "Mend it."))
    child, lost = trial("child", parent="broken"), trial("lost", parent="nowhere")
    found = told(broken, child, lost)
    assert found["child"].parent == BASE
    assert found["broken"].changed == "It is broken. Mend it."
    assert found["broken"].against_parent is None
    assert found["lost"].changed == "the first run that can be read here"


def test_a_workspace_is_the_parent_of_no_commit() -> None:
    workspace = snapshot("workspace", rev="", models={"logistic": "m1b", "tree": "m2"})
    cells = world()
    cells.cells |= {("", *name): cell(ROWS, range(20)) for name in workspace.cells}
    found = told(workspace, cells=cells)
    assert found["base"].parent is None and found["base"].changed == "the first run"
    assert found["workspace"].parent == BASE


def test_a_refusal_is_the_reason_of_its_own_row_and_of_no_other() -> None:
    lost, seeds = trial("lost"), trial("seeds", seeds="s10")
    cells = world(lost, seeds, trial("one"))
    del cells.cells["lost", "logistic", "given"]
    found = told(lost, seeds, trial("one"), cells=cells)
    for name, why in (("lost", "not in the DVC cache"), ("seeds", "the seeds moved too")):
        against = found[name].against_parent
        assert against is not None and against.effect is None and why in against.reason
    assert found["one"].effect is not None


def test_versions_that_cannot_be_read_leave_the_words_that_need_none() -> None:
    child = snapshot("child", versions={"given": "d1", "reviewed": "d2"})
    cells = world(child)

    def gone(*_: object) -> Any:
        raise BadInputError("gone", "bring it")

    cells.version = gone  # type: ignore[method-assign]
    assert told(child, cells=cells)["child"].changed == "nothing"
    cells = world(child)
    cells.versions = {("base", "given"): version(a="ant"), ("child", "reviewed"): version(a="bee")}
    assert told(child, cells=cells)["child"].changed == "1 label"


def test_planned_is_what_the_parent_had_planned_and_not_what_was_added_when_the_result_was_seen() -> None:
    plan = {"planned": [{"axis": "data", "model": "logistic", "baseline": "given", "candidate": "reviewed"}]}
    reviewed = {"models": {"logistic": "m1", "tree": "m2"}, "versions": {"given": "d1", "reviewed": "d2"}}
    planner = snapshot("planner", parent="", sections=params(compare=plan))
    found = told(planner, trial("one", parent="planner", **reviewed), trial("late", sections=params(compare=plan), **reviewed))
    for name, planned in (("one", True), ("late", False)):
        assert found[name].effect is not None
        assert found[name].planned is planned
    on_other_metric = snapshot("planner", parent="", sections=params(compare=plan | {"metric": "macro_f1"}))
    assert not told(on_other_metric, trial("one", parent="planner", **reviewed))["one"].planned


def test_each_row_names_the_plan_it_was_made_under_and_says_where_that_is_another() -> None:
    plan = {"metric": "accuracy", "planned": [{"axis": "data", "model": "tree", "baseline": "given", "candidate": "reviewed"}]}
    late = trial("late", sections=params(compare=plan))
    base, after = (dict(table(told(late).values(), "accuracy").set_index("name")["plan"])[name] for name in ("base", "late"))
    assert (base, after) == ("", plan_name(parse_compare(plan), late.judging.rows))  # the base says nothing of contrasts
    parent = snapshot("planner", parent="", sections=params(compare=plan))
    dropped = trial("one", parent="planner", sections=params(compare={"planned": plan["planned"], "metric": "macro_f1"}))
    assert "metric accuracy -> macro_f1" in told(parent, dropped)["one"].changed
    unread = trial("odd", parent="planner", sections=params(compare=["no", "section"]))
    assert told(parent, unread)["odd"].snapshot.plan == ""


def test_seconds_are_those_of_the_fits_that_came_new() -> None:
    one = trial("one")
    cells = world(one)
    cells.seconds = {print_.fit_key: 1.5 for (model, _), print_ in one.cells.items() if model == "logistic"}
    found = told(one, cells=cells)
    assert found["one"].cpu_seconds == 1.5  # given and reviewed are one fit
    assert math.isnan(found["base"].cpu_seconds)
    assert told(snapshot("same"))["same"].cpu_seconds == 0.0


def test_labels_reviewed_are_those_of_the_candidate() -> None:
    child = snapshot("child", versions={"given": "d1", "reviewed": "d2"}, reviewed=42)
    assert told(child)["child"].labels_reviewed == 42


EXPERIMENTS = st.lists(st.integers(0, 60), min_size=1, max_size=7)


@given(EXPERIMENTS, st.integers(0, 60))
def test_a_new_experiment_changes_no_earlier_verdict(wrong: list[int], later: int) -> None:
    names = [f"e{place}" for place in range(len(wrong))]
    shares = dict(zip(names, wrong, strict=True))
    before = told(*map(trial, names), **shares)
    after = told(*map(trial, [*names, "later"]), **shares, later=later)
    assert {name: after[name].effect for name in names} == {name: before[name].effect for name in names}


@given(EXPERIMENTS, st.data())
def test_a_removed_experiment_stays_in_the_count(wrong: list[int], data: st.DataObject) -> None:
    names = [f"e{place}" for place in range(len(wrong))]
    shares = dict(zip(names, wrong, strict=True))
    every = [trial(name) for name in names]
    _, spent = judged(lines([BASE, *every], world(*every, **shares).past, SETTINGS), [], SETTINGS)
    before = told(*every, **shares)
    kept = data.draw(st.lists(st.sampled_from(every), unique_by=lambda one: one.name))
    after = told(*kept, spent=spent, **shares)
    assert {one.name: after[one.name].effect for one in kept} == {one.name: before[one.name].effect for one in kept}
    _, fresh = judged(lines([BASE, *kept], world(*kept, **shares).past, SETTINGS), spent, SETTINGS)
    assert fresh == []


def test_levels_are_those_of_the_order_of_runs() -> None:
    names = ["one", "two", "three"]
    found = told(*map(trial, names), one=29, two=15, three=29)
    assert [found[name].level for name in names] == pytest.approx(levels([1.0, 0.0, 1.0]).tolist())
    effect = found["two"].effect
    assert effect is not None and effect.verdict == "helps"
    assert "LORD++ p" in effect.reason


def test_a_verdict_that_the_history_has_spent_is_not_given() -> None:
    quiet = [((f"a{place}", "b", "accuracy", "given", "60"), 1.0) for place in range(3000)]
    wrong = {"one": 18}
    fresh, late = (told(trial("one"), spent=spent, **wrong)["one"] for spent in ([], quiet))
    assert fresh.effect is not None and fresh.effect.verdict == "helps"
    assert late.effect is not None and late.effect.verdict == "cannot tell"
    assert "LORD++ p is" in late.effect.reason
    assert late.effect.p_value == fresh.effect.p_value


def test_a_test_that_could_be_no_finding_earns_later_ones_nothing() -> None:
    """A version whose gain is its placebo's has a small p and is told nothing: it must not count as a discovery."""
    placebo = trial("placebo", models=None, versions={"given": "d1", "pruned": "d3"}, controls={"placebo-pruned": "d4"})
    cells = world(placebo, trial("later"))
    for name in ("pruned", "placebo-pruned"):
        cells.cells["placebo", "logistic", name] = cell(ROWS, range(10))
    found = told(placebo, trial("later"), cells=cells)
    blocked = found["placebo"].effect
    assert blocked is not None and blocked.p_value < 1e-3
    assert "net of its placebo" in blocked.reason
    assert found["later"].level == pytest.approx(levels([1.0, 1.0])[1])


def test_the_same_two_cells_are_one_test_whoever_compares_them() -> None:
    again = snapshot("again", models={"logistic": "m of one", "tree": "m2"})
    _, spent = judged(lines([BASE, trial("one"), again], world(trial("one"), again).past, SETTINGS), [], SETTINGS)
    assert len(spent) == 1


def test_rows_have_the_columns_that_are_promised_and_shares_as_they_are() -> None:
    both = snapshot("both", models={"logistic": "m9", "tree": "m2"}, versions={"given": "d1", "reviewed": "d2"})
    corner = trial("corner", models=None, versions={"given": "d1", "reviewed": "d2"})
    cells = world(both, corner)
    cells.cells["both", "logistic", "reviewed"] = cell(ROWS, range(12))
    rows = table(told(corner, both, cells=cells).values(), "accuracy").set_index("name")
    assert ("name", *rows.columns) == COLUMNS
    assert rows.loc["corner", ["axis", "metric", "scored_on", "difference"]].tolist() == ["data", "accuracy", "given", 0.0]
    assert rows.loc["both", "axis"] == "confounded"
    assert np.isnan(rows.loc["both", "difference"]) and rows.loc["both", "verdict"] == ""
    assert rows.loc["both", ["data", "model", "interaction"]].tolist() == pytest.approx([0.0, 0.0, 18 / N_ROWS])
    assert rows.loc["both", "interaction_low"] < 18 / N_ROWS < rows.loc["both", "interaction_high"]
    assert rows.loc["base", ["parent", "axis", "verdict", "reason"]].tolist() == ["", "", "", ""]
    assert rows.loc["corner", "parent"] == "base"
    broken = table([Line(trial("x", fault=BadInputError("No.", "Do.")), None, "No. Do.")], "accuracy")
    assert broken.loc[0, ["changed", "reason"]].tolist() == ["No. Do.", "No. Do."]

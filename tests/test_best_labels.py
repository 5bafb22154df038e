"""Two revisions on the best labels that they may use: all that matters verified, or none of it, with the given ones beside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from revisions import N_ROWS, SETTINGS, World, cell, judging, never, snapshot

from ceteris.experiments.best_labels import Measured, contrasts_of
from ceteris.experiments.measured import measured
from ceteris.experiments.moved import Move, moved
from ceteris.experiments.pairing import Side
from ceteris.experiments.snapshot import Judging, Snapshot
from ceteris.experiments.table import Line, judged, key_of, lines
from ceteris.measuring.disagreement import NOT_ANSWERED, UNSURE

ROWS = judging()
GIVEN = np.arange(N_ROWS) % 3
BETTER = {"models": {"logistic": "m1b", "tree": "m2"}}
BASE = snapshot("base", parent="")


def answered(rows: Iterable[int], *, wrong: Iterable[int] = (), unsure: Iterable[int] = ()) -> Judging:
    """Return validation rows of which a person answered some: the given label is right, or it is the next class."""
    answers = np.full(N_ROWS, NOT_ANSWERED)
    answers[list(rows)] = GIVEN[list(rows)]
    answers[list(wrong)] = (GIVEN[list(wrong)] + 1) % 3
    answers[list(unsure)] = UNSURE
    return replace(ROWS, answers=answers)


def world(rows: Judging, *, child: Snapshot | None = None, better: Iterable[int] = range(12)) -> tuple[Snapshot, World]:
    """Return a child whose logistic regression errs on the first 12 rows, the parent's on the first 30; by given labels."""
    child = replace(child or snapshot("child", **BETTER), judging=rows)
    cells = {(one.rev, *name): cell(ROWS, range(30)) for one in (BASE, child) for name in one.cells}
    moving = {name for name, print_ in child.cells.items() if print_ not in BASE.cells.values()}
    cells |= {("child", *name): cell(ROWS, better) for name in moving}
    return child, World(cells)


def found(rows: Judging, metric: str = "accuracy", **more: Any) -> Measured:
    child, cells = world(rows, **more)
    settings = SETTINGS.model_copy(update={"metric": metric})
    return measured(BASE, child, moved(BASE, child), cells.side, never, settings)


DIFFERING = range(12, 30)


def test_answers_to_every_row_that_differs_turn_the_sign_and_the_given_labels_stand_beside() -> None:
    told = found(answered(DIFFERING, wrong=range(12, 28)))
    assert told.effect is not None and told.on_given is not None and told.review is not None
    assert (told.effect.scored_on, told.on_given.scored_on) == ("verified (disagreements)", "given")
    assert told.effect.difference == pytest.approx((2 - 16) / 60)
    assert told.on_given.difference == pytest.approx(18 / 60)
    assert (told.effect.verdict, told.on_given.verdict) == ("harms", "helps")
    assert (told.review.differing, told.review.disputed.wrong) == (18, 16)
    assert told.effect.axis == told.on_given.axis == "model"


@given(st.sets(st.sampled_from(list(DIFFERING)), max_size=17), st.sets(st.integers(30, 59)))
def test_it_is_never_a_mixture(some: set[int], elsewhere: set[int]) -> None:
    """One row of those that differ without an answer, and every one of them is scored on the label it was given."""
    told = found(answered({*some, *elsewhere}, wrong=some))
    assert told.effect is not None and told.effect.scored_on == "given"
    assert told.effect == found(ROWS).effect
    assert told.given is None and told.answers == ""


@pytest.mark.parametrize("metric", ["balanced_accuracy", "macro_f1"])
def test_other_metrics_stay_on_given_labels(metric: str) -> None:
    told = found(answered(DIFFERING, wrong=DIFFERING), metric)
    assert told.effect is not None and told.effect.scored_on == "given"


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
def test_with_every_row_answered_every_metric_is_on_verified_labels(metric: str) -> None:
    told = found(answered(range(N_ROWS), wrong=range(12, 28)), metric)
    assert told.effect is not None and told.effect.scored_on == "verified (all)"
    assert told.on_given is not None and told.answers
    assert told.effect.difference < 0 < told.on_given.difference


def test_true_labels_come_before_those_of_a_person() -> None:
    true = {"given": ROWS.labels["given"], "true": ROWS.labels["given"]}
    child, cells = world(replace(answered(DIFFERING, wrong=DIFFERING), labels=true))
    base = replace(BASE, judging=child.judging)
    told = measured(base, child, moved(base, child), cells.side, never, SETTINGS)
    assert told.effect is not None and told.effect.scored_on == "true"
    assert told.on_given is not None and told.answers == ""


def test_unsure_rows_bound_the_effect_on_both_sides() -> None:
    sure, told = found(answered(DIFFERING)), found(answered(DIFFERING, unsure=range(12, 15)))
    assert sure.effect is not None and told.effect is not None and told.review is not None
    assert told.review.disputed.unsure == 3
    assert told.review.against < sure.effect.difference <= told.review.favour
    assert told.effect.low < sure.effect.low


DROPPING = {"versions": {"given": "d1", "pruned": "d3"}, "controls": {"placebo-pruned": "d4"}}


def test_a_version_that_drops_rows_needs_its_placebos_rows_verified_too() -> None:
    def told(rows: Judging) -> Measured:
        child, cells = world(rows, child=snapshot("child", **DROPPING))
        cells.cells["child", "logistic", "placebo-pruned"] = cell(ROWS, range(34))
        return measured(BASE, child, moved(BASE, child), cells.side, never, SETTINGS)

    one, both = told(answered(DIFFERING, wrong=[12])), told(answered(range(12, 34), wrong=[12]))
    assert one.effect is not None and one.effect.scored_on == "given"
    assert both.effect is not None and both.effect.scored_on == "verified (disagreements)"
    assert both.net is not None and both.net.difference == pytest.approx((21 - 1) / 60)


def test_the_names_that_numbers_are_made_of_are_those_of_the_cells() -> None:
    move = Move("data", ("logistic", "given"), ("logistic", "pruned"))
    roles = {role: (f"{role}: x", "y") for role in ("baseline", "candidate", "control")}
    assert list(contrasts_of(move, roles)) == ["logistic.given.pruned", "logistic.placebo-pruned.pruned"]
    model = Move("model", ("logistic", "given"), ("logistic", "given"))
    assert list(contrasts_of(model, {name: roles[name] for name in ("baseline", "candidate")})) == ["given.logistic.logistic"]


def square(rows: Judging) -> Measured:
    """Return the parts of a move of data and model: the new model errs on 24 rows, the new data alone on 20, both on 12."""
    child = replace(snapshot("child", **BETTER, versions={"given": "d1", "reviewed": "d2"}), judging=rows)
    cells = {("base", *name): cell(ROWS, range(30)) for name in BASE.cells}
    wrong = {("m1b", "d1"): 24, ("m2", "d2"): 30, ("m2", "d1"): 30, ("m1b", "d2"): 12}
    cells |= {("child", *name): cell(ROWS, range(wrong[one.model, one.data])) for name, one in child.cells.items()}
    of = World(cells)

    def corner(wanted: Any) -> Side:
        number = 24 if wanted.model == "m1b" else 20
        return Side(("", ""), cell(ROWS, range(number)), wanted, rows)

    return measured(BASE, child, moved(BASE, child), of.side, corner, SETTINGS)


def test_parts_are_on_verified_labels_where_every_row_is_decided_on_which_any_cells_differ() -> None:
    whole, lacking, unsure = (
        square(rows)
        for rows in (
            answered(DIFFERING, wrong=range(12, 30)),
            answered(range(13, 30), wrong=range(13, 30)),
            answered(DIFFERING, wrong=range(13, 30), unsure=[12]),
        )
    )
    parts = [one.attribution for one in (whole, lacking, unsure)]
    assert all(part is not None for part in parts)
    assert [part.whole.scored_on for part in parts if part] == ["verified (disagreements)", "given", "given"]
    assert [part.whole.difference for part in parts if part] == pytest.approx([-18 / 60, 18 / 60, 18 / 60])
    assert {part.scored_on for _, part in parts[0].items()} == {"verified (disagreements)"} if parts[0] else False


# the history


def told(rows: Judging, spent: Any = (), others: int = 3) -> tuple[dict[str, Line], list[Any]]:
    """Return the lines of a child and of others after it, and the tests that are new."""
    child, cells = world(rows)
    later = [snapshot(f"later{n}", models={"logistic": f"m of {n}", "tree": "m2"}, rows=rows) for n in range(others)]
    cells.cells |= {(one.rev, *name): cell(ROWS, range(30)) for one in later for name in one.cells}
    cells.cells |= {(one.rev, "logistic", v): cell(ROWS, range(8)) for one in later for v in ("given", "reviewed")}
    lines_, fresh = judged(lines([BASE, child, *later], cells.past, SETTINGS), list(spent), SETTINGS)
    return {line.snapshot.name: line for line in lines_}, fresh


def test_verified_labels_make_a_new_test_and_the_earlier_verdict_stands_beside_it() -> None:
    before, spent = told(ROWS)
    after, fresh = told(answered(DIFFERING, wrong=range(12, 28)), spent)
    assert [key[3].split()[0] for key, _ in fresh] == ["verified"]
    assert before["child"].against_parent is not None and after["child"].against_parent is not None
    assert after["child"].against_parent.on_given == before["child"].effect
    for name in ("later0", "later1", "later2"):  # they differ on rows that nobody answered
        assert after[name].effect == before[name].effect
        assert after[name].level == before[name].level


@given(st.sets(st.sampled_from(list(DIFFERING))), st.sets(st.sampled_from(list(DIFFERING)), max_size=4))
def test_whatever_people_answer_no_test_that_was_made_changes(wrong: set[int], unsure: set[int]) -> None:
    before, spent = told(ROWS)
    first, fresh = told(answered(DIFFERING, wrong=wrong, unsure=unsure), spent)
    again, none = told(answered(DIFFERING, wrong=wrong, unsure=unsure), [*spent, *fresh])
    assert none == [] and {name: line.effect for name, line in again.items()} == {
        name: line.effect for name, line in first.items()
    }
    assert first["child"].against_parent is not None
    assert first["child"].against_parent.on_given == before["child"].effect
    back, none = told(ROWS, [*spent, *fresh])
    assert none == [] and {name: line.effect for name, line in back.items()} == {
        name: line.effect for name, line in before.items()
    }


def test_other_answers_are_another_test_and_answers_elsewhere_are_not() -> None:
    keys = []
    for rows in (
        answered(DIFFERING, wrong=[12]),
        answered(DIFFERING, wrong=[13]),
        answered(DIFFERING, wrong=[12], unsure=[14]),
        answered([*DIFFERING, 40, 41], wrong=[12, 41]),
    ):
        line = told(rows, others=0)[0]["child"]
        assert line.effect is not None
        keys.append(key_of(line, line.effect))
    assert keys[3] == keys[0]
    assert len(set(keys)) == 3


def test_a_verdict_on_given_labels_that_was_never_a_test_is_shown_as_it_is_alone() -> None:
    line = told(answered(DIFFERING, wrong=range(12, 28)))[0]["child"]
    assert line.against_parent is not None and line.against_parent.on_given is not None
    assert "LORD++" not in line.against_parent.on_given.reason
    assert line.effect is not None and "LORD++" in line.effect.reason

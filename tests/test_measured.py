"""What one revision is worth against another: one number where one thing moved, the square where two did, else why not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from revisions import N_ROWS, SETTINGS, World, cell, judging, never, snapshot

from ceteris.errors import BadInputError, NotHeldFixedError
from ceteris.experiments.measured import Measured, measured, sides_of
from ceteris.experiments.moved import moved
from ceteris.experiments.snapshot import Snapshot
from ceteris.experiments.table import corners
from ceteris.training.cells import Cell

ROWS = judging()
BASE = snapshot("base", parent="")
BETTER = {"models": {"logistic": "m1b", "tree": "m2"}}
REVIEWED = {"versions": {"given": "d1", "reviewed": "d2"}}


def right_on(share: float, **more: Any) -> Cell:
    """Return a cell that is right on this share of the rows, the first ones wrong."""
    return cell(ROWS, range(round(N_ROWS * (1 - share))), **more)


def world(*revisions: Snapshot, **shares: float) -> World:
    """Return the cells of revisions, right on as many rows as said for a fingerprint ("m1_d1"), else on half of them."""
    return World(
        {
            (one.rev, *name): right_on(shares.get(f"{print_.model}_{print_.data}", 0.5))
            for one in revisions
            for name, print_ in one.cells.items()
        }
    )


def found(parent: Snapshot, child: Snapshot, cells: World, corner: Any = never, settings: Any = SETTINGS) -> Measured:
    return measured(parent, child, moved(parent, child), cells.side, corner, settings)


def test_one_thing_that_moved_is_one_number() -> None:
    child = snapshot("child", **BETTER)
    effect = found(BASE, child, world(BASE, child, m1b_d1=0.8)).effect
    assert effect is not None
    assert effect.difference == pytest.approx(0.3)
    assert (effect.axis, effect.metric, effect.scored_on, effect.verdict) == ("model", "accuracy", "given", "helps")


def test_what_moved_no_training_is_no_number() -> None:
    for changed, why in (({}, "nothing moved"), ({"labels": "x"}, "no model was trained otherwise")):
        none = found(BASE, snapshot("child", **changed), World())
        assert none.effect is None
        assert why in none.reason


def test_two_things_that_moved_are_no_number_and_their_missing_corners_are_named() -> None:
    child = snapshot("child", **BETTER, **REVIEWED)
    none = found(BASE, child, world(BASE, child), corners([BASE, child], world(BASE, child).past))
    assert none.effect is None and none.attribution is None
    assert "logistic of child on given of base must be trained" not in none.reason  # the child trained it itself
    assert none.reason.endswith("logistic of base on reviewed of child must be trained: --run-missing")
    wanted = replace(child.cells["logistic", "reviewed"], model="m1")
    assert none.missing == (wanted,)


def test_where_nothing_is_held_both_corners_are_missing() -> None:
    child = snapshot("child", models={"new": "m9"}, versions={"all": "d9"})
    none = found(BASE, child, world(BASE, child))
    assert "new of child on given of base and logistic of base on all of child must be trained" in none.reason
    assert [(one.model, one.data) for one in none.missing] == [("m9", "d1"), ("m1", "d9")]


def test_with_its_corners_a_square_tells_data_from_model() -> None:
    child = snapshot("child", **BETTER, **REVIEWED)
    corner = snapshot("corner", **REVIEWED)
    cells = world(BASE, child, corner, m1_d1=0.5, m1b_d1=0.6, m1_d2=0.7, m1b_d2=0.9)
    square = found(BASE, child, cells, corners([BASE, corner, child], cells.past))
    assert square.effect is None and square.missing == ()
    assert square.attribution is not None
    parts = {name: part.difference for name, part in square.attribution.items()}
    assert parts == pytest.approx(
        {"model": 0.1, "data": 0.2, "interaction": 0.1, "model_share": 0.15, "data_share": 0.25, "data_beats_model": 0.1,
         "whole": 0.4}
    )  # fmt: skip
    assert {part.scored_on for _, part in square.attribution.items()} == {"given"}


def test_a_square_is_refused_where_the_seeds_moved_too() -> None:
    child = snapshot("child", **BETTER, **REVIEWED, seeds="s10")
    with pytest.raises(NotHeldFixedError, match="the seeds or the training code too"):
        found(BASE, child, world(BASE, child))


def test_a_model_and_its_seeds_moved_together_are_refused() -> None:
    child = snapshot("child", **BETTER, seeds="s10")
    with pytest.raises(NotHeldFixedError, match="the seeds moved too"):
        found(BASE, child, world(BASE, child))


@pytest.mark.parametrize("moving", [REVIEWED, BETTER, BETTER | REVIEWED])
def test_code_that_changed_no_prediction_is_held_fixed(moving: dict[str, Any]) -> None:
    child = snapshot("child", **moving, code="c2")
    cells = world(BASE, child, m1_d2=0.8, m1b_d1=0.8)
    measured_ = found(BASE, child, cells)
    assert measured_.missing or (measured_.effect and measured_.effect.difference == pytest.approx(0.3))


@pytest.mark.parametrize("moving", [REVIEWED, BETTER, BETTER | REVIEWED])
def test_code_that_changed_a_prediction_of_a_shared_cell_is_not(moving: dict[str, Any]) -> None:
    child = snapshot("child", **moving, code="c2")
    cells = world(BASE, child)
    cells.cells["child", "tree", "given"] = right_on(0.4)
    with pytest.raises(NotHeldFixedError, match="training code"):
        found(BASE, child, cells)


def test_code_that_changed_a_probability_is_not_held_fixed_either() -> None:
    child = snapshot("child", **REVIEWED, code="c2")
    cells = world(BASE, child)
    for revision in ("base", "child"):
        cells.cells[revision, "tree", "given"] = right_on(0.5, probs=True)
    before = cells.cells["child", "tree", "given"]
    cells.cells["child", "tree", "given"] = replace(before, pred_probs=np.full_like(before.pred_probs, 1 / 3))
    with pytest.raises(NotHeldFixedError, match="training code"):
        found(BASE, child, cells)


def test_code_without_a_shared_cell_cannot_be_told_to_be_the_same() -> None:
    child = snapshot("child", **REVIEWED, code="c2", inputs="v2")
    with pytest.raises(NotHeldFixedError, match="training code"):
        found(BASE, child, world(BASE, child))


def test_code_alone_is_a_number_only_where_it_changed_a_prediction() -> None:
    child = snapshot("child", code="c2")
    cells = world(BASE, child)
    assert found(BASE, child, cells).reason == "the training code or libraries moved, and no prediction with them"
    cells.cells["child", "logistic", "given"] = right_on(0.8)
    effect = found(BASE, child, cells).effect
    assert effect is not None and effect.axis == "code"
    assert effect.difference == pytest.approx(0.3)


def test_other_seeds_of_a_deterministic_learner_are_not_applicable() -> None:
    child = snapshot("child", seeds="s10")
    cells = world(BASE, child)
    cells.cells = {name: replace(one, predicted=one.predicted[:1], deterministic=True) for name, one in cells.cells.items()}
    assert found(BASE, child, cells).reason.startswith("not applicable: the learner is deterministic")


def test_ten_seeds_after_five_are_five_against_five_others() -> None:
    child = snapshot("child", seeds="s10")
    cells = world(BASE, child)
    cells.cells["child", "logistic", "given"] = ten = right_on(0.5, n_seeds=10)
    ten.predicted[5:] = right_on(0.7).predicted
    effect = found(BASE, child, cells).effect
    assert effect is not None and effect.n_seeds == 5
    assert effect.difference == pytest.approx(0.2)


def test_a_version_that_drops_rows_must_beat_its_placebo() -> None:
    child = snapshot("child", versions={"given": "d1", "pruned": "d3"}, controls={"placebo-pruned": "d4"})
    for placebo, verdict in ((0.5, "helps"), (0.8, "cannot tell")):
        told = found(BASE, child, world(BASE, child, m1_d3=0.8, m1_d4=placebo))
        assert told.effect is not None and told.net is not None
        assert told.effect.difference == pytest.approx(0.3)
        assert told.net.difference == pytest.approx(0.8 - placebo)
        assert told.effect.verdict == verdict
    assert "net of its placebo" in told.effect.reason


def test_rows_that_fell_on_both_sides_change_no_number() -> None:
    child = snapshot("child", **BETTER)
    plain = found(BASE, child, world(BASE, child, m1b_d1=0.8)).effect
    more = judging([*ROWS.ids, *(f"w{row}" for row in range(30))])
    grown = snapshot("child", **BETTER, rows=more, inputs="v2")
    cells = world(BASE, child, m1b_d1=0.8)
    cells.cells |= {name: cell(more, range(12)) for name in cells.cells if name[0] == "child"}
    effect = found(BASE, grown, cells).effect
    assert effect == plain


def test_a_metric_of_probabilities_is_told_to_lack_them() -> None:
    child = snapshot("child", **BETTER)
    settings = SETTINGS.model_copy(update={"metric": "log_loss"})
    cells = world(BASE, child)
    none = found(BASE, child, cells, settings=settings)
    assert none.effect is None
    assert none.reason == "an arm gives no probabilities, which log_loss needs"
    cells.cells = {name: right_on(0.5, probs=True) for name in cells.cells}
    assert found(BASE, child, cells, settings=settings).effect is not None


def test_what_is_not_in_the_cache_is_refused_with_what_brings_it() -> None:
    with pytest.raises(BadInputError, match="not in the DVC cache"):
        found(BASE, snapshot("child", **BETTER), World())


def test_the_cells_of_a_verdict_are_two_three_with_a_placebo_or_four() -> None:
    pruned = snapshot("child", versions={"given": "d1", "pruned": "d3"}, controls={"placebo-pruned": "d4"})
    for child, roles in (
        (snapshot("child", **REVIEWED), ["baseline", "candidate"]),
        (pruned, ["baseline", "candidate", "control"]),
    ):
        sides = sides_of(BASE, child, moved(BASE, child), world(BASE, child).side, never)
        assert list(sides) == roles
    both = snapshot("both", **BETTER | REVIEWED)
    of = world(BASE, both)
    with pytest.raises(BadInputError, match=r"is not trained.*Train it: ceteris compare base both --run-missing"):
        sides_of(BASE, both, moved(BASE, both), of.side, never)
    corner = of.side(both, ("logistic", "reviewed"))
    assert len(sides_of(BASE, both, moved(BASE, both), of.side, lambda _: corner)) == 4
    with pytest.raises(BadInputError, match="no model was trained otherwise"):
        sides_of(BASE, snapshot("same"), moved(BASE, snapshot("same")), of.side, never)

"""A recipe makes a version out of `given`, and the controls that it calls for stand beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import CLASSES, decided, edit, evidence

from ceteris.errors import ParamsError, StaleEditError
from ceteris.fixing.recipes import make, make_all
from ceteris.fixing.versions import Evidence, Version
from ceteris.sections import Step

STEPS = {
    "given": (),
    "pruned": (Step(step="drop_flagged"),),
    "relabelled": (Step(step="relabel_flagged"),),
    "reviewed": (Step(step="apply_edits"),),
    "simulated": (Step(step="simulate_review", rows=5),),
    "true": (Step(step="restore_true"),),
}


def changed_rows(version: Version, given: Evidence) -> list[int]:
    return np.flatnonzero(version.labels[0] != given.labels).tolist()


def test_no_steps_is_the_identity() -> None:
    made, world = make("given", (), evidence()), evidence()
    assert made.labels.tolist() == [world.labels.tolist()]
    assert made.kept.all()
    assert made.patch.empty


def test_reviewed_equals_given_and_says_so_while_nobody_has_reviewed() -> None:
    made = make("reviewed", STEPS["reviewed"], evidence())
    assert made.labels.tolist() == [evidence().labels.tolist()]
    assert made.note == "nothing reviewed yet: equals given"


@pytest.mark.parametrize(
    ("name", "relabelled", "dropped", "reviewed"),
    [
        ("pruned", [], [0, 1, 2], 0),
        ("relabelled", [0, 1, 2], [], 0),
        ("simulated", [0, 1, 2], [], 5),
        ("true", [0, 1, 2], [], 0),
    ],
)
def test_each_step_changes_the_rows_it_names(name: str, relabelled: list[int], dropped: list[int], reviewed: int) -> None:
    made = make(name, STEPS[name], evidence())
    assert changed_rows(made, evidence()) == relabelled
    assert np.flatnonzero(~made.kept[0]).tolist() == dropped
    assert made.reviewed == reviewed


def test_the_patch_says_every_change_and_every_answer() -> None:
    patch = make("simulated", STEPS["simulated"], evidence()).patch
    assert list(zip(patch["id"], patch["action"], patch["new_label"], strict=True)) == [
        ("r00", "relabel", "bee"),
        ("r01", "relabel", "cow"),
        ("r02", "relabel", "ant"),
        ("r03", "confirm", ""),
        ("r04", "confirm", ""),
    ]
    assert set(patch["reviewer"]) == {"simulated reviewer"}


def test_what_a_simulated_reviewer_made_says_simulated() -> None:
    versions = make_all(STEPS, evidence())
    assert {name for name, version in versions.items() if version.simulated} == {"simulated", "random-simulated"}
    assert all("simulated" in versions[name].note for name in ("simulated", "random-simulated"))


def test_steps_are_taken_in_their_order_and_on_top_of_each_other() -> None:
    both = make("both", (Step(step="simulate_review", rows=2), Step(step="drop_flagged", rows=1)), evidence())
    assert changed_rows(both, evidence()) == [0, 1]
    assert np.flatnonzero(~both.kept[0]).tolist() == [0]
    assert len(both.patch) == 3


def test_peoples_edits_drop_and_relabel() -> None:
    decisions = decided(edit("r03", given="ant", new="cow"), edit("r04", "drop", "bee"), edit("r05", "confirm", "cow"))
    made = make("reviewed", STEPS["reviewed"], evidence(decisions=decisions))
    assert changed_rows(made, evidence()) == [3]
    assert np.flatnonzero(~made.kept[0]).tolist() == [4]
    assert (made.reviewed, made.note) == (3, "3 labels reviewed")


def test_controls_stand_beside_what_calls_for_them() -> None:
    versions = make_all(STEPS, evidence())
    assert list(versions)[len(STEPS) :] == ["aa", "placebo-pruned", "random-simulated"]
    assert versions["aa"].reseeded
    assert versions["aa"].labels.tolist() == [evidence().labels.tolist()]
    assert {name for name, version in versions.items() if version.redrawn} == {"placebo-pruned", "random-simulated"}


def test_no_control_is_invented_where_no_reviewer_can_answer() -> None:
    known = evidence(true=None, decisions=decided(edit("r03", given="ant", new="cow")))
    versions = make_all({name: STEPS[name] for name in ("given", "pruned", "reviewed")}, known)
    assert list(versions) == ["given", "pruned", "reviewed", "aa", "placebo-pruned"]


def test_a_placebo_drops_the_same_rows_in_whatever_order_the_classes_are_listed() -> None:
    one, other = (make_all(STEPS, evidence(30, classes=order)) for order in (CLASSES, CLASSES[::-1]))
    assert np.array_equal(one["placebo-pruned"].kept, other["placebo-pruned"].kept)


@given(st.lists(st.integers(0, 29), max_size=20, unique=True))
def test_a_placebo_drops_as_many_rows_of_each_given_class(flagged: list[int]) -> None:
    mask = np.isin(np.arange(30), flagged)
    world = evidence(30, flagged=mask, draws=3)
    if any(mask[world.labels == label].all() for label in CLASSES):
        return
    versions = make_all({"given": (), "pruned": STEPS["pruned"]}, world)
    if not flagged:
        assert "placebo-pruned" not in versions
        return
    for kept in versions["placebo-pruned"].kept:
        for label in CLASSES:
            assert (~kept[world.labels == label]).sum() == mask[world.labels == label].sum()


@given(st.integers(1, 12), st.integers(1, 12))
def test_draw_d_of_a_control_does_not_depend_on_how_many_draws_there_are(few: int, more: int) -> None:
    one, other = (make_all(STEPS, evidence(60, draws=draws)) for draws in (few, few + more))
    for name in ("placebo-pruned", "random-simulated"):
        assert one[name].labels.tolist() == other[name].labels[:few].tolist()
        assert one[name].kept.tolist() == other[name].kept[:few].tolist()


def test_draws_differ_from_seed_to_seed_and_from_control_to_control() -> None:
    versions = make_all(STEPS | {"again": STEPS["pruned"]}, evidence(60, draws=10))
    kept = versions["placebo-pruned"].kept
    assert len({row.tobytes() for row in kept}) == 10
    assert kept.tolist() != versions["placebo-again"].kept.tolist()
    reviewed = versions["random-simulated"].labels
    assert len({tuple(row) for row in reviewed}) > 1


def test_random_review_corrects_only_rows_that_are_wrong() -> None:
    world = evidence(60, draws=20)
    version = make_all({"given": (), "all": (Step(step="simulate_review", rows=60),)}, world)["random-all"]
    assert all(labels.tolist() == world.true.tolist() for labels in version.labels)


@given(st.permutations(("xerus", "yak", "zebra")))
def test_renaming_the_classes_commutes_with_every_recipe(names: list[str]) -> None:
    renamed = dict(zip(CLASSES, names, strict=True))

    def anew(labels: np.ndarray) -> np.ndarray:
        return np.array([renamed[label] for label in labels.ravel()], dtype=object).reshape(labels.shape)

    world = evidence(30)
    other = replace(
        world, classes=tuple(names), labels=anew(world.labels), true=anew(world.true), suggested=anew(world.suggested)
    )
    here, there = make_all(STEPS, world), make_all(STEPS, other)
    for name in here:
        assert anew(here[name].labels).tolist() == there[name].labels.tolist()
        assert here[name].kept.tolist() == there[name].kept.tolist()


def test_evidence_is_never_changed() -> None:
    world = evidence()
    before = (world.labels.copy(), world.true.copy(), world.suggested.copy())
    make_all(STEPS, world)
    assert all((one == other).all() for one, other in zip(before, (world.labels, world.true, world.suggested), strict=True))


def test_a_version_as_a_table_has_one_row_a_kept_row_and_draw() -> None:
    versions = make_all(STEPS, evidence())
    table = versions["placebo-pruned"].table(evidence().ids)
    assert table.groupby("draw").size().tolist() == [9, 9, 9, 9]
    assert list(table.columns) == ["id", "label", "weight", "draw"]
    assert len(versions["pruned"].table(evidence().ids)) == 9


def test_a_version_that_loses_a_class_is_refused() -> None:
    world = evidence(12, flagged=np.arange(12) % 3 == 1)
    with pytest.raises(StaleEditError, match=r"no row of 'bee'.*fix\.recipes\.pruned in params\.yaml"):
        make("pruned", STEPS["pruned"], world)


@pytest.mark.parametrize("name", ["simulated", "true"])
def test_a_recipe_that_needs_true_labels_says_so_where_there_are_none(name: str) -> None:
    with pytest.raises(ParamsError, match=rf"fix\.recipes\.{name} needs the true label.*ingest\.true_label"):
        make(name, STEPS[name], evidence(true=None))


def test_a_declared_control_is_like_a_version_above_it() -> None:
    like = {"given": (), "pruned": STEPS["pruned"], "mine": (Step(step="drop_like", version="pruned"),)}
    assert make_all(like, evidence())["mine"].redrawn
    upside_down = {"given": (), "mine": like["mine"], "pruned": STEPS["pruned"]}
    with pytest.raises(ParamsError, match=r"fix\.recipes\.mine.*version: pruned"):
        make_all(upside_down, evidence())


def diagnosed(**changed: Any) -> Evidence:
    """Return rows of which the first and the fifth are outliers, and whose brightness tells their class."""
    labels = evidence().labels
    table = pd.DataFrame({"is_outlier_issue": np.isin(np.arange(12), (0, 4)), "group:brightness": np.array(["1", "2"] * 6)})
    table.loc[labels == "ant", "group:brightness"] = "1"
    return evidence(diagnosis=table, **changed)


def test_rows_with_an_issue_are_dropped_and_the_placebo_drops_as_many_of_their_classes() -> None:
    made = make_all({"given": (), "typical": (Step(step="drop_issues", issues=("outlier",)),)}, diagnosed())
    assert np.flatnonzero(~made["typical"].kept[0]).tolist() == [0, 4]
    assert (made["placebo-typical"].kept.sum(axis=1) == 10).all()
    assert set(made["typical"].patch["source"]) == {"diagnosis"}


def test_weights_of_rows_with_an_issue_and_their_placebo_with_the_same_weights_elsewhere() -> None:
    made = make_all({"given": (), "heavy": (Step(step="weigh_issues", issues=("outlier",), weight=3.0),)}, diagnosed())
    weights, placebo = made["heavy"].weights, made["placebo-heavy"].weights
    assert weights is not None and placebo is not None
    assert weights[0, [0, 4]].tolist() == [3.0, 3.0] and weights.sum() == 16.0
    assert made["heavy"].kept.all() and (placebo.sum(axis=1) == 16.0).all()
    assert len({tuple(line) for line in placebo}) > 1  # drawn anew for each seed
    assert made["heavy"].table(evidence().ids).set_index("id").loc["r00", "weight"] == 3.0


def test_reweighing_by_class_gives_every_class_the_same_weight() -> None:
    rare = evidence(labels=np.array(["ant"] * 9 + ["bee"] * 2 + ["cow"], dtype=object))
    weights = make("even", (Step(step="reweigh", by="class"),), rare).weights
    assert weights is not None
    assert np.allclose([weights[0, rare.labels == name].sum() for name in CLASSES], 4.0)


def test_reweighing_by_a_property_makes_it_say_nothing_of_the_class() -> None:
    rows = diagnosed()
    assert rows.diagnosis is not None
    weights = make("fair", (Step(step="reweigh", by="brightness"),), rows).weights
    table = pd.DataFrame({"bright": rows.diagnosis["group:brightness"], "label": rows.labels, "weight": weights[0]})  # type: ignore[index]
    shares = table[table["label"] != "ant"].pivot_table(index="label", columns="bright", values="weight", aggfunc="sum")
    assert np.allclose(shares.loc["bee"] / shares.loc["bee"].sum(), shares.loc["cow"] / shares.loc["cow"].sum())


def test_a_kind_that_was_not_judged_is_refused_by_name() -> None:
    with pytest.raises(ParamsError, match=r"fix\.recipes\.clear asks for is_picture_issue.*issues\.csv says why"):
        make("clear", (Step(step="drop_issues", issues=("picture",)),), diagnosed())


def test_edits_of_some_batches_are_applied_without_the_others() -> None:
    world = evidence(12, true=None)
    given = world.labels
    mine = edit("r04", "drop", given[4], batch="family-1")
    world = replace(world, decisions=decided(mine, edit("r05", "drop", given[5], batch="other", reviewer="bob")))
    version = make("alone", (Step(step="apply_edits", batches=("ann/family-1",)),), world)
    assert np.flatnonzero(~version.kept[0]).tolist() == [4]
    assert np.flatnonzero(~make("all", (Step(step="apply_edits"),), world).kept[0]).tolist() == [4, 5]


def test_a_batch_of_edits_of_which_nothing_counts_is_refused_with_the_nearest() -> None:
    world = replace(evidence(12), decisions=decided(edit("r04", "drop", evidence(12).labels[4], batch="family-1")))
    with pytest.raises(ParamsError, match=r"fix\.recipes\.alone.*Did you mean 'ann/family-1'"):
        make("alone", (Step(step="apply_edits", batches=("ann/family-2",)),), world)

"""Every pair of cells that differ in one thing, judged on the labels it may use."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.errors import NotHeldFixedError, ParamsError
from ceteris.measuring.compare import COLUMNS, Arm, Scorer, as_one_family, effects_table, grid_table, judge_pairs
from ceteris.measuring.effect import holm
from ceteris.measuring.fingerprint import Fingerprint
from ceteris.measuring.pairs import VersionFacts, pairs_of
from ceteris.metrics import CLASSES, metrics_of
from ceteris.sections import Compare, Contrast
from ceteris.training.cells import Cell

FACTS = {
    "given": VersionFacts(rows=100),
    "pruned": VersionFacts(dropped=10, rows=90),
    "fixed": VersionFacts(reviewed=20, rows=100),
    "aa": VersionFacts(control=True, reseeded=True, rows=100),
    "placebo-pruned": VersionFacts(control=True, redrawn=True, dropped=10, rows=90),
    "random-fixed": VersionFacts(control=True, redrawn=True, reviewed=20, rows=100),
}
LABELS = np.arange(120) % 3
SEEDS = 5


def plan(*planned: tuple[str, str, str, str]) -> Compare:
    held = {"data": "model", "model": "version"}
    chosen = planned or (("data", "m", "given", "fixed"), ("data", "m", "given", "pruned"), ("model", "given", "m", "n"))
    lines = [{"axis": axis, held[axis]: name, "baseline": one, "candidate": other} for axis, name, one, other in chosen]
    return Compare(planned=tuple(Contrast.model_validate(line) for line in lines))


def arm(version: str, model: str, share_right: float, probabilities: bool = True, deterministic: bool = False) -> Arm:
    rng = np.random.default_rng([len(version), ord(version[0]), ord(model)])
    n_fits = 1 if deterministic else SEEDS
    right = rng.random((n_fits, len(LABELS))) < share_right
    predicted = np.where(right, LABELS, (LABELS + rng.integers(1, 3, right.shape)) % 3).astype(np.int32)
    probs = np.eye(3)[predicted] * 0.8 + 0.2 / 3 if probabilities else None
    seeds = "other" if version == "aa" else "s"
    fingerprint = Fingerprint("given" if version == "aa" else version, model, seeds, "i", "c")
    return Arm(Cell(predicted, probs, SEEDS, deterministic), fingerprint)


def scorer(compare: Compare | None = None, labels: dict[str, np.ndarray] | None = None, **second: Any) -> Scorer:
    shares = {"given": 0.7, "pruned": 0.72, "fixed": 0.9, "aa": 0.7, "placebo-pruned": 0.68, "random-fixed": 0.75}
    arms = {("m", version): arm(version, "m", share) for version, share in shares.items()}
    arms |= {("n", version): arm(version, "n", share, **second) for version, share in shares.items()}
    return Scorer(arms, labels or {"given": LABELS}, 3, None, compare or plan())


def judged(known: Scorer | None = None, compare: Compare | None = None) -> list[Any]:
    known = known or scorer(compare)
    return as_one_family(judge_pairs(known, pairs_of(["m", "n"], FACTS, known.compare), FACTS), known.compare.metric)


def test_planned_contrasts_come_first_and_every_pair_once() -> None:
    pairs = pairs_of(["m", "n"], FACTS, plan())
    assert [pair.planned for pair in pairs[:4]] == [True, True, True, False]
    assert [pair.name for pair in pairs[:3]] == ["m.given.fixed", "m.given.pruned", "given.m.n"]
    assert len({(pair.baseline, pair.candidate) for pair in pairs}) == len(pairs)


def test_every_model_has_its_controls_and_the_line_that_says_what_the_ranking_is_worth() -> None:
    pairs = pairs_of(["m", "n"], FACTS, plan())
    for model in "mn":
        lines = {(pair.axis, pair.baseline[1], pair.candidate[1]): pair for pair in pairs if pair.candidate[0] == model}
        assert ("aa", "given", "aa") in lines
        assert ("data", "given", "placebo-pruned") in lines
        assert lines["data", "random-fixed", "fixed"].redrawn
        assert lines["data", "given", "pruned"].control == "placebo-pruned"
        assert lines["data", "given", "pruned"].needs_net
        assert (lines["data", "given", "fixed"].control, lines["data", "given", "fixed"].needs_net) == ("random-fixed", False)


def test_a_planned_contrast_against_a_redrawn_control_counts_the_candidates_own_draw() -> None:
    compare = plan(("data", "m", "random-fixed", "fixed"))
    (pair,) = [pair for pair in pairs_of(["m"], FACTS, compare) if pair.planned]
    assert pair.redrawn
    plain = scorer(compare).effect(pair.baseline, pair.candidate, "accuracy", "given")
    drawn = scorer(compare).effect(pair.baseline, pair.candidate, "accuracy", "given", redrawn=True)
    assert plain is not None
    assert drawn is not None
    assert drawn.variance >= plain.variance


def test_a_version_that_drops_rows_is_set_against_its_placebo_whatever_its_baseline() -> None:
    (pair,) = [pair for pair in pairs_of(["m"], FACTS, plan(("data", "m", "fixed", "pruned"))) if pair.planned]
    assert (pair.control, pair.needs_net) == ("placebo-pruned", True)


def test_a_planned_control_that_is_not_made_is_refused() -> None:
    with pytest.raises(ParamsError, match=r"'placebo-fixed'.*Did you mean 'placebo-pruned'.*compare\.planned"):
        pairs_of(["m"], FACTS, plan(("data", "m", "placebo-fixed", "fixed")))


def test_only_planned_contrasts_on_the_primary_metric_are_one_family() -> None:
    found = judged()
    family = [one for one in found if one.p_holm is not None]
    assert [one.pair.name for one in family] == ["m.given.fixed", "m.given.pruned", "given.m.n"]
    assert {one.metric for one in family} == {"accuracy"}
    assert [one.p_holm for one in family] == pytest.approx(holm([one.effect.p_value for one in family]).tolist())


def test_each_contrast_enters_the_family_on_the_best_labels_it_has() -> None:
    known = scorer(labels={"given": LABELS, "true": (LABELS + 1) % 3})
    assert {one.scored_on for one in judged(known) if one.p_holm is not None} == {"true"}


def test_what_was_not_planned_says_that_it_is_exploratory_and_controls_do_not() -> None:
    table = effects_table(judged(), FACTS)
    assert tuple(table.columns) == COLUMNS
    chosen = table[(table["metric"] == "accuracy") & (table["candidate_model"] == "m") & (table["axis"] == "data")]
    said = dict(zip(chosen["candidate_version"] + "/" + chosen["baseline_version"], chosen["reason"], strict=True))
    assert "exploratory" not in said["placebo-pruned/given"]
    assert "exploratory" not in said["fixed/given"]
    unplanned = table[(table["candidate_model"] == "n") & (table["candidate_version"] == "fixed") & (table["axis"] == "data")]
    assert unplanned["reason"].str.contains("exploratory").any()
    assert table.loc[~table["planned"], "p_holm"].isna().all()


def test_rows_that_differ_are_counted_where_predictions_decide_and_not_where_probabilities_do() -> None:
    counted = effects_table(judged(), FACTS).groupby("metric")["n_discordant"].agg(lambda column: column.notna().any())
    assert counted.to_dict() == {
        "accuracy": True, "balanced_accuracy": True, "macro_f1": True, "log_loss": False, "roc_auc": False
    }  # fmt: skip


def test_every_row_names_the_plan() -> None:
    assert set(effects_table(judged(), FACTS, "plan-1")["plan"]) == {"plan-1"}


def test_a_version_that_drops_rows_is_shown_net_of_its_placebo() -> None:
    table = effects_table(judged(), FACTS)
    line = table[(table["candidate_version"] == "pruned") & table["planned"] & (table["metric"] == "accuracy")].iloc[0]
    known = scorer()
    values = {name: known.scores(("m", name), "accuracy", "given").mean() for name in ("pruned", "placebo-pruned")}
    assert line["net"] == pytest.approx(values["pruned"] - values["placebo-pruned"])
    assert line["control"] == "placebo-pruned"
    assert line["net_low"] <= line["net"] <= line["net_high"]


def test_a_model_without_probabilities_leaves_their_metrics_blank() -> None:
    known = scorer(probabilities=False)
    table = effects_table(judged(known), FACTS)
    blank = table[(table["candidate_model"] == "n") & table["metric"].isin(["log_loss", "roc_auc"])]
    assert blank[["difference", "low", "high", "p_value"]].isna().all(axis=None)
    assert (blank["verdict"] == "").all()
    assert blank["reason"].str.startswith("not applicable: an arm gives no probabilities").all()
    grid = grid_table(known, FACTS)
    assert grid[(grid["model"] == "n") & (grid["metric"] == "roc_auc")]["value"].isna().all()
    assert grid[(grid["model"] == "n") & (grid["metric"] == "accuracy")]["value"].notna().all()


def test_other_seeds_of_a_deterministic_learner_are_not_applicable() -> None:
    known = scorer(deterministic=True)
    lines = [one for one in judged(known) if one.pair.axis == "aa" and one.pair.candidate[0] == "n"]
    assert all(one.effect is None and "deterministic" in one.reason for one in lines)


def test_the_grid_holds_the_metric_in_its_usual_orientation() -> None:
    from sklearn.metrics import accuracy_score, log_loss

    known = scorer()
    grid = grid_table(known, FACTS).set_index(["model", "version", "metric"])["value"]
    cell = known.arms["m", "given"].cell
    assert cell.pred_probs is not None
    losses = [log_loss(LABELS, probs) for probs in cell.pred_probs]
    assert grid["m", "given", "log_loss"] == pytest.approx(np.mean(losses))
    assert grid["m", "given", "accuracy"] == pytest.approx(np.mean([accuracy_score(LABELS, p) for p in cell.predicted]))


def test_arms_that_are_one_cell_differ_by_exactly_nothing() -> None:
    known = scorer()
    known = replace(known, arms=dict(known.arms) | {("m", "fixed"): known.arms["m", "given"]})
    same = judge_pairs(known, pairs_of(["m"], FACTS, known.compare)[:1], FACTS)
    assert {one.pair.name for one in same} == {"m.given.fixed"}
    assert {(one.effect.difference, one.effect.low, one.effect.high, one.effect.verdict) for one in same} == {
        (0.0, 0.0, 0.0, "no practical difference")
    }


def test_arms_that_are_one_cell_take_no_share_of_the_familys_error() -> None:
    known = scorer()
    known = replace(known, arms=dict(known.arms) | {(model, "fixed"): known.arms[model, "given"] for model in "mn"})
    planned = [one for one in judged(known) if one.pair.planned and one.metric == "accuracy"]
    shares = {one.pair.name: one.p_holm for one in planned}
    assert shares["m.given.fixed"] is None
    others = [one for one in planned if one.pair.name != "m.given.fixed"]
    assert [one.p_holm for one in others] == pytest.approx(holm([one.effect.p_value for one in others]).tolist())


@pytest.mark.parametrize("part", ["model", "seeds", "inputs", "code"])
def test_a_contrast_in_which_something_else_moved_is_refused(part: str) -> None:
    known = scorer()
    other = known.arms["m", "fixed"]
    arms = dict(known.arms) | {("m", "fixed"): replace(other, fingerprint=replace(other.fingerprint, **{part: "?"}))}
    with pytest.raises(NotHeldFixedError, match="m/given and m/fixed were asked to differ in the training data alone"):
        judged(replace(known, arms=arms))


@given(st.permutations(range(3)))
def test_renaming_the_classes_changes_no_effect(names: list[int]) -> None:
    known = scorer()
    codes = np.array(names)

    def anew(one: Arm) -> Arm:
        probs = one.cell.pred_probs
        assert probs is not None
        return replace(
            one, cell=replace(one.cell, predicted=codes[one.cell.predicted], pred_probs=probs[:, :, np.argsort(codes)])
        )

    renamed = Scorer({name: anew(one) for name, one in known.arms.items()}, {"given": codes[LABELS]}, 3, None, known.compare)
    here, there = (effects_table(judged(one), FACTS) for one in (known, renamed))
    numbers = ["difference", "low", "high", "p_value", "p_holm", "net"]
    assert there[numbers].to_numpy(float) == pytest.approx(here[numbers].to_numpy(float), nan_ok=True, abs=1e-9)
    assert list(here["verdict"]) == list(there["verdict"])
    assert set(here["metric"]) == set(metrics_of(CLASSES))

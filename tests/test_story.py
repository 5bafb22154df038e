"""Which lever moved the score, in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import shown

from ceteris.editing.reviewed import Checked, Review
from ceteris.telling import story
from ceteris.telling.finding import findings
from ceteris.telling.story import control_rows, on_best_labels, summary


def test_the_most_trusted_labels_speak_for_a_contrast() -> None:
    both = pd.concat([shown.effects(scored_on="given"), shown.effects(scored_on="verified (all)"), shown.effects()])
    chosen = story.planned(findings(both), "accuracy")
    assert len(chosen) == 4
    assert {finding.scored_on for finding in chosen} == {"true"}


def test_the_best_lever_is_one_that_helps() -> None:
    chosen = story.planned(findings(shown.effects()), "accuracy")
    data, model = story.best(chosen, "data"), story.best(chosen, "model")
    assert data is not None and data.candidate_version == "reviewed-simulated"
    assert model is not None and model.candidate_model == "svc"


def test_an_interval_that_leaves_0_out_and_tells_nothing_says_why() -> None:
    why = "the arms differ on 5 rows, and under 10 nothing is said to help or to harm"
    told = [
        story.lever(findings(pd.DataFrame([shown.effect("a", -0.04, half, verdict="cannot tell", reason=why)]))[0], 0.95)
        for half in (0.03, 0.05)
    ]
    assert told[0].endswith(f": cannot tell ({why})")
    assert told[1].endswith(": cannot tell")


def test_a_large_harm_or_doubt_never_outranks_a_small_help() -> None:
    rows = pd.DataFrame([shown.effect("a", 0.5, 0.9), shown.effect("b", 0.01, 0.005), shown.effect("c", -0.9, 0.1)])
    found = story.best(story.planned(findings(rows), "accuracy"), "data")
    assert found is not None and found.candidate_version == "b"


def picked(*rows: dict[str, Any]) -> str:
    return story.picked(story.planned(findings(pd.DataFrame(rows)), "accuracy"), "data")


def test_a_headline_says_among_how_many_it_was_picked_by_its_result() -> None:
    two = [shown.effect("a", 0.02, 0.01), shown.effect("b", 0.05, 0.01)]
    assert picked(*two) == "best of 2 planned"
    assert picked(two[0]) == ""
    assert picked(*two, shown.effect("c", 0.09, 0.2)) == "best judged \u201chelps\u201d of 3 planned"
    assert picked(*two, shown.effect("true", 0.2, 0.01)) == "best of 2 planned (true aside)"


def test_the_summary_does_not_hide_that_its_headline_was_picked() -> None:
    data, model = story.summary(shown.effects(), "accuracy", 0.95)
    assert data.startswith("data, best of 2 planned: given \u2192 reviewed-simulated")
    assert model.startswith("model, best of 2 planned: logistic \u2192 svc")


def test_perfect_labels_are_a_ceiling_and_no_lever() -> None:
    rows = pd.DataFrame([shown.effect("true", 0.5, 0.1), shown.effect("pruned", 0.01, 0.1)])
    found = story.best(story.planned(findings(rows), "accuracy"), "data")
    assert found is not None and found.candidate_version == "pruned"


def test_a_review_that_nobody_made_leads_no_headline() -> None:
    nothing = shown.effect("reviewed", 0.0, 0.0, verdict="no practical difference", reason="the arms are identical")
    rows = pd.DataFrame([nothing, shown.effect("pruned", -0.2, 0.1)])
    found = story.best(story.planned(story.findings(rows), "accuracy"), "data")
    assert found is not None and found.candidate_version == "pruned"
    assert story.summary(rows, "accuracy", 0.95)[0].startswith("data: given → pruned")
    alone = story.best(story.planned(story.findings(rows.head(1)), "accuracy"), "data")
    assert alone is not None and alone.empty


def test_an_axis_without_a_contrast_has_no_lever() -> None:
    assert story.best(story.planned(findings(shown.effects(model=False)), "accuracy"), "model") is None


def test_a_control_is_found_beside_its_contrast() -> None:
    found = findings(shown.effects())
    control = story.control_of(found[0], found)
    assert control is not None and control.candidate_version == "placebo-pruned"
    assert story.control_of(found[2], found) is None


def test_a_sentence_holds_interval_size_and_labels() -> None:
    told = story.lever(findings(shown.effects())[1], 0.95)
    for part in (
        "+5.9 pp",
        "[+3.8, +8.0]",
        "95 % interval",
        "10 seeds",
        "360 rows",
        "true labels",
        "helps",
        "model logistic held fixed",
    ):
        assert part in told


@pytest.mark.parametrize(("metric", "discordant"), [("accuracy", True), ("log_loss", False), ("roc_auc", False)])
def test_discordant_rows_are_counted_only_where_they_can_move_the_metric(metric: str, discordant: bool) -> None:
    told = story.lever(findings(shown.effects().assign(metric=metric))[1], 0.95)
    assert ("discordant" in told) is discordant
    assert "360 rows" in told


def test_a_log_loss_effect_says_which_way_is_better() -> None:
    assert "by +0.059 nats [+0.038, +0.080] (positive: lower log-loss, 95 % interval" in story.lever(
        findings(shown.effects().assign(metric="log_loss"))[1], 0.95
    )
    assert "positive" not in story.lever(findings(shown.effects())[1], 0.95)


def test_a_simulated_review_is_called_so_whatever_its_version_is_named() -> None:
    finding = findings(pd.DataFrame([shown.effect("careful", 0.1, 0.05)]), simulated={"careful"})[0]
    assert "simulated" in finding.change


def test_a_warning_stands_below_each_lever_that_was_scored_on_given_labels_and_below_no_other() -> None:
    def warned(effects: pd.DataFrame) -> list[bool]:
        lines = story.summary(effects, "accuracy", 0.95)
        return ["sign itself may be wrong" in line for line in lines if not line.startswith(("data", "model"))]

    given, better = shown.effects(scored_on="given"), shown.effects(scored_on="verified (disagreements)")
    assert warned(given) == [True, True]
    assert not any(warned(shown.effects()))
    mixed = pd.concat([given, better[better["axis"] == "data"]])
    lines = story.summary(mixed, "accuracy", 0.95)
    assert warned(mixed).count(True) == 1
    assert "sign itself" in lines[-1] and lines[-2].startswith("model")
    assert lines[-1].endswith("may be wrong. To check: ceteris queue given.logistic.svc")
    log_loss = story.summary(given.assign(metric="log_loss"), "log_loss", 0.95)
    assert log_loss[1].endswith("the sign itself may be wrong.")  # no check of disagreements settles it


def test_why_and_what_would_undo_it_are_told_apart() -> None:
    finding = findings(shown.effects(scored_on="given"))[0]
    assert finding.why == "the interval holds 0"
    assert finding.undoing == "9 of these 41 disagreement labels wrong would undo this verdict; about 4 minutes to check."
    assert finding.queue_name == "logistic.given.pruned"


def test_a_verdict_that_nothing_would_undo_says_so_and_names_no_queue() -> None:
    reason = "the interval lies within +-0.5 pp. No number of these 5 disagreement labels, if wrong, would undo this verdict."
    rows = pd.DataFrame([shown.effect("pruned", 0.001, 0.002, scored_on="given", reason=reason)])
    (finding,) = findings(rows)
    assert finding.why == "the interval lies within \u00b10.5 pp"
    assert finding.undoing.startswith("No number of these 5")
    assert not finding.can_tip
    assert not any("ceteris queue" in line for line in story.summary(rows, "accuracy", 0.95))


def test_a_summary_says_that_seed_noise_is_unknown_where_the_reason_says_so() -> None:
    few = {"n_seeds": 1, "reason": "the interval holds 0; seed noise unknown (1 of the 5 seeds that it takes)"}
    (line, *_) = summary(pd.DataFrame([shown.effect("pruned", 0.001, 0.02, **few)]), "accuracy", 0.95)
    assert "1 seed (seed noise unknown) \u00d7 360 rows" in line
    (line, *_) = summary(pd.DataFrame([shown.effect("pruned", 0.001, 0.02)]), "accuracy", 0.95)
    assert "10 seeds \u00d7 360 rows" in line


def test_a_verdict_that_wrong_labels_would_undo_brings_the_command_that_checks_them() -> None:
    rows = shown.effects(scored_on="given").head(1)
    assert story.summary(rows, "accuracy", 0.95)[1].endswith(
        "4 minutes to check. To check: ceteris queue logistic.given.pruned"
    )


@pytest.mark.parametrize("flag", [True, "True", 1])
def test_flags_and_numbers_are_read_however_the_table_spells_them(flag: object) -> None:
    row = shown.effect("pruned", 0.1, 0.05, planned=flag, p_holm="", tipping=None)
    finding = findings(pd.DataFrame([row]))[0]
    assert finding.planned and np.isnan(finding.p_holm) and np.isnan(finding.tipping)


@pytest.mark.parametrize(("answers", "nothing"), [(0, True), (1, False)])
def test_nothing_reviewed_is_said_only_while_it_holds(answers: int, nothing: bool) -> None:
    assert story.nothing_reviewed(shown.versions(answers)) is nothing


def test_what_people_verified_stands_beside_the_given_labels_and_what_they_found_below() -> None:
    given = shown.effects(scored_on="given")
    verified = shown.effects(scored_on="verified (disagreements)")
    given["difference"], given["verdict"] = -given["difference"], "harms"
    arms = ("logistic", "given", "logistic", "reviewed-simulated")
    reviews = {arms: Review(41, Checked(41, unsure=1, wrong=9), Checked(16, 0, 0, 3, 0.0405, 0.4565), 0.05, 0.06)}
    lines = summary(pd.concat([given, verified]), "accuracy", 0.95, reviews=reviews)
    text = "\n".join(lines)
    assert "scored on verified labels (disagreements)): helps" in lines[0]
    assert lines[1].startswith("  On given labels \u2212") and "The given labels turn its sign" in lines[1]
    assert "  A person checked all 41 rows on which the arms differ: 9 of 40 that could be told" in text
    assert "counted against the candidate the effect is +5.0 pp, counted for it +6.0 pp" in text
    assert "Of 16 checked rows on which the arms agree, 3 had a wrong label (4 to 46 %). Wrong labels on which" in text
    assert "the sign itself may be wrong" not in text


def test_a_review_on_its_way_says_how_far_it_is() -> None:
    arms = ("logistic", "given", "logistic", "reviewed-simulated")
    reviews = {arms: Review(41, Checked(41, left=11))}
    lines = summary(shown.effects(scored_on="given"), "accuracy", 0.95, reviews=reviews)
    assert "  30 of the 41 labels asked for are checked; 11 are left, about 1 minute." in lines


def test_each_contrast_stands_on_its_best_labels() -> None:
    kinds = ("given", "verified (disagreements)")
    mixed = pd.concat([shown.effects(scored_on=kinds[0]), shown.effects(scored_on=kinds[1]).head(2)])
    best = on_best_labels(findings(mixed))
    assert [one.scored_on for one in best[:3]] == [kinds[1], kinds[1], kinds[0]]
    assert len(best) == len(shown.effects())
    assert [one.candidate_version for one in control_rows(findings(mixed), "accuracy")][:1] == ["placebo-pruned"]

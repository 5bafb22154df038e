"""Which lever moved the score, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shown

from ceteris import story


def test_the_most_trusted_labels_speak_for_a_contrast() -> None:
    both = pd.concat([shown.effects(scored_on="given"), shown.effects(scored_on="verified (all)"), shown.effects()])
    chosen = story.planned(story.findings(both), "accuracy")
    assert len(chosen) == 4
    assert {finding.scored_on for finding in chosen} == {"true"}


def test_the_best_lever_is_one_that_helps() -> None:
    chosen = story.planned(story.findings(shown.effects()), "accuracy")
    data, model = story.best(chosen, "data"), story.best(chosen, "model")
    assert data is not None and data.candidate_version == "reviewed-simulated"
    assert model is not None and model.candidate_model == "svc"


def test_a_large_harm_or_doubt_never_outranks_a_small_help() -> None:
    rows = pd.DataFrame([shown.effect("a", 0.5, 0.9), shown.effect("b", 0.01, 0.005), shown.effect("c", -0.9, 0.1)])
    found = story.best(story.planned(story.findings(rows), "accuracy"), "data")
    assert found is not None and found.candidate_version == "b"


def test_perfect_labels_are_a_ceiling_and_no_lever() -> None:
    rows = pd.DataFrame([shown.effect("true", 0.5, 0.1), shown.effect("pruned", 0.01, 0.1)])
    found = story.best(story.planned(story.findings(rows), "accuracy"), "data")
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
    assert story.best(story.planned(story.findings(shown.effects(model=False)), "accuracy"), "model") is None


def test_a_control_is_found_beside_its_contrast() -> None:
    found = story.findings(shown.effects())
    control = story.control_of(found[0], found)
    assert control is not None and control.candidate_version == "placebo-pruned"
    assert story.control_of(found[2], found) is None


def test_a_sentence_holds_interval_size_and_labels() -> None:
    told = story.lever(story.findings(shown.effects())[1], 0.95)
    for part in (
        "+5.9 pp",
        "[+3.8, +8.0]",
        "95% interval",
        "10 seeds",
        "360 rows",
        "true labels",
        "helps",
        "model logistic held fixed",
    ):
        assert part in told


def test_a_simulated_review_is_called_so_whatever_its_version_is_named() -> None:
    finding = story.findings(pd.DataFrame([shown.effect("careful", 0.1, 0.05)]), simulated={"careful"})[0]
    assert "simulated" in finding.change


def test_a_warning_closes_what_was_scored_on_given_labels() -> None:
    assert "sign itself may be wrong" in story.summary(shown.effects(scored_on="given"), "accuracy", 0.95)[-1]
    assert not any("sign itself" in line for line in story.summary(shown.effects(), "accuracy", 0.95))


def test_why_and_what_would_undo_it_are_told_apart() -> None:
    finding = story.findings(shown.effects(scored_on="given"))[0]
    assert finding.why == "the interval holds 0"
    assert finding.undoing == "9 of these 41 disagreement labels wrong would undo this verdict; about 4 minutes to check."
    assert finding.queue_name == "logistic.given.pruned"


@pytest.mark.parametrize("flag", [True, "True", 1])
def test_flags_and_numbers_are_read_however_the_table_spells_them(flag: object) -> None:
    row = shown.effect("pruned", 0.1, 0.05, planned=flag, p_holm="", tipping=None)
    finding = story.findings(pd.DataFrame([row]))[0]
    assert finding.planned and np.isnan(finding.p_holm) and np.isnan(finding.tipping)


@pytest.mark.parametrize(("answers", "nothing"), [(0, True), (1, False)])
def test_nothing_reviewed_is_said_only_while_it_holds(answers: int, nothing: bool) -> None:
    assert story.nothing_reviewed(shown.versions(answers)) is nothing

"""Whether a candidate is accepted: on which labels, at which level, against which placebo, and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from small import CLASSES, dataset, decided, edit

from ceteris.dataset import ID, TRUE_LABEL, Dataset
from ceteris.errors import BadInputError
from ceteris.measuring.compare import Arm, Judged
from ceteris.measuring.effect import paired_effect, smallest_visible_before
from ceteris.measuring.fingerprint import Fingerprint
from ceteris.measuring.pairs import Name, Pair, VersionFacts
from ceteris.release.acceptance import (
    Judges,
    acceptance,
    in_table,
    is_accepted,
    judges_of,
    pair_of,
    questions,
    reported,
    smallest_visible,
    tipping,
)
from ceteris.release.looks import Question, next_look
from ceteris.release.told import told
from ceteris.sections import Compare, Contrast
from ceteris.training.cells import Cell

N, SEEDS = 120, 5
TRUE = np.arange(N) % 3
GIVEN = TRUE.copy()
GIVEN[:12] = (TRUE[:12] + 1) % 3  # the first 12 labels are wrong, as the baseline learned them
OLD, NEW, DROPPED, PLACEBO = ("m", "given"), ("m", "fixed"), ("m", "pruned"), ("m", "placebo-pruned")
FACTS = {
    "given": VersionFacts(), "fixed": VersionFacts(), "pruned": VersionFacts(),
    "placebo-pruned": VersionFacts(control=True, redrawn=True),
}  # fmt: skip
NOBODY = decided()


def rows(labels: np.ndarray = GIVEN) -> Dataset:
    return dataset([f"t{row:03d}" for row in range(N)], [CLASSES[code] if code < 3 else "dog" for code in labels])


def truth(labels: np.ndarray = TRUE, known: int = N) -> pd.DataFrame:
    return pd.DataFrame({ID: rows().ids[:known], TRUE_LABEL: [CLASSES[code] for code in labels[:known]]}, dtype=object)


def compare(level: float = 0.025, metric: Any = "accuracy") -> Compare:
    planned = Contrast(axis="data", model="m", baseline="given", candidate="fixed")
    return Compare(confidence=1 - level, metric=metric, planned=(planned,))


def arm(predicted: np.ndarray, data: str) -> Arm:
    """Return a cell that is wrong on one row more for each seed, so that seeds differ."""
    every = np.tile(predicted, (SEEDS, 1))
    for seed in range(SEEDS):
        every[seed, 20 + seed] = (every[seed, 20 + seed] + 1) % 3
    return Arm(Cell(every, None, SEEDS, deterministic=False), Fingerprint(data, "m", "s", "i", "c"))


def arms() -> Mapping[Name, Arm]:
    """Return a baseline that repeats 18 wrong labels, a candidate that does not, and what drops rows by design or by chance."""
    old, better = TRUE.copy(), TRUE.copy()
    old[:18] = (TRUE[:18] + 1) % 3
    return {OLD: arm(old, "given"), NEW: arm(better, "fixed"), DROPPED: arm(better, "pruned"), PLACEBO: arm(better, "placebo")}


def judges(known: int = N, decisions: pd.DataFrame = NOBODY, metric: str = "accuracy", labels: np.ndarray = GIVEN) -> Judges:
    return judges_of(rows(labels), truth(known=known), decisions, CLASSES, metric, "test")


def judged(seen: Judges, candidate: Name = NEW, level: float = 0.025) -> list[Judged]:
    return reported(seen.scorer(arms(), compare(level)), pair_of(OLD, candidate, FACTS), seen.answers, FACTS)


def test_true_labels_judge_where_every_one_is_known_and_given_ones_stand_beside_them() -> None:
    assert [one.scored_on for one in judged(judges())] == ["true", "given"]


def test_labels_that_came_verified_judge_where_the_arms_differ_on_no_other_row() -> None:
    assert [one.scored_on for one in judged(judges(known=N - 1))] == ["verified (disagreements)", "given"]
    assert [one.scored_on for one in judged(judges(known=18))] == ["verified (disagreements)", "given"]
    assert [one.scored_on for one in judged(judges(known=17))] == ["given"]


@pytest.mark.parametrize("level", [0.025, 0.00625])
def test_the_interval_has_the_confidence_that_the_level_of_the_look_leaves(level: float) -> None:
    found = judged(judges(), level=level)[0].effect
    old, new = (arms()[name].cell.predicted == TRUE for name in (OLD, NEW))
    alone = paired_effect(old, new, confidence=1 - level)
    assert found is not None
    assert (found.difference, found.low, found.high) == (alone.difference, alone.low, alone.high)
    assert found.difference == pytest.approx(18 / N)
    assert found.high - found.low > paired_effect(old, new).high - paired_effect(old, new).low


def test_a_verdict_asks_for_a_p_below_the_level_of_the_look() -> None:
    verdicts = [judged(judges(), level=level)[0].effect for level in (0.025, 1e-6)]
    assert [effect.verdict for effect in verdicts if effect] == ["helps", "cannot tell"]


def test_once_every_differing_row_is_answered_the_effect_is_that_of_clean_labels() -> None:
    seen = judges(known=0)
    asked = questions(seen.scorer(arms(), compare()), pair_of(OLD, NEW, FACTS), rows().ids, FACTS)
    assert list(asked.columns) == ["id", "pi", "label"]
    answers = [answer(str(name)) for name in asked["id"]]
    before, after = judged(seen), judged(judges(known=0, decisions=decided(*answers)))
    assert [one.scored_on for one in before] == ["given"]
    assert [one.scored_on for one in after] == ["verified (disagreements)", "given"]
    assert before[0].effect is not None
    assert before[0].effect.difference == pytest.approx(-6 / N)  # the naive sign is wrong
    verified, clean = after[0].effect, judged(judges())[0].effect
    assert verified is not None
    assert clean is not None
    assert (verified.difference, verified.low, verified.high) == pytest.approx((clean.difference, clean.low, clean.high))
    lacking = decided(*(line for line in answers if line["id"] != "t000"))
    assert [one.scored_on for one in judged(judges(known=0, decisions=lacking))] == ["given"]


def answer(id: str) -> dict[str, str]:
    given, true = (CLASSES[labels[int(id[1:])]] for labels in (GIVEN, TRUE))
    new = {} if given == true else {"new": true}
    return edit(id, "relabel" if new else "confirm", given, **new, source="disagreement")


def test_a_version_that_drops_rows_must_beat_its_placebo_and_both_are_asked_about() -> None:
    found = judged(judges(), DROPPED)[0]
    assert found.effect is not None
    assert (found.pair.control, found.effect.verdict) == ("placebo-pruned", "cannot tell")
    assert "net of its placebo" in found.effect.reason
    alone = questions(judges(known=0).scorer(arms(), compare()), pair_of(OLD, NEW, FACTS), rows().ids, FACTS)
    moved = dict(arms())
    moved[PLACEBO] = arm(np.roll(TRUE, 1), "placebo")
    both = questions(judges(known=0).scorer(moved, compare()), pair_of(OLD, DROPPED, FACTS), rows().ids, FACTS)
    assert set(alone["id"]) < set(both["id"])
    assert both["id"].is_unique


@pytest.mark.parametrize(
    ("baseline", "candidate", "axis", "needs_net"),
    [
        (OLD, NEW, "data", False),
        (OLD, DROPPED, "data", True),
        (("other", "given"), DROPPED, "confounded", True),
        (("other", "given"), OLD, "model", False),
        (("other", "pruned"), DROPPED, "model", False),
        (("other", "given"), NEW, "confounded", False),
    ],
)
def test_both_cells_may_move_and_the_placebo_counts_where_the_candidate_alone_drops(
    baseline: Name, candidate: Name, axis: str, needs_net: bool
) -> None:
    pair = pair_of(baseline, candidate, FACTS)
    assert (pair.axis, pair.needs_net, bool(pair.control)) == (axis, needs_net, needs_net)


def test_nothing_is_asked_where_true_labels_are_known_or_agreeing_rows_count_too() -> None:
    pair = pair_of(OLD, NEW, FACTS)
    for seen, settings in ((judges(), compare()), (judges(known=0, metric="macro_f1"), compare(metric="macro_f1"))):
        assert questions(seen.scorer(arms(), settings), pair, rows().ids, FACTS).empty


def test_how_few_wrong_labels_would_undo_a_verdict_is_told() -> None:
    pair, seen = pair_of(OLD, NEW, FACTS), judges(known=0, labels=TRUE)
    scorer = seen.scorer(arms(), compare())
    count, sentence = tipping(scorer, reported(scorer, pair, seen.answers, FACTS)[0], 20)
    assert count is not None
    assert sentence == f"{count} of these 18 disagreement labels wrong would undo this verdict; about 2 minutes to check."


def test_a_class_without_a_test_row_is_told_and_stops_a_metric_that_averages_over_classes() -> None:
    labels = np.where(TRUE == 2, 0, TRUE)
    seen = judges(known=0, labels=labels)
    assert seen.notes == ("no test row has the label 'cow', so nothing is said about it",)
    with pytest.raises(
        BadInputError, match=r"No test row has the label 'cow'.* and macro_f1 is asked for\. Enlarge split\.test"
    ):
        judges(known=0, labels=labels, metric="macro_f1")


def test_a_label_that_nothing_was_trained_on_is_told_and_both_arms_are_wrong_there() -> None:
    labels = TRUE.copy()
    labels[:3] = 3
    seen = judges(known=0, labels=labels)
    assert seen.notes == ("test rows have the label 'dog', which no train row has: both arms are wrong there",)
    effect = judged(seen)[0].effect
    assert effect is not None
    assert effect.difference == pytest.approx(15 / N)
    with pytest.raises(BadInputError, match=r"Test rows have the label 'dog'.* and log_loss is asked for"):
        judges(known=0, labels=labels, metric="log_loss")


def test_thin_classes_are_told_where_the_metric_is_one_of_classes() -> None:
    labels = TRUE.copy()
    labels[np.flatnonzero(TRUE == 2)[5:]] = 0
    assert judges(known=0, labels=labels, metric="macro_f1").notes == (
        "fewer than 20 test rows of 'cow': the interval is too narrow there",
    )
    assert judges(known=0, labels=labels).notes == ()


def test_a_metric_of_probabilities_is_refused_where_an_arm_gives_none() -> None:
    seen = judges(metric="log_loss")
    with pytest.raises(BadInputError, match="log_loss needs probabilities, and m/given or m/fixed gives none"):
        reported(seen.scorer(arms(), compare(metric="log_loss")), pair_of(OLD, NEW, FACTS), seen.answers, FACTS)


@pytest.mark.parametrize(
    ("verdict", "at_least", "accepted"),
    [
        ("helps", "helps", True),
        ("helps", "no practical difference", True),
        ("no practical difference", "helps", False),
        ("no practical difference", "no practical difference", True),
        ("cannot tell", "no practical difference", False),
        ("harms", "no practical difference", False),
    ],
)
def test_what_is_accepted_is_what_was_asked_for_or_better(verdict: str, at_least: str, accepted: bool) -> None:
    assert is_accepted(verdict, at_least) is accepted


def test_on_validation_the_most_trusted_labels_that_compare_has_told_of_speak() -> None:
    line = {
        "baseline_model": "m", "baseline_version": "given", "candidate_model": "m", "candidate_version": "fixed",
        "metric": "accuracy", "low": 0.0, "high": 0.2, "verdict": "helps", "n_seeds": 5.0, "n_rows": 9.0,
        "n_discordant": 3.0,
    }  # fmt: skip
    lines = [{"scored_on": "given", "difference": 0.1}, {"scored_on": "true", "difference": 0.15}]
    lines += [{"scored_on": "true", "difference": 0.5, "metric": "macro_f1"}]
    reason = "Holm p is 0.06; exploratory, not adjusted for looking at many"
    table = pd.DataFrame([line | {"reason": reason} | more for more in lines])
    found = in_table(table, pair_of(OLD, NEW, FACTS), "accuracy")
    assert found is not None
    assert (found["difference"], found["scored_on"], found["n_rows"], found["reason"]) == (0.15, "true", 9, "Holm p is 0.06")
    tipped = in_table(
        table.assign(reason="p < 0.001. 6 of 41 wrong. To check: ceteris queue x"), pair_of(OLD, NEW, FACTS), "accuracy"
    )
    assert tipped is not None
    assert tipped["reason"] == "p < 0.001"
    assert in_table(table, Pair("data", NEW, OLD), "accuracy") is None
    assert in_table(table.assign(difference=np.nan), pair_of(OLD, NEW, FACTS), "accuracy") is None


def test_the_smallest_effect_that_a_look_can_show_is_that_before_training_at_its_own_level() -> None:
    assert smallest_visible(400, 0.05, 0.05) == pytest.approx(smallest_visible_before(400, 0.05), rel=0.002)
    z = stats.norm.ppf([1 - 0.00625 / 2, 0.8]).sum()
    assert np.isnan(smallest_visible(134, 2 / 112, 0.05))  # two or three rows would differ
    assert smallest_visible(400, 0.05, 0.00625) == pytest.approx(z * (0.05 / 400) ** 0.5)


def found(candidate: Name = NEW, because: str = "", **asked: Any) -> dict[str, Any]:
    words = {"candidate": "/".join(candidate), "baseline": "m/given", "metric": "accuracy", "region": "0.005"}
    question = Question(**words | {"at_least": "helps", "candidate_cell": "c", "baseline_cell": "b", "test": "t"} | asked)
    told = {"at": "2026-01-31", "who": "Bob", "revision": "r", "on_validation": "helps"}
    seen = replace(judges(), notes=("a note",))
    on_validation = {
        "metric": "accuracy",
        "difference": 0.1,
        "low": 0.05,
        "high": 0.15,
        "scored_on": "given",
        "verdict": "helps",
    }
    look = next_look((), question, **told, because=because)
    return acceptance(look, judged(seen, candidate), (3, "3 of 18."), on_validation, seen.notes)


def test_what_is_written_holds_the_verdict_and_no_time_of_day() -> None:
    content = found()
    assert (content["accepted"], content["look"], content["level"]) == (True, 1, 0.025)
    assert (content["test"]["scored_on"], content["given"]["scored_on"]) == ("true", "given")
    assert content["test"]["difference"] == 0.15
    assert "2026" not in str(content)
    assert "Bob" not in str(content)


def test_all_that_a_reader_must_know_is_told_in_sentences() -> None:
    lines = told(found(because="half\x1bthe time"))
    assert lines[0].startswith("accepted: m/fixed in place of m/given moved accuracy by +15.0 pp [+")
    assert lines[0].endswith("(97.5 % interval, 5 seeds \u00d7 120 rows, 18 discordant, scored on true labels): helps")
    assert lines[1].startswith("  on given labels: \u22125.0 pp")
    assert lines[2] == "  3 of 18. To check: ceteris queue test"
    assert lines[3:] == [
        "  a note", "  on validation: +10.0 pp [+5.0, +15.0], on given labels: helps",
        "  opened because: half\u241bthe time", "  look 1 at the test part, at the level 2.5 %",
    ]  # fmt: skip


def test_what_is_not_accepted_is_told_with_the_reason_and_the_terms() -> None:
    lines = told(found(DROPPED, at_least="no practical difference"))
    assert lines[0].startswith("not accepted: m/pruned")
    assert lines[1].startswith("  The interval lies above 0, but net of its placebo it does not")
    assert lines[1].endswith("(asked for: at least no practical difference)")
    assert lines[2].startswith("  against as many rows dropped at random: 0.0 pp")

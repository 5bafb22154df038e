"""Only a person's blind answer changes a validation label, and only a full set of answers changes a verdict."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small import CLASSES, decided, edit
from test_compare import FACTS, LABELS, plan, scorer

from ceteris.dataset import codes
from ceteris.errors import LeakageError, StaleEditError
from ceteris.measuring.compare import as_one_family, effects_table, judge_pairs
from ceteris.measuring.disagreement import NOT_ANSWERED, UNSURE
from ceteris.measuring.pairs import VersionFacts, pairs_of
from ceteris.measuring.verified import (
    Answers,
    answers_of,
    chosen_rows,
    judge_verified,
    labels_for_all,
    needed_pairs,
    queue_of,
    queue_pairs,
    with_tipping,
)

IDS = np.array([f"v{row:03d}" for row in range(len(LABELS))], dtype=object)
TEXTS = np.array(CLASSES, dtype=object)[LABELS]
SILENT = Answers(IDS, np.full(len(IDS), NOT_ANSWERED))


def answer(row: int, action: str = "relabel", new: str = "", source: str = "disagreement", **more: str) -> dict[str, str]:
    return edit(str(IDS[row]), action, str(TEXTS[row]), new, source=source, **more)


def answered(*lines: dict[str, str], rule: str = "refuse") -> Answers:
    return answers_of(decided(*lines, rule=rule), IDS, TEXTS, CLASSES)


def fix() -> Any:
    (pair,) = [pair for pair in pairs_of(["m"], FACTS, scorer().compare) if pair.name == "m.given.fixed"]
    return pair


def test_nothing_answered_is_nothing_known() -> None:
    found = answered()
    assert (found.codes == NOT_ANSWERED).all()
    assert not found.complete


def test_each_answer_is_a_label_or_stays_open() -> None:
    found = answered(answer(0, new="bee"), answer(1, "confirm"), answer(2, "unsure"))
    assert found.codes[:4].tolist() == [1, 1, UNSURE, NOT_ANSWERED]


def test_answers_for_every_row_are_complete() -> None:
    every = [answer(row, "confirm", reason=str(row)) for row in range(len(IDS))]
    assert answered(*every).complete
    assert not answered(*every[1:]).complete


@pytest.mark.parametrize("source", ["queue", "cleanlab", "simulated reviewer", "", "Disagreement"])
@pytest.mark.parametrize("action", ["relabel", "confirm", "unsure"])
def test_a_validation_edit_from_another_source_is_refused_as_leakage(source: str, action: str) -> None:
    with pytest.raises(LeakageError, match=r"line 2: .*'v000' from .*`ceteris queue`"):
        answered(answer(0, action, "bee" if action == "relabel" else "", source=source))


def test_no_answer_may_drop_a_validation_row() -> None:
    with pytest.raises(LeakageError, match="none may drop a row"):
        answered(answer(0, "drop"))


def test_a_stale_answer_is_refused() -> None:
    with pytest.raises(StaleEditError, match="the edit was made on 'cow'"):
        answered(answer(0, new="bee") | {"given_label": "cow"})


def test_queues_are_made_for_planned_contrasts_and_for_the_net_of_those_that_drop_rows() -> None:
    names = [pair.name for pair in queue_pairs(pairs_of(["m", "n"], FACTS, plan()))]
    assert names == ["m.given.fixed", "m.given.pruned", "m.placebo-pruned.pruned", "given.m.n"]


def test_a_queue_is_blind_and_holds_every_row_that_can_decide_with_decoys_among_them() -> None:
    known, pair = scorer(), fix()
    chosen = chosen_rows(known, pair, IDS)
    queue = queue_of(chosen, SILENT)
    assert list(queue.columns) == ["id", "pi", "label"]
    assert (queue["label"] == "").all()
    asked = set(queue["id"])
    assert set(IDS[known.discordant(pair.baseline, pair.candidate)]) <= asked
    assert chosen.decoys.sum() == round(chosen.asked.sum() / 9) or chosen.decoys.sum() == (chosen.weights == 0).sum()


def test_a_queue_asks_for_no_row_twice() -> None:
    known, pair = scorer(), fix()
    chosen = chosen_rows(known, pair, IDS)
    first = queue_of(chosen, SILENT)["id"].iloc[0]
    row = int(np.flatnonzero(first == IDS)[0])
    assert first not in set(queue_of(chosen, answered(answer(row, "confirm")))["id"])


def test_the_same_predictions_ask_for_the_same_rows_in_the_same_order() -> None:
    one, other = (queue_of(chosen_rows(scorer(), fix(), IDS), SILENT) for _ in range(2))
    assert one.equals(other)


def test_without_every_answer_a_contrast_stays_on_given_labels() -> None:
    known, pair = scorer(), fix()
    rows = np.flatnonzero(known.discordant(pair.baseline, pair.candidate))
    most = [answer(int(row), "confirm", reason=str(row)) for row in rows[1:]]
    assert judge_verified(known, pair, SILENT, FACTS) is None
    assert judge_verified(known, pair, answered(*most), FACTS) is None


def test_with_every_disagreement_answered_the_effect_is_that_on_clean_labels() -> None:
    known, pair = scorer(), fix()
    rows = np.flatnonzero(known.discordant(pair.baseline, pair.candidate))
    truth = LABELS.copy()
    truth[rows[:8]] = (truth[rows[:8]] + 1) % 3
    names = np.array(CLASSES, dtype=object)[truth]
    lines = [
        answer(int(row), "confirm" if names[row] == TEXTS[row] else "relabel", "" if names[row] == TEXTS[row] else names[row],
               reason=str(row))
        for row in rows
    ]  # fmt: skip
    found = judge_verified(known, pair, answered(*lines), FACTS)
    assert found is not None
    assert found.effect is not None
    clean = scorer(labels={"true": codes(names, CLASSES)}).effect(pair.baseline, pair.candidate, "accuracy", "true")
    assert clean is not None
    assert found.scored_on == "verified (disagreements)"
    assert (found.effect.difference, found.effect.low, found.effect.high) == pytest.approx(
        (clean.difference, clean.low, clean.high)
    )


def test_unsure_rows_are_counted_for_and_against_and_widen_the_interval() -> None:
    known, pair = scorer(), fix()
    rows = np.flatnonzero(known.discordant(pair.baseline, pair.candidate))
    sure = [answer(int(row), "confirm", reason=str(row)) for row in rows]
    open_rows = [answer(int(row), "unsure", reason=str(row)) for row in rows[:10]] + sure[10:]
    one, other = (judge_verified(known, pair, answered(*lines), FACTS) for lines in (sure, open_rows))
    assert one is not None
    assert other is not None
    assert one.effect is not None
    assert other.effect is not None
    assert other.effect.low < one.effect.low
    assert other.effect.high - other.effect.low > one.effect.high - one.effect.low
    assert other.effect.p_value >= one.effect.p_value
    assert "10 unsure rows counted for and against" in effects_table([other], FACTS).loc[0, "reason"]
    assert other.review is not None
    assert other.effect.low < other.review.against < one.effect.difference < other.review.favour < other.effect.high


def test_a_version_that_drops_rows_needs_the_answers_of_its_placebo_too() -> None:
    known = scorer()
    (pair,) = [pair for pair in pairs_of(["m"], FACTS, known.compare) if pair.name == "m.given.pruned"]
    rows = np.flatnonzero(known.discordant(pair.baseline, pair.candidate))
    lines = [answer(int(row), "confirm", reason=str(row)) for row in rows]
    net = np.flatnonzero(known.discordant((pair.baseline[0], pair.control), pair.candidate))
    assert set(net) - set(rows)
    assert judge_verified(known, pair, answered(*lines), FACTS) is None
    every = [answer(int(row), "confirm", reason=str(row)) for row in sorted({*rows, *net})]
    found = judge_verified(known, pair, answered(*every), FACTS)
    assert found is not None
    assert found.net is not None


def test_a_verdict_on_given_labels_says_how_few_wrong_labels_would_undo_it_and_how_to_find_out() -> None:
    known = scorer()
    pairs = pairs_of(["m"], FACTS, known.compare)
    found = as_one_family(judge_pairs(known, pairs[:1], FACTS), "accuracy")
    (one,) = [one for one in found if one.metric == "accuracy"]
    told = with_tipping(known, one, chosen_rows(known, one.pair, IDS), "q.csv")
    assert told.effect is not None
    assert told.tipping is not None
    assert told.tipping > 0
    assert f"{told.tipping} of these" in told.effect.reason
    assert told.effect.reason.endswith("To check: ceteris queue m.given.fixed")
    (other,) = [one for one in found if one.metric == "macro_f1"]
    assert with_tipping(known, other, chosen_rows(known, one.pair, IDS), "q.csv") == other


def test_a_verdict_that_no_wrong_label_would_undo_is_said_to_stand_and_calls_for_no_queue() -> None:
    known, pair = scorer(plan().model_copy(update={"region": 0.9})), fix()
    (one,) = [one for one in judge_pairs(known, [pair], FACTS) if one.metric == "accuracy"]
    assert one.effect is not None and one.effect.verdict == "no practical difference"
    told = with_tipping(known, one, chosen_rows(known, pair, IDS), "q.csv")
    assert told.effect is not None and told.tipping is None
    assert told.effect.reason.endswith("disagreement labels, if wrong, would undo this verdict.")


def test_facts_of_a_version_default_to_nothing_special() -> None:
    assert VersionFacts() == VersionFacts(control=False, redrawn=False, reseeded=False, dropped=0, reviewed=0, rows=0)


def test_any_contrast_may_be_verified_planned_or_not() -> None:
    known = scorer()
    for pair in pairs_of(["m", "n"], FACTS, known.compare):
        sets = [known.discordant(one.baseline, one.candidate) for one in needed_pairs(pair, FACTS)]
        rows = np.flatnonzero(np.logical_or.reduce(sets))
        found = judge_verified(known, pair, answered(*[answer(int(row), "confirm", reason=str(row)) for row in rows]), FACTS)
        given = known.effect(pair.baseline, pair.candidate, "accuracy", "given", pair.redrawn)
        assert found is not None and found.effect is not None and given is not None and found.review is not None
        assert found.effect.scored_on == f"verified ({'all' if len(rows) == len(IDS) else 'disagreements'})"
        assert (found.effect.difference, found.effect.low) == pytest.approx((given.difference, given.low))
        assert found.review.disputed.wrong == 0


def test_one_set_of_labels_serves_all_arms_or_none() -> None:
    known = scorer()
    names = [("m", "given"), ("m", "fixed"), ("n", "given")]
    arms = [known.arms[name].cell.over_seeds()[0] for name in names]
    rows = np.flatnonzero(np.logical_or.reduce([known.discordant(one, other) for one in names for other in names]))
    every = answered(*[answer(int(row), new=CLASSES[(LABELS[row] + 1) % 3], reason=str(row)) for row in rows])
    scored_on, labels = labels_for_all(known.labels, arms, every, "accuracy")
    assert scored_on == "verified (disagreements)"
    assert (labels[rows] == (LABELS[rows] + 1) % 3).all()
    assert (np.delete(labels, rows) == np.delete(LABELS, rows)).all()
    lacking = Answers(IDS, np.where(np.arange(len(IDS)) == rows[0], NOT_ANSWERED, every.codes))
    unsure = Answers(IDS, np.where(np.arange(len(IDS)) == rows[0], UNSURE, every.codes))
    for answers, metric in ((lacking, "accuracy"), (unsure, "accuracy"), (every, "macro_f1"), (SILENT, "accuracy")):
        assert labels_for_all(known.labels, arms, answers, metric) == ("given", known.labels["given"])
    assert labels_for_all(known.labels, arms[:1], every, "accuracy")[0] == "given"
    true = {"true": LABELS} | known.labels
    assert labels_for_all(true, arms, every, "accuracy")[0] == "true"

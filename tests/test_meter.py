"""The meter's numbers are those of hand arithmetic, and its intervals hold in known worlds, though the shares adapt."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from ceteris.measuring.intervals import clopper_pearson
from ceteris.reviewing import rankings
from ceteris.reviewing.arms import Arm, Question
from ceteris.reviewing.dealing import Dealer, Seen
from ceteris.reviewing.learning import LEARNED, Learner, known_of
from ceteris.reviewing.meter import Measured, meter
from ceteris.reviewing.shares import share_of
from ceteris.sections import Review

N_WORLDS, N_ROWS = 30, 800
# Share of wrong labels, and how well each of two detectors tells them (in standard deviations).
WORLDS = {
    "told well": (0.1, 2.0, 2.0),
    "told badly": (0.2, 0.7, 0.7),
    "not told": (0.1, 0.0, 0.0),
    "nearly none": (0.002, 2.0, 2.0),
    "learned": (0.1, 0.0, 0.0),
}


def seen(ranked: list[int], sampled: list[int], outside: list[int], left: int, ahead: int = 50) -> Seen:
    changed = np.array(ranked + sampled, dtype=float)
    depths = np.array([-3.0] * len(ranked) + [-0.5] * len(sampled)).reshape(-1, 1)
    arrays = [np.array(values, dtype=float) for values in (ranked, sampled, outside)]
    return Seen(*arrays, changed=changed, depths=depths, ahead=np.full((min(ahead, left), 1), -2.5), left=left)


SOME = seen([1] * 31 + [0] * 29, [1] + [0] * 14, [1] + [0] * 11, 900)


def test_shares_worth_and_errors_left_are_those_of_their_formulas() -> None:
    found = meter(SOME, seconds=6)
    assert (found.ranked, found.random) == (share_of(31, 60), share_of(1, 15))
    assert found.worth.value == pytest.approx(31 / 60 - 1 / 15)
    low, high = clopper_pearson(1, 12)
    assert (found.errors_left.value, found.errors_left.low, found.errors_left.high) == pytest.approx(
        (75, 900 * low, 900 * high)
    )
    assert (found.left, found.n_ahead, found.minutes) == (900, 50, 5.0)


def test_no_fewer_wrong_labels_are_told_to_be_left_than_the_next_rows_hold() -> None:
    found = meter(seen([1] * 30, [0] * 12, [0] * 12, 900), seconds=6)
    assert found.ahead.value > 1 and found.errors_left.value == found.ahead.value
    assert found.errors_left.low == 0 and found.errors_left.high == pytest.approx(900 * clopper_pearson(0, 12)[1])


def test_before_the_first_answer_nothing_is_known_and_nothing_stops() -> None:
    found = meter(seen([], [], [], 100), seconds=6)
    assert (found.errors_left.low, found.errors_left.high) == (0, 100) and np.isnan(found.errors_left.value)
    assert found.ahead.high > 25 and not found.stop
    assert found.told() == []


def test_when_all_is_answered_nothing_is_left_to_find() -> None:
    found = meter(seen([1], [0], [0], 0), seconds=6)
    assert found.stop and found.told()[-1] == "Nothing is left to review: every row is answered."
    assert (found.n_ahead, found.ahead.high, found.errors_left.high) == (0, 0, 0)


def test_fewer_rows_than_fifty_are_as_many_as_there_are() -> None:
    found = meter(seen([1] * 5, [0], [0], 7), seconds=60)
    assert (found.n_ahead, found.minutes) == (7, 7.0) and found.ahead.high <= 7


def test_a_gain_is_what_a_changed_label_was_worth_times_the_labels_ahead() -> None:
    found = meter(SOME, seconds=6, measured=Measured(changed=32, difference=0.032, low=0.016, high=0.064, region=0.005))
    assert found.gain is not None
    assert found.gain.value == pytest.approx(found.ahead.value * 0.001)
    assert found.gain.low == pytest.approx(found.ahead.low * 0.0005)
    assert found.gain.high == pytest.approx(found.ahead.high * 0.002)
    assert not found.stop and any("exploratory" in line for line in found.told())


def test_a_gain_of_no_practical_meaning_stops_and_says_why() -> None:
    found = meter(SOME, seconds=6, measured=Measured(changed=32, difference=0.001, low=-0.001, high=0.002, region=0.005))
    assert found.stop and found.gain is not None and found.gain.low < 0
    assert found.why.endswith(f"at most {100 * found.gain.high:+.1f} pp, and below 0.5 pp is of no practical meaning.")


def test_an_effect_of_no_changed_label_says_nothing_of_the_next() -> None:
    assert meter(SOME, seconds=6, measured=Measured(0, 0.0, 0.0, 0.0, 0.005)).gain is None


def test_a_hundred_answers_that_found_nothing_stop() -> None:
    found = meter(seen([0] * 160, [0] * 40, [0] * 40, 800), seconds=6)
    assert found.stop and found.why.startswith("Another 50 will not pay: they hold at most")
    assert not meter(seen([0] * 20, [0] * 5, [0] * 5, 800), seconds=6).stop


def test_a_short_queue_that_nobody_has_answered_may_pay() -> None:
    for left in (1, 3, 8):
        assert not meter(seen([], [], [], left), seconds=6).stop, left


def test_the_last_row_is_spoken_of_as_one() -> None:
    found = meter(seen([0] * 160, [0] * 40, [0] * 40, 1), seconds=6)
    assert found.stop and found.why.startswith("The last row will not pay: it holds at most ")


def test_a_gain_below_nothing_is_told_with_the_sign_for_minus() -> None:
    found = meter(SOME, seconds=6, measured=Measured(changed=32, difference=-0.01, low=-0.02, high=0.01, region=0.005))
    (line,) = (line for line in found.told() if line.startswith("They would move the score"))
    assert "about \u2212" in line and "-" not in line


def test_the_meter_is_told_in_sentences() -> None:
    lines = meter(SOME, seconds=6).told()
    assert lines[:3] == [
        "Wrong labels: 31 of 60 chosen rows, 52 % [39, 64]; 1 of 15 random rows, 7 % [1, 30].",
        "The rankings are worth +45 percentage points [+19, +58] against random rows.",
        "900 rows are left, with about 75 [2, 346] wrong labels among them.",
    ]
    assert lines[3].startswith("The next 50: about ") and lines[3].endswith(" wrong labels in about 5 minutes.")


def world(kind: str, seed: int) -> tuple[Dealer, np.ndarray, np.ndarray]:
    """Return a queue, each row's chance to be wrong as two detectors tell it, and which are."""
    rng, (rate, first, second) = np.random.default_rng(seed), WORLDS[kind]
    column = rng.random(N_ROWS)
    rates = np.where(column > 0.88, 0.7, 0.02) if kind == "learned" else np.full(N_ROWS, rate)
    wrong = (rng.random(N_ROWS) < rates).astype(float)
    scores = [wrong * power + rng.normal(size=N_ROWS) for power in (first, second)]
    odds = [power * score - power**2 / 2 for power, score in zip((first, second), scores, strict=True)]
    quality = 1 - expit(logit(rate) + (odds[0] if first else scores[0]))
    labels = rng.integers(0, 5, N_ROWS).astype(str).astype(object)
    issues = pd.DataFrame(
        {
            "id": pd.Series([f"r{row}" for row in range(N_ROWS)], dtype=object),
            "given_label": labels,
            "suggested_label": np.where(quality < 0.5, "other", labels),
            "label_quality": quality,
            "is_label_issue": quality < 0.3,
        }
    )
    chance = rng.permutation(N_ROWS)
    arms = [
        Arm("combined", rankings.order("combined", issues, agreement=-scores[1][rankings.doubted(issues)])),
        Arm("by_class", rankings.order("by_class", issues)),
        Arm("random", chance),
        Arm("control", rankings.undoubted(issues, chance)),
    ]
    if kind == "learned":
        known = known_of(labels, labels, column.reshape(-1, 1), quality)
        arms.append(Arm(LEARNED, arms[0].order, learner=Learner(arms[0].order, lambda: known)))
    chances = expit(logit(rates) + odds[0] + odds[1])
    return Dealer(issues["id"].to_numpy(dtype=object), labels, arms, Review(), seed), chances, wrong


def looks(queue: Dealer, chances: np.ndarray, wrong: np.ndarray) -> list[dict[str, float]]:
    """Review a world and look at the meter now and then: which of its intervals hold what is so."""
    asked: list[Question] = []
    found = []
    columns = ["id", "arm", "reason", "changed"]
    answered = pd.DataFrame(columns=columns).astype({"changed": float})
    for n in (20, 40, 60, 60):
        for _ in range(n // 20):
            asked += queue.deal(answered, 20)
            answered = pd.DataFrame([(q.id, q.arm, q.reason, wrong[q.place]) for q in asked], columns=columns)
        told = meter(queue.seen(answered), seconds=6)
        ranked = [question.place for question in asked if question.arm in ("combined", "by_class", LEARNED)]
        left = wrong.sum() - wrong[[question.place for question in asked]].sum()
        ahead = sum(wrong[question.place] for question in queue.deal(answered, 50) if question.arm != "control")
        found.append(
            {
                "worth": told.worth.low <= chances[ranked].mean() - chances.mean() <= told.worth.high,
                "left": told.errors_left.low <= left <= told.errors_left.high,
                "ahead": told.ahead.low <= ahead <= told.ahead.high,
                "ahead at most": ahead <= told.ahead.high,
                "stop": told.stop,
                "wrong to stop": told.stop and ahead >= 5,
            }
        )
    return found


@cache
def worlds(kind: str) -> pd.DataFrame:
    return pd.DataFrame([line for seed in range(N_WORLDS) for line in looks(*world(kind, seed))])


@pytest.mark.parametrize("kind", WORLDS)
def test_intervals_hold_in_worlds_that_are_known(kind: str) -> None:
    rates = worlds(kind).mean()
    assert rates["worth"] >= 0.90 and rates["left"] >= 0.93
    assert rates["ahead"] >= 0.85 and rates["ahead at most"] >= 0.94
    assert rates["wrong to stop"] <= 0.01


def test_the_meter_says_stop_where_hardly_any_label_is_wrong_and_not_where_many_are() -> None:
    last = worlds("nearly none")["stop"].to_numpy().reshape(N_WORLDS, -1)[:, -1]
    assert last.mean() >= 0.8
    assert not worlds("told badly")["stop"].any() and not worlds("not told")["stop"].any()


def test_a_narrower_confidence_makes_every_interval_narrower() -> None:
    wide, narrow = (meter(SOME, seconds=6, confidence=level) for level in (0.95, 0.8))
    for name in ("worth", "errors_left", "ahead"):
        one, other = getattr(narrow, name), getattr(wide, name)
        assert other.low <= one.low and one.high <= other.high and one != other
    assert meter(replace(SOME, left=0, ahead=SOME.ahead[:0]), seconds=6).ahead.high == 0

"""Which row is asked for next depends on the orders and the answers alone, and no row is asked for twice."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import edit

from ceteris.editing import edits
from ceteris.editing.answers import random_rows
from ceteris.reviewing.arms import FIXED, Arm, Question, answers_so_far, ticket
from ceteris.reviewing.dealing import BLOCK, Dealer
from ceteris.reviewing.learning import Learner
from ceteris.reviewing.rankings import random_order
from ceteris.sections import Review

SHIPPED = Review()
NOTHING = pd.DataFrame({"id": [], "arm": [], "reason": [], "changed": []}).astype({"id": object, "changed": float})


def dealer(
    n_rows: int = 200, *, rankings: int = 2, shares: Review = SHIPPED, doubted: int | None = None, seed: int = 0
) -> Dealer:
    """Return a queue of rows r0, r1, ...: the first ranking goes up, the second down, controls are the undoubted rows."""
    ids = np.array([f"r{row}" for row in range(n_rows)], dtype=object)
    given = np.array([f"class {row % 3}" for row in range(n_rows)], dtype=object)
    doubted, chance = n_rows // 2 if doubted is None else doubted, random_order(ids)
    sure = chance[::-1][chance[::-1] >= doubted]
    wrong = np.array([f"class {(row + 1) % 3}" for row in sure], dtype=object)
    orders = {"combined": np.arange(doubted), "by_class": np.arange(doubted)[::-1]}
    arms = [Arm(name, orders[name]) for name in list(orders)[:rankings]]
    arms += [Arm("random", chance), Arm("control", sure), Arm("flip", sure, shown=wrong)]
    return Dealer(ids, given, arms, shares, seed)


def answered(questions: list[Question], changed: Any = lambda question: 0.0) -> pd.DataFrame:
    lines = [(q.id, q.arm, q.reason, changed(q)) for q in questions]
    return pd.concat([NOTHING, pd.DataFrame(lines, columns=list(NOTHING))], ignore_index=True) if lines else NOTHING


def play(queue: Dealer, n: int, at_once: int = 1, changed: Any = lambda question: 0.0) -> list[Question]:
    """Return the first n questions, dealt so many at once and answered before the next are dealt."""
    questions: list[Question] = []
    while len(questions) < n:
        more = queue.deal(answered(questions, changed), min(at_once, n - len(questions)))
        if not more:
            break
        questions += more
    return questions


def test_the_shares_are_kept_in_every_twenty_and_parts_of_a_question_are_carried_over() -> None:
    names = [question.arm for question in play(dealer(400, shares=Review(random=0.2, controls=0.05, flips=0.02)), 200, 20)]
    for start in range(0, 200, BLOCK):
        block = names[start : start + BLOCK]
        assert block.count("control") == 1
        assert block.count("random") >= 4  # what the draws give to chance comes on top
    assert names.count("flip") == 4


def test_the_random_rows_are_the_first_of_the_one_random_order_but_for_those_that_were_asked_before() -> None:
    queue = dealer(300)
    before: set[str] = set()
    for question in play(queue, 150, 20):
        if question.arm == "random":
            assert question.id == random_rows(list(queue.ids), before, 1)[0]
        before.add(question.id)


def test_without_rankings_the_first_k_questions_are_k_random_rows() -> None:
    queue = dealer(100, shares=Review(random=1.0, controls=0.0))
    assert [question.id for question in queue.deal(NOTHING, 30)] == random_rows(list(queue.ids), [], 30)


def test_a_ranking_is_asked_in_its_order() -> None:
    places = [question.place for question in play(dealer(rankings=1), 60, 20) if question.arm == "combined"]
    assert places == sorted(places) and len(places) > 30


def test_the_share_moves_to_the_ranking_that_finds_wrong_labels() -> None:
    found = play(dealer(2000), 200, 20, lambda question: float(question.arm == "by_class"))
    names = [question.arm for question in found]
    assert names[100:].count("by_class") > 70
    assert names[100:].count("random") == 20 and names[100:].count("control") == 5


def test_where_rankings_fail_random_rows_get_more_than_their_share() -> None:
    names = [q.arm for q in play(dealer(2000), 300, 20, lambda question: float(question.arm == "random"))]
    assert names[200:].count("random") > 80


def test_a_ranking_that_no_longer_finds_any_loses_its_share_again() -> None:
    def changed(question: Question) -> float:
        early = question.arm == "combined" and question.place < 60
        return float(early or (question.arm == "by_class" and question.place % 2 == 1))

    names = [question.arm for question in play(dealer(2000), 400, 20, changed)]
    assert names[40:80].count("combined") > names[40:80].count("by_class")
    assert names[300:].count("by_class") > names[300:].count("combined")


def test_a_kernel_that_died_deals_the_same_questions_again() -> None:
    queue = dealer()
    first = queue.deal(NOTHING, 20)
    again = queue.deal(answered(first[:7]), 13)
    assert again == first[7:] == queue.deal(answered(first[:7]), 13, [])
    assert queue.deal(answered(first[:7]), 5, [question.id for question in first[7:15]]) == first[15:20]


def test_rows_that_wait_for_an_answer_are_not_dealt_again() -> None:
    queue = dealer(30)
    first = queue.deal(NOTHING, 20)
    rest = queue.deal(NOTHING, 20, [question.id for question in first])
    assert len(rest) == 10 and not {q.id for q in first} & {q.id for q in rest}


def test_every_row_is_asked_for_once_and_then_none() -> None:
    queue = dealer(57, doubted=0)
    found = play(queue, 500, 20)
    assert sorted(question.place for question in found) == list(range(57))
    assert queue.deal(answered(found), 20) == []


def test_a_queue_of_one_arm_needs_no_random_rows() -> None:
    ids = np.array(["a", "b", "c"], dtype=object)
    queue = Dealer(ids, np.array(["x", "x", "y"], dtype=object), [Arm("disagreement", np.array([2, 0]))], SHIPPED)
    assert [(q.id, q.source, q.reason) for q in queue.deal(NOTHING, 20)] == [
        ("c", "disagreement", ""),
        ("a", "disagreement", ""),
    ]


def test_a_queue_without_rows_asks_nothing() -> None:
    nothing = np.empty(0, dtype=object)
    empty = Dealer(nothing, nothing, [Arm("combined", np.empty(0, dtype=int)), Arm("random", np.empty(0, dtype=int))], SHIPPED)
    assert empty.deal(NOTHING, 20) == []
    assert empty.asked("gone", "0" * 12) is None


def test_a_flip_is_shown_with_another_label_and_is_a_control_in_the_ledger() -> None:
    queue = dealer(shares=Review(random=0.0, controls=0.0, flips=0.5))
    flips = [question for question in queue.deal(NOTHING, 40) if question.arm == "flip"]
    assert len(flips) == 20
    assert all(q.shown != queue.given[q.place] and (q.source, q.reason) == (edits.CONTROL, "flip") for q in flips)


@pytest.mark.parametrize("change", ["id", "ticket", "label"])
def test_a_ticket_that_no_arm_would_write_is_nobodys(change: str) -> None:
    queue = dealer()
    question = queue.deal(NOTHING, 1)[0]
    if change == "label":
        other = replace(queue, given=np.array([f"new {label}" for label in queue.given], dtype=object))
        assert other.asked(question.id, question.ticket) is None
    else:
        id, ticket = ("r999" if change == "id" else question.id), ("f" * 12 if change == "ticket" else question.ticket)
        assert queue.asked(id, ticket) is None


def test_a_ticket_is_twelve_digits_of_a_hash_that_anyone_can_check() -> None:
    import hashlib

    assert ticket("random", "", "ant", "r1") == hashlib.sha256(b"random::ant:r1").hexdigest()[:12]
    assert len(ticket("slice", "slice: a = \ud800", "b", "c")) == 12


shares = st.tuples(st.floats(0, 0.5), st.floats(0, 0.3), st.floats(0, 0.2)).map(
    lambda found: Review(random=found[0], controls=found[1], flips=found[2])
)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 2), shares, st.integers(3, 45), st.integers(0, 9))
def test_no_row_is_dealt_twice_every_ticket_is_matched_back_and_dealing_is_a_function_of_the_answers(
    n_rows: int, doubted: int, rankings: int, shares: Review, at_once: int, seed: int
) -> None:
    queue = dealer(n_rows, rankings=rankings, shares=shares, doubted=min(doubted, n_rows), seed=seed)
    rng = np.random.default_rng(seed)
    outcome = rng.choice([0.0, 1.0, np.nan], n_rows)
    found = play(queue, n_rows + 5, at_once, lambda question: outcome[question.place])
    assert sorted(question.place for question in found) == list(range(n_rows))
    assert all(queue.asked(question.id, question.ticket) == question for question in found)
    twin = dealer(n_rows, rankings=rankings, shares=shares, doubted=min(doubted, n_rows), seed=seed)
    assert play(twin, n_rows + 5, at_once, lambda question: outcome[question.place]) == found


def lines(*known: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(known, columns=list(edits.COLUMNS), dtype=object)


def test_answers_so_far_are_read_off_the_ledger() -> None:
    known = lines(
        edit("a", new="bee", reason="combined", at="2026-01-31T12:00:03+00:00"),
        edit("b", "confirm", source="random", at="2026-01-31T12:00:01+00:00"),
        edit("c", "confirm", source="control", reason="flip", at="2026-01-31T13:00:02+01:00"),
        edit("d", "unsure", reason="slice: x = 1", at="2026-01-31T12:00:04+00:00"),
        edit("e", "drop", reason="", at="2026-01-31T12:00:05+00:00"),
    )
    found = answers_so_far(known)
    assert list(found["id"]) == ["b", "c", "a", "d", "e"]
    assert list(found["arm"]) == ["random", "flip", "combined", "slice", ""]
    assert list(found["changed"].fillna(-1)) == [0, 0, 1, -1, 1]
    assert answers_so_far(known.iloc[:0]).empty


def test_an_answer_that_was_taken_back_is_none_and_the_first_says_what_was_thought_blind() -> None:
    first = edit("a", "confirm", reason="combined", at="2026-01-31T12:00:00+00:00")
    undo = edit("a", "revert", reverts=first["answer"], at="2026-01-31T12:00:01+00:00")
    again = edit("a", new="bee", reason="combined", at="2026-01-31T12:00:02+00:00")
    assert answers_so_far(lines(first, undo)).empty
    assert list(answers_so_far(lines(first, undo, again))["changed"]) == [0.0]


def test_a_row_that_was_taken_back_is_dealt_again() -> None:
    queue = dealer()
    first = queue.deal(NOTHING, 20)
    kept = answered(first[1:])
    assert first[0].id in {question.id for question in queue.deal(kept, 20)}


def test_twenty_of_a_million_rows_are_dealt_without_a_copy_of_the_rows() -> None:
    n_rows = 1_000_000
    ids = np.array([f"r{row}" for row in range(n_rows)], dtype=object)
    given, order = np.full(n_rows, "a", dtype=object), np.random.default_rng(0).permutation(n_rows)
    queue = Dealer(ids, given, [Arm("combined", np.arange(n_rows)), Arm("random", order), Arm("control", order[::-1])], SHIPPED)
    past = pd.DataFrame({"id": ids[:20_000], "arm": "combined", "reason": "combined", "changed": 0.0})
    queue.deal(past, 20)  # the index of the ids is made once
    tracemalloc.start()
    try:
        assert len(queue.deal(past, 20)) == 20
        assert tracemalloc.get_traced_memory()[1] < 4_000_000  # a mark of what is done is 1 byte a row; an order would be 8
    finally:
        tracemalloc.stop()


class Counted(Learner):
    """A learner that counts its lessons."""

    lessons = 0

    def learned(self, places: np.ndarray, changed: np.ndarray) -> np.ndarray:
        Counted.lessons += 1
        return super().learned(places, changed)


def learning(n_rows: int = 400) -> Dealer:
    """Return a queue whose ranking tells nothing; labels are wrong where the one column of a row is above 0.8."""
    column = np.random.default_rng(1).random((n_rows, 1))
    order = np.arange(n_rows)
    plain = dealer(n_rows)
    arms = [Arm("learned", order, learner=Counted(order, lambda: column)), *(arm for arm in plain.arms if arm.name in FIXED)]
    return replace(plain, arms=arms)


def of_family(question: Question) -> float:
    return float(np.random.default_rng(1).random((400, 1))[question.place, 0] > 0.8)


def test_an_arm_that_learns_asks_for_rows_like_those_whose_label_was_wrong() -> None:
    asked = play(learning(), 120, 20, of_family)
    late = [of_family(question) for question in asked[60:] if question.arm == "learned"]
    assert np.mean(late) > 0.7  # of all rows a fifth is wrong


def test_what_is_learned_is_learned_once_in_twenty_answers_whoever_looks_meanwhile() -> None:
    queue, asked = learning(), list[Question]()
    Counted.lessons = 0
    while len(asked) < 60:
        asked += queue.deal(answered(asked, of_family), 1)
        queue.deal(answered(asked, of_family), 50)
        queue.seen(answered(asked, of_family))
    assert Counted.lessons == 1 + 60 // BLOCK  # before the first answer too


def test_a_queue_that_learns_deals_the_same_to_who_answers_the_same() -> None:
    one, other = (play(learning(), 80, 20, of_family) for _ in range(2))
    assert [question.id for question in one] == [question.id for question in other]

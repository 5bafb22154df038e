"""What a person is asked: every row that decides, some that do not, and nothing that tells the one from the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.measuring.disagreement import NOT_ANSWERED, Disagreement, disagreement_set, permanent_numbers
from ceteris.measuring.questions import questions_of

IDS = np.array([f"row-{row}" for row in range(400)], dtype=object)
NOBODY = np.full(400, NOT_ANSWERED)


def chosen(seed: int = 0, differing: int = 300, most: int = 60, name: str = "a") -> Disagreement:
    """Return the set of two arms of 8 seeds that differ on the first rows, on each in some of the seeds."""
    rng = np.random.default_rng(seed)
    one = np.zeros((8, 400), dtype=int)
    other = (rng.random((8, 400)) < rng.uniform(0.1, 0.9, 400)).astype(int)
    other[0, :differing], other[:, differing:] = 1, 0
    return disagreement_set(one, other, permanent_numbers(name, IDS), most=most)


@given(st.integers(0, 50), st.integers(0, 400), st.integers(60, 150))
def test_no_value_in_the_file_tells_a_decoy(seed: int, differing: int, most: int) -> None:
    part = chosen(seed, differing, most)
    asked = questions_of([part], IDS, NOBODY)
    assert list(asked.rows.columns) == ["id", "pi", "label"]
    assert set(asked.rows["id"]) == set(IDS[part.asked | part.decoys])
    assert (asked.rows["label"] == "").all()
    decoys = asked.rows["id"].isin(IDS[part.decoys])
    assert set(asked.rows.loc[decoys, "pi"]) <= set(asked.rows.loc[~decoys, "pi"])
    own = dict(zip(IDS, part.pi, strict=True))
    assert all(own[id] == pi for id, pi in asked.rows.loc[~decoys, ["id", "pi"]].itertuples(index=False))
    assert (asked.disputed, asked.decoys, asked.answered) == (part.asked.sum(), part.decoys.sum(), 0)


def test_rows_are_in_the_order_of_the_set_and_answered_ones_left_out() -> None:
    part = chosen()
    assert list(questions_of([part], IDS, NOBODY).rows["id"]) == list(IDS[part.order])
    answers = NOBODY.copy()
    answers[part.order[:20]] = 0
    left = questions_of([part], IDS, answers)
    assert list(left.rows["id"]) == list(IDS[part.order[20:]])
    assert left.answered == 20


def test_two_sets_are_asked_together_each_row_once() -> None:
    one, other = chosen(1, 40), chosen(2, 70, name="b")
    both = questions_of([one, other], IDS, NOBODY)
    assert both.rows["id"].is_unique
    assert set(both.rows["id"]) == set(IDS[one.asked | one.decoys | other.asked | other.decoys])
    assert both.differing == 70 and both.n_sets == 2


DIFFERING = "on which the arms predict differently"


@pytest.mark.parametrize(
    ("part", "answered", "words"),
    [
        (chosen(differing=40), 0, f"all 40 {DIFFERING}, and 4 on which they agree, unmarked. About 4 minutes."),
        (chosen(differing=1), 0, f"the 1 {DIFFERING}. About 1 minute."),
        (chosen(differing=300), 0, f"drawn at random from the 300 {DIFFERING} (pi: with which chance)"),
        (chosen(differing=40), 10, f"of the 40 {DIFFERING}"),
        (chosen(differing=40), 10, "10 more are answered already and left out."),
    ],
)
def test_it_is_said_how_many_rows_of_how_many_and_whether_they_are_a_sample(
    part: Disagreement, answered: int, words: str
) -> None:
    answers = NOBODY.copy()
    answers[part.order[:answered]] = 0
    assert words in questions_of([part], IDS, answers).told()
    assert ("drawn at random" in words) == part.sampled


def test_the_placebos_rows_are_said_to_be_among_them() -> None:
    assert "(the placebo's among them)" in questions_of([chosen(1, 40), chosen(2, 40)], IDS, NOBODY).told()


def test_arms_that_agree_ask_for_nothing() -> None:
    assert questions_of([chosen(differing=0)], IDS, NOBODY).rows.empty

"""What single answers add: Banzhaf values by their definition, from random halves, with intervals that cover them."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ceteris.errors import BadInputError
from ceteris.measuring.contribution import Answered, contributions, halves
from ceteris.measuring.effect import Effect, paired_effect

N_SEEDS, N_ROWS = 10, 200
Value = Callable[[np.ndarray], float]


def told(value: Value, n_answers: int, seed: int = 0, noise: float = 0.0) -> list[Effect]:
    """Return what the answers of a game are worth; `noise` is that of each fit on each row."""
    rng, applied = np.random.default_rng([seed, 1]), halves(n_answers, N_SEEDS, seed)

    def fits(masks: np.ndarray) -> list[np.ndarray]:
        return [
            np.array([[value(one)] for one in pair])
            + rng.normal(0, noise, (N_SEEDS, N_ROWS))
            + np.linspace(-0.01, 0.01, N_ROWS)
            for pair in masks
        ]

    return contributions(applied, fits(applied), fits(~applied))


def banzhaf(value: Value, place: int, n_answers: int) -> float:
    """Return the mean, over every subset of the others, of what an answer adds."""
    added = []
    for rest in itertools.product([False, True], repeat=n_answers - 1):
        mask = np.insert(np.array(rest, dtype=bool), place, False)
        added.append(value(mask | (np.arange(n_answers) == place)) - value(mask))
    return float(np.mean(added))


def crooked(mask: np.ndarray) -> float:
    """Return the worth in a game of six answers: the first helps only beside the second, the last harms, one does nothing."""
    return 0.04 * (mask[0] and mask[1]) + 0.03 * mask[2] - 0.05 * mask[5] + 0.02 * (mask[1] and mask[2] and mask[3])


def test_halves_are_drawn_for_each_seed_and_there_are_three_pairs_an_answer() -> None:
    assert halves(3, 10).shape == (10, 10, 3)
    assert halves(60, 10).shape == (18, 10, 60)
    assert halves(900, 10).shape == (40, 10, 900)
    drawn = halves(60, 10)
    assert 0.45 < drawn.mean() < 0.55
    assert len(np.unique(drawn[0], axis=0)) == 10
    with pytest.raises(BadInputError, match="make no halves"):
        halves(0, 10)


def test_where_answers_add_up_each_is_told_exactly() -> None:
    worth = np.array([0.0, 0.01, -0.02, 0.005])
    found = told(lambda mask: float(worth @ mask), 4)
    assert [effect.difference for effect in found] == pytest.approx(worth.tolist(), abs=1e-9)


def test_one_answer_alone_is_worth_what_is_lost_without_it() -> None:
    (effect,) = told(lambda mask: 0.03 * float(mask[0]), 1, noise=0.01)
    assert effect.difference == pytest.approx(0.03, abs=0.001)
    assert effect.verdict == "helps"


def test_intervals_cover_the_values_of_the_definition() -> None:
    truth = [banzhaf(crooked, place, 6) for place in range(6)]
    assert truth[:3] == pytest.approx([0.02, 0.025, 0.035])
    covered = np.array(
        [
            [one.low <= true <= one.high for one, true in zip(told(crooked, 6, seed, 0.05), truth, strict=True)]
            for seed in range(40)
        ]
    )
    assert covered.mean() >= 0.91  # 95 % of 240, less two and a half of its standard errors


def test_with_more_answers_than_pairs_can_part_intervals_are_wide_and_cover() -> None:
    n_answers = 300
    worth = np.where(np.arange(n_answers) < 10, 0.004, 0.0)
    found = told(lambda mask: float(worth @ mask), n_answers, noise=0.05)
    covered = [one.low <= true <= one.high for one, true in zip(found, worth, strict=True)]
    assert np.mean(covered) >= 0.92
    assert np.mean([effect.verdict == "cannot tell" for effect in found]) > 0.9


def test_of_answers_that_are_worth_nothing_hardly_one_is_told_to_matter() -> None:
    verdicts = [effect.verdict for seed in range(30) for effect in told(lambda _: 0.0, 8, seed, noise=0.1)]
    assert sum(verdict != "cannot tell" for verdict in verdicts) <= 4  # of 30 families, 5 % are allowed one


def test_an_answer_that_matters_is_told_among_many_that_do_not() -> None:
    found = told(lambda mask: -0.03 * float(mask[7]), 40, noise=0.05)
    assert found[7].verdict == "harms"
    assert [effect.verdict for effect in found].count("cannot tell") == 39


def test_a_table_of_answers_begins_with_the_largest_gain() -> None:
    scores = [np.tile((np.arange(N_ROWS) < rows).astype(float), (5, 1)) for rows in (100, 90, 130)]
    effects = [paired_effect(scores[0], other) for other in scores[1:]]
    columns = {"id": ["a", "b"], "batch": "1", "given_label": "x", "new_label": ["y", ""]}
    moving = pd.DataFrame(columns, index=[7, 3])
    found = Answered("ann", moving, moving, effects[0], effects, pd.DataFrame()).table()
    assert found["id"].tolist() == ["b", "a"]
    assert found["difference"].tolist() == pytest.approx([0.15, -0.05])
    assert found["verdict"].tolist() == ["helps", "harms"]

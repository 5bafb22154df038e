"""The study of rankings: errors of five kinds are what they are called, and the table says what the worlds said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from calibration.earned import cells, page, scenarios, standing
from calibration.ranked import RATE, STRATEGIES, ranked
from calibration.true_labels import NOISE, table_of


def planted(noise: str) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    features, true = table_of("digits")
    given = NOISE[noise](true, features, 300, np.random.default_rng(3))
    assert (given != true).sum() == 300
    return features, true, given


@pytest.mark.parametrize("noise", ["by feature", "by family"])
def test_errors_by_feature_and_by_family_are_always_the_class_that_follows(noise: str) -> None:
    _, true, given = planted(noise)
    wrong = given != true
    assert np.array_equal(given[wrong], (true[wrong] + 1) % 10)


def test_errors_in_pairs_go_one_way() -> None:
    _, true, given = planted("pairwise")
    wrong = given != true
    moves = set(zip(true[wrong].tolist(), given[wrong].tolist(), strict=True))
    assert len(moves) == 5
    assert {frozenset(pair) for pair in moves} == {frozenset((code, code + 1)) for code in range(0, 10, 2)}


def test_uniform_errors_are_any_class_and_confusable_ones_are_not() -> None:
    kinds = {}
    for noise in ("uniform", "confusable"):
        _, true, given = planted(noise)
        wrong = given != true
        kinds[noise] = len(set(zip(true[wrong], given[wrong], strict=True)))
    assert kinds["uniform"] > 80  # of the 90 ordered pairs of classes
    assert kinds["confusable"] < 80


def test_errors_by_family_lie_at_one_end_of_one_column() -> None:
    features, true, given = planted("by family")
    wrong = (given != true).astype(float)
    family = round(300 / 0.8)
    held = [wrong[np.argsort(-features[name].to_numpy(), kind="stable")[:family]].mean() for name in features]
    assert max(held) > 0.7
    assert np.median(held) < 0.35


def test_a_world_tells_what_each_ranking_adds_and_random_answers_find_as_many_errors_as_there_are() -> None:
    found = ranked("breast cancer", "uniform", 0)
    assert found["random/20% found"] == pytest.approx(RATE, abs=0.06)
    assert found["combined/5% found"] > 0.8
    assert found["combined/20%"] > 0
    assert {f"{name}/10%" for name in STRATEGIES} <= set(found)
    assert found == ranked("breast cancer", "uniform", 0)


def test_the_table_says_by_hand_what_the_worlds_said() -> None:
    depths = ("5%", "10%", "20%")
    worlds = [
        {f"{name}/{depth}": gain for name, gain in (("good", good), ("bad", bad), ("random", 0.01 + tiny)) for depth in depths}
        | {f"{name}/{depth} found": 0.5 for name in ("good", "bad", "random") for depth in depths}
        for good, bad, tiny in ((0.04, -0.01, 0.0), (0.02, -0.02, 0.001), (0.03, 0.003, -0.001))
    ]
    table = cells({("digits", "uniform"): worlds})
    at_ten = table[table["depth"] == "10%"].set_index("ranking")
    assert at_ten.loc["good", "gain"] == pytest.approx(3.0)
    assert at_ten.loc["good", "times"] == pytest.approx(3.0)
    assert list(at_ten["harm"]) == pytest.approx([0.0, 2 / 3, 0.0])
    assert not at_ten.loc["good", "below"]
    every = standing(table).set_index(["ranking", "depth"])
    assert every.loc[("good", "10%"), "times"] == pytest.approx(3.0)
    assert every.loc[("bad", "10%"), "harm"] == pytest.approx(2 / 3)
    assert "Both aims are kept by: good at 5%; good at 10%; good at 20%." in page(table)


def test_each_cell_of_the_study_goes_on_where_it_was_stopped_under_a_name_of_its_own() -> None:
    every = scenarios(3)
    assert len({one.name for one in every.values()}) == len(every) == 25
    assert all(one.blocks == 3 for one in every.values())

"""The study of rankings: the table says what the worlds said, and what no ranking passes."""

from __future__ import annotations

import pytest

from calibration.earned import cells, page, scenarios, standing
from calibration.ranked import ORACLE, PEOPLE, STRATEGIES, ranked


def test_a_world_tells_what_each_ranking_adds_and_random_answers_find_as_many_errors_as_there_are() -> None:
    found = ranked("breast cancer", "uniform", 0.2, 0)
    assert found["random/20% found"] == pytest.approx(0.2, abs=0.06)
    assert found[f"{ORACLE}/10% found"] == 1.0
    assert found["combined/5% found"] > 0.8
    assert found["combined/20%"] > 0
    assert {f"{name}/10%" for name in STRATEGIES} <= set(found)
    assert found == ranked("breast cancer", "uniform", 0.2, 0)


def test_sentences_are_learned_as_texts_and_people_who_are_right_find_the_raters_errors() -> None:
    """One rater in thirty is against the mean of all; a model that knew each sentence as a value of its own would guess."""
    found = ranked("movie reviews", PEOPLE, float("nan"), 0)
    assert found["given"] > 0.65
    assert 0.005 < found["random/20% found"] < 0.07
    assert found[f"{ORACLE}/20% found"] > found["random/20% found"]


def test_the_table_says_by_hand_what_the_worlds_said() -> None:
    depths = ("5%", "10%", "20%")
    worlds = [
        {f"{name}/{depth}": gain for name, gain in (("good", good), ("bad", bad), ("random", 0.01 + tiny)) for depth in depths}
        | {f"{name}/{depth} found": 0.5 for name in ("good", "bad", "random") for depth in depths}
        for good, bad, tiny in ((0.04, -0.01, 0.0), (0.02, -0.02, 0.001), (0.03, 0.003, -0.001))
    ]
    table = cells({("digits", "uniform", 0.1): worlds})
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
    assert len({one.name for one in every.values()}) == len(every) == 55
    assert all(one.blocks == 3 for one in every.values())

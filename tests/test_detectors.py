"""Detectors are tried on planted errors: what is wrong is found, what fails is told, and the choice is told from other rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from ceteris.dataset import ID, LABEL, Dataset
from ceteris.detectors.bakeoff import bake_off, doubted_before
from ceteris.detectors.choice import choose, failures, summary
from ceteris.detectors.planting import chances_of, planted, rate_of
from ceteris.detectors.scores import DETECTORS, Detector, Judged, own_detector, scores_of
from ceteris.detectors.told import choice_told, table_told
from ceteris.detectors.trees import out_of_bag_votes
from ceteris.detectors.tried import tried_rows, world_of
from ceteris.errors import BadInputError
from ceteris.measuring.estimates import Estimate

CLASSES = ("ant", "bee", "cow")


def data(rows: int = 360, wrong: float = 0.1, seed: int = 0, apart: float = 4.0) -> tuple[Dataset, np.ndarray]:
    """Return three blobs of points, some with the label of the next class, and where the label is wrong."""
    rng = np.random.default_rng(seed)
    code = np.arange(rows) % 3
    centres = apart * np.eye(3, 4)[code]
    mistaken = rng.random(rows) < wrong
    given = np.where(mistaken, (code + 1) % 3, code)
    features = pd.DataFrame(centres + rng.normal(size=(rows, 4)), columns=list("abcd"))
    frame = features.assign(**{ID: [f"r{row:04d}" for row in range(rows)], LABEL: np.array(CLASSES, dtype=object)[given]})
    return Dataset.from_frame(frame), mistaken


def judged(rows: int = 360, **how: float) -> tuple[Judged, np.ndarray]:
    found, wrong = data(rows, **how)  # type: ignore[arg-type]
    world, _, _ = world_of(found, CLASSES, GaussianNB(), {"label_quality": DETECTORS["label_quality"]})
    return world.rows, wrong


@pytest.mark.parametrize("name", DETECTORS)
def test_each_detector_doubts_wrong_labels_most(name: str) -> None:
    rows, wrong = judged()
    scores = scores_of(name, DETECTORS[name], rows)
    first = np.argsort(scores, kind="stable")[: wrong.sum()]
    assert wrong[first].mean() > 0.85


def test_errors_are_planted_as_often_as_estimated_between_the_classes_that_are_taken_for_each_other() -> None:
    joint = np.array([[0.25, 0.0, 0.0], [0.05, 0.35, 0.0], [0.0, 0.0, 0.35]])  # given (row) by true (column): ants called bees
    assert rate_of(joint) == pytest.approx(0.05)
    given = np.repeat([0, 1, 2], [300, 350, 350])
    unsure = np.full((1000, 3), 1 / 3)
    unsure[:30, 1] = 100.0  # these ants look like bees
    wrong = planted(given, unsure, chances_of(joint, unsure, 0.10), np.random.default_rng(0))
    moved = np.flatnonzero(wrong != given)
    assert len(moved) == pytest.approx(100, abs=1)
    assert set(given[moved]) == {0}
    assert set(wrong[moved]) == {1}
    assert set(range(30)) <= set(moved)


def test_a_row_that_was_doubted_before_counts_only_where_an_error_is_planted_in_it() -> None:
    scores = {"one": np.array([0.1, 0.2, 0.9, 0.9]), "other": np.array([0.9, 0.9, 0.1, 0.8])}
    assert list(doubted_before(scores, 1)) == [True, False, True, False]
    assert not doubted_before(scores, 0).any()


def test_a_detector_that_names_no_more_of_the_standing_ones_rows_than_chance_takes_no_rows_out() -> None:
    standing = np.arange(300.0)
    near = np.random.default_rng(0).permutation(60).astype(float)
    scores = {
        "combined": standing, "alike": np.concatenate([near, standing[60:]]), "reversed": -standing,
        "random": np.random.default_rng(1).permutation(300).astype(float),
    }  # fmt: skip
    assert set(np.flatnonzero(doubted_before(scores, 40))) == {*range(40), *np.flatnonzero(near < 40)}


def test_a_reversed_detector_is_told_though_a_third_of_the_labels_is_in_doubt() -> None:
    found, _ = data(rows=400, wrong=0.3, seed=3, apart=2.0)
    detectors = {name: DETECTORS[name] for name in ("label_quality", "combined")} | {"backwards": backwards}
    world, rate, _ = world_of(found, CLASSES, GaussianNB(), detectors)
    assert rate > 0.2
    table = summary(bake_off(world, 4, workers=1)).set_index("detector")
    assert table.loc["backwards", "remark"].startswith("reversed")
    assert table.loc["backwards", "average_precision"] < 0.6 * table.loc["combined", "average_precision"]


def backwards(rows: Judged) -> np.ndarray:
    return -rows.doubts.quality


def constant(rows: Judged) -> np.ndarray:
    return np.ones(len(rows.given))


def broken(rows: Judged) -> np.ndarray:
    raise RuntimeError("out of order")


def undefined(rows: Judged) -> np.ndarray:
    return np.where(np.arange(len(rows.given)) == 3, np.nan, rows.doubts.quality)


def short(rows: Judged) -> np.ndarray:
    return np.arange(3.0)


@pytest.mark.parametrize(
    ("detector", "told"),
    [
        (constant, "every row the same score, 1"),
        (broken, "RuntimeError: out of order"),
        (undefined, "no finite score for 1 of 360 rows"),
        (short, r"shape \(3,\) for 360 rows"),
    ],
)
def test_scores_that_say_nothing_are_refused_with_what_was_seen(detector: Detector, told: str) -> None:
    rows, _ = judged()
    with pytest.raises(BadInputError, match=told):
        scores_of("mine", detector, rows)


def test_a_detector_of_ones_own_is_handed_copies_and_what_it_raises_names_it() -> None:
    rows, _ = judged()
    before = rows.given.copy()

    def greedy(features: pd.DataFrame, given: np.ndarray, pred_probs: np.ndarray, seed: int) -> np.ndarray:
        quality = pred_probs[np.arange(len(given)), given]
        given[:], pred_probs[:] = 0, 0.0
        features.loc[:, "a"] = 0.0
        return quality

    assert np.array_equal(scores_of("mine", own_detector("mine", greedy), rows), rows.doubts.quality)
    assert np.array_equal(rows.given, before)
    assert (rows.features["a"] != 0).any()
    with pytest.raises(BadInputError, match=r"The detector 'mine' fails in its function: TypeError"):
        scores_of("mine", own_detector("mine", lambda features: features), rows)


def test_out_of_bag_votes_are_cast_by_trees_that_have_seen_no_row_of_the_group() -> None:
    rng = np.random.default_rng(0)
    features = np.repeat(rng.normal(size=(60, 3)), 2, axis=0)  # each row twice, labels at random
    given = np.repeat(rng.integers(0, 2, 60), 2)
    pairs = np.repeat(np.arange(60), 2)
    right = {}
    for said, groups in (("alone", None), ("together", pairs)):
        votes = out_of_bag_votes(features, given, 2, groups)
        right[said] = votes[np.arange(120), given].sum() / votes.sum()
    assert right["alone"] > 0.7  # its copy told the label
    assert right["together"] < 0.6


@pytest.fixture(scope="module")
def tried() -> pd.DataFrame:
    found, _ = data(rows=400, apart=3.0)
    detectors = {name: DETECTORS[name] for name in ("label_quality", "knn", "combined")}
    also = {"backwards": backwards, "sometimes": _sometimes, "constant": constant}
    world, rate, failed = world_of(found, CLASSES, GaussianNB(), detectors | also)
    assert 0.05 < rate < 0.2
    assert set(failed) == {"constant"}
    return bake_off(world, 4, workers=1)


def _sometimes(rows: Judged) -> np.ndarray:
    if rows.seed == 2:
        raise RuntimeError("out of order")
    return rows.doubts.quality


def test_a_detector_that_fails_in_one_draw_or_is_reversed_is_told_and_never_chosen(tried: pd.DataFrame) -> None:
    table = pd.concat([summary(tried), failures({"constant": "the same score"})], ignore_index=True)
    remarks = dict(zip(table["detector"], table["remark"], strict=True))
    assert "RuntimeError: out of order" in remarks["sometimes"]
    assert remarks["backwards"].startswith("reversed")
    assert remarks["constant"] == "the same score"
    assert remarks["label_quality"] == remarks["combined"] == ""
    choice = choose(tried, table)
    assert choice is not None
    assert choice.chosen in ("label_quality", "knn", "combined")
    told = "\n".join(table_told(table))
    for name in ("sometimes", "backwards", "constant"):
        assert f"{name} is never chosen" in told
    alone = tried[tried["detector"] == "backwards"]
    assert choose(alone, summary(alone)) is None


def test_what_is_found_is_far_above_random_rows_and_a_review_of_it_gains(tried: pd.DataFrame) -> None:
    good = tried[tried["detector"] == "combined"]
    assert (good["average_precision"] > 3 * good["base"]).all()
    assert (good["precision"] > 3 * good["base"]).all()
    assert (good["found"] <= 100).all()
    assert good["gain"].mean() > tried.loc[tried["detector"] == "backwards", "gain"].mean()


def test_a_bake_off_is_the_same_in_one_process_and_in_two() -> None:
    found, _ = data(rows=200)
    world, _, _ = world_of(found, CLASSES, GaussianNB(), {name: DETECTORS[name] for name in ("label_quality", "by_class")})
    pd.testing.assert_frame_equal(bake_off(world, 4, workers=1), bake_off(world, 4, workers=2))


def lines(**of: tuple[list[float], list[float]]) -> pd.DataFrame:
    """Return draws by hand: of each detector the average precision on the first half of the rows, and on the second."""
    return pd.DataFrame(
        [
            {"draw": draw, "detector": name, "failed": "", "base": 0.1, "precision": 0.5, "found": 50.0, "gain": 1.0}
            | {"average_precision": (first[draw] + second[draw]) / 2, "first": first[draw], "second": second[draw]}
            for name, (first, second) in of.items()
            for draw in range(4)
        ]
    )


def test_what_was_lucky_where_it_was_chosen_is_not_believed() -> None:
    # The even draws choose `lucky` on the first half of their rows; it loses on the other half of the odd draws.
    draws = lines(
        combined=([0.50, 0.51, 0.50, 0.51], [0.50, 0.51, 0.50, 0.51]),
        lucky=([0.99, 0.30, 0.98, 0.31], [0.60, 0.30, 0.60, 0.31]),
    )
    choice = choose(draws, summary(draws))
    assert choice is not None
    assert (choice.best, choice.chosen) == ("lucky", "combined")
    assert choice.worth.value < -0.05


def test_another_ranking_is_chosen_where_it_is_better_on_draws_and_rows_that_did_not_choose_it() -> None:
    draws = lines(combined=([0.50, 0.51, 0.50, 0.51],) * 2, better=([0.70, 0.72, 0.71, 0.73],) * 2)
    choice = choose(draws, summary(draws))
    assert choice is not None
    assert choice.chosen == "better"
    assert choice.worth.value == pytest.approx(0.21, abs=0.01)
    assert choice.worth.low > 0
    assert "ranked by better, of the best evidence: +0.2" in choice_told(choice, 4, 0.1, 400)


def test_where_the_standing_ranking_failed_the_last_sound_one_stands_for_it() -> None:
    draws = lines(knn=([0.5, 0.6, 0.5, 0.6],) * 2, label_quality=([0.4, 0.5, 0.4, 0.5],) * 2)
    choice = choose(draws, summary(draws))
    assert choice is not None
    assert choice.standing == "label_quality"
    assert isinstance(choice.worth, Estimate)


def test_rare_classes_and_rows_beyond_the_most_are_left_out_and_told() -> None:
    found, _ = data(rows=360)
    labels = found.labels.copy()
    labels[:5] = "dodo"
    kept, told = tried_rows(Dataset(found.ids, labels, found.features), most=300)
    assert len(kept) <= 300
    assert "dodo" not in set(kept.labels)
    assert "a random sample of 300 rows" in told[0]
    assert "'dodo'" in told[1]
    with pytest.raises(BadInputError, match=r"of 0 classes with 16 rows or more .* \(review\.rankings: combined\)"):
        tried_rows(found.take(np.arange(30)), most=300)


def test_groups_are_sampled_whole() -> None:
    found, _ = data(rows=360)
    groups = np.array([f"g{row // 4}" for row in range(360)], dtype=object)
    kept, _ = tried_rows(Dataset(found.ids, found.labels, found.features, groups), most=200)
    sizes = pd.Series(kept.groups).value_counts()
    assert (sizes == 4).all()

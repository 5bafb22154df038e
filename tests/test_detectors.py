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
from ceteris.detectors.tried import tried_rows, world_of
from ceteris.errors import BadInputError

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

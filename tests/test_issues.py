"""One adapter, one table: planted errors are found, nothing else is said, and bad probabilities are no clean bill."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from small import CLASSES

from ceteris.errors import BadInputError
from ceteris.issues import confident as room
from ceteris.issues.confident import find_doubts, noise_joint
from ceteris.issues.table import COLUMNS, find_label_issues, rank

IDS = np.array([f"r{row:02d}" for row in range(30)], dtype=object)
TRUE = np.arange(30) % 3
SURE = np.full((30, 3), 0.05) + 0.85 * np.eye(3)[TRUE]
WRONG = (4, 9)


def given(changed: tuple[int, ...] = WRONG) -> np.ndarray:
    labels = np.array(CLASSES, dtype=object)[TRUE]
    for row in changed:
        labels[row] = CLASSES[(TRUE[row] + 1) % 3]
    return labels


def test_planted_errors_are_flagged_and_their_true_labels_suggested() -> None:
    issues = find_label_issues(IDS, given(), SURE, CLASSES)
    assert tuple(issues.columns) == COLUMNS
    assert list(issues["id"]) == list(IDS)
    assert set(issues.loc[issues["is_label_issue"], "id"]) == {"r04", "r09"}
    assert list(issues.loc[list(WRONG), "suggested_label"]) == [CLASSES[TRUE[row]] for row in WRONG]
    assert list(issues.loc[list(WRONG), "issue_type"]) == ["label", "label"]


def test_where_nothing_is_wrong_nothing_is_flagged() -> None:
    assert not find_label_issues(IDS, given(()), SURE, CLASSES)["is_label_issue"].any()


def test_label_quality_is_the_probability_of_the_given_label() -> None:
    issues = find_label_issues(IDS, given(), SURE, CLASSES)
    assert issues["label_quality"].to_numpy() == pytest.approx(np.where(np.isin(np.arange(30), WRONG), 0.05, 0.9))


@pytest.mark.parametrize("rule", ["prune_by_noise_rate", "prune_by_class", "both", "confident_learning", "predicted_neq_given"])
def test_every_rule_gives_the_same_kind_of_table(rule: str) -> None:
    issues = find_label_issues(IDS, given(), SURE, CLASSES, rule)
    assert (len(issues), issues["is_label_issue"].dtype) == (30, bool)


def test_renaming_the_classes_renames_the_table_and_no_more() -> None:
    names = dict(zip(CLASSES, ("zebra", "yak", "xerus"), strict=True))
    renamed = np.array([names[label] for label in given()], dtype=object)
    one, other = find_label_issues(IDS, given(), SURE, CLASSES), find_label_issues(IDS, renamed, SURE, tuple(names.values()))
    assert [names[label] for label in one["suggested_label"]] == list(other["suggested_label"])
    assert one[["label_quality", "is_label_issue"]].equals(other[["label_quality", "is_label_issue"]])


@pytest.mark.parametrize(("value", "said"), [(np.nan, "NaN"), (0.5, "no distribution"), (-0.1, "no distribution")])
def test_probabilities_that_are_none_are_refused_not_passed_over(value: float, said: str) -> None:
    broken = SURE.copy()
    broken[3, 0] = value
    with pytest.raises(BadInputError, match=f"{said}.*'3'"):
        find_label_issues(IDS, given(), broken, CLASSES)


def test_a_label_outside_the_classes_and_a_class_without_rows_are_refused() -> None:
    with pytest.raises(BadInputError, match=r"none of the classes: 'cow'.*validate\.classes"):
        find_label_issues(IDS, given(), SURE[:, :2] / SURE[:, :2].sum(axis=1, keepdims=True), CLASSES[:2])
    wider = np.hstack([SURE, np.zeros((30, 1))])
    with pytest.raises(BadInputError, match=r"No train row has the classes 'dog'.*validate\.classes"):
        find_label_issues(IDS, given(), wider, (*CLASSES, "dog"))


def test_the_queue_holds_flagged_rows_first_then_the_most_doubted_and_ties_by_id() -> None:
    issues = find_label_issues(IDS, given(), SURE, CLASSES)
    queue = rank(issues.sample(frac=1, random_state=1))
    assert list(queue["id"][:4]) == ["r04", "r09", "r00", "r01"]
    assert queue["label_quality"].iloc[2:].is_monotonic_increasing


@st.composite
def tables(draw: Any) -> tuple[np.ndarray, np.ndarray]:
    """Labels with errors among them, and probabilities that are coarse, so that margins tie, or fine."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows, classes = draw(st.integers(2, 300)), draw(st.integers(2, 6))
    true = rng.choice(classes, rows, p=rng.dirichlet(np.full(classes, draw(st.sampled_from([0.3, 3.0])))))
    sure = rng.random((rows, classes)) + draw(st.sampled_from([0.0, 0.5, 3.0])) * np.eye(classes)[true]
    if draw(st.booleans()):
        sure = np.ceil(3 * sure)
    wrong = rng.random(rows) < draw(st.sampled_from([0.0, 0.1, 0.5]))
    labels = np.where(wrong, rng.integers(0, classes, rows), true)
    return labels, (sure / sure.sum(axis=1, keepdims=True)).astype(draw(st.sampled_from([np.float32, np.float64])))


@drawn(tables(), st.sampled_from([7, 64, 1 << 14]))
@settings(max_examples=150, deadline=None)
def test_in_batches_the_same_rows_are_flagged_as_by_cleanlab_at_once(table: tuple[np.ndarray, np.ndarray], rows: int) -> None:
    from cleanlab.filter import find_label_issues as at_once

    labels, pred_probs = table
    if len(np.unique(labels)) < 2:
        return
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class of one row
        patch.setattr(room, "_BATCH", rows)
        found = find_doubts(labels, pred_probs)
        assert np.array_equal(found.flagged, at_once(labels, pred_probs.astype(np.float64), n_jobs=1))
    assert np.array_equal(found.quality, pred_probs[np.arange(len(labels)), labels].astype(np.float64))
    assert np.array_equal(found.suggested, pred_probs.argmax(axis=1))


def test_files_that_are_mapped_into_memory_are_read_in_batches(tmp_path: Path) -> None:
    labels, pred_probs = np.tile(np.r_[TRUE, (TRUE + 1) % 3], 2_000), np.tile(SURE, (4_000, 1))
    for name, array in (("labels", labels.astype(np.uint8)), ("pred_probs", pred_probs)):
        np.save(tmp_path / f"{name}.npy", array)
    mapped = [np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in ("labels", "pred_probs")]
    assert np.array_equal(find_doubts(*mapped).flagged, find_doubts(labels, pred_probs).flagged)
    pred_probs[100_000, 1] = np.nan
    with pytest.raises(BadInputError, match=r"NaN.*'100000'"):
        find_doubts(labels, pred_probs)


@pytest.mark.parametrize("codes", [np.arange(30) % 4, TRUE - 1, TRUE[:9], TRUE.astype(float)])
def test_labels_that_are_no_codes_of_the_columns_are_refused(codes: np.ndarray) -> None:
    with pytest.raises(BadInputError, match="as codes from 0 to 2"):
        find_doubts(codes, SURE)


def test_the_repaired_joint_counts_a_row_for_the_most_probable_class_whose_threshold_it_passes() -> None:
    # Thresholds are .90, .35 and .235. The last row passes those of bee and cow, and not that of ant, its most probable class.
    pred_probs = np.array([[0.90, 0.05, 0.05], [0.45, 0.35, 0.20], [0.50, 0.27, 0.23], [0.40, 0.36, 0.24]])
    joint = noise_joint(np.array([0, 1, 2, 2]), pred_probs)
    assert joint.sum() == pytest.approx(1.0)
    assert joint[2, 1] > 0  # given cow, counted as bee
    assert joint[2, 0] == 0  # cleanlab would count it as ant
    assert np.trace(joint) == pytest.approx(0.75)

"""One adapter, one table: planted errors are found, nothing else is said, and bad probabilities are no clean bill."""

from __future__ import annotations

import numpy as np
import pytest
from small import CLASSES

from ceteris.errors import BadInputError
from ceteris.issues import COLUMNS, find_label_issues, rank

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

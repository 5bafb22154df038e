"""Blocks of time judge and are judged: none is cut, no judge has seen its block, its surroundings or its kin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from ceteris.errors import LeakageError, ParamsError
from ceteris.splitting.time_folds import assign_blocks, refuse_cut_order, training_rows
from ceteris.training.pred_probs import assign_folds, out_of_fold


@given(st.lists(st.integers(0, 60), min_size=4, max_size=80), st.integers(2, 6))
def test_blocks_are_in_the_order_of_time_and_part_no_tie(times: list[int], folds: int) -> None:
    found = np.array(times, dtype=float)
    try:
        blocks = assign_blocks(found, folds)
    except ParamsError:
        _, counts = np.unique(found, return_counts=True)
        assert counts.max() > len(found) / folds / 2  # so large a tie that a block has no time of its own
        return
    assert set(blocks) == set(range(folds))
    assert all(len(set(blocks[found == time])) == 1 for time in set(times))
    assert (np.diff(blocks[np.argsort(found, kind="stable")]) >= 0).all()
    refuse_cut_order(blocks, found)


def test_blocks_are_equal_where_no_row_ties() -> None:
    times = np.random.default_rng(0).permutation(100).astype(float)
    assert np.bincount(assign_blocks(times, 5)).tolist() == [20] * 5


def test_one_time_for_all_is_refused_and_few_times_say_how_many_folds_there_can_be() -> None:
    with pytest.raises(ParamsError, match=r"set `split\.by: hash`"):
        assign_blocks(np.ones(20), 2)
    with pytest.raises(ParamsError, match=r"Set audit\.folds: 2 in params\.yaml"):
        assign_blocks(np.repeat([1.0, 2.0], 10), 5)


def test_folds_that_cut_the_order_of_time_are_refused() -> None:
    times, labels = np.arange(40.0), np.arange(40) % 2
    shuffled = assign_folds(labels, 4, seed=0)
    with pytest.raises(LeakageError, match="cut the order of time"):
        refuse_cut_order(shuffled, times)
    with pytest.raises(LeakageError, match="cut the order of time"):
        training_rows(shuffled, times, labels)


@given(st.integers(2, 5), st.floats(0, 4), st.integers(0, 10**6))
def test_no_judge_has_seen_its_block_what_lies_within_the_gap_or_a_row_of_a_group_in_it(
    folds: int, gap: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    times, groups = rng.integers(0, 60, 120).astype(float), rng.integers(0, 40, 120)
    labels = np.zeros(120, dtype=int)
    blocks = assign_blocks(times, folds)
    try:
        masks = training_rows(blocks, times, labels, gap=gap, groups=groups)
    except ParamsError:
        assume(False)
    for block, trains in enumerate(masks):
        judged = blocks == block
        assert not (trains & judged).any()
        assert np.abs(times[trains][:, None] - times[judged][None]).min() > gap
        assert not set(groups[trains]) & set(groups[judged])


def test_a_class_that_one_block_holds_alone_is_refused_by_name() -> None:
    times, labels = np.arange(40.0), np.array([0] * 30 + [1] * 10)
    with pytest.raises(ParamsError, match=r"Block 4 of the audit's 4 blocks of time has all train rows of the classes 'bee'"):
        training_rows(assign_blocks(times, 4), times, labels, names=("ant", "bee"))


def test_probabilities_of_a_block_come_from_a_model_of_the_others() -> None:
    rng = np.random.default_rng(0)
    times, labels = np.arange(90.0), np.arange(90) % 2
    features = rng.normal(size=(90, 2)) + labels[:, None]
    blocks = assign_blocks(times, 3)
    masks = training_rows(blocks, times, labels, gap=5.0)
    found = out_of_fold(LogisticRegression(), features, labels, 2, blocks=(blocks, masks), workers=1)
    middle = LogisticRegression().fit(features[(times < 25) | (times > 64)], labels[(times < 25) | (times > 64)])
    assert found[30:60] == pytest.approx(middle.predict_proba(features[30:60]))

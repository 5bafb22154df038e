"""Who may see what: decided row by row, so that what is added later moves nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import dataset

from ceteris.dataset import GROUP, ID, LABEL, Dataset, row_digests
from ceteris.errors import LeakageError
from ceteris.sections import Split
from ceteris.splits import TEST, TRAIN, VALIDATION, assign_parts, copies_across, near_copies_across, refuse_leaks

IDS = st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=30, unique=True)


def parts_of(data: Dataset, split: Split | None = None) -> dict[str, str]:
    parts = assign_parts(data, split or Split(), row_digests(data.features))
    return dict(zip(data.ids, parts, strict=True))


@given(IDS, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_changes_no_part(ids: list[str], random: object) -> None:
    frame = pd.DataFrame({ID: ids, LABEL: "x", "a": np.arange(len(ids)) / 2, "b": 1.0})
    order = list(range(len(ids)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = frame.iloc[order][["b", LABEL, "a", ID]]
    assert parts_of(Dataset.from_frame(frame)) == parts_of(Dataset.from_frame(shuffled))


@given(IDS, st.integers(1, 29))
def test_rows_that_are_added_never_move_old_ones(ids: list[str], known: int) -> None:
    before, after = parts_of(dataset(ids[:known])), parts_of(dataset(ids))
    assert before == {name: after[name] for name in before}


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=40))
def test_a_group_is_never_cut(groups: list[str]) -> None:
    frame = pd.DataFrame({ID: [f"r{row:02d}" for row in range(len(groups))], LABEL: "x", GROUP: groups, "x": 1.0})
    parts = parts_of(Dataset.from_frame(frame), Split(validation=0.4, test=0.4))
    where = pd.Series([parts[name] for name in frame[ID]]).groupby(frame[GROUP].to_numpy()).nunique()
    assert (where == 1).all()


@given(st.lists(st.integers(0, 4), min_size=2, max_size=40))
def test_copies_that_stay_together_are_never_cut(values: list[int]) -> None:
    data = dataset([f"r{row:02d}" for row in range(len(values))], x=[float(value) for value in values])
    digests = row_digests(data.features)
    parts = assign_parts(data, Split(validation=0.4, test=0.4, copies="together"), digests)
    refuse_leaks(data, parts, digests)


def test_the_shares_are_those_that_were_asked_for() -> None:
    parts = pd.Series(parts_of(dataset([f"row {row}" for row in range(6000)]), Split(validation=0.3, test=0.1)))
    shares = parts.value_counts(normalize=True)
    assert shares[[TRAIN, VALIDATION, TEST]].to_numpy() == pytest.approx([0.6, 0.3, 0.1], abs=0.025)


def test_another_seed_is_another_split() -> None:
    data = dataset([f"row {row}" for row in range(200)])
    assert parts_of(data) != parts_of(data, Split(seed=1))


def test_a_group_on_both_sides_is_refused_by_name() -> None:
    frame = pd.DataFrame({ID: ["a", "b"], LABEL: "x", GROUP: ["kin", "kin"], "x": [1.0, 2.0]})
    data = Dataset.from_frame(frame)
    with pytest.raises(LeakageError, match="'kin'"):
        refuse_leaks(data, np.array([TRAIN, VALIDATION]), row_digests(data.features))


def test_copies_across_the_split_are_refused_as_pairs_and_sealed_ids_stay_unsaid() -> None:
    data = dataset(["a", "b", "c", "secret"], x=[1.0, 1.0, 2.0, 2.0])
    with pytest.raises(LeakageError) as refusal:
        refuse_leaks(data, np.array([TRAIN, VALIDATION, TRAIN, TEST]), row_digests(data.features))
    said = str(refusal.value)
    assert "4 rows have an exact copy on another side" in said
    assert "1 of them in the sealed test part" in said
    assert "'a (train) = b (validation)'" in said
    assert "secret" not in said
    assert "split.copies: together in params.yaml" in said


def test_copies_on_one_side_are_no_leak() -> None:
    data = dataset(["a", "b"], x=[1.0, 1.0])
    digests = row_digests(data.features)
    refuse_leaks(data, np.array([TRAIN, TRAIN]), digests)
    assert copies_across(digests, np.array([TRAIN, TRAIN])).empty


def test_near_copies_are_counted_and_missing_values_are_equal_to_each_other() -> None:
    parts = np.array([TRAIN, VALIDATION, TRAIN])
    near = pd.DataFrame({"n": [1.0001, 1.0002, 5.0], "t": ["A  b", "a B", "a b"]}, dtype=object).astype({"n": float})
    assert near_copies_across(near, parts) == 2
    gaps = pd.DataFrame({"n": [np.nan, np.nan, 1.0], "t": [None, None, "x"]}, dtype=object).astype({"n": float})
    assert near_copies_across(gaps, parts) == 2
    assert near_copies_across(pd.DataFrame({"n": [1.0, 1.1, 1.2]}), parts) == 0

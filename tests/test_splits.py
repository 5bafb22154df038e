"""Who may see what: decided row by row, so that what is added later moves nothing."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import dataset

from ceteris.dataset import GROUP, ID, LABEL, Dataset, row_digests
from ceteris.errors import LeakageError
from ceteris.sections import Split
from ceteris.splitting.parts import assign_parts
from ceteris.splitting.splits import (
    TEST,
    TRAIN,
    VALIDATION,
    copies_across,
    refuse_leaks,
    unsealed_pairs,
)
from ceteris.tables.near import near_digests, near_to

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


def alike(features: pd.DataFrame) -> list[bool]:
    digests = near_digests(features)
    return [digest == digests[0] for digest in digests]


def test_rows_near_to_one_of_many_others_are_found_in_a_time_that_grows_with_the_rows() -> None:
    rows = pd.DataFrame({"n": np.arange(60_000.0) * 10 + 1000, "t": pd.Series("a", index=range(60_000), dtype=object)})
    others = pd.DataFrame({"more": 1, "t": "A", "n": np.arange(30_000.0) * -1})
    others.loc[7, "n"] = 3000.01
    begun = time.process_time()
    assert np.flatnonzero(near_to(rows.iloc[:900], others)).tolist() == [200]
    assert near_to(rows, others).sum() >= 1
    assert time.process_time() - begun < 10, "comparing each with each takes minutes"


def test_near_copies_share_a_digest_and_missing_values_are_equal_to_each_other() -> None:
    near = pd.DataFrame({"n": [1.0001, 1.0002, 5.0], "t": ["A  b", "a B", "a b"]}, dtype=object).astype({"n": float})
    assert alike(near) == [True, True, False]
    gaps = pd.DataFrame({"n": [np.nan, np.nan, 1.0], "t": [None, None, "x"]}, dtype=object).astype({"n": float})
    assert alike(gaps) == [True, True, False]
    assert alike(pd.DataFrame({"n": [1.0, 1.1, 1.2]})) == [True, False, False]
    assert alike(pd.DataFrame({"n": [1e-320, -1e-320, 1.0]})) == [True, True, False]


def pairs(parts: str, digests: str) -> list[tuple[str, ...]]:
    """Return the pairs of rows named a, b, ..., each with its part (t, v, s) and a digest of one letter."""
    named = {"t": TRAIN, "v": VALIDATION, "s": TEST}
    ids = np.array(list("abcdefghij"[: len(parts)]), dtype=object)
    across = copies_across(np.array(list(digests), dtype=object), np.array([named[part] for part in parts], dtype=object))
    return [tuple(row) for row in unsealed_pairs(ids, across).to_numpy()]


def test_near_copies_of_train_and_validation_are_listed_by_id() -> None:
    assert pairs("vtt", "xxy") == [("b", TRAIN, "a", VALIDATION)]


def test_of_many_rows_alike_each_is_listed_and_no_pair_twice() -> None:
    found = pairs("tttvv", "xxxxx")
    assert len(found) == len(set(found)) == 4
    assert {name for one, _, other, _ in found for name in (one, other)} == set("abcde")


@given(st.lists(st.tuples(st.sampled_from("tvs"), st.sampled_from("xyz")), min_size=1, max_size=10))
def test_no_pair_names_a_sealed_row_or_a_row_that_is_like_sealed_rows_alone(rows: list[tuple[str, str]]) -> None:
    found = pairs("".join(part for part, _ in rows), "".join(digest for _, digest in rows))
    known = dict(zip("abcdefghij", rows, strict=False))
    for one, part, other, like in found:
        assert (known[one][0], part, known[other][0], like) == ("t", TRAIN, "v", VALIDATION)
        assert known[one][1] == known[other][1]
    assert [tuple(row) for row in sorted(found)] == found

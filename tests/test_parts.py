"""Parts by time, by a column, and by clusters of near copies: nothing is cut, and what is added later moves nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.dataset import GROUP, ID, LABEL, TIME, Dataset, row_digests
from ceteris.errors import BadInputError, LeakageError, ParamsError
from ceteris.sections import Split
from ceteris.splitting.parts import assign_parts, units_of
from ceteris.splitting.splits import PARTS, TEST, TRAIN, VALIDATION
from ceteris.tables.near import near_clusters

BY_TIME = Split(by="time", validation_from=5, test_from=8)
TIMES = st.lists(st.integers(0, 10), min_size=1, max_size=30)
# Values of which each but the last two lies near its neighbours, so that a new one may bridge two.
LINE = [100 * 1.004**step for step in range(8)] + [0.0, -100.0]


def rows(n: int, **columns: object) -> Dataset:
    return Dataset.from_frame(
        pd.DataFrame({ID: [f"row {row}" for row in range(n)], LABEL: "x", "x": np.arange(n) * 1.5} | columns)
    )


def parts_of(data: Dataset, split: Split, named: np.ndarray | None = None) -> dict[str, str]:
    return dict(zip(data.ids, assign_parts(data, split, row_digests(data.features), named), strict=True))


# by time


@given(TIMES, st.integers(0, 29), st.randoms(use_true_random=False))
def test_time_is_cut_between_rows_of_different_times_whatever_their_order_and_what_comes_later(
    times: list[int], known: int, random: object
) -> None:
    whole = rows(len(times), **{TIME: np.array(times, dtype=float)})
    parts = parts_of(whole, BY_TIME)
    for part, other in ((TRAIN, VALIDATION), (VALIDATION, TEST)):
        before, after = (
            [time for time, id in zip(whole.times, whole.ids, strict=True) if parts[id] == p] for p in (part, other)
        )
        assert not before or not after or max(before) < min(after)
    order = list(range(len(times)))
    random.shuffle(order)  # type: ignore[attr-defined]
    some = Dataset.from_frame(whole.to_frame().iloc[order[: known + 1]])
    assert parts_of(some, BY_TIME) == {id: parts[id] for id in some.ids}


def test_a_date_cuts_like_the_second_it_begins_with() -> None:
    times = pd.to_datetime(["2018-01-31", "2018-02-01", "2018-02-28T23:59", "2018-03-01"], format="ISO8601")
    data = rows(4, **{TIME: (times - pd.Timestamp(0)).total_seconds().to_numpy()})
    parts = parts_of(data, Split(by="time", validation_from="2018-02-01", test_from="2018-03-01"))
    assert list(parts.values()) == [TRAIN, VALIDATION, VALIDATION, TEST]


@pytest.mark.parametrize(("judges", "sealed"), [(8, 5), (5, 5), ("2018-03-01", "2018-02-01")])
def test_cuts_in_the_wrong_order_are_refused(judges: float | str, sealed: float | str) -> None:
    with pytest.raises(ParamsError, match=r"which is not later\. Set split\.test_from"):
        parts_of(rows(2, **{TIME: [1.0, 2.0]}), Split(by="time", validation_from=judges, test_from=sealed))


def test_a_cut_that_is_no_time_is_refused() -> None:
    with pytest.raises(ParamsError, match=r"split\.test_from is 'soon', which is no time\. Write a number, or a date"):
        parts_of(rows(2, **{TIME: [1.0, 2.0]}), Split(by="time", validation_from=1, test_from="soon"))


def test_a_group_on_two_sides_of_a_cut_is_refused_with_a_count_and_no_name() -> None:
    data = rows(4, **{TIME: [1.0, 6.0, 9.0, 2.0], GROUP: ["kin", "kin", "other", "third"]})
    with pytest.raises(LeakageError) as refusal:
        parts_of(data, BY_TIME)
    assert "1 groups with 2 rows stand on more than one side" in str(refusal.value)
    assert "split.straddling: hold_out" in str(refusal.value)
    assert "kin" not in str(refusal.value)


@given(st.lists(st.tuples(st.integers(0, 10), st.sampled_from("abcd")), min_size=1, max_size=30))
def test_a_group_that_is_held_out_stands_whole_on_the_side_of_its_last_row(held: list[tuple[int, str]]) -> None:
    data = rows(len(held), **{TIME: [float(time) for time, _ in held], GROUP: [name for _, name in held]})
    parts = parts_of(data, BY_TIME.model_copy(update={"straddling": "hold_out"}))
    alone = parts_of(Dataset(data.ids, data.labels, data.features, None, data.times), BY_TIME)
    for name in set(data.groups):
        ids = data.ids[data.groups == name]
        assert {parts[id] for id in ids} == {max((alone[id] for id in ids), key=PARTS.index)}
    last_trained = max((time for id, time in zip(data.ids, data.times, strict=True) if parts[id] == TRAIN), default=0)
    assert last_trained < 5


# by a column


def test_a_column_says_who_may_see_a_row() -> None:
    named = np.array(["train", "dev", "test", "2"], dtype=object)
    split = Split(by="column", parts={"dev": "validation", "2": "test"})
    assert list(parts_of(rows(4), split, named).values()) == [TRAIN, VALIDATION, TEST, TEST]


def test_a_text_that_means_no_part_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(BadInputError) as refusal:
        parts_of(rows(3), Split(by="column"), np.array(["train", "validaton", "validaton"], dtype=object))
    assert "'validaton' (2 rows). Did you mean 'validation'?" in str(refusal.value)
    assert "split.parts" in str(refusal.value)


def test_validation_is_drawn_by_hash_from_the_train_rows_of_a_column_that_has_none() -> None:
    n, split = 3000, Split(by="column", validation=0.25, parts={"train": "hash"})
    named = np.array(["train", "test", "train"], dtype=object)[np.arange(n) % 3]
    data = rows(n)
    parts = pd.Series(assign_parts(data, split, row_digests(data.features), named))
    assert set(parts[named == "test"]) == {TEST}
    assert (parts[named == "train"] == VALIDATION).mean() == pytest.approx(0.25, abs=0.03)
    assert TEST not in set(parts[named == "train"])


def test_copies_in_two_parts_of_a_column_are_refused_or_held_out_together() -> None:
    named, data = np.array(["train", "test", "train"], dtype=object), rows(3, x=[1.0, 1.0, 2.0])
    together = Split(by="column", copies="together")
    with pytest.raises(LeakageError, match=r"1 groups, or sets of copies, with 2 rows"):
        parts_of(data, together, named)
    held = parts_of(data, together.model_copy(update={"straddling": "hold_out"}), named)
    assert list(held.values()) == [TEST, TEST, TRAIN]


# near copies


TOGETHER = Split(validation=0.4, test=0.3, near_copies="together")


def line(values: list[float], ids: list[str] | None = None) -> Dataset:
    names = ids or [f"row {row}" for row in range(len(values))]
    filler = [f"{name} is far from the rest" for name in ("one", "two")]
    known = {ID: [*names, "z 1", "z 2"], LABEL: "x", "x": [*values, 1e6, 2e6], "t": [*["same"] * len(values), *filler]}
    return Dataset.from_frame(pd.DataFrame(known))


@given(st.lists(st.sampled_from(LINE), min_size=2, max_size=9))
def test_near_copies_are_never_cut(values: list[float]) -> None:
    data = line(values)
    parts = parts_of(data, TOGETHER)
    found = dict(zip(data.ids, data.features["x"], strict=True))
    for one, a in found.items():
        for other, b in found.items():
            if abs(a - b) <= 0.004 * max(abs(a), abs(b)):
                assert parts[one] == parts[other]


@given(st.lists(st.sampled_from(LINE), min_size=2, max_size=9), st.integers(1, 8), st.randoms(use_true_random=False))
def test_a_row_that_is_added_moves_no_row_of_the_units_that_it_joins_but_for_those_that_it_bridges(
    values: list[float], known: int, random: object
) -> None:
    before, after = line(values[:known]), line(values)
    one, other = parts_of(before, TOGETHER), parts_of(after, TOGETHER)
    old, new = (
        dict(zip(data.ids, units_of(data, TOGETHER, row_digests(data.features)), strict=True)) for data in (before, after)
    )
    for id in before.ids:
        merged = {old[mate] for mate in before.ids if new[mate] == new[id]}
        if len(merged) == 1 or old[id] == new[id]:
            assert one[id] == other[id]
    order = list(range(len(after)))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert parts_of(Dataset.from_frame(after.to_frame().iloc[order]), TOGETHER) == other


def test_rows_without_near_copies_stand_where_they_stood() -> None:
    data = line([1.0, 2.0, 3.0, 4.0, 5.0])
    assert parts_of(data, TOGETHER) == parts_of(data, TOGETHER.model_copy(update={"near_copies": "tell"}))


def test_the_smallest_id_counts_numbers_as_numbers() -> None:
    data = line([1.0, 1.001], ["row 10", "row 9"])
    units = dict(zip(data.ids, units_of(data, TOGETHER, row_digests(data.features)), strict=True))
    assert units["row 10"] == units["row 9"] == b"row 9"


def test_near_copies_of_two_groups_make_these_groups_one() -> None:
    frame = line([1.0, 1.001, 7.0, 9.0]).to_frame().assign(**{GROUP: ["a", "b", "b", "c", "d", "e"]})
    data = Dataset.from_frame(frame)
    units = units_of(data, TOGETHER, row_digests(data.features))
    assert units.tolist() == [b"a", b"a", b"a", b"c", b"d", b"e"]


def clusters(frame: pd.DataFrame, distance: float = 0.005) -> list[int]:
    return near_clusters(frame, distance).tolist()


@given(st.integers(0, 10**6))
def test_numbers_are_near_exactly_where_each_differs_little_enough(seed: int) -> None:
    rng = np.random.default_rng(seed)
    base = np.repeat(rng.normal(size=(15, 3)), 2, axis=0) * (1 + rng.uniform(-0.02, 0.02, (30, 3)))
    found = near_clusters(pd.DataFrame(base, columns=list("abc")), 0.01)
    apart = np.abs(base[:, None] - base[None]) / np.maximum(np.abs(base[:, None]), np.abs(base[None]))
    for one, other in zip(*np.nonzero((apart <= 0.01).all(axis=2)), strict=True):
        assert found[one] == found[other]
    for row in range(0, 30, 2):
        if (apart[row] > 0.02).any(axis=1).sum() == 29:
            assert (found == found[row]).sum() == 1


def test_a_sign_a_zero_or_a_missing_value_sets_rows_apart() -> None:
    assert len(set(clusters(pd.DataFrame({"a": [1e-9, -1e-9, 0.0, np.nan, 1.0]})))) == 5


def test_a_long_text_with_a_word_changed_is_a_near_copy_and_a_short_one_is_not() -> None:
    review = "the plot is thin but the two leads carry it with ease and the last act is a joy to watch on a large screen"
    other = "nothing here works as it should and every joke falls flat long before the end of a film that is too long by half"
    texts = [review, review.replace("joy", "delight"), review.replace("thin", "THIN"), other, "a joy", "a delight", "A  joy"]
    found = clusters(pd.DataFrame({"t": texts}, dtype=object))
    assert found[0] == found[1] == found[2] != found[3]
    assert found[4] == found[6] != found[5]
    priced = pd.DataFrame({"t": [review, review.replace("joy", "delight"), review], "price": [10.0, 10.01, 20.0]})
    near = clusters(priced)
    assert near[0] == near[1] != near[2]


def test_rows_that_stand_close_but_are_no_copies_are_refused() -> None:
    close = pd.DataFrame({"a": np.geomspace(1, 2, 2000)})
    with pytest.raises(ParamsError, match=r"Lower split\.near_distance in params\.yaml, or set `split\.near_copies: tell`"):
        near_clusters(close, 0.005)

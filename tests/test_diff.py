"""The diff beside an effect, by hand: train rows by class and batch, validation rows that flipped, and where."""

from __future__ import annotations

import numpy as np
import pandas as pd
from revisions import version

from ceteris.experiments.diff import by_class, flips, relabellings, row_changes, shifts, slices, tally


def test_rows_are_relabelled_dropped_and_added() -> None:
    before = version(a="ant", b="bee", c="cow", d="ant")
    after = version(b="bee", c="ant", d="ant", e="cow")
    told = row_changes(before, after, {})
    assert told.fillna("").to_dict("records") == [
        {"id": "a", "change": "dropped", "before": "ant", "after": "", "batch": "by its recipe"},
        {"id": "c", "change": "relabelled", "before": "cow", "after": "ant", "batch": "by its recipe"},
        {"id": "e", "change": "added", "before": "", "after": "cow", "batch": "new train rows"},
    ]


def test_a_change_is_put_down_to_the_batch_that_made_it() -> None:
    batches = {("a", "bee"): "ann/1", ("b", ""): "ann/2", ("c", "cow"): "bob/1", ("d", "cow"): "bob/2"}
    before = version(a="ant", b="bee", c="cow", d="ant")
    after = version(a="bee", c="ant", d="bee")
    told = row_changes(before, after, batches).set_index("id")["batch"]
    assert told.to_dict() == {
        "a": "ann/1",
        "b": "ann/2",
        "c": "bob/1",  # reverted: what was, was of this batch
        "d": "by its recipe",  # answered `cow`, and something else made it `bee`
    }


def test_rows_that_came_or_went_are_told_from_those_that_a_recipe_drops_or_keeps() -> None:
    before, after = version(a="ant", b="bee", c="cow"), version(c="cow", d="ant", e="bee")
    parts = version(a="ant", b="bee", c="cow", d="ant"), version(b="bee", c="cow", d="ant", e="bee")
    told = row_changes(before, after, {("b", ""): "ann/1"}, parts).set_index("id")["batch"]
    assert told.to_dict() == {"a": "no longer train rows", "b": "ann/1", "d": "by its recipe", "e": "new train rows"}


def test_equal_versions_have_no_diff() -> None:
    rows = version(a="ant", b="bee")
    told = row_changes(rows, rows, {})
    assert len(told) == 0
    assert list(told.columns) == ["id", "change", "before", "after", "batch"]
    assert len(tally(told, "batch", "change")) == 0


def test_a_row_flips_where_most_seeds_of_one_arm_are_right_and_at_most_half_of_the_other() -> None:
    ids, labels = np.array(list("abcde"), dtype=object), np.array([0, 0, 1, 2, 0])
    baseline = np.array([[1, 0, 1, 2, 1], [1, 0, 1, 2, 1], [0, 0, 0, 2, 0], [1, 0, 0, 2, 0]])
    candidate = np.array([[0, 0, 2, 2, 0], [0, 0, 2, 2, 0], [0, 0, 2, 2, 1], [1, 2, 2, 0, 0]])
    told = flips(ids, labels, baseline, candidate, ("ant", "bee", "cow"))
    assert told.to_dict("records") == [
        {"id": "a", "flip": "turned right", "label": "ant", "before": "bee", "after": "ant"},
        {"id": "e", "flip": "turned right", "label": "ant", "before": "ant", "after": "ant"},
    ]
    back = flips(ids, labels, candidate, baseline, ("ant", "bee", "cow"))
    assert list(back["flip"]) == ["turned wrong", "turned wrong"]


def test_changes_are_counted_by_value_the_most_frequent_first() -> None:
    rows = pd.DataFrame({"label": ["ant", "bee", "bee", None], "change": ["added", "dropped", "relabelled", "dropped"]})
    assert tally(rows, "label", "change").to_dict("records") == [
        {"label": "bee", "relabelled": 1, "dropped": 1, "added": 0},
        {"label": "", "relabelled": 0, "dropped": 1, "added": 0},
        {"label": "ant", "relabelled": 0, "dropped": 0, "added": 1},
    ]


def test_classes_are_those_before_and_relabellings_go_from_one_to_another() -> None:
    before, after = version(a="ant", b="ant", c="cow", d="bee"), version(a="bee", b="bee", c="ant", e="cow")
    rows = row_changes(before, after, {})
    assert by_class(rows).to_dict("records") == [
        {"class": "ant", "relabelled": 2, "dropped": 0, "added": 0},
        {"class": "cow", "relabelled": 1, "dropped": 0, "added": 1},
        {"class": "bee", "relabelled": 0, "dropped": 1, "added": 0},
    ]
    assert relabellings(rows).to_dict("records") == [
        {"from": "ant", "to": "bee", "rows": 2}, {"from": "cow", "to": "ant", "rows": 1}
    ]  # fmt: skip
    assert len(relabellings(rows.iloc[:0])) == 0


def test_relabelled_numbers_are_told_by_how_far_they_moved() -> None:
    rows = row_changes(version(a="1", b="2.5", c="10", d="7"), version(a="3", b="2", c="110", e="7"), {})
    assert shifts(rows).to_dict("records") == [{"rows": "3", "up": "2", "down": "1", "median": "2", "largest": "100"}]
    assert len(shifts(rows.iloc[:0])) == 0


def flipped(right: list[str], wrong: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"id": right + wrong, "flip": ["turned right"] * len(right) + ["turned wrong"] * len(wrong)})


def test_slices_are_those_where_flips_lean_most_to_one_side() -> None:
    ids = [f"v{row:02d}" for row in range(40)]
    rows = pd.DataFrame({"colour": ["red"] * 20 + ["blue"] * 20, "size": np.arange(40.0)}, index=ids)
    told = slices(rows, flipped(ids[:4], ids[39:]))
    assert told.to_dict("records")[:2] == [
        {"slice": "size 0 to 9.75", "rows": 10, "turned right": 4, "turned wrong": 0},
        {"slice": "colour = red", "rows": 20, "turned right": 4, "turned wrong": 0},
    ]
    assert len(told) == 2  # one flip more or less is no lean


def test_the_last_quarter_holds_the_largest_value_and_missing_values_are_a_slice() -> None:
    ids = [f"v{row:02d}" for row in range(52)]
    rows = pd.DataFrame({"size": [*np.arange(40.0), *[np.nan] * 12]}, index=ids)
    told = slices(rows, flipped(ids[37:44], []))
    assert told.to_dict("records") == [
        {"slice": "size is missing", "rows": 12, "turned right": 4, "turned wrong": 0},
        {"slice": "size 29.25 to 39", "rows": 10, "turned right": 3, "turned wrong": 0},
    ]


def test_slices_of_odd_columns_are_left_out() -> None:
    ids = [f"v{row:02d}" for row in range(60)]
    rows = pd.DataFrame(
        {"text": [f"text {row}" for row in range(60)], "nothing": [None] * 60, "one": [1.0] * 60, "flag": [True] * 60},
        index=ids,
    )
    assert list(slices(rows, flipped(ids[:5], []))["slice"]) == ["nothing is missing", "one = 1.0", "flag = True"]
    assert len(slices(rows[[]], flipped(ids[:5], []))) == 0
    assert len(slices(rows, flipped([], []))) == 0


def test_a_column_of_vectors_makes_no_slices() -> None:
    ids = [f"v{row:02d}" for row in range(40)]
    vectors = pd.Series([np.zeros(3, dtype=np.float32)] * 40, index=ids)
    rows = pd.DataFrame({"embedding": vectors, "colour": ["red"] * 20 + ["blue"] * 20}, index=ids)
    found = slices(rows, flipped(ids[:4], ids[39:]))
    assert found["slice"].tolist() == ["colour = red"]

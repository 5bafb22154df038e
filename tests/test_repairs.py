"""Rows left out and classes merged: which rows stay, whatever their order, and that a second repair finds nothing to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.dataset import ID, LABEL, TRUE_LABEL, VERIFIED
from ceteris.errors import ParamsError
from ceteris.sections import Ingest
from ceteris.tables.mess import found_in_rows
from ceteris.tables.repairs import rare_classes, repaired, sets_of, without_one

ALL = Ingest(duplicates="drop", conflicting="majority", rare_classes="other", rare_below=3)


def rows(*lines: tuple[str, float], **more: list[Any]) -> pd.DataFrame:
    """Return rows r00, r01, ... of (label, x)."""
    labels, values = zip(*lines, strict=True)
    head = {ID: [f"r{row:02d}" for row in range(len(lines))], LABEL: list(labels)} | more
    return pd.DataFrame(head, dtype=object).assign(x=np.array(values, dtype=np.float64))


def kept(frame: pd.DataFrame, **ingest: Any) -> list[str]:
    return list(repaired(frame, Ingest(**ingest))[0][ID])


def test_nothing_is_done_unasked() -> None:
    frame = rows(("a", 1), ("a", 1), ("b", 1), ("c", 2))
    after, told = repaired(frame, Ingest())
    pd.testing.assert_frame_equal(after, frame)
    assert told == []


def test_of_equal_rows_the_first_id_stays() -> None:
    frame = rows(("a", 1), ("b", 2), ("a", 1), ("a", np.nan), ("a", np.nan))
    assert kept(frame, duplicates="drop") == ["r00", "r01", "r03"]


def test_a_copy_with_another_true_label_is_no_copy() -> None:
    frame = rows(("a", 1), ("a", 1), **{TRUE_LABEL: ["a", "b"]})
    assert kept(frame, duplicates="drop") == ["r00", "r01"]


def test_the_majority_of_labels_stays_and_a_tie_goes() -> None:
    frame = rows(("a", 1), ("a", 1), ("b", 1), ("a", 2), ("b", 2), ("c", 3))
    assert kept(frame, conflicting="majority") == ["r00", "r01", "r05"]
    assert kept(frame, conflicting="drop") == ["r05"]


def test_a_label_that_a_person_verified_outvotes_all_others() -> None:
    frame = rows(("a", 1), ("a", 1), ("b", 1), **{VERIFIED: ["false", "false", "true"]})
    assert kept(frame, conflicting="majority") == ["r02"]


def test_copies_are_votes_before_they_go() -> None:
    frame = rows(("a", 1), ("a", 1), ("b", 1))
    assert kept(frame, conflicting="majority", duplicates="drop") == ["r00"]


def test_rare_classes_go_or_become_one() -> None:
    frame = rows(*[("a", row) for row in range(5)], ("b", 5), ("c", 6), ("c", 7))
    assert rare_classes(frame[LABEL], 3) == ["b", "c"]
    assert kept(frame, rare_classes="drop", rare_below=3) == [f"r0{row}" for row in range(5)]
    after, told = repaired(frame, Ingest(rare_classes="other", rare_below=3))
    assert list(after[LABEL]) == ["a"] * 5 + ["other"] * 3
    assert told == ["3 rows now of the class 'other' (ingest.rare_classes): of 2 classes with fewer than 3 rows"]


def test_rare_classes_that_join_a_class_of_that_name_are_said_to() -> None:
    frame = rows(("other", 0), ("other", 1), ("other", 2), ("b", 5), ("c", 6), ("c", 7))
    after, told = repaired(frame, Ingest(rare_classes="other", rare_below=3))
    assert list(after[LABEL]) == ["other"] * 6
    assert told == [
        "3 rows now of the class 'other', which 3 rows had before (ingest.rare_classes): of 2 classes with fewer than 3 rows"
    ]
    proposed = next(one for one in found_in_rows(frame, Ingest(rare_below=3)) if one.repair == "rare_classes")
    assert proposed.lines == {"rare_classes": "other"}
    assert proposed.what.endswith("'b', 'c'; they would join the 3 rows of the class 'other' that is there")


def test_the_true_label_of_a_merged_class_is_merged_too() -> None:
    frame = rows(*[("a", row) for row in range(3)], ("b", 5), **{TRUE_LABEL: ["a", "a", "b", "b"]})
    after, _ = repaired(frame, Ingest(rare_classes="other", rare_below=2))
    assert list(after[TRUE_LABEL]) == ["a", "a", "other", "other"]


def test_a_class_that_a_repair_made_rare_is_rare() -> None:
    frame = rows(("a", 0), ("a", 1), ("a", 2), ("b", 3), ("b", 3), ("b", 4))
    assert kept(frame, duplicates="drop", rare_classes="drop", rare_below=3) == ["r00", "r01", "r02"]


def test_labels_that_are_numbers_have_no_majority_and_no_classes() -> None:
    frame = rows(("1.5", 1), ("2.5", 1))
    for ingest in ({"conflicting": "majority"}, {"rare_classes": "drop"}):
        with pytest.raises(ParamsError, match="numbers are no classes"):
            repaired(frame, Ingest(label_type="number", **ingest))
    assert kept(frame, label_type="number", conflicting="drop") == []


@given(st.lists(st.tuples(st.sampled_from("aabbcd"), st.integers(0, 6)), min_size=1, max_size=40), st.randoms())
def test_done_twice_is_done_once_and_the_order_of_rows_is_nothing(lines: list[tuple[str, float]], random: Any) -> None:
    frame = rows(*lines)
    after, told = repaired(frame, ALL)
    again, nothing = repaired(after, ALL)
    pd.testing.assert_frame_equal(after, again)
    assert nothing == []
    assert bool(told) == (len(after) < len(frame) or list(after[LABEL]) != list(frame[LABEL]))
    sets = sets_of(after)
    assert not sets.copies.any() and not sets.conflicting.any()
    assert len(after) == 0 or not rare_classes(after[LABEL], 3)


def test_a_run_without_one_of_the_repairs_is_named_where_it_can_be_compared() -> None:
    assert without_one(Ingest()) == without_one(Ingest(id_width=5, rare_classes="other", header_rows=2)) == ""
    assert without_one(Ingest(conflicting="majority")) == "-S ingest.conflicting=keep"
    assert without_one(Ingest(units={"weight": "kg"})) == "-S ingest.units=null"
    assert without_one(Ingest(rare_classes="drop")) == "-S ingest.rare_classes=keep"

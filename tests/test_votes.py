"""What several people said of the same rows: kept as it is, and settled by rules that no model has a part in."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ceteris.dataset import ID, LABEL
from ceteris.sections import Ingest
from ceteris.tables.rows import assemble
from ceteris.tables.votes import Votes, by_person, majority, packed, settled, unpacked, without

IDS = np.array([f"r{row}" for row in range(4)], dtype=object)


def votes(*lines: tuple[int, str, str]) -> Votes:
    rows, people, labels = zip(*lines, strict=True) if lines else ((), (), ())
    return Votes(np.array(rows, dtype=np.int64), np.array(people, dtype=object), np.array(labels, dtype=object))


said = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["ann", 'b"ob', "=cid"]), st.sampled_from(["ant", "bee", "c\u00f6w\n"])),
    unique_by=lambda line: line[:2],
)


@given(said)
def test_what_is_packed_is_unpacked_as_it_was(lines: list[tuple[int, str, str]]) -> None:
    texts = packed(votes(*lines), 4)
    back = unpacked(texts)
    assert sorted(zip(back.rows.tolist(), back.people, back.labels, strict=True)) == sorted(lines)
    assert (packed(back, 4) == texts).all()


@given(said, st.randoms(use_true_random=False))
def test_a_majority_is_a_label_that_nobody_outvotes_in_any_order_of_the_votes(
    lines: list[tuple[int, str, str]], random
) -> None:
    found = majority(votes(*lines), IDS)
    for row, label in enumerate(found):
        counts = pd.Series([told for at, _, told in lines if at == row], dtype=object).value_counts()
        assert (label is None) == counts.empty
        assert counts.empty or counts[label] == counts.max()
    random.shuffle(lines)
    assert (majority(votes(*lines), IDS) == found).all()


def test_a_tie_is_decided_by_a_lot_of_the_id_and_not_by_the_alphabet_or_the_place() -> None:
    ids = np.array([f"r{row}" for row in range(200)], dtype=object)
    tied = votes(*[(row, who, label) for row in range(200) for who, label in (("ann", "ant"), ("bob", "bee"))])
    found = majority(tied, ids)
    assert 70 < (found == "ant").sum() < 130
    lots = {label: hashlib.sha256(f"r0\x1f{label}".encode()).hexdigest() for label in ("ant", "bee")}
    assert found[0] == min(lots, key=lots.__getitem__)
    moved = Votes(199 - tied.rows, tied.people, tied.labels)
    assert (majority(moved, ids[::-1])[::-1] == found).all()


def test_only_more_than_half_of_three_or_more_people_settle_a_label() -> None:
    told = votes(
        (0, "a", "ant"), (0, "b", "ant"), (0, "c", "bee"),
        (1, "a", "ant"), (1, "b", "ant"),
        (2, "a", "ant"), (2, "b", "ant"), (2, "c", "bee"), (2, "d", "cow"),
        (3, "a", "ant"), (3, "b", "bee"), (3, "c", "cow"),
    )  # fmt: skip
    assert settled(told, 4).tolist() == ["ant", None, None, None]
    assert settled(votes(), 4).tolist() == [None] * 4


def test_who_is_left_out_says_nothing_and_all_others_what_they_said() -> None:
    told = votes((0, "ann", "ant"), (0, "bob", "bee"), (3, "bob", "cow"))
    assert packed(without(told, ["bob"]), 4).tolist() == ['{"ann": "ant"}', "{}", "{}", "{}"]
    assert packed(without(told, []), 4).tolist() == packed(told, 4).tolist()


def test_a_vote_for_no_class_is_no_code_and_a_person_without_one_has_no_column() -> None:
    table, people = by_person(votes((0, "bob", "bee"), (1, "ann", "ant"), (2, "cid", "wasp")), 4, ("ant", "bee"))
    assert people == ["ann", "bob"]
    np.testing.assert_array_equal(table, [[np.nan, 1], [0, np.nan], [np.nan, np.nan], [np.nan, np.nan]])


def test_votes_on_rows_whose_ids_lost_their_zeros_find_them() -> None:
    cells = pa.table({"id": ["7", "42", "7777"], "x": ["1", "2", "3"]})
    listed = pa.table({"id": ["0007", "7", "42", "7777"], "annotator": [*"abab"], "label": ["ant", "ant", "bee", "ant"]})
    ingest = Ingest(source="rows.csv", label=None, given="majority", votes="votes.csv", id="id", id_width=4)
    found = assemble(cells, ingest, name="rows.csv", spelled=True, listed=listed)
    assert not found.problems.found
    assert dict(zip(found.frame[ID], found.frame[LABEL], strict=True)) == {"0007": "ant", "0042": "bee", "7777": "ant"}


def test_equal_rows_that_people_labelled_otherwise_are_no_duplicates() -> None:
    cells = pa.table({"id": [*"abc"], "x": [1.0, 1.0, 1.0], "ann": ["ant"] * 3, "bob": ["ant", "ant", "bee"]})
    ingest = Ingest(source="rows.csv", label=None, given="ann", annotators=("ann", "bob"), id="id", duplicates="drop")
    found = assemble(cells, ingest, name="rows.csv", spelled=False)
    assert found.frame[ID].tolist() == ["a", "c"]

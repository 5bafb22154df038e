"""Fingerprints decide, never names: the order of rows means nothing, and one axis moves or the question is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.dataset import ID, LABEL, Dataset, row_digests
from ceteris.errors import NotHeldFixedError
from ceteris.measuring import fingerprint
from ceteris.measuring.fingerprint import AXES, Fingerprint, axis, hold_fixed, of_draws, of_rows

BASE = Fingerprint(data="d", model="m", seeds="s", inputs="i", code="c", labels="l")
ROWS = st.lists(
    st.tuples(st.text(min_size=1, max_size=3), st.sampled_from("xyz"), st.floats(-5, 5), st.text(max_size=2)),
    min_size=1, max_size=8, unique_by=lambda row: row[0],
)  # fmt: skip


def told(frame: pd.DataFrame) -> str:
    data = Dataset.from_frame(frame)
    return of_rows(data.ids, row_digests(data.features), data.labels, np.ones(len(data)))


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_does_not_change_a_fingerprint(rows: list[tuple], random: object) -> None:
    frame = pd.DataFrame(rows, columns=[ID, LABEL, "n", "t"])
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert told(frame) == told(frame.iloc[order][["t", LABEL, "n", ID]])


def test_rows_in_any_order_have_one_fingerprint_without_a_data_set_too() -> None:
    ids, digests = np.array(["b", "a"], dtype=object), np.array([b"2", b"1"], dtype=object)
    assert of_rows(ids, digests) == of_rows(ids[::-1], digests[::-1])


@given(ROWS, st.sampled_from([1, 3, 1 << 16]), st.booleans())
def test_a_fingerprint_is_the_hash_of_one_line_a_row_and_stays_what_it_was(rows: list[tuple], at_once: int, said: bool) -> None:
    ids = np.array([row[0] for row in rows], dtype=object)
    labels = np.array([row[3] or None for row in rows], dtype=object) if said else None
    weights = np.array([row[2] for row in rows]) if said else None
    digests = np.array([row[1].encode() for row in rows], dtype=object)
    lines = hashlib.sha256()
    for row in np.argsort(ids.astype(str), kind="stable"):
        stated = [ids[row], labels[row], float(weights[row])] if said else [ids[row], None, None]
        lines.update(json.dumps(stated).encode() + digests[row])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "_AT_ONCE", at_once)
        assert of_rows(ids, digests, labels, weights) == lines.hexdigest()


@pytest.mark.parametrize("what", [ID, LABEL, "n", "t", "weight", "a row"])
def test_every_part_of_the_data_is_in_its_fingerprint(what: str) -> None:
    frame = pd.DataFrame({ID: ["a", "b"], LABEL: ["x", "y"], "n": [1.0, 2.0], "t": ["p", "q"]}, dtype=object).astype(
        {"n": float}
    )
    changed, weights = frame.copy(), np.ones(2)
    if what == "weight":
        weights[1] = 2.0
    elif what == "a row":
        changed = changed.iloc[:1]
        weights = weights[:1]
    else:
        changed.loc[1, what] = 9.0 if what == "n" else "other"
    data = Dataset.from_frame(changed)
    assert of_rows(data.ids, row_digests(data.features), data.labels, weights) != told(frame)


def test_values_that_stand_beside_each_other_never_run_together() -> None:
    digests = np.array([b"", b""], dtype=object)
    one = of_rows(np.array(["a", "b"], dtype=object), digests, np.array(["x", "y"], dtype=object))
    assert one != of_rows(np.array(["a", "b"], dtype=object), digests, np.array(["y", "x"], dtype=object))
    assert of_draws(["1", "2"], redrawn=True) != of_draws(["12"], redrawn=True)
    assert of_draws(["1"], redrawn=False) == "1"


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({}, "none"),
        ({"data": "?"}, "data"),
        ({"model": "?"}, "model"),
        ({"data": "?", "model": "?"}, "confounded"),
        ({"data": "?", "seeds": "?"}, "data"),
        ({"seeds": "?"}, "aa"),
        ({"inputs": "?"}, "evaluation"),
        ({"labels": "?"}, "evaluation"),
        ({"code": "?"}, "code"),
    ],
)
def test_the_axis_is_what_moves(changed: dict[str, str], named: str) -> None:
    assert axis(BASE, replace(BASE, **changed)) == named
    assert axis(replace(BASE, **changed), BASE) == named
    assert named in AXES


@pytest.mark.parametrize("moving", ["data", "model", "aa"])
@pytest.mark.parametrize("part", ["data", "model", "seeds", "inputs", "code", "labels"])
def test_only_the_axis_that_was_asked_for_may_move(moving: str, part: str) -> None:
    moves = {"data": "data", "model": "model", "aa": "seeds"}[moving]
    other = replace(BASE, **{moves: "?", part: "?"})
    if part == moves:
        hold_fixed(BASE, other, moving, ("one", "other"))
        return
    with pytest.raises(NotHeldFixedError, match=r"one and other .* too"):
        hold_fixed(BASE, other, moving, ("one", "other"))


def test_everything_that_moved_is_named() -> None:
    with pytest.raises(NotHeldFixedError, match="the training data and the seeds moved too"):
        hold_fixed(BASE, replace(BASE, data="?", model="?", seeds="?"), "model", ("one", "other"))


def test_two_cells_with_one_fit_key_differ_in_their_labels_at_most() -> None:
    assert replace(BASE, labels="?").fit_key == BASE.fit_key
    others = [replace(BASE, **{part: "?"}).fit_key for part in ("data", "model", "seeds", "inputs", "code")]
    assert len({BASE.fit_key, *others}) == 6

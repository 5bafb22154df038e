"""The heads of the orders are what whole orders begin with, and a long part gets files that a review reads by themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small

from ceteris.dataset import ID
from ceteris.reviewing import heads as room
from ceteris.reviewing.heads import KNOWN, SHOWN, heads, in_turn
from ceteris.reviewing.rankings import order, random_order, undoubted
from ceteris.store import read_parquet

CLASSES = tuple(small.CLASSES)


def audited(rows: int = 60) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Return issues, features and probabilities of some rows."""
    rng = np.random.default_rng(1)
    probs, given = rng.dirichlet([1.0] * 3, rows), rng.integers(0, 3, rows)
    names = np.array(CLASSES, dtype=object)
    issues = pd.DataFrame(
        {
            "id": [f"r{row:03d}" for row in range(rows)], "given_label": names[given],
            "suggested_label": names[probs.argmax(axis=1)], "label_quality": probs[np.arange(rows), given],
            "is_label_issue": probs.argmax(axis=1) != given,
        }
    )  # fmt: skip
    return issues, pd.DataFrame(rng.normal(size=(rows, 2)), columns=["x", "y"]), probs


def in_order(found: pd.DataFrame, name: str) -> list[str]:
    return found[found[name] >= 0].sort_values(name)["id"].tolist()


def test_a_head_is_the_beginning_of_its_order() -> None:
    issues, features, probs = audited()
    found, ids = heads(issues, features, probs, CLASSES, most=7), issues["id"].to_numpy()
    chance = random_order(ids)
    for name, whole in (
        ("label_quality", order("label_quality", issues)), ("by_class", order("by_class", issues)),
        ("random", chance), ("undoubted", undoubted(issues, chance)),
    ):  # fmt: skip
        assert in_order(found, name) == list(ids[whole[:7]]), name
    assert len(in_order(found, "combined")) == 7
    assert found["id"].is_monotonic_increasing
    assert found[list(KNOWN)].equals(issues.set_index("id").loc[found["id"]].reset_index()[list(KNOWN)])


def test_an_undoubted_row_and_no_other_has_the_wrong_label_it_would_be_shown_with() -> None:
    issues, features, probs = audited()
    found = heads(issues, features, probs, CLASSES, most=7)
    sure = found["undoubted"] >= 0
    assert (found[SHOWN] != "").equals(sure)
    assert (found[SHOWN] != found["given_label"])[sure].all()
    assert set(found.loc[sure, SHOWN]) <= set(CLASSES)
    assert (heads(issues, features, None, (), most=7)[SHOWN] == "").all(), "labels that are numbers have none"


def test_in_turn_the_first_of_every_order_comes_before_the_second_of_any() -> None:
    issues, features, probs = audited()
    found = heads(issues, features, probs, CLASSES, most=7)
    turn, first = found.iloc[in_turn(found)], found.drop(columns=[*KNOWN, SHOWN]).eq(0).any(axis=1)
    assert set(turn["id"].head(first.sum())) == set(found.loc[first, "id"])
    assert sorted(turn["id"]) == found["id"].tolist()


def test_audit_writes_the_rows_that_a_review_of_a_long_part_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ceteris.reviewing.session import open_session
    from ceteris.stages import audit

    short = small.repository(tmp_path / "repo")
    small.run_stages(short, "ingest", "validate", "split", "audit")
    there = short / "data/audit"
    assert {path.name for path in there.iterdir()} == {"issues.parquet", "orders.parquet", "pred_probs.parquet"}
    for module in (audit, room):
        monkeypatch.setattr(module, "SAMPLE", 50)
    monkeypatch.setattr(room.random_sample, "__defaults__", (50,))
    small.run_stages(short, "audit")
    front, sample = (read_parquet(there / f"{name}.parquet") for name in ("front", "sample"))
    train = read_parquet(short / "data/split/train.parquet").set_index(ID)
    assert sorted(front[ID]) == read_parquet(there / "orders.parquet")["id"].tolist()
    assert len(sample) == 50
    for part in (front, sample):
        assert part.set_index(ID).equals(train.loc[part[ID], list(part.columns.drop(ID))])
    here = open_session("train", reviewer="ada", root=short)
    (short / "data/split/train.parquet").rename(short / "data/split/aside.parquet")
    ids = [question.id for question in here.questions(20)]
    assert here.queue.fetched.of(ids)["x"].tolist() == train.loc[ids, "x"].tolist(), "the long file is not read for that"

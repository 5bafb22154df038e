"""What people have said by now: answers given today judge what was trained last week, on rows that are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import small
from small import CLASSES, decided, edit

from ceteris.dataset import Dataset, row_digests
from ceteris.editing import edits, ledger
from ceteris.errors import LeakageError, StaleEditError
from ceteris.experiments.here import Here
from ceteris.experiments.snapshot import Judging
from ceteris.measuring.disagreement import NOT_ANSWERED, UNSURE
from ceteris.measuring.verified import said_of
from ceteris.store import write_parquet

IDS = ["a", "b", "c"]
NONE = edits.parse("", "")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with three validation rows."""
    small.repository(tmp_path)
    write_parquet(tmp_path / "data/split/validation.parquet", rows().to_frame())
    return tmp_path


def rows(*labels: str, **features: Any) -> Dataset:
    return small.dataset(IDS, list(labels) or ["ant", "bee", "cow"], **features)


def judging(data: Dataset | None = None, **changed: Any) -> Judging:
    """Return the rows of a revision, of which nobody had said anything then."""
    data = data or rows()
    parts: dict[str, Any] = {"labels": {"given": data.labels}, "classes": CLASSES, "answers": np.full(3, NOT_ANSWERED)}
    return Judging(data.ids, row_digests(data.features), groups=None, **(parts | changed))


def say(root: Path, *lines: dict[str, str], who: str = "ann") -> None:
    ledger.append(root / f"data/edits/{who}.csv", [line | {"reviewer": who} for line in lines])


def blind(id: str, action: str = "confirm", **more: str) -> dict[str, str]:
    return edit(id, action, source="disagreement", **more)


def own(*lines: dict[str, str]) -> pd.DataFrame:
    return pd.concat([NONE, pd.DataFrame(lines).assign(where="then")], ignore_index=True) if lines else NONE


def test_what_is_answered_here_counts_there(root: Path) -> None:
    say(root, blind("a", "relabel", new="cow"), blind("b", given="bee"), blind("c", "unsure", given="cow"))
    assert Here(root).answered(judging(), NONE).answers.tolist() == [2, 1, UNSURE]


def test_an_answer_is_about_the_row_whatever_label_it_had(root: Path) -> None:
    say(root, blind("a", given="ant"))
    assert Here(root).answered(judging(rows("cow", "bee", "cow")), NONE).answers.tolist() == [0, -1, -1]


def test_a_row_with_other_features_is_another_row(root: Path) -> None:
    say(root, blind("a"), blind("b", given="bee"))
    assert Here(root).answered(judging(rows(x=[0.0, 9.0, 2.0])), NONE).answers.tolist() == [0, -1, -1]


def test_what_was_said_then_counts_and_can_be_taken_back_here(root: Path) -> None:
    then = blind("a", "relabel", new="cow")
    assert Here(root).answered(judging(), own(then)).answers.tolist() == [2, -1, -1]
    say(root, then)
    assert Here(root).answered(judging(), own(then)).answers.tolist() == [2, -1, -1]
    say(root, edit("", "revert", given="", source="revert", reverts=then["answer"]), who="bob")
    assert Here(root).answered(judging(), own(then)).answers.tolist() == [-1, -1, -1]


def test_nobody_said_anything(root: Path) -> None:
    before = judging()
    assert Here(root).answered(before, NONE) is before


def test_before_there_are_rows_here_answers_are_those_of_the_revision(root: Path) -> None:
    say(root, blind("b", given="bee"))
    (root / "data/split/validation.parquet").unlink()
    assert Here(root).answered(judging(), own(blind("a"))).answers.tolist() == [0, -1, -1]


def test_a_class_that_was_unknown_there_is_no_answer(root: Path) -> None:
    say(root, blind("a", "relabel", new="dog"), blind("b", given="bee"))
    assert Here(root).answered(judging(), NONE).answers.tolist() == [-1, 1, -1]


def test_reviewers_who_disagree_between_then_and_now_are_a_conflict(root: Path) -> None:
    say(root, blind("a"), who="bob")
    with pytest.raises(StaleEditError, match="Reviewers disagree on these ids:\n  a: ann says relabel cow"):
        Here(root).answered(judging(), own(blind("a", "relabel", new="cow")))


@pytest.mark.parametrize("source", ["queue", "cleanlab"])
def test_an_edit_of_a_validation_row_from_another_source_is_a_leak_wherever_it_stands(root: Path, source: str) -> None:
    line = edit("a", "confirm", source=source)
    with pytest.raises(LeakageError, match="do not come from a blind review"):
        Here(root).answered(judging(), own(line))
    say(root, line)
    with pytest.raises(LeakageError, match="do not come from a blind review"):
        Here(root).answered(judging(), NONE)


def test_answers_about_other_rows_are_left_out() -> None:
    found = said_of(decided(blind("a"), blind("z")), np.array(IDS, dtype=object), CLASSES)
    assert found.codes.tolist() == [0, -1, -1]

"""Cells that no stage makes: trained once, kept by fingerprint, the same that the train stage would have made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import CLASSES

from ceteris.dataset import Dataset
from ceteris.experiments.extra import Extra, Training, kept
from ceteris.experiments.records import read_seconds
from ceteris.sections import ModelRecipe
from ceteris.store import read_parquet
from ceteris.training.cell_files import read_cell
from ceteris.training.cells import Cell

TREE = ModelRecipe(estimator="sklearn.tree.DecisionTreeClassifier", prepare="none", params={"max_depth": 2})
COIN = ModelRecipe(estimator="sklearn.tree.ExtraTreeClassifier", prepare="none", params={"max_depth": 2})


@pytest.fixture(scope="module")
def parts(whole_repository: Path) -> tuple[Dataset, Dataset]:
    train, validation = (
        Dataset.from_frame(read_parquet(whole_repository / f"data/split/{part}.parquet")) for part in ("train", "validation")
    )
    return train, validation


def extra(root: Path, parts: tuple[Dataset, Dataset], seeds: int = 5, **more: Any) -> Extra:
    return Extra(root, *parts, CLASSES, seeds, **more)


def whole(parts: tuple[Dataset, Dataset]) -> Training:
    return Training((np.arange(len(parts[0])),), (parts[0].labels,))


def half(parts: tuple[Dataset, Dataset]) -> Training:
    rows = np.arange(0, len(parts[0]), 2)
    return Training((rows,), (parts[0].labels[rows],))


def test_a_cell_is_that_of_the_train_stage(whole_repository: Path, parts: tuple[Dataset, Dataset], tmp_path: Path) -> None:
    recipe = ModelRecipe(estimator="sklearn.linear_model.LogisticRegression", prepare="scaled", params={"C": 1.0})
    by_stage, stated, _, _ = read_cell(whole_repository / "models/logistic/given")
    ((found, cell),) = extra(tmp_path, parts).cells(recipe, [whole(parts)])
    assert found.fit_key == stated.fit_key
    assert np.array_equal(cell.predicted, by_stage.predicted)
    assert np.array_equal(cell.pred_probs, by_stage.pred_probs)


def test_a_cell_is_fitted_once_and_kept(parts: tuple[Dataset, Dataset], tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    work = extra(tmp_path, parts, tell=lambda done, total: told.append((done, total)))
    first = work.cells(TREE, [whole(parts), half(parts), whole(parts)])
    assert told == [(0, 2), (1, 2), (2, 2)]
    assert first[0][0] == first[2][0] != first[1][0]
    again = extra(tmp_path, parts, tell=lambda done, total: told.append((done, total))).cells(TREE, [half(parts)])
    assert told == [(0, 2), (1, 2), (2, 2)]
    assert np.array_equal(again[0][1].predicted, first[1][1].predicted)
    assert set(read_seconds(tmp_path)) == {print_.fit_key for print_, _ in first}


def test_a_cell_that_a_revision_holds_is_not_fitted(parts: tuple[Dataset, Dataset], tmp_path: Path) -> None:
    known = Cell(np.zeros((1, len(parts[1])), dtype=np.int32), None, 5, deterministic=True)
    wanted = extra(tmp_path, parts).fingerprint(TREE, whole(parts))
    work = extra(tmp_path, parts, known=lambda one: known if one == wanted else None)
    assert work.cells(TREE, [whole(parts)]) == [(wanted, known)]
    assert kept(tmp_path, wanted) is None


def test_a_damaged_cell_is_made_again(parts: tuple[Dataset, Dataset], tmp_path: Path) -> None:
    ((wanted, cell),) = extra(tmp_path, parts).cells(TREE, [whole(parts)])
    path = tmp_path / ".ceteris/cells" / wanted.fit_key / "predictions.npz"
    path.write_bytes(path.read_bytes()[:-1])
    assert kept(tmp_path, wanted) is None
    again = extra(tmp_path, parts).cells(TREE, [whole(parts)])[0][1]
    assert np.array_equal(again.predicted, cell.predicted)
    assert kept(tmp_path, wanted) is not None


def test_draws_are_one_training_set_a_seed(parts: tuple[Dataset, Dataset], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [rng.permutation(len(parts[0]))[:60] for _ in range(5)]
    drawn = Training(tuple(rows), tuple(parts[0].labels[one] for one in rows))
    work = extra(tmp_path, parts)
    ((found, cell),) = work.cells(COIN, [drawn])
    assert cell.predicted.shape == (5, len(parts[1]))
    first = Training(drawn.rows[:1], drawn.labels[:1])
    assert found.data != work.fingerprint(COIN, first).data
    assert np.array_equal(work.cells(COIN, [first])[0][1].predicted[0], cell.predicted[0])


@pytest.mark.parametrize("what", ["data", "model", "seeds", "inputs"])
def test_what_was_trained_otherwise_is_another_cell(what: str, parts: tuple[Dataset, Dataset], tmp_path: Path) -> None:
    base = extra(tmp_path, parts).fingerprint(TREE, whole(parts))
    fewer = parts[0], parts[1].take(np.arange(10))
    other = {
        "data": lambda: extra(tmp_path, parts).fingerprint(TREE, half(parts)),
        "model": lambda: extra(tmp_path, parts).fingerprint(COIN, whole(parts)),
        "seeds": lambda: extra(tmp_path, parts, seeds=6).fingerprint(TREE, whole(parts)),
        "inputs": lambda: extra(tmp_path, fewer).fingerprint(TREE, whole(parts)),
    }[what]()
    assert [name for name in ("data", "model", "seeds", "inputs", "code") if getattr(base, name) != getattr(other, name)] == [
        what
    ]

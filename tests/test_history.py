"""A history with experiments of every axis, made by DVC as users make it: each typed rightly, and nothing retrained."""

from __future__ import annotations

import csv

import pandas as pd
import pytest
import small
from clone import Clone

from ceteris.dataset import ID, LABEL
from ceteris.edits import COLUMNS
from ceteris.experiments.account import account
from ceteris.experiments.table import Line

AXES = {
    "softer": "model", "added": "model", "renamed": "none", "answered": "data", "recipe": "data", "more-rows": "data",
    "both": "confounded", "seeds": "aa", "judged": "evaluation", "code": "code",
}  # fmt: skip


def rename(clone: Clone) -> None:
    path = clone.root / "params.yaml"
    path.write_text(clone.read("params.yaml").replace("logistic", "linear"), encoding="utf-8")


def more_rows(clone: Clone) -> None:
    path = clone.root / "data/source/mine.csv"
    more = small.table(60)
    more = more.assign(id=[f"new-{row}" for row in range(60)], x=more["x"] + 0.001)
    pd.concat([pd.read_csv(path), more]).to_csv(path, index=False)


def judge(clone: Clone) -> None:
    rows = pd.read_parquet(clone.root / "data/split/validation.parquet", columns=[ID, LABEL]).head(3)
    lines = [small.edit(id, "confirm", given=label, source="disagreement") for id, label in rows.to_numpy(dtype=object)]
    with (clone.root / "data/edits/bob-1.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    clone.git("add", "data/edits")


@pytest.fixture(scope="module")
def past(small_run: Clone, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A repository with ten experiments on its one run; `code` and `judged` edit files, the others params or data."""
    clone = small_run.copy(tmp_path_factory.mktemp("past") / "past")

    def experiment(name: str, *settings: str) -> None:
        clone.dvc("exp", "run", "-n", name, *(word for setting in settings for word in ("-S", setting)))
        clone.git("reset", "-q", "--hard")
        clone.git("clean", "-fdq", "data/edits")
        clone.dvc("checkout", "-q")

    experiment("softer", "train.models.logistic.params.C=0.01")
    experiment("added", "+train.models.stump={estimator: sklearn.tree.DecisionTreeClassifier, prepare: none}")
    experiment("recipe", "+fix.recipes.few=[{step: simulate_review, rows: 5}]")
    experiment("both", "train.models.logistic.params.C=0.01", "fix.recipes.simulated.0.rows=40")
    experiment("seeds", "train.seeds=10")
    for name, edit in {"renamed": rename, "more-rows": more_rows, "judged": judge}.items():
        edit(clone)
        experiment(name)
    clone.answer(30)
    clone.git("add", "data/edits")
    experiment("answered")
    clone.append("src/ceteris/fits.py", "# Nothing else changed.\n")
    experiment("code")
    return clone


@pytest.fixture(scope="module")
def lines(past: Clone) -> dict[str, Line]:
    return {line.snapshot.name: line for line in account(past.root)}


@pytest.mark.parametrize(("name", "axis"), AXES.items())
def test_every_axis_is_typed_by_fingerprints(name: str, axis: str, lines: dict[str, Line]) -> None:
    line = lines[name]
    print(line.changed, line.against_parent)
    assert line.against_parent is not None
    assert line.against_parent.move.axis == axis

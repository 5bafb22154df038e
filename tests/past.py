"""A history with an experiment of every axis on one run: two by `dvc exp run` as users do, the others stage by stage."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pandas as pd
import small
from clone import Clone

from ceteris.dataset import ID, LABEL
from ceteris.editing.edits import COLUMNS

if TYPE_CHECKING:
    from dvc.repo import Repo

__all__ = ["TRIALS", "Trial", "dvc", "fill", "run_and_commit", "store"]

STUMP = {"estimator": "sklearn.tree.DecisionTreeClassifier", "prepare": "none", "params": {"max_depth": 1}}


@dataclass(frozen=True)
class Trial:
    """An experiment: what a user changes, and what the history must say of it.

    Attributes
    ----------
    words : what `changed` holds
    stages : the stages that this change runs; none: the experiment is run by DVC
    settings : for `dvc exp run -S`
    """

    axis: str
    words: tuple[str, ...]
    change: Callable[[Clone], None] = lambda _: None
    stages: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


def params(**changed: Any) -> Callable[[Clone], None]:
    return lambda clone: clone.change(**changed)


def rename(clone: Clone) -> None:
    """Give a model another name, wherever it stands."""
    (clone.root / "params.yaml").write_text(clone.read("params.yaml").replace("logistic", "linear"), encoding="utf-8")


def add_rows(clone: Clone) -> None:
    """Let the source grow by 60 rows, a third of a class that is new: the hash of their ids brings 38 to the train part."""
    path = clone.root / "data/source/mine.csv"
    more = small.table(60)
    more = more.assign(id=[f"new-{row}" for row in range(60)], x=more["x"] + 0.001).replace("ant", "dog")
    pd.concat([pd.read_csv(path), more]).to_csv(path, index=False)


def judge(clone: Clone) -> None:
    """Let a person confirm three validation labels."""
    rows = pd.read_parquet(clone.root / "data/split/validation.parquet", columns=[ID, LABEL]).head(3)
    with (clone.root / "data/edits/bob-1.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for id, label in rows.to_numpy(dtype=object):
            writer.writerow(small.edit(id, "confirm", given=label, source="disagreement"))


def edit_code(clone: Clone) -> None:
    clone.append("src/ceteris/training/fits.py", "# Nothing else changed.\n")


TRAIN, FIX, ALL = ("train", "compare"), ("fix", "train", "compare"), small.STAGES[:-1]
FEW = [{"step": "simulate_review", "rows": 5}]
MORE = [{"step": "simulate_review", "rows": 40}]
SOFT = "train.models.logistic.params.C"
TRIALS = {
    "softer": Trial("model", ("logistic: C 1.0 -> 0.01",), settings=(f"{SOFT}=0.01",)),
    "added": Trial(
        "model", ("model stump added (sklearn.tree.DecisionTreeClassifier)",), params(**{"train.models.stump": STUMP}), TRAIN
    ),
    "renamed": Trial("none", ("model logistic renamed linear",), rename, TRAIN),
    "answered": Trial("data", ("30 labels",), lambda clone: clone.answer(30), FIX),
    "recipe": Trial("data", ("5 labels", "few.rows (absent) -> 5"), params(**{"fix.recipes.few": FEW}), FIX),
    "more-rows": Trial("data", ("38 rows added",), add_rows, ALL),
    "both": Trial(
        "confounded",
        ("logistic: C 1.0 -> 0.01", "labels", "simulated.rows 20 -> 40"),
        params(**{SOFT: 0.01, "fix.recipes.simulated": MORE}),
        FIX,
    ),
    "seeds": Trial("aa", ("train.seeds 5 -> 10",), params(**{"train.seeds": 10}), FIX),
    "judged": Trial("evaluation", ("3 validation labels answered",), judge, ("compare",)),
    "code": Trial("code", ("training code or libraries",), edit_code),
}


def fill(clone: Clone) -> None:
    """Make every trial an experiment on the run that is committed.

    Those that DVC runs are run meanwhile in a twin of the repository, as by a colleague with whom one shares the cache.
    """
    twin = clone.copy(clone.root.with_name(f"{clone.root.name}-twin"))
    twin.dvc("cache", "dir", "--local", str(clone.root / ".dvc/cache"))
    with ThreadPoolExecutor(1) as colleague:
        by_dvc = colleague.submit(run_by_dvc, twin)
        for name, trial in TRIALS.items():
            if trial.stages:
                trial.change(clone)
                store(clone, name, trial.stages)
                with dvc(clone.root) as repo:
                    repo.checkout(force=True)
        by_dvc.result()
    clone.git("fetch", "-q", str(twin.root), "refs/exps/*:refs/exps/*")


def run_by_dvc(clone: Clone) -> None:
    """Run the trials that no stage in this process makes."""
    for name, trial in TRIALS.items():
        if not trial.stages:
            trial.change(clone)
            clone.dvc("exp", "run", "-n", name, *(word for setting in trial.settings for word in ("-S", setting)), "compare")
            clone.git("reset", "-q", "--hard")
            clone.dvc("checkout", "-q")


def run_and_commit(clone: Clone) -> None:
    """Run every stage in this process and keep what they made, as `dvc repro` and a commit would, in a third of their time."""
    small.run_stages(clone.root, *small.STAGES)
    with dvc(clone.root) as repo:
        repo.commit(force=True, allow_missing=True)  # no candidate was packaged
    clone.commit()


def store(clone: Clone, name: str, stages: tuple[str, ...]) -> str:
    """Run stages in this process, keep what they made as DVC keeps an experiment on HEAD, and return its hash."""
    base = clone.git("rev-parse", "HEAD").strip()
    small.run_stages(clone.root, *stages)
    with dvc(clone.root) as repo:
        repo.commit(force=True, allow_missing=True)  # no candidate was packaged
    clone.commit()
    rev = clone.git("rev-parse", "HEAD").strip()
    clone.git("update-ref", f"refs/exps/{base[:2]}/{base[2:]}/{name}", rev)
    clone.git("reset", "-q", "--hard", base)
    return rev


@contextlib.contextmanager
def dvc(root: Path) -> Iterator[Repo]:
    """Yield DVC at work in a repository, in this process: a command of its own would take a second to start."""
    from dvc.repo import Repo

    with contextlib.chdir(root), mock.patch.dict(os.environ, Clone(root).environment), Repo(str(root)) as repo:
        yield repo

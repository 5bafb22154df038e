"""The pipeline runs what a change touches and nothing else, and comes to the same results as a run from nothing."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from checkout import run
from clone import SMALL, TREE, Clone
from ruamel.yaml import YAML

import ceteris

VERSIONS = ("given", "pruned", "reviewed", "simulated", "aa", "placebo-pruned", "random-simulated")
AFTER_SPLIT = ("audit", "diagnose", "fix", "train", "compare", "report")
# Nothing of this may change a byte.
ELSEWHERE = {
    "PYTHONHASHSEED": "4711",
    "TZ": "Pacific/Kiritimati",
    "LC_ALL": "tr_TR.UTF-8",
    "LANG": "C",
    "CETERIS_WORKERS": "1",
}
FOREST = {"estimator": "sklearn.ensemble.RandomForestClassifier", "prepare": "coded", "params": {"n_estimators": 3}}
OWN = """
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

class Commonest(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.answer_ = self.classes_[np.argmax(counts)]
        return self

    def predict(self, X):
        return np.full(len(X), self.answer_)
"""


def recipes(**changed: Any) -> dict[str, Any]:
    return {"fix.recipes": SMALL["fix.recipes"] | changed}


def models(**changed: Any) -> dict[str, Any]:
    return {"train.models": SMALL["train.models"] | changed}


def change_a_recipe(clone: Clone) -> None:
    clone.change(**recipes(simulated=[{"step": "simulate_review", "rows": 25}]))


def add_a_recipe(clone: Clone) -> None:
    clone.change(**recipes(relabelled=[{"step": "relabel_flagged"}]))


def change_a_model(clone: Clone) -> None:
    clone.change(**models(tree=TREE | {"params": {"max_depth": 5}}))


def add_a_model(clone: Clone) -> None:
    clone.change(**models(forest=FOREST))


def rename_a_model(clone: Clone) -> None:
    path = clone.root / "params.yaml"
    path.write_text(re.sub(r"\btree\b(?!\.)", "bush", clone.read("params.yaml")), encoding="utf-8")


CHANGES: list[tuple[Callable[[Clone], None], set[str], set[tuple[str, str]]]] = [
    (change_a_recipe, {"fix", "train"}, set(product(("logistic", "tree"), ("simulated", "random-simulated")))),
    (Clone.answer, {"fix", "train"}, set(product(("logistic", "tree"), ("reviewed",)))),
    (change_a_model, {"train"}, {("tree", version) for version in VERSIONS if version != "reviewed"}),
    (rename_a_model, {"train"}, set()),
]
if os.environ.get("CETERIS_LONG"):  # what is added runs what a change runs
    CHANGES += [
        (add_a_recipe, {"fix", "train"}, set(product(("logistic", "tree"), ("relabelled",)))),
        (add_a_model, {"train"}, {("forest", version) for version in VERSIONS if version != "reviewed"}),
    ]


def test_a_rerun_with_nothing_changed_runs_nothing(clone: Clone) -> None:
    again = clone.repro()
    assert again.stages == again.fitted == []
    assert "up to date" in again.said
    assert clone.git("status", "--porcelain") == ""


@pytest.mark.parametrize(("change", "stages", "fitted"), CHANGES, ids=[change.__name__ for change, _, _ in CHANGES])
def test_a_change_refits_the_cells_that_depend_on_it_and_no_others(
    change: Callable[[Clone], None], stages: set[str], fitted: set[tuple[str, str]], clone: Clone
) -> None:
    before = clone.hashes("models")
    change(clone)
    done = clone.repro("train")
    assert set(done.stages) == stages
    assert sorted(done.fitted) == sorted(fitted)
    assert f" {len(fitted)} fitted (" in done.said
    after = clone.hashes("models")
    touched = {path for path in before | after if before.get(path) != after.get(path)}
    if change is rename_a_model:
        assert {path.replace("/bush/", "/tree/"): sha for path, sha in after.items()} == before
    else:
        copied = {(model, "reviewed") for model, version in fitted if version == "given"}
        assert {tuple(path.split("/")[1:3]) for path in touched} == fitted | copied


def test_taking_back_a_review_brings_every_byte_back_and_fits_nothing(clone: Clone) -> None:
    clone.answer()
    assert clone.repro("train").fitted
    (clone.root / "data/edits/ann-1.csv").unlink()
    assert clone.repro("train").fitted == []
    assert clone.git("status", "--porcelain") == ""


def test_a_change_to_the_plots_reruns_the_report_only(clone: Clone) -> None:
    clone.append("src/ceteris/plots/grid.py", "# A word.\n")
    done = clone.repro()
    assert done.stages == ["report"]
    assert done.fitted == []


def test_a_line_of_the_canvas_and_a_guard_of_the_gate_each_rerun_the_report_and_nothing_else(clone: Clone) -> None:
    gate = clone.read("release/release.yaml").replace("size_mb: 500.0", "size_mb: 400.0")
    for path, text in (("canvas.yaml", clone.read("canvas.yaml") + "# A word.\n"), ("release/release.yaml", gate)):
        (clone.root / path).write_text(text, encoding="utf-8")
        done = clone.repro()
        assert done.stages == ["report"]
    assert "guards.size_mb is 500, and release/release.yaml: gate.size_mb is 400" in done.said


def test_a_change_to_training_code_refits_everything(clone: Clone) -> None:
    clone.append("src/ceteris/training/skops_file.py", "# A word.\n")
    done = clone.repro("train")
    assert done.stages == ["train"]
    assert set(done.fitted) == set(product(("logistic", "tree"), VERSIONS)) - {("logistic", "reviewed"), ("tree", "reviewed")}


def test_changes_one_by_one_come_to_the_bytes_of_a_run_from_nothing(clone: Clone, tmp_path: Path) -> None:
    clone.answer()
    clone.repro("train")
    change_a_recipe(clone)
    change_a_model(clone)
    assert clone.repro().stages[-2:] == ["compare", "report"]
    clone.commit()
    fresh = clone.fresh(tmp_path / "fresh")
    fresh.git("rm", "-rq", "--cached", "results", "dvc.lock")
    fresh.git("clean", "-fdq", "results", "dvc.lock")
    assert fresh.repro(**ELSEWHERE).stages == ["ingest", "validate", "split", *AFTER_SPLIT]
    assert fresh.results() == clone.results()
    fresh.git("add", "-A")
    assert fresh.git("status", "--porcelain") == ""


def test_a_fresh_clone_of_a_committed_result_stays_clean_wherever_it_runs(small_run: Clone, tmp_path: Path) -> None:
    fresh = small_run.fresh(tmp_path / "fresh")
    assert "train" in fresh.repro(**ELSEWHERE).stages
    assert fresh.git("status", "--porcelain") == ""
    assert fresh.results() == small_run.results()


def test_no_stage_after_split_names_the_sealed_part(small_run: Clone) -> None:
    stages = YAML(typ="safe").load(small_run.read("dvc.yaml"))["stages"]
    for name in AFTER_SPLIT:
        data = [path for path in stages[name]["deps"] if path.startswith("${path.split}")]
        assert data
        assert all(path.startswith("${path.split}/") and "test" not in path for path in data)
        assert not any(path.startswith("${path.raw}") and "manifest" not in path for path in stages[name]["deps"])


def test_everything_after_split_runs_without_the_sealed_part(clone: Clone) -> None:
    before = clone.results()
    for path in ("split/test.parquet", "split/truth-test.parquet", "raw/table.parquet", "raw/truth.parquet"):
        (clone.root / "data" / path).unlink()
    for folder in ("models", "data/versions", "data/audit"):
        run(clone.root, "rm", "-r", folder)
    for name in AFTER_SPLIT:
        run(clone.root, "python", "-m", f"ceteris.stages.{name}", PYTHONPATH="src", **clone.environment)
    assert clone.results() == before


def test_the_order_of_rows_and_columns_stops_at_the_first_stages(clone: Clone) -> None:
    path = clone.root / "data/source/mine.csv"
    rows = pd.read_csv(path, dtype=str)
    rows.iloc[::-1, np.argsort(rows.columns)[::-1]].to_csv(path, index=False)
    done = clone.repro("compare")
    assert done.stages == ["ingest", "validate"]
    assert set(clone.git("diff", "HEAD", "--name-only").split()) == {"data/source/mine.csv", "dvc.lock"}


def test_an_estimator_of_ones_own_is_fitted_and_an_edit_of_its_file_refits_its_cells_only(clone: Clone) -> None:
    clone.append("estimators/mine.py", OWN)
    clone.change(**models(mine={"estimator": "estimators/mine.py:Commonest", "prepare": "none"}))
    mine = sorted(("mine", version) for version in VERSIONS if version != "reviewed")
    assert sorted(clone.repro("train").fitted) == mine
    before = clone.hashes("models")
    (clone.root / "estimators/mine.py").write_text(OWN.replace("argmax", "argmin"), encoding="utf-8")
    assert sorted(clone.repro("train").fitted) == mine
    after = clone.hashes("models")
    assert {path.split("/")[1] for path in after if after[path] != before[path]} == {"mine"}


def test_the_default_run_rewards_a_simulated_review_and_not_its_controls(default_repository: Path) -> None:
    effects = ceteris.open(default_repository).effects()
    shown = effects[(effects["metric"] == "accuracy") & (effects["scored_on"] == "true")]
    planned = shown[shown["planned"]].set_index(["axis", "candidate_version", "candidate_model"])
    review = planned.loc[("data", "reviewed-simulated", "logistic")]
    assert review["verdict"] == "helps"
    assert review["low"] > 0
    model = planned.loc[("model", "given", "svc")]
    assert 0.1 < abs(model["difference"] / review["difference"]) < 10
    assert model["n_rows"] == review["n_rows"]
    assert model["n_seeds"] == review["n_seeds"] == 10
    controls = shown[shown["candidate_version"].isin(["aa", "placebo-pruned"]) & (shown["baseline_version"] == "given")]
    assert set(controls["candidate_version"]) == {"aa", "placebo-pruned"}
    assert "helps" not in set(controls["verdict"])
    stochastic = controls[(controls["candidate_version"] == "aa") & (controls["candidate_model"] == "forest")].iloc[0]
    assert stochastic["low"] <= 0 <= stochastic["high"]
    metrics = json.loads((default_repository / "results/compare/metrics.json").read_text(encoding="utf-8"))
    assert metrics["data_verdict"] == "helps"
    assert metrics["scored_on"] == "true"


def test_where_no_errors_were_planted_no_fix_is_told_to_help(default_repository: Path, tmp_path: Path) -> None:
    clone = Clone(default_repository).fresh(tmp_path / "clean")
    params = YAML(typ="safe").load(clone.read("params.yaml"))
    needs_truth = ("reviewed-simulated", "true")
    kept = {name: steps for name, steps in params["fix"]["recipes"].items() if name not in needs_truth}
    planned = [contrast for contrast in params["compare"]["planned"] if contrast["candidate"] not in needs_truth]
    clone.change(**{"ingest.plant.kind": "none", "fix.recipes": kept, "compare.planned": planned})
    clone.change(**{"train.models.forest.params.n_estimators": 20})
    clone.repro("compare")
    effects = ceteris.open(clone.root).effects()
    fixes = effects[(effects["axis"] == "data") & effects["candidate_version"].isin(kept)]
    assert set(fixes["scored_on"]) == {"given"}
    assert {"pruned", "relabelled"} <= set(fixes["candidate_version"])
    assert "helps" not in set(fixes["verdict"])

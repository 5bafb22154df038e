"""DVC experiments as the README walks through them: set, queued, apart, compared, taken over and given back."""

from __future__ import annotations

import csv
import io
import re
import time
from pathlib import Path

import pandas as pd
import pytest
from clone import Clone

import ceteris
from ceteris.errors import BadInputError

FEW = "+fix.recipes.few=[{step: simulate_review, rows: 5}]"


@pytest.fixture(scope="module")
def softer(small_run: Clone, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A repository right after an experiment named `softer`, run in the workspace. Tests copy it or only read it."""
    clone = small_run.copy(tmp_path_factory.mktemp("softer") / "softer")
    before = len(clone.fitted())
    clone.dvc("exp", "run", "-n", "softer", "-S", "train.models.logistic.params.C=0.01")
    assert {model for model, _ in clone.fitted()[before:]} == {"logistic"}
    return clone


def back(clone: Clone) -> None:
    """Give an experiment back, as the README says."""
    clone.git("checkout", "-q", ".")
    clone.dvc("checkout")


def experiments(clone: Clone) -> set[str]:
    names = clone.git("for-each-ref", "--format=%(refname)", "refs/exps").split()
    return {name.rpartition("/")[2] for name in names if re.match(r"refs/exps/[0-9a-f]{2}/", name)}


def test_a_set_param_changes_its_line_and_keeps_every_comment(softer: Clone) -> None:
    changed = [line for line in softer.git("diff", "-U0", "params.yaml").splitlines() if re.match(r"[+-] ", line)]
    assert [line.strip("+- ") for line in changed] == ["C: 1.0", "C: 0.01"]
    assert softer.read("params.yaml").count("#") == softer.git("show", "HEAD:params.yaml").count("#")


def test_the_table_of_experiments_shows_rounded_metrics(softer: Clone) -> None:
    told = softer.dvc("exp", "show", "--csv", "--only-changed", "--drop", "Created|State|Executor|data/|models|results/|src/")
    rows = {row["Experiment"] or row["rev"]: row for row in csv.DictReader(io.StringIO(told))}
    metrics = ceteris.open(softer.root).metrics()
    assert float(rows["softer"]["data"]) == metrics["data"] != float(rows["main"]["data"])
    assert rows["softer"]["train.models.logistic.params.C"] == "0.01"
    assert len(rows["softer"]) < 25
    assert all(
        len(value.partition(".")[2]) <= 4 for name, value in rows["softer"].items() if name.startswith(("data", "model"))
    )


def test_the_difference_to_an_experiment_is_told(softer: Clone) -> None:
    told = softer.dvc("exp", "diff", "main", "softer")
    assert re.search(r"train\.models\.logistic\.params\.C +1\.0 +0\.01", told)
    assert re.search(r"metrics\.json +data +-?0\.\d{1,4} +-?0\.\d{1,4}", told)


def test_an_experiment_is_given_back_and_applied_to_the_byte(softer: Clone, small_run: Clone, tmp_path: Path) -> None:
    clone = softer.copy(tmp_path / "clone")
    back(clone)
    assert clone.results() == small_run.results()
    assert clone.git("status", "--porcelain") == ""
    clone.dvc("exp", "apply", "softer")
    assert clone.results() == softer.results()
    assert clone.repro().stages == []
    back(clone)
    assert clone.results() == small_run.results()


def test_an_experiment_is_read_without_training(softer: Clone, tmp_path: Path) -> None:
    clone = softer.copy(tmp_path / "clone")
    back(clone)
    before = clone.fitted()
    then, now = ceteris.open(clone.root, rev="softer"), ceteris.open(clone.root)
    pd.testing.assert_frame_equal(then.effects(), ceteris.open(softer.root).effects())
    pd.testing.assert_frame_equal(ceteris.open(clone.root, rev="main").effects(), now.effects())
    assert then.metrics() != now.metrics()
    assert then.params.train.models["logistic"].params == {"C": 0.01}
    assert len(then.issues()) == len(now.issues())
    assert clone.fitted() == before


def test_a_name_that_means_two_experiments_is_refused(softer: Clone, tmp_path: Path) -> None:
    clone = softer.copy(tmp_path / "clone")
    back(clone)
    clone.append("README.md", "\nA word.\n")
    clone.commit()
    clone.change(**{"report.title": "Another"})
    clone.dvc("exp", "save", "-n", "softer")
    with pytest.raises(BadInputError, match="'softer' names 2 experiments on different commits"):
        ceteris.open(clone.root, rev="softer")
    with pytest.raises(BadInputError, match="'sofer' is no revision or experiment"):
        ceteris.open(clone.root, rev="sofer")


def test_a_version_is_added_in_a_folder_apart_where_the_users_own_file_is_there(clone: Clone, small_run: Clone) -> None:
    assert clone.git("ls-files", "data/source/mine.csv")
    said = clone.dvc("exp", "run", "--temp", "-n", "apart", "-S", FEW, "compare")
    assert "18 cells: 4 fitted" in said
    assert clone.git("status", "--porcelain") == ""
    assert clone.results() == small_run.results()
    apart = ceteris.open(clone.root, rev="apart")
    assert {"few", "random-few"} <= set(apart.effects()["candidate_version"])
    assert apart.versions().set_index("version").loc["few", "reviewed"] == 5


def test_a_declared_file_that_git_does_not_know_is_missed_and_told_how_to_bring(clone: Clone) -> None:
    clone.git("rm", "-q", "--cached", "data/source/mine.csv")
    clone.commit_staged()
    said = clone.dvc("exp", "run", "--temp", "-S", "split.seed=1", refused=True)
    assert "data/source/mine.csv is declared in params.yaml (ingest.source), and is not there." in said
    assert "git add data/source/mine.csv" in said
    assert experiments(clone) == set()


def test_what_is_queued_runs_with_the_code_and_the_edits_it_was_queued_with(clone: Clone, small_run: Clone) -> None:
    code = clone.read("src/ceteris/fixing/recipes.py")
    edited = code.replace("rows from the top of the queue", "rows that the edited code chose")
    assert edited != code
    (clone.root / "src/ceteris/fixing/recipes.py").write_text(edited, encoding="utf-8")
    clone.dvc("exp", "run", "--queue", "-n", "edited", "-S", "fix.recipes.simulated.0.rows=25", "fix")
    clone.git("reset", "-q", "--hard")
    clone.answer()
    clone.git("add", "data/edits")
    clone.dvc("exp", "run", "--queue", "-n", "answered", "fix")
    clone.git("reset", "-q", "--hard")
    clone.dvc("queue", "start")
    deadline = time.monotonic() + 240
    while experiments(clone) != {"edited", "answered"}:
        failed = clone.git("for-each-ref", "refs/exps/celery/failed")
        assert not failed and time.monotonic() < deadline, clone.dvc("queue", "status")
        time.sleep(0.1)
    clone.dvc("queue", "stop")
    notes = {name: ceteris.open(clone.root, rev=name).versions().set_index("version") for name in ("edited", "answered")}
    assert "25 rows that the edited code chose" in notes["edited"].loc["simulated", "note"]
    assert notes["edited"].loc["reviewed", "reviewed"] == 0
    assert "20 rows from the top of the queue" in notes["answered"].loc["simulated", "note"]
    assert notes["answered"].loc["reviewed", "reviewed"] == notes["answered"].loc["reviewed", "relabelled"] == 1
    assert clone.results() == small_run.results()


def test_an_answer_of_a_person_is_tried_and_kept(clone: Clone) -> None:
    before = clone.fitted()
    clone.answer(30)
    clone.dvc("exp", "run", "-n", "reviewed-1")
    assert sorted(clone.fitted()[len(before) :]) == [("logistic", "reviewed"), ("tree", "reviewed")]
    effects = ceteris.open(clone.root).effects(axis="data")
    assert set(effects[effects["candidate_version"] == "reviewed"]["labels_reviewed"]) == {30}
    clone.commit()
    assert clone.repro().stages == []
    assert clone.git("status", "--porcelain") == ""


def test_the_plots_are_shown(softer: Clone, tmp_path: Path) -> None:
    page = tmp_path / "plots"
    softer.dvc("plots", "show", "-o", str(page))
    told = (page / "index.html").read_text(encoding="utf-8")
    assert "logistic/given -&gt; logistic/simulated" in told or "logistic/given -> logistic/simulated" in told
    assert ".svg" in told

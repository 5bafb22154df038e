"""The ZenML pipeline writes what DVC's run writes, and runs again what a change touches; run by `make zenml`."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from checkout import surroundings
from clone import Clone
from small import REPOSITORY, STAGES

PYTHON = REPOSITORY / "integrations/zenml/.venv/bin/python"
HELD = ("cleanlab", "datasets", "joblib", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "skops", "threadpoolctl")
with_zenml = pytest.mark.skipif(
    not (REPOSITORY / "integrations/zenml/.venv/.ready").is_file(), reason="`make zenml` makes its environment"
)


def pins(path: str) -> dict[str, str]:
    """Return the version of each library that a lock file pins."""
    text = (REPOSITORY / path).read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


def test_the_libraries_that_results_depend_on_are_the_same_in_both_environments() -> None:
    own, zenml = pins("requirements.lock"), pins("integrations/zenml/requirements.lock")
    assert {name: zenml[name] for name in HELD} == {name: own[name] for name in HELD}


def test_every_line_of_the_lock_has_a_hash_and_no_address() -> None:
    text = (REPOSITORY / "integrations/zenml/requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text and "--index" not in text
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert len(blocks) > 50 and all("--hash=sha256:" in block for block in blocks)


def test_a_library_is_asked_for_with_the_same_extras_in_both_environments() -> None:
    asked = re.findall(
        r'^    "([\w.-]+)(\[\w+\])?>=', (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    lines = (REPOSITORY / "integrations/zenml/requirements.in").read_text(encoding="utf-8").splitlines()
    zenml = dict(re.fullmatch(r"([\w.-]+)(\[\w+\])?(?:==\S+)?", line).groups() for line in lines if not line.startswith("#"))
    assert {name: zenml[name] or "" for name, _ in asked if name in zenml} == {
        name: more for name, more in asked if name in zenml
    }


def run(clone: Clone) -> subprocess.CompletedProcess[str]:
    """Run the pipeline in a clone, with the clone's own code."""
    command = [str(PYTHON), "integrations/zenml/pipeline.py"]
    environment = surroundings(clone.environment | {"PYTHONPATH": "src"})
    return subprocess.run(command, cwd=clone.root, env=environment, capture_output=True, text=True, check=False)


def steps(clone: Clone) -> dict[str, str]:
    """Run the pipeline, and return what became of each step."""
    done = run(clone)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return dict(re.findall(r"^(\w+): (completed|cached)$", done.stdout, re.MULTILINE))


@pytest.fixture(scope="module")
def zenml(small_run: Clone, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Return what is committed of the small run, none of its outputs, run once by ZenML."""
    clone = small_run.fresh(tmp_path_factory.mktemp("zenml") / "fresh")
    for path in clone.hashes("results"):
        (clone.root / path).unlink()
    assert steps(clone) == dict.fromkeys(STAGES, "completed")
    return clone


@with_zenml
def test_zenml_comes_to_the_same_results_as_dvc_and_leaves_git_as_it_was(zenml: Clone, small_run: Clone) -> None:
    metrics = "results/compare/metrics.json"
    assert json.loads(zenml.read(metrics)) == json.loads(small_run.read(metrics))
    assert zenml.hashes("results", "data/versions", "models") == small_run.hashes("results", "data/versions", "models")
    assert zenml.git("status", "--porcelain") == ""


@with_zenml
def test_a_second_run_takes_every_step_from_the_cache_and_brings_lost_files_back(zenml: Clone) -> None:
    before = zenml.results()
    Path(zenml.root / "results/compare/effects.csv").write_text("lost\n", encoding="utf-8")
    Path(zenml.root / "data/versions/left-over.parquet").write_text("", encoding="utf-8")
    assert steps(zenml) == dict.fromkeys(STAGES, "cached")
    assert zenml.results() == before


@with_zenml
def test_a_changed_param_runs_what_depends_on_it_and_going_back_runs_nothing(zenml: Clone) -> None:
    before, known = zenml.results(), zenml.read("params.yaml")
    zenml.change(**{"compare.region": 0.006})
    touched = {"compare": "completed", "report": "completed"}
    assert steps(zenml) == dict.fromkeys(STAGES, "cached") | touched
    assert zenml.results() != before
    (zenml.root / "params.yaml").write_text(known, encoding="utf-8")
    assert steps(zenml) == dict.fromkeys(STAGES, "cached")
    assert zenml.results() == before


@with_zenml
def test_a_refusal_is_the_sentence_of_its_stage_and_its_exit_code(zenml: Clone) -> None:
    known = zenml.read("params.yaml")
    for key, said in (("compare.regoin", "compare.regoin is not a known key"), ("validate.classes", "cow")):
        zenml.change(**{key: ["ant", "bee"]})
        done = run(zenml)
        (zenml.root / "params.yaml").write_text(known, encoding="utf-8")
        assert done.returncode == 2 and said in done.stderr.splitlines()[-1], done.stderr[-2000:]

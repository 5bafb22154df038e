"""Settings that every test shares."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import noisy
import pytest
import sealed as sealed_world
from checkout import default_repository as default_repository
from checkout import run
from clone import SMALL, Clone, publish
from hypothesis import HealthCheck, settings
from past import fill
from small import STAGES, repository, run_stages

from ceteris import cli

# No deadline: a busy machine is no broken law. Derandomised: the same tests pass or fail on every machine.
settings.register_profile(
    "ceteris",
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("ceteris")


# Whole files go to one worker each; those that take minutes start first, or one worker waits for the other at the end.
# The first needs no repository that the others wait for.
LONGEST = (
    "test_calibration", "test_pipeline", "test_experiments", "test_own_file", "test_retrain", "test_crashes", "test_release",
    "test_installed", "test_history", "test_own_training", "test_loop", "test_messy_worth", "test_running", "test_onboarding",
    "test_numbers", "test_asking", "test_examples", "test_notebooks", "test_annotators", "test_faults_data", "test_into",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the order within a file stays."""
    place = {name: order for order, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A small pipeline, run from nothing and committed, once for all workers. Tests copy it and leave it as it is."""

    def make(root: Path) -> None:
        clone = publish(root, **SMALL)
        clone.repro()
        clone.commit()

    return Clone(_once(tmp_path_factory, "small", make))


@pytest.fixture(scope="session")
def past(small_run: Clone, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A copy of the small run with an experiment of every axis on it. Tests copy it and leave it as it is."""
    return Clone(_once(tmp_path_factory, "past", lambda root: fill(small_run.copy(root))))


@pytest.fixture(scope="session")
def noisy_past(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A history on labels that err in one class, which a person could put right. Tests copy it and leave it as it is."""
    return Clone(_once(tmp_path_factory, "noisy", lambda root: noisy.noisy_past(root)))


@pytest.fixture(scope="session")
def sealed_run(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A repository at whose test part nobody has looked. Tests copy it and leave it as it is."""
    return Clone(_once(tmp_path_factory, "sealed", sealed_world.publish))


@pytest.fixture
def sealed(sealed_run: Clone, tmp_path: Path) -> Clone:
    """A copy of the repository with a sealed test part, to be looked at."""
    return sealed_run.copy(tmp_path / "sealed")


@pytest.fixture
def clone(small_run: Clone, tmp_path: Path) -> Clone:
    """A copy of the small run, to be changed or broken."""
    return small_run.copy(tmp_path / "clone")


@pytest.fixture(scope="session")
def whole_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of the small table whose stages ran in this process, without git and DVC."""
    return _once(tmp_path_factory, "whole", lambda root: run_stages(repository(root), *STAGES[:-1]))


@pytest.fixture
def repo(whole_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the whole repository, to be changed or broken, as the working directory."""
    root = tmp_path / "repo"
    shutil.copytree(whole_repository, root)
    monkeypatch.chdir(root)
    return root


class Said:
    """What a command printed, and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def ceteris_(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """What a person types, in this process: `ceteris.cli.main` with the words of the command line."""

    def told(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["ceteris", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Said(int(ended.value.code or 0), *capsys.readouterr())

    return told


def _once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder that `make` fills, whichever worker asks first; the others wait for it."""
    here = factory.getbasetemp()
    shared = here.parent if "PYTEST_XDIST_WORKER" in os.environ else here
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / f"{name}.made").exists():
            make(shared / name)
            if (shared / name / ".git").exists():  # each test copies it: one file is quicker than a thousand
                run(shared / name, "git", "repack", "-adq")
            (shared / f"{name}.made").touch()
    return shared / name

"""Settings that every test shares."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from checkout import default_repository as default_repository
from clone import SMALL, Clone, publish
from hypothesis import HealthCheck, settings

# No deadline: a busy machine is no broken law. Derandomised: the same tests pass or fail on every machine.
settings.register_profile(
    "ceteris",
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("ceteris")


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A small pipeline, run from nothing and committed, once for all workers. Tests copy it and leave it as it is."""

    def make(root: Path) -> None:
        clone = publish(root, **SMALL)
        clone.repro()
        clone.commit()

    return Clone(_once(tmp_path_factory, "small", make))


@pytest.fixture
def clone(small_run: Clone, tmp_path: Path) -> Clone:
    """A copy of the small run, to be changed or broken."""
    return small_run.copy(tmp_path / "clone")


def _once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder that `make` fills, whichever worker asks first; the others wait for it."""
    here = factory.getbasetemp()
    shared = here.parent if "PYTEST_XDIST_WORKER" in os.environ else here
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / f"{name}.made").exists():
            make(shared / name)
            (shared / f"{name}.made").touch()
    return shared / name

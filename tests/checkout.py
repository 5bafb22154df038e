"""Repositories to run the pipeline in: copies of the work tree's files, with a git history and a DVC cache of their own."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1]
IDENTITY = {
    "GIT_AUTHOR_NAME": "test", "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "test", "GIT_COMMITTER_EMAIL": "test@example.org",
}  # fmt: skip


def unstarted(home: Path) -> Path:
    """Return a new git repository with the shipped params.yaml and dvc.yaml, and no commit."""
    home.mkdir()
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(HERE / name, home / name)
    subprocess.run(["git", "init", "--quiet"], cwd=home, check=True)
    return home


def surroundings(environment: dict[str, str]) -> dict[str, str]:
    """Return the environment of a command in a repository: nothing of this process' settings, and bytecode is kept."""
    dropped = ("PYTHONPATH", "CETERIS_WORKERS", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | IDENTITY | {"DVC_NO_ANALYTICS": "1"} | environment


def run(root: Path, *command: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a repository, with its own code and nothing of this process' settings."""
    found = subprocess.run(
        command,
        cwd=root,
        env=surroundings(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if check and found.returncode:
        raise AssertionError(
            f"{' '.join(command)} ended with {found.returncode}\n{found.stdout[-3000:]}\n{found.stderr[-3000:]}"
        )
    return found


def checkout(root: Path) -> Path:
    """Make a fresh, committed repository of the files that git knows here, edited or new ones included.

    What people answered and what `ceteris detectors` found, which is of the default data, is left out.
    """
    names = run(HERE, "git", "ls-files", "-co", "--exclude-standard", "-z").stdout.split("\0")
    for name in filter(None, names):
        answers = name.endswith(".csv") and name.startswith(("data/edits/", "release/edits/"))
        if (HERE / name).is_file() and not answers and not name.startswith("results/detectors/"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(HERE / name, root / name)
    run(root, "git", "init", "-q", "-b", "main")
    run(root, "git", "add", "-A")
    run(root, "git", "commit", "-q", "-m", "start")
    return root


@pytest.fixture(scope="session")
def default_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default pipeline as committed, run from nothing once for all workers. Tests read it and leave it as it is."""
    here = tmp_path_factory.getbasetemp()
    shared = here.parent if "PYTEST_XDIST_WORKER" in os.environ else here
    with (shared / "default.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        root = shared / "default-repository"
        if not (root / "reports" / "report.html").exists():
            shutil.rmtree(root, ignore_errors=True)
            run(checkout(root), "dvc", "repro")
    return root

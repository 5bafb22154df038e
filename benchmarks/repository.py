"""A fresh clone to work in: the files as they stand here, committed anew, with nothing in DVC's cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["ROOT", "environment", "fresh_clone"]

ROOT = Path(__file__).resolve().parents[1]
_IDENTITY = ["-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "-c", "commit.gpgsign=false"]


def environment() -> dict[str, str]:
    """Return the environment of every command: this Python first on PATH, one thread a process."""
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "DVC_NO_ANALYTICS": "1", "PYTHONDONTWRITEBYTECODE": ""}
    return os.environ | threads | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


@contextmanager
def fresh_clone() -> Iterator[Path]:
    """Yield the folder of a clone of this repository, changes that are not committed yet included; it goes afterwards."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    with tempfile.TemporaryDirectory(prefix="ceteris-bench-") as name:
        clone = Path(name) / "clone"
        for file in filter(None, names):
            if (ROOT / file).is_file():
                (clone / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / file, clone / file)
        for command in (["init", "--quiet"], ["add", "--all"], [*_IDENTITY, "commit", "--quiet", "--message", "as it stands"]):
            subprocess.run(["git", *command], cwd=clone, check=True, capture_output=True)
        yield clone

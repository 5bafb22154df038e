"""A user's file on its way into the repository: found, copied to data/source/, given to git or DVC."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ceteris.errors import BadInputError, CeterisError, nearest
from ceteris.sources import FOLDER, is_theirs, refuse_other_kinds
from ceteris.store import sha256

__all__ = ["bring", "existing", "place", "track"]

_GIT_LIMIT = 10_000_000  # bytes; larger files are kept by DVC


def existing(file: str) -> Path:
    """Return where a CSV or Parquet file is, refusing what is none."""
    path = Path(file).expanduser()
    if not path.exists():
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        raise BadInputError(
            f"There is no file {file!r}.{nearest(path.name, beside) if beside else ''}", "Name a CSV or Parquet file."
        )
    if not path.is_file():
        raise BadInputError(f"{file!r} is a folder.", "Name one CSV or Parquet file in it.")
    refuse_other_kinds(path, file)
    return path.parent.resolve() / path.name  # DVC may have made a link of it, into its cache


def place(path: Path, root: Path, reach: Path) -> str:
    """Return where the file is to stand, relative to the project; refuse to write over another file.

    Parameters
    ----------
    reach : Path
        The folder that sources may lie in (`layout.reach_of`): a file of it that is outside of the project stays where it is.
    """
    here = root.resolve()
    home = (root / FOLDER).resolve()
    if path.is_relative_to(home):
        return path.relative_to(here).as_posix()
    if path.is_relative_to(reach) and not path.is_relative_to(here):
        return Path(os.path.relpath(path, here)).as_posix()
    target = home / path.name
    if target.exists() and sha256(target) != sha256(path):
        raise BadInputError(
            f"{FOLDER}/{path.name} is there already and holds other bytes than {path}.",
            "Remove or rename one of them, then run `ceteris init` again.",
        )
    return f"{FOLDER}/{path.name}"


def bring(path: Path, target: Path) -> Iterator[str]:
    """Copy the file where it is not there yet, whole or not at all; yield what was done."""
    if target.exists():
        return
    unfinished = target.with_name(f".{target.name}.copying")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, unfinished)
        unfinished.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise CeterisError(
            f"{path} could not be copied to {target}: {error.strerror}.", "Make room or access, run again."
        ) from None
    yield f"copied {path} to {FOLDER}/{target.name}; the original is not used again"


def track(root: Path, name: str) -> list[str]:
    """Give the file to git where it is small, to DVC where it is large, and return what was done, a line each.

    Only what is tracked travels with `dvc exp run --temp` and `--queue`.
    """
    size = (root / name).stat().st_size
    if _run(root, "git", "rev-parse", "--is-inside-work-tree") is not None:
        return [f"this is no git repository, so {name} is not tracked: after `git init` and `dvc init`, `git add {name}`"]
    if is_theirs(name):
        return [_known(root, name)]
    if _run(root, "git", "ls-files", "--error-unmatch", name) is None:
        fault = _run(root, "git", "add", "--", name)
        return [fault or f"{name} is tracked by git, and staged as it is now: commit it"]
    if (root / f"{name}.dvc").is_file() or size >= _GIT_LIMIT:
        if not any((folder / ".dvc").is_dir() for folder in (root.resolve(), *root.resolve().parents)):
            return [
                f"{name} ({size / 1e6:.1f} MB) is too large for git, and DVC is not set up here: dvc init && dvc add {name}"
            ]
        fault = _run(root, sys.executable, "-m", "dvc", "add", "--quiet", name)
        fault = fault or _run(root, "git", "add", "--", f"{name}.dvc", str(Path(name).parent / ".gitignore"))
        done = f"{name} ({size / 1e6:.1f} MB) is kept by DVC, and {name}.dvc is staged in git: commit it"
        return [f"{name} could not be given to DVC: {fault}" if fault else done]
    fault = _run(root, "git", "add", "--", name)
    return [
        f"{name} could not be given to git: {fault}" if fault else f"{name} is staged in git ({size / 1e6:.1f} MB): commit it"
    ]


def _known(root: Path, name: str) -> str:
    """Return who keeps a file outside of the project, which is left as it is, staged or not."""
    if _run(root, "git", "ls-files", "--error-unmatch", name) is None:
        return f"{name} stays where it is: git keeps it"
    made = _made_by(root, root / name)
    if made:
        return f"{name} stays where it is: DVC keeps it ({made}), and `dvc repro` here brings it up to date first"
    return (
        f"{name} stays where it is, and neither git nor DVC keeps it, so that experiments in copies (dvc exp run --temp) "
        f"would lack it: git add {name} (or dvc add {name} where it is large)"
    )


def _made_by(root: Path, path: Path) -> str:
    """Return the stage or the .dvc file that an output of DVC is of, or "" where DVC knows none."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(root)) as repo:
            outs = {Path(out.fs_path): out.stage.addressing for out in repo.index.outs}
    except DvcException:
        return ""
    place = Path(os.path.normpath(path))
    return next((str(outs[folder]) for folder in (place, *place.parents) if folder in outs), "")


def _run(root: Path, *command: str) -> str | None:
    """Return None where a command succeeds, else the last line of what it said."""
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]

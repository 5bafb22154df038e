"""A user's file or folder on its way into the repository: found, copied to data/source/, given to git or DVC."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ceteris.errors import BadInputError, CeterisError, nearest
from ceteris.readers.sources import FOLDER, is_theirs, kind_of, sha256_of

__all__ = ["bring", "existing", "place", "track"]

_GIT_LIMIT = 10_000_000  # bytes; larger files are kept by DVC
_GIT_FILES = 1_000  # and so are folders of more files


def existing(file: str, *, table: bool = True) -> Path:
    """Return where a file or folder is, refusing one that is not there, and a table of a kind that is not read."""
    path = Path(file).expanduser()
    if not path.exists():
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        raise BadInputError(
            f"There is no file {file!r}.{nearest(path.name, beside) if beside else ''}",
            "Name a table (CSV, Parquet, JSON lines, Excel), or a folder with one folder of pictures a class.",
        )
    if table:
        kind_of(path, file)
    elif not path.is_file():
        raise BadInputError(f"{file!r} is a folder.", "Name a .npy or .npz file.")
    # DVC may have made a link of a file, into its cache.
    return path.parent.resolve() / path.name if path.is_file() else path.resolve()


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
    if home.is_relative_to(path):
        raise BadInputError(f"{path} holds this repository's {FOLDER}/ itself.", "Name a folder with one folder a class.")
    target = home / path.name
    if target.exists() and (target.is_dir() != path.is_dir() or _differ(target, path)):
        raise BadInputError(
            f"{FOLDER}/{path.name} is there already and holds other bytes than {path}.",
            "Remove or rename one of them, then run `ceteris init` again.",
        )
    return f"{FOLDER}/{path.name}"


def _differ(one: Path, other: Path) -> bool:
    return sha256_of(one, str(one)) != sha256_of(other, str(other))


def bring(path: Path, target: Path) -> Iterator[str]:
    """Copy the file or folder where it is not there yet, whole or not at all; yield what was done."""
    if target.exists():
        return
    unfinished = target.with_name(f".{target.name}.copying")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(unfinished, ignore_errors=True)
        (shutil.copytree if path.is_dir() else shutil.copyfile)(path, unfinished)
        unfinished.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            shutil.rmtree(unfinished) if unfinished.is_dir() else unfinished.unlink(missing_ok=True)
        reason = error.strerror or "some of its files could not be read or written"
        raise CeterisError(f"{path} could not be copied to {target}: {reason}.", "Make room or access, run again.") from None
    yield f"copied {path} to {FOLDER}/{target.name}; the original is not used again"


def track(root: Path, name: str) -> list[str]:
    """Give the file or folder to git where it is small, to DVC where it is large; return what was done, a line each.

    Only what is tracked travels with `dvc exp run --temp` and `--queue`.
    """
    size, files = _extent(root / name)
    if _run(root, "git", "rev-parse", "--is-inside-work-tree") is not None:
        return [f"this is no git repository, so {name} is not tracked: after `git init` and `dvc init`, `git add {name}`"]
    if is_theirs(name):
        return [_known(root, name)]
    if _run(root, "git", "ls-files", "--error-unmatch", name) is None:
        fault = _run(root, "git", "add", "--", name)
        return [fault or f"{name} is tracked by git, and staged as it is now: commit it"]
    if (root / f"{name}.dvc").is_file() or size >= _GIT_LIMIT or files > _GIT_FILES:
        if not any((folder / ".dvc").is_dir() for folder in (root.resolve(), *root.resolve().parents)):
            return [
                f"{name} ({size / 1e6:.1f} MB, {files} files) is too much for git, and DVC is not set up here:"
                f" dvc init && dvc add {name}"
            ]
        fault = _run(root, sys.executable, "-m", "dvc", "add", name)
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


def _extent(path: Path) -> tuple[int, int]:
    """Return the bytes and the number of files that are to be kept."""
    files = [path] if path.is_file() else [inner for inner in path.rglob("*") if inner.is_file()]
    return sum(file.stat().st_size for file in files), len(files)


def _run(root: Path, *command: str) -> str | None:
    """Return None where a command succeeds, else the last line of what it said."""
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]

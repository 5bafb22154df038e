"""An experiment in a copy of its own: `dvc exp run` on the state of one moment, while people go on answering.

`dvc exp run`, with `--temp` too, takes every change out of the work tree for a second and puts it back, and an answer that is
written in that second is lost. So the copy is made by git alone, and what it brings back is the experiment and nothing else.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ceteris.errors import BadInputError, CeterisError

__all__ = ["DONE", "FAILED", "copies", "reason", "run_aside"]

DONE, FAILED = "done", "failed"
_NOBODY = "ceteris <ceteris@localhost>"  # who commits the experiment where git knows no author
_THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "DVC_NO_ANALYTICS": "1"}
_MOST_LINES, _MOST_LETTERS = 6, 800


def copies(root: Path) -> Path:
    """Return the folder of DVC's below which copies stand: what is timed there is noted in the repository itself."""
    return dvc_top(root) / ".dvc" / "tmp" / "exps"


def dvc_top(root: Path) -> Path:
    """Return the folder whose DVC is in charge of a repository: a project inside somebody's repository may lie below it."""
    return next((folder for folder in (root, *root.parents) if (folder / ".dvc").is_dir()), root)


def run_aside(root: Path, name: str, base: str, tree: str, lock: int) -> tuple[str, str]:
    """Run an experiment to its end, and return its state and a sentence.

    Parameters
    ----------
    base, tree : the commit that it stands on, and the tree of files that it runs on
    lock : an open file, held by the processes that do the work
    """
    started = time.monotonic()
    try:
        with _copy(root, base, tree) as copy:
            _bring_outputs(root, copy)
            code, said = _dvc(copy, "exp", "run", "--name", name, lock=lock)
            if code:
                return FAILED, f"{name} failed. {reason(said)}"
            ref = f"refs/exps/{base[:2]}/{base[2:]}/{name}"
            _git(root, "fetch", "--quiet", "--no-write-fetch-head", str(_top(copy)), f"+{ref}:{ref}")
    except CeterisError as refusal:
        return FAILED, f"{name} failed. {refusal}"
    except OSError as error:
        return FAILED, f"{name} failed. {error.filename or copies(root)}: {error.strerror}. Make room or access, run again."
    seconds = time.monotonic() - started
    return DONE, f"{name} is done, in {seconds:.0f} s. {_worth(root, name)}"


@contextmanager
def _copy(root: Path, base: str, tree: str) -> Iterator[Path]:
    """Yield the repository's folder in a clone that shares its objects; copies that a crash left are removed first."""
    from ceteris.experiments.git import Git

    with Git(root) as git:
        (top, below), author = git.place(), git.author() or _NOBODY
    home = copies(root)
    for left in home.glob("ceteris-*"):
        shutil.rmtree(left, ignore_errors=True)
    home.mkdir(parents=True, exist_ok=True)
    clone = home / f"ceteris-{os.getpid()}"
    try:
        _git(root, "clone", "--quiet", "--shared", "--no-checkout", str(top), str(clone))
        who, _, address = author.partition(" <")
        for key, value in (("user.name", who), ("user.email", address.rstrip(">")), ("commit.gpgsign", "false")):
            _git(clone, "config", key, value)
        _git(clone, "update-ref", "--no-deref", "HEAD", base)
        _git(clone, "read-tree", "--reset", "-u", tree)
        yield clone / below
    finally:
        shutil.rmtree(clone, ignore_errors=True)


def _top(copy: Path) -> Path:
    from ceteris.experiments.git import Git

    with Git(copy) as git:
        return git.place()[0]


def _bring_outputs(root: Path, copy: Path) -> None:
    """Let a copy use the repository's DVC settings and cache, and bring from it what earlier runs made."""
    from dvc.config import Config
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    top = dvc_top(root)
    local, own = top / ".dvc" / "config.local", _up(copy, len(root.relative_to(top).parts)) / ".dvc"
    if local.is_file():
        shutil.copyfile(local, own / "config.local")
    try:
        with Repo(str(root)) as repo, Config(str(own)).edit("local") as settings:
            settings.setdefault("cache", {})["dir"] = repo.cache.local_cache_dir
    except DvcException as error:
        said = str(error).split("\n")[0].rstrip(".")
        raise BadInputError(f"DVC cannot work in {root}: {said}.", "Where it never did: dvc init") from None
    _dvc(copy, "checkout", "--quiet", "--force", "--allow-missing")


def _up(folder: Path, levels: int) -> Path:
    return folder.parents[levels - 1] if levels else folder


def _dvc(copy: Path, *words: str, lock: int | None = None) -> tuple[int, str]:
    """Run a DVC command to its end, telling its lines as they come, and return its exit code and all that it said."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    here = os.pathsep.join((str(Path(sys.executable).parent), environment.get("PATH", os.defpath)))
    said = []
    with subprocess.Popen(
        [sys.executable, "-m", "dvc", *words],
        cwd=copy,
        env=_THREADS | environment | {"PATH": here, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        pass_fds=() if lock is None else (lock,),
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            print(line, end="", flush=True)
            said.append(line)
    return running.returncode, "".join(said)


def reason(said: str) -> str:
    """Return why DVC failed, from what it said: the last lines of the stage that failed, and where to read on."""
    plain = [re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line).split("\r")[-1].strip() for line in said.splitlines()]
    lines = [line for line in plain if line]
    stages = [place for place, line in enumerate(lines) if line.startswith("Running stage '")]
    ends = [line for line in lines if line.startswith("ERROR:")]
    if stages and ends and "failed to reproduce" in ends[-1]:
        stage = lines[stages[-1]].split("'")[1]
        own = [line for line in lines[stages[-1] + 1 :] if not line.startswith((">", "ERROR:"))]
        return f"Stage {stage} said: {_joined(own)}"
    return f"DVC said: {_joined(ends[-1:] or lines).removeprefix('ERROR: ')}"


def _joined(lines: list[str]) -> str:
    """Return the last lines as sentences that follow each other."""
    ended = [line if line.endswith((".", ":", ";", ",", "!", "?")) else f"{line}." for line in lines[-_MOST_LINES:]]
    return " ".join(ended)[-_MOST_LETTERS:] or "nothing."


def _worth(root: Path, name: str) -> str:
    """Return what an experiment was worth against its parent, as `ceteris experiments` judges it."""
    from ceteris.experiments.account import account
    from ceteris.store import read_params
    from ceteris.telling.wording import amount, interval, labels_of, literal, metric_name

    try:
        metric = read_params(root).compare.metric
        line = next((line for line in account(root) if line.snapshot.name == name), None)
    except CeterisError as refusal:
        return str(refusal)
    if line is None or line.effect is None or line.parent is None or line.against_parent is None:
        return "What it is worth: bench.experiments()"
    effect = line.effect
    worth = f"{amount(effect.difference, metric)} {metric_name(metric)} {interval(effect.low, effect.high, metric)}"
    moved = f"{line.against_parent.move.axis} ({literal(line.changed)})"
    why = f" ({effect.reason})" if effect.reason else ""
    return f"Against {literal(line.parent.name)}, {moved}: {worth}, on {labels_of(effect.scored_on)}: {effect.verdict}{why}."


def _git(folder: Path, *words: str) -> None:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1].rstrip(".")
        raise BadInputError(f"git {words[0]} failed in {folder}: {said}.", f"Try it by hand: git {shlex.join(words)}")

"""Experiments in the background: `bench.run_experiment()` starts one and returns at once; it outlives the kernel.

One runs at a time in a repository. Its lock goes with its processes, however these end; what it said and how it ended stand in
.ceteris/runs/, so that any later kernel finds it.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import re
import reprlib
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ceteris.errors import BadInputError, BusyError, CeterisError, some
from ceteris.reviewing.aside import DONE, FAILED, run_aside
from ceteris.store import STATE, write_json

if TYPE_CHECKING:
    from ceteris.experiments.git import Git

__all__ = ["RUNNING", "Running", "current", "ended", "run_experiment"]

RUNNING = "running"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LONGEST = 100  # letters of a name, which is a file's and a branch's too
_INPUTS = ("source", "estimators", "predictions")  # places of dvc.yaml that people fill, beside the code and the ledger


@dataclass(frozen=True)
class _Holder:
    """What the process that holds the lock is doing, and since when, in seconds since 1970."""

    name: str
    started: float
    process: int


@dataclass(frozen=True, repr=False)
class Running:
    """An experiment that was started here.

    Attributes
    ----------
    name : of the experiment, as `bench.experiments()` lists it
    """

    root: Path
    name: str

    @property
    def state(self) -> str:
        """One of "running", "done", "failed"."""
        return self._seen()[0]

    @property
    def told(self) -> str:
        """How far it is, or how it ended, in a sentence or two."""
        return self._seen()[1]

    @property
    def log(self) -> str:
        """All that DVC said so far."""
        path = _folder(self.root) / f"{self.name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""

    def wait(self, timeout: float | None = None) -> Running:
        """Return this, when it has ended or after so many seconds."""
        until = float("inf") if timeout is None else time.monotonic() + timeout
        while self.state == RUNNING and time.monotonic() < until:
            time.sleep(0.2)
        return self

    def stop(self) -> Running:
        """End it, with all that it started, and return this."""
        holder = _holder(self.root)
        if holder is not None and holder.name == self.name:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(holder.process, signal.SIGKILL)
            self.wait(5)
        return self

    def _seen(self) -> tuple[str, str]:
        holder = _holder(self.root)  # before the end is read: an end is written before the lock goes
        end = _end(_folder(self.root) / f"{self.name}.json")
        if end is not None:
            return end
        if holder is not None and holder.name == self.name:
            stages = re.findall(r"^Running stage '(\w+)'", self.log, re.MULTILINE)
            at = f", at stage {stages[-1]}" if stages else ""
            return RUNNING, (
                f"{self.name} is running since {max(0.0, time.time() - holder.started):.0f} s{at}. "
                "It holds what was answered when it was started; go on answering."
            )
        return FAILED, f"{self.name} was ended before it was done. Start it again: bench.run_experiment()"

    def __repr__(self) -> str:
        return self.told


def current(root: Path) -> Running | None:
    """Return the experiment that is running in a repository, whoever started it, or None."""
    holder = _holder(root)
    found = None if holder is None else Running(root, holder.name)
    return found if found is not None and found.state == RUNNING else None


def ended(root: Path, most: int = 3) -> list[str]:
    """Return the names of the last experiments that were done, the latest first."""
    latest = sorted(_folder(root).glob("*.json"), key=lambda path: path.lstat().st_mtime_ns, reverse=True)
    return [path.stem for path in latest if (_end(path) or ("", ""))[0] == DONE][:most]


def _end(path: Path) -> tuple[str, str] | None:
    """Return the state in which a run ended and what was told of it; None where no such thing can be read."""
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        state, told = written["state"], written["told"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return (state, told) if state in (DONE, FAILED) and isinstance(told, str) else None


def run_experiment(root: Path, name: str | None = None) -> Running:
    """Start `dvc exp run` on the files as they are now, in a copy, and return at once; one that is running is returned.

    The copy holds every file that git knows as it is now, and the answers of data/edits/, which are staged for that.

    Parameters
    ----------
    name : str, optional
        Of the experiment; default: the next of review-1, review-2, ... Under a name it runs though nothing is new.

    Raises
    ------
    BadInputError
        There is no DVC, no git repository or no commit; the name is taken; git does not know an input; or nothing has changed
        since the last one.
    BusyError
        Another experiment is running, and a name was asked for.
    """
    from ceteris.experiments.git import Git

    if importlib.util.find_spec("dvc") is None:
        raise BadInputError(f"DVC is not installed for {sys.executable}.", "Open the notebook with: make lab")
    with _lock(root) as lock:
        if not _taken(lock):
            running = current(root)
            if running is not None and name in (None, running.name):
                return running
            raise BusyError(
                running.told if running else "Another experiment is starting, or running without a name that can be read.",
                "Start this one when it is done.",
            )
        with Git(root) as git:
            base = git.resolve("HEAD")
            if not base:
                raise BadInputError(
                    "There is no commit that an experiment could stand on.", "Make one: git add -A && git commit"
                )
            _know_inputs(root, git)
            chosen = _named(root, git, name)
            tree = git.state()
            if name is None:
                _refuse_the_same(root, git, tree)
        return _start(root, chosen, base, tree, lock)


def _start(root: Path, name: str, base: str, tree: str, lock: IO[str]) -> Running:
    """Start the process that runs it, and hand it the lock."""
    folder = _folder(root)
    (folder / f"{name}.json").unlink(missing_ok=True)
    words = [str(root), name, base, tree, str(lock.fileno())]
    code = str(Path(__file__).resolve().parents[2])
    with (folder / f"{name}.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, *words],
            cwd=root,
            env=os.environ | {"PYTHONPATH": code},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a kernel that ends takes its own session along
            pass_fds=(lock.fileno(),),
        )
    threading.Thread(target=process.wait, daemon=True).start()  # or a kernel that lives on would keep a dead child
    lock.write(json.dumps(asdict(_Holder(name, time.time(), process.pid))))
    lock.flush()
    return Running(root, name)


def _refuse_the_same(root: Path, git: Git, tree: str) -> None:
    """Refuse to run once more what the last experiment ran on, as long as that one is there."""
    last = next(iter(ended(root, 1)), None)
    there = {ref.rsplit("/", 1)[-1] for ref in git.refs("refs/exps")}
    if last in there and json.loads((_folder(root) / f"{last}.json").read_text(encoding="utf-8")).get("tree") == tree:
        raise BadInputError(
            f"Nothing has changed since {last}, so that another experiment would say what it says: see bench.experiments()",
            'Answer some rows first, or run it all the same under a name: bench.run_experiment("NAME")',
        )


def _know_inputs(root: Path, git: Git) -> None:
    """Stage the ledger, and refuse where the copy would lack another input."""
    from ceteris.layout import read_layout
    from ceteris.readers.sources import is_theirs
    from ceteris.store import read_params

    layout = read_layout(root)
    git.stage(layout["edits"])
    source = read_params(root).ingest.source
    theirs = [source] if is_theirs(source) else []
    inputs = [layout[place] for place in _INPUTS if place in layout]
    unknown = git.unknown("src", "params.yaml", "dvc.yaml", layout["edits"], *inputs, *theirs)
    if unknown:
        raise BadInputError(
            f"Git does not know {some(unknown)}, which the experiment would silently lack.",
            f"Let git keep what is in use: git add {' '.join(unknown[:5])}",
        )


def _named(root: Path, git: Git, name: str | None) -> str:
    """Return a name that no experiment, branch, tag or earlier run here bears."""
    taken = {ref.rsplit("/", 1)[-1] for ref in git.refs("refs")}
    if name is None:
        taken |= {path.stem for path in _folder(root).glob("review-*.log")}
        return next(free for number in range(1, len(taken) + 2) if (free := f"review-{number}") not in taken)
    named = isinstance(name, str) and len(name) <= _LONGEST and _NAME.fullmatch(name)
    if not named or name.endswith((".", ".lock")) or ".." in name:
        raise BadInputError(
            f"{reprlib.repr(name)} cannot name an experiment.",
            f"Use letters, digits, dots, dashes and underscores, {_LONGEST} at most.",
        )
    if name in taken:
        raise BadInputError(f"There is an experiment, a branch or a tag {name!r} already.", "Choose another name.")
    return name


def _folder(root: Path) -> Path:
    return root / STATE / "runs"


def _lock(root: Path) -> IO[str]:
    """Return the open file whose lock is held by the one experiment that runs."""
    folder = _folder(root)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise CeterisError(f"{folder} cannot be written: {error.strerror}.", "Make room or access, run again.") from None


def _taken(lock: IO[str]) -> bool:
    """Return whether the lock is ours now; whoever only looks holds it for less than the patience that is had here."""
    for _ in range(10):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(0.02)
        else:
            lock.truncate(0)
            return True
    return False


def _holder(root: Path) -> _Holder | None:
    """Return what the experiment that runs wrote of itself; None where none runs, or nobody can read who it is."""
    path = _folder(root) / "lock"
    if not path.is_file():
        return None
    with path.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return _read_holder(lock.read())
    return None


def _read_holder(written: bytes) -> _Holder | None:
    try:
        found = _Holder(**json.loads(written))
    except (ValueError, TypeError, RecursionError):
        return None
    # A process group of 0 or 1 would be that of whoever stops the experiment, or everything.
    known = isinstance(found.name, str) and isinstance(found.started, int | float) and isinstance(found.process, int)
    return found if known and found.process > 1 else None


def main() -> None:
    """Run an experiment in this process, and write how it ended."""
    root, name, base, tree, lock = sys.argv[1:]
    state, told = run_aside(Path(root), name, base, tree, int(lock))
    write_json(_folder(Path(root)) / f"{name}.json", {"state": state, "told": told, "tree": tree})
    fcntl.flock(int(lock), fcntl.LOCK_UN)  # the next may start now, and need not wait for this process' end


if __name__ == "__main__":
    main()

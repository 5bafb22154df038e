"""kill -9 in the middle of every stage: the rerun equals a clean run, finished cells are kept, and there is one writer."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from clone import SMALL, TREE, Clone, publish
from small import by_hand, edit

from ceteris.dataset import ID
from ceteris.store import read_parquet

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are watched through /proc")

STAGES = ("ingest", "validate", "split", "audit", "diagnose", "fix", "train", "compare", "report")
# What a stage writes first: where it stands, the stage is in the middle.
FIRST = {
    "ingest": "data/raw/table.parquet", "validate": "results/validate/schema.csv", "split": "data/split/train.parquet",
    "audit": "data/audit/pred_probs.parquet", "diagnose": "data/diagnosis/issues.parquet",
    "fix": "data/versions/given.parquet", "train": "models/slow/*/fingerprint.json",
    "compare": "results/compare/effects.csv", "report": "reports/figures/*.svg",
}  # fmt: skip
SLOW = """
import time
from sklearn.tree import ExtraTreeClassifier

class Slow(ExtraTreeClassifier):
    def fit(self, X, y):
        time.sleep(0.1)
        return super().fit(X, y)
"""
MODELS = {"slow": {"estimator": "estimators/slow.py:Slow", "prepare": "none", "params": {"max_depth": 4}}, "tree": TREE}
RECIPES = {name: steps for name, steps in SMALL["fix.recipes"].items() if name in ("given", "pruned")}
PLANNED = [{"axis": "data", "model": "tree", "baseline": "given", "candidate": "pruned"}]


@dataclass
class Background:
    """`dvc repro` in a process group of its own, while the test goes on."""

    clone: Clone
    words: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        with self.said_file.open("ab") as file:
            self.process = self.clone.start("dvc", "repro", *self.words, output=file)

    @property
    def said_file(self) -> Path:
        return self.clone.root.with_name("said.txt")

    @property
    def said(self) -> str:
        """What this run and those before it printed."""
        return self.said_file.read_text(encoding="utf-8")

    @property
    def ended(self) -> bool:
        """Whether DVC has come to its end; the stage may live on."""
        return self.process.poll() is not None

    def middle(self, stage: str) -> int | None:
        """Wait for the middle of a stage, hold its process there, and return its id; None where it was over too soon."""
        first = FIRST[stage]
        self.until(lambda: self.ended or (writer(self.clone, stage) and any(self.clone.root.glob(first))), stage)
        pid = writer(self.clone, stage)
        if pid is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        self.until(lambda: state(pid) != "running", f"{stage} to stand still")
        if state(pid) == "stopped" and locked(self.clone):
            return pid
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
        return None

    def kill_all(self) -> None:
        """kill -9 of DVC, the stage, and the stage's own processes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def until_said(self, words: str) -> None:
        """Wait until these words are printed."""
        self.until(lambda: words in self.said, words)

    def until(self, true: Callable[[], object], what: str) -> None:
        """Look again and again until something is true."""
        deadline = time.monotonic() + 120
        while not true():
            assert not self.ended or true(), f"DVC ended while the test waited for {what}:\n{self.said}"
            assert time.monotonic() < deadline, f"waited in vain for {what}:\n{self.said}"
            time.sleep(0.001)


def writer(clone: Clone, stage: str) -> int | None:
    """Return the process that holds the lock, where it is this stage's and alive."""
    path = clone.root / ".ceteris/lock"
    found = re.fullmatch(rf"{stage} \(process (\d+)\)", path.read_text(encoding="utf-8")) if path.exists() else None
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        if found and f"ceteris.stages.{stage}".encode() in Path(f"/proc/{found[1]}/cmdline").read_bytes():
            return int(found[1])
    return None


def locked(clone: Clone) -> bool:
    """Whether somebody still holds the lock: a stage that is done lets it go before its process ends."""
    with (clone.root / ".ceteris/lock").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def state(pid: int) -> str:
    try:
        letter = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "gone"
    return {"T": "stopped", "t": "stopped", "Z": "gone", "X": "gone"}.get(letter, "running")


@contextlib.contextmanager
def repro(clone: Clone, *words: str) -> Iterator[Background]:
    background = Background(clone, words)
    try:
        yield background
    finally:
        background.kill_all()


def hold(clone: Clone, stage: str, started: contextlib.ExitStack, running: Background | None = None) -> tuple[Background, int]:
    """Run to the middle of a stage and hold it there, once more where the stage was quicker than the look at it."""
    for _ in range(5):
        running = running or started.enter_context(repro(clone))
        pid = running.middle(stage)
        if pid is not None:
            return running, pid
        running.process.wait()
        running = started.enter_context(repro(clone, "--force", "--single-item", stage))
    raise AssertionError(f"{stage} was never caught in its middle")


def said_since(running: Background, before: int, words: tuple[str, ...]) -> bool:
    """Whether one of these was printed after so many letters."""
    return any(one in running.said[before:] for one in words)


def unbuilt(clean: Clone, root: Path) -> Clone:
    """Return the repository as it was before anything ran."""
    clone = clean.fresh(root)
    clone.git("rm", "-rq", "dvc.lock", "results")
    return clone


def same(clone: Clone, clean: Clone) -> bool:
    clone.git("add", "-A")
    return clone.results() == clean.results() and clone.git("status", "--porcelain") == ""


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A run that nothing disturbed, in one process, of a model that takes its time."""
    clone = publish(tmp_path_factory.mktemp("clean") / "clean", **SMALL, **{"report.title": "Slow"})
    clone.append("estimators/slow.py", SLOW)
    clone.change(**{"train.models": MODELS, "fix.recipes": RECIPES, "compare.planned": PLANNED})
    clone.repro(CETERIS_WORKERS="1")
    clone.commit()
    return clone


def test_all_killed_in_the_middle_of_each_stage_the_rerun_equals_a_clean_run(clean: Clone, tmp_path: Path) -> None:
    clone = unbuilt(clean, tmp_path / "clone")
    for stage in STAGES:
        with contextlib.ExitStack() as started:
            running, _ = hold(clone, stage, started)
            running.kill_all()
    done = clone.repro()
    # A stage that was run anew by force and killed after its last byte has nothing left to do.
    assert set(done.stages) <= {"report"}
    assert same(clone, clean)


def test_a_fix_that_a_bad_ledger_refuses_leaves_the_versions_as_they_were(clean: Clone, tmp_path: Path) -> None:
    clone = Clone(shutil.copytree(clean.root, tmp_path / "clone", symlinks=True))
    made = ("data/versions", "results/fix")
    before = {path: path.read_bytes() for place in made for path in (clone.root / place).iterdir()}
    line = edit(str(read_parquet(clone.root / "data/split/train.parquet")[ID].iloc[0]), "relable")
    by_hand(clone.root / "data/edits/ann-1.csv", line)
    assert "Did you mean 'relabel'?" in clone.dvc("repro", "fix", refused=True)
    assert {path: path.read_bytes() for place in made for path in (clone.root / place).iterdir()} == before
    (clone.root / "data/edits/ann-1.csv").unlink()
    assert clone.repro("fix").stages == []


def test_dvc_alone_killed_the_stage_lives_on_and_the_next_waits_for_it(clean: Clone, tmp_path: Path) -> None:
    clone = unbuilt(clean, tmp_path / "clone")
    running = None
    with contextlib.ExitStack() as started:
        for stage in STAGES:
            running, pid = hold(clone, stage, started, running)
            os.kill(running.process.pid, signal.SIGKILL)
            running.process.wait()
            assert state(pid) == "stopped"
            before = len(running.said)
            running = started.enter_context(repro(clone))
            # A stage that was run anew by force may have had nothing left to do: DVC passes it over, and need not wait.
            waits = f"waiting for {stage} (process {pid}), which is writing here"
            passed = (f"Stage '{stage}' didn't change", f"Stage '{stage}' is cached")
            running.until(partial(said_since, running, before, (waits, *passed)), waits)
            assert said_since(running, before, passed) or writer(clone, stage) == pid
            os.kill(pid, signal.SIGCONT)
        assert running is not None
        assert running.process.wait() == 0
    assert same(clone, clean)
    assert len(clone.fitted()) == len(set(clone.fitted()))


@pytest.mark.parametrize("how", ["kill -9 of all", "kill -9 of the stage", "Ctrl-C"])
def test_finished_cells_are_kept_and_the_others_are_fitted_once(how: str, clean: Clone, tmp_path: Path) -> None:
    clone = clean.copy(tmp_path / "clone")
    clone.change(**{"train.models.slow.params.max_depth": 5})
    before = clone.fitted()
    with repro(clone, "train") as running:
        running.until(lambda: len(clone.fitted()) > len(before) + 1, "two cells")
        pid = writer(clone, "train")
        assert pid is not None
        if how == "kill -9 of the stage":
            os.kill(pid, signal.SIGKILL)
            assert running.process.wait() != 0
            assert "failed to reproduce 'train'" in running.said
        elif how == "Ctrl-C":
            os.killpg(running.process.pid, signal.SIGINT)
            assert running.process.wait() != 0
            assert "train: stopped; what was finished is kept, run again to go on" in running.said
            assert "Traceback" not in running.said
    kept = clone.fitted()[len(before) :]
    whole = {path: clone.hashes(f"models/slow/{path}") for _, path in kept}
    assert 2 <= len(kept) < 4
    again = clone.repro("train")
    assert not set(again.fitted) & set(kept)
    assert sorted(again.fitted + kept) == [("slow", name) for name in ("aa", "given", "placebo-pruned", "pruned")]
    assert {path: clone.hashes(f"models/slow/{path}") for path in whole} == whole

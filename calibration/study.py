"""Runs scenarios world by world on every core, keeps each outcome as it comes, and goes on where it was stopped.

Outcomes stand in `.ceteris/calibration/`, one file a scenario, under the digest of all that could change them: the code of the
study and of the measurement, and the versions of numpy, scipy and scikit-learn. An outcome of other code is never counted.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from threadpoolctl import threadpool_limits

from ceteris.closure import PACKAGE, first_party_imports, import_closure
from ceteris.training.fits import available_workers

__all__ = ["Gate", "Outcomes", "Scenario", "Tally", "digest", "outcomes_of", "run", "tally"]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
WORDS = {"__init__", "errors", "sections", "params", "neutral"}
LIBRARIES = ("numpy", "scipy", "scikit-learn", "cleanlab")
Outcomes = Mapping[str, float]


@dataclass(frozen=True)
class Gate:
    """The share of worlds that an outcome may have, both ends included."""

    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True)
class Scenario:
    """One kind of world.

    Attributes
    ----------
    name : str
        Of its file of outcomes.
    block : function of a block's number to the outcomes of its worlds
        Each by its name, "row/column" of a table: 1 or 0, or a share.
    module : str
        Where the function stands.
    gates : Gates by the name of an outcome, or by its column for all rows
    per_block, worlds : int
        Worlds of one block, and of the whole scenario.
    """

    name: str
    block: Callable[[int], Sequence[Outcomes]]
    module: str
    gates: Mapping[str, Gate]
    per_block: int = 10
    worlds: int = 1000

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return self.worlds // self.per_block

    def gate(self, outcome: str) -> Gate | None:
        """Return the gate of an outcome, if it has one."""
        return self.gates.get(outcome, self.gates.get(outcome.partition("/")[2]))


@dataclass(frozen=True)
class Tally:
    """How many of the worlds that could show an outcome did; for a share, their sum."""

    count: float
    of: int

    @property
    def share(self) -> float:
        """Count by worlds."""
        return self.count / self.of if self.of else 0.0

    def within(self, gate: Gate | None) -> bool:
        """Whether the share keeps its gate."""
        return gate is None or gate.low <= self.share <= gate.high


def digest(scenario: Scenario) -> str:
    """Return the sha256, in short, of what makes the outcomes: the code that a scenario runs, and the libraries.

    Docstrings, comments, sentences and the rooms of words (errors, params) are left out: they change no number.
    """
    files = sorted(_closure(scenario.module.removeprefix("calibration.")))
    stated = [(path.relative_to(ROOT).as_posix(), _code(path)) for path in files]
    libraries = [f"{name} {version(name)}" for name in LIBRARIES]
    return hashlib.sha256(json.dumps([stated, libraries]).encode()).hexdigest()[:12]


def _closure(module: str) -> set[Path]:
    """Return the files of the study and of ceteris that running a module of the study can load."""
    found = set(import_closure(module, HERE))
    waiting = [path for one in found for path in first_party_imports(one, PACKAGE)]
    while waiting:
        path = waiting.pop()
        if path not in found and path.stem not in WORDS:
            found.add(path)
            waiting.extend(first_party_imports(path, PACKAGE))
    return found


def _code(path: Path) -> str:
    """Return a file's code as a tree, without imports and docstrings, and without what only writes sentences."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            body[:] = [one for one in body if not _is_words(one)]
        if isinstance(node, ast.JoinedStr):
            node.values.clear()
    return ast.dump(tree)


def _is_words(node: ast.AST) -> bool:
    if isinstance(node, ast.FunctionDef):
        return node.name == "__str__"
    return isinstance(node, ast.Import | ast.ImportFrom) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


def outcomes_of(scenario: Scenario) -> dict[int, Sequence[Outcomes]]:
    """Return the outcomes that are known, by block."""
    path = _path(scenario)
    if not path.is_file():
        return {}
    found = {}
    for line in path.read_text(encoding="utf-8").split("\n")[:-1]:  # a line that was torn has no end
        block, outcomes = json.loads(line)
        found[int(block)] = outcomes
    return found


def _path(scenario: Scenario) -> Path:
    return ROOT / ".ceteris" / "calibration" / f"{scenario.name}-{digest(scenario)}.jsonl"


def tally(worlds: Sequence[Outcomes]) -> dict[str, Tally]:
    """Return the count of each outcome, in the order in which they were first seen."""
    names = list(dict.fromkeys(name for world in worlds for name in world))
    return {
        name: Tally(sum(world.get(name, False) for world in worlds), sum(name in world for world in worlds)) for name in names
    }


def run(scenarios: Sequence[Scenario]) -> dict[str, list[Outcomes]]:
    """Return the outcomes of all worlds by scenario; those that are not known are run, and how long that may take is told."""
    paths = {one.name: _path(one) for one in scenarios}  # of the code as it is when the run starts
    known = {one.name: outcomes_of(one) for one in scenarios}
    todo = [(one, block) for one in scenarios for block in range(one.blocks) if block not in known[one.name]]
    started, told = time.monotonic(), 0.0
    for done, (scenario, block, outcomes) in enumerate(_finished(todo), start=1):
        plain = [{name: float(value) for name, value in world.items()} for world in outcomes]
        _add(paths[scenario.name], [block, plain])
        known[scenario.name][block] = plain
        if time.monotonic() - told > 20 or done == len(todo):
            told = time.monotonic()
            minutes = (told - started) / done * (len(todo) - done) / 60
            print(
                f"calibrate: {scenario.name}, {done} of {len(todo)} blocks; about {minutes:.0f} min left",
                file=sys.stderr,
                flush=True,
            )
    return {name: [world for block in sorted(blocks) for world in blocks[block]] for name, blocks in known.items()}


def _add(path: Path, record: list[object]) -> None:
    """Add a line to a file, over what a stop may have left of a last one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        file.write(json.dumps(record).encode() + b"\n")


def _finished(todo: Sequence[tuple[Scenario, int]]) -> Iterator[tuple[Scenario, int, list[Outcomes]]]:
    """Yield blocks as they end, a process a core and one thread each."""
    waiting, workers = iter(todo), available_workers()
    with ProcessPoolExecutor(workers, initializer=threadpool_limits, initargs=(1,)) as pool:
        running: dict[Future[Sequence[Outcomes]], tuple[Scenario, int]] = {}
        while True:
            while len(running) < 2 * workers and (next_ := next(waiting, None)) is not None:
                running[pool.submit(next_[0].block, next_[1])] = next_
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                scenario, block = running.pop(future)
                yield scenario, block, list(future.result())

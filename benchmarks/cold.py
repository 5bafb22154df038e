"""The default from nothing: `dvc repro` in a fresh clone against one plain script, and where the time of each stage goes."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ratios import Result, side_by_side, table, timed_command
from benchmarks.repository import environment, fresh_clone

HERE = Path(__file__).resolve().parent
TIMES = "CETERIS_BENCH_TIMES"
_RUNNING = "Running stage '"


def run() -> Result:
    """Return how long both take, and a table of the stages."""
    comparison = side_by_side("dvc repro from nothing", "one plain script", _repro, _script, rounds=3, aim="1.5")
    total = statistics.median(comparison.ours)
    parts = _stages()
    return Result(
        (comparison,),
        notes=(
            f"`dvc repro` from nothing took {total:.1f} s (aim: under 40 s on 2 cores). A further run by stages, in seconds:",
            table(("stage", "in all", "fits", "imports", "other work", "DVC"), [part.cells() for part in parts]),
            "Fits: from the first to the last of a stage, on as many processes as paid. Imports: of all libraries, lazy ones"
            " included. DVC: what passes outside the stage's own process: hashes, the cache, dvc.lock; before the first stage"
            " its own start. Imports and fits are clocked inside the process, which costs a few hundredths of a second.",
            "The plain script is benchmarks/plain_pipeline.py: one process, one thread, the same models, versions, controls,"
            " seeds and figures; accuracy only, no fingerprints, no manifest, nothing that can be resumed or rerun in part.",
        ),
    )


def _repro() -> float:
    with fresh_clone() as clone:
        return timed_command(["dvc", "repro"], clone, environment())


def _script() -> float:
    with fresh_clone() as clone:
        script = [sys.executable, str(HERE / "plain_pipeline.py"), "out"]
        return timed_command(script, clone, environment() | {"PYTHONPATH": "src"})


@dataclass(frozen=True)
class _Part:
    """The seconds of one stage."""

    stage: str
    total: float
    process: float = 0.0
    imports: float = 0.0
    fits: float = 0.0

    def cells(self) -> tuple[str, ...]:
        other = self.process - self.imports - self.fits
        return self.stage, *(
            f"{seconds:.2f}" for seconds in (self.total, self.fits, self.imports, other, self.total - self.process)
        )


def _stages() -> list[_Part]:
    """Return the stages of one run that is clocked from outside by DVC's own lines and from inside by `clock`."""
    with fresh_clone() as clone:
        shutil.copy(HERE / "clock.py", clone / "src" / "sitecustomize.py")
        log = clone.parent / "times.jsonl"
        begun = _begins(clone, {**environment(), TIMES: str(log)})
        inside = {line["stage"]: line for line in map(json.loads, log.read_text(encoding="utf-8").splitlines())}
    ends = [seconds for _, seconds in begun[1:]]
    parts = [_Part(stage, end - start, **_seconds(inside.get(stage))) for (stage, start), end in zip(begun, ends, strict=False)]
    return [*parts, _summed(parts)]


def _seconds(line: dict[str, float] | None) -> dict[str, float]:
    return {name: line[name] for name in ("process", "imports", "fits")} if line else {}


def _summed(parts: list[_Part]) -> _Part:
    return _Part("sum", *(sum(getattr(part, name) for part in parts) for name in ("total", "process", "imports", "fits")))


def _begins(clone: Path, env: dict[str, str]) -> list[tuple[str, float]]:
    """Run `dvc repro` and return when each stage began, DVC's own start first and its end last."""
    started = time.perf_counter()
    begun, said = [("(DVC starts)", 0.0)], []
    with subprocess.Popen(
        ["dvc", "repro"], cwd=clone, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            said.append(line)
            if line.startswith(_RUNNING):
                begun.append((line.removeprefix(_RUNNING).split("'")[0], time.perf_counter() - started))
    if running.returncode:
        raise RuntimeError("dvc repro failed:\n" + "".join(said)[-3000:])
    return [*begun, ("", time.perf_counter() - started)]

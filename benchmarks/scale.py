"""What large work takes, beside its limit: a history of 100 experiments, and an effect on ten million scores."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.history import N_CELLS, grow
from benchmarks.ratios import Gate, Result
from benchmarks.repository import ROOT, environment, fresh_clone

SEEDS, ROUNDS = 10, 3
EXPERIMENTS, HISTORY_ROWS = 100, 2_000
_LAST = "model-98"  # of its commit the last on the model axis
EFFECT_ROWS = (10_000, 100_000, 1_000_000)
_EFFECT = """
import sys, time
import numpy as np
from ceteris.measuring.effect import paired_effect
seeds, rows = map(int, sys.argv[1:])
rng = np.random.default_rng(0)
baseline = (rng.random((seeds, rows)) < 0.8).astype(float)
candidate = np.where(rng.random((seeds, rows)) < 0.02, 1 - baseline, baseline)
started = time.perf_counter()
paired_effect(baseline, candidate)
print(time.perf_counter() - started)
"""
# A process starts with the peak of the one that started it: a small one stands between.
_LAUNCH = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


def run() -> Result:
    """Return the gates."""
    return Result(gates=(_ceteris("ceteris --help", ROOT, "--help"), *_history(), *(_effect(rows) for rows in EFFECT_ROWS)))


def _history() -> tuple[Gate, ...]:
    with fresh_clone() as clone:
        grow(clone, experiments=EXPERIMENTS, rows=HISTORY_ROWS, seeds=SEEDS)
        told = f"{EXPERIMENTS} experiments x {N_CELLS} cells x {SEEDS} seeds x {HISTORY_ROWS:,} rows"
        return (
            _ceteris(f"ceteris experiments, {told}", clone, "experiments", limit="10", most="1,000"),
            _ceteris("ceteris compare, two of them", clone, "compare", "main", _LAST),
        )


def _ceteris(workload: str, folder: Path, *words: str, limit: str = "", most: str = "") -> Gate:
    command = [sys.executable, "-c", "from ceteris.cli import main; main()", *words]
    return _gate(workload, [_timed(command, folder)[:2] for _ in range(ROUNDS)], limit, most)


def _effect(rows: int) -> Gate:
    """Return what an effect takes by itself; its memory holds the imports and the scores of both arms too."""
    command = [sys.executable, "-c", _EFFECT, str(SEEDS), str(rows)]
    found = [_timed(command, ROOT) for _ in range(ROUNDS)]
    limit = "2" if rows == EFFECT_ROWS[-1] else ""
    return _gate(f"one effect, {SEEDS} seeds x {rows:,} rows", [(float(said), size) for _, size, said in found], limit)


def _gate(workload: str, spent: list[tuple[float, float]], limit: str, most: str = "") -> Gate:
    seconds, sizes = zip(*spent, strict=True)
    return Gate(workload, statistics.median(seconds), limit, max(sizes), most, os.getloadavg()[0])


def _timed(command: list[str], folder: Path) -> tuple[float, float, str]:
    """Return the seconds that a command takes, the megabytes that it holds at most, and what it prints."""
    started = time.perf_counter()
    launched = [sys.executable, "-c", _LAUNCH, *command]
    done = subprocess.run(launched, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return seconds, float(done.stderr.splitlines()[-1]) / (1e6 if sys.platform == "darwin" else 1e3), done.stdout

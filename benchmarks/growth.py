"""How the time of each piece of work grows with the rows: a stage, a function or an opening, and the exponent of its growth."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from benchmarks.ratios import Result, table
from benchmarks.repository import ROOT, environment
from benchmarks.workloads import synthetic

ROWS = (10_000, 100_000, 1_000_000)
COLUMNS, CLASSES = 20, 5
STEEP = 1.2  # n log n grows by 1.07 from 10^5 to 10^6
STAGES = ("ingest", "validate", "split", "audit", "diagnose", "fix", "train", "compare", "report")
_QUICK = "sklearn.naive_bayes.GaussianNB"  # what is left of a stage is its own work
_STAGE = """
import sys, time
from importlib import import_module
from ceteris.stages import open_stage
import sklearn.naive_bayes, sklearn.model_selection, cleanlab.filter
name = sys.argv[1]
main = import_module(f"ceteris.stages.{name}").main
started = time.perf_counter()
main(open_stage(name))
print(time.perf_counter() - started)
"""
_QUEUE = """
import time
from ceteris.reviewing.session import open_session
started = time.perf_counter()
rows, _ = open_session("train", reviewer="bench", root=".").deal(20)
print(time.perf_counter() - started)
"""
_FUNCTIONS = """
import time
import numpy as np, pandas as pd
from sklearn.naive_bayes import GaussianNB
import ceteris
from ceteris.dataset import Dataset, row_digests
from ceteris.measuring.fingerprint import of_rows
from ceteris.issues.table import find_label_issues
from ceteris.tables.near import near_clusters
from ceteris.store import read_parquet

data = Dataset.from_frame(read_parquet("data/raw/table.parquet"))
rows, half = data.features, len(data) // 2
labels = np.unique(data.labels, return_inverse=True)[1]
candidate = np.where(np.arange(len(data)) % 20, labels, (labels + 1) % 5)
rng = np.random.default_rng(0)
words = pd.DataFrame({"w": pd.Series(rng.choice(["ant", "bee", "cow", None], len(data)), dtype=object)})
vectors = pd.DataFrame({"v": pd.Series(list(rng.random((len(data), 32), dtype=np.float32)), dtype=object)})
pred_probs = rng.dirichlet(np.ones(5), len(data)) * 0.5 + 0.5 * np.eye(5)[labels]
classes = tuple(sorted(set(data.labels)))
digests = row_digests(rows)
both = (rows[:half].to_numpy(), labels[:half]), (rows[:half].to_numpy(), candidate[:half])
judging = rows[half:].to_numpy(), labels[half:]
work = {
    "row digests, 20 numbers": lambda: row_digests(rows),
    "row digests, words": lambda: row_digests(words),
    "row digests, vectors of 32": lambda: row_digests(vectors),
    "fingerprint of rows": lambda: of_rows(data.ids, digests, data.labels, np.ones(len(data))),
    "near copies": lambda: near_clusters(rows, 0.005),
    "label issues": lambda: find_label_issues(data.ids, data.labels, pred_probs, classes),
    "ceteris.measure_effect": lambda: ceteris.measure_effect(
        GaussianNB(), baseline=both[0], candidate=both[1], validation=judging, seeds=5
    ),
}
for name, function in work.items():
    started = time.perf_counter()
    function()
    print(time.perf_counter() - started, name, sep="\\t")
"""


def run() -> Result:
    """Return the seconds of each piece of work for each number of rows, with the exponent of its growth."""
    load = os.getloadavg()[0]
    found = {rows: dict(_spent(rows)) for rows in ROWS}
    names = list(found[ROWS[0]])
    lines = [(name, *(f"{found[rows][name]:.2f}" for rows in ROWS), _exponent(found, name)) for name in names]
    steep = [line[0] for line in lines if float(line[-1]) > STEEP]
    return Result(
        notes=(
            f"Seconds for so many rows of {COLUMNS} numbers and {CLASSES} classes, once each, with naive Bayes as the model, so"
            " that what is told is ceteris' own work; imports are left out. Exponent: of the growth from the second size to the"
            f" third; 1 is in step with the rows, and n log n is 1.07. Load before: {load:.1f}.",
            table(("work", *(f"{rows:,}" for rows in ROWS), "exponent"), lines),
            f"Steeper than {STEEP}: {', '.join(steep) or 'nothing'}.",
        )
    )


def _exponent(found: dict[int, dict[str, float]], name: str) -> str:
    before, after = ROWS[-2:]
    return f"{math.log(found[after][name] / found[before][name]) / math.log(after / before):.2f}"


def _spent(rows: int) -> Iterator[tuple[str, float]]:
    sys.path.insert(0, str(ROOT / "tests"))
    import small

    with tempfile.TemporaryDirectory(prefix="ceteris-bench-") as name:
        root = small.repository(Path(name) / "repository", small.params(**_params("mine.csv")), frame := _rows(rows))
        yield "ingest, CSV", _timed(root, _STAGE, "ingest")
        frame.to_parquet(root / "data/source/mine.parquet", index=False)
        del frame
        text = (root / "params.yaml").read_text(encoding="utf-8")
        (root / "params.yaml").write_text(text.replace("mine.csv", "mine.parquet"), encoding="utf-8")
        yield "ingest, Parquet", _timed(root, _STAGE, "ingest")
        for stage in STAGES[1:]:
            yield stage, _timed(root, _STAGE, stage)
        yield "train, nothing to fit", _timed(root, _STAGE, "train")
        yield "review queue, opened first", _timed(root, _QUEUE)
        yield "review queue, opened again", _timed(root, _QUEUE)
        for line in _run(root, _FUNCTIONS).splitlines():
            seconds, work = line.split("\t")
            yield work, float(seconds)


def _params(source: str) -> dict[str, dict[str, object]]:
    quick = {"estimator": _QUICK, "prepare": "none"}
    data = {"axis": "data", "model": "quick", "baseline": "given"}
    return {
        "ingest": {"source": f"data/source/{source}"},
        "audit": {"model": quick, "folds": 5},
        "train": {"models": {"quick": quick, "smoothed": quick | {"params": {"var_smoothing": 0.001}}}},
        "compare": {
            "planned": [
                data | {"candidate": "simulated"},
                data | {"candidate": "pruned"},
                {"axis": "model", "version": "given", "baseline": "quick", "candidate": "smoothed"},
            ]
        },
    }


def _rows(rows: int) -> pd.DataFrame:
    data = synthetic(rows, COLUMNS, CLASSES)
    told = pd.DataFrame(data.features, columns=[f"x{column:02d}" for column in range(COLUMNS)])
    return told.assign(
        id=[f"row-{row:07d}" for row in range(rows)], label=[f"c{code}" for code in data.given],
        truth=[f"c{code}" for code in data.true],
    )  # fmt: skip


def _timed(root: Path, code: str, *words: str) -> float:
    return float(_run(root, code, *words).splitlines()[-1])


def _run(root: Path, code: str, *words: str) -> str:
    told = environment() | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=root, env=told, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)} failed on {root.name}:\n{done.stderr[-3000:]}")
    return done.stdout

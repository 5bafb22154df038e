"""What is larger than a laptop likes, time and memory beside those of a plain script: an audit, and label issues by themselves.

Memory is that of a process and all that it started, pages they share counted once, looked at ten times a second.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.ratios import Comparison, Gate, Result
from benchmarks.repository import ROOT, environment
from benchmarks.workloads import synthetic

AUDIT_ROWS, COLUMNS, ROUNDS = 1_000_000, 20, 1
ISSUE_ROWS, CLASSES = 10_000_000, 10
_CHECKED = 20_000  # rows on which both sides must flag the same
_MODEL = {"max_iter": 30, "early_stopping": False, "random_state": 0}
_AUDIT = "from ceteris.stages import audit, run; run(audit.main)"
_PLAIN = f"""
import numpy as np, pandas as pd
from cleanlab.filter import find_label_issues
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict

rows = pd.read_parquet("data/split/train.parquet")
features, (given, classes) = rows.filter(regex="^x"), pd.factorize(rows["ceteris:label"], sort=True)
folds = StratifiedKFold(5, shuffle=True, random_state=0)
model = HistGradientBoostingClassifier(**{_MODEL})
pred_probs = cross_val_predict(model, features, given, cv=folds, method="predict_proba")
issues = pd.DataFrame({{
    "id": rows["ceteris:id"], "given_label": rows["ceteris:label"], "suggested_label": classes[pred_probs.argmax(axis=1)],
    "label_quality": pred_probs[np.arange(len(rows)), given], "is_label_issue": find_label_issues(given, pred_probs, n_jobs=1),
}})
pd.DataFrame(pred_probs).set_axis(classes, axis=1).to_parquet("plain-pred_probs.parquet")
issues.to_parquet("plain-issues.parquet")
queue = issues.sort_values(["is_label_issue", "label_quality", "id"], ascending=[False, True, True]).head(1000)
queue.to_csv("plain-queue.csv")
"""
_Beside = tuple[Comparison, list[Gate]]
_MAPPED = """
import sys
import numpy as np
labels, pred_probs = (np.load(f"{name}.npy", mmap_mode="r") for name in ("labels", "pred_probs"))
"""
_OURS = """
from ceteris.issues.confident import find_doubts
print(find_doubts(labels, pred_probs).flagged.sum())
"""
_THEIRS = """
from cleanlab.experimental.label_issues_batched import find_label_issues_batched
print(find_label_issues_batched(labels, pred_probs, verbose=False, return_mask=True).sum())
"""


@dataclass(frozen=True)
class Spent:
    """What a process took: seconds, start and imports included, and megabytes at most."""

    seconds: float
    megabytes: float


def run() -> Result:
    """Return both comparisons, and the memory of each side."""
    with tempfile.TemporaryDirectory(prefix="ceteris-bench-") as name:
        audits = _audits(Path(name))
        issues = _issues(Path(name))
    return Result(
        comparisons=tuple(comparison for comparison, _ in (*audits, issues)),
        gates=tuple(gate for _, gates in (*audits, issues) for gate in gates),
        notes=(
            "The audit is the whole stage, its files read and written; the script does the same folds, model and rule, in one"
            " process, and writes the same tables. ceteris also looks for copies of a row, which no two folds may share. With"
            " as many processes as pay, its memory is that of all of them together.",
            f"Label issues: {ISSUE_ROWS:,} x {CLASSES} probabilities in float32, mapped into memory. The two sides do not flag"
            " the same rows: ceteris those of cleanlab's prune_by_noise_rate, as it does in memory, row for row; cleanlab's"
            " batched finder those of lowest self-confidence.",
        ),
    )


def _audits(folder: Path) -> list[_Beside]:
    small, large = (_audited(folder / name, rows) for name, rows in (("small", _CHECKED), ("large", AUDIT_ROWS)))
    _measured(small, _AUDIT)
    _measured(small, _PLAIN)
    _refuse_other_flags(small)
    told = f"audit, boosting of {_MODEL['max_iter']} trees, {AUDIT_ROWS:,} x {COLUMNS}"
    return [
        _beside(f"{told}, {name}", "plain script", large, (_AUDIT, _PLAIN), limit="1.1", memory=1.3, workers=workers)
        for name, workers in (("one process", "1"), ("as many processes as pay", ""))
    ]


def _audited(root: Path, rows: int) -> Path:
    """Return a repository whose rows are split, and not audited."""
    sys.path.insert(0, str(ROOT / "tests"))
    import pandas as pd
    import small

    from ceteris.dataset import ID, LABEL
    from ceteris.store import write_json, write_parquet

    model = {"estimator": "sklearn.ensemble.HistGradientBoostingClassifier", "prepare": "none", "params": _MODEL}
    small.repository(root, small.params(audit={"model": model, "folds": 5}))
    data = synthetic(rows, COLUMNS, classes=2)
    table = pd.DataFrame({ID: [f"row-{row:08d}" for row in range(rows)], LABEL: np.array(["no", "yes"])[data.given]})
    table[[f"x{column:02d}" for column in range(COLUMNS)]] = data.features
    write_parquet(root / "data/split/train.parquet", table)
    write_json(root / "data/split/classes.json", ["no", "yes"])
    return root


def _refuse_other_flags(root: Path) -> None:
    import pandas as pd

    ours, theirs = (pd.read_parquet(root / name) for name in ("data/audit/issues.parquet", "plain-issues.parquet"))
    if not ours["is_label_issue"].equals(theirs["is_label_issue"]):
        raise RuntimeError("The two sides flag different rows: their times say nothing.")


def _issues(folder: Path) -> _Beside:
    """Write probabilities that are right three times in four to a file, and let both sides read it."""
    rng = np.random.default_rng(0)
    labels = np.lib.format.open_memmap(folder / "labels.npy", "w+", np.int64, (ISSUE_ROWS,))
    table = np.lib.format.open_memmap(folder / "pred_probs.npy", "w+", np.float32, (ISSUE_ROWS, CLASSES))
    for start in range(0, ISSUE_ROWS, 100_000):
        true = rng.integers(0, CLASSES, len(labels[start : start + 100_000]))
        sure = np.exp(rng.normal(size=(len(true), CLASSES)) + 3 * np.eye(CLASSES)[true])
        wrong = np.where(rng.random(len(true)) < 0.1, rng.integers(1, CLASSES, len(true)), 0)
        labels[start : start + 100_000] = (true + wrong) % CLASSES
        table[start : start + 100_000] = sure / sure.sum(axis=1, keepdims=True)
    labels.flush()
    table.flush()
    told = f"label issues, {ISSUE_ROWS:,} x {CLASSES} mapped into memory"
    return _beside(told, "cleanlab, batched", folder, (_MAPPED + _OURS, _MAPPED + _THEIRS), limit="1.0", most="2,000")


def _beside(
    told: str,
    against: str,
    folder: Path,
    codes: tuple[str, str],
    *,
    limit: str,
    memory: float = 0.0,
    most: str = "",
    workers: str = "1",
) -> _Beside:
    """Return the times of both sides in turns, and their memory; ours may be `memory` times theirs."""
    load, spent = os.getloadavg()[0], [[_measured(folder, code, workers) for code in codes] for _ in range(ROUNDS)]
    mine, other = zip(*spent, strict=True)
    times = tuple(one.seconds for one in mine), tuple(one.seconds for one in other)
    most = most or f"{memory * max(one.megabytes for one in other):,.0f}"
    return Comparison(told, against, *times, "1.0", limit, load), [
        Gate(told, statistics.median(times[0]), "", max(one.megabytes for one in mine), most, load),
        Gate(f"{told}: {against}", statistics.median(times[1]), "", max(one.megabytes for one in other), "", load),
    ]


def _measured(folder: Path, code: str, workers: str = "1") -> Spent:
    """Return what a process takes that runs this code in a folder, with so many workers where ceteris has some to spread."""
    told = environment() | {"PYTHONPATH": str(ROOT / "src"), "CETERIS_WORKERS": workers}
    if not workers:
        del told["CETERIS_WORKERS"]
    with tempfile.TemporaryFile() as said:
        started, most = time.perf_counter(), 0.0
        process = subprocess.Popen([sys.executable, "-c", code], cwd=folder, env=told, stdout=said, stderr=said)
        while process.poll() is None:
            most = max(most, _held(process.pid))
            time.sleep(0.1)
        seconds = time.perf_counter() - started
        said.seek(0)
        if process.returncode:
            raise RuntimeError(f"A benchmark failed:\n{said.read().decode(errors='replace')[-3000:]}")
    return Spent(seconds, most)


def _held(pid: int) -> float:
    """Return the megabytes that a process and those it started hold, shared pages once where the system tells."""
    import psutil

    total = 0
    try:
        for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            found = process.memory_full_info() if sys.platform == "linux" else process.memory_info()
            total += getattr(found, "pss", found.rss)
    except psutil.Error:  # one that ended meanwhile
        return 0.0
    return total / 1e6

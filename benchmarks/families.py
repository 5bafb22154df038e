"""How long the search for families of errors takes, and how that grows: tables of 50 columns, and texts."""

from __future__ import annotations

import math
import os
import resource
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.ratios import Gate, Result, table
from ceteris.dataset import ID, LABEL, Dataset
from ceteris.families.found import find_families

LIMIT = "30"  # seconds
TABLE_ROWS, TEXT_ROWS = (25_000, 50_000, 100_000), (5_000, 10_000, 20_000)
_COLUMNS, _WORDS = 50, 30_000


def run() -> Result:
    """Return the gates, and how the time grows."""
    work: dict[str, tuple[tuple[int, ...], Callable[[int], pd.DataFrame]]] = {
        f"families of a table of {_COLUMNS} columns": (TABLE_ROWS, table_of),
        "families of texts of 40 words": (TEXT_ROWS, texts_of),
    }
    gates, lines = [], []
    for told, (sizes, made) in work.items():
        load = os.getloadavg()[0]
        spent = [_seconds(made(rows), rows) for rows in sizes]
        work_done = [cpu for _, cpu in spent]  # what a busy machine does not lengthen
        exponent = math.log(work_done[-1] / work_done[0]) / math.log(sizes[-1] / sizes[0])
        sized = (f"{cpu:.1f} s for {rows:,}" for cpu, rows in zip(work_done, sizes, strict=True))
        lines.append((told, *sized, f"{exponent:.2f}"))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        gates.append(Gate(f"{told}, {sizes[-1]:,} rows", spent[-1][0], LIMIT, peak, "", load))
    head = ("work, in seconds of a core", "a quarter of the rows", "half", "all", "exponent")
    return Result(gates=tuple(gates), notes=(table(head, lines),))


def table_of(rows: int) -> pd.DataFrame:
    """Return 30 columns of numbers, 10 of a few categories, 5 of many, 5 with gaps."""
    rng = np.random.default_rng(0)
    found: dict[str, object] = {f"x{place:02d}": rng.normal(size=rows) for place in range(_COLUMNS - 20)}
    for place in range(10):
        found[f"few{place}"] = pd.Series([f"v{code}" for code in rng.integers(0, 8, rows)], dtype=object)
    for place in range(5):
        found[f"many{place}"] = pd.Series([f"city {code}" for code in rng.zipf(1.3, rows) % 100_000], dtype=object)
        found[f"gaps{place}"] = np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows))
    return pd.DataFrame(found)


def texts_of(rows: int) -> pd.DataFrame:
    """Return one column of texts of 40 words, drawn as often as Zipf's law has it."""
    rng = np.random.default_rng(0)
    words = np.array([f"word{place}" for place in range(_WORDS)], dtype=object)
    drawn = np.minimum(rng.zipf(1.2, (rows, 40)), _WORDS) - 1
    return pd.DataFrame({"text": pd.Series([" ".join(words[line]) for line in drawn], dtype=object)})


def _seconds(features: pd.DataFrame, rows: int) -> tuple[float, float]:
    """Return the seconds that a search takes, and those of a core."""
    rng = np.random.default_rng(1)
    pred_probs = rng.dirichlet((8.0, 1.0, 1.0), rows)
    given = (pred_probs.cumsum(axis=1) > rng.random(rows)[:, None]).argmax(axis=1)
    names = np.array(["ant", "bee", "cow"], dtype=object)
    ids = np.array([f"r{row:06d}" for row in range(rows)], dtype=object)
    data = Dataset.from_frame(features.assign(**{ID: ids, LABEL: names[given]}))
    quality = pred_probs[np.arange(rows), given]
    issues = pd.DataFrame({"id": ids, "label_quality": quality, "is_label_issue": pred_probs.argmax(axis=1) != given})
    import sklearn.isotonic  # noqa: F401 - imports are no part of it

    started, begun = time.perf_counter(), time.process_time()
    find_families(data, issues, pred_probs, tuple(names), {"text": "text"})
    return time.perf_counter() - started, time.process_time() - begun

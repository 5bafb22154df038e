"""The bake-off of detectors: every detector on errors planted ten times, on tables of 50 columns, with the audit's model."""

from __future__ import annotations

import math
import os
import time

import numpy as np
import pandas as pd

from benchmarks.ratios import Result, table
from benchmarks.workloads import synthetic

ROWS = (1_000, 10_000)
COLUMNS, CLASSES, DRAWS = 50, 5, 10
LIMIT = 300  # seconds for the largest table on two cores


def run() -> Result:
    """Return the seconds of a bake-off for each number of rows, with the exponent of their growth."""
    load = os.getloadavg()[0]
    wall, worked = zip(*(_spent(rows) for rows in ROWS), strict=True)
    exponent = math.log(worked[-1] / worked[0]) / math.log(ROWS[-1] / ROWS[0])
    return Result(
        notes=(
            f"Seconds of `ceteris detectors` on tables of {COLUMNS} numbers and {CLASSES} classes: {DRAWS} draws of planted"
            f" errors, every detector, a logistic judge. The aim is under {LIMIT} s for {ROWS[-1]:,} rows on two cores."
            f" Exponent of the processor time: {exponent:.2f}. Load before: {load:.1f}.",
            table(
                ("", *(f"{rows:,} rows" for rows in ROWS)),
                [("by the clock", *(f"{one:.0f}" for one in wall)), ("of the processors", *(f"{one:.0f}" for one in worked))],
            ),
        )
    )


def _spent(rows: int) -> tuple[float, float]:
    """Return the seconds by the clock, and those that processors worked."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from ceteris.dataset import ID, LABEL, Dataset
    from ceteris.detectors.bakeoff import bake_off
    from ceteris.detectors.scores import DETECTORS
    from ceteris.detectors.tried import tried_rows, world_of

    made = synthetic(rows, COLUMNS, CLASSES)
    features = pd.DataFrame(made.features, columns=[f"x{column:02d}" for column in range(COLUMNS)])
    given = np.array([f"c{code}" for code in made.given], dtype=object)
    frame = features.assign(**{ID: [f"row-{row:07d}" for row in range(rows)], LABEL: given})
    started, before = time.perf_counter(), os.times()
    data, _ = tried_rows(Dataset.from_frame(frame), rows)
    judge = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    world, *_ = world_of(data, tuple(sorted(set(data.labels))), judge, DETECTORS)
    bake_off(world, DRAWS)
    after = os.times()
    worked = sum(
        getattr(after, name) - getattr(before, name) for name in ("user", "system", "children_user", "children_system")
    )
    return time.perf_counter() - started, worked

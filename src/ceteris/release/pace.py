"""How fast a model answers, measured where this runs: one row at a time in this process, and what a load test sees."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Load", "latency_ms"]

_WARM, _CALLS, _MOST_SECONDS = 10, 300, 5.0
Predict = Callable[[pd.DataFrame], Any]


@dataclass(frozen=True)
class Load:
    """What a load test saw.

    Attributes
    ----------
    per_second : float
        Answers, without those that failed.
    p95_ms : float
        The 95th percentile of their times in milliseconds, NaN without any.
    failed : int
        Requests that were refused, or not answered at all.
    why : str
        What the first of them said.
    """

    per_second: float
    p95_ms: float
    answered: int
    failed: int
    why: str


def latency_ms(predict: Predict, rows: pd.DataFrame) -> float:
    """Return the 95th percentile of the time that one prediction of one row takes, after warm-up, in milliseconds."""
    frames = _single(rows)
    for turn in range(_WARM):
        predict(frames[turn % len(frames)])
    times: list[float] = []
    until = time.perf_counter() + _MOST_SECONDS
    while len(times) < _CALLS and (len(times) < _WARM or time.perf_counter() < until):
        times.append(_timed(predict, frames[len(times) % len(frames)]))
    return float(np.quantile(times, 0.95)) * 1000


def _single(rows: pd.DataFrame) -> list[pd.DataFrame]:
    return [rows.iloc[[place]].reset_index(drop=True) for place in range(min(len(rows), 100))]


def _timed(predict: Predict, frame: pd.DataFrame) -> float:
    began = time.perf_counter()
    predict(frame)
    return time.perf_counter() - began

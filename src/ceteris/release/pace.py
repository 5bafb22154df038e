"""How fast a model answers, measured where this runs: one row at a time, and under several clients at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Load", "latency_ms", "load_test"]

_WARM, _CALLS, _MOST_SECONDS = 10, 300, 5.0
Predict = Callable[[pd.DataFrame], Any]


@dataclass(frozen=True)
class Load:
    """What a load test saw: answers a second, and the 95th percentile of their times in milliseconds."""

    per_second: float
    p95_ms: float
    answered: int


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


def load_test(predict: Predict, rows: pd.DataFrame, clients: int, seconds: float) -> Load:
    """Return how a model fares when `clients` threads ask for one row at a time, each as soon as it has its answer.

    It is called in this process, without HTTP around it: what the model itself bears.

    Raises
    ------
    Exception
        Whatever a prediction raised.
    """
    frames = _single(rows)
    predict(frames[0])
    times: list[list[float]] = [[] for _ in range(clients)]
    failed: list[BaseException] = []
    began = time.perf_counter()

    def ask(client: int) -> None:
        turn = client
        try:
            while not failed and (time.perf_counter() - began < seconds or not times[client]):
                times[client].append(_timed(predict, frames[turn % len(frames)]))
                turn += clients
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=ask, args=(client,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    if failed:
        raise failed[0]
    every = np.concatenate(times)
    return Load(len(every) / took, float(np.quantile(every, 0.95)) * 1000, len(every))


def _single(rows: pd.DataFrame) -> list[pd.DataFrame]:
    return [rows.iloc[[place]].reset_index(drop=True) for place in range(min(len(rows), 100))]


def _timed(predict: Predict, frame: pd.DataFrame) -> float:
    began = time.perf_counter()
    predict(frame)
    return time.perf_counter() - began

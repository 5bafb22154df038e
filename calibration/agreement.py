"""Worlds of people who labelled the same rows: does the interval of their agreement hold what it is on many rows?"""

from __future__ import annotations

from functools import cache

import numpy as np

from ceteris.editing.annotators import agreement

__all__ = ["COVERED", "SIZES", "TRUTH_ROWS", "WORLDS", "agreeing"]

COVERED = "interval of alpha"
SIZES = (60, 200, 1000)
TRUTH_ROWS = 400_000
N_CLASSES, PRIOR = 3, (0.6, 0.3, 0.1)
# How often each person is right, and how often asked.
WORLDS = {
    "three people, often right": ((0.95, 0.95, 0.95), 0.8),
    "three people, often wrong": ((0.6, 0.6, 0.6), 0.8),
    "eight, a third of the rows each, two careless": ((0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.34, 0.34), 0.33),
}


def _votes(rng: np.random.Generator, n_rows: int, world: str) -> np.ndarray:
    right, asked = WORLDS[world]
    shape = n_rows, len(right)
    true = rng.choice(N_CLASSES, n_rows, p=PRIOR)[:, None]
    wrong = (true + rng.integers(1, N_CLASSES, shape)) % N_CLASSES
    return np.where(rng.random(shape) < asked, np.where(rng.random(shape) < right, true, wrong), np.nan)


@cache
def _truth(world: str) -> float:
    """Return alpha on many rows: its own error is a fiftieth of that on a thousand rows and less."""
    return agreement(_votes(np.random.default_rng(17), TRUTH_ROWS, world), N_CLASSES).alpha


def agreeing(world: int) -> dict[str, bool]:
    """One table of votes in each world of people and each size: does the interval hold alpha of many rows?"""
    rng = np.random.default_rng([17, world])
    found = {}
    for name in WORLDS:
        votes = _votes(rng, max(SIZES), name)
        for n_rows in SIZES:
            told = agreement(votes[:n_rows], N_CLASSES)
            found[f"{name}, n {n_rows}/{COVERED}"] = bool(told.low <= _truth(name) <= told.high)
    return found

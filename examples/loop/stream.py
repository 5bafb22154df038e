"""Digits that a server is asked about: those that no model has seen, then another writer's, slanted, off and blurred."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter, rotate, shift
from sklearn.datasets import load_digits

__all__ = ["KNOWN", "known_digits", "stream", "with_errors"]

KNOWN = 997  # digits that the model is made of; the other 800 come in as requests
PIXELS = [f"pixel_{place:02d}" for place in range(64)]


def known_digits(seed: int) -> pd.DataFrame:
    """Return the digits that the model is made of: id, label, and the 64 pixels."""
    return _digits(_order(seed)[:KNOWN], "digit")


def stream(settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows of the stream in their order: id, label (the true one), drifted, and the 64 pixels.

    Before the drift each digit comes once, as it was written. The other writer's are drawn anew from the same 800, no two
    of them equal.
    """
    rows, seed, drift = settings["stream"]["rows"], settings["stream"]["seed"], settings["drift"]
    starts = rows if drift["starts"] is None else min(rows, drift["starts"])
    fresh = _order(seed)[KNOWN:]
    if starts > len(fresh):
        raise ValueError(f"before the drift the stream holds {len(fresh)} digits, and {starts} are asked for")
    rng = np.random.default_rng([seed, 1])
    found = _digits(np.concatenate([fresh[:starts], rng.choice(fresh, rows - starts)]), "request")
    drawn = found[PIXELS].to_numpy(copy=True).reshape(-1, 8, 8)
    for row in range(starts, rows):
        drawn[row] = _by_another(drawn[row], drift, rng)
    found[PIXELS] = drawn.reshape(rows, -1)
    return found.assign(id=[f"request-{row:04d}" for row in range(rows)], drifted=np.arange(rows) >= starts)


def with_errors(labels: pd.Series, share: float, seed: int) -> pd.Series:
    """Return the labels with some of them wrong: those of a reviewer who errs."""
    rng = np.random.default_rng([seed, 2])
    wrong = rng.choice(len(labels), round(share * len(labels)), replace=False)
    said, more = labels.to_numpy(dtype=object).copy(), rng.integers(1, 10, len(wrong))
    said[wrong] = [str((int(label) + int(by)) % 10) for label, by in zip(said[wrong], more, strict=True)]
    return pd.Series(said, index=labels.index)


def _order(seed: int) -> np.ndarray:
    return np.random.default_rng([seed, 0]).permutation(len(load_digits().target))


def _digits(places: np.ndarray, name: str) -> pd.DataFrame:
    shipped = load_digits()
    head = pd.DataFrame({"id": [f"{name}-{place:04d}" for place in places], "label": shipped.target[places].astype(str)})
    return pd.concat([head, pd.DataFrame(shipped.data[places], columns=PIXELS)], axis=1)


def _by_another(digit: np.ndarray, drift: Mapping[str, Any], rng: np.random.Generator) -> np.ndarray:
    slanted = rotate(digit, drift["rotation"] * rng.uniform(0.6, 1.4), reshape=False, order=1)
    off = shift(slanted, (0.0, drift["shift"] * rng.uniform(0.6, 1.4)), order=1)
    return np.clip(gaussian_filter(off, drift["blur"]) * rng.uniform(0.9, 1.1), 0, 16)

"""A served model with its log on, against a bare FastAPI endpoint of the same model, and against predict_proba in process."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from benchmarks.ratios import Comparison, Result, side_by_side
from benchmarks.served import Client, bodies, busy, package, running, serve

_SINGLE, _ROUNDS = 100, 7
_MODELS = {"SVC": "sklearn.svm.SVC", "forest": "sklearn.ensemble.RandomForestClassifier",
           "logistic": "sklearn.linear_model.LogisticRegression"}  # fmt: skip


def run() -> Result:
    """Return the comparisons of three models, from a slow one to one that takes no time."""
    found: list[Comparison] = []
    with tempfile.TemporaryDirectory() as place:
        for name, estimator in _MODELS.items():
            found += _of(name, package(Path(place) / name, estimator))
    return Result(tuple(found), notes=(_NOTE,))


_NOTE = (
    "In process: `predict_proba`; of SVC, without probabilities here, `predict`. From JSON: what any server has to do first,"
    " json.loads and a table of it, is in both. 1,000 rows of 64 numbers are 1.1 MB of JSON, which take their time to be read,"
    " checked and logged whatever the model takes (decision 26): against the model alone, of a table, a batch has no aim."
)


def _of(name: str, folder: Path) -> list[Comparison]:
    def bare(port: int) -> list[str]:
        return [sys.executable, "-m", "benchmarks.bare", str(folder), str(port)]

    with serve(folder) as (ours, _, _), running(bare) as (theirs, _):
        single, (batch,) = bodies(folder, 1, _SINGLE), bodies(folder, 1000)
        one, other = Client(ours), Client(theirs)
        for client in (one, other):
            client.times(single)

        def quantile(client: Client, share: float) -> float:
            return sorted(client.times(single))[int(share * (_SINGLE - 1))]

        beside = "bare FastAPI endpoint"
        return [
            side_by_side(f"{name}: one row, p50", beside, lambda: quantile(one, 0.5), lambda: quantile(other, 0.5),
                         rounds=_ROUNDS, aim="1.5", limit="1.5"),
            side_by_side(f"{name}: one row, p99", beside, lambda: quantile(one, 0.99), lambda: quantile(other, 0.99),
                         rounds=_ROUNDS, aim=""),
            side_by_side(f"{name}: {_SINGLE} rows, 8 clients", beside, lambda: busy(ours, single, 8),
                         lambda: busy(theirs, single, 8), rounds=_ROUNDS, aim="1.43", limit="1.43"),
            side_by_side(f"{name}: batch of 1,000", beside, lambda: one.times([batch])[0], lambda: other.times([batch])[0],
                         rounds=_ROUNDS, aim="", limit="1.5"),
            side_by_side(f"{name}: batch of 1,000", "in process, of a table", lambda: one.times([batch])[0],
                         _in_process(folder, batch), rounds=_ROUNDS, aim=""),
            side_by_side(f"{name}: batch of 1,000", "in process, from JSON", lambda: one.times([batch])[0],
                         _in_process(folder, batch, parsed=False), rounds=_ROUNDS, aim="1.3"),
        ]  # fmt: skip


def _in_process(folder: Path, batch: bytes, *, parsed: bool = True) -> Callable[[], float]:
    from ceteris.serving.packaged import open_package

    packaged = open_package(folder)
    names = [one.name for one in packaged.schema.features]
    ask = getattr(packaged.estimator, "predict_proba", packaged.estimator.predict)
    table = pd.DataFrame(json.loads(batch)["rows"], columns=names)

    def timed() -> float:
        started = time.perf_counter()
        ask(table if parsed else pd.DataFrame(json.loads(batch)["rows"], columns=names))
        return time.perf_counter() - started

    timed()
    return timed

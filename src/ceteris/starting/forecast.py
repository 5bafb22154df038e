"""How long a first run will take: a short fit of each model on a sample, times the fits that the run will ask for."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import LABEL, META
from ceteris.params import Params
from ceteris.sections import ModelRecipe
from ceteris.training.fits import available_workers
from ceteris.training.models import build, seeded
from ceteris.training.pred_probs import fit, guarded

__all__ = ["expected_seconds", "expected_time"]

_SAMPLES = (100, 500, 2_000, 8_000)  # rows of the fits that are timed, as many as stay short
_SHORT = 8.0  # seconds
_START_UP = 25.0  # seconds that all stages take to start, write and draw, whatever the data
_WORST = {"SVC": 2.0}  # how a fit's time grows with the rows, where not in proportion


def expected_time(frame: pd.DataFrame, params: Params) -> str:
    """Return a line on how long the pipeline will take on a table in the form of `sources.read`."""
    seconds = expected_seconds(frame, params)
    shown = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
    return f"expected time of a first `dvc repro`: about {shown} (an estimate, from one fit of each model on a sample)"


def expected_seconds(frame: pd.DataFrame, params: Params) -> float:
    """Return the expected seconds of a first run: timed fits of each recipe, scaled to the train rows, times its fits.

    Fits run in as many processes as there are cores to use.
    """
    train_rows = len(frame) * (1 - params.split.validation - params.split.test)
    shuffled = frame.iloc[np.random.default_rng(0).permutation(len(frame))[: _SAMPLES[-1]]]
    features = shuffled[[name for name in shuffled.columns if name not in META]].reset_index(drop=True)
    labels = shuffled[LABEL].to_numpy(dtype=object)
    targets = labels.astype(np.float64) if params.numbers else pd.factorize(labels)[0]
    verified = params.ingest.true_label is not None or params.ingest.plant.rate > 0
    recipes = [(recipe, _fits_ahead(recipe, params.train.seeds, verified)) for recipe in params.train.models.values()]
    recipes.append((params.audit.model, params.audit.folds * params.audit.repeats))
    once: dict[str, float] = {}
    for recipe, _ in recipes:
        if repr(recipe) not in once:
            once[repr(recipe)] = _seconds_a_fit(recipe, params.model_kind, features, targets, train_rows)
    return _START_UP + sum(count * once[repr(recipe)] for recipe, count in recipes) / available_workers()


def _fits_ahead(recipe: ModelRecipe, seeds: int, verified: bool) -> int:
    """Return how many fits a first run asks of a model: versions and controls, times seeds where these change a fit."""
    versions, drawn = (5, 2) if verified else (3, 1)
    stochastic = "random" in recipe.estimator.lower() or "Boosting" in recipe.estimator
    return seeds * (versions + drawn + 1) if stochastic else versions + drawn * seeds


def _seconds_a_fit(recipe: ModelRecipe, kind: str, features: pd.DataFrame, targets: np.ndarray, train_rows: float) -> float:
    """Return the seconds of a fit on all train rows, from samples that grow as long as a fit of the next is short."""
    growth = _WORST.get(recipe.estimator.rpartition(".")[2], 1.0)
    timed: list[tuple[int, float]] = []
    for size in _SAMPLES:
        if timed and (timed[-1][0] >= len(features) or _grown(timed, size, growth) > _SHORT):
            break
        rows = min(size, len(features))
        timed.append((rows, _timed_fit(recipe, kind, features.head(rows), targets[:rows])))
    return _grown(timed, train_rows, growth)


def _grown(timed: list[tuple[int, float]], rows: float, growth: float) -> float:
    """Return the seconds of a fit on so many rows, from (rows, seconds) of others: what any costs, and what each row adds."""
    size, seconds = timed[-1]
    fewer, less = timed[-2] if len(timed) > 1 else (0, 0.0)
    each = max(seconds - less, 0.0) / (size**growth - fewer**growth)
    return float(max(seconds + each * (rows**growth - size**growth), 0.0))


def _timed_fit(recipe: ModelRecipe, kind: str, features: pd.DataFrame, targets: np.ndarray) -> float:
    from threadpoolctl import threadpool_limits

    if len(np.unique(targets)) < 2:
        return 0.0
    model: Any = seeded(build(recipe, features, kind=kind), 0)
    who = f"The model {recipe.estimator}"
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        started = time.perf_counter()
        fit(model, features, targets, who)
        with guarded(who, "predict", features):
            model.predict(features.iloc[: len(features) // 3 + 1])
        return time.perf_counter() - started

"""Cells, fitted: a model on a version once for each paired seed, predicting the validation rows."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ceteris.errors import BadInputError
from ceteris.training.cells import Cell, Draw
from ceteris.training.fits import Fits
from ceteris.training.models import runs_alone, seeded
from ceteris.training.pred_probs import fit, guarded, predict
from ceteris.training.predicted_numbers import predict_numbers

__all__ = ["Job", "fit_cells"]


@dataclass(frozen=True)
class Job:
    """A cell that is to be fitted.

    `draws` holds one draw, or one a seed where the version is drawn anew for each; `train` is the table that their rows
    are in, a DataFrame or array that jobs may share. `keep(estimator, who)`, importable by name, makes of the first seed's
    fitted estimator what the cell keeps: where it is fitted, since not every estimator can travel between processes.
    Without `probabilities` the cell holds none, and seeds after the second are not asked for them.
    """

    model: str
    version: str
    estimator: Any = field(repr=False)
    train: Any = field(repr=False)
    draws: tuple[Draw, ...] = field(repr=False)
    seeds: tuple[int, ...]
    keep: Callable[[Any, str], Any] | None = field(default=None, repr=False)
    probabilities: bool = True

    @property
    def redrawn(self) -> bool:
        """Whether each seed has a training set of its own."""
        return len(self.draws) > 1


@dataclass
class _Fit:
    predicted: np.ndarray
    pred_probs: np.ndarray | None
    decision: np.ndarray | None
    has_seed: bool
    kept: Any
    cpu_seconds: float


def fit_cells(jobs: list[Job], validation: Any, n_classes: int, *, workers: int | None = None) -> Iterator[tuple[Job, Cell]]:
    """Fit the cells and yield each as it is whole.

    Parameters
    ----------
    validation : DataFrame or ndarray, shape (n_rows, n_features)
    n_classes : int
        Labels are codes 0 to n_classes - 1; 0: they are numbers.
    """
    alone = [runs_alone(job.estimator) for job in jobs]
    yield from _fitted([job for job, apart in zip(jobs, alone, strict=True) if not apart], validation, n_classes, workers)
    yield from _fitted([job for job, apart in zip(jobs, alone, strict=True) if apart], validation, n_classes, 1)


def _fitted(jobs: list[Job], validation: Any, n_classes: int, workers: int | None) -> Iterator[tuple[Job, Cell]]:
    fits = Fits(_fit, (jobs, validation, n_classes), workers)
    results: list[dict[int, _Fit]] = [{} for _ in jobs]
    wanted = [len(job.seeds) if job.redrawn else min(2, len(job.seeds)) for job in jobs]
    for index, job in enumerate(jobs):
        for place in range(wanted[index]):
            fits.add((index, place), job.model)
    for (index, place), result in fits:
        job, done = jobs[index], results[index]
        done[place] = result
        if len(done) < wanted[index]:
            continue
        deterministic = not job.redrawn and len(job.seeds) > 1 and _equal(done[0], done[1])
        if not deterministic and wanted[index] < len(job.seeds):
            for later in reversed(range(wanted[index], len(job.seeds))):
                fits.add((index, later), job.model, first=True)
            wanted[index] = len(job.seeds)
            continue
        yield job, _cell(job, done, deterministic)
        results[index] = {}


def _cell(job: Job, done: dict[int, _Fit], deterministic: bool) -> Cell:
    kept = [done[0]] if deterministic else [done[place] for place in range(len(job.seeds))]
    probabilities = [fit.pred_probs for fit in kept if fit.pred_probs is not None]
    return Cell(
        predicted=np.stack([fit.predicted for fit in kept]),
        pred_probs=np.stack(probabilities) if probabilities and job.probabilities else None,
        n_seeds=len(job.seeds),
        deterministic=deterministic,
        kept=done[0].kept,
        fits=len(done),
        cpu_seconds=sum(fit.cpu_seconds for fit in done.values()),
    )


def _equal(one: _Fit, other: _Fit) -> bool:
    """Whether two seeds gave the same outputs: probabilities, else decision values, else labels of a model without a seed."""
    if one.pred_probs is not None and other.pred_probs is not None:
        return np.array_equal(one.pred_probs, other.pred_probs) and np.array_equal(one.predicted, other.predicted)
    if one.decision is not None and other.decision is not None:
        return np.array_equal(one.decision, other.decision) and np.array_equal(one.predicted, other.predicted)
    return not one.has_seed and np.array_equal(one.predicted, other.predicted)


def _fit(shared: Any, task: tuple[int, int]) -> _Fit:
    jobs, validation, n_classes = shared
    job, place = jobs[task[0]], task[1]
    draw = job.draws[place if job.redrawn else 0]
    who = f"The model {job.model!r}"
    started = _cpu_seconds()
    with guarded(who, "its constructor"):
        estimator = seeded(job.estimator, job.seeds[place], f"{job.model}/{job.version}")
    rows = _unchangeable(job.train)
    if draw.rows is not None:
        rows = rows.iloc[draw.rows] if hasattr(rows, "iloc") else rows[draw.rows]
    fit(estimator, rows, _unchangeable(draw.labels), who, **_weights(estimator, draw, who))
    validation = _unchangeable(validation)
    predicted = _predicted(estimator, validation, n_classes, who) if n_classes else predict_numbers(estimator, validation, who)
    asked = n_classes and (job.probabilities or place < 2) and hasattr(estimator, "predict_proba")
    probabilities = predict(estimator, validation, n_classes, who) if asked else None
    decision = None if n_classes else predicted
    if n_classes and place < 2 and probabilities is None and hasattr(estimator, "decision_function"):
        with guarded(who, "decision_function"):
            decision = np.asarray(estimator.decision_function(validation))
    told, spent = probabilities is not None or decision is not None, _cpu_seconds() - started
    return _Fit(
        predicted=predicted,
        pred_probs=probabilities,
        decision=decision,
        has_seed=not told and any(name.endswith("random_state") for name in estimator.get_params(deep=True)),
        kept=job.keep(estimator, who) if job.keep and place == 0 else None,
        cpu_seconds=spent,
    )


def _cpu_seconds() -> float:
    """Return the CPU time of this process and of those that it ran to their end."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def _unchangeable(table: Any) -> Any:
    """Return the table so that a model which works in place cannot change it for the next fit, without copying the values."""
    if hasattr(table, "iloc"):
        return table.copy(deep=False)
    if isinstance(table, np.ndarray):
        view = table.view()
        view.flags.writeable = False
        return view
    return table.copy()


def _predicted(estimator: Any, validation: Any, n_classes: int, who: str) -> np.ndarray:
    with guarded(who, "predict", validation):
        predicted = np.asarray(estimator.predict(validation))
    if predicted.shape != (validation.shape[0],) or predicted.dtype.kind not in "iuf":
        raise BadInputError(
            f"{who} predicted an array of shape {predicted.shape} and type {predicted.dtype}.",
            "Return one label code a row.",
        )
    if not np.isin(predicted, np.arange(n_classes)).all():
        raise BadInputError(
            f"{who} predicted labels that are none of the codes 0 to {n_classes - 1}.", "Predict values seen in fit."
        )
    return predicted.astype(np.int32)


def _weights(estimator: Any, draw: Draw, who: str) -> dict[str, np.ndarray]:
    if draw.weights is None:
        return {}
    from sklearn.utils.validation import has_fit_parameter

    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    if not has_fit_parameter(last, "sample_weight"):
        raise BadInputError(
            f"{who} takes no sample_weight, and the version has weights.", "Use another estimator, or weights of 1."
        )
    name = f"{estimator.steps[-1][0]}__sample_weight" if hasattr(estimator, "steps") else "sample_weight"
    return {name: _unchangeable(draw.weights)}

"""The question itself, in memory: two data sets and one model, or two models and one data set; no files, no DVC."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ceteris.cells import Cell, Draw, Job, fit_cells
from ceteris.dataset import codes, row_digests
from ceteris.effect import Effect, paired_effect
from ceteris.errors import BadInputError, LeakageError, some
from ceteris.scoring import row_scores

__all__ = ["measure_effect", "measure_model_effect"]

Labelled = tuple[Any, Any]


def measure_effect(
    model: Any,
    *,
    baseline: Labelled,
    candidate: Labelled,
    validation: Labelled,
    seeds: int = 10,
    metric: str = "accuracy",
    scored_on: str = "",
    confidence: float = 0.95,
    region: float = 0.005,
    groups: Any = None,
    workers: int | None = None,
    allow_copies: bool = False,
) -> Effect:
    """Return what training on `candidate` instead of `baseline` is worth, with the model held fixed.

    Parameters
    ----------
    model : scikit-learn classifier or pipeline
        Unfitted; it is cloned and refitted with the seeds 0, 1, ... in both arms, and never changed.
    baseline, candidate : (X, y)
        X a DataFrame or array, shape (n_rows, n_features); y labels, shape (n_rows,). The two may differ in length.
    validation : (X, y)
        Rows that neither arm trains on, scored once for both.
    seeds : int >= 1
        Paired seeds; below 5 nothing is told to help or harm.
    metric : {"accuracy", "balanced_accuracy", "macro_f1", "log_loss", "roc_auc"}
    scored_on : str
        What the validation labels are ("given", "true", ...): printed with the result.
    groups : array, shape (n_validation_rows,), optional
        Validation rows that belong together count as one.
    allow_copies : bool
        Whether exact copies of validation rows may be trained on.

    Raises
    ------
    LeakageError
        A validation row stands among the training rows.
    """
    arms = [_arm(model, "baseline", baseline), _arm(model, "candidate", candidate)]
    return _measured("data", arms, validation, seeds, metric, scored_on, confidence, region, groups, workers, allow_copies)


def measure_model_effect(
    model_a: Any,
    model_b: Any,
    *,
    train: Labelled,
    validation: Labelled,
    seeds: int = 10,
    metric: str = "accuracy",
    scored_on: str = "",
    confidence: float = 0.95,
    region: float = 0.005,
    groups: Any = None,
    workers: int | None = None,
    allow_copies: bool = False,
) -> Effect:
    """Return what `model_b` instead of `model_a` is worth, with the data held fixed; parameters as for `measure_effect`."""
    arms = [_arm(model_a, "model_a", train), _arm(model_b, "model_b", train)]
    return _measured("model", arms, validation, seeds, metric, scored_on, confidence, region, groups, workers, allow_copies)


def _arm(model: Any, name: str, rows: Labelled) -> tuple[str, Any, Any, np.ndarray]:
    features, labels = _rows(rows, name)
    return name, model, features, labels


def _measured(
    axis: str,
    arms: list[tuple[str, Any, Any, np.ndarray]],
    validation: Labelled,
    seeds: int,
    metric: str,
    scored_on: str,
    confidence: float,
    region: float,
    groups: Any,
    workers: int | None,
    allow_copies: bool,
) -> Effect:
    if isinstance(seeds, bool) or not isinstance(seeds, int) or not 1 <= seeds <= 1000:
        raise BadInputError(f"seeds is {seeds!r}.", "Pass a whole number from 1 to 1000; 10 is the default.")
    for name, model, _, _ in arms:
        if isinstance(model, type) or not all(hasattr(model, method) for method in ("fit", "predict", "get_params")):
            raise BadInputError(
                f"The model of {name} is {model!r}, no unfitted estimator.", "Pass one like LogisticRegression()."
            )
    features, labels = _rows(validation, "validation")
    _refuse_mixed_labels([(name, found) for name, _, _, found in arms] + [("validation", labels)])
    arms = [(name, model, rows, _as_text(found)) for name, model, rows, found in arms]
    labels = _as_text(labels)
    classes = tuple(sorted({str(label) for _, _, _, found in arms for label in found}))
    truth = codes(labels, classes)
    if (truth < 0).any():
        raise BadInputError(
            f"No training row has the validation labels {some(np.unique(labels[truth < 0]))}.",
            "Leave these rows out of validation.",
        )
    if not allow_copies:
        _refuse_copies(arms, features)
    cells = _cells(arms, features, classes, seeds, workers)
    scores = [_scores(cell, metric, truth, len(classes)) for cell in cells]
    differ = (cells[0].over_seeds()[0] != cells[1].over_seeds()[0]).any(axis=0)
    effect = paired_effect(
        *scores,
        confidence=confidence,
        groups=None if groups is None else np.asarray(groups),
        discordant=differ if metric not in ("log_loss", "roc_auc") else None,
        region=region,
    )
    return replace(effect, axis=axis, metric=metric, scored_on=scored_on)


def _cells(
    arms: list[tuple[str, Any, Any, np.ndarray]], features: Any, classes: tuple[str, ...], seeds: int, workers: Any
) -> list[Cell]:
    """Fit the two arms, each on its own rows; arms that are the same are fitted once."""
    jobs = [
        Job(name, name, model, train, (Draw(None, codes(labels, classes)),), tuple(range(seeds)))
        for name, model, train, labels in arms
    ]
    if _same(arms):
        ((_, cell),) = fit_cells(jobs[:1], features, len(classes), workers=workers)
        return [cell, cell]
    cells = {job.version: cell for job, cell in fit_cells(jobs, features, len(classes), workers=workers)}
    return [cells[arm[0]] for arm in arms]


def _same(arms: list[tuple[str, Any, Any, np.ndarray]]) -> bool:
    (_, model, first, labels), (_, other, second, others) = arms
    if model is not other or not np.array_equal(labels, others):
        return False
    return first is second


def _scores(cell: Cell, metric: str, labels: np.ndarray, n_classes: int) -> np.ndarray:
    found = row_scores(metric, labels, cell.predicted, cell.pred_probs, n_classes)
    if found is None:
        raise BadInputError(
            f"{metric} needs probabilities, and a model gives none.", "Choose accuracy, or a model with predict_proba."
        )
    return np.broadcast_to(found, (cell.n_seeds, found.shape[1]))


def _rows(rows: Labelled, name: str) -> tuple[Any, np.ndarray]:
    try:
        features, labels = rows
    except (TypeError, ValueError):
        raise BadInputError(f"{name} is no pair (X, y).", f"Pass {name}=(X, y).") from None
    features = features if hasattr(features, "iloc") or hasattr(features, "toarray") else np.asarray(features)
    found = np.asarray(labels, dtype=object)
    if features.ndim != 2 or found.shape != (features.shape[0],):
        raise BadInputError(
            f"{name} holds X of shape {features.shape} and y of shape {found.shape}.", "Pass one label for each row of a table."
        )
    missing = np.flatnonzero(pd.isna(found))
    if len(missing):
        raise BadInputError(f"{name} has no label in rows {some(missing)}.", "Leave unlabelled rows out.")
    return features, found


def _as_text(labels: np.ndarray) -> np.ndarray:
    """Return labels as text, 1 and 1.0 as one."""
    whole = [int(label) if isinstance(label, float | np.floating) and float(label).is_integer() else label for label in labels]
    return np.array([str(label) for label in whole], dtype=object)


def _refuse_mixed_labels(named: list[tuple[str, np.ndarray]]) -> None:
    kinds = {name: {_kind(label) for label in labels} for name, labels in named}
    if len(set.union(*kinds.values())) > 1:
        seen = "; ".join(f"{name}: {', '.join(sorted(found))}" for name, found in kinds.items())
        raise BadInputError(
            f"The labels are of more than one kind ({seen}).", "Give all of them one type, y.astype(str) for one."
        )


def _kind(label: object) -> str:
    if isinstance(label, bool | np.bool_):
        return "true or false"
    return "numbers" if isinstance(label, int | float | np.number) else "texts"


def _refuse_copies(arms: list[tuple[str, Any, Any, np.ndarray]], validation: Any) -> None:
    trained: dict[int, set[bytes]] = {}
    for name, _, features, _ in arms:
        one, other = _comparable(features, validation, name)
        # Arms that differ in labels alone share one table, which is read once.
        if id(features) not in trained:
            trained[id(features)] = set(_digests(one))
        copies = np.flatnonzero([digest in trained[id(features)] for digest in _digests(other)])
        if len(copies):
            raise LeakageError(
                f"The validation rows {some(copies)} stand among the rows of {name} as well.",
                "Leave them out of one side, or pass allow_copies=True where equal rows are different cases.",
            )


def _comparable(train: Any, validation: Any, name: str) -> tuple[Any, Any]:
    """Return two tables whose equal rows have equal digests, whatever container and precision they came in."""
    if train.shape[1] != validation.shape[1] or hasattr(train, "toarray") != hasattr(validation, "toarray"):
        raise BadInputError(
            f"{name} has X of {train.shape[1]} columns ({type(train).__name__}), validation of {validation.shape[1]} "
            f"({type(validation).__name__}).",
            "Pass the same columns in the same kind of table.",
        )
    if hasattr(train, "toarray"):
        return train, validation
    if hasattr(train, "iloc") and hasattr(validation, "iloc") and list(train.columns) != list(validation.columns):
        raise BadInputError(f"validation has other columns than {name}, or another order of them.", "Pass the same columns.")
    one, other = _frame(train), _frame(validation)
    # Single precision is where a table that was saved narrower meets its original; whole numbers on both sides stay exact.
    floats = {
        column: np.float32
        for column, *kinds in zip(one.columns, one.dtypes, other.dtypes, strict=True)
        if all(map(pd.api.types.is_numeric_dtype, kinds)) and any(map(pd.api.types.is_float_dtype, kinds))
    }
    return one.astype(floats), other.astype(floats)


def _frame(table: Any) -> pd.DataFrame:
    """Return the table with its columns called by their place; numbers that came as objects are numbers."""
    frame = table if hasattr(table, "iloc") else pd.DataFrame(table)
    return frame.set_axis([f"{place:06d}" for place in range(frame.shape[1])], axis=1).infer_objects()


def _digests(features: Any) -> np.ndarray:
    if hasattr(features, "toarray"):
        matrix = features.tocsr().astype(np.float32)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        ends = zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)
        indices = matrix.indices.astype(np.int64)
        rows = [hashlib.sha256(indices[a:b].tobytes() + matrix.data[a:b].tobytes()).digest() for a, b in ends]
        return np.array(rows, dtype=object)
    return row_digests(features)

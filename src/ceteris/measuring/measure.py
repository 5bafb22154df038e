"""The question itself, in memory: two data sets and one model, or two models and one data set; no files, no DVC."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import codes
from ceteris.errors import BadInputError, LeakageError, nearest, some
from ceteris.measuring.effect import Effect, paired_effect, refuse_settings
from ceteris.measuring.intervals import group_codes
from ceteris.measuring.scoring import row_scores
from ceteris.metrics import METRICS, NUMBERS
from ceteris.sections import Compare
from ceteris.tables.copies import copied_rows
from ceteris.training.cells import Cell, Draw
from ceteris.training.fitted import Job, fit_cells
from ceteris.training.models import lacks, other_kind

__all__ = ["measure_effect", "measure_model_effect"]

Labelled = tuple[Any, Any]


@dataclass(frozen=True)
class _Arm:
    name: str
    model: Any
    features: Any
    labels: np.ndarray


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
    region: float | None = None,
    groups: Any = None,
    workers: int | None = None,
    allow_copies: bool = False,
) -> Effect:
    """Return what training on `candidate` instead of `baseline` is worth, with the model held fixed.

    Parameters
    ----------
    model : scikit-learn classifier, regressor or pipeline
        Unfitted; it is cloned and refitted with the seeds 0, 1, ... in both arms, and never changed.
    baseline, candidate : (X, y)
        X a DataFrame or array, shape (n_rows, n_features); y labels, shape (n_rows,). The two may differ in length.
        For mae, rmse and r2 labels are numbers, and the model is a regressor.
    validation : (X, y)
        Rows that neither arm trains on, scored once for both.
    seeds : int >= 1
        Paired seeds; below 5 nothing is told to help or harm.
    metric : {"accuracy", "balanced_accuracy", "macro_f1", "log_loss", "roc_auc", "mae", "rmse", "r2"}
    scored_on : str
        What the validation labels are ("given", "true", ...): printed with the result.
    region : float >= 0, optional
        Differences within +-region are of no practical meaning: by default 0.005, 0.01 nats for log-loss, and 0 for mae and
        rmse, whose unit is that of the labels.
    groups : array, shape (n_validation_rows,), optional
        Validation rows that belong together count as one.
    allow_copies : bool
        Whether exact copies of validation rows may be trained on.

    Raises
    ------
    LeakageError
        A validation row stands among the training rows.
    BadInputError
        Before anything is fitted, what cannot be measured: a class that no validation row has, a model that is no
        classifier, rows without labels, settings out of their range; and what a model itself refuses.
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
    region: float | None = None,
    groups: Any = None,
    workers: int | None = None,
    allow_copies: bool = False,
) -> Effect:
    """Return what `model_b` instead of `model_a` is worth, with the data held fixed; parameters as for `measure_effect`."""
    arms = [_arm(model_a, "model_a", train), _arm(model_b, "model_b", train)]
    return _measured("model", arms, validation, seeds, metric, scored_on, confidence, region, groups, workers, allow_copies)


def _arm(model: Any, name: str, rows: Labelled) -> _Arm:
    return _Arm(name, model, *_rows(rows, name))


def _measured(
    axis: str,
    arms: list[_Arm],
    validation: Labelled,
    seeds: int,
    metric: str,
    scored_on: str,
    confidence: float,
    region: float | None,
    groups: Any,
    workers: int | None,
    allow_copies: bool,
) -> Effect:
    _refuse_counts(seeds, workers)
    if metric not in METRICS:
        raise BadInputError(f"{metric!r} is no metric.{nearest(metric, METRICS, listed=True)}", "Pass one of these.")
    region = Compare.model_fields[METRICS[metric].region].default if region is None else region
    refuse_settings(confidence, region)
    if not isinstance(scored_on, str):
        raise BadInputError(f"scored_on is {scored_on!r}.", "Pass what the validation labels are, in a word: 'given', 'true'.")
    numbers = METRICS[metric].labels == NUMBERS
    for arm in arms:
        _refuse_other_models(arm, "regressor" if numbers else "classifier")
    features, labels = _rows(validation, "validation")
    together = None if groups is None else group_codes(groups, len(labels))
    classes: tuple[str, ...] = ()
    if numbers:
        arms = [replace(arm, labels=_as_numbers(arm.labels, arm.name)) for arm in arms]
        labels = _as_numbers(labels, "validation")
    else:
        _refuse_mixed_labels({arm.name: arm.labels for arm in arms} | {"validation": labels})
        arms, labels = [replace(arm, labels=_as_text(arm.labels)) for arm in arms], _as_text(labels)
        classes = _classes(arms, labels)
    if not allow_copies:
        _refuse_copies(arms, features)
    cells = _cells(arms, features, classes, seeds, METRICS[metric].of_probabilities, workers)
    differ = (cells[0].over_seeds()[0] != cells[1].over_seeds()[0]).any(axis=0)
    effect = paired_effect(
        *(_scores(cell, metric, codes(labels, classes), len(classes)) for cell in cells),
        confidence=confidence,
        groups=together,
        discordant=None if METRICS[metric].every_row else differ,
        region=region,
    )
    return replace(effect, axis=axis, metric=metric, scored_on=scored_on)


def _refuse_counts(seeds: int, workers: int | None) -> None:
    if isinstance(seeds, bool) or not isinstance(seeds, int | np.integer) or not 1 <= seeds <= 1000:
        raise BadInputError(f"seeds is {seeds!r}.", "Pass a whole number from 1 to 1000; 10 is the default.")
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int | np.integer) or workers < 1):
        raise BadInputError(f"workers is {workers!r}.", "Pass a whole number from 1 up, or leave it out.")


def _refuse_other_models(arm: _Arm, wanted: str) -> None:
    if isinstance(arm.model, type) or lacks(arm.model):
        raise BadInputError(
            f"The model of {arm.name} is {arm.model!r}, no unfitted estimator.", "Pass one like LogisticRegression()."
        )
    kind = other_kind(arm.model, wanted)
    if kind:
        raise BadInputError(
            f"The model of {arm.name}, {type(arm.model).__name__}, is no {wanted}: its tag says {kind!r}.",
            f"Pass a {wanted}, like {'LogisticRegression' if wanted == 'classifier' else 'Ridge'}()"
            + (", or a metric of numbers: mae, rmse, r2." if kind == "regressor" else "."),
        )


def _classes(arms: list[_Arm], judged: np.ndarray) -> tuple[str, ...]:
    """Return the classes of both arms, refusing those that validation alone, or training alone, has rows of."""
    classes = tuple(sorted({str(label) for arm in arms for label in arm.labels}))
    unlearned = sorted(set(judged) - set(classes))
    if unlearned:
        raise BadInputError(
            f"No training row has the validation labels {some(unlearned)}.", "Leave these rows out of validation."
        )
    absent = sorted(set(classes) - set(judged))
    if absent:
        raise BadInputError(
            f"No validation row has the labels {some(absent)}, which training rows have, so nothing can be said about them.",
            "Add validation rows of these classes, or leave their rows out of both arms.",
        )
    if len(classes) < 2:
        raise BadInputError(f"All rows have one label: {some(classes)}.", "Pass labels of two classes or more.")
    return classes


def _cells(
    arms: list[_Arm], features: Any, classes: tuple[str, ...], seeds: int, probabilities: bool, workers: int | None
) -> list[Cell]:
    """Fit the two arms, each on its own rows; arms that are the same are fitted once."""
    jobs = [
        Job(
            arm.name, arm.name, arm.model, arm.features, (Draw(None, codes(arm.labels, classes)),), tuple(range(seeds)),
            probabilities=probabilities,
        )
        for arm in arms
    ]  # fmt: skip
    if _same(*arms):
        ((_, cell),) = fit_cells(jobs[:1], features, len(classes), workers=workers)
        return [cell, cell]
    cells = {job.version: cell for job, cell in fit_cells(jobs, features, len(classes), workers=workers)}
    return [cells[arm.name] for arm in arms]


def _same(one: _Arm, other: _Arm) -> bool:
    return one.model is other.model and one.features is other.features and np.array_equal(one.labels, other.labels)


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
        features = features if hasattr(features, "iloc") or hasattr(features, "toarray") else np.asarray(features)
        found = np.asarray(labels, dtype=object)
    except (TypeError, ValueError):
        raise BadInputError(
            f"{name} is no pair of a table and its labels.", f"Pass {name}=(X, y), the rows of X of one length."
        ) from None
    if features.ndim != 2 or found.shape != (features.shape[0],) or 0 in features.shape:
        raise BadInputError(
            f"{name} holds X of shape {features.shape} and y of shape {found.shape}.", "Pass one label for each row of a table."
        )
    missing = np.flatnonzero(pd.isna(found))
    if len(missing):
        raise BadInputError(f"{name} has no label in rows {some(missing)}.", "Leave unlabelled rows out.")
    return features, found


def _as_text(labels: np.ndarray) -> np.ndarray:
    """Return labels as text, 1 and 1.0 as one."""
    places, known = pd.factorize(labels)
    whole = [int(label) if isinstance(label, float | np.floating) and float(label).is_integer() else label for label in known]
    return np.array([str(label) for label in whole], dtype=object)[places]


def _as_numbers(labels: np.ndarray, name: str) -> np.ndarray:
    """Return labels as float64, refusing texts, truth values and what is not finite."""
    texts = [label for label in labels if isinstance(label, str | bool | np.bool_)]
    try:
        found = np.asarray(labels, dtype=np.float64) if not texts else np.empty(0)
    except (TypeError, ValueError):
        texts, found = [str(labels[0])], np.empty(0)
    if texts:
        raise BadInputError(
            f"{name} has labels that are no numbers: {some(texts)}.", "Pass numbers, or a metric of classes like accuracy."
        )
    bad = np.flatnonzero(~np.isfinite(found))
    if len(bad):
        raise BadInputError(
            f"{name} has labels that are not finite in rows {some(bad)}.", "Leave these rows out, or mend them."
        )
    return found


def _refuse_mixed_labels(named: dict[str, np.ndarray]) -> None:
    kinds = {name: {_kind(kind) for kind in set(map(type, labels))} for name, labels in named.items()}
    if len(set.union(*kinds.values())) > 1:
        seen = "; ".join(f"{name}: {', '.join(sorted(found))}" for name, found in kinds.items())
        raise BadInputError(
            f"The labels are of more than one kind ({seen}).", "Give all of them one type, y.astype(str) for one."
        )


def _kind(label: type) -> str:
    if issubclass(label, bool | np.bool_):
        return "true or false"
    return "numbers" if issubclass(label, int | float | np.number) else "texts"


def _refuse_copies(arms: list[_Arm], validation: Any) -> None:
    seen: set[int] = set()
    for arm in arms:
        # Arms that differ in labels alone share one table, which is read once.
        copies = copied_rows(arm.features, validation, arm.name) if id(arm.features) not in seen else np.empty(0)
        seen.add(id(arm.features))
        if len(copies):
            raise LeakageError(
                f"The validation rows {some(copies)} stand among the rows of {arm.name} as well.",
                "Leave them out of one side, or pass allow_copies=True where equal rows are different cases.",
            )

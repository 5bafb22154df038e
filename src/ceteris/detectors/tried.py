"""The rows that detectors are tried on, and which errors are planted in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ceteris.dataset import Dataset, codes
from ceteris.detectors.bakeoff import World, doubted_before
from ceteris.detectors.planting import FEWEST, MOST, chances_of, rate_of
from ceteris.detectors.scores import Detector, Judged, scores_of
from ceteris.errors import BadInputError, CeterisError, counted, some
from ceteris.fixing.noise import weak_pred_probs
from ceteris.issues.confident import noise_joint
from ceteris.training.pred_probs import out_of_fold
from ceteris.training.preparation import preparation

__all__ = ["FEWEST_OF_CLASS", "judged_of", "tried_rows", "world_of"]

FEWEST_OF_CLASS = 16  # rows or groups: a quarter judges, half of the others may be made wrong, and the rest has to fill folds
FEWEST_ROWS = 100
FOLDS = 5


def tried_rows(data: Dataset, most: int, seed: int = 0) -> tuple[Dataset, list[str]]:
    """Return the rows that are tried, and what is to be told of them: a random sample of many, and no rare class.

    Raises
    ------
    BadInputError
        Too few rows, or fewer than two classes, are left.
    """
    told, units = list[str](), _units(data)
    if len(data) > most:
        order = np.random.default_rng(seed).permutation(units.max() + 1)[units]
        data = data.take(np.sort(np.argsort(order, kind="stable")[:most]))
        told.append(f"a random sample of {most:,} rows is tried (detectors.rows)")
        units = _units(data)
    names, label = np.unique(data.labels.astype(str), return_inverse=True)
    held = np.array([len(np.unique(units[label == code])) for code in range(len(names))])
    rare = names[held < FEWEST_OF_CLASS]
    if len(rare):
        data = data.take(~np.isin(label, np.flatnonzero(held < FEWEST_OF_CLASS)))
        told.append(f"left out: {counted(len(rare), 'class', 'classes')} of fewer than {FEWEST_OF_CLASS} rows: {some(rare)}")
    if len(names) - len(rare) < 2 or len(data) < FEWEST_ROWS:
        raise BadInputError(
            f"{len(data):,} train rows of {len(names) - len(rare)} classes with {FEWEST_OF_CLASS} rows or more are left: which"
            f" detector is better cannot be told on fewer than {FEWEST_ROWS} rows of 2.",
            "Review by the standing ranking (review.rankings: combined).",
        )
    return data, told


def _units(data: Dataset) -> np.ndarray:
    uncut = data.uncut()
    return np.arange(len(data)) if uncut is None else np.unique(uncut, return_inverse=True)[1]


def judged_of(
    data: Dataset, given: np.ndarray, pred_probs: np.ndarray, kinds: Mapping[str, str] | None = None, seed: int = 0
) -> Judged:
    """Return rows as detectors take them."""
    points = preparation("scaled", data.features, kinds).fit_transform(data.features)
    coded = preparation("coded", data.features, kinds).fit_transform(data.features)
    return Judged(data.by_id(), points, coded, given, pred_probs, data.uncut(), seed)


def world_of(
    data: Dataset,
    classes: tuple[str, ...],
    judge: Any,
    detectors: Mapping[str, Detector],
    *,
    kinds: Mapping[str, str] | None = None,
    rate: float | None = None,
    seed: int = 0,
) -> tuple[World, float, dict[str, str]]:
    """Return what is tried, the share of rows that errors are planted in, and why some detectors are left out, by name.

    Parameters
    ----------
    judge : estimator, unfitted
    rate : float, optional
        Default: what the confident joint estimates.
    """
    given = codes(data.labels, classes)
    pred_probs = out_of_fold(
        judge, data.by_id(), given, len(classes), folds=FOLDS, seed=seed, groups=data.uncut(), names=classes
    )
    rows = judged_of(data, given, pred_probs, kinds, seed)
    scores, failed = dict[str, np.ndarray](), dict[str, str]()
    for name, detector in detectors.items():
        try:
            scores[name] = scores_of(name, detector, rows)
        except CeterisError as error:
            failed[name] = error.what
    if not scores:
        raise BadInputError(f"No detector gave scores: {next(iter(failed.values()))}", "Mend the rows or the audit's model.")
    joint = noise_joint(given, pred_probs)
    estimated = rate_of(joint)
    planting = float(np.clip(estimated, FEWEST, MOST)) if rate is None else rate
    world = World(
        rows,
        judge,
        {name: detectors[name] for name in scores},
        chances_of(joint, pred_probs, planting),
        weak_pred_probs(given, data.features, np.random.default_rng(seed), kinds),
        doubted_before(scores, round(estimated * len(data))),
        FOLDS,
        seed,
    )
    return world, planting, failed

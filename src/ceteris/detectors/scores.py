"""Detectors of label errors: each gives every row a score, low where its label is doubted. None of them reads a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ceteris.detectors.trees import out_of_bag_votes
from ceteris.errors import BadInputError
from ceteris.issues.confident import REPAIRED, Doubts, find_doubts
from ceteris.reviewing.rankings import knn_agreement, order
from ceteris.training.pred_probs import guarded

__all__ = ["DETECTORS", "STANDING", "Detector", "Judged", "own_detector", "scores_of"]

STANDING = "combined"


@dataclass(frozen=True, eq=False)
class Judged:
    """Rows and what a model says of them: all that a detector may know.

    Attributes
    ----------
    features : DataFrame, shape (n_rows, n_features)
    points, coded : array or sparse matrix of float, shape (n_rows, any)
        The features as numbers: standardised, for distances; as they are, for trees.
    given : ndarray of int, shape (n_rows,)
        Codes of the given labels.
    pred_probs : ndarray, shape (n_rows, n_classes)
        Out of fold.
    groups : ndarray, shape (n_rows,), optional
        Rows of one group tell nothing of each other.
    seed : int
    """

    features: pd.DataFrame
    points: Any
    coded: Any
    given: np.ndarray
    pred_probs: np.ndarray
    groups: np.ndarray | None = None
    seed: int = 0

    @cached_property
    def doubts(self) -> Doubts:
        """What confident learning finds, by cleanlab's joint."""
        return find_doubts(self.given, self.pred_probs)

    @cached_property
    def agreement(self) -> np.ndarray:
        """The share of each row's nearest neighbours that bear its label."""
        rows = np.arange(len(self.given))
        return knn_agreement(self.points, self.given, rows, sample=len(rows), seed=self.seed)

    @cached_property
    def votes(self) -> np.ndarray:
        """The shares of out-of-bag trees for each class; of a row that every tree has seen, as much for each."""
        votes = out_of_bag_votes(self.coded, self.given, self.pred_probs.shape[1], self.groups, seed=self.seed)
        cast = votes.sum(axis=1, keepdims=True)
        return np.where(cast > 0, votes / np.maximum(cast, 1), 1 / votes.shape[1])

    def of_given(self, shares: np.ndarray) -> np.ndarray:
        """Return what shares, one a class, say of each row's given label."""
        return shares[np.arange(len(self.given)), self.given]


Detector = Callable[[Judged], np.ndarray]


def label_quality(rows: Judged) -> np.ndarray:
    """The out-of-fold probability of the given label."""
    return rows.doubts.quality


def confident_learning(rows: Judged) -> np.ndarray:
    """Rows that confident learning flags first, then by the probability of the given label.

    Source: Northcutt, Jiang & Chuang (2021), Confident learning, JAIR 70.
    """
    return rows.doubts.quality + ~rows.doubts.flagged


def repaired_joint(rows: Judged) -> np.ndarray:
    """The same, where a row counts for the most probable of the classes whose threshold it passes (cleanlab#1248)."""
    found = find_doubts(rows.given, rows.pred_probs, REPAIRED)
    return found.quality + ~found.flagged


def knn(rows: Judged) -> np.ndarray:
    """The share of the nearest neighbours that bear the given label."""
    return rows.agreement


def combined(rows: Judged) -> np.ndarray:
    """The rank average of label quality and of the neighbours' agreement."""
    return (_ranks(rows.doubts.quality) + _ranks(rows.agreement)) / 2


def by_class(rows: Judged) -> np.ndarray:
    """The most doubted row of each given class, then the second of each."""
    found = rows.doubts
    table = {"given_label": rows.given, "suggested_label": found.suggested}
    told = {"label_quality": found.quality, "is_label_issue": found.flagged}
    places = np.empty(len(rows.given))
    places[order("by_class", pd.DataFrame(table | told))] = np.arange(len(rows.given))
    return places


def data_oob(rows: Judged) -> np.ndarray:
    """The share of the trees that have not seen a row which take it for its given label.

    Source: Kwon & Zou (2023), Data-OOB: Out-of-bag estimate as a simple and efficient data value, ICML.
    """
    return rows.of_given(rows.votes)


def ensemble(rows: Judged) -> np.ndarray:
    """How many of three models of different kinds take a row for its given label: the audit's, trees, and neighbours.

    Ties by the mean of the shares that they give it.

    Source: Brodley & Friedl (1999), Identifying mislabeled training data, JAIR 11.
    """
    against = rows.doubts.suggested != rows.given, rows.votes.argmax(axis=1) != rows.given, rows.agreement < 0.5
    mean = (rows.doubts.quality + data_oob(rows) + rows.agreement) / 3
    return 3.0 - np.sum(against, axis=0) + mean


DETECTORS: Mapping[str, Detector] = {
    one.__name__: one
    for one in (label_quality, confident_learning, repaired_joint, knn, combined, by_class, data_oob, ensemble)
}


def own_detector(name: str, function: Callable[..., Any]) -> Detector:
    """Return a detector of a user's own, `function(features, given, pred_probs, seed)`, which is handed copies.

    What it raises is a refusal that names it.
    """

    def found(rows: Judged) -> np.ndarray:
        with guarded(f"The detector {name!r}", "its function"):
            told = function(rows.features.copy(), rows.given.copy(), rows.pred_probs.copy(), rows.seed)
            return np.asarray(told, dtype=float)

    return found


def scores_of(name: str, detector: Detector, rows: Judged) -> np.ndarray:
    """Return the score of every row, shape (n_rows,).

    Raises
    ------
    BadInputError
        The detector fails, or its scores are not one finite number a row, or all the same.
    """
    with guarded(f"The detector {name!r}", "its scores"):
        scores = np.asarray(detector(rows), dtype=float)
    do = "Correct it, or take it out of detectors.own in params.yaml."
    if scores.shape != rows.given.shape:
        raise BadInputError(f"{name} gave scores of shape {scores.shape} for {len(rows.given):,} rows.", do)
    bad = int((~np.isfinite(scores)).sum())
    if bad:
        raise BadInputError(f"{name} gave no finite score for {bad:,} of {len(scores):,} rows.", do)
    if scores.min() == scores.max():
        raise BadInputError(f"{name} gave every row the same score, {scores[0]:g}.", do)
    return scores


def _ranks(values: np.ndarray) -> np.ndarray:
    return pd.Series(values).rank().to_numpy()

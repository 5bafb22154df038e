"""An order that is learned from the answers: which labels are wrong, told by what is known of each row. It reads no file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["LEARNED", "Learner", "known_of"]

LEARNED = "learned"
TREES, COLUMNS = 100, 0.3  # trees, and the share of columns that each split may look at
_WEIGHT = 2.0  # of what was learned, beside the ranking that stood before the first answer
_INDICATED = 30  # classes with a column of their own
_MOST_FEATURES, _COMPONENTS = 200, 50


@dataclass(frozen=True, eq=False)
class Learner:
    """Rows of a queue, and how doubted they were before anybody answered.

    Attributes
    ----------
    order : ndarray of int, shape (n_places,)
        Places of the rows that may be asked for, the most doubted first.
    load : function that returns an ndarray of float, shape (n_rows, n_columns)
        What is known of every row of the queue, without NaN: `known_of`. It is called when the first answers are learned from.
    """

    order: np.ndarray = field(repr=False)
    load: Callable[[], np.ndarray] = field(repr=False)

    @cached_property
    def known(self) -> np.ndarray:
        """What is known of every row."""
        return self.load()

    def learned(self, places: np.ndarray, changed: np.ndarray) -> np.ndarray:
        """Return the places of `order` in the order in which the answers say that they are to be asked.

        A forest is taught which of the answered rows bore a wrong label. A row comes the earlier, the more trees take its label
        for wrong, and the earlier it stood before. An answered row is judged by the trees that have not seen it, so that its
        place is one that it could have had. Where all answers are alike, nothing is learned.

        Parameters
        ----------
        places : ndarray of int, shape (n_answers,)
        changed : ndarray of float, shape (n_answers,)
            1.0 where the label was wrong, else 0.0.

        References
        ----------
        Breiman (2001), Random forests.
        """
        if len(np.unique(changed)) < 2:
            return self.order
        from sklearn.ensemble import RandomForestClassifier

        wrong = changed > 0
        forest = RandomForestClassifier(TREES, max_features=COLUMNS, oob_score=True, random_state=0)
        forest.fit(self.known[places], wrong)
        chance = np.zeros(len(self.known))
        chance[self.order] = forest.predict_proba(self.known[self.order])[:, 1]
        chance[places] = forest.oob_decision_function_[:, 1]
        before = np.arange(len(self.order)) / max(len(self.order), 1)
        return self.order[np.argsort(before - _WEIGHT * chance[self.order], kind="stable")]


def known_of(given: np.ndarray, suggested: np.ndarray, coded: Any, *scores: np.ndarray) -> np.ndarray:
    """Return what is known of rows: their given and suggested label, their scores, and their features.

    Many features become 50 components.

    Parameters
    ----------
    given, suggested : array, shape (n_rows,)
        Labels, or numbers.
    coded : array or sparse matrix of float, shape (n_rows, n_features)
        As `coded` models have them.
    scores : ndarrays of float, shape (n_rows,)

    Returns
    -------
    ndarray of float32, shape (n_rows, n_columns)
    """
    columns = [_told(given), _told(suggested), *(score.reshape(-1, 1) for score in scores)]
    return np.hstack([*columns, _few(coded)]).astype(np.float32)


def _told(labels: np.ndarray) -> np.ndarray:
    """Return a column for each of the most frequent labels, 1 where a row bears it; numbers as they are."""
    if labels.dtype.kind == "f":
        return labels.reshape(-1, 1)
    frequent = pd.Series(labels).value_counts().index[:_INDICATED]
    return np.column_stack([np.asarray(labels == name, dtype=float) for name in sorted(frequent)])


def _few(features: Any) -> np.ndarray:
    if features.shape[1] > _MOST_FEATURES:
        from sklearn.decomposition import TruncatedSVD

        return np.asarray(TruncatedSVD(_COMPONENTS, random_state=0).fit_transform(features))
    return np.asarray(features.toarray() if hasattr(features, "toarray") else features)

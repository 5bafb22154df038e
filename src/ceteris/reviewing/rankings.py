"""The orders in which doubted train rows can be asked for. Which of them is used is for the answers to decide, not for taste.

Neighbours are looked up for the most doubted rows alone, among a sample: nothing here grows with the square of the rows.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError, nearest

__all__ = [
    "MOST_DOUBTED", "RANKINGS", "SCORED", "by_scores", "doubted", "draw", "expected_gain", "flipped", "knn_agreement", "order",
    "random_order", "undoubted",
]  # fmt: skip

SCORED = ("confident_learning", "repaired_joint", "knn", "data_oob", "ensemble")  # by `by_scores`, of detectors/scores
RANKINGS = ("label_quality", "combined", "by_class", "expected_gain", *SCORED)
MOST_DOUBTED = 5_000  # rows whose neighbours are looked up
SAMPLE = 20_000  # rows among which
MOST_JUDGES = 1_000  # validation rows that an expected gain is read off
_BLOCK = 64


def doubted(issues: pd.DataFrame, most: int = MOST_DOUBTED) -> np.ndarray:
    """Return the places of the rows of the lowest label quality, at most so many; ties in the order of the rows, that of ids.

    Parameters
    ----------
    issues : DataFrame
        From `issues.table.find_label_issues`.
    """
    return _by_quality(issues)[:most]


def undoubted(issues: pd.DataFrame, chance: np.ndarray) -> np.ndarray:
    """Return the places of rows that no detector doubts, last of the random order first: what controls are taken from.

    They are not flagged, the suggested label is the given one, and their label quality is in the upper half of such rows. They
    are taken from the other end of the random order than random rows are, so that these stay random.

    Parameters
    ----------
    chance : ndarray of int, shape (n_rows,)
        From `random_order`.
    """
    quality = issues["label_quality"].to_numpy(dtype=float)
    sure = ~issues["is_label_issue"].to_numpy(dtype=bool) & (_texts(issues, "suggested_label") == _texts(issues, "given_label"))
    if sure.any():
        sure &= quality >= np.median(quality[sure])
    backwards = chance[::-1]
    return backwards[sure[backwards]]


def random_order(ids: np.ndarray) -> np.ndarray:
    """Return the places of the ids in the random order of `draw`, the same each time.

    Parameters
    ----------
    ids : ndarray of str objects, shape (n_rows,)
    """
    drawn = np.frombuffer(b"".join(map(draw, ids)), dtype=">u8").reshape(-1, 4)[:, 0]  # 8 bytes of 32 decide
    return np.argsort(drawn, kind="stable")


def draw(id: str) -> bytes:
    """Return the 32 bytes whose order is the random order of ids."""
    return hashlib.sha256(f"random review:{id}".encode("utf-8", "surrogatepass")).digest()


def flipped(pred_probs: np.ndarray, given: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the wrong label to show with each of these rows: the most probable class but for the given one, as codes.

    Parameters
    ----------
    pred_probs : ndarray, shape (n_rows, n_classes)
    given : ndarray of int, shape (n_rows,)
        Codes.
    places : ndarray of int, shape (n_places,)
    """
    others = pred_probs[places].astype(float)
    others[np.arange(len(places)), given[places]] = -1.0
    return others.argmax(axis=1)


def order(how: str, issues: pd.DataFrame, *, agreement: np.ndarray | None = None, gain: np.ndarray | None = None) -> np.ndarray:
    """Return the places of all rows, the first to be asked first.

    - `label_quality`: the lowest out-of-fold probability of the given label first.
    - `combined`: the rank average of label quality and of the neighbours' agreement, over the most doubted rows; then the
      others by label quality.
    - `by_class`: the most doubted row of each given class, then the second of each, ... of the rows whose suggested label is
      another or that are flagged; then the others in the same way.
    - `expected_gain`: the highest gain first, over the most doubted rows; then the others by label quality. It is steered by
      validation labels: what it changes is exploratory.

    Parameters
    ----------
    how : str
        One of `RANKINGS`, but for those of `SCORED`.
    issues : DataFrame
        From `issues.table.find_label_issues`.
    agreement, gain : ndarray of float, shape (n_doubted,), optional
        Of the rows of `doubted`, in its order: from `knn_agreement` and `expected_gain`.

    Raises
    ------
    BadInputError
        No ranking has this name, or what it needs is not given.
    """
    if how == "by_class":
        return _by_class(issues)
    by_quality = _by_quality(issues)
    if how == "label_quality":
        return by_quality
    known = {"combined": agreement, "expected_gain": gain}
    if how not in known:
        raise BadInputError(f"{how!r} is no ranking.{nearest(how, RANKINGS)}", "Correct review.rankings in params.yaml.")
    scores = known[how]
    if scores is None or not len(scores) <= len(issues):
        raise BadInputError(
            f"The ranking {how!r} has no score of each of the most doubted rows.",
            "Take it out of review.rankings in params.yaml.",
        )
    worst_first = -scores if how == "expected_gain" else _ranks(scores) + _ranks(_quality(issues)[by_quality[: len(scores)]])
    first = by_quality[: len(scores)]
    return np.concatenate([first[np.argsort(worst_first, kind="stable")], by_quality[len(scores) :]])


def by_scores(issues: pd.DataFrame, places: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the places of all rows: those that a detector scored first, the lowest score first; then the others by quality.

    Parameters
    ----------
    places : ndarray of int, shape (n_scored,)
    scores : ndarray of float, shape (n_scored,)
        Low = doubted; ties in the order of label quality.
    """
    by_quality = _by_quality(issues)
    of_row = np.full(len(issues), np.inf)
    of_row[places] = scores
    return by_quality[np.argsort(of_row[by_quality], kind="stable")]


def knn_agreement(
    features: Any, labels: np.ndarray, places: np.ndarray, *, k: int = 10, sample: int = SAMPLE, seed: int = 0
) -> np.ndarray:
    """Return the share of each row's k nearest neighbours that bear its own label, shape (n_places,), in [0, 1].

    Neighbours are looked for among these rows and a random sample of the others; a row is no neighbour of its own. 1.0 where
    there is no other row.

    Parameters
    ----------
    features : array or sparse matrix of float, shape (n_rows, n_features)
        Prepared, so that a unit is as far in each.
    labels : array, shape (n_rows,)
    places : ndarray of int, shape (n_places,)
    k, sample, seed : int
    """
    from sklearn.neighbors import NearestNeighbors

    among = _among(len(labels), places, sample, seed)
    k = min(k, len(among) - 1)
    if k < 1:
        return np.ones(len(places))
    codes = pd.factorize(labels)[0]
    near = NearestNeighbors(n_neighbors=k + 1).fit(features[among])
    shares = np.empty(len(places))
    for start in range(0, len(places), _BLOCK):
        own = places[start : start + _BLOCK]
        found = among[near.kneighbors(features[own], return_distance=False)]
        others = found != own[:, None]
        others[others.all(axis=1), -1] = False  # more than k copies of a row: it is not among its own nearest
        same = (codes[found] == codes[own][:, None]) & others
        shares[start : start + _BLOCK] = same.sum(axis=1) / k
    return shares


def expected_gain(
    features: Any,
    given: np.ndarray,
    suggested: np.ndarray,
    p_wrong: np.ndarray,
    places: np.ndarray,
    validation: Any,
    truth: np.ndarray,
    *,
    k: int = 5,
    sample: int = SAMPLE,
    seed: int = 0,
) -> np.ndarray:
    """Return what looking at each row is expected to bring: the chance that its label is wrong, times the gain of the other.

    The gain is that in the row's Shapley value for a k-nearest-neighbours classifier, from the given label to the suggested
    one. Of the r-th nearest row to a validation row with label y, the closed form holds the own label in one term, so::

        gain = mean over validation of (1[suggested = y] - 1[given = y]) min(k, r) / (k r)

    The rows among which it stands are those of `places` and a random sample of the others. It reads validation labels: what is
    chosen by it is exploratory.

    Parameters
    ----------
    features : array or sparse matrix of float, shape (n_rows, n_features)
        Prepared, of the train rows; `validation` likewise.
    given, suggested : array, shape (n_rows,)
    p_wrong : ndarray of float in [0, 1], shape (n_rows,)
    places : ndarray of int, shape (n_places,)
    truth : array, shape (n_validation,)
        The labels of the validation rows, of which at most 1,000 random ones are read.

    Returns
    -------
    ndarray of float in [-1, 1], shape (n_places,)

    References
    ----------
    Jia et al. (2019), Efficient task-specific data valuation for nearest neighbor algorithms, theorem 1.
    """
    from sklearn.metrics import pairwise_distances

    among = _among(len(given), places, sample, seed)
    judges = np.sort(np.random.default_rng([seed, 1]).permutation(len(truth))[:MOST_JUDGES])
    own, total = np.searchsorted(among, places), np.zeros(len(places))
    for start in range(0, len(judges), _BLOCK):
        some = judges[start : start + _BLOCK]
        distances = pairwise_distances(validation[some], features[among])
        ranks = np.empty(distances.shape, dtype=np.int64)
        np.put_along_axis(ranks, np.argsort(distances, axis=1, kind="stable"), np.arange(1, len(among) + 1)[None, :], axis=1)
        right = [(labels[places] == truth[some][:, None]).astype(float) for labels in (suggested, given)]
        total += ((right[0] - right[1]) * np.minimum(k, ranks[:, own]) / (k * ranks[:, own])).sum(axis=0)
    return p_wrong[places] * total / max(len(judges), 1)


def _among(n_rows: int, places: np.ndarray, sample: int, seed: int) -> np.ndarray:
    """Return the sorted places of some rows and of as many random others as fill the sample."""
    chosen = np.zeros(n_rows, dtype=bool)
    chosen[places] = True
    others = np.flatnonzero(~chosen)
    more = max(0, sample - int(chosen.sum()))
    chosen[np.random.default_rng(seed).permutation(others)[:more]] = True
    return np.flatnonzero(chosen)


def _by_class(issues: pd.DataFrame) -> np.ndarray:
    by_quality = _by_quality(issues)
    given = _texts(issues, "given_label")
    sure = ~(issues["is_label_issue"].to_numpy(dtype=bool) | (_texts(issues, "suggested_label") != given))
    ordered = pd.DataFrame({"sure": sure[by_quality], "given": given[by_quality]})
    turn = ordered.groupby(["sure", "given"], sort=False).cumcount().to_numpy()
    return by_quality[np.lexsort((np.arange(len(turn)), turn, ordered["sure"]))]


def _by_quality(issues: pd.DataFrame) -> np.ndarray:
    return np.argsort(_quality(issues), kind="stable")


def _quality(issues: pd.DataFrame) -> np.ndarray:
    return issues["label_quality"].to_numpy(dtype=float)


def _texts(issues: pd.DataFrame, column: str) -> np.ndarray:
    return issues[column].to_numpy(dtype=object)


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return the ranks of some values from the lowest, those of equal ones averaged."""
    return pd.Series(values).rank().to_numpy()

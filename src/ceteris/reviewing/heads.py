"""The head of each order in which train rows can be asked for: a small table, so that a queue opens without the other rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ceteris.dataset import codes
from ceteris.reviewing.neighbours import points_of
from ceteris.reviewing.rankings import doubted, flipped, knn_agreement, order, random_order, undoubted

__all__ = ["HEAD", "KNOWN", "RANDOM", "SAMPLE", "SHOWN", "UNDOUBTED", "heads", "in_turn", "random_sample", "table_of"]

HEAD = 5_000  # rows of each order
SAMPLE = 20_000  # random rows that what is usual, and what is near, is read off
RANDOM, UNDOUBTED = "random", "undoubted"
SHOWN = "shown"
KNOWN = ("id", "given_label", "suggested_label", "is_label_issue")
_BY_ISSUES = ("label_quality", "by_class")


def random_sample(n_rows: int, most: int = SAMPLE) -> np.ndarray:
    """Return the places of `most` random rows, or of all where there are fewer, in order; the same for as many rows."""
    if n_rows <= most:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(0).choice(n_rows, most, replace=False))


def heads(
    issues: pd.DataFrame,
    features: pd.DataFrame,
    pred_probs: np.ndarray | None,
    classes: tuple[str, ...],
    kinds: Mapping[str, str] | None = None,
    most: int = HEAD,
) -> pd.DataFrame:
    """Return the rows that the head of an order holds, in the order of their ids.

    The orders are `label_quality`, `combined` and `by_class` (see `rankings.order`), `random`, and `undoubted`, which controls
    and planted flips are taken from. None of them reads a validation row.

    Parameters
    ----------
    issues : DataFrame, shape (n_rows, ...)
        The issues of all train rows.
    features : DataFrame, shape (n_rows, n_features)
        Of the same rows in the same order.
    pred_probs : ndarray, shape (n_rows, n_classes), optional
        None where labels are numbers.
    classes : tuple of str
    kinds : mapping of str to str, optional
        `ingest.kinds`.

    Returns
    -------
    DataFrame
        The columns of `KNOWN`; shown, the wrong label that an undoubted row would be shown with, "" for other rows; and for
        each order the place in it, -1 beyond its head.
    """
    chance = random_order(issues["id"].to_numpy(dtype=object))
    sure = undoubted(issues, chance)[:most]
    orders = {how: order(how, issues)[:most] for how in _BY_ISSUES}
    orders["combined"] = order("combined", issues, agreement=_agreement(issues, features, kinds))[:most]
    rows = table_of(issues, orders | {RANDOM: chance[:most], UNDOUBTED: sure})
    shown = np.full(len(issues), "", dtype=object)
    if pred_probs is not None:
        given = codes(issues["given_label"].to_numpy(dtype=object)[sure], classes)
        wrong = flipped(pred_probs[sure], given, np.arange(len(sure)))
        shown[sure] = [classes[code] for code in wrong]
    rows[SHOWN] = pd.Series(shown[rows.index.to_numpy()], index=rows.index, dtype=object)
    return rows.reset_index(drop=True)


def in_turn(rows: pd.DataFrame) -> np.ndarray:
    """Return the places of rows of `heads` in about the order in which they are asked for: the first of each order first."""
    ranks = rows.drop(columns=[*KNOWN, SHOWN]).to_numpy(dtype=float)
    return np.argsort(np.where(ranks < 0, np.inf, ranks).min(axis=1), kind="stable")


def table_of(issues: pd.DataFrame, orders: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Return the rows that some of these orders hold: what is known of each, and its place in each order."""
    held = np.unique(np.concatenate(list(orders.values())))
    rows = issues.loc[:, list(KNOWN)].iloc[held]
    for name, found in orders.items():
        ranks = np.full(len(issues), -1)
        ranks[found] = np.arange(len(found))
        rows[name] = ranks[held]
    return rows


def _agreement(issues: pd.DataFrame, features: pd.DataFrame, kinds: Mapping[str, str] | None) -> np.ndarray:
    """Return how far the neighbours of each doubted row agree with it, among these rows and a random sample."""
    own = doubted(issues)
    places = np.unique(np.concatenate([own, random_sample(len(issues))]))
    rows = features.iloc[places]
    given = issues["given_label"].to_numpy(dtype=object)[places]
    points = points_of(rows, kinds).transform(rows)
    return knn_agreement(points, given, np.searchsorted(places, own), sample=len(places))

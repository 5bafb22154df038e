"""cleanlab's Datalab, one check at a time: a check that fails inside is told as failed, not as "0 issues"."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ceteris.diagnosis.counted import sets_told
from ceteris.diagnosis.judged import Judged, not_judged, of_rows
from ceteris.tables.near import connected

__all__ = ["K", "like_rows"]

K = 10  # neighbours
_FENCE = 3.0  # interquartile ranges above the third quartile: Tukey's outer fence, where Datalab's own is 1.7
_NEAR = 0.13  # of the median distance to the nearest row: Datalab's own rule for near copies
_BY_CHANCE = 0.05  # rows that are near copies by chance, expected


def like_rows(graph: Any, ordered: bool, alike: Callable[[np.ndarray], np.ndarray]) -> list[Judged]:
    """Return what the distances to the nearest rows say: outliers, near copies, and whether the order of rows is no chance.

    Parameters
    ----------
    graph : csr matrix of float, shape (n_rows, n_rows)
        The distance of each row to its nearest rows, nearest first; rows in the order in which they came.
    ordered : bool
        Whether that order is known.
    alike : callable
        From `alike.alike`: which pairs of near rows are near in what their distance does not tell, too.
    """
    lab = _lab({"row": np.arange(graph.shape[0])})
    far = _found(lab, "outlier", {"threshold": 1 / (1 + _FENCE)}, knn_graph=_logarithmic(graph))
    near = _found(lab, "near_duplicate", {"threshold": _threshold(graph)}, knn_graph=graph)
    return [
        near if isinstance(near, Judged) else _copies(near, lab.get_info("near_duplicate")["near_duplicate_sets"], alike),
        far if isinstance(far, Judged) else of_rows("outlier", *_columns(far, "outlier")),
        _order(lab, graph) if ordered else not_judged("non_iid", "the order in which the rows came is not known"),
    ]


def _lab(data: dict[str, Any], **more: Any) -> Any:
    from cleanlab.datalab.datalab import Datalab  # cleanlab's own may be a stub: see `issues`

    return Datalab(data, verbosity=0, **more)


def _found(lab: Any, issue: str, settings: dict[str, Any] | None = None, **given: Any) -> pd.DataFrame | Judged:
    """Return the table of one check, or why it could not judge: Datalab prints what failed inside, and goes on."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        lab.find_issues(issue_types={issue: settings or {}}, **given)
    try:
        found = lab.get_issues(issue)
    except (KeyError, ValueError):
        found = None
    if found is None or not np.isfinite(found[f"{issue}_score"].to_numpy(dtype=float)).all():
        told = " ".join(line for line in said.getvalue().splitlines() if line.startswith("Error")) or "it gave no score"
        return not_judged(issue, f"cleanlab's check failed: {told}")
    return found


def _logarithmic(graph: Any) -> Any:
    """Return the graph with log(1 + distance / median distance), in the same order.

    In few dimensions the tail of the distances is long, and a fence on them would call the rim of every cloud far.
    """
    median = float(np.median(graph.data)) or 1.0
    found = graph.copy()
    found.data = np.log1p(graph.data / median)
    return found


def _threshold(graph: Any) -> float:
    """Return at what share of the median distance to the nearest row two rows are near copies: 0.13, or less where it must be.

    In few dimensions many rows lie nearer than that by chance: of points that lie evenly in d dimensions a share of
    1 - 2^(-t^d) has a row within t times the median. The dimension is estimated from the distances to the k nearest rows.

    Source: Levina & Bickel (2004), Maximum likelihood estimation of intrinsic dimension, eq. 8.
    """
    distances = graph.data.reshape(graph.shape[0], -1)
    apart = distances[(distances[:, 0] > 0) & np.isfinite(distances).all(axis=1)]
    if not len(apart) or distances.shape[1] < 3:
        return _NEAR
    logs = np.log(apart[:, -1:] / apart[:, :-1]).mean()
    dimension = 1 / max(float(logs), 1e-3)
    share = -np.log2(1 - min(_BY_CHANCE / graph.shape[0], 0.5))
    return float(min(_NEAR, share ** (1 / dimension)))


def _columns(found: pd.DataFrame, issue: str) -> tuple[np.ndarray, np.ndarray]:
    return found[f"is_{issue}_issue"].to_numpy(dtype=bool), found[f"{issue}_score"].to_numpy(dtype=float)


def _copies(found: pd.DataFrame, sets: list[np.ndarray], alike: Callable[[np.ndarray], np.ndarray]) -> Judged:
    """Flag every row of a set of near copies but the first."""
    near = [(row, other) for row, others in enumerate(sets) for other in others]
    pairs = np.array(near, dtype=np.int64).reshape(-1, 2)
    copies = pairs[alike(pairs)]
    clusters = connected(copies, len(found))
    later = pd.Series(clusters).duplicated().to_numpy()
    scores = found["near_duplicate_score"].to_numpy(dtype=float).copy()
    scores[np.setdiff1d(pairs, copies)] = 1.0
    n_sets = len(np.unique(clusters[later]))
    return of_rows("near_duplicate", later, scores, sets_told(n_sets))


def _order(lab: Any, graph: Any) -> Judged:
    found = _found(lab, "non_iid", knn_graph=graph)
    if isinstance(found, Judged):
        return found
    p = float(lab.get_info("non_iid")["p-value"])
    told = f"rows near each other in order are more alike than chance has it (p {'< 0.001' if p < 0.001 else f'{p:.3f}'})"
    return Judged("non_iid", found=p < 0.01, about=told if p < 0.01 else "")

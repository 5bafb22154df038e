"""All that is looked for beyond labels, in one table of rows and one of kinds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import Dataset, row_digests
from ceteris.diagnosis.alike import alike
from ceteris.diagnosis.counted import class_imbalance, leaking_rows, missing_rows, repeated_rows
from ceteris.diagnosis.datalab import K, like_rows
from ceteris.diagnosis.groups import underperforming
from ceteris.diagnosis.judged import Judged, not_judged, of_rows
from ceteris.diagnosis.kinds import GROUP, KINDS, flag, score
from ceteris.diagnosis.pictures import pictures_judged
from ceteris.diagnosis.properties import properties_of
from ceteris.diagnosis.spurious import spurious_correlation
from ceteris.kinds import kinds_of
from ceteris.training.preparation import preparation

__all__ = ["Looked", "look"]

_NO_CLASSES = "labels are numbers"
_MOVED = 1e-6  # of a standard deviation
_EXAMPLES = 5


@dataclass(frozen=True)
class Looked:
    """What was found.

    Attributes
    ----------
    rows : DataFrame
        One line a row of data, in its order: id, for each kind of rows `is_KIND_issue` and `KIND_score` (see `kinds`), and
        `group:PROPERTY` for each property that tells the label.
    kinds : DataFrame
        One line a kind: kind, status (found, none, not judged), rows (how many have it), judged (how many were looked
        at), of (how many there are), about, why, examples (as JSON, ids of rows that have it most).
    """

    rows: pd.DataFrame
    kinds: pd.DataFrame


def look(
    data: Dataset,
    classes: tuple[str, ...],
    agrees: np.ndarray,
    *,
    kinds: Mapping[str, str] | None = None,
    leaking: np.ndarray | None = None,
    pictures: np.ndarray | None = None,
    most: int = 20_000,
    seed: int = 0,
) -> Looked:
    """Return what else is wrong with the train rows.

    Parameters
    ----------
    data : Dataset
        Train rows.
    classes : tuple of str
        Empty where labels are numbers.
    agrees : ndarray of bool, shape (n_rows,)
        Where the given label is what the audit holds most probable.
    kinds : mapping of str to str, optional
        `ingest.kinds`.
    leaking : ndarray of bool, shape (n_rows,), optional
        Rows that nearly equal a validation row, as the split found them.
    pictures : ndarray of uint8, shape (n_rows, height, width) or (n_rows, height, width, 3), optional
    most : int
        Rows whose neighbours are looked at: of more, a random sample is, and the others are told as not judged.
    """
    near_validation = np.zeros(len(data), dtype=bool) if leaking is None else leaking
    sample = np.sort(np.random.default_rng(seed).permutation(len(data))[:most])
    found = [
        repeated_rows(row_digests(data.features)),
        leaking_rows(near_validation),
        missing_rows(data.features.isna().to_numpy()),
    ]
    found += [_spread(judged, sample, len(data)) for judged in _sampled(data, agrees, sample, classes, kinds, pictures, seed)]
    found.append(class_imbalance(data.labels) if classes else not_judged("class_imbalance", _NO_CLASSES))
    named = kinds_of(data.features, kinds)
    found.append(
        spurious_correlation(data.labels, properties_of(data.features, named, pictures), seed)
        if classes
        else not_judged("spurious_correlation", _NO_CLASSES)
    )
    by_kind = {judged.kind: judged for judged in found}
    return _tables(data.ids, [by_kind[name] for name in KINDS])


def _sampled(
    data: Dataset,
    agrees: np.ndarray,
    sample: np.ndarray,
    classes: tuple[str, ...],
    kinds: Mapping[str, str] | None,
    pictures: np.ndarray | None,
    seed: int,
) -> list[Judged]:
    """Return what is asked of a sample of the rows: all that needs their neighbours, and pictures."""
    rows, order = data.features.iloc[sample], _order(data)
    points = np.asarray(preparation("scaled", rows, kinds, sparse=False).fit_transform(rows), dtype=np.float32)
    came = np.arange(len(sample)) if order is None else np.argsort(order[sample], kind="stable")
    back = np.argsort(came)
    like = alike(rows.iloc[came], kinds_of(rows, kinds))
    found = [_reordered(judged, back) for judged in like_rows(_graph(points[came], seed), order is not None, like)]
    names = [str(name) for name in data.features.columns] if points.shape[1] == data.features.shape[1] else []
    found.append(
        underperforming(points, agrees[sample], names, seed) if classes else not_judged("underperforming_group", _NO_CLASSES)
    )
    found.append(not_judged("picture", "rows are no pictures") if pictures is None else pictures_judged(pictures[sample]))
    return found


def _order(data: Dataset) -> np.ndarray | None:
    """Return what tells the order in which rows came: their times, else ids that are numbered; None where nothing does."""
    if data.times is not None:
        return data.times
    numbers = pd.Series(data.ids).astype(str).str.extract(r"^\D*(\d{1,15})$")[0]
    return None if numbers.isna().any() else numbers.to_numpy(dtype=float)


def _graph(points: np.ndarray, seed: int) -> Any:
    """Return the distances to the nearest rows, nearest first, as Datalab has them.

    Of rows that are equally far any may be the nearer one, and not the one that came first: that would be an order.
    """
    from scipy.sparse import csr_matrix
    from sklearn.neighbors import NearestNeighbors

    n, k = len(points), min(K, len(points) - 1)
    moved = points + np.random.default_rng(seed).normal(0, _MOVED, points.shape)
    near = NearestNeighbors(n_neighbors=k).fit(moved).kneighbors(return_distance=False)
    far = np.stack([np.linalg.norm(points - points[place], axis=1) for place in near.T], axis=1)
    nearest = np.argsort(far, axis=1, kind="stable")
    far, near = (np.take_along_axis(table, nearest, axis=1).ravel() for table in (far.astype(float), near))
    return csr_matrix((far, near, np.arange(0, n * k + 1, k)), shape=(n, n))


def _reordered(judged: Judged, back: np.ndarray) -> Judged:
    if not len(judged.flags):
        return judged
    return of_rows(judged.kind, judged.flags[back], judged.scores[back], judged.about)


def _spread(judged: Judged, sample: np.ndarray, n_rows: int) -> Judged:
    """Return the answer over all rows: those outside the sample were not judged."""
    if not len(judged.flags) or len(sample) == n_rows:
        return judged
    flags, scores = np.zeros(n_rows, dtype=bool), np.full(n_rows, np.nan)
    flags[sample], scores[sample] = judged.flags, judged.scores
    return of_rows(judged.kind, flags, scores, judged.about)


def _worst(ids: np.ndarray, judged: Judged) -> list[str]:
    """Return ids of the rows that have it most."""
    flagged = np.flatnonzero(judged.flags)
    return [str(id) for id in ids[flagged[np.argsort(judged.scores[flagged], kind="stable")[:_EXAMPLES]]]]


def _tables(ids: np.ndarray, found: list[Judged]) -> Looked:
    rows: dict[str, Any] = {"id": pd.Series(ids, dtype=object)}
    for judged in found:
        if KINDS[judged.kind].of_rows and not judged.why:
            rows |= {flag(judged.kind): judged.flags, score(judged.kind): judged.scores}
        rows |= {GROUP + name: pd.Series(groups, dtype=object) for name, groups in judged.groups.items()}
    kinds = [
        {
            "kind": judged.kind,
            "status": judged.status,
            "rows": int(judged.flags.sum()) if KINDS[judged.kind].of_rows and not judged.why else None,
            "judged": (judged.n_judged if KINDS[judged.kind].of_rows else len(ids)) if not judged.why else 0,
            "of": len(ids),
            "about": judged.about,
            "why": judged.why,
            "examples": json.dumps(_worst(ids, judged), ensure_ascii=False),
        }
        for judged in found
    ]
    return Looked(pd.DataFrame(rows), pd.DataFrame(kinds).astype({"rows": "Int64"}))

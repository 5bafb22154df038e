"""Who may see what: each row's part by a hash of its id (or group), by its time, or by a column; new rows move no old ones."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import pandas as pd

from ceteris.dataset import Dataset
from ceteris.errors import BadInputError, LeakageError, ParamsError, nearest
from ceteris.sections import Split
from ceteris.splitting.splits import PARTS, TEST, TRAIN, VALIDATION
from ceteris.tables.near import connected, near_clusters
from ceteris.tables.times import cut_at

__all__ = ["assign_parts", "units_of"]


def assign_parts(data: Dataset, split: Split, digests: np.ndarray, named: np.ndarray | None = None) -> np.ndarray:
    """Return "train", "validation" or "test" for each row, shape (n_rows,).

    By `hash`, a unit's place is its sha256 with the seed, read as a number in [0, 1): below `test` it is sealed, below
    `test + validation` it judges, else it trains. By `time`, rows from `test_from` on are sealed, and those before them from
    `validation_from` on judge; rows of one time are never parted, and rows that come later move none. By `column`, each row's
    part is what its text means.

    Parameters
    ----------
    digests : ndarray of bytes objects, shape (n_rows,)
        From `dataset.row_digests`.
    named : ndarray of str objects, shape (n_rows,), optional
        What the column `ingest.part` says.

    Raises
    ------
    BadInputError, ParamsError
        A text that means no part, cuts in the wrong order, or too many near copies.
    LeakageError
        A unit stands on two sides of a cut, and no rule was declared for it.
    """
    units = units_of(data, split, digests)
    if split.by == "hash":
        return _by_hash(units, split.test, split.validation, split.seed)
    return _whole(_by_time(data, split) if split.by == "time" else _by_column(named, units, split), units, split)


def units_of(data: Dataset, split: Split, digests: np.ndarray) -> np.ndarray:
    """Return the name of what no split may cut, shape (n_rows,): rows of one name stay together.

    That is the group where there are groups, else the row's content where `split.copies` is `together`, else the id. Where
    `split.near_copies` is `together`, units with near copies of each other are one, by the name that its smallest id has
    (numbers within ids compared as numbers). So a new row joins a unit and moves none of its rows, as long as its id is not
    the smallest there and it is not near to two units: these become one, where that of the smallest id stands.
    """
    together = split.near_copies == "together"
    units = data.groups if data.groups is not None else digests if split.copies == "together" else data.ids
    names = np.array([_as_bytes(unit) for unit in units], dtype=object)
    if not together:
        return names
    codes, base = pd.factorize(names)
    clusters = near_clusters(data.features, split.near_distance)
    n_units = len(base)
    joined = connected(np.column_stack([codes, n_units + clusters]), n_units + clusters.max() + 1)[codes]
    order = np.array(sorted(range(len(names)), key=lambda row: _natural(data.ids[row])), dtype=np.intp)
    first = order[np.unique(joined[order], return_index=True)[1]]
    return np.asarray(names[first][np.unique(joined, return_inverse=True)[1]])


def _natural(id: object) -> tuple[list[tuple[int, int, str]], str]:
    """Return a key that sorts "row 9" before "row 10"."""
    parts = re.split(r"([0-9]+)", str(id))
    return [(0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part) for part in parts if part], str(id)


def _by_hash(units: np.ndarray, test: float, validation: float, seed: int) -> np.ndarray:
    names, inverse = np.unique(units, return_inverse=True)
    prefix = f"{seed}:".encode()
    places = np.array([int.from_bytes(hashlib.sha256(prefix + name).digest()[:7], "big") / 2**56 for name in names])
    part = np.where(places < test, TEST, np.where(places < test + validation, VALIDATION, TRAIN))
    return part[inverse].astype(object)


def _by_time(data: Dataset, split: Split) -> np.ndarray:
    assert data.times is not None and split.validation_from is not None and split.test_from is not None
    judges, sealed = cut_at(split.validation_from, "validation_from"), cut_at(split.test_from, "test_from")
    if judges >= sealed:
        raise ParamsError(
            f"split.validation_from is {split.validation_from}, and split.test_from {split.test_from}, which is not later.",
            "Set split.test_from in params.yaml to a later time: rows before it judge, those from it on are sealed.",
        )
    return np.where(data.times >= sealed, TEST, np.where(data.times >= judges, VALIDATION, TRAIN)).astype(object)


def _by_column(named: np.ndarray | None, units: np.ndarray, split: Split) -> np.ndarray:
    assert named is not None
    meant: dict[str, str] = dict(zip(PARTS, PARTS, strict=True)) | dict(split.parts or {})
    counts = pd.Series(named, dtype=object).value_counts()
    unknown = [text for text in counts.index if text not in meant]
    if unknown:
        told = "; ".join(f"{text!r} ({counts[text]} rows).{nearest(text, meant)}" for text in unknown[:5])
        raise BadInputError(
            f"The column of ingest.part holds {len(unknown)} texts that mean no part: {told}",
            "Correct them, or say what they mean in params.yaml `split.parts:` (TEXT: train, validation, test or hash).",
        )
    parts = pd.Series(named, dtype=object).map(meant).to_numpy(dtype=object)
    return np.where(parts == "hash", _by_hash(units, 0.0, split.validation, split.seed), parts)


def _whole(parts: np.ndarray, units: np.ndarray, split: Split) -> np.ndarray:
    """Return the parts with each unit whole: on the side held out most, where that rule was declared."""
    rank = pd.Series(parts, dtype=object).map({part: place for place, part in enumerate(PARTS)}).to_numpy(dtype=int)
    by_unit = pd.Series(rank).groupby(pd.factorize(units)[0])
    most = by_unit.transform("max").to_numpy()
    cut = by_unit.transform("min").to_numpy() < most
    if cut.any() and split.straddling == "refuse":
        what = "groups, or sets of copies," if split.near_copies == "together" or split.copies == "together" else "groups"
        raise LeakageError(
            f"{len(set(units[cut]))} {what} with {cut.sum()} rows stand on more than one side of the split.",
            "Hold each out as a whole, with its last rows: params.yaml `split.straddling: hold_out`; or split by hash.",
        )
    return np.array(PARTS, dtype=object)[most]


def _as_bytes(unit: object) -> bytes:
    return unit if isinstance(unit, bytes) else str(unit).encode("utf-8", "surrogatepass")

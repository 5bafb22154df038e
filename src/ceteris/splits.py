"""Who may see what: each row's part from a hash of its id (or group), so that new rows never move old ones."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import Dataset, row_digests
from ceteris.errors import LeakageError, some
from ceteris.kinds import array_kind
from ceteris.sections import Split

__all__ = [
    "TRAIN",
    "VALIDATION",
    "TEST",
    "PARTS",
    "assign_parts",
    "copies_across",
    "refuse_leaks",
    "near_digests",
    "unsealed_pairs",
]

TRAIN, VALIDATION, TEST = PARTS = ("train", "validation", "test")


def assign_parts(data: Dataset, split: Split, digests: np.ndarray) -> np.ndarray:
    """Return "train", "validation" or "test" for each row, shape (n_rows,).

    The unit that is never cut is the group where there are groups, else the row's content where `split.copies` is
    `together`, else the id. A unit's place is its sha256 with the seed, read as a number in [0, 1): below `test` it is
    sealed, below `test + validation` it judges, else it trains.
    """
    units = data.groups if data.groups is not None else digests if split.copies == "together" else data.ids
    names, inverse = np.unique(np.array([_as_bytes(unit) for unit in units], dtype=object), return_inverse=True)
    prefix = f"{split.seed}:".encode()
    places = np.array([int.from_bytes(hashlib.sha256(prefix + name).digest()[:7], "big") / 2**56 for name in names])
    part = np.where(places < split.test, TEST, np.where(places < split.test + split.validation, VALIDATION, TRAIN))
    return part[inverse].astype(object)


def copies_across(digests: np.ndarray, parts: np.ndarray) -> pd.DataFrame:
    """Return the rows whose content stands in more than one part: columns digest, row, part."""
    frame = pd.DataFrame({"digest": digests, "row": np.arange(len(digests)), "part": parts})
    repeated = frame[frame.duplicated("digest", keep=False)]
    across = repeated.groupby("digest")["part"].transform("nunique") > 1
    return repeated[across].sort_values(["digest", "row"]).reset_index(drop=True)


def refuse_leaks(data: Dataset, parts: np.ndarray, digests: np.ndarray) -> None:
    """Refuse a split that holds one group, or exact copies of a row, on more than one side.

    Raises
    ------
    LeakageError
        Lists pairs of train and validation ids; of the sealed part it tells the count alone.
    """
    if data.groups is not None:
        sides = pd.DataFrame({"group": data.groups, "part": parts}).groupby("group")["part"].nunique()
        cut = sides[sides > 1].index
        if len(cut):
            raise LeakageError(f"These groups stand on more than one side of the split: {some(cut)}.", "Split by group.")
    across = copies_across(digests, parts)
    if across.empty:
        return
    seen = across[across["part"] != TEST]
    pairs = []
    for _, copies in seen.groupby("digest", sort=False):
        one_a_part = copies.drop_duplicates("part")
        if len(one_a_part) > 1:
            named = zip(one_a_part["row"], one_a_part["part"], strict=True)
            pairs.append(" = ".join(f"{data.ids[row]} ({part})" for row, part in named))
    sealed = int((across["part"] == TEST).sum())
    what = f"{len(across)} rows have an exact copy on another side of the split, {sealed} of them in the sealed test part."
    listed = f" Pairs: {some(pairs)}." if pairs else ""
    do = (
        "Give the copies one group (ingest.group), or drop them."
        if data.groups is not None
        else "Set split.copies: together in params.yaml, or drop the copies."
    )
    raise LeakageError(what + listed, do)


def near_digests(features: pd.DataFrame) -> np.ndarray:
    """Return a digest of each row that nearly equal rows share: numbers to 3 digits, texts in lower case and single spaces."""
    rough: dict[str, Any] = {}
    for name in features.columns:
        column = features[name]
        if pd.api.types.is_numeric_dtype(column):
            rough[name] = _to_three_digits(column.to_numpy(dtype=np.float64))
        elif array_kind(column):
            whole = array_kind(column) == "image"
            near = [cell if whole else _to_three_digits(cell.astype(np.float64)) for cell in column]
            rough[name] = pd.Series(near, dtype=object)
        else:
            rough[name] = column.str.casefold().str.split().str.join(" ").astype(object).to_numpy()
    frame = pd.DataFrame(rough)
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = pd.Series(frame[name].astype(object).where(frame[name].notna(), None), dtype=object)
    return row_digests(frame)


def _to_three_digits(values: np.ndarray) -> np.ndarray:
    size = np.floor(np.log10(np.where((values == 0) | ~np.isfinite(values), 1.0, np.abs(values))))
    scale = 10.0 ** np.minimum(2 - size, 300)
    return np.round(values * scale) / scale


def unsealed_pairs(ids: np.ndarray, across: pd.DataFrame) -> pd.DataFrame:
    """Return train and validation rows that are alike, as pairs of ids: columns id, part, like_id, like_part.

    Of m train rows and k validation rows that are all alike, each stands in a pair and none twice in the same: m + k - 1 pairs.
    A row of the sealed part is never named, nor is a row that is like rows of that part alone.

    Parameters
    ----------
    ids : array of str, shape (n_rows,)
    across : DataFrame
        As `copies_across` returns it.
    """
    pairs: list[tuple[str, str]] = []
    for _, alike in across.groupby("digest", sort=False):
        trained, judging = (sorted(ids[alike["row"][alike["part"] == part]]) for part in (TRAIN, VALIDATION))
        if trained and judging:
            pairs += [(trained[0], other) for other in judging] + [(one, judging[0]) for one in trained[1:]]
    found = pd.DataFrame(sorted(pairs), columns=["id", "like_id"], dtype=object)
    return found.assign(part=TRAIN, like_part=VALIDATION)[["id", "part", "like_id", "like_part"]]


def _as_bytes(unit: object) -> bytes:
    return unit if isinstance(unit, bytes) else str(unit).encode("utf-8", "surrogatepass")

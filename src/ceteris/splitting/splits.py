"""The parts of the rows, and what must not stand in two of them: groups, and copies of a row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ceteris.dataset import Dataset
from ceteris.errors import LeakageError, some

__all__ = [
    "TRAIN",
    "VALIDATION",
    "TEST",
    "PARTS",
    "copies_across",
    "refuse_leaks",
    "unsealed_pairs",
]

TRAIN, VALIDATION, TEST = PARTS = ("train", "validation", "test")


def copies_across(digests: np.ndarray, parts: np.ndarray) -> pd.DataFrame:
    """Return the rows whose content stands in more than one part: columns digest, row, part."""
    frame = pd.DataFrame({"digest": digests, "row": np.arange(len(digests)), "part": parts})
    repeated = frame[frame.duplicated("digest", keep=False)]
    across = repeated.groupby("digest")["part"].transform("nunique") > 1
    return repeated[across].sort_values(["digest", "row"]).reset_index(drop=True)


def refuse_leaks(data: Dataset, parts: np.ndarray, digests: np.ndarray, by: str = "hash") -> None:
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
        if by == "hash"
        else "Set split.copies: together and split.straddling: hold_out in params.yaml, or drop the copies."
    )
    raise LeakageError(what + listed, do)


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

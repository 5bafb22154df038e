"""Audit folds that respect time: blocks of it, each judged by models of the other blocks. decisions/0013 says why."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from ceteris.errors import LeakageError, ParamsError, some

__all__ = ["assign_blocks", "refuse_cut_order", "training_rows"]


def assign_blocks(times: np.ndarray, folds: int) -> np.ndarray:
    """Return the block of time that each row stands in, shape (n_rows,): 0 is the oldest, all as large as ties allow.

    Raises
    ------
    ParamsError
        So many rows share a time that there are fewer blocks.
    """
    moments, place, counts = np.unique(times, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    block = np.minimum((middle / len(times) * folds).astype(int), folds - 1)[place]
    found = len(np.unique(block))
    if found < folds:
        do = (
            f"Set audit.folds: {found} in params.yaml." if found > 1 else "Move split.validation_from, or set `split.by: hash`."
        )
        raise ParamsError(
            f"audit.folds is {folds}, and the train rows, of {len(moments)} different times, make {found} blocks of time.", do
        )
    return block


def refuse_cut_order(folds: np.ndarray, times: np.ndarray) -> None:
    """Refuse folds that are no blocks of time: one of them begins before another has ended.

    Raises
    ------
    LeakageError
    """
    spans = sorted((times[folds == fold].min(), times[folds == fold].max(), fold) for fold in np.unique(folds))
    cut = [str(later[2]) for earlier, later in itertools.pairwise(spans) if later[0] <= earlier[1]]
    if cut:
        raise LeakageError(
            f"The audit folds {some(cut)} cut the order of time: each begins before another has ended.",
            "Use folds that are blocks of time.",
        )


def training_rows(
    blocks: np.ndarray,
    times: np.ndarray,
    labels: np.ndarray,
    *,
    gap: float = 0.0,
    groups: np.ndarray | None = None,
    names: tuple[str, ...] = (),
) -> list[np.ndarray]:
    """Return which rows train the model that judges each block: a mask of shape (n_rows,) for each of them.

    Left out are the block itself, rows within `gap` of its first and last time, and rows of a group (or copies of a row) that
    has a row in it.

    Raises
    ------
    LeakageError
        The blocks cut the order of time.
    ParamsError
        The rows that are left lack a class: what a model has never seen it cannot judge.
    """
    refuse_cut_order(blocks, times)
    masks = []
    for block in np.unique(blocks):
        judged = blocks == block
        trains = ~judged & ((times < times[judged].min() - gap) | (times > times[judged].max() + gap))
        if groups is not None:
            trains &= ~pd.Index(groups).isin(groups[judged])
        unseen = np.setdiff1d(labels, labels[trains])
        if len(unseen):
            told = some([names[code] if names else code for code in unseen])
            raise ParamsError(
                f"Block {block + 1} of the audit's {len(np.unique(blocks))} blocks of time has all train rows of the classes "
                f"{told}, or those that a gap or a group leaves, so no model of the other blocks knows them.",
                "Change audit.folds, lower audit.gap, merge the classes, or set `split.by: hash` in params.yaml.",
            )
        masks.append(trains)
    return masks

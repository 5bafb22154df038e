"""What a person is asked of a contrast: the rows still to be answered, blind, in one order that tells nothing of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ceteris.editing.reviewed import minutes_of
from ceteris.measuring.disagreement import NOT_ANSWERED, Disagreement

__all__ = ["Questions", "questions_of"]


@dataclass(frozen=True)
class Questions:
    """The rows to ask a person for.

    Attributes
    ----------
    rows : DataFrame
        id, pi, label (empty), in the order to be shown. No model, arm or given label, and nothing that tells a decoy.
    disputed, decoys : int
        How many of them are rows on which the arms differ, and how many agreeing ones are mixed in.
    answered : int
        Rows of the same set that were answered before.
    differing : int
        Rows on which the arms differ.
    sampled : bool
        Whether some of these are left to chance.
    n_sets : int
        How many pairs of arms need these rows: 2 where a version must beat its placebo, too.
    """

    rows: pd.DataFrame
    disputed: int
    decoys: int
    answered: int
    differing: int
    sampled: bool
    n_sets: int = 1

    @property
    def whose(self) -> str:
        """Which other arms are meant as well."""
        return " (the placebo's among them)" if self.n_sets > 1 else ""

    @property
    def nothing(self) -> str:
        """Why none is asked for, where none is."""
        if not self.differing:
            return "Nothing to review: the arms predict the same for every row, so no label could change this contrast."
        return "Nothing to review: every row that could change this contrast is answered."

    def told(self) -> str:
        """Return how many rows these are, of how many, and how long they take; not which are decoys."""
        of = f"{self.differing:,} on which the arms predict differently{self.whose}"
        if self.sampled:
            what = f"{self.disputed:,} drawn at random from the {of} (pi: with which chance)"
        elif self.disputed == self.differing:
            what = f"all {of}" if self.differing > 1 else f"the {of}"
        else:
            what = f"{self.disputed:,} of the {of}"
        mixed = f", and {self.decoys:,} on which they agree, unmarked" if self.decoys else ""
        before = f" {self.answered:,} more are answered already and left out." if self.answered else ""
        return f"{what}{mixed}. About {minutes_of(len(self.rows))}.{before}"


def questions_of(parts: Sequence[Disagreement], ids: np.ndarray, answers: np.ndarray) -> Questions:
    """Return what is still to be asked for the sake of one contrast, or of one and its net.

    Parameters
    ----------
    parts : sequence of Disagreement
        The sets whose every row is needed.
    ids : ndarray of str objects, shape (n_rows,)
    answers : ndarray of int, shape (n_rows,)
        Codes, NOT_ANSWERED or UNSURE.
    """
    places = np.full(len(ids), np.inf)
    shown = np.zeros(len(ids))
    for part in parts:
        at = (np.arange(len(part.order)) + 0.5) / max(len(part.order), 1)
        first = at < places[part.order]
        places[part.order] = np.where(first, at, places[part.order])
        shown[part.order] = np.where(first, _disguised(part), shown[part.order])
    order = np.argsort(places, kind="stable")[: int(np.isfinite(places).sum())]
    rows = order[answers[order] == NOT_ANSWERED]
    asked, differing = (np.logical_or.reduce(sets) for sets in ([p.asked for p in parts], [p.weights > 0 for p in parts]))
    return Questions(
        rows=pd.DataFrame({"id": pd.Series(ids[rows], dtype=object), "pi": shown[rows], "label": ""}),
        disputed=int(asked[rows].sum()),
        decoys=int((~asked[rows]).sum()),
        answered=len(order) - len(rows),
        differing=int(differing.sum()),
        sampled=any(part.sampled for part in parts),
        n_sets=len(parts),
    )


def _disguised(part: Disagreement) -> np.ndarray:
    """Return the pi that stands beside each row of the order; a decoy, which has none, bears that of its neighbour."""
    pi = pd.Series(np.where(part.decoys, np.nan, part.pi)[part.order])
    return pi.ffill().bfill().fillna(1.0).to_numpy(dtype=float)

"""Where questions come from, and how an arm is written: in the ledger, and on a ticket that tells nothing of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from ceteris.editing.edit_lines import FAMILY_SOURCE, JUDGING_SOURCE, QUEUE_SOURCE, RANDOM_SOURCE
from ceteris.editing.edits import CONTROL
from ceteris.editing.in_time import in_time
from ceteris.reviewing.learning import Learner

__all__ = [
    "CONFLICT", "DISAGREEMENT", "FAMILY", "FIXED", "FLIP", "OPEN", "RANDOM", "SLICE", "Arm", "Question", "answers_so_far",
    "arm_of", "ticket",
]  # fmt: skip

RANDOM, FLIP, CONFLICT, SLICE, DISAGREEMENT = RANDOM_SOURCE, "flip", "conflict", "slice", JUDGING_SOURCE
FAMILY = FAMILY_SOURCE
FIXED = (RANDOM, CONTROL, FLIP)  # arms whose share is said in params.yaml
OPEN = (SLICE, FAMILY, CONFLICT)  # arms that all rows of a queue come from, so that a question may tell its own
_SOURCES = {RANDOM: RANDOM_SOURCE, CONTROL: CONTROL, FLIP: CONTROL, DISAGREEMENT: JUDGING_SOURCE}


def ticket(arm: str, reason: str, shown: str, id: str) -> str:
    """Return the 12 hex digits that stand for an arm and the label that was shown, so that neither can be read off a question.

    The first digits of sha256 of "arm:reason:shown:id".
    """
    return hashlib.sha256(f"{arm}:{reason}:{shown}:{id}".encode("utf-8", "surrogatepass")).hexdigest()[:12]


@dataclass(frozen=True, eq=False)
class Arm:
    """Where questions come from.

    Attributes
    ----------
    name : str
        A ranking of `review.rankings`, `random`, `control`, `flip`, `slice`, `family`, `conflict` or `disagreement`.
    order : ndarray of int, shape (n_places,)
        Places of rows, each at most once, the first to be asked first. It need not hold every row.
    reason : str, optional
        What the ledger says of it; that of a ranking is its name.
    shown : ndarray of str objects, shape (n_places,), optional
        The label that stands beside each row of the order, where that is not the given one.
    learner : Learner, optional
        What orders the same places anew after each block of answers.
    """

    name: str
    order: np.ndarray = field(repr=False)
    reason: str | None = None
    shown: np.ndarray | None = field(default=None, repr=False)
    learner: Learner | None = field(default=None, repr=False)

    @property
    def said(self) -> str:
        """The column `reason` of the ledger."""
        silent = self.name in (RANDOM, CONTROL, DISAGREEMENT)
        return self.reason if self.reason is not None else "" if silent else self.name

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from the other arms of a queue: two slices have one name."""
        return self.name, self.said

    @property
    def source(self) -> str:
        """The column `source` of the ledger."""
        return _SOURCES.get(self.name, QUEUE_SOURCE)

    @cached_property
    def _flipped(self) -> dict[int, str]:
        shown = () if self.shown is None else self.shown
        return {int(place): str(label) for place, label in zip(self.order, shown, strict=False)}

    def label_of(self, place: int, given: np.ndarray) -> str:
        """Return the label that is shown with a row as the given one."""
        return self._flipped.get(place, str(given[place]))


@dataclass(frozen=True)
class Question:
    """One row to ask for. Only `id`, `shown` and `ticket` may reach the person who answers."""

    id: str
    place: int
    shown: str
    arm: str
    reason: str
    source: str
    ticket: str


def answers_so_far(lines: pd.DataFrame) -> pd.DataFrame:
    """Return one row a row that was answered, in the order of answers: id, arm, reason and `changed`.

    `changed` is 1.0 where the answer changes the given label or drops the row, 0.0 where it confirms it, NaN where it is open.
    It is that of the first answer, given before the suggestion was seen, though a later one took its place. A row all of whose
    answers were taken back is not there, nor one of which was only decided as one of its family.

    Parameters
    ----------
    lines : DataFrame
        Lines of the ledger that belong to the queue, with the columns of `edits.COLUMNS`.
    """
    ordered = in_time(lines)
    undone = set(ordered.loc[ordered["action"] == "revert", "reverts"])
    answers = ordered[(ordered["action"] != "revert") & (ordered["source"] != FAMILY_SOURCE)]
    live = answers[~answers["answer"].isin(undone)].drop_duplicates("id")
    asked = ["id", "source", "reason"]
    first = live[asked].merge(answers.drop_duplicates(asked), on=asked, how="left")
    arms = [arm_of(source, reason) for source, reason in zip(first["source"], first["reason"], strict=True)]
    changed = first["action"].map({"relabel": 1.0, "drop": 1.0, "confirm": 0.0}).astype(float)
    return pd.DataFrame({"id": first["id"], "arm": arms, "reason": first["reason"], "changed": changed})


def arm_of(source: str, reason: str) -> str:
    """Return the name of the arm that a line of the ledger comes from."""
    if source != QUEUE_SOURCE:
        return FLIP if (source, reason) == (CONTROL, FLIP) else source
    return next((name for name in (SLICE, FAMILY) if reason.startswith(f"{name}: ")), reason)

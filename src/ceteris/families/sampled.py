"""What the reviewed sample of a family says of a fix for all of it, and the lines of the ledger that the fix is."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ceteris.editing.edit_lines import CONTROL, FAMILY_SOURCE
from ceteris.editing.edits import STATES, label_said, states
from ceteris.editing.in_time import in_time
from ceteris.measuring.estimates import Estimate, wilson
from ceteris.reviewing.arms import FAMILY

__all__ = ["ENOUGH", "Sample", "fix_lines", "sample_of", "said_of"]

ENOUGH = 20  # reviewed rows of a family, or all that it has


@dataclass(frozen=True)
class Sample:
    """Random rows of a family that people answered for.

    Attributes
    ----------
    reviewed : int
        Rows with an answer, unsure ones included.
    judged : int
        Those of them whose answer says whether the fix is right.
    right : int
        For a drop: rows whose given label is wrong. For a relabel: rows whose label is the new one, of those that it changes.
    """

    reviewed: int
    judged: int
    right: int

    @property
    def precision(self) -> Estimate:
        """The share of the family's rows for which the fix is right, with Wilson's interval."""
        share = self.right / self.judged if self.judged else float("nan")
        return Estimate(share, *wilson(share, self.judged))


def said_of(lines: pd.DataFrame) -> pd.DataFrame:
    """Return the first answer that counts about each row itself: id, reason, and the label it names (None: dropped, unsure).

    Parameters
    ----------
    lines : DataFrame
        The ledger. What was decided of a whole family, and what was said of controls, is left out.
    """
    ordered = in_time(lines)
    live = ordered[(states(ordered) == STATES[0]) & ~ordered["source"].isin((FAMILY_SOURCE, CONTROL))]
    live = live.drop_duplicates("id").reset_index(drop=True)
    return live[["id", "action", "reason"]].assign(label=label_said(live))


def sample_of(ids: np.ndarray, said: pd.DataFrame, pattern: str, given: Mapping[str, str], fix: Mapping[str, str]) -> Sample:
    """Return what the answers to the sample say of a fix.

    The sample are the first rows of the family in its random order, as far as its own review has come, whichever review asked
    for them: together they are a random sample, and those that a ranking chose alone would be none.

    Parameters
    ----------
    ids : ndarray of str objects, shape (n_rows,)
        The family's rows in random order.
    said : DataFrame
        From `said_of`.
    given, fix : mapping of str to str
        The given label of each row; and the label that each row is to bear, "" to be dropped; a row that is left is not there.
    """
    told = said.set_index("id").reindex(pd.Index(ids, dtype=object))
    asked = np.flatnonzero((told["reason"] == f"{FAMILY}: {pattern}").to_numpy())
    reached = told.iloc[: asked[-1] + 1] if len(asked) else told.iloc[:0]
    reached = reached[reached["action"].notna()]
    judged = reached[(reached["action"] != "unsure") & reached.index.isin(list(fix))]
    right = [
        (label != given[id]) if not fix[id] else (label == fix[id])
        for id, label in zip(judged.index, judged["label"], strict=True)
    ]
    return Sample(len(reached), len(judged), sum(right))


def fix_lines(
    ids: Sequence[str], given: Mapping[str, str], fix: Mapping[str, str], pattern: str, *, reviewer: str, batch: str, at: str
) -> list[dict[str, str]]:
    """Return one line of the ledger for each of these rows."""
    same = {"reviewer": reviewer, "batch": batch, "at": at, "source": FAMILY_SOURCE, "reason": f"{FAMILY}: {pattern}"}
    return [
        same
        | {"id": id, "given_label": given[id], "answer": str(uuid.uuid4())}
        | {"action": "relabel" if fix[id] else "drop", "new_label": fix[id]}
        for id in ids
    ]

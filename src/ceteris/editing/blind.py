"""Which answers were given blind, and so verify the label of a row that judges; the others are told apart, and counted."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from ceteris.editing import edits
from ceteris.editing.edit_lines import JUDGING_SOURCE, RANDOM_SOURCE, TOLD
from ceteris.errors import LeakageError
from ceteris.splitting.splits import VALIDATION

__all__ = [
    "SOURCES", "TEST_SOURCES", "answered_by", "judging_source", "not_blind", "refuse_leaks", "told_of_blindness", "verifying",
]  # fmt: skip

# Of answers about validation rows. One of `random` was given when the row was a train row, whose label is shown: where another
# split made a validation row of it, the answer stands, and says nothing.
SOURCES = (JUDGING_SOURCE, TOLD, RANDOM_SOURCE)
TEST_SOURCES = (JUDGING_SOURCE, TOLD)


def answered_by(known: pd.DataFrame, reviewer: str) -> frozenset[str]:
    """Return the ids of the rows that a reviewer has ever answered for, and so was told the given label of: for good."""
    return frozenset(known.loc[(known["reviewer"] == reviewer) & (known["action"] != "revert"), "id"])


def judging_source(id: str, seen: Collection[str]) -> str:
    """Return the source of an answer about a row that judges: the mark of whether it is blind.

    Parameters
    ----------
    seen : collection of str
        From `answered_by`, before this answer: only the first one is blind, whatever became of it.
    """
    return TOLD if id in seen else JUDGING_SOURCE


def not_blind(lines: pd.DataFrame, ids: Collection[str]) -> pd.DataFrame:
    """Return the answers about rows that judge which verify nothing, as whoever gave them knew the given label.

    Those are all but the first of one person about one row, and those that were given when it was a train row. What was taken
    back is left out.

    Parameters
    ----------
    lines : DataFrame
        The ledger.
    """
    counting = edits.states(lines).isin(["live", "replaced"])
    return lines[counting & lines["source"].isin([TOLD, RANDOM_SOURCE]) & lines["id"].isin(list(ids))]


def told_of_blindness(n_not_blind: int, part: str = VALIDATION) -> str:
    """Return how many answers were not blind, in a sentence; "" where all were."""
    if not n_not_blind:
        return ""
    if n_not_blind == 1:
        return f"1 answer to a {part} row was not blind and so verifies no label: ceteris edits check"
    return f"{n_not_blind:,} answers to {part} rows were not blind and so verify no label: ceteris edits check"


def verifying(decisions: pd.DataFrame) -> pd.DataFrame:
    """Return decisions of a blind review as they are, and others as what they are worth: nothing, or a label left open."""
    found = decisions[decisions["source"] != RANDOM_SOURCE]
    return found.assign(action=found["action"].mask(found["source"] == TOLD, "unsure"))


def refuse_leaks(decisions: pd.DataFrame, part: str = VALIDATION, sources: Sequence[str] = SOURCES) -> None:
    """Refuse decisions about rows of a part that judges which are no answers of a blind review.

    Raises
    ------
    LeakageError
        Names the first of them.
    """
    dropped = (decisions["action"] == "drop") & (decisions["source"] != RANDOM_SOURCE)
    wrong = decisions[~decisions["source"].isin(sources) | dropped]
    if len(wrong):
        lines = "; ".join(f"{row.where}: {row.action} of {row.id!r} from {row.source!r}" for row in wrong.head(5).itertuples())
        raise LeakageError(
            f"{len(wrong)} edits of {part} rows do not come from a blind review: {lines}.",
            f"Revert them. Only answers to a queue of `ceteris queue` verify {part} labels, and none may drop a row.",
        )

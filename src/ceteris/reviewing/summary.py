"""What a reviewer's answers say of the reviewer and of the detector: the first ones, before the suggestion was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ceteris.editing.edits import CONTROL, label_said
from ceteris.editing.reviewed import SECONDS_PER_LABEL
from ceteris.reviewing.agreement import first_answers
from ceteris.reviewing.arms import FLIP
from ceteris.reviewing.shares import Share, share_of

__all__ = ["ACTIONS", "Summary", "seconds_of", "summary"]

ACTIONS = ("confirm", "relabel", "drop", "unsure")
LONGEST_GAP = 300.0  # seconds after which a person was away
FEWEST_GAPS = 5


@dataclass(frozen=True)
class Summary:
    """A reviewer's answers to rows, each counted once.

    Attributes
    ----------
    reviewer : str
    actions : dict of str to int
        How often each of confirm, relabel, drop and unsure was answered, controls left out.
    false_fixes : Share
        Controls, which no detector doubts, that were relabelled or dropped: good labels are broken at most so often.
    missed_flips : Share
        Controls shown with a wrong label that were confirmed.
    with_suggestion : Share
        Rows that were given a label, whose label is the detector's suggestion.
    with_others : Share
        Pairs of a row that was given a label and another reviewer who gave it one, in which both gave the same.
    precision : Share
        Flagged rows, answered with a label or dropped, whose given label was wrong.
    seconds : float
        Per answer: the median time between two of them.
    """

    reviewer: str
    actions: Mapping[str, int]
    false_fixes: Share
    missed_flips: Share
    with_suggestion: Share
    with_others: Share
    precision: Share
    seconds: float

    def told(self) -> list[str]:
        """Return the summary in sentences; of what was not asked nothing is said."""
        counts = ", ".join(f"{count:,} {action}" for action, count in self.actions.items() if count)
        total = sum(self.actions.values())
        pace = f", {self.seconds:.1f} s each" if self.seconds != SECONDS_PER_LABEL else ""  # else it is assumed
        known = f"first answers to {total:,} row{'s' * (total != 1)}, controls left out ({counts}){pace}"
        lines = [f"{self.reviewer}: {known if total else 'no answer that counts yet'}."]
        facts = [
            ("Flagged rows whose label was wrong", self.precision),
            ("Answers that agree with the suggestion", self.with_suggestion),
            ("Answers that agree with another reviewer's", self.with_others),
            ("Undoubted rows whose label was changed (false fixes, at most)", self.false_fixes),
            ("Wrong labels shown on purpose that were confirmed", self.missed_flips),
        ]
        return lines + [f"{what}: {share.told()}." for what, share in facts if share.n]


def summary(
    ledger: pd.DataFrame, reviewer: str, *, suggested: Mapping[str, str], flagged: frozenset[str], batch: str | None = None
) -> Summary:
    """Return what the answers of one reviewer, or of one batch, say.

    Parameters
    ----------
    ledger : DataFrame
        All of it, with the columns of `edits.COLUMNS`: agreement needs the others' answers.
    reviewer : str
    suggested : mapping of str to str
        The detector's suggestion by id.
    flagged : frozenset of str
        The ids of the rows that it flags.
    batch : str, optional
    """
    first = first_answers(ledger)
    first = first.assign(label=label_said(first))
    mine = first[(first["reviewer"] == reviewer) & ((first["batch"] == batch) if batch is not None else True)]
    control = mine["source"] == CONTROL
    flips, controls = (mine[control & ((mine["reason"] == FLIP) == flip)] for flip in (True, False))
    rows = mine[~control]
    labelled, decided = rows[rows["label"].notna()], rows[rows["action"] != "unsure"]
    doubted = decided[decided["id"].isin(flagged)]
    known = labelled[labelled["id"].isin(list(suggested))]
    others = first[(first["reviewer"] != reviewer) & (first["source"] != CONTROL) & first["label"].notna()]
    pairs = labelled[["id", "label"]].merge(others[["id", "label"]], on="id", suffixes=("", "_other"))
    return Summary(
        reviewer=reviewer,
        actions={action: int((rows["action"] == action).sum()) for action in ACTIONS},
        false_fixes=_share(_changed(controls[controls["action"] != "unsure"])),
        missed_flips=_share((flips["action"] == "confirm").to_numpy()),
        with_suggestion=_share(known["label"].to_numpy(dtype=object) == known["id"].map(suggested).to_numpy(dtype=object)),
        with_others=_share((pairs["label"] == pairs["label_other"]).to_numpy()),
        precision=_share(_changed(doubted)),
        seconds=seconds_of(mine["at"]),
    )


def seconds_of(at: pd.Series) -> float:
    """Return the seconds that an answer takes: the median time between two, breaks of over 5 minutes left out.

    6 s where fewer than five such times are known, as of a file that was brought in at one moment.

    Parameters
    ----------
    at : Series of str
        ISO dates and times.
    """
    moments = np.sort(pd.to_datetime(at, utc=True, format="ISO8601").to_numpy(dtype="datetime64[us]"))
    gaps = np.diff(moments) / np.timedelta64(1, "s")
    gaps = gaps[(gaps > 0) & (gaps <= LONGEST_GAP)]
    return float(np.median(gaps)) if len(gaps) >= FEWEST_GAPS else SECONDS_PER_LABEL


def _changed(rows: pd.DataFrame) -> np.ndarray:
    return rows["action"].isin(["relabel", "drop"]).to_numpy()


def _share(held: np.ndarray) -> Share:
    return share_of(int(held.sum()), len(held))

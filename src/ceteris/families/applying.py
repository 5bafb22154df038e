"""The door from a family to the ledger: what its review says so far, and one batch of edits for all of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError, nearest
from ceteris.families.kept import rows_today
from ceteris.families.sampled import ENOUGH, Sample, fix_lines, said_of, sample_of
from ceteris.families.told import sample_told
from ceteris.reviewing.arms import FAMILY
from ceteris.reviewing.patches import Ledgers, Written, file_of
from ceteris.reviewing.rankings import random_order
from ceteris.tables.labels import is_known

if TYPE_CHECKING:
    from ceteris.workbench import Workbench

__all__ = ["DROP", "RELABEL", "Applied", "applied", "dropped_sample", "samples_so_far"]

DROP, RELABEL = "drop", "relabel"


@dataclass(frozen=True)
class Applied:
    """What became of a family: the batch, how many rows it changes, how many it leaves, what the review said, the files."""

    batch: str
    changed: int
    answered: int
    same: int
    sample: Sample
    written: Written


class _Family:
    """The rows of a pattern today, in random order, with their given labels and what people said of them."""

    def __init__(self, bench: Workbench, pattern: str, lines: pd.DataFrame) -> None:
        self.pattern, ids = pattern, rows_today(bench, pattern)
        if not len(ids):
            raise BadInputError(f"No train row has {pattern} any more.", "Look anew: dvc repro diagnose")
        self.ids = ids[random_order(ids)]
        self.issues = bench.issues().set_index("id").loc[self.ids]
        self.given = dict(zip(self.ids, self.issues["given_label"], strict=True))
        self.said = said_of(lines)

    def fix(self, how: str, to: str | None) -> dict[str, str]:
        """Return the label that each row is to bear, "" to be dropped; a row that keeps its label is not there."""
        if how == DROP:
            return dict.fromkeys(self.ids, "")
        wanted = np.full(len(self.ids), to, dtype=object) if to is not None else self.issues["suggested_label"].to_numpy()
        return {id: str(label) for id, label in zip(self.ids, wanted, strict=True) if label != self.given[id]}

    def sample(self, fix: dict[str, str]) -> Sample:
        return sample_of(self.ids, self.said, self.pattern, self.given, fix)


def dropped_sample(bench: Workbench, pattern: str, lines: pd.DataFrame) -> Sample:
    """Return what the review of a family says so far of its given labels: how many of them are wrong."""
    family = _Family(bench, pattern, lines)
    return family.sample(family.fix(DROP, None))


def samples_so_far(bench: Workbench, families: pd.DataFrame, lines: pd.DataFrame) -> dict[str, Sample]:
    """Return what their reviews say of the given labels of the families whose review has begun, by pattern."""
    begun = set(lines["reason"])
    return {name: dropped_sample(bench, name, lines) for name in families["pattern"] if f"{FAMILY}: {name}" in begun}


def applied(
    bench: Workbench, number: int, pattern: str, how: str, *, to: str | None, reviewer: str, batch: str | None, anyway: bool
) -> Applied:
    """Drop or relabel the rows of a family as one batch of edits; rows for which a person answered keep that answer.

    Raises
    ------
    BadInputError
        Too few of its rows were reviewed, or the review says that the fix is wrong for most of them; nothing is left to do.
    """
    _refuse_label(bench, how, to)
    ledgers = Ledgers(bench)
    with ledgers.alone("families apply"):
        lines = ledgers.lines()
        family = _Family(bench, pattern, lines)
        fix = family.fix(how, to)
        sample = family.sample(fix)
        if not anyway:
            _refuse_unreviewed(sample, len(family.ids), number, how)
        answered = set(family.said["id"])
        ids = [str(id) for id in family.ids if id in fix and id not in answered]
        if not ids:
            raise BadInputError(f"No row with {pattern} would change.", "See: ceteris edits list")
        name = batch or f"family-{number}-{how}"
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        new = fix_lines(ids, family.given, fix, pattern, reviewer=reviewer, batch=name, at=at)
        written = ledgers.append(file_of(reviewer, name), new, who="families apply")
    same = len(family.ids) - len(fix)
    return Applied(name, len(written.saved), len(answered & set(fix)), same, sample, written)


def _refuse_label(bench: Workbench, how: str, to: str | None) -> None:
    if how not in (DROP, RELABEL):
        raise BadInputError(f"--as is {how!r}.{nearest(how, (DROP, RELABEL))}", f"Choose {DROP} or {RELABEL}.")
    if to is None:
        return
    if how == DROP:
        raise BadInputError("--to names a label, and the rows are to be dropped.", f"Write --as {RELABEL}, or leave --to out.")
    classes = bench.classes()
    if not is_known(to, classes):
        what = f"no class.{nearest(to, classes)}" if classes else "no number in its plain spelling."
        raise BadInputError(f"--to {to!r} is {what}", "Name a label that the data have.")


def _refuse_unreviewed(sample: Sample, n_rows: int, number: int, how: str) -> None:
    enough = min(ENOUGH, n_rows)
    if sample.reviewed < enough:
        raise BadInputError(
            f"{sample.reviewed} of the family's {n_rows:,} rows were reviewed, of {enough} that tell whether it is one.",
            f"Answer for them: ceteris families review {number}. Or pass --anyway.",
        )
    if sample.precision.high < 0.5:
        raise BadInputError(
            f"The review says that this is wrong for most rows: {sample_told(sample, how)}.",
            "Leave the family, or fix it otherwise. Or pass --anyway.",
        )

"""The orders of train rows as a queue takes them: those that audit wrote, and that by expected gain, made when asked for."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ceteris.edits import CONTROL
from ceteris.reviewing.arms import FLIP, RANDOM, Arm
from ceteris.reviewing.fetched import Rows, read_kept, state_of
from ceteris.reviewing.heads import HEAD, KNOWN, SHOWN, UNDOUBTED, random_sample, table_of
from ceteris.reviewing.neighbours import points_of
from ceteris.reviewing.rankings import doubted, expected_gain, order
from ceteris.store import STATE, write_parquet

if TYPE_CHECKING:
    from ceteris.workbench import Workbench

__all__ = ["Ranked", "ranked"]

_GAIN = "expected_gain"
_COLUMNS = {CONTROL: UNDOUBTED, FLIP: UNDOUBTED}  # of the arms that are no order of their own
_FORM = 2  # of the kept table: to be raised when what stands in it changes
_LONG = 50_000  # rows: ranking more takes a moment


@dataclass(frozen=True)
class Ranked:
    """The head of each order.

    Attributes
    ----------
    rows : DataFrame
        The rows that these arms hold, with the columns of `heads.heads`.
    arms : tuple of str
    """

    rows: pd.DataFrame
    arms: tuple[str, ...]

    def arm(self, name: str) -> Arm:
        """Return an arm over the rows of the table."""
        ranks = self.rows[_COLUMNS.get(name, name)].to_numpy()
        places = np.flatnonzero(ranks >= 0)
        places = places[np.argsort(ranks[places], kind="stable")]
        return Arm(name, places, shown=self.rows[SHOWN].to_numpy(dtype=object)[places] if name == FLIP else None)


def ranked(bench: Workbench) -> Ranked:
    """Return the orders of this repository's train rows: the rankings of params.yaml, random rows, controls and flips."""
    review = bench.params.review
    arms = (*review.rankings, RANDOM, CONTROL, *([FLIP] if review.flips else []))
    rows = _with_gain(bench) if _GAIN in review.rankings else bench.orders()
    held = (rows[[_COLUMNS.get(arm, arm) for arm in arms]] >= 0).any(axis=1)
    return Ranked(rows[held].reset_index(drop=True), arms)


def _with_gain(bench: Workbench) -> pd.DataFrame:
    """Return the orders with that by expected gain: it reads validation labels, so audit must not make it; it is kept."""
    audit, split = bench.path("audit"), bench.path("split")
    train, validation = split / "train.parquet", split / "validation.parquet"
    state = state_of(audit / "issues.parquet", audit / "orders.parquet", train, validation)
    kept = bench.root / STATE / "review" / f"{_FORM}-{_GAIN}-{state}.parquet"
    found = read_kept(kept)
    if found is not None:
        return found
    issues = bench.issues()
    if len(issues) > _LONG:
        print(f"review: ranking {len(issues):,} rows, once; the order is kept", file=sys.stderr, flush=True)
    gain = order(_GAIN, issues, gain=_gain(bench, issues, Rows(train), Rows(validation)))[:HEAD]
    added = table_of(issues, {_GAIN: gain})
    found = bench.orders().merge(added, how="outer", on=list(KNOWN))  # in the order of ids, as both are
    ranks = [str(name) for name in found.columns if name not in (*KNOWN, SHOWN)]
    found[ranks] = found[ranks].fillna(-1).astype(int)
    found[SHOWN] = found[SHOWN].where(found[SHOWN].notna(), "")
    write_parquet(kept, found)
    return found


def _gain(bench: Workbench, issues: pd.DataFrame, train: Rows, validation: Rows) -> np.ndarray:
    """Return the expected gain of each doubted row, among these rows and a random sample."""
    own = doubted(issues)
    places = np.unique(np.concatenate([own, random_sample(len(issues))]))
    table, rows = issues.iloc[places], train.of(list(issues["id"].to_numpy(dtype=object)[places]))
    prepare, (judges, truth) = points_of(rows, bench.params.ingest.kinds), validation.sample(1000)
    return expected_gain(
        prepare.transform(rows),
        table["given_label"].to_numpy(dtype=object),
        table["suggested_label"].to_numpy(dtype=object),
        1 - table["label_quality"].to_numpy(dtype=float),
        np.searchsorted(places, own),
        prepare.transform(judges),
        truth.to_numpy(dtype=object),
        sample=len(places),
    )

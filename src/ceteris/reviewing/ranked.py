"""The orders of train rows as a queue takes them: those that audit wrote, and others, made when first asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ceteris.detectors.followed import followed, scores_for
from ceteris.editing.edits import CONTROL
from ceteris.reviewing.arms import FLIP, RANDOM, Arm
from ceteris.reviewing.fetched import Rows, read_kept, state_of
from ceteris.reviewing.heads import HEAD, KNOWN, SHOWN, UNDOUBTED, random_sample, table_of
from ceteris.reviewing.learning import LEARNED, Learner, known_of
from ceteris.reviewing.neighbours import points_of
from ceteris.reviewing.rankings import by_scores, doubted, expected_gain, order
from ceteris.store import STATE, write_parquet
from ceteris.training.preparation import preparation

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
    best : str
        The ranking that stands before something is learned.
    told : str
        What the rows in doubt are ranked by, and from what.
    load : function that returns an array, shape (n_rows, n_columns), optional
        What is known of each row, for what is learned from answers.
    """

    rows: pd.DataFrame
    arms: tuple[str, ...]
    best: str = ""
    told: str = ""
    load: Callable[[], np.ndarray] | None = field(default=None, repr=False)

    def arm(self, name: str) -> Arm:
        """Return an arm over the rows of the table."""
        if name == LEARNED and self.load is not None:
            ranks = self.rows[self.best].to_numpy()
            order = np.argsort(np.where(ranks < 0, len(ranks), ranks), kind="stable")
            return Arm(name, order, learner=Learner(order, self.load))
        ranks = self.rows[_COLUMNS.get(name, name)].to_numpy()
        places = np.flatnonzero(ranks >= 0)
        places = places[np.argsort(ranks[places], kind="stable")]
        return Arm(name, places, shown=self.rows[SHOWN].to_numpy(dtype=object)[places] if name == FLIP else None)


def ranked(bench: Workbench) -> Ranked:
    """Return the orders of this repository's train rows: the rankings of params.yaml, random rows, controls and flips."""
    review, chosen, rows = bench.params.review, followed(bench.root, bench.params), bench.orders()
    arms = (*chosen.rankings, RANDOM, CONTROL, *([FLIP] if review.flips else []))
    orders = list(dict.fromkeys(chosen.best if arm == LEARNED else _COLUMNS.get(arm, arm) for arm in arms))
    if more := [how for how in orders if how not in rows]:
        rows = _with_more(bench, rows, more)
    rows = rows[(rows[orders] >= 0).any(axis=1)].reset_index(drop=True)
    load = _known(bench, rows, orders) if LEARNED in arms else None
    return Ranked(rows, arms, chosen.best, chosen.told, load)


def _known(bench: Workbench, rows: pd.DataFrame, orders: list[str]) -> Callable[[], np.ndarray]:
    """Return what reads all that is known of these rows, which is made when a queue is first opened, and kept."""
    kept = _kept(bench, ["known", *orders], bench.path("audit") / "orders.parquet")

    def load() -> np.ndarray:
        found = read_kept(kept)
        if found is None:
            found = _made(bench, rows)
            write_parquet(kept, found)
        return found.to_numpy()

    if not kept.is_file():
        load()
    return load


def _made(bench: Workbench, rows: pd.DataFrame) -> pd.DataFrame:
    """Return what is known of rows, from the orders and the rows themselves: the tables of all rows are not read."""
    train = Rows(bench.path("split") / "train.parquet", front=bench.path("audit") / "front.parquet")
    features = train.of(list(rows["id"])).reset_index(drop=True)
    coded = preparation("coded", features, bench.params.ingest.kinds).fit_transform(features)
    quality = rows["label_quality"].to_numpy(dtype=float)
    given, suggested = (rows[name].to_numpy() for name in ("given_label", "suggested_label"))
    known = known_of(given, suggested, coded, np.where(quality < 0, np.inf, quality).clip(max=len(rows)))
    return pd.DataFrame(known, columns=[str(column) for column in range(known.shape[1])])


def _kept(bench: Workbench, names: list[str], *made_of: Path) -> Path:
    """Return where a table of these orders is kept, as long as nothing changes that it is made of."""
    own = [bench.root / place.partition(":")[0] for name, place in (bench.params.detectors.own or {}).items() if name in names]
    state = state_of(bench.path("split") / "train.parquet", *made_of, *own)
    return bench.root / STATE / "review" / f"{_FORM}-{'-'.join(names)}-{state}.parquet"


def _with_more(bench: Workbench, rows: pd.DataFrame, more: list[str]) -> pd.DataFrame:
    """Return the orders that audit wrote with others, which are kept: by a detector, or by expected gain.

    The latter reads validation labels, so audit must not make it.
    """
    audit, split = bench.path("audit"), bench.path("split")
    kept = _kept(bench, more, audit / "issues.parquet", audit / "orders.parquet", split / "validation.parquet")
    found = read_kept(kept)
    if found is not None:
        return found
    issues = bench.issues()
    if len(issues) > _LONG:
        print(f"review: ranking {len(issues):,} rows, once; the order is kept", file=sys.stderr, flush=True)
    sampled = _Sampled(bench, issues, Rows(split / "train.parquet"), Rows(split / "validation.parquet"))
    added = table_of(issues, {how: sampled.order(how)[:HEAD] for how in more})
    found = rows.merge(added, how="outer", on=list(KNOWN))  # in the order of ids, as both are
    ranks = [str(name) for name in found.columns if name not in (*KNOWN, SHOWN)]
    found[ranks] = found[ranks].fillna(-1).astype(int)
    found[SHOWN] = found[SHOWN].where(found[SHOWN].notna(), "")
    write_parquet(kept, found)
    return found


class _Sampled:
    """The most doubted rows and a random sample of the others, which orders are made among."""

    def __init__(self, bench: Workbench, issues: pd.DataFrame, train: Rows, validation: Rows) -> None:
        self._bench, self._issues, self._train, self._validation = bench, issues, train, validation
        self._doubted = doubted(issues)
        self._places = np.unique(np.concatenate([self._doubted, random_sample(len(issues))]))

    def order(self, how: str) -> np.ndarray:
        """Return the places of all rows, the first to be asked first."""
        if how == _GAIN:
            return order(how, self._issues, gain=self._gain())
        return by_scores(self._issues, self._places, self._detected(how))

    @cached_property
    def _rows(self) -> pd.DataFrame:
        return self._train.of(list(self._column("id")))

    def _column(self, name: str) -> np.ndarray:
        return np.asarray(self._issues[name].to_numpy(dtype=object)[self._places])

    def _detected(self, name: str) -> np.ndarray:
        """Return a detector's score of each row."""
        ids = self._column("id")
        print(f"review: {name} scores {len(ids):,} rows, once; the order is kept", file=sys.stderr, flush=True)
        labels, groups = self._column("given_label"), self._train.groups(list(ids))
        return scores_for(self._bench.root, self._bench.params, name, ids, self._rows, labels, groups)

    def _gain(self) -> np.ndarray:
        """Return the expected gain of each doubted row."""
        prepare, (judges, truth) = points_of(self._rows, self._bench.params.ingest.kinds), self._validation.sample(1000)
        return expected_gain(
            prepare.transform(self._rows),
            self._column("given_label"),
            self._column("suggested_label"),
            1 - self._issues["label_quality"].to_numpy(dtype=float)[self._places],
            np.searchsorted(self._places, self._doubted),
            prepare.transform(judges),
            truth.to_numpy(dtype=object),
            sample=len(self._places),
        )

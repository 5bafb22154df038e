"""The orders of train rows in doubt: made from the audit once, kept in .ceteris/, and read from there as long as they hold."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ceteris.answers import random_order
from ceteris.edits import CONTROL
from ceteris.reviewing.dealing import FLIP, RANDOM, Arm
from ceteris.reviewing.fetched import Rows, state_of
from ceteris.reviewing.neighbours import preparation
from ceteris.reviewing.rankings import doubted, expected_gain, knn_agreement, order, undoubted
from ceteris.store import STATE, read_parquet, write_parquet

if TYPE_CHECKING:
    from ceteris.workbench import Workbench

__all__ = ["KEPT", "MOST", "Ranked", "ranked"]

KEPT = f"{STATE}/review"
MOST = 20_000  # rows of each order that are kept: what people review of a million rows is a few thousand
_SHOWN, _PLACE = "shown", "place"
_LONG = 50_000  # rows: ranking more takes a moment


@dataclass(frozen=True)
class Ranked:
    """The head of each order.

    Attributes
    ----------
    rows : DataFrame
        A row that some order holds: id, place (in train.parquet), given_label, suggested_label, is_label_issue, shown (with a flip),
        and for each arm its place in the order, -1 where it is not in it.
    arms : tuple of str
    """

    rows: pd.DataFrame
    arms: tuple[str, ...]

    def arm(self, name: str) -> Arm:
        """Return an arm over the rows of the table."""
        ranks = self.rows[name].to_numpy()
        places = np.flatnonzero(ranks >= 0)
        places = places[np.argsort(ranks[places], kind="stable")]
        return Arm(name, places, shown=self.rows[_SHOWN].to_numpy(dtype=object)[places] if name == FLIP else None)

    @property
    def places(self) -> pd.Series:
        """Where each row stands in train.parquet, by id."""
        return pd.Series(self.rows[_PLACE].to_numpy(), index=self.rows["id"])


def ranked(bench: Workbench, most: int = MOST) -> Ranked:
    """Return the orders of this repository's train rows: the rankings of params.yaml, random rows, controls and flips."""
    rankings, split = bench.params.review.rankings, bench.path("split")
    issues, files = bench.path("audit") / "issues.parquet", [split / "train.parquet", split / "validation.parquet"]
    arms = (*rankings, RANDOM, CONTROL, FLIP)
    kept = bench.root / KEPT / f"{'-'.join(rankings)}-{most}-{state_of(issues, *files)}.parquet"
    if kept.is_file():
        return Ranked(read_parquet(kept), arms)
    table = bench.issues()
    if len(table) > _LONG:
        print(f"review: ranking {len(table):,} rows, once; the orders are kept", file=sys.stderr, flush=True)
    rows = _made(table, rankings, Rows(files[0], kept.parent), Rows(files[1]), most)
    write_parquet(kept, rows)
    return Ranked(rows, arms)


def _made(issues: pd.DataFrame, rankings: tuple[str, ...], train: Rows, validation: Rows, most: int) -> pd.DataFrame:
    ids, given = (issues[column].to_numpy(dtype=object) for column in ("id", "given_label"))
    points, chance = _Points(issues, train, validation), random_order(ids)
    sure = undoubted(issues, chance)[:most]
    flipped, shown = _flipped(given, sure)
    orders = {how: order(how, issues, **points.scores(how))[:most] for how in rankings}
    orders |= {RANDOM: chance[:most], CONTROL: sure, FLIP: flipped}
    held = np.unique(np.concatenate(list(orders.values())))
    rows = issues.iloc[held][["id", "given_label", "suggested_label", "is_label_issue"]].reset_index(drop=True)
    rows[_PLACE] = train.ids.get_indexer(pd.Index(rows["id"]))
    for name, places in orders.items():
        ranks = np.full(len(issues), -1)
        ranks[places] = np.arange(len(places))
        rows[name] = ranks[held]
    labels = np.full(len(issues), "", dtype=object)
    labels[flipped] = shown
    return rows.assign(**{_SHOWN: labels[held]})


def _flipped(given: np.ndarray, sure: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return undoubted rows, and the wrong label that each is shown with: that of the next of them which has another."""
    labels = given[sure]
    wrong = labels.copy()
    for shift in range(1, len(labels)):
        same = wrong == labels
        if not same.any():
            break
        wrong[same] = np.roll(labels, -shift)[same]
    differs = wrong != labels
    return sure[differs], wrong[differs]


class _Points:
    """The most doubted rows and a random sample of the others, as points; read when a ranking first needs them."""

    def __init__(self, issues: pd.DataFrame, train: Rows, validation: Rows) -> None:
        self._issues, self._train, self._validation = issues, train, validation
        self._doubted = doubted(issues)

    def scores(self, how: str) -> dict[str, np.ndarray]:
        """Return what a ranking needs to know of each doubted row."""
        if how == "combined":
            return {"agreement": self._agreement()}
        return {"gain": self._gain()} if how == "expected_gain" else {}

    @cached_property
    def _chosen(self) -> tuple[np.ndarray, np.ndarray, Any]:
        """Return the places of the rows, those of the doubted ones among them, and the points themselves."""
        sample = pd.Index(self._issues["id"]).get_indexer(self._train.sample()[0].index)
        places = np.unique(np.concatenate([self._doubted, sample]))
        rows = self._train.of(list(self._issues["id"].to_numpy(dtype=object)[places]))
        self._prepare = preparation(rows)
        return places, np.searchsorted(places, self._doubted), self._prepare.transform(rows)

    def _agreement(self) -> np.ndarray:
        places, own, points = self._chosen
        return knn_agreement(points, self._issues["given_label"].to_numpy(dtype=object)[places], own, sample=len(places))

    def _gain(self) -> np.ndarray:
        places, own, points = self._chosen
        table, (judges, truth) = self._issues.iloc[places], self._validation.sample(1000)
        return expected_gain(
            points,
            table["given_label"].to_numpy(dtype=object),
            table["suggested_label"].to_numpy(dtype=object),
            1 - table["label_quality"].to_numpy(dtype=float),
            own,
            self._prepare.transform(judges),
            truth.to_numpy(dtype=object),
            sample=len(places),
        )

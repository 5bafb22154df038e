"""The orders of train rows in doubt: made from the audit once, kept in .ceteris/, and read from there as long as they hold."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ceteris.answers import random_order
from ceteris.dataset import ID, codes
from ceteris.detectors.followed import followed, scores_for
from ceteris.edits import CONTROL
from ceteris.reviewing.arms import FLIP, RANDOM, Arm
from ceteris.reviewing.fetched import Rows, read_kept, state_of
from ceteris.reviewing.neighbours import points_of
from ceteris.reviewing.rankings import (
    RANKINGS,
    SCORED,
    by_scores,
    doubted,
    expected_gain,
    flipped,
    knn_agreement,
    order,
    undoubted,
)
from ceteris.store import STATE, read_parquet, write_parquet

if TYPE_CHECKING:
    from pathlib import Path

    from ceteris.workbench import Workbench

__all__ = ["KEPT", "MOST", "Ranked", "ranked"]

KEPT = f"{STATE}/review"
MOST = 5_000
_SHOWN, _PLACE = "shown", "place"
_FORM = 1  # of the kept table: to be raised when what stands in it changes
_LONG = 50_000  # rows: ranking more takes a moment


@dataclass(frozen=True)
class Ranked:
    """The head of each order.

    Attributes
    ----------
    rows : DataFrame
        A row that some order holds: id, place (in train.parquet), given_label, suggested_label, is_label_issue, shown (with a
        flip), and for each arm its place in the order, -1 where it is not in it.
    arms : tuple of str
    told : str
        What the rows in doubt are ranked by, and from what.
    """

    rows: pd.DataFrame
    arms: tuple[str, ...]
    told: str = ""

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
    review, split, audit = bench.params.review, bench.path("split"), bench.path("audit")
    train, validation = split / "train.parquet", split / "validation.parquet"
    chosen = followed(bench.root, bench.params)
    arms = (*chosen.rankings, RANDOM, CONTROL, *([FLIP] if review.flips else []))
    own = [bench.root / place.partition(":")[0] for name, place in (bench.params.detectors.own or {}).items() if name in arms]
    state = state_of(audit / "issues.parquet", train, validation, *own)
    kept = bench.root / KEPT / f"{_FORM}-{'-'.join(arms)}-{most}-{state}.parquet"
    found = read_kept(kept)
    if found is not None:
        return Ranked(found, arms, chosen.told)
    issues = bench.issues()
    if len(issues) > _LONG:
        print(f"review: ranking {len(issues):,} rows, once; the orders are kept", file=sys.stderr, flush=True)
    chance = random_order(issues["id"].to_numpy(dtype=object))
    sure = undoubted(issues, chance)[:most]
    points = _Points(issues, Rows(train, kept.parent), Rows(validation), bench)
    orders: dict[str, np.ndarray] = {how: points.order(how)[:most] for how in chosen.rankings}
    orders |= {RANDOM: chance[:most], CONTROL: sure, FLIP: sure}
    rows = _table(issues, {arm: orders[arm] for arm in arms})
    rows[_PLACE] = Rows(train).ids.get_indexer(pd.Index(rows["id"]))
    wrong = _wrong(issues, sure, audit / "pred_probs.parquet", bench.classes()) if FLIP in arms else {}
    rows[_SHOWN] = pd.Series([wrong.get(id, "") for id in rows["id"]], dtype=object)
    write_parquet(kept, rows)
    return Ranked(rows, arms, chosen.told)


def _table(issues: pd.DataFrame, orders: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return the rows that some order holds, with their place in each."""
    held = np.unique(np.concatenate(list(orders.values())))
    rows = issues.iloc[held][["id", "given_label", "suggested_label", "is_label_issue"]].reset_index(drop=True)
    for name, places in orders.items():
        ranks = np.full(len(issues), -1)
        ranks[places] = np.arange(len(places))
        rows[name] = ranks[held]
    return rows


def _wrong(issues: pd.DataFrame, sure: np.ndarray, probabilities: Path, classes: tuple[str, ...]) -> dict[str, str]:
    """Return the wrong label that each undoubted row would be shown with, by id: that most easily taken for the given one."""
    table, probs = issues.iloc[sure], read_parquet(probabilities).set_index(ID)
    given = codes(table["given_label"].to_numpy(dtype=object), classes)
    found = flipped(probs.loc[table["id"]].to_numpy(dtype=float), given, np.arange(len(sure)))
    return {id: classes[code] for id, code in zip(table["id"], found, strict=True)}


class _Points:
    """The most doubted rows and a random sample of the others, as points; read when a ranking first needs them."""

    def __init__(self, issues: pd.DataFrame, train: Rows, validation: Rows, bench: Workbench) -> None:
        self._issues, self._train, self._validation, self._bench = issues, train, validation, bench
        self._doubted = doubted(issues)

    def order(self, how: str) -> np.ndarray:
        """Return the places of all rows, the first to be asked first."""
        if how in SCORED or how not in RANKINGS:  # a detector of the user's own
            return by_scores(self._issues, *self._detected(how))
        if how == "combined":
            return order(how, self._issues, agreement=self._agreement())
        return order(how, self._issues, gain=self._gain() if how == "expected_gain" else None)

    @cached_property
    def _chosen(self) -> tuple[np.ndarray, np.ndarray, Any]:
        """Return the places of the rows, those of the doubted ones among them, and the points themselves."""
        sample = pd.Index(self._issues["id"]).get_indexer(self._train.sample()[0].index)
        places = np.unique(np.concatenate([self._doubted, sample]))
        rows = self._train.of(list(self._issues["id"].to_numpy(dtype=object)[places]))
        self._prepare = points_of(rows, self._bench.params.ingest.kinds)
        return places, np.searchsorted(places, self._doubted), self._prepare.transform(rows)

    def _detected(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the places of the rows that a detector scores, and their scores."""
        places, *_ = self._chosen
        ids, labels = (self._issues[column].to_numpy(dtype=object)[places] for column in ("id", "given_label"))
        print(f"review: {name} scores {len(ids):,} rows, once; the orders are kept", file=sys.stderr, flush=True)
        rows, groups = self._train.of(list(ids)), self._train.groups(list(ids))
        return places, scores_for(self._bench.root, self._bench.params, name, ids, rows, labels, groups)

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

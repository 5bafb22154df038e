"""The door to what a person can be asked: train rows in doubt or at random, and the rows that decide a contrast."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ceteris.answers import JUDGING_SOURCE, random_order
from ceteris.edits import CONTROL
from ceteris.errors import BadInputError
from ceteris.reviewing.dealing import FLIP, RANDOM, Arm, Dealer, Question, answers_so_far
from ceteris.reviewing.fetched import Held, Rows
from ceteris.reviewing.ranked import ranked
from ceteris.reviewing.rankings import undoubted
from ceteris.reviewing.slices import Slice, slice_of
from ceteris.sections import Review

if TYPE_CHECKING:
    from ceteris.workbench import Workbench

__all__ = ["Queue", "open_queue"]


@dataclass(frozen=True)
class Queue:
    """What is asked, and where its rows stand.

    Attributes
    ----------
    name, told : str
        As it is asked for, and in words.
    judging : bool
        Whether its rows judge.
    dealer : Dealer
        Where the given label is hidden, its labels are "".
    fetched : Rows
    suggested : Series
        What a model would say, by id; empty where none is asked.
    """

    name: str
    told: str
    judging: bool
    dealer: Dealer = field(repr=False)
    fetched: Rows | Held = field(repr=False)
    suggested: pd.Series = field(repr=False)

    @cached_property
    def _asked(self) -> np.ndarray:
        """Which rows it may ask for."""
        asked = np.zeros(len(self.dealer.ids), dtype=bool)
        for arm in self.dealer.arms:
            asked[arm.order] = True
        return asked

    @property
    def total(self) -> int:
        """How many rows it holds."""
        return int(self._asked.sum())

    def given(self, id: str) -> str:
        """Return the given label of a row."""
        return str(self.fetched.labels[id])

    def mine(self, lines: pd.DataFrame, reviewer: str) -> pd.DataFrame:
        """Return the rows of this queue that a reviewer has answered, in the order of answers: id, arm, and what changed."""
        mine = lines[lines["reviewer"] == reviewer]
        places = self.dealer.places(mine["id"])
        return answers_so_far(mine[(places >= 0) & self._asked[places]])

    def deal(self, lines: pd.DataFrame, reviewer: str, n: int, without: Collection[str]) -> list[Question]:
        """Return the next questions for a reviewer."""
        return self.dealer.deal(self.mine(lines, reviewer), n, without)

    def match(self, id: str, ticket: str) -> Question | None:
        """Return the question that was asked of a row, which may be answered by now; None where it is gone, or its label."""
        if (found := self.dealer.asked(id, ticket)) is not None or id not in self.fetched.labels.index:
            return found
        given = np.array(["" if self.judging else self.given(id)], dtype=object)
        arms = [replace(arm, order=np.zeros(1, dtype=int), shown=None) for arm in self.dealer.arms]
        return replace(self.dealer, ids=np.array([id], dtype=object), given=given, arms=arms).asked(id, ticket)

    def told_after(self, line: Mapping[str, str]) -> str:
        """Return what was hidden of a row until it was answered, in a sentence."""
        id, said = line["id"], line["new_label"] if line["action"] == "relabel" else line["action"]
        suggested = self.suggested.get(id)
        told = f"{id}: you said {said}; given {self.given(id)}"
        return f"{told}, the model suggests {suggested}" if suggested is not None else told


def open_queue(bench: Workbench, name: str) -> Queue:
    """Return a queue by its name.

    Raises
    ------
    BadInputError
        There is none of that name.
    """
    if name in ("train", "random"):
        return _of_train(bench, name)
    if name == "test":
        return _of_look(bench)
    if "..." in name:
        return _of_revisions(bench, *name.split("...", 1))
    if (rows := slice_of(name)) is not None:
        return _of_slice(bench, rows)
    return _of_contrast(bench, name)


def _of_train(bench: Workbench, name: str) -> Queue:
    issues, split = bench.issues(), bench.path("split")
    order = random_order(issues["id"].to_numpy(dtype=object))
    chance = Arm(RANDOM, order)
    if name == "random":
        return _train(bench, name, "Random train labels", issues, [chance])
    arms = ranked(bench.params.review.rankings, issues, Rows(split / "train.parquet"), Rows(split / "validation.parquet"))
    sure = undoubted(issues, order)
    return _train(bench, name, "Train labels in doubt", issues, [*arms, chance, Arm(CONTROL, sure), _flips(issues, sure)])


def _flips(issues: pd.DataFrame, sure: np.ndarray) -> Arm:
    """Return the arm of undoubted rows that are shown with a wrong label: that of the next of them which has another."""
    labels = issues["given_label"].to_numpy(dtype=object)[sure]
    wrong = labels.copy()
    for shift in range(1, len(labels)):
        same = wrong == labels
        if not same.any():
            break
        wrong[same] = np.roll(labels, -shift)[same]
    differs = wrong != labels
    return Arm(FLIP, sure[differs], shown=wrong[differs])


def _of_slice(bench: Workbench, rows: Slice) -> Queue:
    issues, fetched = bench.issues(), Rows(bench.path("split") / "train.parquet")
    found = fetched.ids[rows.of(fetched.column(rows.column))]
    places = np.flatnonzero(issues["id"].isin(found))
    doubted = places[np.argsort(issues["label_quality"].to_numpy()[places], kind="stable")]
    if not len(doubted):
        raise BadInputError(f"No train row has {rows}.", "Name another slice, as in: ceteris review 'age > 90'")
    return _train(bench, str(rows), f"Train labels of all rows with {rows}", issues, [Arm("slice", doubted, f"slice: {rows}")])


def _train(bench: Workbench, name: str, told: str, issues: pd.DataFrame, arms: list[Arm]) -> Queue:
    ids, given, suggested = (issues[column].to_numpy(dtype=object) for column in ("id", "given_label", "suggested_label"))
    rows = Rows(bench.path("split") / "train.parquet")
    return Queue(name, told, False, Dealer(ids, given, arms, bench.params.review), rows, pd.Series(suggested, index=ids))


def _of_contrast(bench: Workbench, name: str) -> Queue:
    from ceteris.asking import questions_about

    asked, _ = questions_about(bench.root, name)
    rows = Rows(bench.path("split") / "validation.parquet")
    return _judging(name, f"Validation labels that decide {name}", asked.rows, rows)


def _of_revisions(bench: Workbench, one: str, other: str) -> Queue:
    from ceteris.experiments.asking import questions_between

    asked, _ = questions_between(bench.root, one, other)
    rows = Rows(bench.path("split") / "validation.parquet")
    return _judging(f"{one}...{other}", f"Validation labels that decide between {one} and {other}", asked.rows, rows)


def _of_look(bench: Workbench) -> Queue:
    from ceteris.release.review import asked_labels, asked_rows

    asked, features = asked_rows(bench.root)
    return _judging(
        "test", "Test labels that decide the look", asked, Held(features, asked_labels(bench.root, bench.parts(), asked["id"]))
    )


def _judging(name: str, told: str, asked: pd.DataFrame, rows: Rows | Held) -> Queue:
    """Return the queue of rows that judge, in the order in which they are asked for: nothing tells which are decoys."""
    ids = asked["id"].to_numpy(dtype=object)
    dealer = Dealer(ids, np.full(len(ids), "", dtype=object), [Arm(JUDGING_SOURCE, np.arange(len(ids)))], Review())
    return Queue(name, told, True, dealer, rows, pd.Series(dtype=object))

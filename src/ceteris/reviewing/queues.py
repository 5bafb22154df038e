"""The door to what a person can be asked: train rows in doubt or at random, and the rows that decide a contrast."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ceteris.answers import JUDGING_SOURCE, RANDOM_SOURCE, random_rows
from ceteris.edits import CONTROL
from ceteris.reviewing.dealing import Arm, Dealer, Question, answers_so_far
from ceteris.reviewing.fetched import Rows

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
    fetched: Rows = field(repr=False)
    suggested: pd.Series = field(repr=False)

    @property
    def total(self) -> int:
        """How many rows it holds."""
        asked = np.zeros(len(self.dealer.ids), dtype=bool)
        for arm in self.dealer.arms:
            asked[arm.order] = True
        return int(asked.sum())

    def given(self, id: str) -> str:
        """Return the given label of a row."""
        return str(self.fetched.labels[id])

    def mine(self, lines: pd.DataFrame, reviewer: str) -> pd.DataFrame:
        """Return the rows of this queue that a reviewer has answered, in the order of answers: id, arm, and what changed."""
        mine = lines[lines["reviewer"] == reviewer]
        return answers_so_far(mine[self.dealer.places(mine["id"]) >= 0])

    def deal(self, lines: pd.DataFrame, reviewer: str, n: int, without: Collection[str]) -> list[Question]:
        """Return the next questions for a reviewer."""
        return self.dealer.deal(self.mine(lines, reviewer), n, without)

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
    return _of_contrast(bench, name)


def _of_train(bench: Workbench, name: str) -> Queue:
    issues, shares = bench.issues(), bench.params.review
    ids, given = (issues[column].to_numpy(dtype=object) for column in ("id", "given_label"))
    chance = Arm(RANDOM_SOURCE, np.asarray(pd.Index(ids).get_indexer(random_rows(list(ids), (), len(ids)))))
    if name == "random":
        arms = [chance]
    else:
        quality = issues["label_quality"].to_numpy()
        arms = [
            Arm("label_quality", np.argsort(quality, kind="stable")),
            chance,
            Arm(CONTROL, np.argsort(-quality, kind="stable")[: len(ids) // 10]),
        ]
    told = "Train labels in doubt" if name == "train" else "Random train labels"
    suggested = pd.Series(issues["suggested_label"].to_numpy(dtype=object), index=ids)
    rows = Rows(bench.path("split") / "train.parquet")
    return Queue(name, told, False, Dealer(ids, given, arms, shares), rows, suggested)


def _of_contrast(bench: Workbench, name: str) -> Queue:
    from ceteris.asking import questions_about

    asked, _ = questions_about(bench.root, name)
    ids = asked.rows["id"].to_numpy(dtype=object)
    rows = Rows(bench.path("split") / "validation.parquet")
    dealer = Dealer(ids, np.full(len(ids), "", dtype=object), [Arm(JUDGING_SOURCE, np.arange(len(ids)))])
    told = f"Validation labels that decide {name}"
    return Queue(name, told, True, dealer, rows, pd.Series(dtype=object))

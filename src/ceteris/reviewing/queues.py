"""The door to what a person can be asked: train rows in doubt or at random, and the rows that decide a contrast."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ceteris.editing.blind import TEST_SOURCES
from ceteris.editing.edit_lines import JUDGING_SOURCE, QUEUE_SOURCE, TOLD
from ceteris.editing.edits import CONTROL
from ceteris.editing.in_time import in_time
from ceteris.errors import BadInputError
from ceteris.families.kept import rows_today
from ceteris.reviewing.agreement import disagreements
from ceteris.reviewing.arms import CONFLICT, FAMILY, FLIP, OPEN, RANDOM, Arm, Question, answers_so_far, arm_of
from ceteris.reviewing.dealing import Dealer
from ceteris.reviewing.fetched import Held, Rows
from ceteris.reviewing.learning import LEARNED
from ceteris.reviewing.patches import Ledgers
from ceteris.reviewing.ranked import ranked
from ceteris.reviewing.rankings import RANKINGS, random_order
from ceteris.reviewing.slices import Slice, slice_of
from ceteris.sections import Review
from ceteris.splitting.splits import TRAIN, VALIDATION

if TYPE_CHECKING:
    from ceteris.workbench import Workbench

__all__ = ["CONFLICTS", "Queue", "is_of_rows", "open_queue", "parted_queues"]

CONFLICTS = "conflicts"
_CONFLICTS = {CONFLICTS: TRAIN, f"validation-{CONFLICTS}": VALIDATION}  # the part whose rows each asks for
_AHEAD = 10  # times as many rows as are asked for, among which two people seldom take the same
_LATELY = 20  # answers in which somebody else's tell that people review beside each other


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
    total : int
        How many rows it holds, those beyond the dealer's included.
    known : DataFrame
        given_label, suggested_label and is_label_issue of the dealer's rows, by id; empty where these rows judge.
    settling : bool
        Whether its rows are asked for because two people part. What was answered before is asked again; but rows that judge are
        asked only of somebody else, who does not know their labels.
    classes : tuple of str
        The labels that its rows can be shown with.
    ranked : str
        What doubted rows are ranked by, and from what, in a sentence.
    detectors : tuple of str
        Those of the user's own, which rows may have been ranked by.
    """

    name: str
    told: str
    judging: bool
    dealer: Dealer = field(repr=False)
    fetched: Rows | Held = field(repr=False)
    total: int
    known: pd.DataFrame = field(repr=False)
    settling: bool = False
    classes: tuple[str, ...] = ()
    ranked: str = ""
    detectors: tuple[str, ...] = ()

    @cached_property
    def _asked(self) -> np.ndarray:
        """Which rows it may ask for."""
        asked = np.zeros(len(self.dealer.ids), dtype=bool)
        for arm in self.dealer.arms:
            asked[arm.order] = True
        return asked

    @property
    def n_dealt(self) -> int:
        """How many rows its orders hold."""
        return len(self.dealer.ids)

    def given(self, id: str) -> str:
        """Return the given label of a row."""
        return str(self.known["given_label"].get(id, "") or self.fetched.labels[id])

    def answers(self, lines: pd.DataFrame, reviewer: str) -> pd.DataFrame:
        """Return what is answered of this queue, as of `answers_so_far`: by whomever; where people part, by this reviewer."""
        if self.judging:  # what was said of these rows when they were train rows verifies nothing
            lines = lines[lines["source"].isin(TEST_SOURCES) | (lines["action"] == "revert")]
        if self.settling:
            lines = lines[lines["reviewer"] == reviewer] if self.judging else _settled(lines, reviewer)
        places = self.dealer.places(lines["id"])
        held = places >= 0
        held[held] = self._asked[places[held]]
        return answers_so_far(lines[held])

    def deal(self, lines: pd.DataFrame, reviewer: str, n: int, without: Collection[str]) -> list[Question]:
        """Return the next questions for a reviewer: no row that somebody has answered.

        Who reviews beside others takes the rows ahead in an order of their own, or all would hold the same rows at once.
        """
        answered = self.answers(lines, reviewer)
        if self.settling or not _beside_others(lines[lines["id"].isin(answered["id"])], reviewer):
            return self.dealer.deal(answered, n, without)
        ahead = self.dealer.deal(answered, max(_AHEAD * n, 50), without)
        return sorted(ahead, key=lambda question: _digest(f"{reviewer}\n{question.id}"))[:n]

    def deal_to_anybody(self, lines: pd.DataFrame, n: int) -> list[Question]:
        """Return the next questions for whoever will answer them, in the queue's own order."""
        return self.deal(lines if self.settling else lines.assign(reviewer=""), "", n, ())

    def match(self, id: str, ticket: str, reason: str = "") -> Question | None:
        """Return the question that was asked of a row, which may be answered by now; None where it is gone, or its label.

        `reason` is what the question said of the queue that it was asked in, where that was another one than this.
        """
        found = self.dealer.asked(id, ticket)
        if found is not None or id not in self.fetched.labels.index:
            return found
        shown, place = "" if self.judging else self.given(id), np.zeros(1, dtype=int)
        arms = [replace(arm, order=place, shown=None) for arm in self.dealer.arms]
        if self.name == TRAIN:  # asked under other rankings or shares than params.yaml names today
            arms += [Arm(name, place) for name in (*RANKINGS, LEARNED, *self.detectors, RANDOM, CONTROL)]
            arms += [Arm(FLIP, place, shown=np.array([label], dtype=object)) for label in self.classes if label != shown]
            arms += [Arm(name, place, reason) for name in OPEN if name == arm_of(QUEUE_SOURCE, reason)]
        row, labels = np.array([id], dtype=object), np.array([shown], dtype=object)
        asked = (Dealer(row, labels, [arm], Review()).asked(id, ticket) for arm in arms)
        return next((question for question in asked if question is not None), None)

    def told_after(self, line: Mapping[str, str]) -> str:
        """Return what was hidden of a row until it was answered, in a sentence."""
        words = {"relabel": line["new_label"], "confirm": line["given_label"]}
        id, said = line["id"], words.get(line["action"], line["action"])
        suggested = self.known["suggested_label"].get(id)
        told = f"{id}: you said {said}; given {self.given(id)}"
        if line["source"] == TOLD:
            told += ". You had been told so when you answered it before: this answer is kept, and verifies nothing"
        return f"{told}, the model suggests {suggested}" if suggested is not None else told


def is_of_rows(name: str) -> bool:
    """Return whether a name means rows as such, and not those that decide between two arms."""
    named = name in ("train", "random", *_CONFLICTS) or name.startswith(f"{FAMILY}: ")
    return named or slice_of(name) is not None


def parted_queues(bench: Workbench) -> list[str]:
    """Return the names of the queues of rows on which people part today."""
    parts = bench.parts()
    parted = {parts.get(id) for id in disagreements(Ledgers(bench).readable()[0])["id"]}
    return [name for name, part in _CONFLICTS.items() if part in parted]


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
    if name in _CONFLICTS:
        return _of_conflicts(bench, name)
    if name.startswith(f"{FAMILY}: "):
        return _of_family(bench, name)
    if (rows := slice_of(name)) is not None:
        return _of_slice(bench, rows)
    if "..." in name:
        return _of_revisions(bench, *name.split("...", 1))
    return _of_contrast(bench, name)


def _of_train(bench: Workbench, name: str) -> Queue:
    found = ranked(bench)
    arms = [found.arm(arm) for arm in found.arms if name == "train" or arm == RANDOM]
    told = "Train labels in doubt" if name == "train" else "Random train labels"
    if name == "train" and "expected_gain" in found.arms:  # it reads validation labels
        told += " (exploratory: ranked by what validation labels tell)"
    queue = _train(bench, name, told, found.rows, arms, bench.split_counts()["train"])
    return replace(queue, ranked=found.told if name == "train" else "", detectors=tuple(bench.params.detectors.own or ()))


def _of_slice(bench: Workbench, rows: Slice) -> Queue:
    issues, train = bench.issues(), Rows(bench.path("split") / "train.parquet")
    found = train.ids[rows.of(train.column(rows.column))]
    places = np.flatnonzero(issues["id"].isin(found))
    doubted = places[np.argsort(issues["label_quality"].to_numpy()[places], kind="stable")]
    if not len(doubted):
        raise BadInputError(f"No train row has {rows}.", "Name another slice, as in: ceteris review 'age > 90'")
    arms = [Arm("slice", doubted, f"slice: {rows}")]
    return _train(bench, str(rows), f"Train labels of all rows with {rows}", issues, arms, len(doubted))


def _of_family(bench: Workbench, name: str) -> Queue:
    """Return the rows of a pattern in a random order, so that the first of them tell how many labels of all are wrong."""
    pattern, issues = name.removeprefix(f"{FAMILY}: "), bench.issues()
    ids = rows_today(bench, pattern)
    if not len(ids):
        raise BadInputError(f"No train row has {pattern}.", "See: ceteris families")
    places = pd.Index(issues["id"]).get_indexer(pd.Index(ids))[random_order(ids)]
    told = f"Train labels of random rows with {pattern}"
    return _train(bench, name, told, issues, [Arm(FAMILY, places, name)], len(ids))


def _of_conflicts(bench: Workbench, name: str) -> Queue:
    parted, parts = disagreements(Ledgers(bench).readable()[0]), bench.parts()
    part = _CONFLICTS[name]
    ids = [id for id in parted["id"] if parts.get(id) == part]
    if not ids:
        elsewhere = sum(parts.get(id) == VALIDATION for id in parted["id"])
        also = f"Of {elsewhere:,} validation rows they do: ceteris review validation-{CONFLICTS}"
        do = also if elsewhere and part == TRAIN else "Nothing is to be settled."
        raise BadInputError(f"No two people say otherwise of a {part} row.", do)
    told = f"{part.capitalize()} labels on which people part"
    if part == VALIDATION:
        told += ", for who has answered none of them"
        rows = Rows(bench.path("split") / "validation.parquet")
        return replace(_judging(name, told, pd.DataFrame({"id": ids}), rows, CONFLICT), settling=True)
    issues = bench.issues()
    arm = Arm(CONFLICT, pd.Index(issues["id"]).get_indexer(ids))
    return replace(_train(bench, name, told, issues, [arm], len(ids)), settling=True)


def _train(bench: Workbench, name: str, told: str, table: pd.DataFrame, arms: list[Arm], total: int) -> Queue:
    ids, given = (table[column].to_numpy(dtype=object) for column in ("id", "given_label"))
    audit = bench.path("audit")
    rows = Rows(bench.path("split") / "train.parquet", audit / "sample.parquet", audit / "front.parquet")
    known = table.set_index("id")[["given_label", "suggested_label", "is_label_issue"]]
    dealer = Dealer(ids, given, arms, bench.params.review, seed=_seed(ids))
    return Queue(name, told, False, dealer, rows, total, known, classes=bench.classes())


def _seed(ids: np.ndarray) -> int:
    """Return a seed that is another one for other rows, so that nobody knows beforehand which questions are controls."""
    return int.from_bytes(_digest("\n".join(map(str, ids[:1000])))[:4], "big")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _beside_others(lines: pd.DataFrame, reviewer: str) -> bool:
    """Return whether somebody else gave one of the last answers of a queue."""
    return bool((in_time(lines)["reviewer"].tail(_LATELY) != reviewer).any())


def _settled(lines: pd.DataFrame, reviewer: str) -> pd.DataFrame:
    """Return the lines by which a reviewer settled a row on which people part: those that nobody has answered since."""
    at = pd.to_datetime(lines["at"], utc=True, format="ISO8601")
    others = at[(lines["reviewer"] != reviewer) & (lines["action"] != "revert")].groupby(lines["id"]).max()
    mine = (lines["reviewer"] == reviewer) & ((lines["reason"] == CONFLICT) | (lines["action"] == "revert"))
    return lines[mine & ~(at < lines["id"].map(others))]


def _of_contrast(bench: Workbench, name: str) -> Queue:
    from ceteris.measuring.asking import questions_about

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


def _judging(name: str, told: str, asked: pd.DataFrame, rows: Rows | Held, reason: str | None = None) -> Queue:
    """Return the queue of rows that judge, in the order in which they are asked for: nothing tells which are decoys."""
    ids = asked["id"].to_numpy(dtype=object)
    dealer = Dealer(ids, np.full(len(ids), "", dtype=object), [Arm(JUDGING_SOURCE, np.arange(len(ids)), reason)], Review())
    known = pd.DataFrame({"given_label": [], "suggested_label": [], "is_label_issue": []}, dtype=object)
    return Queue(name, told, True, dealer, rows, len(ids), known)

"""Which row a person is asked for next: a pure function of the orders there are and of the answers so far.

Nothing is remembered between two deals, so a kernel that died deals the same questions again.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from ceteris.editing.edits import CONTROL
from ceteris.reviewing.arms import FIXED, FLIP, RANDOM, Arm, Question, ticket
from ceteris.sections import Review

__all__ = ["BLOCK", "Dealer", "Seen"]

BLOCK = 20  # questions after which the rankings' shares are decided anew
RECENT = 60  # answers of an arm that tell what it is worth now: the deeper in its order, the fewer labels are wrong
# What is believed of an arm before its first answer: any precision of a ranking, one row in ten of random ones.
PRIOR = {RANDOM: (1.0, 9.0)}
_CHUNK = 4096


@dataclass(frozen=True, eq=False)
class Seen:
    """What the answers so far tell of a queue. In each array 1.0 stands for a label that was changed, 0.0 for one confirmed.

    Attributes
    ----------
    ranked : ndarray of float, shape (n_ranked,)
        Of the rows that rankings (or slices, conflicts) chose, in the order of answers.
    sampled : ndarray of float, shape (n_sampled,)
        Of the first rows of the random order, up to the last that it chose: whichever arm asked for a row of these, as they are
        a random sample only together. Controls, which come from the order's other end, are left out.
    outside : ndarray of float, shape (n_outside,)
        Those of them that no ranking would have asked for by now: a random sample of the rows that are left.
    changed : ndarray of float, shape (n_answers,)
        Of all of these rows,
    depths, ahead : ndarray of float, shape (n_answers, n_rankings), (n_ahead, n_rankings)
        How deep each of them, and each row that will be asked for next (controls left out), stands in each ranking: the
        logarithm of its place, from 1, as a share of all rows.
    left : int
        Rows that nobody answered.
    """

    ranked: np.ndarray
    sampled: np.ndarray
    outside: np.ndarray
    changed: np.ndarray
    depths: np.ndarray
    ahead: np.ndarray
    left: int


@dataclass(frozen=True, eq=False)
class Dealer:
    """A queue: its rows, the arms that questions come from, and their shares.

    Of every 20 questions the shares of `random`, `control` and `flip` are fixed (parts of a question are carried over), at
    places drawn anew for each 20. Each of the others goes to the arm that wins a draw from Beta posteriors of the precision of
    its last answers: that finds more and more often where wrong labels are, and random rows may win too, beyond their share.
    The draws are seeded by the question's number, and a block's posteriors come from the answers before it: who answers the
    same is dealt the same. An arm that is through hands its turn to the next.

    Attributes
    ----------
    ids, given : ndarray of str objects, shape (n_rows,)
        Every row that an order may name, and its given label.
    arms : sequence of Arm
    shares : Review
        The section `review` of params.yaml; shares of arms that are not there are nobody's.
    seed : int

    References
    ----------
    Thompson (1933), On the likelihood that one unknown probability exceeds another in view of the evidence of two samples.
    """

    ids: np.ndarray = field(repr=False)
    given: np.ndarray = field(repr=False)
    arms: Sequence[Arm]
    shares: Review
    seed: int = 0

    @cached_property
    def _places(self) -> pd.Index:
        return pd.Index(self.ids, dtype=object)

    def _depths(self, orders: Sequence[np.ndarray]) -> np.ndarray:
        depths = np.zeros((len(self.ids), len(orders)), dtype=np.float32)
        for column, order in enumerate(orders):
            depths[order, column] = np.log(np.arange(1, len(order) + 1) / max(len(self.ids), 1))
        return depths

    def places(self, ids: Collection[str]) -> np.ndarray:
        """Return the places of these ids, -1 for one that is not in the queue."""
        return self._places.get_indexer(pd.Index(list(ids), dtype=object))

    def deal(self, answered: pd.DataFrame, n: int, without: Collection[str] = ()) -> list[Question]:
        """Return the next n questions, fewer where fewer rows are left.

        Parameters
        ----------
        answered : DataFrame
            From `answers_so_far`.
        n : int
        without : collection of str
            Ids that were dealt before and are not answered yet.
        """
        done = np.zeros(len(self.ids), dtype=bool)
        for ids in (answered["id"], without):
            places = self.places(ids)
            done[places[places >= 0]] = True
        left = {arm.key: _left(self._ordered(arm, answered), done) for arm in self.arms}
        begun, questions = int(done.sum()), list[Question]()
        for number in range(begun, begun + n):
            block, turn = divmod(number, BLOCK)
            if not questions or turn == 0:
                fixed, beliefs = self._fixed_turns(block), self._beliefs(answered.iloc[: block * BLOCK])
            wanted = [*(arm for arm in self.arms if arm.name == fixed[turn]), *self._drawn(beliefs, number)]
            found = next(((arm, place) for arm in wanted for place in left[arm.key]), None)
            if found is None:
                break
            questions.append(self._question(*found))
            done[found[1]] = True
        return questions

    def asked(self, id: str, ticket: str) -> Question | None:
        """Return the question that a ticket stands for, None where no arm of this queue would ask it so."""
        place = int(self.places([id])[0])
        found = [self._question(arm, place) for arm in self.arms] if place >= 0 else []
        return next((question for question in found if question.ticket == ticket), None)

    def seen(self, answered: pd.DataFrame, ahead: int = 50) -> Seen:
        """Return what the answers so far tell, and where the next `ahead` questions will come from.

        Parameters
        ----------
        answered : DataFrame
            From `answers_so_far`.
        """
        answered = answered.assign(place=self.places(answered["id"]))
        answered = answered[answered["place"] >= 0]
        places, names = answered["place"].to_numpy(), answered["arm"].to_numpy(dtype=object)
        values = np.full(len(self.ids), np.nan)
        counted = ~np.isin(names, (CONTROL, FLIP))
        values[places[counted]] = answered["changed"].to_numpy(dtype=float)[counted]
        sample, beyond = np.empty(0, dtype=np.int64), np.ones(len(self.ids), dtype=bool)
        orders = []
        for arm in self.arms:
            own = places[(names == arm.name) & (answered["reason"] == arm.said).to_numpy()]
            order = self._ordered(arm, answered)
            reached = _reached(order, own, learned=arm.learner is not None)
            if arm.name == RANDOM:
                sample = reached
            elif arm.name not in FIXED:
                beyond[reached] = False
                orders.append(order)
        depths = self._depths(orders)
        known = places[counted & answered["changed"].notna().to_numpy()]
        following = [question.place for question in self.deal(answered, ahead) if question.arm not in (CONTROL, FLIP)]
        return Seen(
            ranked=_told(values[places[~np.isin(names, FIXED)]]),
            sampled=_told(values[sample]),
            outside=_told(values[sample[beyond[sample]]]),
            changed=values[known],
            depths=depths[known],
            ahead=depths[np.array(following, dtype=int)],
            left=len(self.ids) - len(places),
        )

    def _question(self, arm: Arm, place: int) -> Question:
        id, shown = str(self.ids[place]), arm.label_of(place, self.given)
        return Question(id, place, shown, arm.name, arm.said, arm.source, ticket(arm.name, arm.said, shown, id))

    def _fixed_turns(self, block: int) -> list[str]:
        """Return whose each of the next 20 questions is; "" where the rankings share it."""
        shares = {RANDOM: self.shares.random, CONTROL: self.shares.controls, FLIP: self.shares.flips}
        turns = [name for name, share in shares.items() for _ in range(_carried(share, block + 1) - _carried(share, block))]
        turns = (turns + [""] * BLOCK)[:BLOCK]
        return [turns[place] for place in np.random.default_rng([self.seed, block]).permutation(BLOCK)]

    def _ordered(self, arm: Arm, answered: pd.DataFrame) -> np.ndarray:
        """Return the order of an arm after the whole blocks of these answers; what one learns is kept until the next."""
        if arm.learner is None:
            return arm.order
        answered = answered.iloc[: len(answered) // BLOCK * BLOCK]
        told = answered[answered["changed"].notna() & (answered["arm"] != FLIP)]
        places = self.places(told["id"])
        held, changed = places[places >= 0], told["changed"].to_numpy(dtype=float)[places >= 0]
        state = (arm.key, held.tobytes(), changed.tobytes())
        if state not in self._learned:
            self._learned.clear()
            self._learned[state] = arm.learner.learned(held, changed)
        return self._learned[state]

    @cached_property
    def _learned(self) -> dict[tuple[object, ...], np.ndarray]:
        return {}

    def _beliefs(self, answered: pd.DataFrame) -> list[tuple[Arm, float, float]]:
        """Return the Beta posterior of each arm that competes: a + wrong, b + right of its last answers."""
        arms, reasons = (answered[name].to_numpy(dtype=object) for name in ("arm", "reason"))
        changed, beliefs = answered["changed"].to_numpy(dtype=float), []
        told = ~np.isnan(changed)
        for arm in self.arms:
            if arm.name not in (CONTROL, FLIP):
                recent = changed[told & (arms == arm.name) & (reasons == arm.said)][-RECENT:]
                wrong, (a, b) = float(recent.sum()), PRIOR.get(arm.name, (1.0, 1.0))
                beliefs.append((arm, a + wrong, b + len(recent) - wrong))
        return beliefs

    def _drawn(self, beliefs: list[tuple[Arm, float, float]], number: int) -> list[Arm]:
        """Return the arms in the order of one draw from each posterior, the highest first."""
        generator = np.random.default_rng([self.seed, number, 1])
        draws = [generator.beta(a, b) for _, a, b in beliefs]
        return [beliefs[place][0] for place in np.argsort(draws, kind="stable")[::-1]]


def _reached(order: np.ndarray, own: np.ndarray, *, learned: bool) -> np.ndarray:
    """Return the rows that an order has asked for, or would have, had they not been asked already: up to the last of its own.

    One that is learned has no last: as far as it would go now, to find as many rows as it asked for.
    """
    if learned:
        return order[: len(own)]
    mine = np.flatnonzero(np.isin(order, own))
    return order[: mine[-1] + 1] if len(mine) else order[:0]


def _told(values: np.ndarray) -> np.ndarray:
    return values[~np.isnan(values)]


def _carried(share: float, blocks: int) -> int:
    """Return how many of the questions of so many blocks are whole turns of a share."""
    return math.floor(share * BLOCK * blocks + 1e-9)


def _left(order: np.ndarray, done: np.ndarray) -> Iterator[int]:
    """Yield the places of an order that are not done at the time that they are asked for."""
    for start in range(0, len(order), _CHUNK):
        for place in order[start : start + _CHUNK][~done[order[start : start + _CHUNK]]]:
            if not done[place]:
                yield int(place)

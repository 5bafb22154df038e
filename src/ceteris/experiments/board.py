"""The exchange-rate board of a repository: reviews, simulated or from the ledger, and every model tried on its labels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ceteris.editing import edits
from ceteris.editing.edit_lines import RANDOM_SOURCE
from ceteris.editing.in_time import in_order
from ceteris.editing.ledger import read_ledger
from ceteris.editing.reverts import with_reverts
from ceteris.errors import BadInputError, CeterisError
from ceteris.experiments.extra import Training
from ceteris.experiments.history import History
from ceteris.experiments.records import read_seconds
from ceteris.experiments.reviewing import Reviewing
from ceteris.fixing.recipes import make_all
from ceteris.layout import read_layout
from ceteris.measuring.budget import PEOPLE, SIMULATED, Board, Curve, Trial, budget_curve, steps_up_to
from ceteris.measuring.effect import paired_effect
from ceteris.measuring.fingerprint import Fingerprint
from ceteris.metrics import METRICS
from ceteris.reviewing.rankings import random_order
from ceteris.sections import RANDOM, Step
from ceteris.training.cells import Cell

__all__ = ["read_board"]

_FEWEST = 10  # answers to rows of the queue, and to random ones, from which on people are compared with people


def read_board(root: Path, reviewing: Reviewing, most: int) -> Board:
    """Return what reviews and trials of models were worth, both from the model that is held fixed on the given labels.

    Answers of people are taken where they answered rows of a queue and random rows too. Else the reviewer is simulated where
    true labels are known, against as many random rows. Else the answers of people are taken in the order they were given,
    and there is nothing random to compare with.

    Parameters
    ----------
    most : int
        Reviews up to which the curve goes.
    """
    ranked, random = _answered(root, reviewing)
    compared = min(len(ranked), len(random)) >= _FEWEST
    simulated = reviewing.evidence.true is not None and not compared
    if simulated:
        reviews = _simulated(reviewing, steps_up_to(min(most, len(reviewing.evidence.ids))))
    elif compared or len(reviewing.evidence.decisions):
        every = in_order(reviewing.evidence.decisions)
        reviews = _of_people(reviewing, *((ranked, random) if compared else (every, random.head(0))), most)
    else:
        reviews = _Reviews([reviewing.given], lambda _: None)
    cells = reviewing.cells(reviews.trainings)
    tried, unread = _trials(root, reviewing, cells[0][0])
    # Both levers are read off one scale, so all cells are scored on labels of one kind.
    nothing, *scores = reviewing.scored([*(cell for _, cell in cells), *(one.cell for one in tried)])
    n_reviews, metric = len(cells) - 1, reviewing.params.compare.metric
    effects = [paired_effect(nothing, score, **reviewing.settings) for score in scores[n_reviews:]]
    return Board(
        reviews.curve([nothing, *scores[:n_reviews]]),
        SIMULATED if simulated else PEOPLE,
        tuple(Trial(one.name, replace(effect, axis="model"), one.seconds) for one, effect in zip(tried, effects, strict=True)),
        left_to_gain=float(METRICS[metric].best - nothing.mean()),
        metric=metric,
        model=reviewing.model,
        scored_on=reviewing.scored_on,
        unread=unread,
        reviewed=0 if simulated else len(reviewing.evidence.decisions),
    )


@dataclass(frozen=True)
class _Reviews:
    """What is trained for a budget curve, the given labels first, and what makes the curve of its scores."""

    trainings: list[Training]
    curve: Callable[[list[np.ndarray]], Curve | None]


@dataclass(frozen=True)
class _Tried:
    name: str
    cell: Cell
    seconds: float


def _answered(root: Path, reviewing: Reviewing) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what people decided of train rows that a queue gave them, and of random ones; a row may be among both.

    Random are the first rows of the random order, up to the last that was asked for as such, whoever asked for a row of these:
    those alone that chance asked for would lack every row that a ranking had asked for before.
    """
    ledger, ids = read_ledger(root / read_layout(root)["edits"]), reviewing.evidence.ids
    asked, drawn = ledger["id"].isin(set(ids)), ledger["source"] == RANDOM_SOURCE
    order = ids[random_order(ids)]
    by_chance = np.flatnonzero(pd.Index(order).isin(ledger.loc[drawn, "id"]))
    head = ledger["id"].isin(order[: by_chance[-1] + 1] if len(by_chance) else [])
    rule = reviewing.params.fix.conflicts
    ranked, random = (in_order(edits.resolve(with_reverts(ledger, kind), rule)) for kind in (asked & ~drawn, asked & head))
    return ranked, random


def _simulated(reviewing: Reviewing, ks: tuple[int, ...]) -> _Reviews:
    recipes = {f"k{k}": (Step(step="simulate_review", rows=k),) for k in ks}
    versions = make_all({"given": (), **recipes}, reviewing.evidence)
    names = ["given", *recipes, *(RANDOM + name for name in recipes)]

    def curve(scores: list[np.ndarray]) -> Curve:
        known = dict(zip(names, scores, strict=True))
        ranked, random = ({k: known[f"{kind}k{k}"] for k in ks} for kind in ("", RANDOM))
        return budget_curve(known["given"], ranked, random, **reviewing.settings)

    return _Reviews([reviewing.of_version(versions[name]) for name in names], curve)


def _of_people(reviewing: Reviewing, ranked: pd.DataFrame, random: pd.DataFrame, most: int) -> _Reviews:
    """Return the curve of answers in their order; of fewer random ones than there are, each seed draws its own."""
    both = min(len(ranked), len(random), most)
    ks = sorted({*steps_up_to(min(most, len(ranked))), *([both] if both else [])})
    in_turn, drawn = reviewing.patch(ranked), reviewing.patch(random)
    shuffled = [np.random.default_rng([0, seed]).permutation(len(random)) for seed in range(reviewing.params.train.seeds)]
    with_random = [k for k in ks if k <= len(random)]
    trainings = [in_turn.training(np.arange(k)) for k in (0, *ks)]
    trainings += [
        drawn.training(*([order[:k] for order in shuffled] if k < len(random) else [shuffled[0]])) for k in with_random
    ]

    def curve(scores: list[np.ndarray]) -> Curve:
        nothing, *others = scores
        of_ranked = dict(zip(ks, others, strict=False))
        of_random = dict(zip(with_random, others[len(ks) :], strict=True))
        return replace(budget_curve(nothing, of_ranked, of_random, **reviewing.settings), drawn_from=len(random))

    return _Reviews(trainings, curve)


def _trials(root: Path, reviewing: Reviewing, held: Fingerprint) -> tuple[list[_Tried], int]:
    """Return every other model that was trained on the given labels, each once, and how many could not be read or scored."""
    seconds, wants_probabilities = read_seconds(root), METRICS[reviewing.params.compare.metric].of_probabilities
    known, tried, unread = {held.model}, list[_Tried](), 0
    for name, wanted, read in itertools.chain(_of_the_past(root, held), _of_now(reviewing)):
        if wanted.model in known:
            continue
        known.add(wanted.model)
        try:
            cell = read()
        except CeterisError:
            unread += 1
            continue
        if wants_probabilities and cell.pred_probs is None:
            unread += 1
        else:
            tried.append(_Tried(name, cell, seconds.get(wanted.fit_key, math.nan)))
    return tried, unread


def _of_the_past(root: Path, held: Fingerprint) -> Iterator[tuple[str, Fingerprint, Callable[[], Cell]]]:
    """Yield the models of all commits and experiments, trained on the same rows as the one held fixed, oldest first."""
    with suppress(BadInputError), History(root) as history:  # a folder without git has no past
        for one in history.snapshots:
            for (model, version), cell in one.cells.items():
                if replace(cell, model="", labels="") == replace(held, model="", labels=""):
                    name = f"{one.name}: {model}" if one.experiment and one.name != model else model
                    yield name, cell, lambda one=one, place=(model, version): history.side(one, place).cell  # type: ignore[misc]


def _of_now(reviewing: Reviewing) -> Iterator[tuple[str, Fingerprint, Callable[[], Cell]]]:
    """Yield the other models of params.yaml, training those that nobody has trained on the given labels."""
    for name in reviewing.params.train.models:
        if name != reviewing.model:
            ((wanted, cell),) = reviewing.cells([reviewing.given], name)
            yield name, wanted, lambda cell=cell: cell  # type: ignore[misc]

"""The exchange-rate board of a repository: reviews, simulated or from the ledger, and every model tried on its labels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ceteris import edits
from ceteris.answers import RANDOM_SOURCE, in_order, with_reverts
from ceteris.budget import PEOPLE, SIMULATED, Board, Curve, Trial, budget_curve, steps_up_to
from ceteris.cells import Cell
from ceteris.effect import paired_effect
from ceteris.errors import BadInputError, CeterisError
from ceteris.experiments.history import History
from ceteris.experiments.records import read_seconds
from ceteris.experiments.reviewing import Reviewing
from ceteris.fingerprint import Fingerprint
from ceteris.layout import read_layout
from ceteris.ledger import read_ledger
from ceteris.recipes import make_all
from ceteris.sections import RANDOM, Step

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
        curve: Curve | None = _simulated(reviewing, steps_up_to(min(most, len(reviewing.evidence.ids))))
    elif compared:
        curve = _of_people(reviewing, ranked, random, most)
    else:
        every = in_order(reviewing.evidence.decisions)
        curve = _of_people(reviewing, every, random.head(0), most) if len(every) else None
    trials, unread = _trials(root, reviewing)
    return Board(
        curve,
        SIMULATED if simulated else PEOPLE,
        tuple(trials),
        reviewing.left_to_gain(),
        metric=reviewing.params.compare.metric,
        model=reviewing.model,
        scored_on=reviewing.scored_on,
        unread=unread,
    )


def _answered(root: Path, reviewing: Reviewing) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what people decided of train rows that a queue gave them, and of random ones; a row may be among both."""
    ledger = read_ledger(root / read_layout(root)["edits"])
    trained, drawn = ledger["id"].isin(set(reviewing.evidence.ids)), ledger["source"] == RANDOM_SOURCE
    rule = reviewing.params.fix.conflicts
    ranked, random = (in_order(edits.resolve(with_reverts(ledger, trained & kind), rule)) for kind in (~drawn, drawn))
    return ranked, random


def _simulated(reviewing: Reviewing, ks: tuple[int, ...]) -> Curve:
    recipes = {f"k{k}": (Step(step="simulate_review", rows=k),) for k in ks}
    versions = make_all({"given": (), **recipes}, reviewing.evidence)
    names = ["given", *recipes, *(RANDOM + name for name in recipes)]
    scores = dict(zip(names, reviewing.scores([reviewing.of_version(versions[name]) for name in names]), strict=True))
    ranked, random = ({k: scores[f"{kind}k{k}"] for k in ks} for kind in ("", RANDOM))
    return budget_curve(scores["given"], ranked, random, **reviewing.settings)


def _of_people(reviewing: Reviewing, ranked: pd.DataFrame, random: pd.DataFrame, most: int) -> Curve:
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
    nothing, *scores = reviewing.scores(trainings)
    of_ranked, of_random = dict(zip(ks, scores, strict=False)), dict(zip(with_random, scores[len(ks) :], strict=True))
    return replace(budget_curve(nothing, of_ranked, of_random, **reviewing.settings), drawn_from=len(random))


def _trials(root: Path, reviewing: Reviewing) -> tuple[list[Trial], int]:
    """Return every other model that was trained on the given labels, each once, and how many could not be read."""
    ((held, cell),) = reviewing.cells([reviewing.given])
    seconds, baseline = read_seconds(root), reviewing.row_scores(cell)
    known, trials, unread = {held.model}, list[Trial](), 0
    for name, wanted, read in itertools.chain(_of_the_past(root, held), _of_now(reviewing)):
        if wanted.model in known:
            continue
        known.add(wanted.model)
        try:
            effect = paired_effect(baseline, reviewing.row_scores(read()), **reviewing.settings)
        except CeterisError:
            unread += 1
            continue
        trials.append(Trial(name, replace(effect, axis="model"), seconds.get(wanted.fit_key, math.nan)))
    return trials, unread


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

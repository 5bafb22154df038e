"""Which batch of edits helped, and which hurt: what each adds to the others, with the model held fixed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError, nearest, some
from ceteris.measuring.effect import Effect, paired_effect
from ceteris.measuring.verdicts import HARMS

__all__ = [
    "BY", "MOST_FOR_SHAPLEY", "Chains", "Credit", "batches_by", "chains", "coalitions", "credits", "named", "table", "ways",
]  # fmt: skip

BY = ("batch", "reviewer", "class", "issue", "source", "round")
MOST_FOR_SHAPLEY = 7
_MOST_FITS, _MOST_PASSES = 2000, 3

Coalition = frozenset[str]


@dataclass(frozen=True)
class Credit:
    """What one batch is worth.

    Attributes
    ----------
    batch : str
    answers : int
        Decisions in it that change a row.
    alone : Effect
        This batch on the given data, no other.
    last : Effect
        What is lost without it: all batches, minus all but this one.
    share : Effect or None
        Its Shapley value: what it adds on average over the orders in which the batches could have come; the shares sum to
        the effect of all. None where there are too many batches for that.
    """

    batch: str
    answers: int
    alone: Effect
    last: Effect
    share: Effect | None

    @property
    def harmful(self) -> bool:
        """Whether its share, or without one what is lost without it, is told to harm."""
        return (self.share or self.last).verdict == HARMS


@dataclass(frozen=True)
class Chains:
    """Orders in which batches could have come, drawn anew for each seed, and the coalitions that they pass through.

    Attributes
    ----------
    orders : ndarray of str objects, shape (n_orders, n_seeds, n_batches)
        Every second order is the one before it in reverse.
    """

    orders: np.ndarray

    @property
    def steps(self) -> list[tuple[Coalition, ...]]:
        """The coalition of each seed after 1, 2, ..., k - 1 batches, order by order."""
        n_orders, _, k = self.orders.shape
        return [
            tuple(frozenset(order[:size]) for order in self.orders[place]) for place in range(n_orders) for size in range(1, k)
        ]


def batches_by(answers: pd.DataFrame, by: str, suggested: Mapping[str, str] | None = None) -> pd.Series:
    """Return the name of the batch that each answer belongs to, aligned with the answers.

    Parameters
    ----------
    answers : DataFrame
        With the columns of `edits.COLUMNS`.
    by : one of BY, or several with commas between
        batch: reviewer and batch; class: the given label; issue: given and suggested label; source: queue, random, ...;
        round: the day (UTC) on which it was given, whoever gave it. Of several, the names are joined by a slash.
    suggested : mapping
        The suggested label by id, for `issue`.
    """
    parts = [_batches_by(answers, way, dict(suggested or {})) for way in ways(by)]
    names = parts[0]
    for part in parts[1:]:
        names = names + "/" + part
    return names.astype(object)


def ways(by: str) -> list[str]:
    """Return the ways to form batches that a text names, commas between them; refuse what is none."""
    found = by.split(",")
    unknown = [way for way in found if way not in BY]
    if unknown:
        raise BadInputError(
            f"{unknown[0]!r} is no way to form batches.{nearest(unknown[0], BY, listed=True)}",
            "Name one of these, or several: class,round",
        )
    return found


def _batches_by(answers: pd.DataFrame, by: str, suggested: dict[str, str]) -> pd.Series:
    if by == "batch":
        return answers["reviewer"] + "/" + answers["batch"]
    if by == "issue":
        return answers["given_label"] + " -> " + answers["id"].map(suggested).fillna("nothing suggested")
    if by == "round":
        return pd.to_datetime(answers["at"], utc=True, format="ISO8601").dt.strftime("%Y-%m-%d")
    return answers[{"reviewer": "reviewer", "class": "given_label", "source": "source"}[by]]


def named(ledger: pd.DataFrame, names: Sequence[str], by: str | None, suggested: Mapping[str, str]) -> pd.Series:
    """Return a mask of the lines of the ledger that hold the answers of these names.

    Parameters
    ----------
    names : batches of train rows that `by` makes; without it batches ("reviewer/batch") of any rows, and answers (uuids)
    suggested : mapping
        The suggested label of every train row, by id.

    Raises
    ------
    BadInputError
        There is no such batch or answer.
    """
    answers = ledger[ledger["action"] != "revert"]
    if by is not None:
        answers = answers[answers["id"].isin(list(suggested))]
    singly = answers["answer"] if by is None else pd.Series("", index=answers.index, dtype=object)
    batches = batches_by(answers, by or "batch", suggested)
    unknown = [name for name in names if name not in {*batches, *singly}]
    if unknown:
        what = f"{unknown[0]!r} is no batch of answers{' and no answer' if by is None else ' by ' + by}."
        alike = [name for name in sorted(set(batches)) if name.endswith(f"/{unknown[0]}")]  # of whom, nobody said
        told = f" Name whose: {some(alike)}." if alike else nearest(unknown[0], sorted(set(batches)))
        raise BadInputError(what + told, f"See: ceteris credit --by {by or 'batch'}")
    return (batches.isin(names) | singly.isin(names)).reindex(ledger.index, fill_value=False)


def coalitions(batches: Sequence[str]) -> list[Coalition]:
    """Return the sets of batches to train: every one up to `MOST_FOR_SHAPLEY` batches, else those that lack or hold one."""
    every = frozenset(batches)
    if len(every) <= MOST_FOR_SHAPLEY:
        sizes = range(len(every) + 1)
        return [frozenset(chosen) for size in sizes for chosen in itertools.combinations(sorted(every), size)]
    ends = [frozenset({batch}) for batch in sorted(every)] + [every - {batch} for batch in sorted(every)]
    return list(dict.fromkeys([frozenset(), *ends, every]))


def chains(batches: Sequence[str], n_seeds: int, seed: int = 0) -> Chains | None:
    """Return the orders to sample where there are too many batches for every coalition; None: there are few, or far too many.

    Each seed draws its own orders, so that their luck varies with the seeds and is in the interval of `paired_effect`. An order
    and its reverse go together (antithetic): what a batch adds early and late is seen as often. There are up to 3 such pairs
    a seed, as many as 2,000 fits allow; a pair of orders of k batches costs 2 (k - 1) fits a seed.

    References
    ----------
    Castro, Gomez & Tejada (2009), Polynomial calculation of the Shapley value based on sampling; Mitchell et al. (2022),
    Sampling permutations for Shapley value estimation, section 4.1 (antithetic).
    """
    names = np.array(sorted(set(batches)), dtype=object)
    passes = min(_MOST_FITS // (2 * max(len(names) - 1, 1) * n_seeds), _MOST_PASSES)
    if len(names) <= MOST_FOR_SHAPLEY or not passes:
        return None
    generators = [np.random.default_rng([seed, place]) for place in range(n_seeds)]
    forth = [np.stack([generator.permutation(names) for generator in generators]) for _ in range(passes)]
    return Chains(np.stack([order for one in forth for order in (one, one[:, ::-1])]))


def credits(
    scores: Mapping[Coalition, np.ndarray],
    answers: Mapping[str, int],
    sampled: tuple[Chains, Sequence[np.ndarray]] | None = None,
    **settings: Any,
) -> list[Credit]:
    """Return the credit of each batch, the most harmful first.

    ::

        share(b) = sum over S without b of |S|! (k - |S| - 1)! / k!  (v(S and b) - v(S))

    v(S) is the score of training with the batches of S applied. Every credit is linear in the per-(seed, row) scores of the
    coalitions, so the interval of `paired_effect` serves it. Beyond `MOST_FOR_SHAPLEY` batches the sum is over the sampled
    orders, whose shares sum to the effect of all as well: each order is a way from nothing to all.

    Parameters
    ----------
    scores : arrays of float, shape (n_seeds, n_rows), by coalition
        Per-row scores, more is better: of `coalitions`.
    answers : the number of decisions of each batch
    sampled : from `chains`, with the scores of its `steps`
    settings
        As for `paired_effect`: confidence, groups, region.

    References
    ----------
    Shapley (1953), A value for n-person games. Ghorbani & Zou (2019), Data Shapley, for batches of training data.
    """
    every = frozenset(answers)
    whole = len(every) <= MOST_FOR_SHAPLEY
    found = []
    for batch, count in answers.items():
        alone = paired_effect(scores[frozenset()], scores[frozenset({batch})], **settings)
        last = paired_effect(scores[every - {batch}], scores[every], **settings)
        arms = _exact(scores, batch, every) if whole else _sampled(scores, batch, every, *sampled) if sampled else None
        found.append(Credit(batch, count, alone, last, paired_effect(*arms, **settings) if arms else None))
    return sorted(found, key=lambda credit: (credit.share or credit.last).difference)


def _exact(scores: Mapping[Coalition, np.ndarray], batch: str, every: Coalition) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean scores without and with a batch, each coalition of the others weighed as it is in all orders."""
    others, k = sorted(every - {batch}), len(every)
    without, with_it = np.zeros_like(scores[every]), np.zeros_like(scores[every])
    for size in range(k):
        weight = math.factorial(size) * math.factorial(k - size - 1) / math.factorial(k)
        for chosen in itertools.combinations(others, size):
            without = without + weight * scores[frozenset(chosen)]
            with_it = with_it + weight * scores[frozenset({*chosen, batch})]
    return without, with_it


def _sampled(
    scores: Mapping[Coalition, np.ndarray], batch: str, every: Coalition, drawn: Chains, steps: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean scores just before and just after a batch comes, over the orders of each seed."""
    n_orders, n_seeds, k = drawn.orders.shape
    places, seeds = (drawn.orders == batch).argmax(axis=2), range(n_seeds)
    before, after = np.zeros_like(scores[every]), np.zeros_like(scores[every])
    for order in range(n_orders):
        way = [scores[frozenset()], *steps[order * (k - 1) : (order + 1) * (k - 1)], scores[every]]
        before += np.stack([way[places[order, seed]][seed] for seed in seeds]) / n_orders
        after += np.stack([way[places[order, seed] + 1][seed] for seed in seeds]) / n_orders
    return before, after


def table(found: Sequence[Credit]) -> pd.DataFrame:
    """Return the credits as a table: batch, answers, and of share, alone and last the difference, low, high and verdict."""
    return pd.DataFrame([_row(one) for one in found])


def _row(one: Credit) -> dict[str, Any]:
    parts = {"share": one.share, "alone": one.alone, "last": one.last}
    row: dict[str, Any] = {"batch": one.batch, "answers": one.answers}
    for name, effect in parts.items():
        row |= {
            name: effect.difference if effect else math.nan,
            f"{name}_low": effect.low if effect else math.nan,
            f"{name}_high": effect.high if effect else math.nan,
            f"{name}_verdict": effect.verdict if effect else "",
        }
    return row

"""Which batch of edits helped, and which hurt: what each adds to the others, with the model held fixed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ceteris.effect import Effect, paired_effect
from ceteris.errors import BadInputError, nearest

__all__ = ["BY", "Credit", "MOST_FOR_SHAPLEY", "batches_by", "coalitions", "credits"]

BY = ("batch", "reviewer", "class", "issue", "source")
MOST_FOR_SHAPLEY = 7

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
        Its Shapley value: what it adds on average over every order in which the batches could have come; the shares sum to
        the effect of all. None where there are too many batches for every coalition to be trained.
    """

    batch: str
    answers: int
    alone: Effect
    last: Effect
    share: Effect | None


def batches_by(decisions: pd.DataFrame, by: str, suggested: Mapping[str, str] | None = None) -> pd.Series:
    """Return the name of the batch that each decision belongs to, aligned with the decisions.

    Parameters
    ----------
    decisions : DataFrame
        From `edits.resolve`.
    by : one of BY
        batch: reviewer and batch; class: the given label; issue: given and suggested label; source: queue, random, ...
    suggested : mapping
        The suggested label by id, for `issue`.
    """
    if by not in BY:
        raise BadInputError(f"{by!r} is no way to form batches.{nearest(by, BY)}", f"Choose among {', '.join(BY)}.")
    columns = {"reviewer": "reviewer", "class": "given_label", "source": "source"}
    if by in columns:
        return decisions[columns[by]].astype(object)
    if by == "batch":
        return (decisions["reviewer"] + "/" + decisions["batch"]).astype(object)
    other = decisions["id"].map(dict(suggested or {})).fillna("nothing suggested")
    return (decisions["given_label"] + " -> " + other).astype(object)


def coalitions(batches: Sequence[str]) -> list[Coalition]:
    """Return the sets of batches to train: every one up to `MOST_FOR_SHAPLEY` batches, else those that lack or hold one."""
    every = frozenset(batches)
    if len(every) <= MOST_FOR_SHAPLEY:
        sizes = range(len(every) + 1)
        return [frozenset(chosen) for size in sizes for chosen in itertools.combinations(sorted(every), size)]
    ends = [frozenset({batch}) for batch in sorted(every)] + [every - {batch} for batch in sorted(every)]
    return list(dict.fromkeys([frozenset(), *ends, every]))


def credits(scores: Mapping[Coalition, np.ndarray], answers: Mapping[str, int], **settings: Any) -> list[Credit]:
    """Return the credit of each batch, the most harmful first.

    ::

        share(b) = sum over S without b of |S|! (k - |S| - 1)! / k!  (v(S and b) - v(S))

    v(S) is the score of training with the batches of S applied. Every credit is linear in the per-(seed, row) scores of the
    coalitions, so the interval of `paired_effect` serves it.

    Parameters
    ----------
    scores : arrays of float, shape (n_seeds, n_rows), by coalition
        Per-row scores, more is better.
    answers : the number of decisions of each batch
    settings
        As for `paired_effect`: confidence, groups, region.

    References
    ----------
    Shapley (1953), A value for n-person games. Ghorbani & Zou (2019), Data Shapley, for batches of training data.
    """
    every = frozenset(answers)
    whole = all(coalition in scores for coalition in coalitions(sorted(every))) and len(every) <= MOST_FOR_SHAPLEY
    found = []
    for batch, count in answers.items():
        alone = paired_effect(scores[frozenset()], scores[frozenset({batch})], **settings)
        last = paired_effect(scores[every - {batch}], scores[every], **settings)
        share = _shapley(scores, batch, every, settings) if whole else None
        found.append(Credit(batch, count, alone, last, share))
    return sorted(found, key=lambda credit: (credit.share or credit.last).difference)


def _shapley(scores: Mapping[Coalition, np.ndarray], batch: str, every: Coalition, settings: dict[str, Any]) -> Effect:
    others, k = sorted(every - {batch}), len(every)
    without, with_it = np.zeros_like(scores[every]), np.zeros_like(scores[every])
    for size in range(k):
        weight = math.factorial(size) * math.factorial(k - size - 1) / math.factorial(k)
        for chosen in itertools.combinations(others, size):
            without = without + weight * scores[frozenset(chosen)]
            with_it = with_it + weight * scores[frozenset({*chosen, batch})]
    return paired_effect(without, with_it, **settings)

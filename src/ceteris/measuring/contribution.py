"""Which single answers mattered: what each adds to a random half of the others, from a few random halves for all of them.

Answers are far too many for every coalition, and one label in a thousand seldom turns a prediction by itself. So random halves
are trained, and each fit tells of every answer at once. Most answers cannot be told from nothing one by one, and that is said.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError
from ceteris.measuring.effect import Effect, holm, judge, paired_effect

__all__ = ["Answered", "contributions", "halves"]

_PER_ANSWER, _FEWEST, _MOST = 3, 10, 40


@dataclass(frozen=True)
class Answered:
    """What one person's answers to train rows did.

    Attributes
    ----------
    answers : DataFrame
        Their decisions, columns as `edits.COLUMNS`.
    moving : DataFrame
        Those among them that change a row, in the order of `effects`.
    together : Effect
        All of them, on top of what others answered.
    effects : list of Effect
        Each of `moving` on a random half of the others of theirs, on top of what others answered.
    flipped : DataFrame
        The validation rows that turned right or wrong by all of them.
    """

    reviewer: str
    answers: pd.DataFrame
    moving: pd.DataFrame
    together: Effect
    effects: list[Effect]
    flipped: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return one line an answer that changes a row, the largest gain first.

        Columns: id, batch, given_label, new_label (blank: dropped), difference, low, high, verdict.
        """
        told = [(one.difference, one.low, one.high, one.verdict) for one in self.effects]
        worth = pd.DataFrame(told, columns=["difference", "low", "high", "verdict"])
        named = self.moving[["id", "batch", "given_label", "new_label"]].reset_index(drop=True)
        return pd.concat([named, worth], axis=1).sort_values(["difference", "id"], ascending=[False, True], ignore_index=True)


def halves(n_answers: int, n_seeds: int, seed: int = 0) -> np.ndarray:
    """Return the random halves to train, as a mask of shape (n_pairs, n_seeds, n_answers): true where an answer is applied.

    Each is trained together with its complement (`~halves`), which turns even interactions of answers into nothing. There are
    3 pairs an answer or more, and between 10 and 40 a seed.
    """
    if n_answers < 1 or n_seeds < 1:
        raise BadInputError(f"{n_answers} answers and {n_seeds} seeds make no halves.", "Pass 1 of each or more.")
    n_pairs = min(max(math.ceil(_PER_ANSWER * n_answers / n_seeds), _FEWEST), _MOST)
    drawn = [np.random.default_rng([seed, place]).random((n_pairs, n_answers)) < 0.5 for place in range(n_seeds)]
    return np.stack(drawn, axis=1)


def contributions(
    applied: np.ndarray, with_half: Sequence[np.ndarray], with_rest: Sequence[np.ndarray], **settings: Any
) -> list[Effect]:
    """Return what each answer adds on average to a random half of the others, with a verdict adjusted for all of them (Holm).

    With z[p, j] = +1 where answer j is in half p and -1 where it is in the rest, and D[p, i] = v(half p) - v(rest p) on row i::

        W = (Z'Z)^-1 Z'     (fewer than 2 pairs an answer: Z' / n_pairs)
        phi[j, i] = sum over p of W[j, p] D[p, i]
        U[j][p, i] = phi[j, i] + sqrt(P / (P - n)) P W[j, p] (D[p, i] - sum over l of z[p, l] phi[l, i])

    phi[j] is the Banzhaf value of answer j: the coefficients of the best linear description of a game over uniform coalitions.
    The mean of U[j] is phi[j]; pairs are crossed with rows as seeds are, each pair having its own seed, so the interval of
    `paired_effect` holds the luck of the halves, of the seeds and of the rows. (Without the inverse, U[j] is
    P W[j, p] D[p, i].) The region of practical equality is 0: it was made for whole reviews.

    Parameters
    ----------
    applied : array of bool, shape (n_pairs, n_seeds, n_answers)
        From `halves`.
    with_half, with_rest : n_pairs arrays of float, shape (n_seeds, n_rows)
        Per-row scores, more is better.
    settings
        As for `paired_effect`: confidence, groups.

    References
    ----------
    Wang & Jia (2023), Data Banzhaf, algorithm of maximum sample reuse; Hammer & Holzman (1992), Approximations of
    pseudo-Boolean functions, for the linear description; MacKinnon & White (1985), HC1, for the factor.
    """
    signs = np.where(applied, 1.0, -1.0).reshape(-1, applied.shape[2])
    gaps = (np.stack(with_half) - np.stack(with_rest)).reshape(len(signs), -1)
    nothing = np.zeros_like(gaps)
    found = [paired_effect(nothing, one, **(settings | {"region": 0.0, "identical": False})) for one in _per_pair(signs, gaps)]
    adjusted = holm([effect.p_value for effect in found])
    return [judge(effect, float(p)) for effect, p in zip(found, adjusted, strict=True)]


def _per_pair(signs: np.ndarray, gaps: np.ndarray) -> Iterator[np.ndarray]:
    """Yield, for each answer, one value a pair and row whose mean is the answer's worth."""
    n_pairs, n_answers = signs.shape
    if n_pairs < 2 * n_answers:
        yield from (sign[:, None] * gaps for sign in signs.T)
        return
    weights = np.linalg.pinv(signs)
    worth = weights @ gaps
    left = (gaps - signs @ worth) * math.sqrt(n_pairs / max(n_pairs - n_answers, 1))
    yield from (worth[place] + n_pairs * weights[place][:, None] * left for place in range(n_answers))

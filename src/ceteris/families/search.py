"""Every clause, every pair of clauses and every clause of one given label: which holds far more doubted rows than expected.

The chance that n independent rows of mean rate e hold a share o >= e of doubted ones is at most exp(-n KL(o || e)) (Hoeffding
1963); times the number of patterns that were looked at (Bonferroni) it is the p-value: single clauses, which are few and what
most errors follow, have half of the level, pairs and clauses of one label the other half. n KL(o || e) is the log-likelihood
ratio by which patterns are ranked. The best is taken, its rows are left out, and it is looked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ceteris.families.atoms import FEWEST, Atoms
from ceteris.families.doubt import Doubt
from ceteris.reviewing.slices import Slice

__all__ = ["Found", "search", "values_joined"]

_CHUNK = 8192
_MOST_IN_PAIRS = 1_000  # clauses whose pairs are all searched
_MOST_WORK = 1e11  # rows x pairs
_EXCESS = 0.1  # of a pattern's rows, doubted beyond what is expected: less is nothing to act upon


@dataclass(frozen=True)
class Found:
    """A pattern that holds.

    Attributes
    ----------
    clauses : tuple of int
        Which of the clauses.
    joined : bool
        Whether one of them is enough: they are values of one column, each of which holds by itself.
    label : int
        Code of the given label that it is of; -1: of all.
    rows : ndarray of bool, shape (n_rows,)
        Those of it that no earlier pattern holds.
    doubted, expected : float
        Share of these rows.
    likelihood_ratio, p_adjusted : float
    """

    clauses: tuple[int, ...]
    label: int
    rows: np.ndarray
    doubted: float
    expected: float
    likelihood_ratio: float
    p_adjusted: float
    joined: bool = False


def values_joined(found: Iterable[Found], clauses: Sequence[Slice]) -> list[Found]:
    """Return the patterns with those that are values of one column, each by itself, told as one in the place of the surest.

    Each was found in the corrected search, and no row is counted twice: together they hold as surely as the least sure of
    them, and their likelihood ratios add up.
    """
    joined: dict[object, Found] = {}
    for one in found:
        clause = clauses[one.clauses[0]]
        value = len(one.clauses) == 1 and one.label < 0 and clause.sign == "="
        key = clause.column if value else (one.clauses, one.label)
        joined[key] = _together(joined[key], one) if key in joined else one
    return sorted(joined.values(), key=lambda one: -one.likelihood_ratio)


def _together(one: Found, other: Found) -> Found:
    n, m = np.count_nonzero(one.rows), np.count_nonzero(other.rows)
    return replace(
        one,
        clauses=(*one.clauses, *other.clauses),
        rows=one.rows | other.rows,
        doubted=(n * one.doubted + m * other.doubted) / (n + m),
        expected=(n * one.expected + m * other.expected) / (n + m),
        likelihood_ratio=one.likelihood_ratio + other.likelihood_ratio,
        p_adjusted=max(one.p_adjusted, other.p_adjusted),
        joined=True,
    )


def search(atoms: Atoms, doubt: Doubt, *, level: float, most: int, inflation: float = 1.0) -> Iterator[Found]:
    """Yield the patterns that hold, the surest first.

    Parameters
    ----------
    atoms : Atoms
    doubt : Doubt
    level : float
        Chance that anything is found where labels are as right as elsewhere.
    most : int
    inflation : float
        By which likelihood ratios are divided: rows that are alike tell less than as many independent ones.
    """
    n_labels = 0 if doubt.each is None else doubt.each.shape[1]
    m = len(atoms.clauses)
    if not m:
        return
    single, other = 2 * m, 2 * max(m * (m - 1) // 2 + m * n_labels, 1)  # patterns, each kind at half of the level
    added = inflation * np.log(other / level)  # what a second clause, or a label, must add to a clause
    sums = _Sums(atoms, doubt)
    for _ in range(most):
        clauses, label, ratio = sums.best(added)
        n_patterns = single if len(clauses) == 1 and label < 0 else other
        if ratio < inflation * np.log(n_patterns / level):
            return
        rows = sums.left.copy()
        for clause in clauses:
            rows &= atoms.of(clause)
        if label >= 0 and doubt.given is not None and doubt.each is not None:
            mine = rows & (doubt.given == label)
            expected = float(doubt.each[rows, label].sum())
            rows = mine
        else:
            expected = float(doubt.expected[rows].sum())
        n = np.count_nonzero(rows)
        p = min(1.0, n_patterns * float(np.exp(-ratio / inflation)))
        yield Found(clauses, label, rows, float(doubt.observed[rows].mean()), min(expected / n, 1.0), ratio / inflation, p)
        sums.leave_out(rows)


class _Sums:
    """Of each clause, and of each pair among the most telling ones: how many rows, doubted and expected, among those left."""

    def __init__(self, atoms: Atoms, doubt: Doubt) -> None:
        self._atoms, self.left = atoms, np.ones(atoms.n_rows, dtype=bool)
        self._weights = _weights(doubt)
        self._singles = self._summed(self.left)
        most = int(min(_MOST_IN_PAIRS, np.sqrt(_MOST_WORK / max(atoms.n_rows, 1))))
        ratio = _ratio(*self._singles[:, :3].T)
        telling = np.lexsort((-self._singles[:, 0], -ratio))
        self._paired = np.sort(telling[:most])
        self._pairs = self._multiplied(self.left)

    def _chunks(self, which: np.ndarray, rows: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield which of some rows belong to some clauses, a few thousand rows at a time, and what is summed of these."""
        for start in range(0, self._atoms.n_rows, _CHUNK):
            part = slice(start, min(start + _CHUNK, self._atoms.n_rows))
            wanted = rows[part]
            if wanted.all():
                yield self._atoms.members(which, part), self._weights[part]
            elif wanted.any():
                yield self._atoms.members(which, part)[:, wanted], self._weights[part][wanted]

    def _summed(self, rows: np.ndarray) -> np.ndarray:
        """Return the sums of each clause, shape (n_clauses, n_weights)."""
        every = np.array_split(np.arange(len(self._atoms.clauses)), max(len(self._atoms.clauses) // 1000, 1))
        return np.concatenate([self._of(some, rows) for some in every])

    def _of(self, which: np.ndarray, rows: np.ndarray) -> np.ndarray:
        total = np.zeros((len(which), self._weights.shape[1]))
        for members, weights in self._chunks(which, rows):
            total += members @ weights
        return total

    def _multiplied(self, rows: np.ndarray) -> np.ndarray:
        """Return rows, doubted and expected of each pair (above the diagonal), shape (3, n_paired, n_paired)."""
        from scipy.linalg.blas import ssyrk

        total = np.zeros((3, len(self._paired), len(self._paired)))
        for members, weights in self._chunks(self._paired, rows):
            doubted = np.ascontiguousarray(members[:, weights[:, 1] > 0])
            for place, factor in enumerate((members, doubted, members * np.sqrt(weights[:, 2]))):
                if factor.shape[1]:
                    total[place] += ssyrk(1.0, factor.T, trans=1)
        return total

    def leave_out(self, rows: np.ndarray) -> None:
        """Leave rows out of every sum."""
        self._singles -= self._summed(rows)
        self._pairs -= self._multiplied(rows)
        self.left &= ~rows

    def best(self, least: float) -> tuple[tuple[int, ...], int, float]:
        """Return the clauses, the label (-1: all) and the likelihood ratio of the best pattern.

        A second clause, or a label, must add at least `least` to what each part says alone.
        """
        alone = _ratio(*self._singles[:, :3].T)
        place = int(alone.argmax())
        found: tuple[tuple[int, ...], int, float] = (place,), -1, float(alone[place])
        pairs = np.triu(_ratio(*self._pairs), 1)
        parts = np.maximum.outer(alone[self._paired], alone[self._paired])
        pairs[pairs < parts + least] = 0.0
        one, two = np.unravel_index(pairs.argmax(), pairs.shape)
        if pairs[one, two] > found[2]:
            found = (int(self._paired[one]), int(self._paired[two])), -1, float(pairs[one, two])
        if self._singles.shape[1] > 3:
            tried, seen, expected, mine = np.moveaxis(self._singles[:, 3:].reshape(len(alone), -1, 4), 2, 0)
            labels = _ratio(tried, seen, expected, size=mine)
            labels[labels < alone[:, None] + least] = 0.0
            one, label = np.unravel_index(labels.argmax(), labels.shape)
            if labels[one, label] > found[2]:
                found = (int(one),), int(label), float(labels[one, label])
        return found


def _weights(doubt: Doubt) -> np.ndarray:
    """Return what is summed: 1, doubted, expected; of each label rows predicted otherwise, doubted, expected, all its rows."""
    columns = [np.ones(len(doubt.observed)), doubt.observed, doubt.expected]
    if doubt.each is not None and doubt.given is not None and doubt.predicted is not None:
        for label in range(doubt.each.shape[1]):
            mine = doubt.given == label
            columns += [doubt.predicted != label, mine & doubt.observed, doubt.each[:, label], mine]
    return np.stack(columns, axis=1).astype(np.float32)


def _ratio(n: np.ndarray, doubted: np.ndarray, expected: np.ndarray, size: np.ndarray | None = None) -> np.ndarray:
    """Return n KL(doubted / n || expected / n); 0 where too few rows, or too few beyond what is expected, would be told."""
    from scipy.special import rel_entr

    size = n if size is None else size
    beyond = doubted - expected
    told = (size >= FEWEST) & (beyond >= _EXCESS * size) & (beyond >= FEWEST / 2)
    total, seen = np.where(told, n, 2.0), np.where(told, doubted, 1.0)
    rate, mean = np.clip(seen / total, 0.0, 1.0), np.clip(np.where(told, expected, 1.0) / total, 1e-9, 1 - 1e-9)
    return np.where(told, total * (rel_entr(rate, mean) + rel_entr(1 - rate, 1 - mean)), 0.0)

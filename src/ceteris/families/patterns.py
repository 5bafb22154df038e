"""A pattern is one clause or two, as in `source = B and income is missing`, or several values of one column, as in
`source = B or source = D`: read from its words, and asked of any rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd

from ceteris.dataset import BATCH, GROUP, LABEL, TIME, VOTES, Dataset
from ceteris.errors import BadInputError, nearest
from ceteris.reviewing.slices import AND, OR, Slice, slice_of
from ceteris.tables.votes import Votes

__all__ = ["META_WORDS", "Pattern", "columns_of", "pattern_of"]

META_WORDS = {LABEL: "given label", GROUP: "group", TIME: "time", BATCH: "batch", VOTES: "annotator"}
_PARTED = {sign: re.compile(rf'((?:"(?:[^"\\]|\\.)*"|[^"])*?)(?:{sign}|\Z)', re.DOTALL) for sign in (AND, OR)}


@dataclass(frozen=True)
class Pattern:
    """Rows on which every clause holds; joined by ` or `, those on which one of these values of one column stands."""

    clauses: tuple[Slice, ...]
    joined: str = AND

    def __str__(self) -> str:
        return self.joined.join(map(str, self.clauses))

    def rows(self, columns: Mapping[str, pd.Series]) -> np.ndarray:
        """Return the places of the rows that belong to it.

        Parameters
        ----------
        columns : mapping of str to Series
            From `columns_of`.

        Raises
        ------
        BadInputError
            There is no such column, or a clause does not fit it.
        """
        for clause in self.clauses:
            if clause.column not in columns:
                known = nearest(clause.column, list(columns))
                raise BadInputError(f"The train rows have no column {clause.column!r}.{known}", "See: ceteris families")
        return reduce(
            np.intersect1d if self.joined == AND else np.union1d,
            (_places(clause, columns[clause.column]) for clause in self.clauses),
        )


def pattern_of(text: str) -> Pattern:
    """Return the pattern that a text names.

    Raises
    ------
    BadInputError
        It is none.
    """
    values = _clauses(text, OR)
    if len(values) > 1 and len({clause.column for clause in values}) == 1 and all(clause.sign == "=" for clause in values):
        return Pattern(values, OR)
    clauses = _clauses(text, AND)
    if not clauses:
        raise BadInputError(f"{text!r} is no pattern.", "As in: source = B and income is missing")
    return Pattern(clauses)


def _clauses(text: str, sign: str) -> tuple[Slice, ...]:
    """Return the clauses that stand between these signs; none where one of the parts is no clause."""
    clauses = [slice_of(part) for part in _PARTED[sign].findall(text) if part.strip()]
    return () if None in clauses else tuple(clause for clause in clauses if clause is not None)


def columns_of(
    data: Dataset, *, batch: np.ndarray | None = None, votes: Votes | None = None, labels: bool = True
) -> dict[str, pd.Series]:
    """Return what a pattern may name of each row: the features, then the label, group, time, batch and annotators.

    These have plain names, as `given label`, unless a feature bears that name: then `ceteris:label`.

    Parameters
    ----------
    data : Dataset
    batch : ndarray of str objects, shape (n_rows,), optional
        The batch that each row came with, "" where it was in the source.
    votes : Votes, optional
        Their rows are places in `data`. A row's cell is a frozenset of the people who labelled it.
    labels : bool
        Whether labels are classes: numbers are no part of a pattern.
    """
    columns = {str(name): data.features[name] for name in data.features.columns}
    told = {
        LABEL: data.labels if labels else None,
        GROUP: data.groups,
        TIME: data.times,
        BATCH: None if batch is None else np.array([name or None for name in batch], dtype=object),
        VOTES: None if votes is None else _people(votes, len(data)),
    }
    for meta, values in told.items():
        if values is not None:
            name = META_WORDS[meta]
            columns[meta if name in columns else name] = pd.Series(values, dtype=values.dtype)
    return columns


def _people(votes: Votes, n_rows: int) -> np.ndarray:
    found: list[set[str]] = [set() for _ in range(n_rows)]
    for row, person in zip(votes.rows, votes.people, strict=True):
        found[row].add(str(person))
    cells = np.empty(n_rows, dtype=object)
    cells[:] = [frozenset(people) for people in found]
    return cells


def _places(clause: Slice, values: pd.Series) -> np.ndarray:
    if len(values) and isinstance(values.iloc[0], frozenset):
        if clause.sign != "=":
            raise BadInputError(f"{str(clause)!r}: a row has several annotators.", f"Write: {clause.column} = NAME")
        return np.flatnonzero([clause.value in people for people in values])
    return clause.of(values)

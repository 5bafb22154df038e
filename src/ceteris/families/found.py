"""Families of errors among the train rows: the one function that the stage calls, and the rows that a pattern names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import LABEL, Dataset
from ceteris.families.atoms import Atoms, atoms_of
from ceteris.families.doubt import Doubt, doubt_of, inflation_of
from ceteris.families.patterns import META_WORDS, Pattern, columns_of, pattern_of
from ceteris.families.search import search, values_joined
from ceteris.kinds import kinds_of
from ceteris.reviewing.slices import AND, OR, Slice
from ceteris.tables.votes import Votes

__all__ = ["COLUMNS", "LEVEL", "MOST", "Searched", "families_of", "find_families", "rows_of", "searched"]

LEVEL, MOST = 0.05, 20
COLUMNS = (
    "number", "pattern", "rows", "new_rows", "doubted", "expected", "given_label", "given_share", "likelihood_ratio",
    "p_adjusted", "examples",
)  # fmt: skip
_EXAMPLES = 5


@dataclass(frozen=True, eq=False)
class Searched:
    """Train rows as a search sees them.

    Attributes
    ----------
    data : Dataset
    quality : ndarray of float, shape (n_rows,)
        `label_quality` of the audit.
    classes : tuple of str
        () where labels are numbers.
    columns : mapping of str to Series
        From `patterns.columns_of`.
    atoms : Atoms
    doubt : Doubt
    inflation : float
        From `doubt.inflation_of`.
    """

    data: Dataset
    quality: np.ndarray
    classes: tuple[str, ...]
    columns: Mapping[str, pd.Series]
    atoms: Atoms
    doubt: Doubt
    inflation: float


def searched(
    data: Dataset,
    issues: pd.DataFrame,
    pred_probs: np.ndarray | None,
    classes: tuple[str, ...],
    kinds: Mapping[str, str] | None = None,
    *,
    batch: np.ndarray | None = None,
    votes: Votes | None = None,
) -> Searched:
    """Return what a search is made of.

    Parameters
    ----------
    data : Dataset
        The train rows, with groups and times where there are any.
    issues : DataFrame
        The audit's, of the same rows in the same order.
    pred_probs : ndarray, shape (n_rows, n_classes), or None
        Out of fold; None where labels are numbers.
    classes : tuple of str
        () where labels are numbers.
    kinds : mapping of str to str, optional
        What `ingest.kinds` declares.
    batch : ndarray of str objects, shape (n_rows,), optional
    votes : Votes, optional
    """
    columns = columns_of(data, batch=batch, votes=votes, labels=bool(classes))
    atoms = atoms_of(columns, kinds_of(data.features, kinds))
    doubt = doubt_of(issues, data.labels, pred_probs, classes)
    alike = 1.0 if (groups := data.uncut()) is None else inflation_of(doubt, groups)
    return Searched(data, issues["label_quality"].to_numpy(dtype=float), classes, columns, atoms, doubt, alike)


def find_families(*rows: Any, level: float = LEVEL, most: int = MOST, **beside: Any) -> pd.DataFrame:
    """Return `families_of` the rows that `searched` takes."""
    return families_of(searched(*rows, **beside), level=level, most=most)


def families_of(rows: Searched, *, level: float = LEVEL, most: int = MOST) -> pd.DataFrame:
    """Return the families of errors, the surest first; no line where none holds.

    Parameters
    ----------
    level : float
        Chance that anything is found where labels are as right as elsewhere.
    most : int

    Returns
    -------
    DataFrame
        One line a family, the columns of `COLUMNS`; values of one column that each hold are one family. Its number, from 1; the
        pattern, whose text names its rows (`rows_of`); how many rows it holds, and how many of them no other family does; of
        these the share that is doubted and the share that was expected; the given label that most of them bear and the share
        that does ("" and 0 where the pattern names it or labels are numbers): of one label throughout, they may follow a
        rule that the audit's model does not know; the log-likelihood ratio; the p-value after correction for the search; ids of
        rows, as JSON, most doubted first.
    """
    data, atoms, doubt, classes = rows.data, rows.atoms, rows.doubt, rows.classes
    lines = list[tuple[object, ...]]()
    label = LABEL if META_WORDS[LABEL] in data.features else META_WORDS[LABEL]
    each = search(atoms, doubt, level=level, most=most, inflation=rows.inflation)
    for number, found in enumerate(values_joined(each, atoms.clauses), start=1):
        clauses = [atoms.clauses[place] for place in found.clauses]
        if found.label >= 0:
            clauses.append(Slice(label, "=", classes[found.label]))
        pattern = Pattern(tuple(clauses), OR if found.joined else AND)
        doubted = np.flatnonzero(found.rows & doubt.observed)
        examples = data.ids[doubted[np.argsort(rows.quality[doubted], kind="stable")[:_EXAMPLES]]]
        lines.append(
            (
                number,
                str(pattern),
                len(pattern.rows(rows.columns)),
                int(found.rows.sum()),
                found.doubted,
                found.expected,
                *_usual(data.labels[found.rows], classes if found.label < 0 else ()),
                found.likelihood_ratio,
                found.p_adjusted,
                json.dumps([str(id) for id in examples], ensure_ascii=False),
            )
        )
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _usual(labels: np.ndarray, classes: tuple[str, ...]) -> tuple[str, float]:
    """Return the label that most rows bear, and the share of them."""
    if not classes:
        return "", 0.0
    names, counts = np.unique(labels.astype(str), return_counts=True)
    return str(names[counts.argmax()]), float(counts.max() / len(labels))


def rows_of(pattern: str, data: Dataset, *, batch: np.ndarray | None = None, votes: Votes | None = None) -> np.ndarray:
    """Return the places of the rows that a pattern names, shape (n_found,); arguments as of `find_families`.

    Raises
    ------
    BadInputError
        It is no pattern, or the rows have no such column.
    """
    return pattern_of(pattern).rows(columns_of(data, batch=batch, votes=votes))

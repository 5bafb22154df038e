"""Values under which the audit's model is itself unsure: hard rows, or labels that err by a rule which it has learned.

A model that sees the column by which labels err learns the errors as well as the rule: then it expects to doubt these rows, and
they are no family. What their labels are, only answers for random ones of them tell.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pandas as pd

from ceteris.families.atoms import Atoms
from ceteris.families.found import LEVEL, Searched
from ceteris.families.patterns import Pattern
from ceteris.families.search import search
from ceteris.reviewing.slices import AND

__all__ = ["COLUMNS", "unsure_of"]

COLUMNS = ("pattern", "rows", "doubted", "expected", "elsewhere")
_MOST = 3


def unsure_of(searched: Searched, families: Collection[str] = ()) -> pd.DataFrame:
    """Return the values, and gaps, of columns under which more rows are doubted than elsewhere, as the model expects.

    It is searched as for families, but against the share that is doubted of all rows. Ranges of numbers are left out: there a
    model is less sure somewhere in any data.

    Parameters
    ----------
    searched : Searched
    families : collection of str
        The patterns of the families that were found, which are left out.

    Returns
    -------
    DataFrame
        At most three lines, the surest first, the columns of `COLUMNS`: the pattern, how many rows it holds, the shares of them
        that are doubted and that the model expects to doubt, and the share that is doubted of all other rows. None where labels
        are numbers: there as many are expected everywhere.
    """
    atoms, doubt = searched.atoms, searched.doubt
    plain = np.array([clause.sign in ("=", "is") for clause in atoms.clauses], dtype=bool)
    if doubt.given is None or not plain.any():
        return pd.DataFrame([], columns=list(COLUMNS))
    atoms = Atoms([atoms.clauses[place] for place in np.flatnonzero(plain)], atoms.bits[plain], atoms.n_rows)
    share = (doubt.observed.sum() + 0.5) / (len(doubt.observed) + 1)
    even = replace(doubt, expected=np.full(len(doubt.observed), share), each=None)
    lines = []
    for found in search(atoms, even, level=LEVEL, most=_MOST, inflation=searched.inflation):
        pattern = Pattern(tuple(atoms.clauses[place] for place in found.clauses), AND)
        rows = np.zeros(len(doubt.observed), dtype=bool)
        rows[pattern.rows(searched.columns)] = True
        shares = doubt.observed[rows].mean(), doubt.expected[rows].mean(), doubt.observed[~rows].mean()
        if str(pattern) not in families:
            lines.append((str(pattern), int(rows.sum()), *map(float, shares)))
    return pd.DataFrame(lines, columns=list(COLUMNS))

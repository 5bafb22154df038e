"""Values under which the audit's model is itself unsure: hard rows, or labels that err by a rule which it has learned.

A model that sees the column by which labels err learns the errors as well as the rule: then it expects to doubt these rows, and
they are no family. What their labels are, only answers for random ones of them tell.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from ceteris.dataset import Dataset
from ceteris.families.atoms import Atoms, atoms_of
from ceteris.families.doubt import doubt_of, inflation_of
from ceteris.families.found import LEVEL
from ceteris.families.patterns import Pattern, columns_of
from ceteris.families.search import search
from ceteris.kinds import kinds_of
from ceteris.reviewing.slices import AND
from ceteris.tables.votes import Votes

__all__ = ["COLUMNS", "find_unsure"]

COLUMNS = ("pattern", "rows", "doubted", "expected", "elsewhere")
_MOST = 3


def find_unsure(
    data: Dataset,
    issues: pd.DataFrame,
    pred_probs: np.ndarray | None,
    classes: tuple[str, ...],
    kinds: Mapping[str, str] | None = None,
    *,
    batch: np.ndarray | None = None,
    votes: Votes | None = None,
    families: Collection[str] = (),
) -> pd.DataFrame:
    """Return the values, and gaps, of columns under which more rows are doubted than elsewhere, as the model expects.

    It is searched as for families, but against the share that is doubted of all rows. Ranges of numbers are left out: there a
    model is less sure somewhere in any data.

    Parameters are those of `found.find_families`, and the patterns of the families that were found, which are left out.

    Returns
    -------
    DataFrame
        At most three lines, the surest first, the columns of `COLUMNS`: the pattern, how many rows it holds, the shares of them
        that are doubted and that the model expects to doubt, and the share that is doubted of all other rows.
    """
    columns = columns_of(data, batch=batch, votes=votes, labels=bool(classes))
    atoms = atoms_of(columns, kinds_of(data.features, kinds))
    plain = np.array([clause.sign in ("=", "is") for clause in atoms.clauses], dtype=bool)
    if not classes or pred_probs is None or not plain.any():
        return pd.DataFrame([], columns=list(COLUMNS))
    atoms = Atoms([atoms.clauses[place] for place in np.flatnonzero(plain)], atoms.bits[plain], atoms.n_rows)
    doubt = doubt_of(issues, data.labels, pred_probs, classes)
    alike = 1.0 if (groups := data.uncut()) is None else inflation_of(doubt, groups)
    share = (doubt.observed.sum() + 0.5) / (len(doubt.observed) + 1)
    even = replace(doubt, expected=np.full(len(doubt.observed), share), each=None)
    lines = []
    for found in search(atoms, even, level=LEVEL, most=_MOST, inflation=alike):
        pattern = Pattern(tuple(atoms.clauses[place] for place in found.clauses), AND)
        rows = np.zeros(len(data), dtype=bool)
        rows[pattern.rows(columns)] = True
        shares = doubt.observed[rows].mean(), doubt.expected[rows].mean(), doubt.observed[~rows].mean()
        if str(pattern) not in families:
            lines.append((str(pattern), int(rows.sum()), *map(float, shares)))
    return pd.DataFrame(lines, columns=list(COLUMNS))

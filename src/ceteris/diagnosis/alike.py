"""Whether two rows are alike in what their points do not tell: rare categories share one place, and so do unknown words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from ceteris.families.characters import words_of
from ceteris.kinds import array_kind, is_number

__all__ = ["alike"]

_SHARED = 0.5  # of the words of either text


def alike(rows: pd.DataFrame, kinds: Mapping[str, str]) -> Callable[[np.ndarray], np.ndarray]:
    """Return what tells of pairs of rows, shape (n_pairs, 2), which have the same categories and half of the words in common.

    Parameters
    ----------
    rows : DataFrame
        Features.
    kinds : mapping of str to str
        Of each column.
    """
    written = [name for name in rows.columns if not is_number(rows[name]) and not array_kind(rows[name])]
    texts = [name for name in written if kinds.get(str(name)) == "text"]
    codes = [pd.factorize(rows[name].str.casefold().str.strip())[0] for name in written if name not in texts]
    values = [rows[name].fillna("").to_numpy(dtype=object) for name in texts]

    def told(pairs: np.ndarray) -> np.ndarray:
        one, other = pairs.T
        same = np.all([code[one] == code[other] for code in codes], axis=0) if codes else np.ones(len(pairs), dtype=bool)
        for place in np.flatnonzero(same) if values else ():
            same[place] = all(_like(text[one[place]], text[other[place]]) for text in values)
        return same

    return told


def _like(one: str, other: str) -> bool:
    if one == other:
        return True
    words, others = words_of(one), words_of(other)
    return len(words & others) >= _SHARED * len(words | others)

"""Sentences from reviews of films: what one rater said of each, and what all said in the mean. Errors of real people."""

from __future__ import annotations

from functools import cache

import numpy as np

from calibration.data_sets import Labelled
from ceteris.examples.archive import archive
from ceteris.examples.movie_reviews import members, table

__all__ = ["people"]

_MOST = 3_000  # sentences
_CODES = {"negative": 0, "positive": 1}


@cache
def people() -> tuple[Labelled, np.ndarray]:
    """Return at most 3,000 random sentences with the sign of the mean rating, and the sign of one rating of each, as codes.

    pip brings them (`ceteris.examples.archive`).
    """
    told, _ = table(*members(archive()))
    some = told.sample(min(_MOST, len(told)), random_state=0).reset_index(drop=True)
    true, given = (some[name].map(_CODES).to_numpy(dtype=np.intp) for name in ("mean_sign", "label"))
    return Labelled(some[["text"]], true, {"text": "text"}), given

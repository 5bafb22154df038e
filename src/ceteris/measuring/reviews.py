"""The reviews of contrasts as one table: how far each is, how many labels were wrong, and what the unsure rows could do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ceteris.editing.reviewed import Checked, Review
from ceteris.measuring.pairs import Pair

__all__ = ["COLUMNS", "reviews_of", "reviews_table"]

_ARMS = ("baseline_model", "baseline_version", "candidate_model", "candidate_version")
_COUNTS = ("asked", "left", "unsure", "wrong")
_KINDS, _ENDS = ("disputed", "decoys"), ("low", "high")
COLUMNS = (
    "contrast", *_ARMS, "verified", "differing",
    *(f"{kind}_{name}" for kind in _KINDS for name in (*_COUNTS, *_ENDS)), "against", "favour",
)  # fmt: skip


def reviews_table(found: Iterable[tuple[Pair, Review, bool]]) -> pd.DataFrame:
    """Return one row a contrast, with the columns of `COLUMNS`.

    `disputed_low` to `disputed_high` and `decoys_low` to `decoys_high` are bounds on the share of wrong labels, where the arms
    differ and where they agree; NaN where nothing is known.

    Parameters
    ----------
    found : iterable of (pair, its review, whether its effect is scored on verified labels)
    """
    return pd.DataFrame([_line(*one) for one in found], columns=list(COLUMNS))


def _line(pair: Pair, review: Review, verified: bool) -> dict[str, Any]:
    line: dict[str, Any] = dict(zip(_ARMS, (*pair.baseline, *pair.candidate), strict=True))
    line |= {"contrast": pair.name, "verified": verified, "differing": review.differing}
    known = {"disputed": review.disputed.told > 0, "decoys": review.agreeing_known}
    for kind in _KINDS:
        rows: Checked = getattr(review, kind)
        line |= {f"{kind}_{name}": getattr(rows, name) for name in _COUNTS}
        line |= {f"{kind}_{end}": getattr(rows, end) if known[kind] else np.nan for end in _ENDS}
    return line | {"against": review.against, "favour": review.favour}


def reviews_of(table: pd.DataFrame) -> dict[tuple[str, ...], Review]:
    """Return the review of each contrast by its four arms' names, from the rows of `reviews_table`."""
    return {tuple(str(row[name]) for name in _ARMS): _review(row) for row in table.to_dict("records")}


def _review(row: Mapping[Any, Any]) -> Review:
    disputed, decoys = (_checked(row, kind) for kind in _KINDS)
    return Review(int(row["differing"]), disputed, decoys, _number(row["against"]), _number(row["favour"]))


def _checked(row: Mapping[Any, Any], kind: str) -> Checked:
    asked, left, unsure, wrong = (int(row[f"{kind}_{name}"]) for name in _COUNTS)
    return Checked(asked, left, unsure, wrong, *(_number(row[f"{kind}_{end}"]) for end in _ENDS))


def _number(value: Any) -> float:
    """Return a number of the table; NaN where its column holds none."""
    return float(pd.to_numeric(value, errors="coerce"))

"""In which order answers were given."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["in_order", "in_time"]


def in_order(decisions: pd.DataFrame) -> pd.DataFrame:
    """Return decisions in the order in which they were given: an import is one moment, its lines stand as the queue did.

    Parameters
    ----------
    decisions : DataFrame
        From `edits.resolve`.
    """
    moment = pd.to_datetime(decisions["at"], utc=True, format="ISO8601")
    line = decisions["where"].str.rsplit(" ", n=1).str[-1].astype(int)
    order = pd.DataFrame({"moment": moment, "line": line}).sort_values(["moment", "line"], kind="stable").index
    return decisions.loc[order].reset_index(drop=True)


def in_time(lines: pd.DataFrame) -> pd.DataFrame:
    """Return lines of the ledger in the order of their times, those of one moment as they stand; a line sent twice once."""
    moments = pd.to_datetime(lines["at"], utc=True, format="ISO8601").to_numpy(dtype="datetime64[us]")
    return lines.iloc[np.argsort(moments, kind="stable")].drop_duplicates("answer")

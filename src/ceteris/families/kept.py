"""The door to families of errors: those that the stage found, and the train rows that a pattern names today."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ceteris.dataset import BATCH, ID, VOTES, Dataset
from ceteris.errors import BadInputError
from ceteris.experiments.stale import refuse_stale
from ceteris.families.found import COLUMNS, rows_of
from ceteris.families.unsure import COLUMNS as OF_UNSURE
from ceteris.store import read_parquet, read_table
from ceteris.tables.votes import unpacked

if TYPE_CHECKING:
    from ceteris.workbench import Workbench

__all__ = ["family_of", "read_families", "read_unsure", "rows_today"]

_FILE, _UNSURE = "diagnose/families.csv", "diagnose/unsure.csv"


def read_families(bench: Workbench) -> pd.DataFrame:
    """Return the families that the stage diagnose found, as of `found.families_of`.

    Raises
    ------
    BadInputError
        It has not run on these rows, or the file is damaged.
    """
    path = bench.path("results") / _FILE
    place = path.relative_to(bench.root).as_posix()
    if not path.is_file():
        raise BadInputError(f"{place} is not there: nobody has looked for families yet.", "Make it: dvc repro diagnose")
    refuse_stale(bench.root, "diagnose", "The families that were found")
    try:
        table = read_table(path, text=("pattern", "given_label", "examples"))
    except (ValueError, OSError) as error:
        raise BadInputError(f"{place} cannot be read: {error}.", "Make it anew: dvc repro -f diagnose") from None
    lacking = [name for name in COLUMNS if name not in table]
    if lacking:
        raise BadInputError(f"{place} has no column {lacking[0]!r}.", "Make it anew: dvc repro -f diagnose")
    return table


def read_unsure(bench: Workbench) -> pd.DataFrame:
    """Return where the audit's model is itself unsure, as of `unsure.unsure_of`; empty where nobody has looked."""
    path = bench.path("results") / _UNSURE
    return read_table(path, text=("pattern",)) if path.is_file() else pd.DataFrame(columns=list(OF_UNSURE))


def family_of(bench: Workbench, number: int) -> pd.Series:
    """Return one family by its number.

    Raises
    ------
    BadInputError
        There is none of that number.
    """
    table = read_families(bench)
    found = table[table["number"] == number]
    if found.empty:
        known = f"They are numbered 1 to {len(table):,}." if len(table) else "None was found."
        raise BadInputError(f"There is no family {number}. {known}", "See: ceteris families")
    return found.iloc[0]


def rows_today(bench: Workbench, pattern: str) -> np.ndarray:
    """Return the ids of the train rows that a pattern names today, in their order, shape (n_found,)."""
    frame = read_parquet(bench.path("split") / "train.parquet").sort_values(ID, kind="stable", ignore_index=True)
    data = Dataset.from_frame(frame)
    batch = frame[BATCH].to_numpy(dtype=object) if BATCH in frame else None
    votes = unpacked(frame[VOTES].to_numpy(dtype=object)) if VOTES in frame else None
    return data.ids[rows_of(pattern, data, batch=batch, votes=votes)]

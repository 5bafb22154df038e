"""People who answer train rows, rightly or wrongly, in the ledger of a repository of the small table."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
from small import edit

from ceteris.dataset import ID, LABEL
from ceteris.editing.edits import COLUMNS

__all__ = ["answer"]


def answer(
    repo: Path, reviewer: str, rows: slice, wrong: bool = False, *, batch: str = "1", only_wrong: bool = False, **more: str
) -> list[str]:
    """Let somebody answer some train rows, from the true label or beside it; return the ids of these rows.

    Parameters
    ----------
    only_wrong : bool
        Whether `rows` counts those rows alone whose given label is not the true one.
    more : other columns of the ledger
    """
    train = pd.read_parquet(repo / "data/split/train.parquet", columns=[ID, LABEL]).set_index(ID)[LABEL]
    truth = pd.read_parquet(repo / "data/split/truth-train.parquet").set_index(ID).iloc[:, 0].reindex(train.index)
    other = {"ant": "bee", "bee": "cow", "cow": "ant"}
    names = list(train.index[train != truth] if only_wrong else train.index)[rows]
    with (repo / f"data/edits/{reviewer}-{batch}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for name in names:
            new = other[truth[name]] if wrong else truth[name]
            action = "confirm" if new == train[name] else "relabel"
            said = {"given": train[name], "new": "" if action == "confirm" else new, "reviewer": reviewer, "batch": batch}
            writer.writerow(edit(name, action, **said, **more))
    return names

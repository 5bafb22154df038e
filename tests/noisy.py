"""A repository whose labels err in one class only, train and validation rows alike, while a person alone knows the truth."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import small
from checkout import checkout
from clone import Clone
from past import dvc, store

from ceteris.dataset import ID
from ceteris.editing.edits import COLUMNS

__all__ = ["PARAMS", "TRUTH", "answer", "fill", "noisy_past", "table"]

ROWS, RATE = 900, 0.45


def table() -> pd.DataFrame:
    """Return rows of three blobs; 45 % of the ants are called bees, and no other label errs."""
    rng = np.random.default_rng(11)
    code = np.arange(ROWS) % 3
    x, y = (np.array([[0.0, 0.0], [1.8, 0.0], [0.0, 1.8]])[code] + rng.normal(0, 0.8, (ROWS, 2))).T
    names = np.array(small.CLASSES, dtype=object)
    given = np.where((code == 0) & (rng.random(ROWS) < RATE), 1, code)
    return pd.DataFrame({"id": [f"row-{row:03d}" for row in range(ROWS)], "label": names[given], "x": x, "y": y})


TRUTH = {f"row-{row:03d}": small.CLASSES[row % 3] for row in range(ROWS)}
PARAMS = small.params(
    ingest={"source": "data/source/mine.csv", "id": "id", "true_label": None},
    split={"validation": 0.5, "test": 0.1},
    fix={"recipes": {"given": None, "pruned": [{"step": "drop_flagged"}], "reviewed": [{"step": "apply_edits"}]}},
    compare={"planned": [{"axis": "model", "version": "given", "baseline": "logistic", "candidate": "ridge"}]},
)


def noisy_past(root: Path) -> Clone:
    """Make a git repository of it in which nobody has answered, with two experiments.

    In `labels` a person has put every train label right, in `both` the model is another one as well.
    """
    clone = Clone(checkout(root))
    values = {f"{section}.{key}": deepcopy(value) for section, keys in PARAMS.items() for key, value in keys.items()}
    clone.change(**values)
    clone.change(**{"ingest.plant.kind": "none"})
    table().to_csv(root / "data/source/mine.csv", index=False)
    small.run_stages(root, *small.STAGES)
    with dvc(root) as repo:
        repo.commit(force=True, allow_missing=True)  # no candidate was packaged
    clone.commit()
    answer_train(root)
    store(clone, "labels", ("fix", "train", "compare"))
    answer_train(root)
    clone.change(**{"train.models.logistic.params.C": 0.01})
    store(clone, "both", ("train", "compare"))
    with dvc(root) as repo:
        repo.checkout(force=True)
    return clone


def answer_train(root: Path) -> None:
    """Let a person put every train label right."""
    answer(root, "ann-train", pd.read_parquet(root / "data/split/train.parquet", columns=[ID])[ID], source="queue")


def answer(
    root: Path, batch: str, ids: Iterable[str], source: str = "disagreement", says: Callable[[str], str] = TRUTH.__getitem__
) -> None:
    """Let a person answer for rows, in a ledger file that is new."""
    given = table().set_index("id")["label"]
    with (root / f"data/edits/{batch}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for id in ids:
            said: dict[str, Any] = {"action": "confirm"} if says(id) == given[id] else {"action": "relabel", "new": says(id)}
            said = {"action": "unsure"} if says(id) == "unsure" else said
            writer.writerow(small.edit(id, given=given[id], source=source, batch=batch, **said))


def fill(path: Path, says: Callable[[str], str] = TRUTH.__getitem__) -> list[str]:
    """Fill in a queue, and return the ids that it asked for."""
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows.assign(label=[says(id) for id in rows["id"]]).to_csv(path, index=False)
    return list(rows["id"])

"""People who labelled the rows of `small.table`: an expert, two ordinary ones, one who does not look, one who lies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from small import CLASSES, params, table

__all__ = ["PEOPLE", "declared", "in_lines", "voted"]

# How often each is right, and asked.
PEOPLE = {
    "expert": (0.97, 0.8), "ann": (0.85, 0.8), "bob": (0.85, 0.8), "careless": (0.34, 0.8), "adversary": (0.05, 0.6),
}  # fmt: skip


def voted(rows: int = 400, seed: int = 3) -> pd.DataFrame:
    """Return rows with a column for each person, empty where not asked, and the true label in a column that nobody declares."""
    rng, frame = np.random.default_rng(seed), table(rows)
    names = np.array(CLASSES, dtype=object)
    true = pd.Index(CLASSES).get_indexer(pd.Index(frame["truth"]))
    for person, (right, asked) in PEOPLE.items():
        other = 1 if person == "adversary" else rng.integers(1, 3, rows)
        said = names[np.where(rng.random(rows) < right, true, (true + other) % 3)]
        frame[person] = np.where(rng.random(rows) < asked, said, None)
    return frame.drop(columns="label")


def in_lines(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the votes as lines: id, annotator, label."""
    lines = frame.melt("id", list(PEOPLE), "annotator", "label")
    return lines.dropna(subset="label").sort_values(["id", "annotator"], ignore_index=True)


def declared(**ingest: Any) -> dict[str, Any]:
    """Return the content of a params.yaml for `voted`: the given label is the majority, and two recipes take votes."""
    return params(
        ingest={"label": None, "annotators": list(PEOPLE), "given": "majority", "unlabelled": "drop", "true_label": None,
                "drop": ["truth"]} | ingest,
        fix={
            "recipes": {
                "given": None,
                "crowdlab": [{"step": "take_votes", "rule": "crowdlab"}],
                "without": [{"step": "take_votes", "rule": "majority", "without": ["careless", "adversary"]}],
            }
        },
        compare={
            "planned": [
                {"axis": "data", "model": "logistic", "baseline": "given", "candidate": "crowdlab"},
                {"axis": "data", "model": "logistic", "baseline": "given", "candidate": "without"},
            ]
        },
    )  # fmt: skip

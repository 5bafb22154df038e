"""The door to what recipes may use: the train labels, the queue, the decisions of people, the true labels where known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ceteris.dataset import BATCH, ID, LABEL, TRUE_LABEL, VOTES
from ceteris.editing import edits
from ceteris.editing.consensus import decided_together
from ceteris.editing.ledger import of_part, read_ledger
from ceteris.fixing.versions import Evidence
from ceteris.issues.table import rank
from ceteris.params import Params
from ceteris.splitting.splits import TRAIN
from ceteris.store import read_json, read_parquet
from ceteris.tables.votes import Votes, unpacked

__all__ = ["read_evidence"]


def read_evidence(root: Path, layout: Mapping[str, str], params: Params) -> Evidence:
    """Return what split, audit and data/edits/ hold of the train rows, in the order of their ids."""
    split = root / layout["split"]
    train = read_parquet(split / "train.parquet", columns=[ID, LABEL]).sort_values(ID, kind="stable")
    truth = read_parquet(split / "truth-train.parquet")
    parts = read_parquet(split / "parts.parquet").set_index("id")["part"]
    ids = train[ID].to_numpy(dtype=object)
    places = pd.Index(ids)
    ranked = rank(read_parquet(root / layout["audit"] / "issues.parquet"))
    queue = places.get_indexer(pd.Index(ranked["id"]))
    suggested = np.empty(len(ids), dtype=object)
    flagged = np.zeros(len(ids), dtype=bool)
    suggested[queue] = ranked["suggested_label"].to_numpy(dtype=object)
    flagged[queue] = ranked["is_label_issue"].to_numpy(dtype=bool)
    ledger, classes = read_ledger(root / layout["edits"]), tuple(read_json(split / "classes.json"))
    steps = {step.step for steps in params.fix.steps().values() for step in steps}
    # Consensus is a rule of its own: where no recipe applies what fix.conflicts settles, people may disagree on train rows.
    alone = "consensus" in steps and "apply_edits" not in steps
    decisions = edits.resolve(ledger, params.fix.conflicts, parts.index[parts == TRAIN] if alone else ())
    decisions, together, pred_probs = of_part(decisions, parts, TRAIN), None, None
    if {"consensus", "take_votes"} & steps:
        table = read_parquet(root / layout["audit"] / "pred_probs.parquet").set_index(ID).reindex(places)
        pred_probs = table.to_numpy(dtype=float)
    if "consensus" in steps and pred_probs is not None:
        together = decided_together(of_part(edits.live(ledger), parts, TRAIN), ids, pred_probs, classes)
    known = truth.set_index(ID)[TRUE_LABEL].reindex(places)
    return Evidence(
        ids=ids,
        labels=train[LABEL].to_numpy(dtype=object),
        classes=classes,
        queue=queue,
        flagged=flagged,
        suggested=suggested,
        decisions=together if alone and together is not None else decisions,
        true=known.to_numpy(dtype=object) if known.notna().all() else None,
        draws=params.train.seeds,
        together=together,
        votes=_votes(split / "train.parquet"),
        pred_probs=pred_probs,
        batches=_told(split / "train.parquet", BATCH),
        diagnosis=_diagnosis(root, layout, ids) if {"drop_issues", "weigh_issues", "reweigh"} & steps else None,
    )


def _diagnosis(root: Path, layout: Mapping[str, str], ids: np.ndarray) -> pd.DataFrame | None:
    """Return the issues beyond labels in the order of the ids; None where no stage looks for them."""
    if "diagnosis" not in layout:
        return None
    found = read_parquet(root / layout["diagnosis"] / "issues.parquet").set_index("id").reindex(ids)
    return found.reset_index(drop=True)


def _votes(train: Path) -> Votes | None:
    """Return what several people said of the train rows, in the order of their ids; None where nobody was declared."""
    told = _told(train, VOTES)
    return None if told is None else unpacked(told)


def _told(train: Path, column: str) -> np.ndarray | None:
    """Return a column of the train rows in the order of their ids; None where there is none."""
    import pyarrow.parquet

    if column not in pyarrow.parquet.read_schema(train).names:
        return None
    return read_parquet(train, columns=[ID, column]).sort_values(ID, kind="stable")[column].to_numpy(dtype=object)

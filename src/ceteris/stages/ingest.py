"""What did we get? Reads the declared source, plants label errors where asked, and keeps the true labels aside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import BATCH, ID, LABEL, META, TRUE_LABEL, VERIFIED, VOTES
from ceteris.errors import ParamsError
from ceteris.fixing.noise import plant
from ceteris.kinds import kinds_of
from ceteris.readers.sources import Table, read, source_sha256
from ceteris.sections import Ingest
from ceteris.stages import Stage, run
from ceteris.store import write_json, write_parquet
from ceteris.tables.repairs import without_one
from ceteris.tables.votes import unpacked


def main(stage: Stage) -> None:
    """Write the rows, the true labels where there are any, and the manifest."""
    ingest = stage.params.ingest
    refuse_two_truths(ingest)
    found = read(ingest, stage.root, declared=stage.params.validate_.classes or ())
    rows, truth, planted = aside(found, ingest)
    write_parquet(stage.path("raw", "table.parquet"), rows)
    write_parquet(stage.path("raw", "truth.parquet"), truth)
    write_json(stage.path("raw", "manifest.json"), manifest(found, ingest, source_sha256(ingest, stage.root), planted))
    told = f", {planted} labels changed on purpose ({ingest.plant.kind})" if planted else ""
    stage.tell(f"{len(rows):,} rows, {len(rows.columns.difference(list(META))):,} features from {ingest.source}{told}")
    for note in (*found.notes, *found.examples):
        stage.tell(note)
    without = without_one(ingest)
    if without:
        stage.tell(f"what a repair is worth, once this run is committed: dvc exp run {without}, then ceteris experiments")


def refuse_two_truths(ingest: Ingest) -> None:
    """Refuse errors planted on top of labels whose truth a column already tells."""
    told = {key: getattr(ingest, key) for key in ("true_label", "verified") if getattr(ingest, key) is not None}
    for key, column in told.items() if ingest.plant.kind != "none" else ():
        raise ParamsError(
            f"params.yaml declares ingest.{key} {column!r}, and ingest.plant.kind {ingest.plant.kind!r}: where"
            " errors are planted, the label as it came is the true one.",
            f"Write `ingest.plant.kind: none`, or `ingest.{key}: null`.",
        )


def aside(found: Table, ingest: Ingest) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Return the rows without any true label, the true labels that are known (id, true label), and the planted errors."""
    rows = found.frame.drop(columns=[TRUE_LABEL, VERIFIED], errors="ignore")
    told = found.frame.get(TRUE_LABEL)
    if VERIFIED in found.frame:  # a person found the given label right
        told = found.frame[LABEL].where(found.frame[VERIFIED] == "true", None)
    truth = pd.DataFrame({ID: found.frame[ID], TRUE_LABEL: told}, dtype=object)
    if ingest.plant.kind != "none":
        labels = rows[LABEL].to_numpy(dtype=object)
        truth[TRUE_LABEL] = labels
        first = (rows[BATCH] == "").to_numpy() if BATCH in rows else np.ones(len(rows), dtype=bool)  # a batch moves no old row
        features = rows.loc[first].drop(columns=[*META], errors="ignore").reset_index(drop=True)
        given = labels.copy()
        given[first] = plant(labels[first], features, ingest.plant, ingest.kinds, numbers=ingest.label_type == "number")
        rows = rows.assign(**{LABEL: pd.Series(given, dtype=object)})
        planted = int(np.count_nonzero(given != labels))
        return rows, truth, planted
    known = truth[truth[TRUE_LABEL].notna()].reset_index(drop=True)
    return rows, known.astype("str") if known.empty else known, 0


def manifest(found: Table, ingest: Ingest, sha256: str, planted: int) -> dict[str, Any]:
    """Return what came in: the same for the same source and params, with no times."""
    kinds = kinds_of(found.frame.drop(columns=[*META], errors="ignore"), ingest.kinds)
    return {
        "source": ingest.source,
        "sha256": sha256,
        **({"batches": list(ingest.batches)} if ingest.batches else {}),
        "rows": len(found.frame),
        "features": kinds,
        "group": ingest.group,
        "true_label": ingest.true_label,
        **({"annotators": _people(found)} if ingest.voted else {}),
        "image_shape": list(found.image_shape) if found.image_shape else None,
        "planted": {"kind": ingest.plant.kind, "rate": ingest.plant.rate, "seed": ingest.plant.seed, "rows": planted},
        "notes": list(found.notes),
    }


def _people(found: Table) -> int:
    return len(set(unpacked(found.frame[VOTES].to_numpy(dtype=object)).people))


if __name__ == "__main__":
    run(main)

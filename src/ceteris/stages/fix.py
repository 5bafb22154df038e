"""What do the versions look like? Applies recipes and edits to the train labels, and writes each patch beside its version."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from ceteris import edits
from ceteris.dataset import ID, LABEL, TRUE_LABEL
from ceteris.issues import rank
from ceteris.ledger import of_part, read_ledger
from ceteris.recipes import Evidence, Version, make_all
from ceteris.splits import TRAIN
from ceteris.stages import Stage, run
from ceteris.store import read_json, read_parquet, sweep, table_text, write_json, write_parquet, write_table, write_text

__all__ = ["main"]


def main(stage: Stage) -> None:
    """Write data/versions/ and results/fix/."""
    folder = stage.path("versions")
    evidence = _evidence(stage)
    versions = make_all(stage.params.fix.steps(), evidence)
    written: set[Path] = {folder / "index.json"}
    for name, version in versions.items():
        write_parquet(folder / f"{name}.parquet", version.table(evidence.ids))
        write_text(folder / f"{name}.patch.csv", table_text(version.patch))
        written |= {folder / f"{name}.parquet", folder / f"{name}.patch.csv"}
    index = {name: {"redrawn": v.redrawn, "reseeded": v.reseeded, "control": v.control} for name, v in versions.items()}
    write_json(folder / "index.json", {"order": list(versions), "versions": index})
    sweep(folder, written)
    summary = pd.DataFrame([_summary(version, evidence) for version in versions.values()])
    write_table(stage.path("results", "fix", "versions.csv"), summary)
    for row in summary[~summary["control"].astype(bool)].itertuples():
        note = f"; {row.note!s}" if row.note else ""
        stage.tell(f"{row.version}: {row.rows:,} rows, {row.dropped:,} dropped, {row.relabelled:,} relabelled{note}")


def _evidence(stage: Stage) -> Evidence:
    train = read_parquet(stage.path("split", "train.parquet"), columns=[ID, LABEL])
    truth = read_parquet(stage.path("split", "truth-train.parquet"))
    parts = read_parquet(stage.path("split", "parts.parquet")).set_index("id")["part"]
    ids = train[ID].to_numpy(dtype=object)
    places = pd.Index(ids)
    ranked = rank(read_parquet(stage.path("audit", "issues.parquet")))
    queue = places.get_indexer(pd.Index(ranked["id"]))
    suggested = np.empty(len(ids), dtype=object)
    flagged = np.zeros(len(ids), dtype=bool)
    suggested[queue] = ranked["suggested_label"].to_numpy(dtype=object)
    flagged[queue] = ranked["is_label_issue"].to_numpy(dtype=bool)
    decisions = edits.resolve(read_ledger(stage.path("edits")), stage.params.fix.conflicts)
    known = truth.set_index(ID)[TRUE_LABEL].reindex(places)
    return Evidence(
        ids=ids,
        labels=train[LABEL].to_numpy(dtype=object),
        classes=tuple(read_json(stage.path("split", "classes.json"))),
        queue=queue,
        flagged=flagged,
        suggested=suggested,
        decisions=of_part(decisions, parts, TRAIN),
        true=known.to_numpy(dtype=object) if known.notna().all() else None,
        draws=stage.params.train.seeds,
    )


def _summary(version: Version, evidence: Evidence) -> dict[str, object]:
    labels, kept = version.labels[0], version.kept[0]
    return {
        "version": version.name,
        "rows": int(kept.sum()),
        "dropped": int((~kept).sum()),
        "relabelled": int((labels != evidence.labels)[kept].sum()),
        "reviewed": version.reviewed,
        "simulated": version.simulated,
        "control": version.control,
        "note": version.note,
    }


if __name__ == "__main__":
    run(main)

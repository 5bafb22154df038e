"""What do the versions look like? Applies recipes and edits to the train labels, and writes each patch beside its version."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ceteris.fixing.evidence import read_evidence
from ceteris.fixing.recipes import make_all
from ceteris.fixing.versions import Evidence, Version
from ceteris.stages import Stage, run
from ceteris.store import sweep, table_text, write_json, write_parquet, write_table, write_text

__all__ = ["main"]


def main(stage: Stage) -> None:
    """Write data/versions/ and results/fix/, once more where people answered meanwhile.

    DVC notes what the ledger holds when a stage has ended: an answer that came in between would stay out of the versions, and
    no later run would know.
    """
    evidence = read_evidence(stage.root, stage.layout, stage.params)
    while True:
        _write(stage, evidence)
        before, evidence = evidence, read_evidence(stage.root, stage.layout, stage.params)
        if evidence.decisions.equals(before.decisions):
            return
        stage.tell("answers came in meanwhile: once more")


def _write(stage: Stage, evidence: Evidence) -> None:
    folder = stage.path("versions")
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

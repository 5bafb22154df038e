"""What is served? The candidate of the last look: its model, what it takes and was made of, and rows to watch drift by."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import ID, LABEL, PART
from ceteris.editing.ledger import of_part, read_ledger
from ceteris.kinds import merged
from ceteris.release.card import Facts, card
from ceteris.release.folder import ACCEPTANCE, CANDIDATE, read_terms
from ceteris.release.gate_terms import unpackable
from ceteris.release.trained import Trained
from ceteris.serving.embeddings import EMBEDDINGS
from ceteris.serving.packaged import (
    CARD,
    FILES,
    FORMAT,
    MANIFEST,
    MODEL,
    NOTHING,
    README,
    REFERENCE,
    SCHEMA,
    libraries_of,
    open_package,
    strange_types,
)
from ceteris.serving.schema import InputSchema, schema_of
from ceteris.splitting.splits import TRAIN, VALIDATION
from ceteris.stages import Stage, run
from ceteris.store import read_json, read_table, sha256, sweep, write_bytes, write_json, write_parquet, write_text
from ceteris.training.cell_files import MODEL as CELL_MODEL
from ceteris.training.models import folder_digest

__all__ = ["main"]

MOST_ROWS = 10_000  # of each part in the reference
_REVIEWS = ("apply_edits", "consensus")  # steps that use what people wrote in the ledger


def main(stage: Stage) -> None:
    """Write release/candidate/: a package, or a note of why there is none."""
    folder, found = stage.root / CANDIDATE, read_json(stage.root / ACCEPTANCE)
    if "question" not in found:
        _nothing(folder, "no candidate was named yet")
        return
    model, _, made_of = str(found["question"]["candidate"]).partition("/")
    trained = Trained(stage.root, stage.layout, stage.params)
    arm, cell = trained.arm((model, made_of)), trained.path("models", model, made_of)
    trusted = read_terms(stage.root).package.trusted or ()
    content = (cell / CELL_MODEL).read_bytes() if (cell / CELL_MODEL).is_file() else b""
    reason = unpackable(stage.params.train.models[model], trusted) or ("" if content else "it left no model file")
    strange = [] if reason else strange_types(content, trusted)
    if strange:
        reason = f"it holds {', '.join(strange)}, which package.trusted in release/release.yaml does not name"
    if reason:
        stage.tell(f"{model}/{made_of} cannot be packaged: {reason}")
        _nothing(folder, f"{model}/{made_of} cannot be packaged: {reason}")
        return
    declared = merged(stage.params.ingest.kinds, stage.params.train.models[model].kinds)
    schema = schema_of(trained.train.features, trained.classes, declared)
    made = trained.table("versions", f"{made_of}.parquet")
    prints = vars(arm.fingerprint) | {"schema": schema.fingerprint, "edits": _edits(stage, trained, made_of)}
    write_bytes(folder / MODEL, content)
    write_json(folder / SCHEMA, schema.to_json())
    write_parquet(folder / REFERENCE, _reference(trained, (model, made_of), made))
    write_text(folder / CARD, card(_facts(stage, found, schema, (model, made_of), prints)))
    sweep(folder, {folder / file for file in (*FILES, README)})
    files = {file: sha256(folder / file) for file in FILES}
    named = stage.params.train.models[model].embedding
    embeddings = {EMBEDDINGS: {named: folder_digest(stage.root / named)}} if named else {}
    manifest = {"format": FORMAT, "cell": f"{model}/{made_of}", "files": files, "libraries": libraries_of(trusted)}
    write_json(folder / MANIFEST, manifest | embeddings | {"fingerprints": prints})  # last: from here on the package is whole
    open_package(folder, trusted)


def _nothing(folder: Path, reason: str) -> None:
    sweep(folder, {folder / README})
    write_json(folder / NOTHING, {"reason": reason})


def _edits(stage: Stage, trained: Trained, version: str) -> str:
    """Return the sha256 over the ledger lines that a version was made with, in any order; "" where it is made without."""
    lines = _lines(stage, trained, version)
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest() if lines else ""


def _lines(stage: Stage, trained: Trained, version: str) -> list[str]:
    if not any(step.step in _REVIEWS for step in stage.params.fix.steps()[version]):
        return []
    parts = trained.table("split", "parts.parquet").set_index("id")["part"]
    ledger = of_part(read_ledger(stage.path("edits")), parts, TRAIN).drop(columns="where")
    return ["\x1f".join(map(str, line)) for line in ledger.to_numpy(dtype=object)]


def _reference(trained: Trained, name: tuple[str, str], made: pd.DataFrame) -> pd.DataFrame:
    """Return train rows with the labels of the version and, with what the model says of them, validation rows."""
    arm = trained.arm(name)
    first = made[made["draw"] == made["draw"].min()].set_index("id")["label"]
    train = _fewer(trained.train.to_frame())
    train = train[train[ID].isin(first.index)].assign(**{PART: TRAIN})
    train[LABEL] = first.reindex(train[ID]).to_numpy()
    validation = trained.validation.to_frame().assign(**{PART: VALIDATION})
    classes = np.array(trained.classes, dtype=object)
    predicted = arm.cell.predicted[0]
    told = {"ceteris:predicted": classes[predicted] if len(classes) else predicted}
    if arm.cell.pred_probs is not None:
        told |= {f"ceteris:prob:{one}": arm.cell.pred_probs[0][:, place] for place, one in enumerate(trained.classes)}
    return pd.concat([train, _fewer(validation.assign(**told))], ignore_index=True)


def _fewer(rows: pd.DataFrame) -> pd.DataFrame:
    """Return at most 10,000 rows, chosen by a hash of their ids, in their order."""
    digests = np.array([hashlib.sha256(str(row).encode()).hexdigest() for row in rows[ID]])
    return rows.iloc[np.sort(np.argsort(digests, kind="stable")[:MOST_ROWS])]


def _facts(
    stage: Stage, acceptance: dict[str, Any], schema: InputSchema, name: tuple[str, str], fingerprints: dict[str, Any]
) -> Facts:
    model, version = name
    versions = read_table(stage.path("results", "fix", "versions.csv"), text=("version", "note")).set_index("version")
    patch = read_table(stage.path("versions", f"{version}.patch.csv"), text=("reviewer", "source", "action"))
    return Facts(
        acceptance=acceptance,
        recipe=stage.params.train.models[model].model_dump(exclude_unset=True),
        steps=[step.model_dump(exclude_none=True) for step in stage.params.fix.steps()[version]],
        source=str(read_json(stage.path("raw", "manifest.json"))["source"]),
        version=versions.loc[version].to_dict(),
        reviewers=patch.loc[patch["reviewer"] != "", "reviewer"].value_counts().sort_index().to_dict(),
        schema=schema,
        fingerprints=fingerprints,
    )


if __name__ == "__main__":
    run(main)

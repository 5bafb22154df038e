"""Package the candidate of the last look: its model, what it takes and was made of, and rows to watch for drift against."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from ceteris.cell_files import MODEL as CELL_MODEL
from ceteris.cell_files import cell_state
from ceteris.dataset import PART
from ceteris.errors import BadInputError
from ceteris.kinds import merged
from ceteris.release.folder import ACCEPTANCE
from ceteris.release.trained import Trained
from ceteris.serving.packaged import FORMAT, LIBRARIES, MANIFEST, MODEL, REFERENCE, SCHEMA, open_package
from ceteris.serving.schema import schema_of
from ceteris.splits import TRAIN, VALIDATION
from ceteris.stages import Stage, run
from ceteris.store import read_json, sweep, write_bytes, write_json, write_parquet

__all__ = ["CANDIDATE", "main"]

CANDIDATE, README = "release/candidate", "README.md"  # the note stands in git, so that DVC finds the folder before any look


def main(stage: Stage) -> None:
    """Write release/candidate/; its note alone, where no look was taken yet."""
    folder, found = stage.root / CANDIDATE, read_json(stage.root / ACCEPTANCE)
    if "question" not in found:
        sweep(folder, {folder / README})
        return
    name = str(found["question"]["candidate"])
    model, _, made_of = name.partition("/")
    trained = Trained(stage.root, stage.layout, stage.params)
    cell = trained.path("models", model, made_of)
    state = cell_state(cell)
    if state is None or not (cell / CELL_MODEL).is_file():
        raise BadInputError(f"{name} left no model file, so it cannot be packaged.", "Name a model that has an `estimator`.")
    declared = merged(stage.params.ingest.kinds, stage.params.train.models[model].kinds)
    schema = schema_of(trained.train.features, trained.classes, declared)
    write_bytes(folder / MODEL, (cell / CELL_MODEL).read_bytes())
    write_json(folder / SCHEMA, schema.to_json())
    write_parquet(folder / REFERENCE, _reference(trained, (model, made_of)))
    files = {file: _digest(folder / file) for file in (MODEL, SCHEMA, REFERENCE)}
    manifest = {
        "format": FORMAT, "cell": name, "files": files, "libraries": {lib: version(lib) for lib in LIBRARIES},
        "fingerprints": state["fingerprint"] | {"schema": schema.fingerprint},
    }  # fmt: skip
    write_json(folder / MANIFEST, manifest)
    sweep(folder, {folder / file for file in (*files, MANIFEST, README)})
    open_package(folder)


def _reference(trained: Trained, name: tuple[str, str]) -> pd.DataFrame:
    """Return the train rows and, with what the model says of them, the validation rows."""
    arm = trained.arm(name)
    train, validation = trained.train.to_frame(), trained.validation.to_frame()
    train[PART], validation[PART] = TRAIN, VALIDATION
    classes = np.array(trained.classes, dtype=object)
    predicted = arm.cell.predicted[0]
    validation["ceteris:predicted"] = classes[predicted] if len(classes) else predicted
    if arm.cell.pred_probs is not None:
        for place, one in enumerate(trained.classes):
            validation[f"ceteris:prob:{one}"] = arm.cell.pred_probs[0][:, place]
    return pd.concat([train, validation], ignore_index=True)


def _digest(path: Any) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    run(main)

"""The versions as tables for whoever trains elsewhere, and the manifest to bring back. The test part stays sealed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from ceteris.dataset import Dataset, codes, row_digests
from ceteris.errors import BadInputError
from ceteris.fixing.tables_out import rows_out, table_bytes
from ceteris.fixing.version_files import Trains, given_alone, read_versions
from ceteris.layout import read_layout
from ceteris.measuring.fingerprint import of_rows
from ceteris.store import read_json, read_params, read_parquet, sweep, write_bytes, write_text
from ceteris.training.brought import Folds, Made, template
from ceteris.training.brought_files import MANIFEST, PRED_PROBS
from ceteris.training.pred_probs import assign_folds

__all__ = ["Exchange", "export_versions"]

EXPORTS, BROUGHT = "exports", "predictions"
Exchange = Literal["parquet", "csv"]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


def export_versions(root: Path, name: str, exchange: Exchange = "parquet") -> tuple[Path, dict[str, Trains]]:
    """Write exports/NAME anew, and return it with the versions that are in it.

    Raises
    ------
    BadInputError
        The name is no folder's, or the rows were not split yet.
    """
    if not _NAME.fullmatch(name):
        raise BadInputError(f"{name!r} names a folder.", "Use 1 to 40 letters, digits, '-' and '_'.")
    params, layout = read_params(root), read_layout(root)
    split = root / layout["split"]
    if not (split / "classes.json").is_file():
        raise BadInputError("The rows were not split yet.", "Run the pipeline up to there: dvc repro split")
    classes = tuple(read_json(split / "classes.json"))
    train, validation = (Dataset.from_frame(read_parquet(split / f"{part}.parquet")) for part in ("train", "validation"))
    versions = _versions(root / layout["versions"], train, classes, params.train.seeds)
    audit = params.audit
    folds = assign_folds(codes(train.labels, classes), audit.folds, audit.seed, train.uncut(), classes)
    tables = {
        "train": rows_out(train.by_id()),
        "validation": rows_out(validation.by_id()),
        "folds": pd.DataFrame({"id": train.ids, "fold": folds}),
    } | {f"versions/{version}": _rows_of(made, train, classes) for version, made in versions.items()}
    made = {version: Made(data=one.data, seeds=one.seeds) for version, one in versions.items()}
    inputs = of_rows(validation.ids, row_digests(validation.features))
    manifest = template(classes, inputs, made, Folds(data=given_alone(train, classes, 1).data, count=audit.folds))
    folder = root / EXPORTS / name
    for place, table in tables.items():
        write_bytes(folder / f"{place}.{exchange}", table_bytes(table, exchange))
    write_text(folder / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    write_text(folder / "README.md", _told(name, exchange, list(versions), audit.folds))
    sweep(folder, {folder / f"{place}.{exchange}" for place in tables} | {folder / MANIFEST, folder / "README.md"})
    return folder, versions


def _versions(folder: Path, train: Dataset, classes: tuple[str, ...], count: int) -> dict[str, Trains]:
    if not (folder / "index.json").is_file():
        return {"given": given_alone(train, classes, count)}
    return read_versions(folder, train, classes, count)


def _rows_of(version: Trains, train: Dataset, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return what trains: id, label and weight; and the seed where each has rows of its own."""
    names = np.array(classes, dtype=object)
    found = []
    for seed, draw in zip(version.seeds, version.draws, strict=False):
        ids = train.ids if draw.rows is None else train.ids[draw.rows]
        weights = np.ones(len(ids)) if draw.weights is None else draw.weights
        rows = pd.DataFrame({"id": ids, "label": names[draw.labels], "weight": weights})
        found.append(rows.assign(seed=seed) if version.redrawn else rows)
    return pd.concat(found, ignore_index=True)


def _told(name: str, exchange: Exchange, versions: list[str], folds: int) -> str:
    return f"""# Predictions to bring back as {BROUGHT}/{name}

1. `versions/VERSION.{exchange}` says which rows train with which label and weight; join `train.{exchange}` to them by `id`.
   Where it has a column `seed`, each seed trains on its own rows.
2. Train each version once a seed; `{MANIFEST}` lists the seeds. Same code, same settings: only the data and the seed change.
3. Predict the rows of `validation.{exchange}`: `{BROUGHT}/{name}/VERSION/seed-S.{exchange}`, with `id` and one column of
   probabilities a class, named by the class (or `id` and `label`). The order of rows is free.
4. For an audit by this model: `{BROUGHT}/{name}/{PRED_PROBS}.{exchange}` holds every row of version `given`, the `fold` that
   `folds.{exchange}` gives it ({folds} in all), and its probabilities by a model trained on the other folds.
5. Copy `{MANIFEST}` to `{BROUGHT}/{name}/` and write into `model` what trained: the commit of your code. Take out the versions
   that you leave out ({", ".join(versions)}): they are then not compared.
6. Say so in params.yaml (`train.models.{name}.predictions: {BROUGHT}/{name}`; for an audit `audit.model.predictions`), give the
   folder to git (`git add`) or DVC (`dvc add {BROUGHT}/{name}`), and run `dvc repro`.
"""

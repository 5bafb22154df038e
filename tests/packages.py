"""A package made by hand: a small model, its schema and its reference, under a manifest that fits."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression

from ceteris.serving.packaged import CARD, FILES, FORMAT, MANIFEST, MODEL, REFERENCE, SCHEMA, libraries_of
from ceteris.serving.schema import schema_of
from ceteris.skops_file import dump_model

__all__ = ["CLASSES", "ROWS", "package", "resealed"]

CLASSES = ("ant", "bee")
ROWS = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=["x", "y"])
CODES = (ROWS["x"] > 0).to_numpy(dtype=int)


def package(folder: Path, estimator: BaseEstimator | None = None) -> Path:
    """Write a package of an estimator that is fitted here, and return its folder."""
    folder.mkdir(parents=True)
    schema = schema_of(ROWS, CLASSES)
    (folder / MODEL).write_bytes(dump_model((LogisticRegression() if estimator is None else estimator).fit(ROWS, CODES)))
    (folder / SCHEMA).write_text(json.dumps(schema.to_json()), encoding="utf-8")
    ROWS.assign(**{"ceteris:part": "train"}).to_parquet(folder / REFERENCE)
    (folder / CARD).write_text("# ant or bee\n", encoding="utf-8")
    return resealed(folder, format=FORMAT, libraries=libraries_of(), fingerprints={"schema": schema.fingerprint}, cell="a/b")


def resealed(folder: Path, **changed: Any) -> Path:
    """Write the manifest anew for the files as they are now, as somebody would who changed them on purpose."""
    path = folder / MANIFEST
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES}
    path.write_text(json.dumps(known | {"files": files} | changed), encoding="utf-8")
    return folder

"""Packages to serve: a small model that is fitted here, and written as the stage `package` writes one."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import ID, LABEL, PART
from ceteris.models import CLASSIFIER, REGRESSOR, build
from ceteris.sections import ModelRecipe
from ceteris.serving.packaged import FORMAT, LIBRARIES, MANIFEST, MODEL, REFERENCE, SCHEMA
from ceteris.serving.schema import schema_of
from ceteris.skops_file import dump_model


def write_package(
    folder: Path,
    features: pd.DataFrame,
    labels: np.ndarray,
    classes: tuple[str, ...],
    recipe: ModelRecipe | None = None,
    kinds: dict[str, str] | None = None,
) -> Path:
    """Write the package of a model, by default a logistic regression, that is fitted on codes of classes, or on numbers."""
    recipe = recipe or ModelRecipe(estimator="sklearn.linear_model.LogisticRegression")
    fitted = build(recipe, features, kind=CLASSIFIER if classes else REGRESSOR).fit(features, labels)
    schema = schema_of(features, classes, kinds)
    folder.mkdir(parents=True)
    (folder / MODEL).write_bytes(dump_model(fitted))
    (folder / SCHEMA).write_text(json.dumps(schema.to_json()), encoding="utf-8")
    named = np.array(classes, dtype=object)[labels] if classes else labels
    meta = pd.DataFrame({ID: [f"row-{place}" for place in range(len(features))], LABEL: named, PART: "train"})
    pd.concat([meta, features], axis=1).to_parquet(folder / REFERENCE)
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (MODEL, SCHEMA, REFERENCE)}
    manifest = {
        "format": FORMAT, "cell": "logistic/given", "files": files, "libraries": {name: version(name) for name in LIBRARIES},
        "fingerprints": {"schema": schema.fingerprint},
    }  # fmt: skip
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def flowers(folder: Path, n_rows: int = 90) -> Path:
    """Write a package with features of plain and of odd names: a number, a missing one, a category, "id" and a date."""
    rng = np.random.default_rng(0)
    codes = np.arange(n_rows) % 3
    missing = rng.normal(size=n_rows) + codes
    missing[::7] = np.nan
    features = pd.DataFrame(
        {
            "petal length (cm)": rng.normal(size=n_rows) + 2 * codes,
            "größe": missing,
            "id": rng.normal(size=n_rows),
            "colour": pd.Series(np.array(["red", "blue", "white"], dtype=object)[codes], dtype=object),
            "seen": 1.5e9 + 1e6 * rng.normal(size=n_rows),
        }
    )
    return write_package(folder, features, codes, ("setosa", "versicolor", "virginica"), kinds={"seen": "date"})


def digits(folder: Path, **recipe: Any) -> Path:
    """Write a package that tells handwritten digits apart: 64 numbers, ten classes."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    features = pd.DataFrame(pixels, columns=[f"pixel_{place:02}" for place in range(64)])
    chosen = ModelRecipe(**{"estimator": "sklearn.linear_model.LogisticRegression", **recipe})
    return write_package(folder, features, labels, tuple("0123456789"), chosen)


def prices(folder: Path) -> Path:
    """Write a package that predicts numbers."""
    rng = np.random.default_rng(1)
    features = pd.DataFrame({"area": rng.uniform(20, 200, 80), "rooms": rng.integers(1, 6, 80).astype(np.float64)})
    target = 3 * features["area"].to_numpy() + rng.normal(size=80)
    return write_package(folder, features, target, (), ModelRecipe(estimator="sklearn.linear_model.Ridge"))

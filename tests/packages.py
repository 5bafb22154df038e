"""Packages to serve: a small model that is fitted here, its schema and its reference, under a manifest that fits."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression

from ceteris.dataset import ID, LABEL, PART
from ceteris.sections import ModelRecipe
from ceteris.serving.packaged import CARD, FILES, FORMAT, MANIFEST, MODEL, REFERENCE, SCHEMA, libraries_of
from ceteris.serving.schema import InputSchema, schema_of
from ceteris.training.models import CLASSIFIER, REGRESSOR, build
from ceteris.training.skops_file import dump_model

__all__ = ["CLASSES", "CODES", "ROWS", "digits", "flowers", "package", "prices", "resealed", "sealed", "write_package"]

CLASSES = ("ant", "bee")
ROWS = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=["x", "y"])
CODES = (ROWS["x"] > 0).to_numpy(dtype=int)


def sealed(folder: Path, fitted: Any, schema: InputSchema, reference: pd.DataFrame, cell: str = "logistic/given") -> Path:
    """Write the package of a fitted model, as the stage `package` writes one, and return its folder."""
    folder.mkdir(parents=True)
    (folder / MODEL).write_bytes(dump_model(fitted))
    (folder / SCHEMA).write_text(json.dumps(schema.to_json()), encoding="utf-8")
    reference.to_parquet(folder / REFERENCE)
    (folder / CARD).write_text("# Made by hand\n", encoding="utf-8")
    return resealed(folder, format=FORMAT, libraries=libraries_of(), fingerprints={"schema": schema.fingerprint}, cell=cell)


def resealed(folder: Path, **changed: Any) -> Path:
    """Write the manifest anew for the files as they are now, as somebody would who changed them on purpose."""
    path = folder / MANIFEST
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES}
    path.write_text(json.dumps(known | {"files": files} | changed), encoding="utf-8")
    return folder


def package(folder: Path, estimator: BaseEstimator | None = None) -> Path:
    """Write a package of an estimator that is fitted here on two numbers, and return its folder."""
    fitted = (LogisticRegression() if estimator is None else estimator).fit(ROWS, CODES)
    return sealed(folder, fitted, schema_of(ROWS, CLASSES), ROWS.assign(**{PART: "train"}), cell="a/b")


def write_package(
    folder: Path,
    features: pd.DataFrame,
    labels: np.ndarray,
    classes: tuple[str, ...],
    recipe: ModelRecipe | None = None,
    kinds: dict[str, str] | None = None,
    cell: str = "logistic/given",
) -> Path:
    """Write the package of a model, by default a logistic regression, that is fitted on codes of classes, or on numbers."""
    recipe = recipe or ModelRecipe(estimator="sklearn.linear_model.LogisticRegression")
    fitted = build(recipe, features, kind=CLASSIFIER if classes else REGRESSOR).fit(features, labels)
    named = np.array(classes, dtype=object)[labels] if classes else labels
    meta = pd.DataFrame({ID: [f"row-{place}" for place in range(len(features))], LABEL: named, PART: "train"})
    return sealed(folder, fitted, schema_of(features, classes, kinds), pd.concat([meta, features], axis=1), cell)


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

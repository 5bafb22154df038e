"""Every kind of source, on real rows that packages ship, from `ceteris init` to what is measured: all say the same."""

from __future__ import annotations

import gzip
import json
import sqlite3
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import sparse
from sklearn.datasets import load_digits
from small import REPOSITORY, STAGES, run_stages

import ceteris
from ceteris.readers.fetching import fetch_command
from ceteris.starting.onboarding import init_command
from ceteris.starting.params_file import changed

ROWS = 240
Source = tuple[str, dict[str, Any]]
QUICK: dict[tuple[str, ...], Any] = {
    ("train", "seeds"): 5,
    ("train", "models"): {"logistic": {"estimator": "sklearn.linear_model.LogisticRegression", "params": {"max_iter": 1000}}},
    ("audit", "folds"): 3,
    ("compare", "planned"): [{"axis": "data", "model": "logistic", "baseline": "given", "candidate": "pruned"}],
}


@cache
def digits() -> tuple[pd.DataFrame, np.ndarray]:
    """Return ids and labels of 240 handwritten zeros, ones and twos, and their pixels, 0 to 16, shape (n_rows, 64)."""
    bunch = load_digits(n_class=3)
    ids = [f"digit-{row:03d}" for row in range(ROWS)]
    return pd.DataFrame({"id": ids, "kind": [f"is {label}" for label in bunch.target[:ROWS]]}), bunch.data[:ROWS]


def wide() -> pd.DataFrame:
    rows, pixels = digits()
    return pd.concat([rows, pd.DataFrame(pixels, columns=[f"p{place:02d}" for place in range(64)])], axis=1)


def as_csv(folder: Path) -> Source:
    (folder / "digits.csv.gz").write_bytes(gzip.compress(wide().to_csv(index=False, sep=";").encode("utf-16")))
    return "digits.csv.gz", {"delimiter": ";", "encoding": "utf-16"}


def as_parquet(folder: Path) -> Source:
    wide().to_parquet(folder / "digits.parquet", index=False)
    return "digits.parquet", {}


def as_json_lines(folder: Path) -> Source:
    rows, pixels = digits()
    lines = [row | {"pixels": values.tolist()} for row, values in zip(rows.to_dict("records"), pixels, strict=True)]
    (folder / "digits.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return "digits.jsonl", {}


def as_excel(folder: Path) -> Source:
    wide().to_excel(folder / "digits.xlsx", index=False)
    return "digits.xlsx", {}


def as_pictures(folder: Path) -> Source:
    rows, pixels = digits()
    for row, values in zip(rows.itertuples(), pixels, strict=True):
        place = folder / "digits" / str(row.kind)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.round(values.reshape(8, 8) * 255 / 16).astype(np.uint8)).save(place / f"{row.id}.png")
    return "digits", {"label": None, "id": None, "reading": {"image_size": 8, "image_mode": "gray"}}


def as_embedding(folder: Path) -> Source:
    rows, pixels = digits()
    order = np.random.default_rng(0).permutation(ROWS)
    np.save(folder / "pixels.npy", pixels[order].astype(np.float32))
    np.save(folder / "ids.npy", rows["id"].to_numpy(dtype=str)[order])
    rows.to_csv(folder / "digits.csv", index=False)
    return "digits.csv", {"reading": {"features": str(folder / "pixels.npy"), "features_ids": str(folder / "ids.npy")}}


def as_sparse_matrix(folder: Path) -> Source:
    rows, pixels = digits()
    sparse.save_npz(folder / "pixels.npz", sparse.csr_array(pixels))
    rows.to_csv(folder / "digits.csv", index=False)
    return "digits.csv", {"reading": {"features": str(folder / "pixels.npz")}}


def as_query(folder: Path) -> Source:
    with sqlite3.connect(folder / "shop.db") as database:
        wide().to_sql("digits", database, index=False)
    fetch_command("digits", f"sqlite:///{folder / 'shop.db'}", "select * from digits", root=folder / "repository")
    return "repository/data/source/digits.parquet", {}


SOURCES: tuple[Callable[[Path], Source], ...] = (
    as_csv, as_parquet, as_json_lines, as_excel, as_pictures, as_embedding, as_sparse_matrix, as_query,
)  # fmt: skip


def repository(root: Path) -> Path:
    """Return the shipped project without what its stages made."""
    for name in ("params.yaml", "dvc.yaml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text((REPOSITORY / name).read_text(encoding="utf-8"), encoding="utf-8")
    for name in ("data/source", "data/edits", "estimators"):
        (root / name).mkdir(parents=True)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    return root


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
def test_a_source_of_any_kind_is_measured_and_says_what_the_others_say(
    source: Callable[[Path], Source], tmp_path: Path
) -> None:
    root = repository(tmp_path / "repository")
    file, how = source(tmp_path)
    init_command(str(tmp_path / file), root=root, tell=lambda line: None, **({"label": "kind", "id": "id"} | how))
    text = (root / "params.yaml").read_text(encoding="utf-8")
    recipes = {("fix", "recipes"): {"given": None, "pruned": [{"step": "drop_flagged"}]}}
    (root / "params.yaml").write_text(changed(text, QUICK | recipes), encoding="utf-8")
    run_stages(root, *STAGES)
    bench = ceteris.open(root)
    assert sum(bench.split_counts().values()) == ROWS
    assert set(bench.given_labels()) == {"is 0", "is 1", "is 2"}
    assert float(bench.grid("accuracy").loc["logistic", "given"]) > 0.9
    assert (root / "reports" / "report.html").is_file()

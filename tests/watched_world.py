"""A small served model: its package on disk, rows of its world, and a log as `ceteris serve` writes it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from packages import sealed
from sklearn.linear_model import LogisticRegression

from ceteris.dataset import ID, LABEL, PART
from ceteris.monitoring.watched import PREDICTED, PROBABILITY
from ceteris.monitoring.windows import COLUMNS, Window, window_of
from ceteris.serving.log_file import open_log
from ceteris.serving.packaged import MANIFEST
from ceteris.serving.schema import Feature, InputSchema

SCHEMA_OF = InputSchema(
    (Feature("age", "number", True), Feature("city", "category", True), Feature("size", "number", False)), ("cat", "dog")
)


def draw(rng: np.random.Generator, rows: int, moved: float = 0.0, start: int = 0, prefix: str = "row") -> pd.DataFrame:
    """Return rows with their label; `size` moved by so many of its standard deviations."""
    size, age = rng.normal(moved, 1, rows), rng.normal(40, 10, rows)
    age[rng.random(rows) < 0.1] = np.nan
    city = rng.choice(np.array(["rome", "oslo", "bonn"], dtype=object), rows, p=[0.6, 0.3, 0.1])
    odds = 2.5 * size + 0.03 * (np.nan_to_num(age, nan=40.0) - 40)
    label = np.where(rng.random(rows) < 1 / (1 + np.exp(-odds)), "dog", "cat").astype(object)
    ids = pd.Series([f"{prefix}-{start + row:06d}" for row in range(rows)], dtype=object)
    return pd.DataFrame({ID: ids, LABEL: label, "age": age, "city": pd.Series(city, dtype=object), "size": size})


@dataclass(frozen=True)
class World:
    """A fitted model and the rows that drift is measured against."""

    model: Any
    reference: pd.DataFrame
    schema: InputSchema = SCHEMA_OF

    def predict(self, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Return the label and the probabilities of each row."""
        found = self.model.predict_proba(_seen(rows))
        return np.array(self.schema.classes, dtype=object)[found.argmax(axis=1)], found

    def raw(self, rows: pd.DataFrame, model: str = "m" * 64, labelled: float = 0.0, first: int = 1) -> pd.DataFrame:
        """Return the lines of a log in which these rows were asked for; a share of them has its label."""
        said, pred_probs = self.predict(rows)
        names = [one.name for one in self.schema.features]
        inputs = [json.dumps(line) for line in _plain(rows[names])]
        true = [label if place < labelled * len(rows) else None for place, label in enumerate(rows[LABEL])]
        columns = {
            "seq": np.arange(first, first + len(rows)), "at": 1e9 + np.arange(len(rows), dtype=float),
            "row_id": rows[ID].to_numpy(),
            "model": model, "schema": self.schema.fingerprint, "inputs": inputs, "label": said,
            "probabilities": pd.Series([json.dumps(list(map(float, row))) for row in pred_probs], dtype=object),
            "latency_ms": 2.0 + np.arange(len(rows)) % 7, "true": pd.Series(true, dtype=object), "asked": "", "pi": 1.0,
            "outcomes": "",
        }  # fmt: skip
        return pd.DataFrame(columns).astype({"asked": object, "outcomes": object})[list(COLUMNS)]

    def window(self, rows: pd.DataFrame, **how: Any) -> Window:
        """Return the window that these rows make."""
        return window_of(self.raw(rows, **how), self.schema)


def _plain(rows: pd.DataFrame) -> list[dict[str, Any]]:
    values = rows.astype(object).where(rows.notna(), None)
    return values.to_dict("records")  # type: ignore[return-value]


def _seen(rows: pd.DataFrame) -> np.ndarray:
    return np.column_stack([rows["size"], rows["age"].fillna(40.0) / 10])


def world(rows: int = 3000, seed: int = 3) -> World:
    """Return a model of `draw`, a third of its rows for validation."""
    rng = np.random.default_rng(seed)
    table = draw(rng, rows, prefix="known")
    table[PART] = np.where(np.arange(rows) < rows // 3 * 2, "train", "validation")
    train = table[table[PART] == "train"]
    made = World(LogisticRegression().fit(_seen(train), (train[LABEL] == "dog").astype(int)), table)
    said, pred_probs = made.predict(table)
    judging = (table[PART] == "validation").to_numpy()
    table[PREDICTED] = pd.Series(np.where(judging, said, None), dtype=object)
    for place, name in enumerate(made.schema.classes):
        table[f"{PROBABILITY}{name}"] = np.where(judging, pred_probs[:, place], np.nan)
    return made


def package(folder: Path, of: World) -> str:
    """Write the package of a world, and return its fingerprint."""
    sealed(folder, of.model, of.schema, of.reference)
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def log(path: Path, *raws: pd.DataFrame) -> Path:
    """Write a log of these lines, one after the other, and their labels."""
    open_log(path).close()
    with sqlite3.connect(path) as connection:
        for raw in raws:
            names = ["at", "row_id", "model", "schema", "inputs", "label", "probabilities", "latency_ms"]
            lines = [("request", *line) for line in raw[names].astype(object).itertuples(index=False)]
            connection.executemany(f"INSERT INTO inferences (request_id, {', '.join(names)}) VALUES (?,?,?,?,?,?,?,?,?)", lines)
            known = raw[raw["true"].notna()]
            labels = [
                (row_id, true, at)
                for row_id, true, at in known[["row_id", "true", "at"]].astype(object).itertuples(index=False)
            ]
            connection.executemany(
                "INSERT INTO labels (row_id, label, at, who, source) VALUES (?, ?, ?, 'ann', 'late')", labels
            )
    connection.close()
    return path

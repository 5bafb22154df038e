"""Repositories whose rows are hard to show: many classes, long texts and labels, markup wherever a text may stand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import small

__all__ = [
    "ATTACK",
    "LONG",
    "NOTEBOOK",
    "broken_images",
    "hostile",
    "long_texts",
    "made_again",
    "notebook",
    "of_classes",
    "plain",
    "with_params",
]

NOTEBOOK = "review.ipynb"
ATTACK = '<img src=x onerror="window.attacked=1"><script>window.attacked=1</script>'
WORD = "unbreakable" * 30
LONG = 10_000_000  # letters
STAGES = "ingest", "validate", "split", "audit"
GUESS = {
    "estimator": "sklearn.dummy.DummyClassifier",
    "prepare": "coded",
    "params": {"strategy": "stratified", "random_state": 0},
}


def of_classes(root: Path, count: int) -> Path:
    """Make a repository with so many classes, long texts, and some very long labels, ready to review."""
    names = [f"class {place:03d}" for place in range(count)]
    names[0] = "a label of many words that goes on and on, " * 4 + "to its end"
    names[-1] = f"zz{WORD[:90]}"
    text = f"A first line.\n{'A sentence of a review that somebody wrote. ' * 120}\n{WORD}\n\tA last line."
    return _made(root, names, lambda row: f"{row}: {text}", "a column whose name is longer than most names of columns are")


def hostile(root: Path) -> Path:
    """Make a repository with markup in its labels, ids, texts and the names of its columns."""
    return _made(
        root, ["plain", f"cow {ATTACK}"], lambda row: f"{ATTACK} {row}", f"text {ATTACK}", id=lambda row: f"{ATTACK}-{row}"
    )


def plain(root: Path) -> Path:
    """Make a repository of short rows of three classes, ready to review."""
    return _made(root, list(small.CLASSES), "a short text of row {}".format, "text")


def made_again(root: Path, change: Callable[[pd.DataFrame], pd.DataFrame], **params: Any) -> None:
    """Change the user's file, and keys of params.yaml, and run the stages on it, as `dvc repro` would."""
    source = root / "data/source/mine.csv"
    change(pd.read_csv(source, dtype=str, keep_default_na=False)).to_csv(source, index=False)
    with_params(root, **params)
    small.run_stages(root, *STAGES)


def with_params(root: Path, **sections: Any) -> None:
    """Replace sections of params.yaml."""
    path = root / "params.yaml"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | sections), encoding="utf-8")


def long_texts(root: Path) -> Path:
    """Make a repository with rows of kind "words", whose text is 10 MB of lines, and "word", where it is 10 MB in one piece.

    ingest refuses a text of that size, so that it is put where split would write it.
    """
    _made(root, list(small.CLASSES), "a short text of row {}".format, "text")
    path = root / "data/split/train.parquet"
    table = pd.read_parquet(path)
    line = "A sentence of a text that somebody wrote and nobody has the time to read.\n"
    texts = {"words": (line * (LONG // len(line) + 1))[:LONG], "word": "unbreakable" * (LONG // 11) + "x" * (LONG % 11)}
    table["kind"] = ["words", "word", *["short"] * (len(table) - 2)]
    table["text"] = [texts.get(kind, text) for kind, text in zip(table["kind"], table["text"], strict=True)]
    table.to_parquet(path)
    notebook(root, "kind=words")
    return root


def broken_images(root: Path) -> Path:
    """Make a repository of pictures of digits, every second train row of which has pixels without a value."""
    plant = {"kind": "none"}
    content = small.params(ingest={"source": "digits", "true_label": None, "plant": plant}, audit={"model": GUESS, "folds": 2})
    small.repository(root, content)
    small.run_stages(root, *STAGES)
    path = root / "data/split/train.parquet"
    table = pd.read_parquet(path)
    table.loc[::2, [name for name in table.columns if name.startswith("pixel")][20:23]] = np.nan
    table.to_parquet(path)
    notebook(root)
    return root


def _made(
    root: Path, names: list[str], text: Callable[[int], str], column: str, id: Callable[[int], str] = "row-{:04d}".format
) -> Path:
    rows, rng = max(240, 20 * len(names)), np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "id": [id(row) for row in range(rows)],
            "label": [names[row % len(names)] for row in range(rows)],
            column: [text(row) for row in range(rows)],
            "size": np.where(np.arange(rows) % 5 == 0, 1e6, 1.0) * rng.normal(10, 1, rows),
        }
    )
    content = small.params(ingest={"true_label": None}, audit={"model": GUESS, "folds": 2})
    small.repository(root, content, table)
    small.run_stages(root, *STAGES)
    notebook(root)
    return root


def notebook(root: Path, queue: str = "train") -> None:
    """Write a notebook that reviews a queue, and the code that it runs."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(small.REPOSITORY / "src", root / "src", ignore=ignored, dirs_exist_ok=True)
    source = ["import ceteris\n", "\n", f'review = ceteris.review("{queue}", reviewer="ada")\n', "review"]
    cell = {"cell_type": "code", "execution_count": None, "id": "review", "metadata": {}, "outputs": [], "source": source}
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    content = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (root / NOTEBOOK).write_text(json.dumps(content), encoding="utf-8")

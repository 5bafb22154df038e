"""Repositories whose rows are hard to show: many classes, long texts and labels, markup wherever a text may stand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import small

__all__ = ["ATTACK", "NOTEBOOK", "hostile", "notebook", "of_classes"]

NOTEBOOK = "review.ipynb"
ATTACK = '<img src=x onerror="window.attacked=1"><script>window.attacked=1</script>'
WORD = "unbreakable" * 30
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
    small.run_stages(root, "ingest", "validate", "split", "audit")
    notebook(root)
    return root


def notebook(root: Path) -> None:
    """Write a notebook that reviews the train rows, and the code that it runs."""
    shutil.copytree(small.REPOSITORY / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    source = ["import ceteris\n", "\n", 'review = ceteris.review("train", reviewer="ada")\n', "review"]
    cell = {"cell_type": "code", "execution_count": None, "id": "review", "metadata": {}, "outputs": [], "source": source}
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    content = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (root / NOTEBOOK).write_text(json.dumps(content), encoding="utf-8")

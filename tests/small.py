"""Small worlds for tests: a table of three well-told classes, what recipes may use of it, and a repository made of it."""

from __future__ import annotations

import csv
import json
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import ID, LABEL, Dataset
from ceteris.editing import edits
from ceteris.fixing.versions import Evidence
from ceteris.neutral import neutral
from ceteris.stages import open_stage

__all__ = [
    "REPOSITORY",
    "STAGES",
    "CLASSES",
    "by_hand",
    "dataset",
    "evidence",
    "decided",
    "edit",
    "table",
    "params",
    "repository",
    "run_stages",
]

REPOSITORY = Path(__file__).resolve().parents[1]
STAGES = ("ingest", "validate", "split", "audit", "diagnose", "fix", "train", "compare", "report")
CLASSES = ("ant", "bee", "cow")
NO_DECISIONS = edits.parse("", "")


def dataset(ids: list[str], labels: list[str] | None = None, **features: list[Any]) -> Dataset:
    """Return a data set of a few literal rows."""
    columns = features or {"x": [float(row) for row in range(len(ids))]}
    given = labels or [CLASSES[row % 3] for row in range(len(ids))]
    return Dataset.from_frame(pd.DataFrame({ID: ids, LABEL: given, **columns}))


def evidence(n_rows: int = 12, **changed: Any) -> Evidence:
    """Return rows r00, r01, ... of which the first three of the queue are flagged, each with a wrong label."""
    labels = np.array([CLASSES[row % 3] for row in range(n_rows)], dtype=object)
    true = labels.copy()
    true[:3] = [CLASSES[(row + 1) % 3] for row in range(3)]
    settings: dict[str, Any] = {
        "ids": np.array([f"r{row:02d}" for row in range(n_rows)], dtype=object),
        "labels": labels,
        "classes": CLASSES,
        "queue": np.arange(n_rows),
        "flagged": np.arange(n_rows) < 3,
        "suggested": true.copy(),
        "decisions": edits.resolve(NO_DECISIONS),
        "true": true,
        "draws": 4,
    }
    return Evidence(**(settings | changed))


def edit(id: str, action: str = "relabel", given: str = "ant", new: str = "", **more: str) -> dict[str, str]:
    """Return one line of the ledger, by `ann` unless said otherwise; its answer is made of what it says."""
    line = {
        "id": id, "action": action, "given_label": given, "new_label": new, "reviewer": "ann", "reason": "", "source": "queue",
        "batch": "1", "at": "2026-01-31T12:00:00+00:00", "reverts": "",
    } | more  # fmt: skip
    return {"answer": str(uuid.uuid5(uuid.NAMESPACE_OID, "|".join(line.values())))} | line


def by_hand(path: Path, *lines: dict[str, str]) -> None:
    """Add lines to a ledger file as they are, past every check."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, edits.COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows({name: neutral(value) for name, value in line.items()} for line in lines)


def decided(*lines: dict[str, str], rule: str = "refuse") -> pd.DataFrame:
    """Return what lines of the ledger come to."""
    frame = pd.DataFrame(lines, columns=list(edits.COLUMNS), dtype=object)
    return edits.resolve(frame.assign(where=[f"line {row + 2}" for row in range(len(frame))]), rule)


def table(rows: int = 180, wrong: float = 0.15) -> pd.DataFrame:
    """Return rows of three blobs, some with the label of another one, and the true label beside it."""
    rng = np.random.default_rng(7)
    code = np.arange(rows) % 3
    given = np.where(rng.random(rows) < wrong, (code + rng.integers(1, 3, rows)) % 3, code)
    centre = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])[code]
    x, y = (centre + rng.normal(0, 0.8, (rows, 2))).T
    names = np.array(CLASSES, dtype=object)
    return pd.DataFrame(
        {"id": [f"row-{row:03d}" for row in range(rows)], "label": names[given], "truth": names[code], "x": x, "y": y}
    )


def params(**changed: Any) -> dict[str, Any]:
    """Return the content of a params.yaml for `table`; a section that is given replaces some of its keys."""
    logistic = {"estimator": "sklearn.linear_model.LogisticRegression", "prepare": "scaled", "params": {"C": 1.0}}
    ridge = {"estimator": "sklearn.linear_model.RidgeClassifier", "prepare": "scaled"}
    content: dict[str, Any] = {
        "ingest": {"source": "data/source/mine.csv", "id": "id", "true_label": "truth"},
        "split": {"validation": 0.3, "test": 0.1},
        "audit": {"model": logistic, "folds": 3},
        "fix": {
            "recipes": {
                "given": None,
                "pruned": [{"step": "drop_flagged"}],
                "reviewed": [{"step": "apply_edits"}],
                "simulated": [{"step": "simulate_review", "rows": 20}],
            }
        },
        "train": {"seeds": 5, "models": {"logistic": logistic, "ridge": ridge}},
        "compare": {
            "planned": [
                {"axis": "data", "model": "logistic", "baseline": "given", "candidate": "simulated"},
                {"axis": "data", "model": "logistic", "baseline": "given", "candidate": "pruned"},
                {"axis": "model", "version": "given", "baseline": "logistic", "candidate": "ridge"},
            ]
        },
    }
    for section, values in changed.items():
        content[section] = content.get(section, {}) | values
    return content


def repository(root: Path, content: dict[str, Any] | None = None, rows: pd.DataFrame | None = None) -> Path:
    """Make a repository that holds `table` and no stage's output, and return it. JSON is YAML too."""
    (root / "data/source").mkdir(parents=True)
    (root / "data/edits").mkdir()
    (root / "estimators").mkdir()
    (root / "dvc.yaml").write_text((REPOSITORY / "dvc.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (root / "params.yaml").write_text(json.dumps(content or params(), indent=1), encoding="utf-8")
    (table() if rows is None else rows).to_csv(root / "data/source/mine.csv", index=False)
    return root


def run_stages(root: Path, *names: str) -> None:
    """Run stages in this process, through their Python entry point."""
    from importlib import import_module

    for name in names:
        import_module(f"ceteris.stages.{name}").main(open_stage(name, root))

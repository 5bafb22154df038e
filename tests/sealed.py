"""A repository with a test part that is worth a look: a nearest neighbour that learns wrong labels, and what undoes that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import small
from checkout import checkout
from clone import SMALL, TREE, Clone
from past import dvc

from ceteris.release.accept import main
from ceteris.release.folder import read_terms, request
from ceteris.release.looks import Look, parse
from ceteris.stages import open_stage

__all__ = ["HELPS", "NAMES", "UNSURE", "acceptance", "accept", "go_on", "looks", "name", "publish", "true_labels"]

NAMES = ("release/looks.csv", "release/verdicts.csv", "release/acceptance.json", "release/queue.csv")
# What helps on validation and on test, and what cannot be told: another model, and both at once.
HELPS, UNSURE, BOTH = "near/pruned", "tree/given", "tree/pruned"
NEAR = {"estimator": "sklearn.neighbors.KNeighborsClassifier", "prepare": "scaled", "params": {"n_neighbors": 1}}
WORLD: dict[str, Any] = SMALL | {
    "ingest.true_label": None,
    "split.validation": 0.35,
    "split.test": 0.35,
    "fix.recipes": {"given": None, "pruned": [{"step": "drop_flagged"}], "twin": None},
    "train.models": {"near": NEAR, "tree": TREE},
    "compare.planned": [
        {"axis": "data", "model": "near", "baseline": "given", "candidate": "pruned"},
        {"axis": "model", "version": "given", "baseline": "near", "candidate": "tree"},
    ],
}


def publish(root: Path) -> None:
    """Make the repository: three blobs, three labels in ten wrong, run stage by stage and committed to DVC and git."""
    clone = Clone(checkout(root))
    rows().drop(columns="truth").to_csv(root / "data/source/mine.csv", index=False)
    clone.change(**WORLD)
    terms = root / "release/release.yaml"
    terms.write_text(terms.read_text(encoding="utf-8").replace("load_seconds: 2.0", "load_seconds: 0.2"), encoding="utf-8")
    small.run_stages(root, *small.STAGES)
    with dvc(root) as repo:
        repo.commit(force=True, allow_missing=True)  # no candidate was packaged
    clone.commit()


def rows() -> pd.DataFrame:
    return small.table(600, 0.3)


def true_labels() -> pd.Series:
    """Return what a person who knows would answer, indexed by id."""
    return rows().set_index("id")["truth"]


def name(clone: Clone, candidate: str | None, baseline: str | None = "near/given", **more: Any) -> None:
    """Write release.yaml, as an editor would."""
    terms = {"accept": {"candidate": candidate, "baseline": baseline, **more}}
    (clone.root / "release/release.yaml").write_text(json.dumps(terms), encoding="utf-8")


def accept(clone: Clone, candidate: str | None, baseline: str | None = "near/given", **more: Any) -> Mapping[str, Any]:
    """Ask for a candidate by name, run the stage in this process, and return acceptance.json."""
    name(clone, candidate, baseline, **more)
    with pytest.MonkeyPatch.context() as patch:
        for key, value in request(read_terms(clone.root).accept).items():
            patch.setenv(key, value)
        return go_on(clone)


def go_on(clone: Clone) -> Mapping[str, Any]:
    """Run the stage in this process, as `dvc repro` does when something else changed, and return acceptance.json."""
    main(open_stage("accept", clone.root))
    return acceptance(clone)


def acceptance(clone: Clone) -> Mapping[str, Any]:
    return dict(json.loads(clone.read("release/acceptance.json")))


def looks(clone: Clone) -> tuple[Look, ...]:
    return parse(clone.read("release/looks.csv")) if (clone.root / "release/looks.csv").exists() else ()

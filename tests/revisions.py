"""Revisions in memory: snapshots, cells and versions made of a few literal values, with no git and no DVC cache behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from small import CLASSES

from ceteris.errors import BadInputError
from ceteris.experiments.pairing import Side
from ceteris.experiments.snapshot import Judging, Snapshot
from ceteris.experiments.table import Past
from ceteris.measuring.fingerprint import Fingerprint
from ceteris.measuring.pairs import Name, VersionFacts
from ceteris.sections import Compare
from ceteris.training.cells import Cell

__all__ = ["SETTINGS", "World", "cell", "judging", "never", "params", "snapshot", "version"]

N_ROWS, N_SEEDS = 60, 5
SETTINGS = Compare.model_validate(
    {"planned": ({"axis": "model", "version": "given", "baseline": "logistic", "candidate": "tree"},)}
)


def judging(ids: Iterable[str] | None = None, **changed: Any) -> Judging:
    """Return validation rows v00, v01, ..., whose given labels run through the classes."""
    names = [f"v{row:02d}" for row in range(N_ROWS)] if ids is None else list(ids)
    classes = tuple(changed.pop("classes", CLASSES))
    parts: dict[str, Any] = {
        "digests": np.array([f"features of {id}".encode() for id in names], dtype=object),
        "labels": {"given": np.array([classes[row % len(classes)] for row in range(len(names))], dtype=object)},
        "groups": None,
        "answers": np.full(len(names), -1),
    }
    return Judging(np.array(names, dtype=object), classes=classes, **(parts | changed))


def cell(rows: Judging, wrong: Iterable[int] = (), *, probs: bool = False, n_seeds: int = N_SEEDS) -> Cell:
    """Return what a model predicts that is wrong on the same rows with each seed; a wrong one says the next class."""
    codes = np.array([rows.classes.index(label) for label in rows.labels["given"]])
    codes[list(wrong)] = (codes[list(wrong)] + 1) % len(rows.classes)
    predicted = np.tile(codes.astype(np.int32), (n_seeds, 1))
    return Cell(predicted, np.eye(len(rows.classes))[predicted] if probs else None, n_seeds, deterministic=False)


def params(*, c: float = 1.0, **sections: Any) -> dict[str, Any]:
    """Return the sections of a params.yaml with the two models of `snapshot`."""
    models = {"logistic": {"estimator": "sklearn.Logistic", "params": {"C": c}}, "tree": {"estimator": "sklearn.Tree"}}
    return {"train": {"seeds": N_SEEDS, "models": models}} | sections


def snapshot(
    name: str,
    *,
    parent: str = "base",
    models: Mapping[str, str] | None = None,
    versions: Mapping[str, str] | None = None,
    controls: Mapping[str, str] | None = None,
    rows: Judging | None = None,
    reviewed: int = 0,
    **changed: Any,
) -> Snapshot:
    """Return a revision whose hash is its name, with every model on every version and control, each by its fingerprint."""
    models = {"logistic": "m1", "tree": "m2"} if models is None else models
    versions = {"given": "d1", "reviewed": "d1"} if versions is None else versions
    rows = judging() if rows is None else rows
    stated = {"seeds": changed.pop("seeds", "s5"), "inputs": changed.pop("inputs", "v1"), "code": changed.pop("code", "c1")}
    labels = changed.pop("labels", rows.digest)
    every = {**versions, **(controls or {})}
    cells = {
        (model, version): Fingerprint(data=data, model=digest, labels=labels, **stated)
        for model, digest in models.items()
        for version, data in every.items()
    }
    facts = {version: VersionFacts(control=version in (controls or {}), reviewed=reviewed) for version in every}
    known = {"rev": name, "parent": parent, "time": 0.0, "sections": params(), "judging": rows}
    return Snapshot(name, **(known | {"cells": cells, "facts": facts} | changed))


def version(**labels: str) -> pd.DataFrame:
    """Return the rows of a version: a label for each id."""
    frame = pd.DataFrame({"id": list(labels), "label": list(labels.values())}, dtype=object)
    return frame.assign(weight=1.0)


def never(_: Fingerprint) -> Side | None:
    """A corner that nobody has trained."""
    return None


@dataclass
class World:
    """What the door would read: cells by (revision, model, version), and the rows of versions by (revision, version)."""

    cells: dict[tuple[str, str, str], Cell] = field(default_factory=dict)
    versions: dict[tuple[str, str], pd.DataFrame] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def side(self, of: Snapshot, name: Name) -> Side:
        if (of.rev, *name) not in self.cells or of.judging is None:
            raise BadInputError(f"What {of.name} made is not in the DVC cache.", "Bring it with dvc repro.")
        return Side(name, self.cells[of.rev, *name], of.cells[name], of.judging)

    def version(self, of: Snapshot, name: str) -> pd.DataFrame:
        return self.versions.get((of.rev, name), version(r1="ant", r2="bee"))

    @property
    def past(self) -> Past:
        return Past(self.side, self.version, self.seconds)

"""A repository with many experiments, in the format that DVC and git keep them in, without the hours it would take to run them.

The first run is real. Every further revision changes its params, versions, cells and predictions, and is written as the stages,
DVC and git would have written it: objects of the cache by their md5, a dvc.lock that names them, a commit, a reference.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from benchmarks.ratios import timed_command
from benchmarks.repository import environment
from benchmarks.workloads import synthetic
from ceteris.measuring.fingerprint import Fingerprint, of_values
from ceteris.measuring.pairs import Name
from ceteris.store import write_parquet
from ceteris.training.cell_files import FINGERPRINT, MODEL, read_cell, write_cell
from ceteris.training.cells import Cell

__all__ = ["KINDS", "N_CELLS", "grow"]

MODELS = {"shallow": 6, "middle": 9, "deep": 14}
RECIPES = {"given": None, "simulated": [{"step": "simulate_review", "rows": 200}]}
VERSIONS = ("given", "simulated", "random-simulated", "aa")
N_CELLS = len(MODELS) * len(VERSIONS)
KINDS = ("model", "model", "model", "data", "data", "both", "code")
_MOVED_SHARE = 0.03


def grow(clone: Path, *, experiments: int, rows: int, seeds: int, commits: int = 4) -> None:
    """Run the pipeline of a clone once, on so many validation rows, and lay experiments on it and on later commits."""
    _first_run(clone, rows, seeds)
    made = _Maker(clone)
    bases = [(made.first, _git(clone, "rev-parse", "HEAD"))]
    for place in range(1, commits):
        state = made.changed(bases[-1][0], "data", experiments + place)
        bases.append((state, _commit(clone, "refs/heads/main", bases[-1][1], place, state.texts)))
    for place in range(experiments):
        (state, base), kind = bases[place * commits // experiments], KINDS[place % len(KINDS)]
        ref = f"refs/exps/{base[:2]}/{base[2:]}/{kind}-{place}"
        _commit(clone, ref, base, commits + place, made.changed(state, kind, place).texts)
    subprocess.run(["git", "reset", "--quiet", "--hard", "main"], cwd=clone, check=True)


def _first_run(clone: Path, rows: int, seeds: int) -> None:
    data = synthetic(5 * rows, classes=3)
    table = pd.DataFrame(data.features, columns=[f"x{column}" for column in range(data.features.shape[1])])
    table = table.assign(id=[f"row-{row:06d}" for row in range(len(table))], label=data.given, truth=data.true)
    table.to_csv(clone / "data/source/mine.csv", index=False)
    tree = "sklearn.tree.ExtraTreeClassifier"
    _change(
        clone / "params.yaml",
        ingest={"source": "data/source/mine.csv", "id": "id", "true_label": "truth", "plant": {"kind": "none"}},
        fix={"recipes": RECIPES},
        train={
            "seeds": seeds,
            "models": {
                name: {"estimator": tree, "prepare": "none", "params": {"max_depth": depth}} for name, depth in MODELS.items()
            },
        },
        compare={
            "planned": [
                {"axis": "data", "model": "shallow", "baseline": "given", "candidate": "simulated"},
                {"axis": "model", "version": "given", "baseline": "shallow", "candidate": "deep"},
            ]
        },
    )
    timed_command(["dvc", "repro"], clone, environment())
    subprocess.run(["git", "add", "--all"], cwd=clone, check=True)
    _git(clone, "-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "commit", "--quiet", "-m", "The first run")
    subprocess.run(["git", "branch", "--move", "--force", "main"], cwd=clone, check=True)


@dataclass(frozen=True)
class _State:
    """A revision: the texts that git holds, the md5 of all files of the folders that DVC holds, each cell's fingerprint."""

    texts: dict[str, str]
    folders: dict[str, dict[str, str]]
    cells: dict[Name, Fingerprint]


class _Maker:
    """Makes revisions of the run that stands in a clone."""

    def __init__(self, clone: Path) -> None:
        self._clone = clone
        self._cells = {
            (model, version): read_cell(clone / "models" / model / version) for model in MODELS for version in VERSIONS
        }
        self._versions = {name: pd.read_parquet(clone / f"data/versions/{name}.parquet") for name in VERSIONS}
        self.first = _State(
            {name: (clone / name).read_text(encoding="utf-8") for name in ("params.yaml", "dvc.lock")},
            {folder: self._listed(folder) for folder in ("models", "data/versions")},
            {name: cell[1] for name, cell in self._cells.items()},
        )

    def changed(self, state: _State, kind: str, number: int) -> _State:
        """Return the revision that `kind` makes of another: data, model, both, or code."""
        params, cells = state.texts["params.yaml"], dict(state.cells)
        folders = {folder: dict(listed) for folder, listed in state.folders.items()}
        if kind in ("model", "both"):
            setting = f"      params:\n        min_impurity_decrease: {number / 1e6:.6f}\n"
            params = params.replace("      params:\n", setting, 1)
            cells |= {name: replace(of, model=of_values([number])) for name, of in cells.items() if name[0] == "shallow"}
        if kind in ("data", "both"):
            params = re.sub("rows: 2[0-9]+", f"rows: {201 + number}", params)
            for version in ("simulated", "random-simulated"):
                folders["data/versions"][f"{version}.parquet"] = self._relabelled(version, number)
                cells |= {
                    name: replace(of, data=of_values([version, number])) for name, of in cells.items() if name[1] == version
                }
        if kind == "code":
            cells = {name: replace(of, code=of_values([number])) for name, of in cells.items()}
        for name, fingerprint in cells.items():
            if fingerprint != state.cells[name]:
                folders["models"] |= (
                    self._restated(name, fingerprint, state) if kind == "code" else self._written(name, fingerprint, number)
                )
        lock = state.texts["dvc.lock"]
        for folder, listed in folders.items():
            lock = lock.replace(self._md5(state.folders[folder]), self._md5(listed))
        return _State({"params.yaml": params, "dvc.lock": lock}, folders, cells)

    def _restated(self, name: Name, fingerprint: Fingerprint, state: _State) -> dict[str, str]:
        """Keep the fingerprint file of a cell that predicts as before, and return it."""
        path = "/".join((*name, FINGERPRINT))
        stated = json.loads(self._place(state.folders["models"][path]).read_bytes())
        return {path: self._kept(json.dumps(stated | {"fingerprint": asdict(fingerprint)}).encode())}

    def _written(self, name: Name, fingerprint: Fingerprint, number: int) -> dict[str, str]:
        """Keep the files of a cell that predicts otherwise on a few rows, which a number says, and return them."""
        cell, _, ids, classes = self._cells[name]
        moved = _otherwise(cell, len(classes), np.random.default_rng([number, *map(ord, name[0])]))
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            model = self._clone / "models" / "/".join(name) / MODEL
            write_cell(folder, moved, fingerprint, ids, classes, model.read_bytes() if model.is_file() else b"")
            return {"/".join((*name, file.name)): self._kept(file.read_bytes()) for file in folder.iterdir()}

    def _relabelled(self, version: str, number: int) -> str:
        table, rng = self._versions[version].copy(), np.random.default_rng(number)
        table.loc[rng.choice(len(table), 50, replace=False), "label"] = str(number % 3)
        with tempfile.TemporaryDirectory() as scratch:
            write_parquet(Path(scratch) / "table", table)
            return self._kept((Path(scratch) / "table").read_bytes())

    def _listed(self, folder: str) -> dict[str, str]:
        place = self._clone / folder
        files = sorted(path for path in place.rglob("*") if path.is_file())
        return {path.relative_to(place).as_posix(): _hashed(path.read_bytes()) for path in files}

    def _md5(self, listed: dict[str, str]) -> str:
        """Keep the object of a folder, as DVC writes it, and return its md5."""
        lines = [{"md5": listed[path], "relpath": path} for path in sorted(listed)]
        return self._kept(json.dumps(lines, sort_keys=True).encode(), ".dir")

    def _kept(self, content: bytes, ending: str = "") -> str:
        name = _hashed(content) + ending
        place = self._place(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            place.write_bytes(content)
        return name

    def _place(self, name: str) -> Path:
        return self._clone / ".dvc/cache/files/md5" / name[:2] / name[2:]


def _otherwise(cell: Cell, n_classes: int, rng: np.random.Generator) -> Cell:
    """Return a cell whose predictions differ on a few rows of each seed, with probabilities of which no two are the same."""
    moved = rng.random(cell.predicted.shape) < _MOVED_SHARE
    predicted = np.where(moved, (cell.predicted + 1) % n_classes, cell.predicted).astype(np.int32)
    probs = rng.random((*predicted.shape, n_classes))
    np.put_along_axis(probs, predicted[:, :, None], 2.0, axis=2)
    return replace(cell, predicted=predicted, pred_probs=probs / probs.sum(axis=2, keepdims=True))


def _commit(clone: Path, ref: str, base: str, place: int, files: dict[str, str]) -> str:
    """Make a commit on another with these files changed, without a working tree, and return its hash."""
    said = f"revision {place}".encode()
    told = [f"commit {ref}", f"committer bench <bench@example.invalid> {1_800_000_000 + 60 * place} +0000", f"data {len(said)}"]
    stream = io.BytesIO()
    stream.write("\n".join(told).encode() + b"\n" + said + f"\nfrom {base}\n".encode())
    for path, text in files.items():
        content = text.encode()
        stream.write(f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n")
    subprocess.run(["git", "fast-import", "--quiet", "--force"], cwd=clone, input=stream.getvalue(), check=True)
    return _git(clone, "rev-parse", ref)


def _change(path: Path, **sections: dict[str, Any]) -> None:
    yaml = YAML()
    content = yaml.load(path.read_text(encoding="utf-8"))
    for section, values in sections.items():
        content[section] |= values
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)


def _git(clone: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=clone, check=True, capture_output=True, text=True).stdout.strip()


def _hashed(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()

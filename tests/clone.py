"""A clone of this repository that a test may run, change and break: its own files, its own git, its own DVC cache."""

from __future__ import annotations

import csv
import hashlib
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pandas as pd
import small
from checkout import checkout, run, surroundings
from ruamel.yaml import YAML

from ceteris.dataset import ID, LABEL
from ceteris.editing.edits import COLUMNS

__all__ = ["Clone", "Run", "SMALL", "TREE", "publish"]

LOGISTIC = {"estimator": "sklearn.linear_model.LogisticRegression", "prepare": "scaled", "params": {"C": 1.0}}
TREE = {"estimator": "sklearn.tree.ExtraTreeClassifier", "prepare": "coded", "params": {"max_depth": 4}}
SMALL: dict[str, Any] = {
    "ingest.source": "data/source/mine.csv",
    "ingest.id": "id",
    "ingest.true_label": "truth",
    "ingest.plant.kind": "none",
    "split.validation": 0.3,
    "split.test": 0.1,
    "audit.folds": 3,
    "fix.recipes": {
        "given": None,
        "pruned": [{"step": "drop_flagged"}],
        "reviewed": [{"step": "apply_edits"}],
        "simulated": [{"step": "simulate_review", "rows": 20}],
    },
    "train.seeds": 5,
    "train.models": {"logistic": LOGISTIC, "tree": TREE},
    "compare.planned": [
        {"axis": "data", "model": "logistic", "baseline": "given", "candidate": "simulated"},
        {"axis": "data", "model": "logistic", "baseline": "given", "candidate": "pruned"},
        {"axis": "model", "version": "given", "baseline": "logistic", "candidate": "tree"},
    ],
}


@dataclass(frozen=True)
class Run:
    """What `dvc repro` said, the stages that it ran, and the (model, version) of the cells that were fitted, in order."""

    said: str
    stages: list[str]
    fitted: list[tuple[str, str]]


@dataclass(frozen=True)
class Clone:
    """One repository on disk."""

    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a command in this clone is told: one thread, and a place of its own for DVC's notes."""
        site = self.root.with_name(f"{self.root.name}.site")
        return {"DVC_SITE_CACHE_DIR": str(site), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

    def dvc(self, *words: str, refused: bool = False, **env: str) -> str:
        """Run a DVC command to its end and return all that it printed; `refused`: it must fail."""
        done = run(self.root, "dvc", *words, check=False, **self.environment, **env)
        said = done.stdout + done.stderr
        assert (done.returncode != 0) == refused, f"dvc {' '.join(words)} ended with {done.returncode}:\n{said}"
        return said

    def repro(self, *words: str, **env: str) -> Run:
        """Run `dvc repro` to its end."""
        before = len(self.fitted())
        said = self.dvc("repro", *words, **env)
        stages = [line.split("'")[1] for line in said.splitlines() if line.startswith("Running stage '")]
        return Run(said, stages, self.fitted()[before:])

    def start(self, *command: str, output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start a command in a process group of its own, and return at once."""
        return subprocess.Popen(
            command,
            cwd=self.root,
            env=surroundings(self.environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # A shell lets what it starts in the background ignore Ctrl-C, and so would all that this process starts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def git(self, *words: str) -> str:
        """Run a git command to its end and return what it printed."""
        return run(self.root, "git", *words).stdout

    def commit(self) -> None:
        """Commit everything that git is not told to ignore."""
        self.git("add", "-A")
        self.commit_staged()

    def commit_staged(self) -> None:
        """Commit what is staged."""
        self.git("commit", "-qm", "A state to go on from")

    def copy(self, root: Path) -> Clone:
        """Return a copy of everything: files, history and cache."""
        shutil.copytree(self.root, root, symlinks=True)
        return Clone(root)

    def fresh(self, root: Path) -> Clone:
        """Return what another person gets: a clone of what is committed, with an empty cache."""
        self.git("clone", "-q", str(self.root), str(root))
        return Clone(root)

    def change(self, **changed: Any) -> None:
        """Set values of params.yaml by their dotted names, as an editor would."""
        yaml = YAML()
        yaml.preserve_quotes = True
        path = self.root / "params.yaml"
        content = yaml.load(path.read_text(encoding="utf-8"))
        for name, value in changed.items():
            *sections, key = name.split(".")
            place = content
            for section in sections:
                place = place[section]
            place[key] = value
        with path.open("w", encoding="utf-8") as file:
            yaml.dump(content, file)

    def answer(self, count: int = 1) -> None:
        """Let a person relabel the first train rows, in a ledger file that is new."""
        train = pd.read_parquet(self.root / "data/split/train.parquet", columns=[ID, LABEL]).head(count)
        with (self.root / "data/edits/ann-1.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            for name, label in train.to_numpy(dtype=object):
                writer.writerow(small.edit(name, given=label, new="cow" if label != "cow" else "bee"))

    def append(self, path: str, text: str) -> None:
        """Add text to the end of a file, making it where it is new."""
        with (self.root / path).open("a", encoding="utf-8") as file:
            file.write(text)

    def read(self, path: str) -> str:
        """Return the text of a file."""
        return (self.root / path).read_text(encoding="utf-8")

    def fitted(self) -> list[tuple[str, str]]:
        """Return (model, version) of every cell that was ever fitted here, in order."""
        path = self.root / ".ceteris/times.csv"
        if not path.exists():
            return []
        with path.open(newline="", encoding="utf-8") as file:
            return [(row["model"], row["version"]) for row in csv.DictReader(file)]

    def hashes(self, *folders: str) -> dict[str, str]:
        """Return the sha256 of every file below some folders (or of a file), by its path."""
        return {
            str(path.relative_to(self.root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in self._files(folders)
        }

    def _files(self, folders: tuple[str, ...]) -> Iterator[Path]:
        for folder in folders:
            place = self.root / folder
            yield from [place] if place.is_file() else (path for path in sorted(place.rglob("*")) if path.is_file())

    def results(self) -> dict[str, str]:
        """Return the hashes of all that stages write for a person or a later one: predictions, versions, tables, the report."""
        return self.hashes("models", "data/versions", "data/audit", "data/diagnosis", "results", "reports")


def publish(root: Path, **changed: Any) -> Clone:
    """Make a repository of the files that git knows here, on a small table of its own, with changes of params.yaml."""
    clone = Clone(checkout(root))
    small.table(300).to_csv(root / "data/source/mine.csv", index=False)
    clone.change(**changed)
    clone.commit()
    return clone

"""Somebody's git and DVC repository, with a pipeline, params, a src/, a models/ and a .gitignore of their own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import small
from checkout import run

__all__ = ["LABELS", "RAW", "host", "hashes"]

RAW, LABELS = "raw/rows.txt", "data/labels.csv"
_FILES = {
    "src/ceteris.py": "raise ImportError('this is no package of yours')\n",
    "models/README": "Weights of ours.\n",
    "params.yaml": "prepare:\n  rows: 999   # all of them\ntrain:\n  rate: 0.1\n",
    "dvc.yaml": f"""\
stages:
  prepare:
    cmd: mkdir -p data && head -n 999 {RAW} > {LABELS}
    deps:
      - {RAW}
    params:
      - prepare
    outs:
      - {LABELS}
""",
    # What a repository often ignores, and ceteris keeps in git.
    ".gitignore": "*.csv\n*.lock\n!dvc.lock\ndata/\nmodels\nresults/\n",
}


def host(root: Path, *, dvc: bool = True) -> Path:
    """Make such a repository, committed; with `dvc` its pipeline has run."""
    for name, text in _FILES.items():
        if dvc or name != "dvc.yaml":
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
    made = root / (RAW if dvc else LABELS)
    made.parent.mkdir(exist_ok=True)
    small.table(240).drop(columns="truth").to_csv(made, index=False)
    run(root, "git", "init", "-q", "-b", "main")
    if dvc:
        run(root, "dvc", "init", "-q")
        run(root, "dvc", "repro", "-q")
    more = ("dvc.yaml", "dvc.lock", ".dvcignore", "raw") if dvc else (LABELS,)
    run(root, "git", "add", "-f", ".gitignore", "src", "models", "params.yaml", *more)
    run(root, "git", "commit", "-q", "-m", "theirs")
    return root


def relabel(root: Path, labels: dict[str, str]) -> None:
    """Let them give rows of theirs other labels, at the source."""
    rows = pd.read_csv(root / RAW, dtype=str)
    rows["label"] = [labels.get(name, label) for name, label in zip(rows["id"], rows["label"], strict=True)]
    rows.to_csv(root / RAW, index=False)


def hashes(root: Path, beside: str) -> dict[str, str]:
    """Return the sha256 of every file but those of git itself, of DVC's working place, and of one folder."""
    out = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and not name.startswith((".git/", ".dvc/tmp", ".dvc/cache", f"{beside}/")):
            out[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return out

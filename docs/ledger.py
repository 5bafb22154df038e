"""Writes the ledger and the board that README.md shows: four experiments made in a clone, and what ceteris tells of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXPERIMENTS = {
    "softer": ["train.models.logistic.params.C=0.1"],
    "more-labels": ["fix.recipes.reviewed-simulated.0.rows=400"],
    "neighbours": ["+train.models.neighbours={estimator: sklearn.neighbors.KNeighborsClassifier, prepare: scaled}"],
    "both": ["train.models.logistic.params.C=0.1", "fix.recipes.reviewed-simulated.0.rows=400"],
}
COMMANDS = {
    "ledger": ["experiments", "--run-missing"],
    "board": ["budget", "--most", "300", "--figure", "docs/board.svg"],
    "next": ["next", "--most", "300"],
}
FIGURES = ("docs/board-light.svg", "docs/board-dark.svg")


def run(folder: Path, *command: str) -> str:
    """Return what a command prints in a folder; its code is the folder's own."""
    given = {"PYTHONPATH": str(folder / "src"), "COLUMNS": "118", "DVC_NO_ANALYTICS": "1", "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=os.environ | given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def main() -> None:
    """Rewrite the blocks of README.md between their marks, and the figures of the board."""
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch) / "digits"
        run(ROOT, "git", "clone", "-q", "--depth", "1", f"file://{ROOT}", str(clone))
        shutil.rmtree(clone / ".git")  # a history of its own: what other commits made is in no cache of the clone
        run(clone, "git", "init", "-q", "-b", "main")
        run(clone, "dvc", "repro", "-q")
        run(clone, "git", "add", "-A")
        run(clone, "git", "commit", "-q", "-m", "The first run")
        for name, settings in EXPERIMENTS.items():
            run(clone, "dvc", "exp", "run", "-q", "-n", name, *(word for line in settings for word in ("-S", line)))
            run(clone, "git", "checkout", "-q", ".")
            run(clone, "dvc", "checkout", "-q")
        told = {
            name: run(clone, sys.executable, "-c", "from ceteris.cli import main; main()", *words).rstrip()
            for name, words in COMMANDS.items()
        }
        for figure in FIGURES:
            shutil.copy(clone / figure, ROOT / figure)
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    for name, block in told.items():
        lines = [line.rstrip() for line in block.splitlines() if not line.startswith(("The figure: ", "The page: "))]
        if name == "next":
            lines = textwrap.wrap(" ".join(lines), 118)
        shown = "\n".join(lines)
        start = text.index("```\n", text.index(f"<!-- {name}:")) + 4
        end = text.index("```\n<!-- end -->", start)
        text = f"{text[:start]}{shown}\n{text[end:]}"
    readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

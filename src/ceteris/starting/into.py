"""`ceteris init --into DIR`: a project of its own in somebody's git repository, of which nothing outside DIR is touched."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ceteris.canvas.form import form
from ceteris.canvas.terms import FILE as CANVAS
from ceteris.errors import BadInputError, CeterisError, some
from ceteris.experiments.git import Git
from ceteris.installed import PIPELINES, lock_text, pipeline_text
from ceteris.release.terms import FILE as TERMS
from ceteris.release.terms import Accept
from ceteris.starting.params_file import changed
from ceteris.starting.template import COPIED, template
from ceteris.store import LOCK, git_top, state_of, write_text

__all__ = ["Project", "project_in"]

# What must be in git is let in first: a repository often ignores data/, *.csv or models above this folder.
_GITIGNORE = """\
!.gitignore
!/*.yaml
!/*.lock
!/data/
!/data/source/
!/data/source/*
!/data/edits/
!/data/edits/*
!/data/windows/
/data/windows/*
!/data/windows/README.md
!/estimators/
!/estimators/**
!/notebooks/
!/notebooks/*.ipynb
!/predictions/
!/predictions/**
!/release/
!/release/**
!/results/
!/results/**
/.ceteris/
__pycache__/
.ipynb_checkpoints/
/exports/
/release/monitor/
/release/review/
*.sqlite
*.sqlite-shm
*.sqlite-wal
*.sqlite.lock
/release/watch/results/*
!/release/watch/results/README.md
/models
/reports
/dvc_plots/
/review-*.csv
"""
_DVCIGNORE = "__pycache__\n.ipynb_checkpoints\n"
_README = """\
# What moved the score?

ceteris measures here what a change to the data is worth with the model held fixed, and what another model is worth with the
data held fixed. The folder is a project of its own: nothing outside of it was changed. Work in it (`cd` to it first):

- `dvc repro` runs the pipeline, `ceteris summary` says what moved the score, reports/report.html shows it.
- params.yaml says which file, models and versions; `dvc exp run -S KEY=VALUE` tries another, `ceteris experiments` lists them.
- `ceteris review` asks about doubted labels; the answers are kept in data/edits/, in git.
- `jupyter lab notebooks` tells the story; `ceteris accept` opens the sealed test part.
- `ceteris upgrade`, after `pip install --upgrade ceteris`, lets the stages run the new code.
"""


@dataclass(frozen=True)
class Project:
    """A folder of a git repository that is to hold a ceteris project.

    Attributes
    ----------
    root, top : the folder, and the top folder of the repository
    params : the params.yaml that it has, or will start with
    """

    root: Path
    top: Path
    params: str

    def make(self) -> Iterator[str]:
        """Write every file that is not there but params.yaml, and set up DVC where nobody did; yield what was done."""
        for name, text in _files().items():
            if not (self.root / name).exists():
                write_text(self.root / name, text)
        yield f"{self.root} holds a project of its own; nothing outside of it is changed"
        theirs = self._dvc()
        if theirs is None:
            self._init_dvc()
            yield f"DVC was not set up in {self.top}: it is now, for this folder alone (dvc init --subdir)"
        elif theirs != self.root:
            yield f"DVC is that of {theirs}: its cache and its remotes are used, its pipelines may come before this one"

    def next(self) -> Iterator[str]:
        """Yield what is to be done next, a line each."""
        with Git(self.root) as git:
            if not git.author():
                yield "git does not know who you are: git config user.name NAME && git config user.email ADDRESS"
        yield f"next: cd {self.root} && git add . && git commit -m 'Add ceteris' && dvc repro"

    def _dvc(self) -> Path | None:
        """Return the folder whose DVC is in charge here; None where there is none in this git repository."""
        above = [self.root, *self.root.parents]
        within = above[: above.index(self.top) + 1]
        return next((folder for folder in within if (folder / ".dvc").is_dir()), None)

    def _init_dvc(self) -> None:
        command = [sys.executable, "-m", "dvc", "init", "--subdir"]
        done = subprocess.run(command, cwd=self.root, capture_output=True, encoding="utf-8", errors="replace", check=False)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("ERROR: ").rstrip(".")
            raise CeterisError(f"DVC could not be set up in {self.root}: {said}.", "Do it by hand there: dvc init --subdir")


def project_in(folder: str) -> Project:
    """Return the project that a folder is to hold, or holds; nothing is written.

    Raises
    ------
    BadInputError
        It is in no git repository, or git ignores it, or it holds something else.
    """
    root = Path(folder).expanduser().resolve()
    top = git_top(root)
    if top is None:
        raise BadInputError(f"{root} is in no git repository.", "Make one in the folder above your data: git init")
    other = "Name a folder of its own that is new or empty, such as: --into ceteris"
    if root == top or {".git", ".dvc"} & set(root.relative_to(top).parts):
        what = "the top folder" if root == top else "the own business of git or DVC"
        raise BadInputError(f"{root} is {what} in the git repository {top}.", other)
    if root.exists() and not root.is_dir():
        raise BadInputError(f"{root} is a file.", other)
    above = state_of(root)
    if above is not None:
        raise BadInputError(f"{above.parent} is a ceteris repository already.", "Run `ceteris init FILE --label COLUMN` in it.")
    held = sorted(path.name for path in root.iterdir()) if root.is_dir() else []
    if held and LOCK not in held:
        raise BadInputError(f"{root} holds {some(held)}, and is no ceteris project.", other)
    with Git(top) as git:
        if git.ignores(f"{root.relative_to(top).as_posix()}/"):
            raise BadInputError(f"git ignores {root}, and answers of people would be lost.", f"Change .gitignore, or: {other}")
    params = root / "params.yaml"
    return Project(root, top, params.read_text(encoding="utf-8") if params.is_file() else template("params.yaml"))


def _files() -> dict[str, str]:
    """Return the text of each file by its path, that first which tells a later run that the folder is ours."""
    files = {LOCK: lock_text(), ".gitignore": _GITIGNORE, ".dvcignore": _DVCIGNORE, "README.md": _README}
    files |= {name: pipeline_text(name) for name in PIPELINES} | {name: template(name) for name in COPIED}
    unasked: dict[tuple[str, ...], Any] = {("accept", name): value for name, value in Accept().model_dump().items()}
    return files | {TERMS: changed(template(TERMS), unasked), CANVAS: form()}

"""Where things stand: the paths that dvc.yaml names once, for itself and for every stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ceteris.errors import BadInputError, ParamsError, some
from ceteris.store import LOCK, git_top, read_yaml

__all__ = ["ADDED", "COMPARISONS", "PLACES", "layout_of", "reach_of", "read_layout"]

PLACES = ("source", "raw", "split", "audit", "versions", "edits", "estimators", "models", "results", "reports")
ADDED = ("predictions", "diagnosis")  # places that a dvc.yaml of an older revision does not name
COMPARISONS = "comparisons"  # beside what dvc.yaml names: no stage writes or reads it


def read_layout(root: Path) -> dict[str, str]:
    """Return the paths that dvc.yaml names once, under `vars: path`, relative to the repository."""
    layout = layout_of(read_yaml(root / "dvc.yaml"))
    _refuse_outside(root, layout)
    return layout


def reach_of(root: Path) -> Path:
    """Return the folder that sources may lie in: the git repository, for a project that was put into one, else the project.

    The dvc.yaml of such a project watches `ingest.source`, wherever it is; that of a repository of our own, data/source/.
    """
    here = root.resolve()
    return (git_top(here) or here) if (here / LOCK).is_file() else here


def layout_of(document: Any, do: str = "Restore it from git: git checkout dvc.yaml") -> dict[str, str]:
    """Return what the content of a dvc.yaml says under `vars: path`, refusing one that lacks a name which stages use.

    Parameters
    ----------
    document : object
        The parsed file.
    do : str
        What resolves a refusal.
    """
    entries = document.get("vars") if isinstance(document, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("path"), dict):
            layout = {name: str(path) for name, path in entry["path"].items() if path is not None}
            lacking = [name for name in PLACES if name not in layout]
            if lacking:
                raise BadInputError(f"dvc.yaml names no path for {some(lacking, len(PLACES))} under `vars: path`.", do)
            return layout
    raise BadInputError("dvc.yaml holds no `vars: path`.", do)


def _refuse_outside(root: Path, layout: dict[str, str]) -> None:
    """Refuse a path that leaves the repository, by itself or through a link: stages write and clean up there."""
    home = root.resolve()
    for name, path in layout.items():
        place = (root / path).resolve()
        if Path(path).is_absolute() or ".." in Path(path).parts or place == home or not place.is_relative_to(home):
            raise ParamsError(
                f"dvc.yaml vars: path: {name} is {path!r}, which lies outside the repository.", "Name a folder inside it."
            )

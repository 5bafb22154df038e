"""The door to canvas.yaml: what it says, and what it is checked against."""

from __future__ import annotations

from pathlib import Path

from ceteris.canvas.parting import Parting, partings
from ceteris.canvas.terms import FILE, Canvas, parse_canvas
from ceteris.params import Params
from ceteris.release.terms import FILE as TERMS
from ceteris.release.terms import parse_terms
from ceteris.store import read_yaml

__all__ = ["checked", "read_canvas"]


def read_canvas(root: Path) -> Canvas | None:
    """Return what canvas.yaml says; None where it is not there, or a form that nobody filled in."""
    path = root / FILE
    return parse_canvas(read_yaml(path)) if path.is_file() else None


def checked(root: Path, canvas: Canvas, params: Params) -> list[Parting]:
    """Return where a canvas parts from params.yaml and from the gate of release.yaml."""
    path = root / TERMS
    return partings(canvas, params, parse_terms(read_yaml(path)).gate if path.is_file() else None)

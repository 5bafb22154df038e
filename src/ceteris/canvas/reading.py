"""The door to canvas.yaml: what it says, and what it is checked against."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ceteris.canvas.parting import Parting, partings, probabilities_of
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


def checked(root: Path, canvas: Canvas, params: Params, grid: pd.DataFrame | None = None) -> list[Parting]:
    """Return where a canvas parts from params.yaml, from the gate of release.yaml, and from what was measured.

    Parameters
    ----------
    grid : DataFrame, optional
        results/compare/grid.csv, where there is one.
    """
    path = root / TERMS
    gate = parse_terms(read_yaml(path)).gate if path.is_file() else None
    return partings(canvas, params, gate, None if grid is None else probabilities_of(grid))

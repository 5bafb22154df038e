"""Worked examples on data that packages ship: one room an example, each of which finds its rows and says what suits them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Source", "rows_told"]


@dataclass(frozen=True)
class Source:
    """What an example starts with.

    Attributes
    ----------
    file : str
        The source, below data/source/.
    write : callable
        Writes it, and what lies beside it, into the folder data/source/.
    label : str, optional
        Its label column; pictures have none.
    options : dict
        More of what `ceteris init` is told.
    changes : dict
        Lines of params.yaml, by their path, that then follow.
    """

    file: str
    write: Callable[[Path], None]
    label: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    changes: dict[tuple[str, ...], Any] = field(default_factory=dict)


def rows_told(rows: int | None, default: int, most: int) -> int:
    """Return how many rows an example is to have, refusing more than there are and too few to be split."""
    from ceteris.errors import BadInputError

    asked = default if rows is None else rows
    if not FEWEST <= asked <= most:
        raise BadInputError(f"--rows is {asked:,}.", f"This example has from {FEWEST:,} to {most:,} rows.")
    return asked


FEWEST = 100  # so that each part holds every class

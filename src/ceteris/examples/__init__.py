"""Worked examples on data that packages ship: one room an example, which finds its rows and says what suits them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceteris.errors import BadInputError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["FEWEST", "Source", "drawn"]

FEWEST = 200  # rows, so that each part holds every class


@dataclass(frozen=True)
class Source:
    """What an example starts with.

    Attributes
    ----------
    file : str
        The source, below data/source/.
    write : callable
        Writes it, and what lies beside it, into the folder data/source/.
    told : tuple of str
        Where the rows are from, and what was left out, a sentence each.
    label : str, optional
        The label column; pictures have none.
    options, reading : mapping
        More of what `init_command` is told, and how the source is read.
    beside : mapping of str to str
        Files beside the source by their key of `ingest`.
    models : mapping
        `train.models`: such that a first run takes a minute or two.
    """

    file: str
    write: Callable[[Path], None]
    told: tuple[str, ...]
    label: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    reading: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, Any] = field(default_factory=dict)


def drawn(rows: int | None, default: int, there: int) -> np.ndarray:
    """Return the places, rising, of as many rows as are asked for, drawn at random; the fewer are some of the more.

    Raises
    ------
    BadInputError
        More are asked for than there are, or too few to be split.
    """
    import numpy as np

    asked = default if rows is None else rows
    if not FEWEST <= asked <= there:
        raise BadInputError(f"--rows is {asked:,}.", f"This example has from {FEWEST:,} to {there:,} rows.")
    return np.sort(np.random.default_rng(0).permutation(there)[:asked])

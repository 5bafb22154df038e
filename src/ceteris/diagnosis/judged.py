"""What one check says: of rows, of the data, or that it could not judge."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ceteris.diagnosis.kinds import FOUND, NONE, NOT_JUDGED

__all__ = ["Judged", "not_judged", "of_rows"]


@dataclass(frozen=True)
class Judged:
    """The answer of one check.

    Attributes
    ----------
    kind : str
        One of `kinds.KINDS`.
    flags : ndarray of bool, shape (n_rows,)
        Rows that have it; of a kind that is no matter of rows, empty.
    scores : ndarray of float in [0, 1], shape (n_rows,)
        Low = bad, NaN where a row was not judged; of a kind that is no matter of rows, empty.
    found : bool
    about : str
        What was found, in words.
    why : str
        Why it could not judge; "" where it did.
    groups : mapping of str to ndarray of text, shape (n_rows,)
        By the name of a property, which group of it each row belongs to.
    """

    kind: str
    flags: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    scores: np.ndarray = field(default_factory=lambda: np.zeros(0))
    found: bool = False
    about: str = ""
    why: str = ""
    groups: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """Return found, none or not judged."""
        return NOT_JUDGED if self.why else FOUND if self.found else NONE

    @property
    def n_judged(self) -> int:
        """Return how many rows have a score."""
        return int(np.isfinite(self.scores).sum())


def of_rows(kind: str, flags: np.ndarray, scores: np.ndarray, about: str = "") -> Judged:
    """Return the answer of a check of rows."""
    return Judged(kind, flags, scores, bool(flags.any()), about)


def not_judged(kind: str, why: str) -> Judged:
    """Return the answer of a check that could not judge."""
    return Judged(kind, why=why)

"""What the section `detectors` of params.yaml may say."""

from __future__ import annotations

import re
from typing import get_args

from pydantic import Field, field_validator

from ceteris.sections import Ranking, Section

__all__ = ["Detectors"]

_TAKEN = (*get_args(Ranking), "random", "control", "flip", "slice", "conflict", "disagreement")
_FUNCTION = re.compile(r"estimators/.+\.py:[A-Za-z_]\w*")


class Detectors(Section):
    """How detectors are tried on planted errors, and the user's own ones: NAME: estimators/FILE.py:FUNCTION."""

    draws: int = Field(10, ge=4, le=200)
    rows: int = Field(10_000, ge=200, le=100_000)
    rate: float | None = Field(None, gt=0.0, le=0.4)
    seed: int = Field(0, ge=0, lt=2**32)
    own: dict[str, str] | None = None

    @field_validator("own")
    @classmethod
    def _own_ones_are_functions_of_another_name(cls, own: dict[str, str] | None) -> dict[str, str] | None:
        for name, place in (own or {}).items():
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", name):
                raise ValueError(f"{name!r} names a detector: use 1 to 40 letters, digits, '-' and '_'")
            if name in _TAKEN:
                raise ValueError(f"{name!r} is a name that ceteris uses itself: choose another")
            if not _FUNCTION.fullmatch(place):
                raise ValueError(f"{name}: {place!r} names no function: write estimators/FILE.py:FUNCTION")
        return own

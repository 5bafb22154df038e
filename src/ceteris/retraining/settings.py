"""What release.yaml may say of a retrain: how many labels it takes, how long it rests, what old rows may lose."""

from __future__ import annotations

from pydantic import Field

from ceteris.sections import Section

__all__ = ["Retrain"]


class Retrain(Section):
    """When labelled rows of the log become a batch, and what that batch must bring."""

    at_least: int = Field(100, ge=20, le=100_000_000)
    cool_down_hours: float = Field(24.0, ge=0.0, le=24 * 366)
    margin: float | None = Field(0.03, gt=0.0, lt=1e12)

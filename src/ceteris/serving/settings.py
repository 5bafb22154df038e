"""What the section `serve` of release.yaml may say: limits, what is logged, and what happens where the log does not keep up."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ceteris.sections import Section

__all__ = ["Serve"]


class Serve(Section):
    """How a package is served; where it listens and logs is said on the command line."""

    rows_limit: int = Field(10_000, ge=1, le=1_000_000)
    body_limit: int = Field(16, ge=1, le=1024)
    body_seconds: float = Field(10.0, gt=0.0, le=600.0)
    connections: int = Field(256, ge=1, le=65_536)
    queue: int = Field(20_000, ge=1, le=10_000_000)
    overflow: Literal["refuse", "drop"] = "refuse"
    patience: float = Field(5.0, ge=0.0, le=600.0)
    durability: Literal["process", "power"] = "process"
    redact: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _a_request_fits_into_the_queue(self) -> Serve:
        if self.queue < self.rows_limit:
            raise ValueError(
                f"queue is {self.queue} rows and rows_limit {self.rows_limit}: the largest request would never fit"
            )
        return self

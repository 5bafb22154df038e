"""What the section `monitor` of release.yaml may say: how a window is cut, and what alarms."""

from __future__ import annotations

from pydantic import Field, field_validator

from ceteris.sections import Section

__all__ = ["FEWEST_IN_GROUP", "FEWEST_ROWS", "Monitor"]

FEWEST_ROWS = 200  # under which no test is run
FEWEST_IN_GROUP = 30  # labelled rows of a group, under which its accuracy is unknown


class Monitor(Section):
    """How logged rows are cut into windows, what alarms, and how many of them a person is asked for.

    `alarms` is the share of windows without any change in which something may alarm. `least_shift` and `least_drop` are the
    changes that are worth an alarm: a share of the rows, and of accuracy.
    """

    rows: int = Field(500, ge=FEWEST_ROWS, le=1_000_000)
    alarms: float = Field(0.01, ge=0.001, le=0.2)
    least_shift: float = Field(0.05, ge=0.0, le=0.5)
    least_drop: float = Field(0.02, ge=0.0, le=0.5)
    sample: int = Field(1000, ge=FEWEST_ROWS, le=20_000)
    groups: tuple[str, ...] | None = None
    queue_rows: int = Field(100, ge=10, le=100_000)
    random: float = Field(0.3, gt=0.0, le=1.0)
    seed: int = Field(0, ge=0, lt=2**32)

    @field_validator("groups")
    @classmethod
    def _each_once(cls, groups: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if groups and len(set(groups)) < len(groups):
            raise ValueError("a column is named twice")
        return groups

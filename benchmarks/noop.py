"""Nothing changed: `dvc repro`, which then runs no stage, against `dvc status`, which only looks."""

from __future__ import annotations

from benchmarks.ratios import Result, side_by_side, timed_command
from benchmarks.repository import environment, fresh_clone


def run() -> Result:
    """Return how long both take in a clone that has been reproduced."""
    with fresh_clone() as clone:
        timed_command(["dvc", "repro"], clone, environment())
        for command in ("repro", "status"):
            timed_command(["dvc", command], clone, environment())
        return Result(
            (
                side_by_side(
                    "dvc repro with nothing changed",
                    "dvc status",
                    lambda: timed_command(["dvc", "repro"], clone, environment()),
                    lambda: timed_command(["dvc", "status"], clone, environment()),
                    rounds=9,
                    aim="2",
                    limit="2",
                ),
            )
        )

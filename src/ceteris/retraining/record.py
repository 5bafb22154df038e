"""The record of retrains, release/retrained.csv: what each batch brought, and whether its model was promoted. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from ceteris.errors import BusyError
from ceteris.retraining.decision import Decision

__all__ = ["COLUMNS", "FILE", "TEXTS", "line_of", "refuse_too_soon"]

FILE = "release/retrained.csv"
COLUMNS = ("at", "batch", "rows", "candidate", "baseline", "on_old", "on_new", "passed", "promoted")
TEXTS = ("at", "batch", "candidate", "baseline", "on_old", "on_new", "promoted")


def line_of(at: datetime, batch: str, rows: int, candidate: str, baseline: str, decision: Decision) -> dict[str, Any]:
    """Return the line of a retrain, before the gate has said anything."""
    return {
        "at": at.isoformat(timespec="seconds"), "batch": batch, "rows": rows, "candidate": candidate, "baseline": baseline,
        "on_old": decision.old, "on_new": decision.new, "passed": decision.passed, "promoted": "",
    }  # fmt: skip


def refuse_too_soon(record: pd.DataFrame, now: datetime, hours: float) -> None:
    """Refuse a retrain within the cool-down of the last one; a clock that was set back shortens none.

    Raises
    ------
    BusyError
        Says from when on.
    """
    if record.empty:
        return
    last = record.to_dict("records")[-1]
    began = datetime.fromisoformat(str(last["at"])).astimezone(UTC)
    again = began + timedelta(hours=hours)
    if now < again:
        raise BusyError(
            f"The last retrain, of {last['batch']}, was at {began:%Y-%m-%d %H:%M} UTC, and it rests for {hours:g} hours.",
            f"Run it again from {again:%Y-%m-%d %H:%M} UTC on, or change retrain.cool_down_hours in release/release.yaml.",
        )

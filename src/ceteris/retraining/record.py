"""The record of retrains, release/retrained.csv: what each batch brought, and whether its model was promoted. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from ceteris.errors import BusyError, IntegrityError
from ceteris.retraining.decision import Decision

__all__ = ["COLUMNS", "FILE", "TEXTS", "checked", "line_of", "refuse_too_soon"]

FILE = "release/retrained.csv"
COLUMNS = ("at", "batch", "rows", "candidate", "baseline", "on_old", "on_new", "passed", "promoted")
TEXTS = ("at", "batch", "candidate", "baseline", "on_old", "on_new", "promoted")


def line_of(at: datetime, batch: str, rows: int, candidate: str, baseline: str, decision: Decision) -> dict[str, Any]:
    """Return the line of a retrain, before the gate has said anything."""
    return {
        "at": at.isoformat(timespec="seconds"), "batch": batch, "rows": rows, "candidate": candidate, "baseline": baseline,
        "on_old": decision.old, "on_new": decision.new, "passed": decision.passed, "promoted": "",
    }  # fmt: skip


def checked(record: pd.DataFrame) -> pd.DataFrame:
    """Return a record as it was read, refused where `retrain` cannot have written it."""
    try:
        times = [datetime.fromisoformat(at) for at in record["at"]]
    except (KeyError, TypeError, ValueError):
        times = [datetime.min]
    if list(record.columns) != list(COLUMNS) or any(at.tzinfo is None for at in times):
        raise IntegrityError(f"{FILE} is not the record that ceteris retrain writes.", f"Bring it back: git checkout {FILE}")
    return record


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

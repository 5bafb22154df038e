"""Guards of the gate: what was seen against what was asked, each with a state and a sentence that names its line of params."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ceteris.errors import counted
from ceteris.release.gate_terms import Gate
from ceteris.release.pace import Load
from ceteris.release.slices import KNOWN, ROWS

__all__ = [
    "FAILS", "HOLDS", "NOT_APPLICABLE", "NOT_ASKED", "UNKNOWN", "Guard", "at_least", "at_most", "load_guards", "opens",
    "package_guard", "slice_guards", "verdict_guard",
]  # fmt: skip

HOLDS, FAILS, UNKNOWN = "holds", "fails", "unknown"
NOT_ASKED, NOT_APPLICABLE = "not asked", "does not apply"
_PLACE = "release/release.yaml"


@dataclass(frozen=True)
class Guard:
    """One guard.

    Attributes
    ----------
    name : str
        Its line under `gate`, or `verdict` and `package`, which are always asked.
    state : one of HOLDS, FAILS, UNKNOWN, NOT_ASKED, NOT_APPLICABLE
    seen, threshold : float or None
    told : str
        A sentence: what was seen and what was asked and, where it does not hold, the line that says so.
    """

    name: str
    state: str
    told: str
    seen: float | None = None
    threshold: float | None = None


def opens(guards: list[Guard]) -> bool:
    """Return whether the gate opens: everything that was asked holds, or cannot be asked of such a model."""
    return all(guard.state in (HOLDS, NOT_ASKED, NOT_APPLICABLE) for guard in guards)


def at_most(name: str, what: str, seen: float | None, gate: Gate, unit: str = "", more: str = "") -> Guard:
    """Return the guard of something that must not be larger; `seen` None: it could not be told, and `more` says why."""
    return _bound(name, what, seen, gate, unit, more, largest=True)


def at_least(name: str, what: str, seen: float | None, gate: Gate, unit: str = "", more: str = "") -> Guard:
    """Return the guard of something that must not be smaller; as `at_most`."""
    return _bound(name, what, seen, gate, unit, more, largest=False)


def _bound(name: str, what: str, seen: float | None, gate: Gate, unit: str, more: str, *, largest: bool) -> Guard:
    threshold = getattr(gate, name)
    shown = "unknown" if seen is None else f"{seen:.3g}{unit}"
    sentence = f"{what} is {shown}{f' ({more})' if more else ''}"
    if threshold is None:
        return Guard(name, NOT_ASKED, f"{sentence}; nothing is asked of it (gate.{name})", seen)
    asked = f"at {'most' if largest else 'least'} {threshold:g}{unit} is asked"
    state = UNKNOWN if seen is None else HOLDS if (seen <= threshold if largest else seen >= threshold) else FAILS
    where = "" if state == HOLDS else f": gate.{name} in {_PLACE}"
    return Guard(name, state, f"{sentence}, and {asked}{where}", seen, threshold)


def verdict_guard(acceptance: Mapping[str, Any]) -> Guard:
    """Return whether the look accepted the candidate."""
    question, test = acceptance["question"], acceptance["test"]
    said = f"the look at the test part says {test['verdict']}, and at least {question['at_least']} is asked"
    state = HOLDS if acceptance["accepted"] else FAILS
    return Guard("verdict", state, said + ("" if state == HOLDS else f": accept.at_least in {_PLACE}"))


def package_guard(reason: str) -> Guard:
    """Return whether there is a package to be served; `reason` says why not."""
    if not reason:
        return Guard("package", HOLDS, "the package is whole and opens with trusted types alone")
    return Guard("package", FAILS, f"the candidate cannot be packaged: {reason}")


def load_guards(load: Load | None, gate: Gate, reason: str = "") -> list[Guard]:
    """Return the guards of a load test; `load` None: there was none, and `reason` says why.

    Where neither pace nor time is asked for, nothing is asked of the load test.
    """
    clients = f"{counted(gate.load_clients, 'client')} at once over HTTP for {gate.load_seconds:g} s"
    measured = load if load is not None and load.answered else None
    more = clients if measured else reason or "no request was answered"
    pace, p95 = (None, None) if measured is None else (measured.per_second, measured.p95_ms)
    return [
        _answered(load, gate, reason, clients),
        at_least("load_per_second", "the pace of its answers", pace, gate, " a second", more),
        at_most("load_ms", "the 95th percentile under load", p95, gate, " ms", more),
    ]


def _answered(load: Load | None, gate: Gate, reason: str, clients: str) -> Guard:
    """Return whether every request of a load test was answered: told without a count, which would differ each time."""
    if load is None:
        state, told = UNKNOWN, f"what the package bears is unknown ({reason})"
    elif load.failed:
        state = FAILS
        told = f"{load.failed:,} of {load.answered + load.failed:,} requests of {clients} failed, the first: {load.why}"
    else:
        state, told = HOLDS, f"every request of {clients} is answered"
    if state != HOLDS and gate.load_per_second is None and gate.load_ms is None:
        return Guard("load", NOT_ASKED, f"{told}; nothing is asked of it (gate.load_per_second, gate.load_ms)")
    return Guard("load", state, told)


def slice_guards(groups: pd.DataFrame, gate: Gate, numbers: bool) -> list[Guard]:
    """Return the guards of the worst group and of the gap between groups, over those with enough rows.

    Parameters
    ----------
    groups : DataFrame
        From `slices.by_group`.
    numbers : bool
        Whether labels are numbers, of which no share is right.
    """
    names = ("worst_slice", "gap")
    if numbers:
        told = "labels are numbers (the mean absolute error of each group stands in release/groups.csv)"
        return [Guard(name, NOT_APPLICABLE, f"{name} {told}", None, getattr(gate, name)) for name in names]
    known = groups[groups["state"] == KNOWN]
    left_out = len(groups) - len(known)
    few = f"{left_out} of {len(groups)} groups have too few rows and are unknown" if left_out else ""
    worst = known.iloc[int(known["candidate"].argmin())] if len(known) else None
    which = "" if worst is None else f"{worst['column']} {worst['group']}, {worst[ROWS]} rows"
    gaps = {str(column): float(np.ptp(rows["candidate"])) for column, rows in known.groupby("column") if len(rows) > 1}
    widest = max(gaps, key=lambda column: gaps[column], default=None)
    return [
        at_least(
            names[0], "the smallest accuracy of a group", None if worst is None else float(worst["candidate"]), gate,
            more="; ".join(filter(None, [which, few])),
        ),
        at_most(
            names[1], "the gap between the best and the worst group", None if widest is None else gaps[widest], gate,
            more="; ".join(filter(None, [f"by {widest}" if widest else "", few])),
        ),
    ]  # fmt: skip

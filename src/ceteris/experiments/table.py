"""The table of experiments: what each revision changed, its effect, and a verdict that no later revision changes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from ceteris.editing.reviewed import noted
from ceteris.errors import CeterisError
from ceteris.experiments.measured import Corner, Find, Measured, measured
from ceteris.experiments.moved import Move, moved, told
from ceteris.experiments.pairing import Side
from ceteris.experiments.snapshot import Snapshot
from ceteris.measuring.attribution import Attribution
from ceteris.measuring.effect import Effect, judge
from ceteris.measuring.fingerprint import Fingerprint
from ceteris.measuring.online import levels
from ceteris.measuring.verdicts import HARMS, HELPS
from ceteris.sections import Compare
from ceteris.training.cells import Cell

__all__ = ["COLUMNS", "corners", "Line", "Past", "judged", "lines", "table"]

COLUMNS = (
    "name", "rev", "parent", "axis", "changed", "baseline", "candidate", "metric", "scored_on", "difference", "low", "high",
    "p_value", "level", "planned", "plan", "verdict", "reason",
    "on_given", "on_given_low", "on_given_high", "on_given_verdict",
    "from_first", "from_first_low", "from_first_high", "from_first_verdict", "from_first_scored_on",
    "data", "data_low", "data_high", "model", "model_low", "model_high", "interaction", "interaction_low", "interaction_high",
    "labels_reviewed", "cpu_seconds",
)  # fmt: skip
ONLINE = "LORD++"
Key = tuple[str, ...]
Test = tuple[Key, float]


@dataclass(frozen=True)
class Past:
    """What the table asks of the door: cells and versions of revisions, CPU seconds by fit key, cells that were kept aside."""

    side: Find
    version: Callable[[Snapshot, str], pd.DataFrame]
    seconds: Mapping[str, float]
    kept: Callable[[Fingerprint], Cell | None] = lambda _: None


@dataclass(frozen=True)
class Line:
    """One revision against its parent, and against the first revision of all."""

    snapshot: Snapshot
    parent: Snapshot | None
    changed: str
    against_parent: Measured | None = None
    against_first: Measured | None = None
    planned: bool = False
    labels_reviewed: int = 0
    cpu_seconds: float = math.nan
    level: float = math.nan

    @property
    def effect(self) -> Effect | None:
        """What is judged: the effect against the parent."""
        return self.against_parent.effect if self.against_parent else None


def lines(snapshots: Sequence[Snapshot], past: Past, settings: Compare) -> list[Line]:
    """Return a line for each revision, in their order, each effect judged by itself alone."""
    known = {one.rev: one for one in snapshots if one.rev}
    corner = corners(snapshots, past)
    first = next((one for one in snapshots if not one.fault), None)
    return [_line(one, _parent(one, known), first, past, corner, settings) for one in snapshots]


def _parent(one: Snapshot, known: Mapping[str, Snapshot]) -> Snapshot | None:
    """Return the nearest ancestor that holds a run."""
    parent = known.get(one.parent)
    while parent is not None and parent.fault:
        parent = known.get(parent.parent)
    return parent


def corners(snapshots: Sequence[Snapshot], past: Past) -> Corner:
    """Return a finder of cells, of whatever revision or trained on request, that were trained as a fingerprint says."""
    places = {_trained(cell): (one, name) for one in snapshots for name, cell in one.cells.items()}
    judging = {cell.inputs: one.judging for one in snapshots for cell in one.cells.values()}

    def corner(wanted: Fingerprint) -> Side | None:
        if _trained(wanted) in places:
            return past.side(*places[_trained(wanted)])
        cell, rows = past.kept(wanted), judging.get(wanted.inputs)
        return None if cell is None or rows is None else Side(("", ""), cell, wanted, rows)

    return corner


def _trained(cell: Fingerprint) -> Key:
    return cell.data, cell.model, cell.seeds, cell.code


def _line(
    one: Snapshot,
    parent: Snapshot | None,
    first: Snapshot | None,
    past: Past,
    corner: Corner,
    settings: Compare,
) -> Line:
    if one.fault or parent is None or first is None:
        why = str(one.fault) if one.fault else "the first run that can be read here" if one.parent else "the first run"
        return Line(one, parent, why, cpu_seconds=_seconds(one, None, past))
    move = moved(parent, one)
    against_parent = _tried(parent, one, move, past, corner, settings)
    return Line(
        one,
        parent,
        _changed(parent, one, move, past),
        against_parent,
        against_parent if first.rev == parent.rev else _tried(first, one, moved(first, one), past, corner, settings),
        planned=_was_planned(parent, move, settings),
        labels_reviewed=one.facts[move.candidate[1]].reviewed,
        cpu_seconds=_seconds(one, parent, past),
    )


def _was_planned(parent: Snapshot, move: Move, settings: Compare) -> bool:
    """Return whether the parent's plan, made before this result, names the contrast, on the metric that is asked for."""
    same_metric = parent.compare is None or parent.compare.metric == settings.metric
    return same_metric and (move.baseline, move.candidate) in parent.planned(move.axis)


def _tried(parent: Snapshot, child: Snapshot, move: Move, past: Past, corner: Corner, settings: Compare) -> Measured:
    """Return what was measured; a refusal is the reason of a measurement without a number."""
    try:
        return measured(parent, child, move, past.side, corner, settings)
    except CeterisError as refusal:
        return Measured(move, reason=str(refusal))


def _changed(parent: Snapshot, one: Snapshot, move: Move, past: Past) -> str:
    tables = None
    if move.axis in ("data", "confounded"):
        try:
            tables = past.version(parent, move.baseline[1]), past.version(one, move.candidate[1])
        except CeterisError:
            return told(parent, one, move, None)
    return told(parent, one, move, tables)


def _seconds(one: Snapshot, parent: Snapshot | None, past: Past) -> float:
    """Return the CPU seconds of the fits that this revision added, NaN where they were measured elsewhere."""
    before = {cell.fit_key for cell in parent.cells.values()} if parent else set()
    fresh = {cell.fit_key for cell in one.cells.values()} - before
    known = [past.seconds[key] for key in fresh if key in past.seconds]
    return sum(known) if len(known) == len(fresh) else math.nan


def key_of(line: Line, effect: Effect) -> Key:
    """Return what makes a test one and the same: the two cells, the metric, the rows, and the labels it was scored on.

    Labels that people verified are named with the digest of the answers that entered: other answers are another test.
    """
    assert line.parent is not None
    assert line.against_parent is not None
    move, answers = line.against_parent.move, line.against_parent.answers
    cells = line.parent.cells[move.baseline].fit_key, line.snapshot.cells[move.candidate].fit_key
    labels = f"{effect.scored_on} {answers}" if effect.scored_on.startswith("verified") else effect.scored_on
    return *cells, effect.metric, labels, str(effect.n_rows)


def judged(found: list[Line], spent: Sequence[Test], settings: Compare) -> tuple[list[Line], list[Test]]:
    """Return the lines with verdicts that hold the false discovery rate over the history, and the tests that are new.

    The p of a test that could not have become a finding, whatever its level (few rows differ, or the effect net of the placebo
    is not above 0), is 1: what earns later tests a larger level are findings that were told, and no others.

    Parameters
    ----------
    spent : the key and p of every test that was ever made here, in order, those of removed experiments included
    """
    history = dict(spent)
    fresh: list[Test] = []
    for line in found:
        effect = line.effect
        if effect is not None and not effect.identical and key_of(line, effect) not in history:
            fresh.append((key_of(line, effect), effect.p_value if effect.verdict in (HELPS, HARMS) else 1.0))
            history |= fresh[-1:]
    levels_of = dict(zip(history, levels(list(history.values()), 1 - settings.confidence), strict=True))
    return [_judged(line, levels_of) for line in found], fresh


def _judged(line: Line, levels_of: Mapping[Key, float]) -> Line:
    """Return a line with its verdict at its level.

    The effect on given labels, where it is not the headline, keeps the verdict of the test that it was before there were better
    labels. Where it never was one, it is shown for comparison, and judged as a family of one.
    """
    effect, against = line.effect, line.against_parent
    if effect is None or against is None or effect.identical:
        return line
    level, given = levels_of[key_of(line, effect)], against.given
    if given is not None and given.effect is not None and key_of(line, given.effect) in levels_of:
        given = replace(given, effect=_at_level(given.effect, given.net, levels_of[key_of(line, given.effect)]))
    final = replace(against, effect=_at_level(effect, against.net, level), given=given)
    return replace(line, against_parent=final, level=level)


def _at_level(effect: Effect, net: Effect | None, level: float) -> Effect:
    adjusted = min(1.0, effect.p_value * (1 - effect.confidence) / level)
    return judge(effect, adjusted, net, adjusted_by=ONLINE)


def table(found: Iterable[Line], metric: str) -> pd.DataFrame:
    """Return the lines as a table with the columns of `COLUMNS`; shares, and nats for log-loss."""
    return pd.DataFrame([_row(line, metric) for line in found], columns=list(COLUMNS))


def _row(line: Line, metric: str) -> dict[str, Any]:
    against, effect = line.against_parent, line.effect
    first = line.against_first.effect if line.against_first else None
    given = against.on_given if against else None
    parts = against.attribution if against else None
    return {
        "name": line.snapshot.name,
        "rev": line.snapshot.rev,
        "parent": line.parent.name if line.parent else "",
        "axis": against.move.axis if against else "",
        "changed": line.changed,
        "baseline": "/".join(against.move.baseline) if against else "",
        "candidate": "/".join(against.move.candidate) if against else "",
        "metric": metric,
        "scored_on": effect.scored_on if effect else parts.whole.scored_on if parts else "",
        **_numbers("difference", "low", "high", effect),
        "p_value": effect.p_value if effect else math.nan,
        "level": line.level,
        "planned": line.planned,
        "plan": line.snapshot.plan,
        "verdict": effect.verdict if effect else "",
        "reason": _reason(line),
        **_numbers("on_given", "on_given_low", "on_given_high", given),
        "on_given_verdict": given.verdict if given else "",
        **_numbers("from_first", "from_first_low", "from_first_high", first),
        "from_first_verdict": first.verdict if first else "",
        "from_first_scored_on": first.scored_on if first else "",
        **_parts(parts),
        "labels_reviewed": line.labels_reviewed,
        "cpu_seconds": line.cpu_seconds,
    }


def _reason(line: Line) -> str:
    if line.effect is not None and line.against_parent is not None:
        return noted(line.effect.reason, line.against_parent.review)
    return line.against_parent.reason if line.against_parent else str(line.snapshot.fault or "")


def _parts(attribution: Attribution | None) -> dict[str, float]:
    known = dict(attribution.items()) if attribution else {}
    parts = [_numbers(name, f"{name}_low", f"{name}_high", known.get(name)) for name in ("data", "model", "interaction")]
    return parts[0] | parts[1] | parts[2]


def _numbers(difference: str, low: str, high: str, effect: Effect | None) -> dict[str, float]:
    values = (effect.difference, effect.low, effect.high) if effect else (math.nan,) * 3
    return dict(zip((difference, low, high), values, strict=True))

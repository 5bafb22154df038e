"""The table of experiments as a terminal shows it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ceteris.effect import Effect
from ceteris.errors import some
from ceteris.experiments.table import Line
from ceteris.wording import amount, interval, labels_of, literal, metric_name

__all__ = ["shown"]

_STYLES = {"helps": "green", "harms": "red", "cannot tell": "yellow", "no practical difference": "dim"}


def shown(lines: Sequence[Line], metric: str) -> RenderableType:
    """Return the lines as a table, with what needs more words below it."""
    measurable = [line for line in lines if not line.snapshot.fault]
    scored = {line.effect.scored_on for line in measurable if line.effect is not None}
    on = " and ".join(labels_of(kind) for kind in sorted(scored)) or "nothing yet"
    table = Table(
        title=f"Effects on {metric_name(metric)}, scored on {on}", title_justify="left", title_style="", box=box.SIMPLE_HEAD
    )
    for name, justify in (("experiment", "left"), ("parent", "left"), ("axis", "left"), ("what changed", "left")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for name in ("against its parent", "against the first"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("labels", justify="right")
    table.add_column("CPU s", justify="right")
    for line in measurable:
        table.add_row(*_row(line, metric))
    return Group(table, *_notes(lines, metric))


def _row(line: Line, metric: str) -> list[Text]:
    against, first = line.against_parent, line.against_first
    seconds = "" if math.isnan(line.cpu_seconds) else f"{line.cpu_seconds:,.1f}"
    return [
        Text(literal(line.snapshot.name), style="bold"),
        Text(literal(line.parent.name) if line.parent else ""),
        Text(against.move.axis if against else ""),
        Text(literal(line.changed)),
        _amount(line.effect, metric),
        _amount(first.effect if first else None, metric),
        Text(f"{line.labels_reviewed:,}"),
        Text(seconds),
    ]


def _amount(effect: Effect | None, metric: str) -> Text:
    if effect is None:
        return Text("")
    return Text(_one_line(effect, metric) + "\n").append(effect.verdict, style=_STYLES.get(effect.verdict, ""))


def _notes(lines: Sequence[Line], metric: str) -> list[Text]:
    notes = []
    for line in lines:
        against = line.against_parent
        if against and against.attribution:
            parts = dict(against.attribution.items())
            told = ", ".join(f"{part} {_one_line(parts[part], metric)}" for part in ("data", "model", "interaction"))
            notes.append(Text(f"{literal(line.snapshot.name)}: {against.reason}: {told}"))
        elif against and against.effect is None and against.move.axis not in ("none", "evaluation"):
            notes.append(Text(f"{literal(line.snapshot.name)}: {literal(against.reason)}"))
    unread = [line.snapshot for line in lines if line.snapshot.fault]
    if unread:
        names = some([literal(one.name) for one in unread])
        notes.append(Text(f"Not read: {names}. {literal(unread[-1].fault)}", style="dim"))
    return notes


def _one_line(effect: Effect, metric: str) -> str:
    return f"{amount(effect.difference, metric)} {interval(effect.low, effect.high, metric)}"

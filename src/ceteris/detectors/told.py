"""The bake-off in words: a table of detectors, and what the queue is ranked by and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ceteris.measuring.estimates import Estimate
from ceteris.metrics import typeset

if TYPE_CHECKING:
    from ceteris.detectors.choice import Choice

__all__ = ["choice_told", "table_told"]


def table_told(table: pd.DataFrame) -> list[str]:
    """Return the lines of a table: one a detector, the best first, then those that cannot be chosen."""
    heads = ("precision", "average precision", "found in 100", "gain of 100 reviews")
    tried = table[table["average_precision"].notna()]
    lines = [("", *heads)]
    for _, line in tried.iterrows():
        of = {name: Estimate(line[name], line[f"{name}_low"], line[f"{name}_high"]) for name in _FORMS}
        lines.append((line["detector"], *(form(of[name]) for name, form in _FORMS.items())))
    widths = [max(len(str(line[place])) for line in lines) for place in range(len(heads) + 1)]
    shown = ["  ".join(str(text).ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return shown + [f"{line['detector']} is never chosen: {line['remark']}" for _, line in table.iterrows() if line["remark"]]


def choice_told(choice: Choice, draws: int, rate: float, rows: int) -> str:
    """Return what a queue is ranked by, and from what, in a sentence."""
    tried = f"{draws} draws of errors planted in {100 * rate:.0f} % of {rows:,} rows"
    worth = choice.worth
    beyond = f"{_signed(worth.value, 3)} [{_signed(worth.low, 3)}, {_signed(worth.high, 3)}]"
    if choice.chosen != choice.standing:
        return f"ranked by {choice.chosen}, of the best evidence: {beyond} average precision beyond {choice.standing}, {tried}"
    if choice.best == choice.standing:
        return f"ranked by {choice.standing}, of the best evidence: the highest average precision in {tried}"
    return f"ranked by {choice.standing}: no other is surely better ({choice.best}: {beyond} average precision, {tried})"


def _share(told: Estimate) -> str:
    return f"{told.value:.2f} [{told.low:.2f}, {told.high:.2f}]"


def _count(told: Estimate) -> str:
    return f"{told.value:.0f} [{told.low:.0f}, {told.high:.0f}]"


def _points(told: Estimate) -> str:
    return f"{_signed(told.value, 1)} pp [{_signed(told.low, 1)}, {_signed(told.high, 1)}]"


def _signed(value: float, decimals: int) -> str:
    return typeset(f"{round(value, decimals) + 0.0:+.{decimals}f}")  # nothing is below zero by less than is shown


_FORMS = {"precision": _share, "average_precision": _share, "found": _count, "gain": _points}

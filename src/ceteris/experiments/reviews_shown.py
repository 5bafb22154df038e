"""Credit of batches and budget curves as a terminal shows them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ceteris.advice import Advice
from ceteris.budget import Curve
from ceteris.credit import Credit
from ceteris.effect import Effect
from ceteris.experiments.shown import STYLES
from ceteris.wording import amount, interval, labels_of, literal, metric_name

__all__ = ["advice_told", "beside", "budget_shown", "credit_shown"]


def credit_shown(credits: Sequence[Credit], by: str, metric: str, beside: str) -> RenderableType:
    """Return the batches, the most harmful first, and the commands that take back those that harm.

    Parameters
    ----------
    beside : str
        What was held fixed and what was scored on, from `beside`.
    """
    table = _table(f"Credit by {by}: {beside}", (by, "answers", "share of all", "alone", "lost without it"))
    for one in credits:
        table.add_row(
            Text(literal(one.batch)),
            Text(f"{one.answers:,}"),
            _amount(one.share, metric),
            _amount(one.alone, metric),
            _amount(one.last, metric),
        )
    notes = []
    if any(one.share is None for one in credits):
        notes.append(Text("Shares are left out: there are too many batches to train every coalition."))
    harmful = [one for one in credits if (one.share or one.last).verdict == "harms"]
    if by == "batch":
        notes += [
            Text(f"{literal(one.batch)} harms. To take it back: ceteris edits revert {literal(one.batch)} --reviewer YOUR-NAME")
            for one in harmful
        ]
    notes.append(Text("Read off validation labels as often as one likes, so exploratory: no part of the planned family."))
    return Group(table, *notes)


def budget_shown(curve: Curve, simulated: bool, metric: str, beside: str) -> RenderableType:
    """Return the points of a budget curve, and what they come to."""
    who = "a simulated reviewer in the order of the queue" if simulated else "the answers of people, in their order"
    columns = ("reviews", "gain", "of random ones", "the ranking", "gain per 100")
    table = _table(f"What reviewed labels are worth: {who}; {beside}", columns)
    for point in curve.points:
        rate, low, high = point.per_100
        table.add_row(
            Text(f"{point.reviews:,}"),
            _amount(point.ranked, metric),
            _amount(point.random, metric),
            _amount(point.ranking, metric),
            Text(f"{amount(rate, metric)} {interval(low, high, metric)}"),
        )
    pays = curve.pays_from
    notes = [Text(f"Review helps from {pays:,} labels on." if pays else "No number of these reviews is told to help.")]
    if curve.area is not None:
        notes.append(Text(f"The ranking, over the whole range: {_plain(curve.area, metric)}: {curve.area.verdict}."))
    notes.append(Text("Read off validation, so exploratory."))
    return Group(table, *notes)


def advice_told(advice: Advice, metric: str, beside: str, simulated: bool) -> str:
    """Return an advice as sentences that name their evidence."""
    parts = {"100 more labels": advice.labels, "100 more trials": advice.trials}
    told = [
        f"{what} are expected to gain {amount(one.expected, metric)} {interval(*one.interval, metric)}, from {one.evidence}"
        for what, one in parts.items()
        if one is not None
    ]
    chance = "" if math.isnan(advice.chance) else f" The chance that reviewing gains more: {100 * advice.chance:.0f} %."
    lacking = [_LACKING[what] for what, one in parts.items() if one is None]
    who = " The reviewer is simulated." if simulated else ""
    return f"{_HEADS[advice.verdict]}: {'; '.join([*told, *lacking])} ({beside}).{chance}{who}"


_HEADS = {
    "review": "Review 100 more labels",
    "tune": "Tune 100 more trials",
    "cannot tell": "Cannot tell which is worth more",
}
_LACKING = {
    "100 more labels": "no reviews show what a label is worth (ceteris queue train)",
    "100 more trials": "fewer than two trials show what tuning is worth (dvc exp run -S train.models...)",
}


def beside(metric: str, model: str, scored_on: str) -> str:
    """Return what stands beside every number here."""
    return f"{metric_name(metric)} with the model {literal(model)} held fixed, scored on {labels_of(scored_on)}"


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="", box=box.SIMPLE_HEAD)
    for place, name in enumerate(columns):
        table.add_column(name, justify="left" if place == 0 else "right", overflow="fold")
    return table


def _amount(effect: Effect | None, metric: str) -> Text:
    if effect is None:
        return Text("")
    return Text(_plain(effect, metric) + "\n").append(effect.verdict, style=STYLES.get(effect.verdict, ""))


def _plain(effect: Effect, metric: str) -> str:
    return f"{amount(effect.difference, metric)} {interval(effect.low, effect.high, metric)}"

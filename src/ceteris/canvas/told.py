"""What the labels of a canvas cost and return, and whether the business follows the model: no bare number."""

from __future__ import annotations

import math

from ceteris.canvas.returns import FEWEST, Returns, Together
from ceteris.canvas.terms import FILE, Canvas
from ceteris.errors import counted
from ceteris.metrics import METRICS, NUMBERS
from ceteris.telling.finding import Finding
from ceteris.telling.story import on_best_labels
from ceteris.telling.wording import count, percent

__all__ = ["returns_told", "together_later", "together_told"]

# What counts errors: a difference in another metric is no number of errors that were avoided.
_COUNTING = {"classes": "accuracy", "numbers": "mae"}
_NEEDED = {
    "decisions.volume": "predictions a month",
    "decisions.error_cost": "what an error costs",
    "collecting_data.label_cost": "what a label costs",
    "collecting_data.label_minutes": "minutes a label",
}


def returns_told(canvas: Canvas, found: list[Finding], labels: str, confidence: float) -> list[str]:
    """Return what the labels of `collecting_data.version` cost, what they bring a month, and when that has paid for them.

    Parameters
    ----------
    found : list of Finding
    labels : {"classes", "numbers"}
    confidence : float
        Of the intervals.
    """
    lacking = [f"{path} ({what})" for path, what in _NEEDED.items() if _said(canvas, path) is None]
    version = canvas.collecting_data.version
    if version is None:
        return [f"Not computed: {FILE} names no version that labels were bought for (collecting_data.version)."]
    if lacking:
        return [f"Not computed: {FILE} does not say {', '.join(lacking)}."]
    effect = _effect(found, version, _COUNTING[labels])
    if effect is None:
        return [f"Not computed: no planned data contrast of {version} was measured in {METRICS[_COUNTING[labels]].title}."]
    if math.isnan(effect.low):
        return [f"Cannot tell: the effect of {version} has no interval{f' ({effect.why})' if effect.why else ''}."]
    of = Returns(effect.difference, effect.low, effect.high, effect.labels_reviewed, *(float(_said(canvas, path)) for path in (
        "collecting_data.label_cost", "collecting_data.label_minutes", "decisions.volume", "decisions.error_cost",
    )))  # fmt: skip
    money = canvas.decisions.currency or "units of cost"
    return [_cost(of, effect, money), _gain(of, effect, canvas, money, confidence), _break_even(of, effect)]


def _said(canvas: Canvas, path: str) -> float:
    block, _, key = path.partition(".")
    return getattr(getattr(canvas, block), key)


def _effect(found: list[Finding], version: str, metric: str) -> Finding | None:
    wanted, planned = ("data", metric, version), {one.arms for one in found if one.planned}
    chosen = [one for one in on_best_labels(found) if (one.axis, one.metric, one.candidate_version) == wanted]
    return next((one for one in chosen if one.arms in planned and one.applicable), None)


def _cost(of: Returns, effect: Finding, money: str) -> str:
    simulated = " by a simulated reviewer" if effect.simulated else ""
    spent = f"{_amount(of.cost)} {money}, and {_amount(of.hours)} hours of a person's time"
    return f"Cost: {counted(int(of.labels), 'label')} reviewed{simulated} at {_amount(of.label_cost)} {money} each: {spent}."


def _gain(of: Returns, effect: Finding, canvas: Canvas, money: str, confidence: float) -> str:
    gain, low, high = of.gain
    held = f"{effect.change} with {effect.held}, whatever is served"
    size = f"{effect.difference_text} {effect.interval_text} ({held}; {effect.labels_text}: {effect.verdict})"
    unit = "an error" if METRICS[effect.metric].labels != NUMBERS else "a unit of error"
    times = f"{count(of.volume)} predictions a month \u00d7 {_amount(of.error_cost)} {money} {unit}"
    bounds = f"[{_signed(low)}, {_signed(high)}], {percent(confidence)} interval"
    return f"Gain: {size} \u00d7 {times}: {_signed(gain)} {money} a month {bounds}."


def _break_even(of: Returns, effect: Finding) -> str:
    if of.months is not None:
        months, soonest, latest = (_amount(value, 2) for value in of.months)
        return f"Break-even: after {months} months [{soonest}, {latest}]."
    if of.told_apart:
        return f"Break-even: never, since {effect.candidate_version} costs more each month than {effect.baseline_version}."
    best = of.gain[2]
    at_best = f": at its upper end after {_amount(of.cost / best, 2)} months, at its lower end never" if best else ""
    return f"Break-even: cannot tell, since the interval of the gain holds zero{at_best}."


def together_later(canvas: Canvas) -> str:
    """Return who tells whether the two metrics move together: windows are logged after a report is made."""
    return f"{_correlation(canvas)} over logged windows: ceteris canvas tells it."


def together_told(found: Together | None, canvas: Canvas, confidence: float) -> str:
    """Return whether the metric of the business moves with the model's, over logged windows; None: none are logged."""
    names = _correlation(canvas)
    if found is None:
        return f"{names}: no logged windows yet."
    windows = f"over {counted(found.windows, 'logged window')}"
    if not found.known:
        return f"{names} {windows}: cannot tell, since {FEWEST} windows or more in which both move are needed."
    size = f"{_signed(found.correlation)} [{_signed(found.low)}, {_signed(found.high)}], {percent(confidence)} interval"
    apart = "" if found.low > 0 or found.high < 0 else ": cannot tell, since the interval holds zero"
    return f"{names} {windows}: {size}{apart}."


def _correlation(canvas: Canvas) -> str:
    live = canvas.live_evaluation
    return f"Correlation of {live.business_metric or 'the business metric'} and {live.model_metric or 'the model metric'}"


def _amount(value: float, significant: int = 3) -> str:
    """Return a number as people write money: a few digits that say something, thousands apart."""
    if not value:
        return "0"
    digits = max(0, significant - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _signed(value: float) -> str:
    text = _amount(abs(value))
    return text if text == "0" else f"{'+' if value > 0 else chr(0x2212)}{text}"

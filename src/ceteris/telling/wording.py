"""Numbers and labels as people read them: with a sign, a unit and an interval; text that stays text wherever it is drawn."""

from __future__ import annotations

import math
import unicodedata

from ceteris.metrics import METRICS, Metric, typeset

__all__ = [
    "amount",
    "count",
    "elide",
    "ems",
    "interval",
    "labels_of",
    "level",
    "literal",
    "metric_name",
    "metric_unit",
    "orientation",
    "percent",
    "upper_first",
]

_LABELS = {
    "given": "given labels",
    "true": "true labels",
    "verified (all)": "verified labels (all)",
    "verified (disagreements)": "verified labels (disagreements)",
}


def visible(text: object) -> str:
    """Return a text in which each character shows as itself.

    Control characters become their pictures (U+2400 on), marks that turn the reading direction become their code point,
    and what no XML may hold becomes U+FFFD.
    """
    return "".join(_visible(character) for character in str(text))


def literal(text: object) -> str:
    """Return `visible(text)`, isolated where it reads from right to left, so that an arrow beside it keeps its direction."""
    return _isolated(visible(text))


def _isolated(shown: str) -> str:
    leftward = any(unicodedata.bidirectional(character) in {"R", "AL", "AN"} for character in shown)
    return f"\u2068{shown}\u2069" if leftward else shown


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069:
        return f"\u27e8U+{code:04X}\u27e9"
    if 0x80 <= code < 0xA0 or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE:
        return "\ufffd"
    return character


def ems(text: str) -> float:
    """Return about how wide a text is, in units of its font size; wide characters (emoji, CJK, M, W) count more."""
    return sum(
        0.0
        if unicodedata.category(character) in ("Mn", "Me", "Cf")
        else 1.1
        if unicodedata.east_asian_width(character) in "WF"
        else 1.0
        if character in "MW"
        else 0.7
        if character.isupper()
        else 0.6
        for character in text
    )


def elide(text: object, width: float) -> str:
    """Return `literal(text)`, at most `width` ems wide, its middle replaced by an ellipsis where it was longer.

    Head and tail are kept, since labels of one data set often share the one or the other.
    """
    whole = visible(text)
    if ems(whole) > width:
        room = max(width - 0.6, 1.2)
        whole = f"{_fit(whole, room * 0.6)}\u2026{_fit(whole[::-1], room * 0.4)[::-1]}"
    return _isolated(whole)


def _fit(text: str, room: float) -> str:
    used = 0.0
    for position, character in enumerate(text):
        used += ems(character)
        if used > room:
            return text[:position]
    return text


def amount(value: float, metric: str) -> str:
    """Return a signed difference with its unit: `+2.9 pp`; an en dash where there is none."""
    return "\u2013" if _none(value) else f"{_signed(value, metric)} {_measured_in(metric).unit}".rstrip()


def interval(low: float, high: float, metric: str) -> str:
    """Return an interval in the unit of `amount`: `[+1.2, +4.6]`."""
    return "" if _none(low) or _none(high) else f"[{_signed(low, metric)}, {_signed(high, metric)}]"


def level(value: float, metric: str) -> str:
    """Return a metric's own value with its unit: `86.9 %`."""
    measured = _measured_in(metric)
    return "\u2013" if _none(value) else f"{measured.digits(value)} {measured.level_unit}".rstrip()


def metric_name(metric: str) -> str:
    """Return the name of a metric as prose has it."""
    return METRICS[metric].title if metric in METRICS else metric


def metric_unit(metric: str) -> tuple[float, str]:
    """Return what a difference is multiplied by before it is shown, and the unit in words."""
    measured = _measured_in(metric)
    words = {"pp": "percentage points", "": "in the unit of the labels"}.get(measured.unit, measured.unit)
    return measured.factor, "; ".join(filter(None, [words, orientation(metric)]))


def orientation(metric: str) -> str:
    """Return which way a positive difference points, where the metric's own name would mislead; else empty."""
    return _measured_in(metric).orientation


def labels_of(scored_on: str) -> str:
    """Return what a score was taken on, in words."""
    return _LABELS.get(scored_on, scored_on)


def count(number: float) -> str:
    """Return a whole number with commas between thousands; an en dash where there is none."""
    return "\u2013" if _none(number) else f"{int(number):,}"


def percent(share: float) -> str:
    """Return a share as it was set, without decimals that it does not have: `95 %`, `99.9 %`."""
    return f"{100 * share:g} %"


def upper_first(text: str) -> str:
    """Return a text that may begin a sentence: its first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


def _measured_in(metric: str) -> Metric:
    return METRICS.get(metric, METRICS["accuracy"])


def _none(value: float) -> bool:
    return value is None or math.isnan(float(value))


def _signed(value: float, metric: str) -> str:
    measured = _measured_in(metric)
    digits = measured.digits(value)
    return measured.signed(value) if float(digits) else typeset(digits)

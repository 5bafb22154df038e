"""What a served model met: how far each thing moved in one window, and small multiples over the windows before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ceteris.plots.colors import LIGHT, Theme
from ceteris.plots.sheet import Sheet
from ceteris.telling.wording import elide

__all__ = ["MOST_BARS", "over_windows", "shifts"]

MOST_BARS = 20
_WIDTH, _LINE = 9.6, 0.27
_PANEL, _TALL, _LEFT, _GAP, _TOP = 3.85, 1.55, 0.72, 0.95, 0.62
_BAND = 0.3  # inches: the width of a band over one window
Points = Sequence[tuple[int, float]]


def shifts(tests: Sequence[Mapping[str, Any]], least: float, *, theme: Theme = LIGHT) -> Figure:
    """Return one bar a test, the share of rows by which it moved; those that alarm stand out.

    Parameters
    ----------
    tests : sequence of mappings
        Lines of a window's `tests`, the worst first; at most 20 are drawn.
    least : float
        The share under which nothing alarms.
    """
    rows = list(tests)[:MOST_BARS]
    sheet = Sheet(_WIDTH, 0.62 + _LINE * len(rows) + 0.5, theme)
    left, across = 3.3, 5.3
    most = max([2 * least, 0.1, *(float(one["shift"]) for one in rows)])
    bottom = 0.5 + _LINE * len(rows)
    x = left + across * least / most
    sheet.line([x, x], [0.42, bottom], theme.ink, 0.9, linestyle="--")
    sheet.say(x, bottom + 0.36, "the least that alarms", 8.5, theme.muted, ha="center" if x > 4 else "left")
    sheet.say(0.16, 0.2, "Moved, as a share of rows", 10, weight="bold")
    for tick in MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(0, 100 * most):
        x = left + across * tick / 100 / most
        if 0 <= tick <= 100 * most:
            sheet.line([x, x], [bottom - 0.02, bottom + 0.05], theme.muted, 0.6)
            sheet.say(x, bottom + 0.16, f"{tick:g} %", 8.5, theme.muted, ha="center")
    for place, one in enumerate(rows):
        y, color = 0.5 + _LINE * (place + 0.5), theme.harms if one["alarm"] else theme.muted
        sheet.say(left - 0.1, y, elide(one["name"], (left - 0.3) * 72 / 9), 9, ha="right")
        sheet.box(left, y - 0.08, across * float(one["shift"]) / most, 0.16, color)
        if one["alarm"]:
            sheet.say(left + across * float(one["shift"]) / most + 0.06, y, "alarm", 8.5, theme.harms, weight="bold")
    return sheet.figure


def over_windows(windows: Sequence[Mapping[str, Any]], *, theme: Theme = LIGHT) -> Figure:
    """Return four panels over windows: accuracy as expected and as measured, drift, latency, and gaps between groups.

    Parameters
    ----------
    windows : sequence of mappings
        What `watched.watch` said of each, in the order of the log; those with too few rows are left out.
    """
    sheet = Sheet(_WIDTH, 2 * (_TOP + _TALL + 0.62) + 0.1, theme)
    known = [one for one in windows if one["enough"]]
    panels = [
        _Panel(sheet, known, _LEFT + (_PANEL + _GAP) * (place % 2), _TOP + (_TOP + _TALL + 0.62) * (place // 2))
        for place in range(4)
    ]
    _accuracy(panels[0])
    _drift(panels[1])
    panels[2].lines("Latency, ms", {name: _points(known, "latency_ms", name) for name in ("p50", "p95", "p99")}, 0.0)
    names = sorted({name for one in known for name in one["gap"]})
    gaps = {name: _points(known, "gap", name, 100.0) for name in names}
    panels[3].lines("Gap of accuracy between groups, points", gaps, 0.0, blank="Unknown: needs monitor.groups, and labels")
    return sheet.figure


def _points(windows: Sequence[Mapping[str, Any]], part: str, name: str, factor: float = 1.0) -> Points:
    values = [(place, one[part].get(name)) for place, one in enumerate(windows)]
    return [(place, factor * float(value)) for place, value in values if value is not None]


def _accuracy(panel: _Panel) -> None:
    """Draw the expected accuracy as a band, however short, the measured one as marks, and that of validation as a line."""
    metric = panel.windows[-1]["accuracy"]["metric"] if panel.windows else "accuracy"
    factor, theme = (100.0 if metric == "accuracy" else 1.0), panel.sheet.theme
    sides: dict[str, list[tuple[int, float, float, float]]] = {"expected": [], "real": []}
    for place, one in enumerate(panel.windows):
        for side, found in sides.items():
            said = one["accuracy"][side] or {}
            if "value" in said:
                found.append((place, *(factor * said[end] for end in ("value", "low", "high"))))  # type: ignore[arg-type]
    reference = [(place, factor * one["accuracy"]["reference"]) for place, one in enumerate(panel.windows)]
    ends = [value for found in sides.values() for line in found for value in line[1:]] + [value for _, value in reference]
    unit = "%" if metric == "accuracy" else "mean absolute error"
    if not panel.frame(f"Accuracy, {unit}" if metric == "accuracy" else "Mean absolute error", ends):
        return
    panel.way(reference, theme.muted, 1.0, linestyle="--")
    if expected := sides["expected"]:
        if len(expected) == 1:  # a band has a width
            middle, expected = panel.x(expected[0][0]), 2 * expected
            along = [middle - _BAND / 2, middle + _BAND / 2]
        else:
            along = [panel.x(x) for x, *_ in expected]
        values, lows, highs = ([panel.y(line[end]) for line in expected] for end in (1, 2, 3))
        panel.sheet.axes.fill(along + along[::-1], highs + lows[::-1], fc=theme.helps, ec="none", alpha=0.18)
        panel.sheet.line(along, values, theme.helps, 1.6)
    for x, value, low, high in sides["real"]:
        panel.sheet.line([panel.x(x)] * 2, [panel.y(low), panel.y(high)], theme.ink, 1.0)
        panel.sheet.mark(panel.x(x), panel.y(value), theme.ink, 4.5, "o", hollow=False)
    panel.under("band: expected; dots: measured by labels; dashed: validation")


def _drift(panel: _Panel) -> None:
    worst = [
        (place, 100 * max((line["shift"] for line in one["tests"] if line["family"] == "features"), default=0.0))
        for place, one in enumerate(panel.windows)
    ]
    together = [
        (place, 100 * line["shift"])
        for place, one in enumerate(panel.windows)
        for line in one["tests"]
        if line["family"] == "rows"
    ]
    panel.lines("Moved, % of rows", {"the worst feature": worst, "all together": together}, 0.0)


class _Panel:
    """One of the small multiples: the same windows across, a scale of its own."""

    def __init__(self, sheet: Sheet, windows: Sequence[Mapping[str, Any]], left: float, top: float) -> None:
        self.sheet, self.windows, self.left, self.top = sheet, windows, left, top
        self.low, self.high = 0.0, 1.0

    def x(self, place: float) -> float:
        """Return where a window stands; a single one stands in the middle."""
        return self.left + _PANEL * (0.5 if len(self.windows) == 1 else 0.04 + 0.92 * place / (len(self.windows) - 1))

    def y(self, value: float) -> float:
        return self.top + _TALL * (self.high - value) / (self.high - self.low)

    def frame(
        self, title: str, values: Sequence[float], least: float | None = None, blank: str = "Nothing is known yet"
    ) -> bool:
        """Draw the scale, and a mark under each window that alarmed; return whether there is anything to draw."""
        sheet, theme = self.sheet, self.sheet.theme
        sheet.say(self.left - 0.5, self.top - 0.36, title, 10, weight="bold")
        if not values:
            sheet.say(self.left - 0.5, self.top + _TALL / 2, blank, 9, theme.muted)
            return False
        low, high = min(values) if least is None else min(least, *values), max(values)
        pad = 0.08 * (high - low) or max(abs(high), 1.0) * 0.05
        self.low, self.high = (low - pad if least is None else low), high + pad
        for tick in MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(self.low, self.high):
            if self.low <= tick <= self.high:
                sheet.line([self.left, self.left + _PANEL], [self.y(tick)] * 2, theme.line, 0.6)
                sheet.say(self.left - 0.07, self.y(tick), f"{tick:g}", 8.5, theme.muted, ha="right")
        for place, one in enumerate(self.windows):
            if one["alarm"]:
                sheet.mark(self.x(place), self.top + _TALL + 0.1, theme.harms, 5, "^", hollow=False)
        self._ends()
        return True

    def _ends(self) -> None:
        """Say which lines of the log the first and the last window end with."""
        y, muted = self.top + _TALL + 0.26, self.sheet.theme.muted
        for place in sorted({0, len(self.windows) - 1}):
            ha = "center" if len(self.windows) == 1 else "left" if place == 0 else "right"
            x = self.x(0) if ha == "center" else self.left + (_PANEL if place else 0.0)
            self.sheet.say(x, y, f"line {self.windows[place]['last']:,}", 8, muted, ha=ha)

    def way(self, points: Points, color: str, width: float, **how: str) -> None:
        """Draw a line through points; one alone is a mark."""
        if len(points) == 1 and how.get("linestyle") != "--":
            self.sheet.mark(self.x(points[0][0]), self.y(points[0][1]), color, 4.5, "o", hollow=False)
        elif len(points) == 1:
            y = self.y(points[0][1])
            self.sheet.line([self.left, self.left + _PANEL], [y, y], color, width, **how)
        else:
            self.sheet.line([self.x(place) for place, _ in points], [self.y(value) for _, value in points], color, width, **how)

    def lines(self, title: str, named: Mapping[str, Points], least: float | None, blank: str = "Nothing is known yet") -> None:
        """Draw one line a name, each named where it ends."""
        theme = self.sheet.theme
        if not self.frame(title, [value for points in named.values() for _, value in points], least, blank):
            return
        colors = (theme.helps, theme.muted, theme.harms)
        x = self.left - 0.5
        for place, (name, points) in enumerate(named.items()):
            color = colors[place % len(colors)]
            self.way(points, color, 1.6)
            shown = elide(name, 150)
            self.sheet.line([x, x + 0.16], [self.top - 0.15] * 2, color, 2.0)
            self.sheet.say(x + 0.22, self.top - 0.15, shown, 8.5, theme.muted)
            x += 0.42 + 0.066 * len(shown)

    def under(self, text: str) -> None:
        """Write what the marks are, under the title."""
        self.sheet.say(self.left - 0.5, self.top - 0.15, text, 8.5, self.sheet.theme.muted)

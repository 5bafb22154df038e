"""The exchange-rate board: what reviewed labels buy beside what trials of models buy, on one scale, each by its cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ceteris.measuring.budget import SECONDS_A_LABEL, Board
from ceteris.measuring.effect import Effect
from ceteris.metrics import typeset
from ceteris.plots.colors import LIGHT, Theme
from ceteris.plots.sheet import Sheet
from ceteris.telling.wording import amount, count, elide, ems, interval, labels_of, metric_name, metric_unit, percent

__all__ = ["BOARD_WIDTH", "exchange_board"]

BOARD_WIDTH = 9.6  # inches
_PANEL, _LEFT, _GAP, _TOP, _TALL = 3.95, 0.75, 0.55, 1.02, 3.1
_MOST_NAMED = 12


def exchange_board(board: Board, *, confidence: float = 0.95, theme: Theme = LIGHT) -> Figure:
    """Return two panels with one scale of gain: labels reviewed, with minutes of review, and CPU seconds of trials."""
    return _Drawing(board, confidence, theme).draw()


class _Drawing:
    """The sheet of `exchange_board`."""

    def __init__(self, board: Board, confidence: float, theme: Theme) -> None:
        self.board, self.metric, self.confidence, self.theme = board, board.metric, confidence, theme
        self.points = board.curve.points if board.curve else ()
        known = zip(board.trials, board.spent, board.best_so_far, strict=True)
        self.tried = [(trial, spent, best) for trial, spent, best in known if not math.isnan(spent)]
        self.foot = self._names()
        self.sheet = Sheet(BOARD_WIDTH, _TOP + _TALL + 1.0 + 0.18 * len(self.foot), theme)
        self.low, self.high = self._reach()

    def _reach(self) -> tuple[float, float]:
        """Return the ends of the scale of gain; a trial far below is no reason to make all others small."""
        curves = [effect for point in self.points for effect in (point.ranked, point.random) if effect]
        trials = [trial.effect for trial, _, _ in self.tried]
        high = max([0.01, *(effect.high for effect in (*curves, *trials))])
        low = min([0.0, *(effect.low for effect in curves), *(max(effect.low, -high) for effect in trials)])
        pad = 0.05 * (high - low)
        return low - pad, high + pad

    def y(self, gain: float) -> float:
        """Return where a gain lies on the sheet, in inches from the top; what is off the scale lies on its edge."""
        inside = min(max(gain, self.low), self.high)
        return _TOP + _TALL * (self.high - inside) / (self.high - self.low)

    def draw(self) -> Figure:
        """Return the figure."""
        sheet, theme = self.sheet, self.theme
        what, on = metric_name(self.metric), labels_of(self.board.scored_on)
        said = f"Gain in {what} over {elide(self.board.model, 30)} on the given labels, scored on {on}"
        sheet.say(0.16, 0.18, said, 9, theme.muted)
        factor, unit = metric_unit(self.metric)
        for tick in MaxNLocator(7, steps=[1, 2, 5, 10]).tick_values(self.low * factor, self.high * factor):
            if self.low <= tick / factor <= self.high:
                self._level(float(tick), factor)
        sheet.say(_LEFT - 0.58, _TOP + _TALL / 2, unit, 8.5, theme.muted, rotation=90, ha="center")
        self._reviews(_Panel(self.sheet, _LEFT, self.points[-1].reviews if self.points else 1.0))
        self._trials(_Panel(self.sheet, _LEFT + _PANEL + _GAP, self.tried[-1][1] if self.tried else 1.0))
        for place, line in enumerate([self._key(), *self.foot]):
            sheet.say(0.16, _TOP + _TALL + 0.84 + 0.18 * place, line, 8.5, theme.muted)
        return sheet.figure

    def _level(self, tick: float, factor: float) -> None:
        y, zero = self.y(tick / factor), abs(tick) < 1e-12
        for left in (_LEFT, _LEFT + _PANEL + _GAP):
            color = self.theme.muted if zero else self.theme.line
            self.sheet.line([left, left + _PANEL], [y, y], color, 1.0 if zero else 0.6)
        text = "0" if zero else typeset(f"{tick:+g}")
        self.sheet.say(_LEFT - 0.08, y, text, 9, self.theme.muted, ha="right")

    def _reviews(self, panel: _Panel) -> None:
        theme, curve = self.theme, self.board.curve
        panel.head("Review labels: the model is held fixed", self._under_reviews())
        if curve is None:
            panel.blank("Nobody has reviewed a row yet: ceteris queue train")
            return
        both = [point for point in self.points if point.random is not None]
        ranked = [(0.0, 0.0), *((point.reviews, point.ranked.difference) for point in self.points)]
        random = [(0.0, 0.0), *((point.reviews, point.random.difference) for point in both if point.random)]
        if both:
            self._between(panel, ranked[: len(random)], random)
            self._way(panel, random, theme.muted, 1.4)
        self._way(panel, ranked, theme.helps, 2.0)
        for point in self.points:
            x = panel.x(point.reviews)
            if point.random is not None:
                self._whisker(x + 0.06, point.random, theme.muted, 4.2, "D", True)
            color = theme.harms if point.ranked.verdict == "harms" else theme.helps
            self._whisker(x, point.ranked, color, 6.5, "o", point.ranked.verdict == "cannot tell")
        if curve.pays_from:
            x = panel.x(curve.pays_from)
            self.sheet.line([x, x], [_TOP + 0.14, _TOP + _TALL], theme.helps, 0.9, linestyle=(0, (2, 2)))  # type: ignore[arg-type]
            end = x > panel.left + 0.6 * _PANEL
            self.sheet.say(
                x + (-0.06 if end else 0.06), _TOP + 0.07, f"helps from {count(curve.pays_from)} on", 8.5, theme.helps,
                ha="right" if end else "left", weight="bold",
            )  # fmt: skip
        for tick in panel.ticks(whole=True):
            panel.tick(tick, count(tick), f"{tick * SECONDS_A_LABEL / 60:.0f} min")
        panel.foot(f"labels reviewed, and minutes at {SECONDS_A_LABEL} s each")

    def _under_reviews(self) -> str:
        who, area = self.board.answered_by, self.board.curve.area if self.board.curve else None
        if area is None:
            return f"{who}; no random review to compare with"
        size = f"{amount(area.difference, self.metric)} {interval(area.low, area.high, self.metric)}"
        return f"{who}; shaded, the ranking: {size}"

    def _between(self, panel: _Panel, above: Sequence[tuple[float, float]], below: Sequence[tuple[float, float]]) -> None:
        around = [*above, *reversed(below)]
        xs, ys = [panel.x(x) for x, _ in around], [self.y(gain) for _, gain in around]
        self.sheet.axes.fill(xs, ys, fc=self.theme.helps, ec="none", alpha=0.16)

    def _way(self, panel: _Panel, places: Sequence[tuple[float, float]], color: str, width: float) -> None:
        self.sheet.line([panel.x(x) for x, _ in places], [self.y(gain) for _, gain in places], color, width)

    def _trials(self, panel: _Panel) -> None:
        sheet, theme = self.sheet, self.theme
        panel.head("Tune trials: the data is held fixed", "line: the best so far, picked by its result")
        if not self.tried:
            untold = (
                "No trial's CPU time is known here." if self.board.trials else "No other model was tried: dvc exp run -S ..."
            )
            panel.blank(untold)
            return
        xs, ys, level = [panel.x(0)], [self.y(0)], 0.0
        for _, spent, best in self.tried:
            xs += [panel.x(spent)] * 2
            ys += [self.y(level), self.y(best.difference if best else 0.0)]
            level = best.difference if best else 0.0
        sheet.line(xs, ys, theme.ink, 1.4)
        for place, (trial, spent, best) in enumerate(self.tried, start=1):
            x, effect = panel.x(spent), trial.effect
            self._whisker(x, effect, theme.of(effect.verdict), 6.5, "o", effect.verdict == "cannot tell")
            if len(self.tried) <= _MOST_NAMED or trial.effect is best:
                sheet.say(x, self.y(effect.high) - 0.09, str(place), 8.5, theme.ink, ha="center")
        unit, each = _unit_of_time(self.tried[-1][1])
        for tick in panel.ticks(each):
            panel.tick(tick * each, f"{tick:g}", "")
        panel.foot(f"CPU {unit} of all trials so far")

    def _whisker(self, x: float, effect: Effect, color: str, size: float, shape: str, hollow: bool) -> None:
        self.sheet.line([x, x], [self.y(effect.low), self.y(effect.high)], color, 1.6, solid_capstyle="butt")
        off = effect.difference < self.low
        self.sheet.mark(x, self.y(effect.difference), color, size, "v" if off else shape, hollow)

    def _key(self) -> str:
        marks = "\u25cb cannot tell,  \u25c7 as many random rows,  \u25be below the scale"
        return f"\u25cf {percent(self.confidence)} interval,  {marks}.  Read off validation, so exploratory."

    def _names(self) -> list[str]:
        """Return the names of the numbered trials, in as many lines as they take."""
        named = list(enumerate(self.tried, start=1))
        if len(named) > _MOST_NAMED:
            named = [(place, one) for place, one in named if one[0].effect is one[2]][-_MOST_NAMED:]
        lines, room = [""], (BOARD_WIDTH - 0.32) * 72 / 8.5 * 1.1
        for place, (trial, _, _) in named:
            word = f"{place} {elide(trial.name, 24)}"
            if lines[-1] and ems(lines[-1] + word) + 2 > room:
                lines.append("")
            lines[-1] += (",  " if lines[-1] else "") + word
        return [line for line in lines if line]


class _Panel:
    """One half of the board: where an amount of cost lies, and what stands around it."""

    def __init__(self, sheet: Sheet, left: float, most: float) -> None:
        self.sheet, self.left, self.most, self.muted = sheet, left, most or 1.0, sheet.theme.muted

    def x(self, cost: float) -> float:
        return self.left + 0.06 + (_PANEL - 0.24) * cost / self.most

    def ticks(self, unit: float = 1.0, whole: bool = False) -> list[float]:
        found = MaxNLocator(5, steps=[1, 2, 5, 10], integer=whole).tick_values(0, self.most / unit)
        return [float(tick) for tick in found if 0 <= tick <= self.most / unit * 1.0001]

    def tick(self, cost: float, text: str, under: str) -> None:
        self.sheet.say(self.x(cost), _TOP + _TALL + 0.14, text, 9, self.muted, ha="center")
        self.sheet.say(self.x(cost), _TOP + _TALL + 0.30, under, 8.5, self.muted, ha="center")

    def head(self, title: str, under: str) -> None:
        self.sheet.say(self.left, 0.52, title, 10, weight="bold")
        self.sheet.say(self.left, 0.74, elide(under, _PANEL * 72 / 8.5 * 1.2), 8.5, self.muted)

    def foot(self, text: str) -> None:
        self.sheet.say(self.left + _PANEL / 2, _TOP + _TALL + 0.5, text, 8.5, self.muted, ha="center")

    def blank(self, text: str) -> None:
        self.sheet.say(self.left + 0.1, _TOP + _TALL / 2, elide(text, _PANEL * 72 / 9 * 1.1), 9)


def _unit_of_time(seconds: float) -> tuple[str, float]:
    return ("hours", 3600.0) if seconds > 7200 else ("minutes", 60.0) if seconds > 300 else ("seconds", 1.0)

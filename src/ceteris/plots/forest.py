"""The forest of effects: what each lever moved, beside what its control moved."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ceteris.metrics import typeset
from ceteris.plots.colors import LIGHT, Theme
from ceteris.plots.sheet import Sheet
from ceteris.telling.finding import Finding, findings
from ceteris.telling.scored_twice import scored_twice
from ceteris.telling.story import control_of, control_rows, exploratory, on_best_labels, planned
from ceteris.telling.wording import elide, ems, labels_of, metric_name, metric_unit, percent

__all__ = ["effects_forest"]

_MOST_EXPLORATORY = 12
_NAMES, _SCALE = 2.85, 2.85  # inches for the names of the contrasts, and for their common scale
_SHORT = {"verified (all)": "all verified", "verified (disagreements)": "verified"}  # beside names, of labels
_EM = 9.0 / 72 * 1.1  # inches; numbers run wider than most letters


def effects_forest(
    effects: pd.DataFrame,
    *,
    metric: str = "accuracy",
    region: float = 0.005,
    confidence: float = 0.95,
    simulated: Collection[str] = (),
    explore: bool = False,
    compact: bool = False,
    theme: Theme = LIGHT,
) -> Figure:
    """Return the planned contrasts as intervals, each with its control in a quieter mark, the verdict in words beside.

    Parameters
    ----------
    effects : DataFrame
        results/compare/effects.csv.
    region : float
        Half the width of the region of practical equality, a fraction (nats for log-loss); it is shaded.
    simulated : collection of str
        Versions that a simulated reviewer made; they are named so.
    explore : bool
        Whether up to 12 exploratory contrasts follow the planned ones.
    compact : bool
        Whether the verdict stands above the interval, for narrow screens.
    """
    found = findings(effects, simulated)
    parts = _forest_parts(found, metric, explore)
    return _Forest(parts, found, metric, region, confidence, compact, theme).draw()


def _forest_parts(found: list[Finding], metric: str, explore: bool) -> list[tuple[str, list[Finding]]]:
    chosen = planned(found, metric)
    parts = [
        ("Data lever: the model is held fixed", [finding for finding in chosen if finding.axis == "data"]),
        ("Model lever: the data is held fixed", [finding for finding in chosen if finding.axis == "model"]),
    ]
    if explore:
        others = [finding for finding in exploratory(on_best_labels(found)) if finding.metric == metric]
        parts.append(("Exploratory: not planned, interval unadjusted", others[:_MOST_EXPLORATORY]))
    models = {model for finding in chosen for model in (finding.baseline_model, finding.candidate_model)}
    same = [finding for finding in control_rows(found, metric) if finding.axis == "aa" and finding.applicable]
    parts.append(("A/A: only the seeds differ", [finding for finding in same if finding.candidate_model in models]))
    return [(heading, rows) for heading, rows in parts if rows]


class _Forest:
    """The sheet of `effects_forest`: headings and rows from top to bottom, one scale for all."""

    def __init__(
        self,
        parts: list[tuple[str, list[Finding]]],
        found: list[Finding],
        metric: str,
        region: float,
        confidence: float,
        compact: bool,
        theme: Theme,
    ) -> None:
        self.parts, self.metric, self.region, self.confidence, self.compact = parts, metric, region, confidence, compact
        self.shown = [finding for _, rows in parts for finding in rows]
        self.controls = {finding.arms: control_of(finding, found) for finding in self.shown}
        # What a person verified is set against what it was before; true labels are known from the start.
        twice = scored_twice(found, metric, {})
        self.given = {one.better.arms: one.given for one in twice if one.better.scored_on.startswith("verified")}
        self.step, self.head, self.top = (0.84, 0.32, 0.32) if compact else (0.56, 0.32, 0.34)
        self.step += 0.16 * any(one.arms in self.given for one in self.shown)
        room = max([1.8, *(_EM * ems(text) for one in self.shown for text, _ in self._numbers(one))])
        width = 4.0 if compact else _NAMES + _SCALE + 0.2 + room + 0.16
        self.bottom = self.top + self.head * len(parts) + self.step * max(len(self.shown), 1)
        self.margin = 0.16
        self.left, self.right = (self.margin, width - self.margin) if compact else (_NAMES, _NAMES + _SCALE)
        self.sheet, self.theme = Sheet(width, self.bottom + (0.92 if compact else 0.74), theme), theme
        self.low, self.high = self._reach()

    def _reach(self) -> tuple[float, float]:
        given = [self.given[one.arms] for one in self.shown if one.arms in self.given]
        measured = [*self.shown, *(control for control in self.controls.values() if control), *given]
        ends = [
            0.0,
            -2.4 * self.region,
            2.4 * self.region,
            *(end for one in measured for end in (one.low, one.high, one.difference)),
        ]
        low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
        pad = 0.04 * (high - low) or 0.01
        return low - pad, high + pad

    def x(self, value: float) -> float:
        """Return where a difference lies on the sheet, in inches."""
        return self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)

    def draw(self) -> Figure:
        """Return the figure."""
        sheet, theme = self.sheet, self.theme
        where = sorted({finding.scored_on for finding in self.shown})
        words = labels_of(where[0]) if len(where) == 1 else "the labels named in each row"
        title = f"Difference in {metric_name(self.metric)}, scored on {words}"
        sheet.say(self.margin, 0.16, title, 7.5 if self.compact and len(title) > 54 else 9, theme.muted)
        if not self.shown:
            sheet.say(self.margin, self.top + 0.4, "No contrast was planned and measured.", 10)
        elif not self.compact:
            self._ground(self.top, self.bottom)
        y = self.top
        for heading, rows in self.parts:
            sheet.say(self.margin, y + self.head * 0.62, heading, 9, theme.muted, weight="bold")
            y += self.head
            for finding in rows:
                if self.compact:
                    self._ground(y + 0.36, y + self.step - 0.06)
                self._row(finding, y, many=len(where) > 1)
                y += self.step
        self._foot()
        return sheet.figure

    def _ticks(self) -> list[float]:
        factor, _ = metric_unit(self.metric)
        ticks = MaxNLocator(5 if self.compact else 8, steps=[1, 2, 5, 10]).tick_values(self.low * factor, self.high * factor)
        return [float(tick) for tick in ticks if self.low <= tick / factor <= self.high]

    def _ground(self, top: float, bottom: float) -> None:
        sheet, theme = self.sheet, self.theme
        sheet.box(self.x(-self.region), top, self.x(self.region) - self.x(-self.region), bottom - top, theme.band)
        for tick in self._ticks():
            x, zero = self.x(tick / metric_unit(self.metric)[0]), abs(tick) < 1e-12
            sheet.line([x, x], [top, bottom], theme.muted if zero else theme.line, 1.0 if zero else 0.6)

    def _foot(self) -> None:
        sheet, theme = self.sheet, self.theme
        factor, unit = metric_unit(self.metric)
        for tick in self._ticks():
            text = "0" if abs(tick) < 1e-12 else typeset(f"{tick:+g}")
            sheet.say(self.x(tick / factor), self.bottom + 0.13, text, 9, theme.muted, ha="center")
        shade = f"shaded: no practical difference, within \u00b1{self.region * factor:g}"
        key = f"\u25cf {percent(self.confidence)} interval,  \u25cb cannot tell,  \u25c7 its control"
        key += ",  \u00d7 on given labels" * any(one.arms in self.given for one in self.shown)
        sheet.say((self.left + self.right) / 2, self.bottom + 0.32, unit, 8.5, theme.muted, ha="center")
        lines = [key, shade] if self.compact else [f"{key};  {shade}"]
        for number, text in enumerate(lines):
            sheet.say(self.margin, self.bottom + 0.54 + 0.18 * number, text, 8.5, theme.muted)

    def _row(self, finding: Finding, y: float, many: bool) -> None:
        sheet, theme, color = self.sheet, self.theme, self.theme.of(finding.verdict)
        held = finding.baseline_version if finding.axis == "model" else finding.baseline_model
        quiet, where = finding.axis == "aa", f", {_SHORT.get(finding.scored_on, finding.labels_text)}" if many else ""
        change = "other seeds, nothing else" if quiet else finding.change
        if self.compact:
            room = (self.right - self.left) * 72 / 9.5
            sheet.say(self.margin, y + 0.10, elide(f"{held}: {change}", room - ems(where)) + where, 9.5)
        else:
            room = (self.left - self.margin - 0.1) * 72 / 9.5
            sheet.say(self.margin, y + 0.15, elide(change, room), 9.5)
            sheet.say(self.margin, y + 0.33, elide(finding.held, room - ems(where)) + where, 8.5, theme.muted)
        at = y + (0.48 if self.compact else 0.17)
        control = self.controls[finding.arms]
        if finding.applicable:
            self._whisker(finding, at, theme.muted if quiet else color, quiet, finding.verdict == "cannot tell")
        if control:
            self._whisker(control, at + 0.17, theme.muted, True, True)
        if finding.arms in self.given:
            self._whisker(self.given[finding.arms], at + (0.34 if control else 0.17), theme.muted, True, True, "x")
        self._words(finding, y, color)

    def _whisker(self, finding: Finding, y: float, color: str, quiet: bool, hollow: bool, mark: str = "") -> None:
        x = self.x(finding.difference)
        if not math.isnan(finding.low):
            self.sheet.line(
                [self.x(finding.low), self.x(finding.high)], [y, y], color, 1.0 if quiet else 2.4, solid_capstyle="butt"
            )
        self.sheet.mark(x, y, color, 5.0 if mark else 4.2 if quiet else 7.0, mark or ("D" if quiet else "o"), hollow or quiet)

    def _numbers(self, finding: Finding) -> list[tuple[str, float]]:
        """Return what a finding moved and what its control moved, each with the size to write it in."""
        texts, control = [(f"{finding.difference_text} {finding.interval_text}", 9.0)], self.controls[finding.arms]
        if control:
            kind = control.candidate_version.split("-")[0]
            texts.append((f"{kind} {control.difference_text} {control.interval_text}", 8.5))
        if finding.arms in self.given:
            given = self.given[finding.arms]
            texts.append((f"given {given.difference_text} {given.interval_text} {given.verdict}", 8.5))
        return texts

    def _words(self, finding: Finding, y: float, color: str) -> None:
        sheet, verdict = self.sheet, finding.verdict or "not judged"
        (numbers, size), *beside = self._numbers(finding)
        if self.compact:
            sheet.say(self.left, y + 0.28, verdict, 9, color, weight="bold")
            sheet.say(self.right, y + 0.28, numbers, size, ha="right")
            return
        x = self.right + 0.2
        sheet.say(x, y + 0.09, verdict, 9.5, color, weight="bold")
        sheet.say(x, y + 0.25, numbers, size)
        for place, (text, smaller) in enumerate(beside):
            sheet.say(x, y + 0.40 + 0.15 * place, text, smaller, self.theme.muted)

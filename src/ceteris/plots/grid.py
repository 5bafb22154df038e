"""The grid: every model on every version, with the difference to the given labels."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

import pandas as pd
from matplotlib.figure import Figure

from ceteris.metrics import METRICS
from ceteris.plots.colors import LIGHT, Theme, ramp, text_on
from ceteris.plots.sheet import Sheet
from ceteris.sections import SCORED_ON
from ceteris.telling.story import is_control
from ceteris.telling.wording import (
    amount,
    count,
    elide,
    ems,
    labels_of,
    level,
    metric_name,
    upper_first,
)

__all__ = ["grid_heatmap"]


def grid_heatmap(
    grid: pd.DataFrame,
    *,
    metric: str = "accuracy",
    scored_on: str | None = None,
    simulated: Collection[str] = (),
    theme: Theme = LIGHT,
) -> Figure:
    """Return the value of every cell (version x model) and its difference to `given`, darker (or brighter) = better.

    Parameters
    ----------
    grid : DataFrame
        results/compare/grid.csv.
    scored_on : str, optional
        Default: the most trusted labels in the table.
    """
    shown, where = _grid_rows(grid, metric, scored_on)
    versions = sorted(dict.fromkeys(shown["version"]), key=is_control)
    models = list(dict.fromkeys(shown["model"]))
    names = zip(shown["version"], shown["model"], strict=True)
    cells = dict(zip(names, shown["value"].astype(float).tolist(), strict=True))
    left = min(max([ems(name) for name in versions], default=4) * 9.5 / 72 + 0.3, 3.2)
    wide = min(max(1.05, *(ems(name) * 9.5 / 72 + 0.2 for name in models), 0), 2.0)
    size = (
        f"{count(shown['n_rows'].max())} rows, mean of {count(shown['n_seeds'].max())} seeds"
        if len(shown)
        else "nothing scored"
    )
    toward = f"gain over given (lower {METRICS[metric].title})" if METRICS[metric].lower else "difference to given"
    under = f"{size}; small: {toward}"
    across = max(left + wide * len(models) + 0.15, 4.6, ems(under) * 8.5 / 72 + 0.25)
    sheet = Sheet(across, 0.92 + 0.46 * len(versions) + 0.15, theme)
    sheet.say(0.1, 0.16, f"{upper_first(metric_name(metric))} on {labels_of(where)}", 9.5, weight="bold")
    sheet.say(0.1, 0.36, under, 8.5, theme.muted)
    for column, model in enumerate(models):
        sheet.say(left + wide * (column + 0.5), 0.7, elide(model, wide * 72 / 9.5 - 0.5), 9.5, ha="center")
    scale = _scale(list(cells.values()), metric)
    for row, version in enumerate(versions):
        y, quiet = 0.86 + 0.46 * row, is_control(version)
        name = version + (" (simulated)" if version in simulated and "simulated" not in version else "")
        sheet.say(left - 0.12, y + 0.22, elide(name, (left - 0.2) * 72 / 9.5), 9.5, theme.muted if quiet else "", ha="right")
        for column, model in enumerate(models):
            if (version, model) in cells:
                value, base = cells[version, model], cells.get(("given", model), float("nan"))
                gain = (value - base) * METRICS[metric].sign
                change = "" if version == "given" or math.isnan(base) else amount(gain, metric)
                _cell(sheet, left + wide * column, y, (wide - 0.04, 0.42), (level(value, metric), change), scale(value))
    return sheet.figure


def _grid_rows(grid: pd.DataFrame, metric: str, scored_on: str | None) -> tuple[pd.DataFrame, str]:
    rows = grid.loc[grid["metric"] == metric].dropna(subset=["value"])
    rows = rows.assign(version=rows["version"].astype(str), model=rows["model"].astype(str))
    order = [name for name in SCORED_ON if (rows["scored_on"] == name).any()]
    where = scored_on or (order[0] if order else "given")
    return rows.loc[rows["scored_on"] == where], where


def _scale(values: list[float], metric: str) -> Callable[[float], float]:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    span = (high - low) or 1.0
    return lambda value: (high - value) / span if METRICS[metric].lower else (value - low) / span


def _cell(sheet: Sheet, x: float, y: float, size: tuple[float, float], texts: tuple[str, str], share: float) -> None:
    color = ramp(sheet.theme, share)
    ink, (width, height) = text_on(color), size
    sheet.box(x, y, width, height, color)
    sheet.say(x + width / 2, y + height * (0.32 if texts[1] else 0.5), texts[0], 10, ink, ha="center", weight="bold")
    if texts[1]:
        sheet.say(x + width / 2, y + height * 0.73, texts[1], 8.5, ink, ha="center")

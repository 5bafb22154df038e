"""The study as a figure: every gated share beside its gate, false alarms on the left, coverage on the right."""

from __future__ import annotations

import pandas as pd

from ceteris.measuring.intervals import clopper_pearson
from ceteris.plots.colors import Theme
from ceteris.plots.sheet import Sheet, to_svg

__all__ = ["figure"]

WIDTH, LINE, TOP, LEFT, PANEL, BETWEEN = 10.2, 0.28, 0.75, 2.65, 2.15, 2.95

TWICE = ("told helps or harms", "where 30 rows and more differ")  # said of worlds that stand in the figure already


def figure(found: pd.DataFrame, theme: Theme) -> str:
    """Return the SVG; a dot is a share of worlds with its Clopper-Pearson interval, the band its gate."""
    gated = found[found["gate_high"].notna() & ~found["outcome"].isin(TWICE)]
    alarms = gated[gated["gate_high"] <= 0.1]
    covered = gated[(gated["gate_low"] >= 0.9)]
    rows = max(alarms["row"].nunique(), covered["row"].nunique())
    sheet = Sheet(WIDTH, TOP + rows * LINE + 0.55, theme)
    _panel(sheet, alarms, LEFT, "something is claimed where nothing is", (0.0, 0.10), ("0 %", "5 %", "10 %"))
    _panel(sheet, covered, LEFT + PANEL + BETWEEN, "the interval holds the truth", (0.90, 1.0), ("90 %", "95 %", "100 %"))
    sheet.say(
        0.1,
        sheet.height - 0.14,
        "dots: shares of 1000 worlds, one a metric, with their 95 % interval; band: the gate",
        8,
        theme.muted,
    )
    return to_svg(sheet.figure)


def _panel(
    sheet: Sheet, cells: pd.DataFrame, left: float, title: str, span: tuple[float, float], ticks: tuple[str, ...]
) -> None:
    theme, rows = sheet.theme, list(dict.fromkeys(cells["row"]))

    def across(share: float) -> float:
        return left + PANEL * min(max((share - span[0]) / (span[1] - span[0]), 0.0), 1.0)

    sheet.say(left - 2.45, 0.25, title, 10, weight="bold")
    bottom = TOP + len(rows) * LINE - LINE * 0.3
    for place, tick in enumerate(ticks):
        x = left + PANEL * place / (len(ticks) - 1)
        sheet.line([x, x], [TOP - LINE * 0.6, bottom], theme.line, 0.6)
        sheet.say(x, bottom + 0.14, tick, 8, theme.muted, ha="center")
    for place, row in enumerate(rows):
        here, y = cells[cells["row"] == row], TOP + place * LINE
        sheet.say(left - 0.12, y, row, 8, ha="right")
        low, high = here["gate_low"].min(), here["gate_high"].max()
        sheet.box(across(low), y - LINE * 0.42, across(high) - across(low), LINE * 0.84, theme.band)
        steps = [0.0] if len(here) == 1 else [LINE * 0.6 * (place / (len(here) - 1) - 0.5) for place in range(len(here))]
        for step, cell in zip(steps, here.to_dict("records"), strict=True):
            color = theme.helps if cell["within"] else theme.harms
            ends = clopper_pearson(round(cell["count"]), int(cell["worlds"]))
            sheet.line([across(ends[0]), across(ends[1])], [y + step] * 2, color, 0.8)
            sheet.mark(across(cell["share"]), y + step, color, 2.6, "o", hollow=False)

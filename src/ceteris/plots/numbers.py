"""Labels that are numbers, each beside what a model that had not seen its row predicted."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ceteris.metrics import METRICS
from ceteris.plots.colors import LIGHT, Theme
from ceteris.plots.sheet import Sheet
from ceteris.telling.wording import count

__all__ = ["predicted_numbers"]

_SIDE, _LEFT, _TOP = 3.6, 0.78, 0.56
_MOST = 2000  # rows drawn: more are a cloud, and a large file


def predicted_numbers(issues: pd.DataFrame, *, theme: Theme = LIGHT) -> Figure:
    """Return the given number of each train row against the predicted one, flagged rows as large hollow marks.

    Parameters
    ----------
    issues : DataFrame
        given_label and suggested_label (numbers as text) and is_label_issue; of more than 2,000 rows those that are not
        flagged are drawn in part.
    """
    flagged = issues["is_label_issue"].astype(bool).to_numpy()
    given, predicted = (issues[name].to_numpy(dtype=float) for name in ("given_label", "suggested_label"))
    low, high = float(min(given.min(), predicted.min())), float(max(given.max(), predicted.max()))
    sheet = Sheet(4.8, _TOP + _SIDE + 0.55, theme)

    def place(across: np.ndarray, up: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scale = _SIDE / ((high - low) or 1.0)
        return _LEFT + (across - low) * scale, _TOP + (high - up) * scale

    sheet.line([_LEFT, _LEFT + _SIDE], [_TOP + _SIDE, _TOP], theme.muted, 0.8, ls="--")
    calm = np.flatnonzero(~flagged)
    shown = calm[:: max(1, -(-len(calm) // _MOST))]
    marks = ((shown, theme.helps, 3.0, theme.helps), (np.flatnonzero(flagged), theme.harms, 5.5, "none"))
    for rows, color, size, face in marks:
        x, y = place(given[rows], predicted[rows])
        sheet.axes.plot(x, y, "o", ms=size, mfc=face, mec=color, mew=1.1, ls="none", scalex=False, scaley=False)
    left_out = f", {count(len(shown))} drawn" if len(shown) < len(calm) else ""
    sheet.say(0.15, 0.13, f"{count(int(flagged.sum()))} rows flagged", 9.5, theme.harms, weight="bold")
    sheet.say(4.65, 0.13, f"{count(len(calm))} not{left_out}", 9.5, theme.helps, weight="bold", ha="right")
    _axes(sheet, low, high)
    return sheet.figure


def _axes(sheet: Sheet, low: float, high: float) -> None:
    muted, floor = sheet.theme.muted, _TOP + _SIDE
    sheet.line([_LEFT, _LEFT, _LEFT + _SIDE], [_TOP, floor, floor], muted, 0.8)
    for share, value in ((0.0, low), (0.5, (low + high) / 2), (1.0, high)):
        text = METRICS["mae"].digits(value)
        sheet.say(_LEFT + share * _SIDE, floor + 0.14, text, 8.5, muted, ha=("left", "center", "right")[round(2 * share)])
        sheet.say(_LEFT - 0.07, floor - share * _SIDE, text, 8.5, muted, ha="right")
    sheet.say(_LEFT + _SIDE / 2, floor + 0.36, "given label", 8.5, muted, ha="center")
    sheet.say(0.15, 0.36, "predicted by a model that had not seen the row", 8.5, muted)

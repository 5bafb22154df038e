"""Label issues: how doubted the labels are, which are taken for which, and the images that are doubted most."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ceteris.plots.colors import LIGHT, Theme, ramp, text_on
from ceteris.plots.sheet import Sheet
from ceteris.telling.wording import count, elide, ems

__all__ = ["confused_labels", "confused_pairs", "doubted_images", "label_quality"]

_MATRIX = range(4, 21)  # numbers of classes for which a matrix says more than bars
_MOST_PAIRS = 20
_WIDE = 4.8
_COLUMNS = ((5, 3.0), (4, 8.0), (3, 11.5))  # images side by side, and how many ems that leaves for a label


def label_quality(issues: pd.DataFrame, *, bins: int = 40, theme: Theme = LIGHT) -> Figure:
    """Return the distribution of label quality, flagged rows above and all others below, each on its own scale.

    Parameters
    ----------
    issues : DataFrame
        label_quality (0 = doubted, 1 = trusted) and is_label_issue, one row a train row.
    """
    flagged = issues["is_label_issue"].astype(bool).to_numpy()
    quality = issues["label_quality"].to_numpy(dtype=float)
    sheet = Sheet(_WIDE, 3.1, theme)
    panels = ((quality[flagged], "flagged", theme.harms), (quality[~flagged], "not flagged", theme.helps))
    for number, (values, name, color) in enumerate(panels):
        _bars_up(
            sheet, np.histogram(values, bins=bins, range=(0, 1))[0], f"{count(len(values))} rows {name}", 1.42 * number, color
        )
    for tick in (0, 0.25, 0.5, 0.75, 1):
        sheet.say(
            0.15 + 4.5 * tick, 2.78, f"{tick:g}", 8.5, theme.muted, ha="center" if 0 < tick < 1 else "right" if tick else "left"
        )
    sheet.say(0.15, 2.97, "label quality: 0 = doubted, 1 = trusted (heights differ)", 8.5, theme.muted)
    return sheet.figure


def _bars_up(sheet: Sheet, counts: np.ndarray, name: str, top: float, color: str) -> None:
    floor, height, width = top + 1.22, 0.84, 4.5 / len(counts)
    most = max(int(counts.max()), 1)
    for number, found in enumerate(counts):
        if found:
            tall = height * found / most
            sheet.box(0.15 + number * width, floor - tall, width * 0.88, tall, color)
    sheet.line([0.15, 4.65], [floor, floor], sheet.theme.muted, 0.8)
    sheet.say(0.15, top + 0.17, name, 9.5, color, weight="bold")
    sheet.say(4.65, top + 0.17, f"highest bar: {count(int(counts.max()))} rows", 8.5, sheet.theme.muted, ha="right")


def confused_pairs(issues: pd.DataFrame) -> list[tuple[str, str, int]]:
    """Return (given, suggested, number of flagged rows), the most frequent first."""
    rows = issues.loc[issues["is_label_issue"].astype(bool), ["given_label", "suggested_label"]].dropna()
    rows = rows.loc[rows["given_label"] != rows["suggested_label"]].astype(str)
    counts = Counter(zip(rows["given_label"].tolist(), rows["suggested_label"].tolist(), strict=True))
    return [
        (given, suggested, found) for (given, suggested), found in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def confused_labels(issues: pd.DataFrame, *, theme: Theme = LIGHT) -> Figure:
    """Return which given labels are taken for which: a matrix of 4 to 20 classes, else the most frequent pairs as bars.

    Parameters
    ----------
    issues : DataFrame
        given_label, suggested_label and is_label_issue; flagged rows only are counted.
    """
    pairs = confused_pairs(issues)
    classes = sorted(set(issues["given_label"].astype(str)), key=_by_number)
    if not pairs:
        sheet = Sheet(_WIDE, 0.6, theme)
        sheet.say(0.15, 0.3, "No row is flagged with another label suggested.", 10)
        return sheet.figure
    return _matrix(pairs, classes, theme) if len(classes) in _MATRIX else _pair_bars(pairs, theme)


def _by_number(label: str) -> tuple[bool, float, str]:
    try:
        number = float(label)
    except ValueError:
        number = math.nan
    return (True, 0.0, label) if math.isnan(number) else (False, number, label)


def _matrix(pairs: list[tuple[str, str, int]], classes: list[str], theme: Theme) -> Figure:
    classes = classes + sorted({label for pair in pairs for label in pair[:2]} - set(classes))
    names = [elide(label, 15) for label in classes]
    long = max(ems(name) for name in names)
    cell = 0.4 if len(classes) <= 12 else 0.3
    left, top = 0.3 + long * 9 / 72, 0.42 + (long * 9 / 72 if long > 2.5 else 0.16)
    side = cell * len(classes)
    sheet = Sheet(max(left + side + 0.15, 4.0), top + side + 0.4, theme)
    sheet.say(0.15, 0.17, "rows: given label; columns: suggested label", 8.5, theme.muted)
    for place, name in enumerate(names):
        middle = cell * (place + 0.5)
        sheet.say(left - 0.1, top + middle, name, 9, ha="right")
        turned = {"rotation": 90, "ha": "left"} if long > 2.5 else {"ha": "center"}
        sheet.say(left + middle, top - 0.1, name, 9, **turned)
        sheet.box(left + cell * place, top + cell * place, cell, cell, theme.band)
    sheet.line([left, left + side, left + side, left, left], [top, top, top + side, top + side, top], theme.line, 0.8)
    spot = {label: place for place, label in enumerate(classes)}
    for given, suggested, found in pairs:
        color = ramp(theme, 0.12 + 0.88 * found / pairs[0][2])
        x, y = left + cell * spot[suggested], top + cell * spot[given]
        sheet.box(x + 0.01, y + 0.01, cell - 0.02, cell - 0.02, color)
        size = min(9.0, (cell - 0.06) * 72 / ems(count(found)))
        sheet.say(x + cell / 2, y + cell / 2, count(found), size, text_on(color), ha="center")
    sheet.say(
        0.15,
        top + side + 0.2,
        f"{count(sum(found for *_, found in pairs))} flagged rows with another label suggested",
        8.5,
        theme.muted,
    )
    return sheet.figure


def _pair_bars(pairs: list[tuple[str, str, int]], theme: Theme) -> Figure:
    shown = pairs[:_MOST_PAIRS]
    sheet = Sheet(_WIDE, 0.5 + 0.42 * len(shown), theme)
    more = "" if len(pairs) == len(shown) else f"the {len(shown)} most frequent of {count(len(pairs))} pairs; "
    sheet.say(
        0.15,
        0.17,
        f"given \u2192 suggested: {more}{count(sum(found for *_, found in pairs))} flagged rows in all",
        8.5,
        theme.muted,
    )
    for place, (given, suggested, found) in enumerate(shown):
        y = 0.36 + 0.42 * place
        sheet.say(0.15, y + 0.1, f"{elide(given, 17)} \u2192 {elide(suggested, 17)}", 9)
        sheet.box(0.15, y + 0.2, 4.1 * found / pairs[0][2], 0.1, theme.harms)
        sheet.say(0.22 + 4.1 * found / pairs[0][2], y + 0.25, count(found), 8.5, theme.muted)
    return sheet.figure


def doubted_images(
    issues: pd.DataFrame,
    ids: Sequence[object] | np.ndarray,
    images: np.ndarray,
    *,
    most: int = 25,
    theme: Theme = LIGHT,
) -> Figure:
    """Return the images whose labels are doubted most, each with its given and its suggested label.

    Parameters
    ----------
    issues : DataFrame
        id, given_label, suggested_label, label_quality, is_label_issue.
    ids : sequence of str, shape (n,)
        Which row each image belongs to.
    images : ndarray, shape (n, height, width) or (n, height, width, 3)
        Any range of values; the darkest and the brightest shown span the greys.
    most : int
        At most so many are shown.
    """
    flagged = issues.loc[issues["is_label_issue"].astype(bool)]
    rows = flagged.sort_values(["label_quality", "id"], kind="stable").head(most)
    places = pd.Index(list(ids)).get_indexer(pd.Index(list(rows["id"])))
    rows, places = rows.loc[places >= 0], places[places >= 0]
    if not len(rows):
        sheet = Sheet(_WIDE, 0.6, theme)
        sheet.say(0.15, 0.3, "No image is flagged.", 10)
        return sheet.figure
    longest = max(ems(label) for label in [*rows["given_label"], *rows["suggested_label"]])
    columns, room = next((columns, room) for columns, room in _COLUMNS if longest <= room or columns == 3)
    long, side, step = columns < 5, 0.72, (_WIDE - 0.2) / columns
    down = 1.22 if long else 1.04
    sheet = Sheet(_WIDE, 0.4 + down * math.ceil(len(rows) / columns), theme)
    sheet.say(
        0.15, 0.17, f"given \u2192 suggested; the {len(rows)} most doubted of {count(len(flagged))} flagged", 8.5, theme.muted
    )
    pixels = _greys(np.asarray(images)[places])
    for number, (given, suggested) in enumerate(zip(rows["given_label"], rows["suggested_label"], strict=True)):
        middle, y = 0.1 + step * (number % columns + 0.5), 0.36 + down * (number // columns)
        sheet.picture(pixels[number], middle - side / 2, y, side)
        names = [elide(label, room) for label in (given, suggested)]
        lines = [names[0], f"\u2192 {names[1]}"] if long else [" \u2192 ".join(names)]
        for place, line in enumerate(lines):
            sheet.say(middle, y + side + 0.12 + 0.15 * place, line, 8.5 if long else 9, ha="center")
    return sheet.figure


def _greys(pixels: np.ndarray) -> np.ndarray:
    """Return pixels between 0 and 1."""
    values = pixels.astype(float)
    low, high = np.nanmin(values), np.nanmax(values)
    return np.nan_to_num((values - low) / ((high - low) or 1.0))

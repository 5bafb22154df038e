"""A row as a person meets it: its picture, its texts, and its values with the unusual ones marked."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["MOST_CELLS", "MOST_LETTERS", "Profile", "Shown", "Text", "Value", "profile", "shown"]

MOST_LETTERS, MOST_CELLS = 20_000, 200  # sent at once; more on request, or counted
_LONG = 80  # letters: a longer value is read as a text, and not as a cell of a table
_RARE, _TAIL = 0.01, 0.005


@dataclass(frozen=True)
class Profile:
    """What is usual in each column, by a sample of the train rows.

    Attributes
    ----------
    ranges : the bounds of the middle 99 % of each numeric column
    common : the values of each text column that more than 1 % of rows hold; None where nearly every value is another
    missing : the share of rows without a value, by column
    pixels : the least and the largest value of all pixels, where rows are images
    """

    ranges: Mapping[str, tuple[float, float]]
    common: Mapping[str, frozenset[str] | None]
    missing: Mapping[str, float]
    pixels: tuple[float, float] | None = None


@dataclass(frozen=True)
class Value:
    """A cell of a row: its column, its value in words, and what is unusual about it ("" where nothing is)."""

    column: str
    value: str
    unusual: str


@dataclass(frozen=True)
class Text:
    """A text of a row: its column, a part of it, and how many letters there are in all."""

    column: str
    text: str
    length: int


@dataclass(frozen=True)
class Shown:
    """A row: a picture (a PNG as a data URI) or what hinders it, texts, values (unusual ones first), and how many more."""

    id: str
    image: str
    broken: str
    texts: tuple[Text, ...]
    values: tuple[Value, ...]
    more: int

    def brief(self, most: int = 160) -> str:
        """Return the row in one line."""
        words = [text.text for text in self.texts] + [f"{cell.column}: {cell.value or '—'}" for cell in self.values]
        line = " ".join(" · ".join(words)[: 2 * most].split())
        return line if len(line) <= most else line[: most - 1] + "…"


def profile(sample: pd.DataFrame, image_shape: tuple[int, int] | None = None) -> Profile:
    """Return what is usual in a sample of rows.

    Parameters
    ----------
    sample : DataFrame, shape (n_rows, n_features)
        float64 columns are numbers, all others are text.
    """
    numbers = sample.select_dtypes("number")
    if image_shape is not None and len(sample):
        values = numbers.to_numpy()
        least, largest = (float(bound(values)) for bound in (np.nanmin, np.nanmax)) if np.isfinite(values).any() else (0.0, 1.0)
        return Profile({}, {}, {}, (least, largest))
    bounds = numbers.quantile([_TAIL, 1 - _TAIL])
    ranges = {str(name): (float(bounds[name].iloc[0]), float(bounds[name].iloc[1])) for name in numbers}
    common = {str(name): _common(sample[name]) for name in sample.columns.difference(numbers.columns)}
    return Profile(ranges, common, {str(name): float(share) for name, share in sample.isna().mean().items()})


def _common(column: pd.Series) -> frozenset[str] | None:
    shares = column.value_counts(normalize=True)
    held = frozenset(str(value) for value in shares.index[shares > _RARE])
    return held if shares[shares > _RARE].sum() > 0.5 else None


def shown(id: str, row: Mapping[str, Any], usual: Profile, image_shape: tuple[int, int] | None = None) -> Shown:
    """Return a row as it is shown.

    Parameters
    ----------
    row : mapping of column to value, in the order of columns
    image_shape : tuple of int, optional
        Height and width, where the values are the pixels of an image.
    """
    if image_shape is not None:
        image, broken = _picture(list(row.values()), image_shape, usual.pixels or (0.0, 1.0))
        if image:
            return Shown(id, image, "", (), (), 0)
    else:
        broken = ""
    texts = [name for name, value in row.items() if isinstance(value, str) and (len(value) > _LONG or "\n" in value)]
    cells = [Value(str(name), _said(row[name]), _unusual(str(name), row[name], usual)) for name in row if name not in texts]
    cells.sort(key=lambda cell: not cell.unusual)
    return Shown(
        id, "", broken,
        tuple(Text(str(name), row[name][:MOST_LETTERS], len(row[name])) for name in texts),
        tuple(cells[:MOST_CELLS]),
        max(len(cells) - MOST_CELLS, 0),
    )  # fmt: skip


def _picture(pixels: list[Any], shape: tuple[int, int], bounds: tuple[float, float]) -> tuple[str, str]:
    """Return an image as a PNG, dark ink on light paper as the report draws it, or what hinders it."""
    from PIL import Image

    texts = sum(isinstance(pixel, str) for pixel in pixels)
    if texts:
        return "", f"{texts} of its {len(pixels)} pixels {'are texts' if texts > 1 else 'is a text'}"
    values = np.array(pixels, dtype=float)
    if values.size != shape[0] * shape[1]:
        return "", f"{values.size} values are no image of {shape[0]} × {shape[1]} pixels"
    lost = int((~np.isfinite(values)).sum())
    if lost:
        return "", f"{lost} of its {values.size} pixels have no value"
    least, largest = bounds
    ink = np.clip((values.reshape(shape) - least) / ((largest - least) or 1.0), 0, 1)
    buffer = io.BytesIO()
    Image.fromarray(np.round(255 * (1 - ink)).astype(np.uint8)).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}", ""


def _said(value: Any) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _unusual(column: str, value: Any, usual: Profile) -> str:
    """Return what is unusual about a value, in a few words, or ""."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        share = usual.missing.get(column, 0.0)
        return f"missing, as in {share:.0%} of rows" if 0 < share < 0.05 else "missing" if share == 0 else ""
    if column in usual.ranges and isinstance(value, float):
        low, high = usual.ranges[column]
        if low <= value <= high:
            return ""
        return f"99 % of rows are {'above' if value < low else 'below'} {_said(low if value < low else high)}"
    common = usual.common.get(column)
    return "rare: under 1 % of rows" if common is not None and str(value) not in common else ""

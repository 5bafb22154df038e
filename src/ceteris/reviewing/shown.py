"""A row as a person meets it: its picture, its texts, and its values with the unusual ones marked."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ceteris.kinds import kinds_of
from ceteris.tables import dates

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
    kinds : the kind of each column
    """

    ranges: Mapping[str, tuple[float, float]]
    common: Mapping[str, frozenset[str] | None]
    missing: Mapping[str, float]
    pixels: tuple[float, float] | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)


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


def profile(
    sample: pd.DataFrame, image_shape: tuple[int, ...] | None = None, kinds: Mapping[str, str] | None = None
) -> Profile:
    """Return what is usual in a sample of rows.

    Parameters
    ----------
    sample : DataFrame, shape (n_rows, n_features)
    kinds : mapping of str to str, optional
        `ingest.kinds`.
    """
    numbers, found = sample.select_dtypes("number"), kinds_of(sample, kinds)
    if image_shape is not None and len(sample) and "image" not in found.values():
        values = numbers.to_numpy()
        least, largest = (float(bound(values)) for bound in (np.nanmin, np.nanmax)) if np.isfinite(values).any() else (0.0, 1.0)
        return Profile({}, {}, {}, (least, largest), found)
    bounds = numbers.quantile([_TAIL, 1 - _TAIL])
    ranges = {str(name): (float(bounds[name].iloc[0]), float(bounds[name].iloc[1])) for name in numbers}
    common = {name: _common(sample[name]) for name, kind in found.items() if kind == "category"}
    return Profile(ranges, common, {str(name): float(share) for name, share in sample.isna().mean().items()}, None, found)


def _common(column: pd.Series) -> frozenset[str] | None:
    shares = column.value_counts(normalize=True)
    held = frozenset(str(value) for value in shares.index[shares > _RARE])
    return held if shares[shares > _RARE].sum() > 0.5 else None


def shown(
    id: str, row: Mapping[str, Any], usual: Profile, image_shape: tuple[int, ...] | None = None, image: str = ""
) -> Shown:
    """Return a row as it is shown.

    Parameters
    ----------
    row : mapping of column to value, in the order of columns
    image_shape : tuple of int, optional
        Height and width (and channels), where the values, or those of a column of images, are pixels.
    image : str
        The picture that the row was read from, as a data URI, where there is one.
    """
    broken, drawn = "", [name for name in row if usual.kinds.get(str(name)) == "image"]
    if not image and drawn and image_shape is not None:
        image, broken = _drawn(row[drawn[0]], image_shape)
    elif not image and image_shape is not None:
        image, broken = _picture(list(row.values()), image_shape, usual.pixels or (0.0, 1.0))
        if image:
            return Shown(id, image, "", (), (), 0)
    left = [name for name in row if not image or name not in drawn]
    texts = [name for name in left if _is_text(row[name], usual.kinds.get(str(name)))]
    cells = [_value(str(name), row[name], usual) for name in left if name not in texts]
    cells.sort(key=lambda cell: not cell.unusual)
    return Shown(
        id, image, broken,
        tuple(Text(str(name), row[name][:MOST_LETTERS], len(row[name])) for name in texts),
        tuple(cells[:MOST_CELLS]),
        max(len(cells) - MOST_CELLS, 0),
    )  # fmt: skip


def _is_text(value: Any, kind: str | None) -> bool:
    return isinstance(value, str) and (kind == "text" or len(value) > _LONG or "\n" in value)


def _value(column: str, value: Any, usual: Profile) -> Value:
    kind = usual.kinds.get(column, "")
    if isinstance(value, np.ndarray):
        return Value(column, _of_array(value, kind), "")
    return Value(column, _said(value, kind), _unusual(column, value, usual))


def _of_array(cell: np.ndarray, kind: str) -> str:
    if kind == "sparse":
        return f"{len(cell) // 2} values of a sparse row"
    return f"{'image of ' if kind == 'image' else 'vector of '}{len(cell)} {'pixels' if kind == 'image' else 'numbers'}"


def _drawn(pixels: np.ndarray, shape: tuple[int, ...]) -> tuple[str, str]:
    """Return the pixels of an image file as they are, as a PNG, or what hinders it."""
    if pixels.size != np.prod(shape):
        return "", f"{pixels.size} values are no image of {' × '.join(map(str, shape))}"
    return _png(pixels.reshape(shape[:2] if shape[2:] in ((), (1,)) else shape)), ""


def _picture(pixels: list[Any], shape: tuple[int, ...], bounds: tuple[float, float]) -> tuple[str, str]:
    """Return an image as a PNG, dark ink on light paper as the report draws it, or what hinders it."""
    texts = sum(isinstance(pixel, str) for pixel in pixels)
    if texts:
        return "", f"{texts} of its {len(pixels)} pixels {'are texts' if texts > 1 else 'is a text'}"
    values = np.array(pixels, dtype=float)
    if values.size != np.prod(shape):
        return "", f"{values.size} values are no image of {' × '.join(map(str, shape))} pixels"
    lost = int((~np.isfinite(values)).sum())
    if lost:
        return "", f"{lost} of its {values.size} pixels have no value"
    least, largest = bounds
    ink = np.clip((values.reshape(shape) - least) / ((largest - least) or 1.0), 0, 1)
    return _png(np.round(255 * (1 - ink)).astype(np.uint8)), ""


def _png(pixels: np.ndarray) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _said(value: Any, kind: str = "") -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if kind == "date":
        return dates.said(float(value))
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
        bound = _said(low if value < low else high, usual.kinds.get(column, ""))
        return f"99 % of rows are {'above' if value < low else 'below'} {bound}"
    common = usual.common.get(column)
    return "rare: under 1 % of rows" if common is not None and str(value) not in common else ""

"""A row as a terminal shows it: a picture in half blocks, its texts, and its values with the unusual ones marked."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence

import numpy as np
from rich.color import Color
from rich.console import Group, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from ceteris.reviewing.shown import Shown
from ceteris.reviewing.typed import legend, numbered
from ceteris.telling.wording import literal

__all__ = ["card", "classes_shown", "legend_shown", "lines_of"]

_LETTERS, _VALUES, _CLASSES = 700, 12, 40  # that are shown before somebody asks for more
_SHADES = " \u2591\u2592\u2593\u2588"


def card(row: Shown, given: str, width: int, *, colours: bool = True) -> RenderableType:
    """Return a row to be judged.

    Parameters
    ----------
    given : str
        The label that stands beside it; "" where it is hidden.
    width : int
        Characters that a line holds.
    colours : bool
        Whether the terminal has colours; without them a picture is drawn in five shades.
    """
    head = Text(literal(row.id), style="bold")
    if given:
        head.append("   given ", "not bold").append(literal(given), "bold cyan")
    parts: list[RenderableType] = [head]
    if row.image:
        parts += _picture(row.image, width, colours)
    if row.broken:
        parts.append(Text(f"No picture: {literal(row.broken)}.", style="yellow"))
    for text in row.texts:
        more = f" \u2026 {text.length:,} letters in all" if text.length > _LETTERS else ""
        parts += [Text(literal(text.column), style="dim"), lines_of(text.text[:_LETTERS]).append(more, "dim")]
    if row.values:
        parts.append(_table(row))
    return Group(*parts)


def _table(row: Shown) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(max_width=30, overflow="fold")
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    unusual = sum(bool(cell.unusual) for cell in row.values)
    for cell in row.values[: max(_VALUES, unusual)]:
        style = "yellow" if cell.unusual else ""
        note = f"\u25c2 {literal(cell.unusual)}" if cell.unusual else ""
        table.add_row(Text(literal(cell.column), style="dim"), Text(literal(cell.value), style=style), Text(note, style=style))
    left = len(row.values) - max(_VALUES, unusual) + row.more
    if left > 0:
        table.add_row(Text(f"and {left:,} more values", style="dim"))
    return table


def lines_of(text: str) -> Text:
    """Return a text of many lines, each character shown as itself."""
    return Text("\n".join(literal(line) for line in text.splitlines()))


def classes_shown(classes: Sequence[str]) -> Text:
    """Return the classes, each with its number where it may be named by it; of many only how many there are."""
    if not classes:
        return Text("Type the right number.", style="dim")
    if len(classes) > _CLASSES:
        return Text(f"{len(classes):,} classes: type the beginning of one.", style="dim")
    found = Text()
    for number, label in enumerate(classes, 1):
        if numbered(classes):
            found.append(f"{number}\u00a0", "dim")
        found.append(literal(label).replace(" ", "\u00a0"), "cyan").append("   ")
    return found


def legend_shown(classes: Sequence[str], *, judging: bool) -> Text:
    """Return what may be typed beside a class."""
    found = Text()
    for sign, does in legend(classes, judging=judging):
        found.append(sign, "bold").append(f"\u00a0{does}   ".replace(" ", "\u00a0", 2))
    return found


def _picture(image: str, width: int, colours: bool) -> Iterator[Text]:
    """Yield the lines of a picture: two rows of pixels a line, the upper one the ink of a half block, the lower its paper."""
    from PIL import Image
    from PIL.PngImagePlugin import PngImageFile

    picture = PngImageFile(io.BytesIO(base64.b64decode(image.partition(",")[2]))).convert("L" if not colours else "RGB")
    room = min(width if colours else width // 2, 56)
    scale = room / max(picture.size)
    if scale < 1 or scale >= 2:
        size = [max(1, round(side * (scale if scale < 1 else min(int(scale), 3)))) for side in picture.size]
        picture = picture.resize((size[0], size[1]), Image.Resampling.NEAREST if scale >= 2 else Image.Resampling.BOX)
    pixels = np.asarray(picture)
    if not colours:
        shades = ((255 - pixels.astype(int)) * (len(_SHADES) - 1) + 127) // 255
        yield from (Text("".join(_SHADES[shade] * 2 for shade in line)) for line in shades)
        return
    if len(pixels) % 2:
        pixels = np.concatenate([pixels, pixels[-1:]])
    for upper, lower in zip(pixels[::2], pixels[1::2], strict=True):
        line = Text()
        for one, other in zip(upper, lower, strict=True):
            line.append("\u2580", Style(color=_colour(one), bgcolor=_colour(other)))
        yield line


def _colour(pixel: np.ndarray) -> Color:
    red, green, blue = (int(part) for part in pixel)
    return Color.from_rgb(red, green, blue)

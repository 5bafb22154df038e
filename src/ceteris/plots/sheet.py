"""A bare sheet to draw on, in inches, and its SVG: the same bytes for the same figure, no pyplot, no setting left changed."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ceteris.plots.colors import Theme

__all__ = ["Sheet", "to_svg"]


class _Drawing(Figure):
    """A figure that a notebook shows as the SVG that the report holds."""

    def _repr_svg_(self) -> str:
        return to_svg(self)


class Sheet:
    """One bare axes over the whole figure, in inches from the top left."""

    def __init__(self, width: float, height: float, theme: Theme) -> None:
        with matplotlib.rc_context(_settings()):
            self.figure = _Drawing(figsize=(width, height), facecolor=theme.surface)
            self.axes = self.figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        self.axes.set_axis_off()
        self.theme, self.width, self.height = theme, width, height

    def say(self, x: float, y: float, text: str, size: float = 9.0, color: str = "", **how: str | float) -> None:
        """Write a text, vertically centred at y; every `$` and `<` is drawn as itself."""
        style = {"ha": "left", "va": "center", "rotation_mode": "anchor", **how}
        self.axes.text(x, y, text, fontsize=size, color=color or self.theme.ink, parse_math=False, **style)  # type: ignore[arg-type]

    def line(self, xs: Sequence[float], ys: Sequence[float], color: str, width: float = 1.0, **how: str) -> None:
        """Draw a line."""
        self.axes.plot(xs, ys, color=color, lw=width, clip_on=False, scalex=False, scaley=False, **how)  # type: ignore[arg-type]

    def mark(self, x: float, y: float, color: str, size: float, shape: str, hollow: bool) -> None:
        """Draw one mark."""
        style = {"mfc": self.theme.surface if hollow else color, "mec": color, "mew": 1.4, "ms": size}
        self.axes.plot([x], [y], shape, clip_on=False, scalex=False, scaley=False, **style)  # type: ignore[arg-type]

    def box(self, x: float, y: float, width: float, height: float, color: str) -> None:
        """Fill a box whose top left corner is (x, y)."""
        self.axes.add_patch(Rectangle((x, y), width, height, fc=color, ec="none", lw=0, clip_on=False))

    def picture(self, pixels: np.ndarray, x: float, y: float, side: float) -> None:
        """Show an image (values 0 to 1) in a square whose top left corner is (x, y), each pixel as a sharp square."""
        tall, wide = pixels.shape[0], pixels.shape[1]
        across, down = side * min(1, wide / tall), side * min(1, tall / wide)
        x, y = x + (side - across) / 2, y + (side - down) / 2
        self.axes.imshow(
            pixels,
            cmap="gray",
            vmin=0,
            vmax=1,
            interpolation="none",
            aspect="auto",
            extent=(x, x + across, y + down, y),
            clip_on=False,
        )
        self.axes.set(xlim=(0, self.width), ylim=(self.height, 0))


def _settings() -> Any:
    """Return matplotlib's own defaults, whatever the reader's matplotlibrc says, and what makes an SVG repeatable."""
    ours = {"svg.fonttype": "none", "svg.hashsalt": "ceteris", "svg.image_inline": True, "path.simplify": False}
    return {key: matplotlib.rcParamsDefault[key] for key in _OURS} | ours


_OURS = [
    key for key in matplotlib.rcParamsDefault if key.startswith(("font.", "text.", "lines.", "axes.", "savefig.", "image."))
]


def to_svg(figure: Figure) -> str:
    """Return a figure as SVG text: the same figure gives the same bytes, today and tomorrow."""
    sink = io.StringIO()
    with matplotlib.rc_context(_settings()), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # the reader's fonts draw it, not matplotlib's
        figure.savefig(sink, format="svg", facecolor=figure.get_facecolor(), metadata={"Date": None, "Creator": None})
    return sink.getvalue()

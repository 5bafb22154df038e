"""Figures, each in a light and a dark theme; the one room that knows matplotlib.

Each function takes a table and returns a `matplotlib.figure.Figure` that a notebook shows by itself; `to_svg` gives its
text. Labels are never read as mathematics. Text stays text in the SVG, so that the reader's own fonts show what no
single font holds.
"""

from ceteris.plots.colors import DARK, LIGHT, THEMES, Theme
from ceteris.plots.forest import effects_forest
from ceteris.plots.grid import grid_heatmap
from ceteris.plots.labels import confused_labels, doubted_images, label_quality
from ceteris.plots.numbers import predicted_numbers
from ceteris.plots.sheet import to_svg

__all__ = [
    "DARK",
    "LIGHT",
    "THEMES",
    "Theme",
    "confused_labels",
    "doubted_images",
    "effects_forest",
    "grid_heatmap",
    "label_quality",
    "predicted_numbers",
    "to_svg",
]

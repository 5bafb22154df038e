"""Colours of the figures: two themes, a perceptual ramp, and text that can be read on any of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["DARK", "LIGHT", "THEMES", "Theme", "contrast", "ramp", "text_on"]


@dataclass(frozen=True)
class Theme:
    """Colours of one theme. Text on `surface` has a contrast of 4.5 or more; blue and orange part for every kind of sight."""

    name: str
    surface: str
    ink: str
    muted: str
    line: str
    band: str
    helps: str
    harms: str
    low: str
    high: str

    def of(self, verdict: str) -> str:
        """Return the colour of a verdict."""
        return {"helps": self.helps, "harms": self.harms}.get(verdict, self.muted)


LIGHT = Theme("light", "#ffffff", "#1b1f24", "#57606a", "#d3d9e0", "#eceff3", "#1257a8", "#b0400b", "#e9f1fb", "#0a458f")
DARK = Theme("dark", "#14171b", "#e7eaee", "#a1aab5", "#3a414a", "#242a31", "#74b4f7", "#f79a62", "#1c2735", "#86c3ff")
THEMES = (LIGHT, DARK)


def ramp(theme: Theme, share: float) -> str:
    """Return the colour at `share` (0 to 1) of a straight way through OKLab, so that equal steps look equal (Ottosson 2020)."""
    ends = np.array([_to_oklab(theme.low), _to_oklab(theme.high)])
    cone = np.linalg.inv(_CONE_TO_LAB) @ (ends[0] + (ends[1] - ends[0]) * min(max(share, 0.0), 1.0))
    linear = np.clip(np.linalg.inv(_LINEAR_TO_CONE) @ cone**3, 0, 1)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(float(part) * 255):02x}" for part in coded)


_LINEAR_TO_CONE = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_CONE_TO_LAB = np.array(
    [
        [0.2104542553, 0.793617785, -0.0040720468],
        [1.9779984951, -2.428592205, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.808675766],
    ]
)


def _linear(color: str) -> np.ndarray:
    coded = np.array([int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def _to_oklab(color: str) -> np.ndarray:
    return _CONE_TO_LAB @ np.cbrt(_LINEAR_TO_CONE @ _linear(color))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2): (lighter + .05) / (darker + .05) of relative luminance."""
    dark, light = sorted(float(_linear(color) @ [0.2126, 0.7152, 0.0722]) for color in (one, other))
    return (light + 0.05) / (dark + 0.05)


def text_on(color: str) -> str:
    """Return black or white, whichever has the higher contrast on a colour; it is never below 4.5."""
    return max("#000000", "#ffffff", key=lambda ink: contrast(ink, color))

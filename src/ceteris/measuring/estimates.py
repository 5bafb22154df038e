"""A number with its interval, and Wilson's interval for a share."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Estimate", "wilson"]


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(share: float, n_rows: float, z: float = 1.959964) -> tuple[float, float]:
    """Return Wilson's interval for a share (Wilson 1927); n_rows may be no whole number."""
    if n_rows <= 0:
        return 0.0, 1.0
    if share in (0.0, 1.0):  # one end is that share itself, whatever rounding says
        far = z**2 / (n_rows + z**2)
        return (0.0, far) if share == 0.0 else (1 - far, 1.0)
    centre = (share + z**2 / (2 * n_rows)) / (1 + z**2 / n_rows)
    half = z / (1 + z**2 / n_rows) * (share * (1 - share) / n_rows + z**2 / (4 * n_rows**2)) ** 0.5
    return max(0.0, centre - half), min(1.0, centre + half)

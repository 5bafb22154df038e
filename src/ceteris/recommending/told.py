"""A recommendation in words."""

from __future__ import annotations

from typing import Any

from ceteris.recommending.recommendation import GIVEN, Recommendation

__all__ = ["lines_of", "object_of"]


def lines_of(found: Recommendation) -> list[str]:
    """Return the recommendation, its reason, whom it helps besides, and why the others are not shipped."""
    what = "Ship given: change no label" if found.version == GIVEN else f"Ship {found.version}"
    lines = [f"{what} (model {found.model} held fixed).", f"Why: {found.reason}."]
    if found.transfer is not None:
        lines.append(f"Other models: {found.version} {found.transfer.told}.")
    others = [one for one in found.candidates if one.version != found.version]
    if others:
        lines.append("Not shipped:")
        lines += [f"  {one.version}: {one.reason or 'another has a higher lower end'}" for one in others]
    if found.simulated:
        lines.append(f"Not weighed: {', '.join(found.simulated)}, as a simulated reviewer wrote it, whom nobody has.")
    return lines


def object_of(found: Recommendation) -> dict[str, Any]:
    """Return the recommendation as one JSON object."""
    return {
        "version": found.version,
        "model": found.model,
        "reason": found.reason,
        "candidates": [
            {
                "version": one.version,
                "difference": one.finding.difference,
                "low": one.finding.low,
                "high": one.finding.high,
                "p_adjusted": one.p_adjusted,
                "scored_on": one.finding.scored_on,
                "reason": one.reason,
            }
            for one in found.candidates
        ],
        "simulated": list(found.simulated),
        "transfer": None if found.transfer is None else found.transfer.told,
    }

"""Which tests alarm. The rate of false alarms of a window is shared evenly by the families that were tested (features,
predictions, all rows together, accuracy), and within a family Holm holds it, whatever depends on what."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ceteris.measuring.verdicts import holm
from ceteris.monitoring.drift import Test
from ceteris.monitoring.settings import Monitor

__all__ = ["FAMILIES", "Judged", "judged", "share_of"]

FAMILIES = ("features", "predictions", "rows", "accuracy")


@dataclass(frozen=True)
class Judged:
    """A test, its p by Holm within its family, the level that is held against, and whether it alarms."""

    test: Test
    p_holm: float
    level: float
    alarms: bool


def share_of(alarms: float, labels: bool) -> float:
    """Return the level of each family: the rate, shared by those that are tested."""
    return alarms / (len(FAMILIES) if labels else len(FAMILIES) - 1)


def judged(tests: Sequence[Test], settings: Monitor, labels: bool) -> list[Judged]:
    """Return each test with its verdict: below the level of its family, and a change that is worth an alarm."""
    level = share_of(settings.alarms, labels)
    found = dict.fromkeys(range(len(tests)), math.nan)
    for family in FAMILIES:
        places = [place for place, test in enumerate(tests) if test.family == family and not math.isnan(test.p)]
        found.update(zip(places, map(float, holm([tests[place].p for place in places])), strict=True))
    return [
        Judged(test, found[place], level, found[place] <= level and test.shift >= _least(test.family, settings))
        for place, test in enumerate(tests)
    ]


def _least(family: str, settings: Monitor) -> float:
    return settings.least_drop if family == "accuracy" else settings.least_shift

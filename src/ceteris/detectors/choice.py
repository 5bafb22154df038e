"""Which detector has the best evidence: chosen on some draws and rows, its worth told from others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ceteris.detectors.bakeoff import HELD_OUT
from ceteris.detectors.scores import STANDING
from ceteris.measuring.estimates import Estimate
from ceteris.measuring.resampled import corrected_effect

__all__ = ["MEASURES", "Choice", "choose", "failures", "summary"]

MEASURES = ("precision", "average_precision", "found", "gain")


@dataclass(frozen=True)
class Choice:
    """The detector that the queue is to follow.

    Attributes
    ----------
    chosen : str
    best : str
        Of the highest average precision over all draws and rows.
    standing : str
        What is followed where nothing is better.
    worth : Estimate
        By how much what half of the draws and rows would choose beats the standing one on the other draws and rows, in average
        precision.
    """

    chosen: str
    best: str
    standing: str
    worth: Estimate


def interval(values: np.ndarray) -> Estimate:
    """Return the mean over draws, with the corrected resampled t interval: draws share rows.

    Source: Nadeau & Bengio (2003), Inference for the generalization error, eq. 9.
    """
    found = corrected_effect(values, HELD_OUT - 1, 1)
    return Estimate(found.difference, found.low, found.high)


def summary(draws: pd.DataFrame) -> pd.DataFrame:
    """Return one line a detector, the best first: each measure with its interval over draws, and a remark.

    The remark says why it cannot be chosen: it failed in some draw, or it finds fewer errors than random rows do.

    Parameters
    ----------
    draws : DataFrame
        From `bakeoff.bake_off`.
    """
    lines = []
    for name, mine in draws.groupby("detector", sort=False):
        why = mine.loc[mine["failed"] != "", "failed"]
        line: dict[str, object] = {"detector": name, "draws": len(mine)}
        for measure in MEASURES:
            told = Estimate(np.nan, np.nan, np.nan) if len(why) else interval(mine[measure].to_numpy(dtype=float))
            line |= {measure: told.value, f"{measure}_low": told.low, f"{measure}_high": told.high}
        over = None if len(why) else interval((mine["average_precision"] - mine["base"]).to_numpy(dtype=float))
        line["remark"] = why.iloc[0] if len(why) else _remark(over)
        lines.append(line)
    return pd.DataFrame(lines).sort_values("average_precision", ascending=False, kind="stable", ignore_index=True)


def _remark(over: Estimate | None) -> str:
    if over is None or over.high >= 0:
        return ""
    return "reversed: random rows hold more errors than those that it doubts most"


def failures(failed: Mapping[str, str]) -> pd.DataFrame:
    """Return a line for each detector that was not tried, with the reason."""
    return pd.DataFrame({"detector": list(failed), "draws": 0, "remark": list(failed.values())}).astype({"draws": int})


def choose(draws: pd.DataFrame, table: pd.DataFrame, standing: str = STANDING) -> Choice | None:
    """Return the detector with the best evidence; None where each of them failed.

    Even draws choose on one half of their rows, and odd draws tell on the other half what that choice is worth; then the
    other way round. Another than the standing detector is chosen where the interval of that worth lies above 0.

    Parameters
    ----------
    draws : DataFrame
        From `bakeoff.bake_off`.
    table : DataFrame
        From `summary`.
    """
    sound = table.loc[table["remark"] == "", "detector"].tolist()
    if not sound:
        return None
    standing = standing if standing in sound else sound[-1]
    kept = draws[draws["detector"].isin(sound)]
    even = kept["draw"] % 2 == 0
    worth = pd.concat(
        [
            _worth(kept[even], kept[~even], "first", "second", standing),
            _worth(kept[~even], kept[even], "second", "first", standing),
        ]
    ).sort_index()
    told = interval(worth.to_numpy(dtype=float))
    return Choice(sound[0] if told.low > 0 else standing, sound[0], standing, told)


def _worth(choosing: pd.DataFrame, telling: pd.DataFrame, by: str, on: str, standing: str) -> pd.Series:
    """Return what the choice of some draws is worth in each of the others, indexed by draw."""
    winner = str(choosing.groupby("detector", sort=False)[by].mean().idxmax())
    values = telling.set_index(["detector", "draw"])[on]
    return values[winner] - values[standing]

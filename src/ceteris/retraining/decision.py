"""Whether a batch may go to the gate: it must not harm the rows that were there before, and must help rows like itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ceteris.measuring.batch_worth import NEW, OLD
from ceteris.measuring.verdicts import HARMS, HELPS
from ceteris.metrics import METRICS
from ceteris.telling.wording import amount, interval

__all__ = ["Decision", "decide"]


@dataclass(frozen=True)
class Decision:
    """What the held-out rows say of a batch.

    Attributes
    ----------
    passed : bool
    old, new : str
        What was seen on the rows before the batch, and on its own, in a sentence each.
    """

    passed: bool
    old: str
    new: str


def decide(table: pd.DataFrame, batch: str, model: str, version: str, margin: float | None) -> Decision:
    """Return whether a batch passes, by the effects of one cell with it and without.

    Parameters
    ----------
    table : DataFrame
        From `batch_worth.batch_table`.
    margin : float, optional
        What the old rows may lose at most: the lower end of the interval lies above its negative. None: the verdict alone
        decides, and is not `harms`.
    """
    mine = table[(table["batches"] == batch) & (table["model"] == model) & (table["candidate"] == version)]
    lines: dict[str, Mapping[Any, Any]] = {line["rows"]: line for line in mine.to_dict("records")}
    unharmed, old = _old(lines[OLD], margin)
    new = lines[NEW]
    helps = new["verdict"] == HELPS
    told = f"on {new['n_rows']:,} held-out rows of {batch}: {_said(new)}"
    return Decision(unharmed and helps, old, f"{told}: it {'helps' if helps else 'is not told to help'}")


def _old(line: Mapping[Any, Any], margin: float | None) -> tuple[bool, str]:
    told = f"on {line['n_rows']:,} older validation rows: {_said(line)}"
    if not line["verdict"]:
        return False, told
    if line["verdict"] == HARMS:
        return False, f"{told}: it harms"
    if margin is None or line["low"] > -margin:
        return True, f"{told}: no harm is told"
    allowed = METRICS[line["metric"]].digits(margin)
    unit = METRICS[line["metric"]].unit
    return False, f"{told}: it may lose more than the {allowed} {unit} of retrain.margin"


def _said(line: Mapping[Any, Any]) -> str:
    if not line["verdict"]:
        return str(line["reason"])
    metric = line["metric"]
    return f"{amount(line['difference'], metric)} {interval(line['low'], line['high'], metric)} {metric}, {line['verdict']}"

"""What each look said, as lines that are only ever added to: looks.csv says what was asked, verdicts.csv what came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from ceteris.release.looks import COLUMNS as OF_LOOK
from ceteris.release.looks import Look

__all__ = ["COLUMNS", "COUNTS", "FILE", "TEXTS", "looks_table", "verdict_of", "with_verdict"]

FILE = "release/verdicts.csv"
TEXTS = ("at", "candidate", "baseline", "metric", "verdict", "reason", "scored_on")
_SAID = ("verdict", "reason", "scored_on", "difference", "low", "high", "n_seeds", "n_rows", "n_discordant")
COUNTS = ("n_seeds", "n_rows", "n_discordant")
COLUMNS = ("look", "at", "candidate", "baseline", "metric", "accepted", *_SAID)


def verdict_of(look: Look, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a look said as a row of verdicts.csv; `found` is the content of acceptance.json."""
    question, test = found["question"], found["test"]
    line = {"look": look.number, "at": look.at, "accepted": found["accepted"], **question, **test}
    return {name: line[name] for name in COLUMNS}


def with_verdict(verdicts: pd.DataFrame, verdict: Mapping[str, Any]) -> pd.DataFrame:
    """Return the verdicts with one more at the end, or as they are where its look said the very same the last time."""
    same = (verdicts["look"] == verdict["look"]) & (verdicts["at"] == verdict["at"])
    last = verdicts[same].tail(1).to_dict("records")
    if last and _plain(last[0]) == _plain(verdict):
        return verdicts
    added = pd.DataFrame([verdict], columns=list(COLUMNS))
    return pd.concat([verdicts, added], ignore_index=True) if len(verdicts) else added


def looks_table(looks: Sequence[Look], verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each look, in their order: what it asked, and the last that it said.

    The columns are those of looks.csv and, after them, of verdicts.csv. A look without a verdict (its run was stopped, or its
    number, and so its level, changed when branches were merged) has an empty `verdict`, and is not accepted.
    """
    asked = [asdict(look) for look in looks]
    left = pd.DataFrame([{"look": one["number"], **one, **one["question"]} for one in asked], columns=list(OF_LOOK))
    said = verdicts.drop_duplicates(["look", "at"], keep="last")[["look", "at", "accepted", *_SAID]]
    table = left.merge(said.astype({"look": left["look"].dtype}), on=["look", "at"], how="left")
    texts = {name: table[name].fillna("").astype(object) for name in ("verdict", "reason", "scored_on")}
    sizes = {name: table[name].astype(float) for name in ("difference", "low", "high")}
    counts = {name: table[name].astype("Int64") for name in COUNTS}
    return table.assign(accepted=table["accepted"].eq(True), **texts, **sizes, **counts)


def _plain(verdict: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in verdict.items()}

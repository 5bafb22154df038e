"""One row of the effects table, in words: what moved, what was held, by how much, how sure, scored on what."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd

from ceteris.measuring.verdicts import SEED_NOISE_UNKNOWN
from ceteris.metrics import METRICS
from ceteris.telling.wording import amount, count, interval, labels_of, orientation

__all__ = ["Finding", "findings", "typed"]

_NUMBERS = (
    "difference", "low", "high", "p_holm", "p_value", "n_seeds", "n_rows", "n_discordant", "net", "net_low", "net_high",
    "labels_reviewed", "tipping",
)  # fmt: skip
_TEXTS = (
    "axis", "baseline_model", "baseline_version", "candidate_model", "candidate_version", "metric", "scored_on", "control",
    "verdict", "reason", "queue",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One row of the effects table. Numbers are NaN, texts empty, where the table holds nothing."""

    axis: str
    planned: bool
    baseline_model: str
    baseline_version: str
    candidate_model: str
    candidate_version: str
    metric: str
    scored_on: str
    difference: float
    low: float
    high: float
    p_holm: float
    p_value: float
    n_seeds: float
    n_rows: float
    n_discordant: float
    control: str
    net: float
    net_low: float
    net_high: float
    verdict: str
    reason: str
    labels_reviewed: float
    tipping: float
    queue: str
    simulated: bool = False

    @property
    def arms(self) -> tuple[str, str, str, str]:
        """The cells of the baseline and of the candidate."""
        return self.baseline_model, self.baseline_version, self.candidate_model, self.candidate_version

    @property
    def held(self) -> str:
        """What is held fixed."""
        return f"data {self.baseline_version}" if self.axis == "model" else f"model {self.baseline_model}"

    @property
    def change(self) -> str:
        """What moves, from what to what; a simulated review is named so."""
        if self.axis == "model":
            return f"{self.baseline_model} \u2192 {self.candidate_model}"
        told = " (simulated review)" if self.simulated and "simulated" not in self.candidate_version else ""
        return f"{self.baseline_version} \u2192 {self.candidate_version}{told}"

    @property
    def moved(self) -> str:
        """The candidate's own part: its model, or its version."""
        return self.candidate_model if self.axis == "model" else self.candidate_version

    @property
    def applicable(self) -> bool:
        """False where there was nothing to measure, as for A/A of a deterministic learner."""
        return not math.isnan(self.difference)

    @property
    def difference_text(self) -> str:
        """The difference with its unit."""
        return amount(self.difference, self.metric)

    @property
    def orientation(self) -> str:
        """Which way is better, where the sign of the difference does not tell it by itself; else empty."""
        return orientation(self.metric)

    @property
    def interval_text(self) -> str:
        """The interval of the difference."""
        return interval(self.low, self.high, self.metric)

    @property
    def net_text(self) -> str:
        """The difference net of the control, with its interval; empty where there is none."""
        if math.isnan(self.net):
            return ""
        return f"{amount(self.net, self.metric)} {interval(self.net_low, self.net_high, self.metric)}"

    @property
    def size_text(self) -> str:
        """How much was measured: seeds, rows, and the rows on which the arms predict differently."""
        seeds = f"{count(self.n_seeds)} seed{'s' * (self.n_seeds != 1)}"
        seeds += f" ({SEED_NOISE_UNKNOWN})" * (SEED_NOISE_UNKNOWN in self.reason)
        told = f"{seeds} \u00d7 {count(self.n_rows)} rows"
        return f"{told}, {self.discordant_text}" if self.discordant_text else told

    @property
    def discordant_text(self) -> str:
        """On how many rows the arms predict differently; empty for metrics that every row moves."""
        return "" if METRICS[self.metric].every_row else f"{count(self.n_discordant)} discordant"

    @property
    def labels_text(self) -> str:
        """What the arms were scored on."""
        return labels_of(self.scored_on)

    @property
    def queue_name(self) -> str:
        """The name that `ceteris queue` takes for this contrast."""
        if self.queue:
            return PurePosixPath(self.queue).stem
        if self.axis == "model":
            return f"{self.baseline_version}.{self.baseline_model}.{self.candidate_model}"
        return f"{self.baseline_model}.{self.baseline_version}.{self.candidate_version}"

    @property
    def why(self) -> str:
        """Why this verdict and no other, without what is said about checking it."""
        return self._told[0]

    @property
    def empty(self) -> bool:
        """Whether the two arms are one and the same, as `reviewed` and `given` before anybody has reviewed."""
        return self.why == "the arms are identical"

    @property
    def undoing(self) -> str:
        """How few wrong labels would undo a verdict on given labels, or that none would; empty where nothing is said."""
        return self._told[1]

    @property
    def can_tip(self) -> bool:
        """Whether some number of wrong labels would undo the verdict."""
        return not math.isnan(self.tipping)

    @property
    def _told(self) -> tuple[str, str]:
        reason = self.reason.removeprefix("not applicable: ").removesuffix("; exploratory, not adjusted for looking at many")
        why, _, undoing = reason.partition(" To check: ")[0].replace("+-", "\u00b1").partition(". ")
        return why, undoing


def typed(effects: pd.DataFrame) -> pd.DataFrame:
    """Return the effects table with every column it may hold, numbers as floats, texts empty where missing."""
    table = effects.reset_index(drop=True).copy()
    for name in _NUMBERS:
        table[name] = pd.to_numeric(table[name], errors="coerce").astype(float) if name in table else float("nan")
    for name in _TEXTS:
        texts = table[name] if name in table else pd.Series("", index=table.index)
        table[name] = texts.astype(object).where(texts.notna(), "").astype(str)
    flags = table["planned"] if "planned" in table else pd.Series(False, index=table.index)
    table["planned"] = flags.astype(str).str.lower().isin(["true", "1", "1.0"])
    return table[["planned", *_TEXTS, *_NUMBERS]]


def findings(effects: pd.DataFrame, simulated: Collection[str] = ()) -> list[Finding]:
    """Return one finding a row; `simulated` names the versions that a simulated reviewer made."""
    records = typed(effects).to_dict("records")
    return [Finding(**row, simulated=row["candidate_version"] in simulated) for row in records]  # type: ignore[arg-type]

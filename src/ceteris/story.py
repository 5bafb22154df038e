"""Which lever moved the score, by how much, how sure, scored on what: the rows of the effects table that answer, in words."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd

from ceteris.wording import amount, count, interval, labels_of, metric_name

__all__ = [
    "TRUST",
    "Finding",
    "best",
    "control_rows",
    "exploratory",
    "findings",
    "lever",
    "planned",
    "ranking",
    "summary",
    "typed",
]

TRUST = ("true", "verified (all)", "verified (disagreements)", "given")
_NUMBERS = (
    "difference", "low", "high", "p_holm", "p_value", "n_seeds", "n_rows", "n_discordant", "net", "net_low", "net_high",
    "labels_reviewed", "tipping",
)  # fmt: skip
_TEXTS = (
    "axis", "baseline_model", "baseline_version", "candidate_model", "candidate_version", "metric", "scored_on", "control",
    "verdict", "reason", "queue",
)  # fmt: skip
_PREFERENCE = ("helps", "cannot tell", "no practical difference", "harms", "")


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
    def applicable(self) -> bool:
        """False where there was nothing to measure, as for A/A of a deterministic learner."""
        return not math.isnan(self.difference)

    @property
    def difference_text(self) -> str:
        """The difference with its unit."""
        return amount(self.difference, self.metric)

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
        """How much was measured: seeds, rows, and the rows on which the arms differ."""
        return f"{count(self.n_seeds)} seeds \u00d7 {count(self.n_rows)} rows, {count(self.n_discordant)} discordant"

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
        """How few wrong labels would undo a verdict on given labels; empty where nothing is said."""
        return self._told[1]

    @property
    def _told(self) -> tuple[str, str]:
        reason = self.reason.removeprefix("not applicable: ").removesuffix("; exploratory, not adjusted for looking at many")
        before, marked, _ = reason.partition(" To check: ceteris queue ")
        why, _, undoing = before.partition(". ")
        return (why, undoing) if marked else (reason, "")


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


def planned(found: list[Finding], metric: str) -> list[Finding]:
    """Return one finding for each planned contrast: the primary metric, on the most trusted labels it was scored on."""
    chosen: dict[tuple[str, ...], Finding] = {}
    for finding in found:
        if finding.planned and finding.metric == metric and finding.axis in ("data", "model"):
            held = chosen.get(finding.arms)
            if held is None or _distrust(finding) < _distrust(held):
                chosen[finding.arms] = finding
    return list(chosen.values())


def _distrust(finding: Finding) -> int:
    return TRUST.index(finding.scored_on) if finding.scored_on in TRUST else len(TRUST)


def control_rows(found: list[Finding], metric: str, scored_on: str) -> list[Finding]:
    """Return what the controls themselves measured against the baseline: A/A, placebo, random review."""
    return [
        finding
        for finding in found
        if (finding.metric, finding.scored_on) == (metric, scored_on)
        and (finding.axis == "aa" or is_control(finding.candidate_version))
    ]


def is_control(version: str) -> bool:
    """Return whether a version is one that ceteris adds to be compared with."""
    return version == "aa" or version.startswith(("placebo-", "random-"))


def control_of(finding: Finding, found: list[Finding]) -> Finding | None:
    """Return the row in which this finding's control was itself compared with the baseline."""
    wanted = (finding.candidate_model, finding.control, finding.metric, finding.scored_on)
    for other in found:
        seen = (other.candidate_model, other.candidate_version, other.metric, other.scored_on)
        if finding.control and seen == wanted and other.baseline_version == finding.baseline_version and other.applicable:
            return other
    return None


def ranking(found: list[Finding], metric: str, scored_on: str) -> list[Finding]:
    """Return what the ranking is worth: each reviewed version against as many reviews of random rows."""
    return [
        finding
        for finding in found
        if (finding.metric, finding.scored_on) == (metric, scored_on) and finding.baseline_version.startswith("random-")
    ]


def exploratory(found: list[Finding]) -> list[Finding]:
    """Return the contrasts that nobody named before the results were seen."""
    return [
        finding
        for finding in found
        if not finding.planned
        and finding.axis in ("data", "model")
        and not is_control(finding.candidate_version)
        and not is_control(finding.baseline_version)
    ]


def best(chosen: list[Finding], axis: str) -> Finding | None:
    """Return the planned finding of an axis that moved the score most for the better, those that help first.

    The version `true` is a ceiling, not a lever, and stands back where anything else was planned.
    """
    levers = [finding for finding in chosen if finding.axis == axis and finding.applicable]
    levers = [finding for finding in levers if finding.candidate_version != "true"] or levers
    levers = [finding for finding in levers if not finding.empty] or levers
    return min(levers, key=lambda finding: (_PREFERENCE.index(finding.verdict), -finding.difference), default=None)


def lever(finding: Finding, confidence: float) -> str:
    """Return a finding as one sentence that holds every number it needs."""
    return (
        f"{finding.change} with the {finding.held} held fixed moved {metric_name(finding.metric)} "
        f"by {finding.difference_text} {finding.interval_text} ({confidence:.0%} interval, {finding.size_text}, "
        f"scored on {finding.labels_text}): {finding.verdict}"
    )


def summary(effects: pd.DataFrame, metric: str, confidence: float, simulated: Collection[str] = ()) -> list[str]:
    """Return the closing lines for a terminal: the best lever of each axis, and the warning that belongs to them."""
    chosen = planned(findings(effects, simulated), metric)
    lines = []
    for axis in ("data", "model"):
        found = best(chosen, axis)
        lines.append(f"{axis}: {lever(found, confidence)}" if found else f"{axis}: no contrast was planned")
        if found and found.undoing:
            lines.append(f"  {found.undoing}")
    if any(finding.scored_on == "given" for finding in chosen):
        lines.append("Scored on given labels, which may hold the errors that are being fixed: the sign itself may be wrong.")
    return lines


def nothing_reviewed(versions: pd.DataFrame) -> bool:
    """Return whether the version `reviewed` is declared and holds no answer of a person yet."""
    rows = versions.loc[versions["version"].astype(str) == "reviewed"] if "version" in versions else versions.head(0)
    return bool(len(rows)) and not pd.to_numeric(rows["reviewed"], errors="coerce").fillna(0).any()


def simulated_versions(versions: pd.DataFrame) -> frozenset[str]:
    """Return the versions that a simulated reviewer made."""
    flags: Mapping[str, object] = dict(zip(versions["version"].astype(str), versions["simulated"], strict=True))
    return frozenset(name for name, flag in flags.items() if str(flag).lower() == "true")

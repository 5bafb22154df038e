"""Which lever moved the score, by how much, how sure, scored on what: the findings that answer, picked and told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from ceteris.editing.reviewed import Review
from ceteris.measuring.verdicts import CANNOT_TELL
from ceteris.sections import SCORED_ON
from ceteris.telling.finding import Finding, findings
from ceteris.telling.scored_twice import AGREEING_MEANS, Twice, given_told, progress_told, scored_twice
from ceteris.telling.wording import metric_name, percent, upper_first

__all__ = [
    "against_given",
    "best",
    "control_rows",
    "exploratory",
    "lever",
    "nothing_reviewed",
    "on_best_labels",
    "picked",
    "planned",
    "ranking",
    "simulated_versions",
    "summary",
]

_PREFERENCE = ("helps", "cannot tell", "no practical difference", "harms", "")


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
    return SCORED_ON.index(finding.scored_on) if finding.scored_on in SCORED_ON else len(SCORED_ON)


def on_best_labels(found: list[Finding]) -> list[Finding]:
    """Return one finding for each contrast and metric: that on the most trusted labels it was scored on."""
    chosen: dict[tuple[str, ...], Finding] = {}
    for finding in found:
        key = (*finding.arms, finding.metric)
        held = chosen.setdefault(key, finding)
        if _distrust(finding) < _distrust(held):
            chosen[key] = finding
    return list(chosen.values())


def against_given(found: Sequence[Finding], metric: str) -> list[Finding]:
    """Return what each version is worth against `given`, with each model held fixed; on their best labels."""
    return [
        one
        for one in on_best_labels(list(found))
        if one.axis == "data" and one.metric == metric and one.baseline_version == "given" and one.applicable
    ]


def control_rows(found: list[Finding], metric: str) -> list[Finding]:
    """Return what the controls themselves measured against the baseline: A/A, placebo, random review; on their best labels."""
    return [
        finding
        for finding in on_best_labels(found)
        if finding.metric == metric and (finding.axis == "aa" or is_control(finding.candidate_version))
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


def ranking(found: list[Finding], metric: str) -> list[Finding]:
    """Return what the ranking is worth: each reviewed version against as many reviews of random rows; on their best labels."""
    best = on_best_labels(found)
    return [finding for finding in best if finding.metric == metric and finding.baseline_version.startswith("random-")]


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
    """Return the planned finding of an axis that moved the score most for the better, those that help first."""
    return min(
        _levers(chosen, axis), key=lambda finding: (_PREFERENCE.index(finding.verdict), -finding.difference), default=None
    )


def picked(chosen: list[Finding], axis: str) -> str:
    """Return among how many the best of an axis was picked by its result; empty where there was nothing to pick from."""
    levers, found = _levers(chosen, axis), best(chosen, axis)
    if found is None or len(levers) == 1:
        return ""
    highest = found.difference >= max(lever.difference for lever in levers)
    told = ("best" if highest else f"best judged \u201c{found.verdict}\u201d") + f" of {len(levers)} planned"
    aside = [one.moved for one in chosen if one.axis == axis and one.applicable and one not in levers]
    return told + (f" ({', '.join(aside)} aside)" if aside else "")


def _levers(chosen: list[Finding], axis: str) -> list[Finding]:
    """Return the planned findings of an axis that may be its lever.

    The version `true` is a ceiling, not a lever, and stands back where anything else was planned; so do arms that are one.
    """
    levers = [finding for finding in chosen if finding.axis == axis and finding.applicable]
    levers = [finding for finding in levers if finding.candidate_version != "true"] or levers
    return [finding for finding in levers if not finding.empty] or levers


def lever(finding: Finding, confidence: float) -> str:
    """Return a finding as one sentence that holds every number it needs."""
    about = [finding.orientation, f"{percent(confidence)} interval", finding.size_text, f"scored on {finding.labels_text}"]
    # An interval that leaves 0 out looks like an answer: why it is none is told beside it.
    why = f" ({finding.why})" if finding.verdict == CANNOT_TELL and not finding.low <= 0 <= finding.high else ""
    return (
        f"{finding.change} with the {finding.held} held fixed moved {metric_name(finding.metric)} "
        f"by {finding.difference_text} {finding.interval_text} ({', '.join(filter(None, about))}): {finding.verdict}{why}"
    )


def summary(
    effects: pd.DataFrame,
    metric: str,
    confidence: float,
    simulated: Collection[str] = (),
    reviews: Mapping[tuple[str, ...], Review] = MappingProxyType({}),
) -> list[str]:
    """Return the closing lines for a terminal: the best lever of each axis, beside it on given labels, and what warns of them.

    Parameters
    ----------
    reviews : mapping
        The reviews of contrasts by their arms, from `reviews_of`.
    """
    found = findings(effects, simulated)
    chosen = planned(found, metric)
    twice = {one.better.arms: one for one in scored_twice(found, metric, reviews)}
    lines = []
    for axis in ("data", "model"):
        best_of = best(chosen, axis)
        name = ", ".join(filter(None, [axis, picked(chosen, axis)]))
        lines.append(f"{name}: {lever(best_of, confidence)}" if best_of else f"{axis}: no contrast was planned")
        if best_of:
            lines += _beside(best_of, twice.get(best_of.arms), reviews.get(best_of.arms))
    return lines


def _beside(chosen: Finding, twice: Twice | None, review: Review | None) -> list[str]:
    """Return the lines below a lever: the same on given labels and what was reviewed, or how to find out what is right."""
    lines = []
    if twice:
        lines = [f"{upper_first(given_told(twice.given))}. {twice.parting}".rstrip(), *twice.told]
        if twice.review and twice.review.agreeing_known:
            lines[-1] += f" {AGREEING_MEANS}"
    elif chosen.scored_on == "given" and (chosen.can_tip or not chosen.undoing):
        check = f" To check: ceteris queue {chosen.queue_name}" if chosen.metric == "accuracy" else ""
        told = "Given labels may hold the errors that are being fixed, and the sign itself may be wrong."
        lines = [f"{told} {chosen.undoing}".rstrip() + check]
    elif chosen.undoing:
        lines = [chosen.undoing]
    if review and chosen.scored_on == "given":
        lines.append(progress_told(review))
    return [f"  {line}" for line in lines if line]


def nothing_reviewed(versions: pd.DataFrame) -> bool:
    """Return whether the version `reviewed` is declared and holds no answer of a person yet."""
    rows = versions.loc[versions["version"].astype(str) == "reviewed"] if "version" in versions else versions.head(0)
    return bool(len(rows)) and not pd.to_numeric(rows["reviewed"], errors="coerce").fillna(0).any()


def simulated_versions(versions: pd.DataFrame) -> frozenset[str]:
    """Return the versions that a simulated reviewer made."""
    flags: Mapping[str, object] = dict(zip(versions["version"].astype(str), versions["simulated"], strict=True))
    return frozenset(name for name, flag in flags.items() if str(flag).lower() == "true")

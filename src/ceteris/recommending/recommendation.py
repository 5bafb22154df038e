"""Which version to ship, from the intervals: the one that surely helps most, else `given`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ceteris.measuring.verdicts import HARMS, holm
from ceteris.recommending.transfer import Transfer, transfer_of
from ceteris.telling.finding import Finding
from ceteris.telling.story import against_given, is_control

__all__ = ["GIVEN", "Candidate", "Recommendation", "recommend"]

GIVEN = "given"
_CEILING = "true"


@dataclass(frozen=True)
class Candidate:
    """One version that could be shipped instead of `given`.

    Attributes
    ----------
    finding : Finding
        Its effect on the model that is held fixed, on the best labels.
    p_adjusted : float
        By Holm over the candidates.
    reason : str
        Why it is not shipped; "" where it may be.
    """

    finding: Finding
    p_adjusted: float
    reason: str

    @property
    def version(self) -> str:
        """The version's name."""
        return self.finding.candidate_version


@dataclass(frozen=True)
class Recommendation:
    """Which version to ship, and why.

    Attributes
    ----------
    version : str
    model : str
        Held fixed.
    reason : str
    candidates : tuple of Candidate
        All that were weighed, the most promising first.
    transfer : Transfer or None
        What the recommended version is worth to other models; None where it is `given`.
    simulated : tuple of str
        Versions that were measured and not weighed, since a simulated reviewer made them.
    """

    version: str
    model: str
    reason: str
    candidates: tuple[Candidate, ...]
    transfer: Transfer | None
    simulated: tuple[str, ...] = ()


def recommend(
    found: Sequence[Finding],
    model: str,
    metric: str,
    *,
    made_by_people: Collection[str] = (),
    simulated: Collection[str] = (),
    confidence: float = 0.95,
) -> Recommendation:
    """Return which version to ship.

    A version may be shipped where, with the model held fixed, its effect against `given` is above zero with p adjusted by Holm
    over all candidates, is not told as harm, and, where it has a control, is above zero net of it. Scored on given labels,
    which may hold the very errors that a rule learned, only what people wrote may be shipped, and only where no plausible
    number of wrong labels would undo the verdict. Of those that may, the one with the highest lower end is. The version `true`,
    controls, and what a simulated reviewer wrote are no candidates: nobody could ship them.

    Parameters
    ----------
    found : sequence of Finding
        results/compare/effects.csv.
    model : str
        Held fixed.
    metric : str
    made_by_people : collection of str
        Versions whose changes people wrote.
    simulated : collection of str
        Versions that a simulated reviewer made.
    confidence : float in (0, 1)
    """
    measured = _weighed(found, model, metric)
    weighed = [one for one in measured if one.candidate_version not in simulated]
    left_out = tuple(one.candidate_version for one in measured if one.candidate_version in simulated)
    adjusted = holm([one.p_value for one in weighed])
    candidates = [
        Candidate(one, float(p), _against(one, float(p), one.candidate_version in made_by_people, 1 - confidence))
        for one, p in zip(weighed, adjusted, strict=True)
    ]
    candidates.sort(key=lambda one: (bool(one.reason), -one.finding.low, one.version))
    chosen = next((one for one in candidates if not one.reason), None)
    if chosen is None:
        return Recommendation(GIVEN, model, _none(candidates), tuple(candidates), None, left_out)
    transfer = transfer_of(found, chosen.version, metric)
    return Recommendation(chosen.version, model, _for(chosen, len(candidates)), tuple(candidates), transfer, left_out)


def _weighed(found: Sequence[Finding], model: str, metric: str) -> list[Finding]:
    return [
        one
        for one in against_given(found, metric)
        if one.baseline_model == model
        and one.candidate_version != _CEILING
        and not is_control(one.candidate_version)
        and not one.empty
    ]


def _against(one: Finding, p: float, by_people: bool, level: float) -> str:
    """Return why a version is not to be shipped; "" where it may be."""
    if one.verdict == HARMS:
        return "it harms"
    if one.low <= 0:
        where = "lies below" if one.high < 0 else "holds"
        return f"its interval {where} 0 ({one.why})" if one.why else f"its interval {where} 0"
    if not p < level:
        return f"p {p:.3f} after Holm over the candidates"
    if one.net == one.net and not one.net_low > 0:
        return f"net of {one.control} its interval holds 0: as many rows at random would do"
    if one.scored_on != GIVEN:
        return ""
    if not by_people:
        return f"a rule made it, and given labels alone score it: verify labels first (ceteris queue {one.queue_name})"
    return f"{one.undoing} (ceteris queue {one.queue_name})" if one.can_tip else ""


def _none(candidates: Sequence[Candidate]) -> str:
    if not candidates:
        return "no other version was measured on this model: add recipes under fix.recipes, or review labels"
    first = candidates[0]
    return f"no version surely helps. {first.version}, the most promising of {len(candidates):,}: {first.reason}"


def _for(chosen: Candidate, n_weighed: int) -> str:
    one = chosen.finding
    net = f"; net of {one.control} {one.net_text}" if one.net_text else ""
    return (
        f"{one.difference_text} {one.interval_text} against given on {one.labels_text}, p {chosen.p_adjusted:.3f} after Holm"
        f" over {n_weighed:,} candidates{net}"
    )

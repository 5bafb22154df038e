"""Which cells are worth comparing: the planned contrasts first, then every pair that differs in one thing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from ceteris.errors import BadInputError, ParamsError, nearest, some
from ceteris.sections import PLACEBO, RANDOM, Compare

__all__ = ["Name", "Pair", "VersionFacts", "pairs_of", "without"]

Name = tuple[str, str]


@dataclass(frozen=True)
class VersionFacts:
    """What compare must know of a version: a control, drawn anew for each seed, with other seeds, dropping, reviewed."""

    control: bool = False
    redrawn: bool = False
    reseeded: bool = False
    dropped: int = 0
    reviewed: int = 0
    rows: int = 0


@dataclass(frozen=True)
class Pair:
    """Two cells that differ in one thing. `control` is the version that the candidate is set against as well."""

    axis: str
    baseline: Name
    candidate: Name
    planned: bool = False
    control: str = ""
    needs_net: bool = False
    redrawn: bool = False

    @property
    def name(self) -> str:
        """What is held fixed, then the two arms: the name of the contrast in commands and files."""
        moving = 0 if self.axis == "model" else 1
        return f"{self.baseline[1 - moving]}.{self.baseline[moving]}.{self.candidate[moving]}"


def pairs_of(models: Iterable[str], versions: Mapping[str, VersionFacts], planned: Compare) -> list[Pair]:
    """Return the planned contrasts first, then every other pair worth a look, controls and rankings included.

    Raises
    ------
    ParamsError
        A planned contrast names a control that no version calls for.
    """
    names = list(models)
    found: list[Pair] = []
    for contrast in planned.planned:
        one, other = (_known(version, versions) for _, version in contrast.arms)
        redrawn = contrast.axis == "data" and one.redrawn and not other.redrawn
        found.append(Pair(contrast.axis, *contrast.arms, planned=True, redrawn=redrawn))
    for model in names:
        for version, facts in versions.items():
            if version != "given":
                found.append(Pair("aa" if facts.reseeded else "data", (model, "given"), (model, version)))
        for version in versions:
            if RANDOM + version in versions:
                found.append(Pair("data", (model, RANDOM + version), (model, version), redrawn=True))
    for version, facts in versions.items():
        if not facts.control:
            found += [Pair("model", (names[0], version), (model, version)) for model in names[1:]]
    once: dict[tuple[Name, Name], Pair] = {}
    for pair in found:
        once.setdefault((pair.baseline, pair.candidate), pair)
    return [_with_control(pair, versions) for pair in once.values()]


def without(pairs: Iterable[Pair], absent: Collection[Name]) -> list[Pair]:
    """Return the pairs whose cells are there; the control of one that must beat chance is a cell of it.

    Raises
    ------
    BadInputError
        A planned contrast lacks a cell.
    """
    found = []
    for pair in pairs:
        control = (pair.candidate[0], pair.control) if pair.control else pair.baseline
        lacking = [name for name in (pair.baseline, pair.candidate, *((control,) * pair.needs_net)) if name in absent]
        if lacking and pair.planned:
            names = ["/".join(name) for name in lacking]
            raise BadInputError(
                f"compare.planned holds {pair.name}, and no predictions were brought for {some(names)}.",
                "Bring them (ceteris export NAME), or take this contrast out of compare.planned in params.yaml.",
            )
        if not lacking:
            found.append(replace(pair, control="") if control in absent else pair)
    return found


def _known(version: str, versions: Mapping[str, VersionFacts]) -> VersionFacts:
    if version not in versions:
        raise ParamsError(
            f"compare.planned names the version {version!r}, which is not made.{nearest(version, versions)}",
            "Correct compare.planned in params.yaml.",
        )
    return versions[version]


def _with_control(pair: Pair, versions: Mapping[str, VersionFacts]) -> Pair:
    """Return the pair with what its candidate is also set against, whatever its baseline: rows dropped must beat chance."""
    version = pair.candidate[1]
    if pair.axis != "data" or pair.redrawn:
        return pair
    if PLACEBO + version in versions:
        return replace(pair, control=PLACEBO + version, needs_net=True)
    return replace(pair, control=RANDOM + version) if RANDOM + version in versions else pair

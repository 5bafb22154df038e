"""One revision as the history sees it: what was trained on what, and which rows and labels it was judged on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ceteris.errors import BadInputError, CeterisError, ParamsError
from ceteris.measuring.disagreement import NOT_ANSWERED, UNSURE
from ceteris.measuring.fingerprint import Fingerprint, of_rows
from ceteris.measuring.pairs import Name, VersionFacts
from ceteris.measuring.planning import plan_name
from ceteris.measuring.verified import Answers, with_came
from ceteris.params import parse_compare
from ceteris.sections import Compare

__all__ = ["Judging", "NotCachedError", "Snapshot", "WORKSPACE", "setting"]

WORKSPACE = "workspace"


class NotCachedError(BadInputError):
    """What a revision made is in no DVC cache here, as in a fresh clone. `remote`: DVC knows a place to fetch it from."""

    def __init__(self, what: str, do: str, *, remote: bool = False) -> None:
        self.remote = remote
        super().__init__(what, do)


@dataclass(frozen=True)
class Judging:
    """The validation rows of a revision.

    Attributes
    ----------
    ids : ndarray of str objects, shape (n_rows,), sorted
    digests : ndarray of bytes objects, shape (n_rows,)
        Of each row's feature values.
    labels : ndarrays of str objects, shape (n_rows,), by what they are: "given", and where known for every row "true"
    answers : what people said of the labels: codes of `classes`, NOT_ANSWERED or UNSURE, shape (n_rows,)
    groups : ndarray of str objects, shape (n_rows,), or None
    classes : the classes, in the order of every cell's codes
    came : the labels that came verified with the data: codes of `classes` or NOT_ANSWERED, shape (n_rows,); None: none did
    source : the bytes that the rows were read from, by a digest; "" where not known
    naming : how params.yaml has ids made: `ingest.id`, `ingest.id_width`
    """

    ids: np.ndarray
    digests: np.ndarray
    labels: Mapping[str, np.ndarray]
    groups: np.ndarray | None
    classes: tuple[str, ...]
    answers: np.ndarray
    came: np.ndarray | None = None
    source: str = ""
    naming: tuple[str | int | None, ...] = ()

    def with_answers(self, answers: Answers) -> Judging:
        """Return the same rows with what people said of them, and what came verified where they said nothing."""
        return replace(self, answers=(answers if self.came is None else with_came(answers, self.came)).codes)

    @property
    def said(self) -> np.ndarray:
        """What people said of each label, in words that hold whatever the classes are; "" where nothing."""
        names = np.array([*self.classes, "", ""], dtype=object)
        names[[UNSURE, NOT_ANSWERED]] = "(unsure)", ""
        return np.asarray(names[self.answers])

    @cached_property
    def rows(self) -> str:
        """The fingerprint of the rows as they came: what contrasts are planned on."""
        return of_rows(self.ids, self.digests, self.labels["given"])

    @cached_property
    def digest(self) -> str:
        """The fingerprint of the labels that a score is made with, answers included."""
        said = [f"{label}\x1f{answer}" for label, answer in zip(self.labels["given"], self.said, strict=True)]
        return of_rows(self.ids, self.digests, np.array(said, dtype=object))


@dataclass(frozen=True)
class Snapshot:
    """A commit, an experiment or the workspace.

    Attributes
    ----------
    name : the experiment's name, the commit's branch or short hash, or "workspace"
    rev : the full hash; for the workspace empty
    parent : hash of the revision that it is measured against, or empty
    time : seconds since 1970, of the commit
    sections : params.yaml as it was, unchecked: an older layout is read as well, through `setting`
    cells : the fingerprint of each (model, version), controls included
    deterministic : the cells to which seeds make no difference
    judging : None where there is no run
    fault : why nothing can be measured here; None where all is well
    """

    name: str
    rev: str
    parent: str
    time: float
    experiment: bool = False
    sections: Any = field(default_factory=dict, repr=False)
    cells: Mapping[Name, Fingerprint] = field(default_factory=dict, repr=False)
    deterministic: frozenset[Name] = field(default=frozenset(), repr=False)
    facts: Mapping[str, VersionFacts] = field(default_factory=dict, repr=False)
    judging: Judging | None = field(default=None, repr=False)
    fault: CeterisError | None = None

    @property
    def models(self) -> dict[str, str]:
        """Each model's fingerprint by its name, in the order of params.yaml."""
        versions = self.versions
        found = {model: cell.model for (model, version), cell in self.cells.items() if version in versions}
        named = setting(self.sections, "train", "models")
        order = [name for name in named if name in found] if isinstance(named, Mapping) else []
        return {name: found[name] for name in dict.fromkeys([*order, *found])}

    @property
    def versions(self) -> dict[str, str]:
        """The fingerprint of each version's data by its name, without controls, in the order they were made."""
        data = {version: cell.data for (_, version), cell in self.cells.items()}
        return {name: data[name] for name, facts in self.facts.items() if name in data and not facts.control}

    @cached_property
    def compare(self) -> Compare | None:
        """The section `compare` of its params.yaml, or None where that is of another layout."""
        try:
            return parse_compare(setting(self.sections, "compare"))
        except ParamsError:
            return None

    @cached_property
    def plan(self) -> str:
        """The short form of the plan that its results were made under, or "" where that is not known."""
        return plan_name(self.compare, self.judging.rows) if self.compare and self.judging else ""

    def planned(self, axis: str) -> list[tuple[Name, Name]]:
        """Return the arms of the planned contrasts on one axis, as this revision's params.yaml lists them."""
        held, arms = "model" if axis == "data" else "version", ("baseline", "candidate")
        lines = setting(self.sections, "compare", "planned")
        found = []
        for line in lines if isinstance(lines, (list, tuple)) else ():
            named = [setting(line, key) for key in (held, *arms)]
            if setting(line, "axis") == axis and all(isinstance(name, str) for name in named):
                same, one, other = named
                found.append(((same, one), (same, other)) if axis == "data" else ((one, same), (other, same)))
        return found


def setting(sections: Any, *path: str) -> Any:
    """Return the value at a path of params.yaml, or None: what it holds may be of an older layout, or anything at all."""
    for key in path:
        sections = sections.get(key) if isinstance(sections, Mapping) else None
    return sections

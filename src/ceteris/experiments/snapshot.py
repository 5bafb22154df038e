"""One revision as the history sees it: what was trained on what, and which rows and labels it was judged on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ceteris.fingerprint import Fingerprint, of_rows
from ceteris.pairs import Name, VersionFacts

__all__ = ["Judging", "Snapshot", "WORKSPACE"]

WORKSPACE = "workspace"


@dataclass(frozen=True)
class Judging:
    """The validation rows of a revision.

    Attributes
    ----------
    ids : ndarray of str objects, shape (n_rows,), sorted
    digests : ndarray of bytes objects, shape (n_rows,)
        Of each row's feature values.
    labels : ndarrays of str objects, shape (n_rows,), by what they are: "given", and where known for every row "true" and
        "verified (all)"
    answers : what people said of the labels: codes of `classes`, NOT_ANSWERED or UNSURE, shape (n_rows,)
    groups : ndarray of str objects, shape (n_rows,), or None
    classes : the classes, in the order of every cell's codes
    """

    ids: np.ndarray
    digests: np.ndarray
    labels: Mapping[str, np.ndarray]
    groups: np.ndarray | None
    classes: tuple[str, ...]
    answers: np.ndarray

    @property
    def digest(self) -> str:
        """The fingerprint of the labels that a score is made with, answers included."""
        said = [f"{label} {code}" for label, code in zip(self.labels["given"], self.answers, strict=True)]
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
    sections : params.yaml as it was, unchecked: an older layout is read as well
    cells : the fingerprint of each (model, version), controls included
    judging : None where there is no run
    fault : why nothing can be measured here, as a sentence; empty where all is well
    """

    name: str
    rev: str
    parent: str
    time: float
    experiment: bool = False
    sections: Mapping[str, Any] = field(default_factory=dict, repr=False)
    cells: Mapping[Name, Fingerprint] = field(default_factory=dict, repr=False)
    facts: Mapping[str, VersionFacts] = field(default_factory=dict, repr=False)
    judging: Judging | None = field(default=None, repr=False)
    fault: str = ""

    @property
    def models(self) -> dict[str, str]:
        """Each model's fingerprint by its name, in the order of params.yaml."""
        found = {model: cell.model for (model, version), cell in self.cells.items() if version in self.versions}
        named = self.sections.get("train", {}).get("models") or {}
        order = [name for name in named if name in found] + [name for name in found if name not in named]
        return {name: found[name] for name in order}

    @property
    def versions(self) -> dict[str, str]:
        """The fingerprint of each version's data by its name, without controls, in the order they were made."""
        data = {version: cell.data for (_, version), cell in self.cells.items()}
        return {name: data[name] for name, facts in self.facts.items() if name in data and not facts.control}

    def planned(self, axis: str) -> list[tuple[Name, Name]]:
        """Return the arms of the planned contrasts on one axis, as this revision's params.yaml lists them."""
        held, arms = "model" if axis == "data" else "version", ("baseline", "candidate")
        found = []
        for line in self.sections.get("compare", {}).get("planned") or ():
            if line.get("axis") == axis and all(isinstance(line.get(key), str) for key in (held, *arms)):
                one, other = ((line[held], line[arm]) if axis == "data" else (line[arm], line[held]) for arm in arms)
                found.append((one, other))
        return found

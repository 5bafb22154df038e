"""What a cell was made of, and so which axis a comparison moves. Fingerprints decide, never names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np

from ceteris.errors import NotHeldFixedError

__all__ = ["Fingerprint", "AXES", "axis", "hold_fixed", "of_rows", "of_draws", "of_values"]

AXES = ("data", "model", "confounded", "aa", "evaluation", "code", "none")
_AT_ONCE = 1 << 16  # rows that are spelled together


@dataclass(frozen=True)
class Fingerprint:
    """Six sha256 digests; two cells with the same `fit_key` hold the same predictions.

    Attributes
    ----------
    data : training ids, labels, weights and feature values, in any order of rows and columns
    model : import path, parameters, preparation, and the source of a user's own class
    seeds : the seeds, in order
    inputs : validation ids and feature values
    code : ceteris' own training code and the versions of the libraries it fits with
    labels : the validation labels that a score was made with; empty until there is a score
    """

    data: str
    model: str
    seeds: str
    inputs: str
    code: str
    labels: str = ""

    @property
    def fit_key(self) -> str:
        """The digest of all that predictions depend on: everything but the validation labels."""
        return of_values(value for name, value in asdict(self).items() if name != "labels")


def axis(baseline: Fingerprint, candidate: Fingerprint) -> str:
    """Return what moves between two cells, one of `AXES`: the first that applies of the table in ARCHITECTURE.md."""
    data, model = baseline.data != candidate.data, baseline.model != candidate.model
    if data and model:
        return "confounded"
    if data or model:
        return "data" if data else "model"
    if baseline.seeds != candidate.seeds:
        return "aa"
    if (baseline.inputs, baseline.labels) != (candidate.inputs, candidate.labels):
        return "evaluation"
    return "code" if baseline.code != candidate.code else "none"


def hold_fixed(baseline: Fingerprint, candidate: Fingerprint, moving: str, names: tuple[str, str]) -> None:
    """Refuse a comparison in which anything but the axis `moving` ("data", "model", "aa" or "code") moves.

    Raises
    ------
    NotHeldFixedError
        Names what moved too.
    """
    may_move = {"data": "data", "model": "model", "aa": "seeds", "code": "code"}[moving]
    words = {
        "data": "the training data", "model": "the model recipe", "seeds": "the seeds", "inputs": "the validation rows",
        "code": "the training code or library versions", "labels": "the validation labels",
    }  # fmt: skip
    moved = [word for part, word in words.items() if part != may_move and getattr(baseline, part) != getattr(candidate, part)]
    if moved:
        raise NotHeldFixedError(
            f"{names[0]} and {names[1]} were asked to differ in {words[may_move]} alone, and {' and '.join(moved)} moved too.",
            "Compare two cells that share the rest, or run `dvc repro` so that both are made anew.",
        )


def of_values(values: Iterable[object]) -> str:
    """Return the sha256 of a list of plain values."""
    return hashlib.sha256(json.dumps(list(values), default=str).encode("utf-8", "surrogatepass")).hexdigest()


def of_rows(ids: np.ndarray, digests: np.ndarray, labels: np.ndarray | None = None, weights: np.ndarray | None = None) -> str:
    """Return the sha256 of rows, whatever their order: id, feature digest, and label and weight where given."""
    digest = hashlib.sha256()
    order = _rising(ids.astype(str))
    for start in range(0, len(order), _AT_ONCE):
        rows = order[start : start + _AT_ONCE]
        given = [None] * len(rows) if labels is None else labels[rows]
        weighing = [None] * len(rows) if weights is None else np.asarray(weights)[rows].astype(np.float64).tolist()
        stated = zip(_spelled(ids[rows]), _spelled(given), _spelled(weighing), digests[rows], strict=True)
        digest.update(b"".join(f"[{id}, {label}, {weight}]".encode() + content for id, label, weight, content in stated))
    return digest.hexdigest()


def _rising(texts: np.ndarray) -> np.ndarray:
    """Return the order of texts; of those in order already, as a data set's are, without sorting them."""
    return np.arange(len(texts)) if (texts[1:] >= texts[:-1]).all() else np.argsort(texts, kind="stable")


def _spelled(values: Iterable[object]) -> list[str]:
    """Return the JSON of each plain value, from one call for all: no JSON of a text holds a line break."""
    return json.dumps(list(values), separators=("\n", ":"))[1:-1].split("\n")


def of_draws(draws: list[str], redrawn: bool) -> str:
    """Return the fingerprint of a version's data: its one draw's, or that of the whole list of draws."""
    return of_values(draws) if redrawn else draws[0]

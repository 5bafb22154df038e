"""Two revisions side by side: what moved, what it was worth, and the diff beside the effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from ceteris.errors import NotHeldFixedError
from ceteris.experiments.best_labels import Doubt, doubt_of
from ceteris.experiments.diff import Diff, flips, row_changes, slices
from ceteris.experiments.measured import Corner, Measured, arms_of, measured
from ceteris.experiments.moved import move_between, told
from ceteris.experiments.pairing import Shared, on_shared_rows
from ceteris.experiments.snapshot import Snapshot
from ceteris.experiments.table import Past
from ceteris.measuring.pairs import Name
from ceteris.measuring.verified import labels_for_all
from ceteris.sections import Compare

__all__ = ["Comparison", "compared", "PARTS"]

PARTS = {
    "data": "training data", "model": "model recipe", "seeds": "seeds", "inputs": "validation rows",
    "labels": "validation labels", "code": "training code and libraries",
}  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """What stands between two revisions.

    Attributes
    ----------
    moved : whether each part of the fingerprint of the two cells differs, by the names of `PARTS`
    doubt : how firm a verdict on given labels is
    flips_on : the labels by which rows flipped right or wrong
    unjudged : how many rows on which the arms differ have no such label, and are left out
    named : the cells, where somebody named them
    """

    baseline: Snapshot
    candidate: Snapshot
    changed: str
    moved: Mapping[str, bool]
    measured: Measured
    diff: Diff
    doubt: Doubt | None = None
    flips_on: str = "given"
    unjudged: int = 0
    named: tuple[Name, Name] | None = None


def compared(
    one: Snapshot,
    other: Snapshot,
    past: Past,
    corner: Corner,
    settings: Compare,
    *,
    cells: tuple[Name, Name] | None = None,
    claimed: str | None = None,
    batches: Mapping[tuple[str, str], str] | None = None,
    features: Callable[[Snapshot], pd.DataFrame],
) -> Comparison:
    """Return the comparison of two revisions.

    Parameters
    ----------
    cells : the (model, version) of either, where not those that show what moved
    claimed : "data" or "model"
        What the effect is to be called.
    batches : the batch of edits that gave an id its label, by (id, label); label "" where it dropped the row
    features : returns the validation rows of a revision, indexed by id

    Raises
    ------
    NotHeldFixedError
        The effect is claimed to be of one axis, and fingerprints say otherwise.
    CeterisError
        A cell cannot be read, or the revisions share no validation row.
    """
    move = move_between(one, other, cells)
    if claimed is not None and move.axis != claimed:
        raise NotHeldFixedError(
            f"{one.name} and {other.name} were said to differ in the {claimed} alone, and fingerprints say: {move.axis}.",
            "Compare revisions that share the rest, or name cells that do: --baseline MODEL/VERSION --candidate MODEL/VERSION",
        )
    try:
        found = measured(one, other, move, past.side, corner, settings)
    except NotHeldFixedError as refusal:
        if claimed is not None:
            raise
        found = Measured(move, reason=str(refusal))
    sides = arms_of(one, other, move, past.side)
    scorer, names, shared = on_shared_rows(sides, settings)
    arms = [scorer.arms[names[role]].cell.over_seeds()[0] for role in ("baseline", "candidate")]
    flips_on, labels, rows = _judged_rows(found, arms, shared)
    flipped = flips(shared.ids[rows], labels[rows], arms[0][:, rows], arms[1][:, rows], shared.classes)
    versions = past.version(one, move.baseline[1]), past.version(other, move.candidate[1])
    both = all("given" in side.versions for side in (one, other))
    given = (past.version(one, "given"), past.version(other, "given")) if both else None
    known = features(other).reindex(shared.ids)
    before, after = (asdict(sides[role].fingerprint) for role in ("baseline", "candidate"))
    return Comparison(
        one,
        other,
        told(one, other, move, versions if move.axis in ("data", "confounded") else None),
        {name: before[name] != after[name] for name in PARTS},
        found,
        Diff(row_changes(*versions, batches or {}, given), flipped, slices(known, flipped)),
        doubt_of(found, scorer, names, shared),
        flips_on,
        int((~rows & (arms[0] != arms[1]).any(axis=0)).sum()),
        cells,
    )


def _judged_rows(found: Measured, arms: list[np.ndarray], shared: Shared) -> tuple[str, np.ndarray, np.ndarray]:
    """Return the labels by which rows flip right or wrong, what they are, and the rows that have one.

    Where the effect is on verified labels, so are the flips: rows left unsure, or out of the sample, are left out.
    """
    if found.effect is not None and found.effect.scored_on == "verified (disagreements)":
        return found.effect.scored_on, shared.answers.codes, shared.answers.codes >= 0
    scored_on, labels = labels_for_all(shared.labels, arms, shared.answers, "accuracy")
    return scored_on, labels, np.ones(len(labels), dtype=bool)

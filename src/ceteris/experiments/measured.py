"""What one revision is worth against another: one effect where one thing moved, the square of four where two did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ceteris.errors import BadInputError, NotHeldFixedError
from ceteris.experiments.best_labels import Measured, attributed_on_best, judged_on_best
from ceteris.experiments.moved import Move
from ceteris.experiments.pairing import Side, on_shared_rows
from ceteris.experiments.snapshot import WORKSPACE, Snapshot
from ceteris.measuring.fingerprint import Fingerprint, hold_fixed
from ceteris.measuring.pairs import Name
from ceteris.sections import PLACEBO, Compare
from ceteris.training.cells import Cell

__all__ = ["Corner", "Find", "Measured", "arms_of", "measured", "sides_of"]

Find = Callable[[Snapshot, Name], Side]
Corner = Callable[[Fingerprint], Side | None]
_MEASURED = ("data", "model", "aa", "code")


def measured(parent: Snapshot, child: Snapshot, move: Move, find: Find, corner: Corner, settings: Compare) -> Measured:
    """Return what the child is worth against the parent.

    Parameters
    ----------
    find : returns a cell of a revision
    corner : returns a cell of any revision that was trained as a fingerprint says, or None

    Raises
    ------
    NotHeldFixedError
        More moved than the axis.
    CeterisError
        A cell cannot be read, or the revisions share no validation row.
    """
    if move.axis == "none":
        return Measured(move, reason="nothing moved that a model was trained on")
    if move.axis == "evaluation":
        return Measured(move, reason="only the validation rows or labels moved: no model was trained otherwise")
    if move.axis == "code" and _inert(parent, child, find):
        return Measured(move, reason="the training code or libraries moved, and no prediction with them")
    sides = {"baseline": find(parent, move.baseline), "candidate": find(child, move.candidate)}
    if move.axis == "aa" and all(side.cell.deterministic for side in sides.values()):
        return Measured(move, reason="not applicable: the learner is deterministic, other seeds change nothing")
    if move.axis == "confounded":
        return _square(parent, child, move, sides, find, corner, settings)
    return _one(parent, child, move, find, settings)


def sides_of(parent: Snapshot, child: Snapshot, move: Move, find: Find, corner: Corner) -> dict[str, Side]:
    """Return the cells that a verdict on a move needs, by role.

    Raises
    ------
    BadInputError
        No model was trained otherwise, or a corner of the square is missing.
    """
    if move.axis in ("none", "evaluation"):
        told = f"Between {parent.name} and {child.name} no model was trained otherwise."
        if parent.rev == child.rev:
            told = f"{parent.name} and {child.name} name one and the same run, {child.rev[:7] or WORKSPACE}."
        raise BadInputError(told, "Choose two others: ceteris experiments")
    if move.axis != "confounded":
        return arms_of(parent, child, move, find)
    found = {"baseline": find(parent, move.baseline)}
    for name, wanted in _wanted(parent, child, move, found["baseline"].fingerprint, child.cells[move.candidate]).items():
        side = corner(wanted)
        if side is None:
            raise BadInputError(
                f"Data and model both moved, and {name} is not trained, which tells them apart.",
                f"Train it: ceteris compare {parent.name} {child.name} --run-missing",
            )
        found[name] = side
    return found | {"candidate": find(child, move.candidate)}


def arms_of(parent: Snapshot, child: Snapshot, move: Move, find: Find) -> dict[str, Side]:
    """Return the two cells of a move, and the placebo of a candidate that drops rows."""
    sides = {"baseline": find(parent, move.baseline), "candidate": find(child, move.candidate)}
    control = (move.candidate[0], PLACEBO + move.candidate[1])
    return sides | {"control": find(child, control)} if move.axis == "data" and control in child.cells else sides


def _one(parent: Snapshot, child: Snapshot, move: Move, find: Find, settings: Compare) -> Measured:
    scorer, names, shared = on_shared_rows(arms_of(parent, child, move, find), settings)
    one, other = (scorer.arms[names[role]].fingerprint for role in ("baseline", "candidate"))
    if move.axis != "code" and one.code != other.code and _inert(parent, child, find):
        other = replace(other, code=one.code)
    hold_fixed(one, other, move.axis, ("/".join(move.baseline), "/".join(move.candidate)))
    return replace(judged_on_best(move, scorer, names, shared, settings), rows=shared.told)


def _inert(parent: Snapshot, child: Snapshot, find: Find) -> bool:
    """Return whether a change of code changed no prediction of the cells that both revisions trained on the same."""
    known = {replace(cell, code="", labels=""): name for name, cell in parent.cells.items()}
    stated = {name: replace(cell, code="", labels="") for name, cell in child.cells.items()}
    both = [(known[cell], name) for name, cell in stated.items() if cell in known]
    return bool(both) and all(_same(find(parent, one).cell, find(child, other).cell) for one, other in both)


def _same(one: Cell, other: Cell) -> bool:
    pairs = ((one.predicted, other.predicted), (one.pred_probs, other.pred_probs))
    return all(np.array_equal(np.asarray(left), np.asarray(right)) for left, right in pairs)


def _square(
    parent: Snapshot, child: Snapshot, move: Move, sides: dict[str, Side], find: Find, corner: Corner, settings: Compare
) -> Measured:
    y00, y11 = sides["baseline"].fingerprint, sides["candidate"].fingerprint
    if y00.seeds != y11.seeds or (y00.code != y11.code and not _inert(parent, child, find)):
        raise NotHeldFixedError(
            "Data and model moved, and the seeds or the training code too.",
            "Compare revisions with one train.seeds and one code.",
        )
    wanted = _wanted(parent, child, move, y00, y11)
    found = {name: corner(fingerprint) for name, fingerprint in wanted.items()}
    absent = [name for name, side in found.items() if side is None]
    if absent:
        reason = f"data and model both moved; to tell them apart, {' and '.join(absent)} must be trained"
        return Measured(move, missing=tuple(wanted[name] for name in absent), reason=f"{reason}: --run-missing")
    model, data = (side for side in found.values() if side is not None)
    whole = {"baseline": sides["baseline"], "new model": model, "new data": data, "candidate": sides["candidate"]}
    scorer, names, shared = on_shared_rows(whole, settings)
    if shared.reread:
        raise NotHeldFixedError(
            f"Data and model moved, and {shared.reread:,} validation rows are read otherwise than before, which no model that"
            " learned from the others can predict.",
            "Change one at a time: how cells are read, or the model.",
        )
    return replace(attributed_on_best(move, scorer, names, shared, settings), rows=shared.told)


def _wanted(parent: Snapshot, child: Snapshot, move: Move, y00: Fingerprint, y11: Fingerprint) -> dict[str, Fingerprint]:
    """Return the fingerprints of the other two corners of a square by what they are: the new model, then the new data."""
    return {
        f"{move.candidate[0]} of {child.name} on {move.baseline[1]} of {parent.name}": replace(y11, data=y00.data),
        f"{move.baseline[0]} of {parent.name} on {move.candidate[1]} of {child.name}": replace(y11, model=y00.model),
    }

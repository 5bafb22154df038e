"""What one revision is worth against another: one effect where one thing moved, the square of four where two did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ceteris.attribution import Attribution, attribute
from ceteris.cells import Cell
from ceteris.compare import Scorer
from ceteris.effect import Effect, judge
from ceteris.errors import NotHeldFixedError
from ceteris.experiments.moved import Move
from ceteris.experiments.pairing import Side, on_shared_rows
from ceteris.experiments.snapshot import Snapshot
from ceteris.fingerprint import Fingerprint, hold_fixed
from ceteris.pairs import Name
from ceteris.sections import PLACEBO, Compare

__all__ = ["Corner", "Find", "Measured", "measured"]

Find = Callable[[Snapshot, Name], Side]
Corner = Callable[[Fingerprint], Side | None]
_MEASURED = ("data", "model", "aa", "code")


@dataclass(frozen=True)
class Measured:
    """What was measured of a move. `effect` is None where there is no one number, and `reason` says why.

    Attributes
    ----------
    missing : fingerprints of the corner cells of the square that nobody has trained
    """

    move: Move
    effect: Effect | None = None
    net: Effect | None = None
    attribution: Attribution | None = None
    missing: tuple[Fingerprint, ...] = ()
    reason: str = ""


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
    return _one(parent, child, move, sides, find, settings)


def _one(parent: Snapshot, child: Snapshot, move: Move, sides: dict[str, Side], find: Find, settings: Compare) -> Measured:
    control = (move.candidate[0], PLACEBO + move.candidate[1])
    if move.axis == "data" and control in child.cells:
        sides = sides | {"control": find(child, control)}
    scorer, names, _ = on_shared_rows(sides, settings)
    one, other = (scorer.arms[names[role]].fingerprint for role in ("baseline", "candidate"))
    if move.axis != "code" and one.code != other.code and _inert(parent, child, find):
        other = replace(other, code=one.code)
    hold_fixed(one, other, move.axis, ("/".join(move.baseline), "/".join(move.candidate)))
    scored_on = next(iter(scorer.labels))
    effect = scorer.effect(names["baseline"], names["candidate"], settings.metric, scored_on)
    if effect is None:
        return _without_probabilities(move, settings)
    net = None
    if "control" in names:
        net = scorer.effect(names["control"], names["candidate"], settings.metric, scored_on, redrawn=True)
    return Measured(move, replace(judge(effect, net=net), axis=move.axis), net)


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
    wanted = {
        f"{move.candidate[0]} of {child.name} on {move.baseline[1]} of {parent.name}": replace(y11, data=y00.data),
        f"{move.baseline[0]} of {parent.name} on {move.candidate[1]} of {child.name}": replace(y11, model=y00.model),
    }
    found = {name: corner(fingerprint) for name, fingerprint in wanted.items()}
    absent = [name for name, side in found.items() if side is None]
    if absent:
        reason = f"data and model both moved; to tell them apart, {' and '.join(absent)} must be trained"
        return Measured(move, missing=tuple(wanted[name] for name in absent), reason=f"{reason}: --run-missing")
    model, data = (side for side in found.values() if side is not None)
    whole = {"baseline": sides["baseline"], "new model": model, "new data": data, "candidate": sides["candidate"]}
    return _attributed(move, *on_shared_rows(whole, settings)[:2], settings)


def _attributed(move: Move, scorer: Scorer, names: dict[str, Name], settings: Compare) -> Measured:
    scored_on = next(iter(scorer.labels))
    found = [scorer.scores(name, settings.metric, scored_on) for name in names.values()]
    square = [scores for scores in found if scores is not None]
    if len(square) < len(found):
        return _without_probabilities(move, settings)
    region = settings.region_log_loss if settings.metric == "log_loss" else settings.region
    parts = attribute(*square, confidence=settings.confidence, groups=scorer.groups, region=region)
    named = {name: replace(part, metric=settings.metric, scored_on=scored_on) for name, part in parts.items()}
    return Measured(move, attribution=Attribution(**named), reason="data and model both moved")


def _without_probabilities(move: Move, settings: Compare) -> Measured:
    return Measured(move, reason=f"an arm gives no probabilities, which {settings.metric} needs")

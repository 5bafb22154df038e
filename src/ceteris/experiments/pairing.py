"""Two cells of different revisions on the rows, and the current labels of these rows, that both hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ceteris.dataset import codes
from ceteris.errors import BadInputError
from ceteris.experiments.snapshot import Judging
from ceteris.measuring.compare import Arm, Scorer
from ceteris.measuring.fingerprint import Fingerprint
from ceteris.measuring.pairs import Name
from ceteris.measuring.verified import Answers
from ceteris.sections import SCORED_ON, Compare
from ceteris.training.cells import Cell

__all__ = ["Side", "Shared", "shared_rows", "on_shared_rows"]


@dataclass(frozen=True)
class Side:
    """A cell of a revision, and the rows that it predicts, with what people have said of them by now."""

    name: Name
    cell: Cell
    fingerprint: Fingerprint
    judging: Judging


@dataclass(frozen=True)
class Shared:
    """The validation rows that several revisions hold, in the order of ids.

    A row is one and the same where its id is, and its feature values too; of one and the same file, where its id is, however
    the revisions read its cells.

    Attributes
    ----------
    labels : codes of `classes` by what they are; "verified (all)" where a person answered for every one of these rows
    answers : what people have said of them by now
    reread : how many of them have other feature values in one revision than in another
    left : how many validation rows of the first revision are not among them
    """

    ids: np.ndarray
    labels: Mapping[str, np.ndarray]
    groups: np.ndarray | None
    classes: tuple[str, ...]
    answers: Answers
    reread: int = 0
    left: int = 0

    @property
    def told(self) -> str:
        """What a reader must know of the rows that judge; "" where they are all of the first revision's, as it reads them."""
        told = f"judged on the {len(self.ids):,} validation rows that both hold"
        told += f", {self.left:,} of the baseline's left out" if self.left else ""
        if self.reread:
            told += (
                f"; {self.reread:,} of them are read otherwise than before, and each model predicts them as its own revision"
            )
            told += " reads them"
        return told if self.left or self.reread else ""


def shared_rows(sides: list[Judging]) -> Shared:
    """Return the rows that all hold, with the labels that the last of them, the latest, gives, and the answers it knows of.

    Raises
    ------
    BadInputError
        Their ids are made otherwise, they hold no row in common, or rows of a class that is gone now have another label: where
        an earlier model predicts that class it cannot be right.
    """
    latest = sides[-1]
    _refuse_other_ids(sides)
    held = [dict(zip(side.ids, side.digests, strict=True)) for side in sides]
    same = np.array([all(rows.get(id) == digest for rows in held) for id, digest in held[-1].items()], dtype=bool)
    one_file = latest.source != "" and all(side.source == latest.source for side in sides)
    keep = np.array([all(id in rows for rows in held) for id in held[-1]], dtype=bool) if one_file else same
    if not keep.any():
        made = one_file and latest.naming[:1] == (None,)
        why = ": ids are made of what a row holds, and that is read otherwise" if made else ""
        raise BadInputError(
            f"These revisions hold no validation row in common{why}.", "Compare revisions of one source, with one split.seed."
        )
    for side in sides:
        _refuse_renamed(side, latest)
    if len({bool(side.classes) for side in sides}) > 1:
        raise BadInputError(
            "Labels are classes in one of these revisions and numbers in the other.", "Compare revisions of one kind of label."
        )
    classes = tuple(sorted(set().union(*(side.classes for side in sides))))
    kinds = set.intersection(*(set(side.labels) for side in sides))
    known = {kind: codes(latest.labels[kind][keep], classes) for kind in kinds}
    said = latest.answers[keep]
    if classes:
        said = np.where(said >= 0, codes(np.array(latest.classes, dtype=object), classes)[said], said)
    answers = Answers(latest.ids[keep], said)
    if answers.complete:
        known["verified (all)"] = answers.codes
    return Shared(
        ids=answers.ids,
        labels={kind: known[kind] for kind in SCORED_ON if kind in known},
        groups=None if latest.groups is None else latest.groups[keep],
        classes=classes,
        answers=answers,
        reread=int((keep & ~same).sum()),
        left=len(sides[0].ids) - int(keep.sum()),
    )


def _refuse_other_ids(sides: list[Judging]) -> None:
    """Refuse revisions whose rows cannot be told from each other: the ids of one are not those of the other."""
    one, other = sides[0].naming, sides[-1].naming
    if one != other:
        keys = zip(("id", "id_width"), one, other, strict=True)
        changed = ", ".join(f"ingest.{key} {old} -> {new}" for key, old, new in keys if old != new)
        raise BadInputError(
            f"Ids are made otherwise in these revisions ({changed}): a row of one cannot be told in the other, and the hash of"
            " its id may put it into another part.",
            "Compare revisions that make ids alike; what came of it is in the counts of ingest.",
        )


def _refuse_renamed(side: Judging, latest: Judging) -> None:
    gone = set(side.classes) - set(latest.classes)
    before = {id: label for id, label in zip(side.ids, side.labels["given"], strict=True) if label in gone}
    renamed = {before[id]: label for id, label in zip(latest.ids, latest.labels["given"], strict=True) if id in before}
    if renamed:
        told = ", ".join(f"{old!r} (now {new!r})" for old, new in list(renamed.items())[:5])
        raise BadInputError(
            f"Classes were renamed or merged in between: {told}. What the earlier models predict there counts as wrong.",
            "Compare revisions with one set of classes, or run the earlier one again with the new names.",
        )


def on_shared_rows(sides: Mapping[str, Side], settings: Compare) -> tuple[Scorer, dict[str, Name], Shared]:
    """Return a scorer of cells from different revisions, each under its role ("baseline", ...) and its own name.

    Fingerprints are those of the cells without validation rows and labels, which here are the same: a row's prediction depends
    on no other validation row. Where the numbers of seeds differ, as many are compared as all have: the last of those that have
    more, so that seeds which were added (or taken away) are set against those that were there.
    """
    shared = shared_rows([side.judging for side in sides.values()])
    n_seeds = min(side.cell.n_seeds for side in sides.values())
    names = {role: (f"{role}: {side.name[0]}", side.name[1]) for role, side in sides.items()}
    arms = {
        names[role]: Arm(_restricted(side, shared, n_seeds), replace(side.fingerprint, inputs="", labels=""))
        for role, side in sides.items()
    }
    return Scorer(arms, shared.labels, len(shared.classes), shared.groups, settings), names, shared


def _restricted(side: Side, shared: Shared, n_seeds: int) -> Cell:
    places = {id: place for place, id in enumerate(side.judging.ids)}
    rows = np.array([places[id] for id in shared.ids])
    fits = slice(-n_seeds, None)  # a deterministic learner's one fit among them
    predicted, probs = side.cell.predicted[fits][:, rows], None
    if not shared.classes:
        return replace(side.cell, predicted=predicted, n_seeds=n_seeds)
    classes = codes(np.array(side.judging.classes, dtype=object), shared.classes)
    if side.cell.pred_probs is not None:
        known = side.cell.pred_probs[fits][:, rows]
        probs = np.zeros((*predicted.shape, len(shared.classes)), dtype=known.dtype)
        probs[..., classes] = known
    return replace(side.cell, predicted=classes[predicted].astype(np.int32), pred_probs=probs, n_seeds=n_seeds)

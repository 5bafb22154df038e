"""A recipe makes a version of the train rows out of `given`; the controls are recipes too."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from ceteris import edits
from ceteris.consensus import labels_of_votes
from ceteris.errors import ParamsError, nearest, some
from ceteris.sections import AA, PLACEBO, RANDOM, Step
from ceteris.votes import Votes, without

__all__ = ["Evidence", "Version", "make", "make_all"]

SIMULATED = "simulated reviewer"
VOTES, BATCHES = "votes", "batches"
_PATCH = ["id", "action", "given_label", "new_label", "reviewer", "source"]


@dataclass(frozen=True)
class Evidence:
    """What recipes may use: the given train rows, the ranked issues, people's decisions, and true labels where known.

    `queue` holds row positions, most doubted first; `flagged` is a mask; `suggested` and `true` are labels, shape (n_rows,).
    `decisions` are settled by fix.conflicts, `together` by consensus, where a recipe asks for it; where no recipe asks for
    anything else, `decisions` are these, too. `votes` are those of several people, `pred_probs` the audit's, out of fold, where
    a recipe takes votes. `batches` names the batch of each row ("": it was in the source), where there are batches.
    """

    ids: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    queue: np.ndarray
    flagged: np.ndarray
    suggested: np.ndarray
    decisions: pd.DataFrame
    true: np.ndarray | None = None
    draws: int = 10
    together: pd.DataFrame | None = None
    votes: Votes | None = None
    pred_probs: np.ndarray | None = None
    batches: np.ndarray | None = None


@dataclass(frozen=True)
class Version:
    """A named data set: labels and kept rows, one row of both arrays for each draw (a single one unless `redrawn`)."""

    name: str
    labels: np.ndarray
    kept: np.ndarray
    patch: pd.DataFrame = field(repr=False)
    redrawn: bool = False
    reseeded: bool = False
    simulated: bool = False
    control: bool = False
    voted: bool = False
    reviewed: int = 0
    note: str = ""

    def table(self, ids: np.ndarray) -> pd.DataFrame:
        """Return the version as rows (id, label, weight, draw)."""
        draws = [
            pd.DataFrame({"id": ids[kept], "label": labels[kept], "weight": 1.0, "draw": draw})
            for draw, (labels, kept) in enumerate(zip(self.labels, self.kept, strict=True))
        ]
        return pd.concat(draws, ignore_index=True)


def make_all(recipes: dict[str, tuple[Step, ...]], evidence: Evidence) -> dict[str, Version]:
    """Return every declared version, and beside each the controls that it calls for.

    `aa` always; `placebo-<version>` where rows were dropped, or relabelled by votes; `random-<version>` where a simulated
    reviewer answered.
    """
    versions: dict[str, Version] = {}
    for name, steps in recipes.items():
        versions[name] = make(name, steps, evidence, versions)
    versions[AA] = replace(make(AA, (Step(step="reseed"),), evidence), control=True)
    for version in [version for version in versions.values() if not version.control]:
        if not (version.kept.all() and not version.voted) and not version.redrawn:
            placebo = _drop_like(PLACEBO + version.name, version, evidence)
            versions[placebo.name] = placebo
        if version.simulated and version.reviewed and not version.redrawn:
            random = _review_like(RANDOM + version.name, version, evidence)
            versions[random.name] = random
    return versions


def make(name: str, steps: tuple[Step, ...], evidence: Evidence, made: Mapping[str, Version] = MappingProxyType({})) -> Version:
    """Return the version that the steps make, in their order; `made` holds the versions that a control may be like."""
    version = Version(name, evidence.labels[None, :], np.ones((1, len(evidence.ids)), dtype=bool), _no_patch())
    for step in steps:
        if step.step in ("drop_like", "review_like"):
            return _control_like(name, step, steps, evidence, made)
        version = _STEPS[step.step](version, step, evidence)
    if steps and evidence.classes:
        for labels, kept in zip(version.labels, version.kept, strict=True):
            edits.refuse_lost_classes(evidence.labels, labels[kept], name)
    return version


def _control_like(name: str, step: Step, steps: tuple[Step, ...], evidence: Evidence, made: Mapping[str, Version]) -> Version:
    like = made.get(str(step.version))
    if len(steps) > 1 or like is None or like.redrawn:
        raise ParamsError(
            f"fix.recipes.{name}: {step.step} is a recipe of one step, like a version that stands above it and is no control.",
            f"Correct `version: {step.version}`, or the order of fix.recipes.",
        )
    return (_drop_like if step.step == "drop_like" else _review_like)(name, like, evidence)


def _drop_flagged(version: Version, step: Step, evidence: Evidence) -> Version:
    rows = _top_flagged(step, evidence)
    kept = version.kept.copy()
    kept[:, rows] = False
    return replace(version, kept=kept, patch=_extended(version.patch, rows, "drop", evidence, None, "cleanlab"))


def _relabel_flagged(version: Version, step: Step, evidence: Evidence) -> Version:
    rows = _top_flagged(step, evidence)
    rows = rows[evidence.suggested[rows] != version.labels[0, rows]]
    labels = version.labels.copy()
    labels[:, rows] = evidence.suggested[rows]
    return replace(
        version, labels=labels, patch=_extended(version.patch, rows, "relabel", evidence, evidence.suggested, "cleanlab")
    )


def _apply_edits(version: Version, step: Step, evidence: Evidence) -> Version:
    """Apply what people decided; of some batches, REVIEWER/BATCH, what of it was decided there."""
    decisions = evidence.decisions
    if step.batches is None:
        return _decided(version, decisions, evidence)
    batches = (decisions["reviewer"] + "/" + decisions["batch"]).to_numpy(dtype=object)
    for name in step.batches:
        if name not in set(batches):
            raise ParamsError(
                f"fix.recipes.{version.name} applies the batch {name!r}, of which no answer counts."
                f"{nearest(name, sorted(set(batches)))}",
                "Name it as REVIEWER/BATCH, as `ceteris edits list` tells them, or take that recipe out.",
            )
    return _decided(version, decisions[np.isin(batches.astype(str), step.batches)], evidence)


def _consensus(version: Version, step: Step, evidence: Evidence) -> Version:
    if evidence.together is None:
        raise ParamsError(
            f"The recipe {version.name!r} asks for a consensus of answers that are not there.", "Run the stage fix."
        )
    return _decided(version, evidence.together, evidence)


def _decided(version: Version, decisions: pd.DataFrame, evidence: Evidence) -> Version:
    applied = edits.apply(evidence.ids, evidence.labels, decisions, evidence.classes)
    touched = applied.labels != evidence.labels
    labels = version.labels.copy()
    labels[:, touched] = applied.labels[touched]
    note = f"{len(decisions)} answers of people" if len(decisions) else "nothing reviewed yet: equals given"
    if applied.already:
        note += f"; {applied.already} already applied in the source"
    return replace(
        version,
        labels=labels,
        kept=version.kept & applied.kept,
        patch=_joined(version.patch, applied.patch),
        reviewed=version.reviewed + len(decisions),
        note=note,
    )


def _take_votes(version: Version, step: Step, evidence: Evidence) -> Version:
    """Give each row the label that its votes come to; one that only people left out answered is dropped."""
    if evidence.votes is None or evidence.pred_probs is None:
        raise ParamsError(f"The recipe {version.name!r} takes votes, and there are none here.", "Run the stage fix.")
    people, left_out = set(evidence.votes.people), step.without or ()
    for person in left_out:
        if person not in people:
            raise ParamsError(
                f"fix.recipes.{version.name} leaves out {person!r}, who labelled no train row."
                f"{nearest(person, sorted(people))}",
                "Correct the name under `without`.",
            )
    if not people - set(left_out):
        raise ParamsError(f"fix.recipes.{version.name} leaves out everybody.", "Shorten `without`.")
    found = labels_of_votes(
        without(evidence.votes, left_out), str(step.rule), evidence.ids, evidence.pred_probs, evidence.classes
    )
    told = np.array([label is not None for label in found], dtype=bool)
    silenced = np.isin(np.arange(len(found)), evidence.votes.rows) & ~told
    rows = np.flatnonzero(told & (found != version.labels[0]))
    labels, kept = version.labels.copy(), version.kept & ~silenced
    labels[:, rows] = found[rows]
    patch = _extended(version.patch, rows, "relabel", evidence, found, VOTES)
    patch = _extended(patch, np.flatnonzero(silenced), "drop", evidence, None, VOTES)
    note = f"{step.rule} of {len(people - set(left_out)):,} people" + (f", without {some(left_out)}" if left_out else "")
    return replace(version, labels=labels, kept=kept, patch=patch, voted=version.voted or len(rows) > 0, note=note)


def _simulate_review(version: Version, step: Step, evidence: Evidence) -> Version:
    true = _true_labels(version.name, evidence)
    rows = evidence.queue[: step.rows]
    labels = version.labels.copy()
    labels[:, rows] = true[rows]
    wrong = rows[true[rows] != evidence.labels[rows]]
    patch = _extended(version.patch, wrong, "relabel", evidence, true, SIMULATED)
    patch = _extended(patch, rows[true[rows] == evidence.labels[rows]], "confirm", evidence, None, SIMULATED)
    note = f"simulated: {len(rows)} rows from the top of the queue answered from the true label, {len(wrong)} of them corrected"
    return replace(version, labels=labels, patch=patch, reviewed=version.reviewed + len(rows), simulated=True, note=note)


def _restore_true(version: Version, step: Step, evidence: Evidence) -> Version:
    true = _true_labels(version.name, evidence)
    rows = np.flatnonzero(true != version.labels[0])
    labels = np.broadcast_to(true, version.labels.shape).copy()
    patch = _extended(version.patch, rows, "relabel", evidence, true, "true label")
    return replace(version, labels=labels, patch=patch, note="every label is the true one: what perfect labels would give")


def _reseed(version: Version, step: Step, evidence: Evidence) -> Version:
    return replace(version, reseeded=True, note="given again, trained with other seeds")


def _leave_out(version: Version, step: Step, evidence: Evidence) -> Version:
    """Leave out the rows of batches: what the data were before they came."""
    batches = evidence.batches if evidence.batches is not None else np.full(len(evidence.ids), "", dtype=object)
    known = sorted(set(batches) - {""})
    for name in step.batches or ():
        if name not in known:
            raise ParamsError(
                f"fix.recipes.{version.name} leaves out the batch {name!r}, of which there is no train row."
                f"{nearest(name, known)}",
                "Name the file of a batch in `ingest.batches`, without its suffix.",
            )
    rows = np.flatnonzero(np.isin(batches.astype(str), step.batches or ()))
    kept = version.kept.copy()
    kept[:, rows] = False
    note = f"without the {len(rows):,} train rows of {some(step.batches or ())}"
    patch = _extended(version.patch, rows, "drop", evidence, None, BATCHES)
    return replace(version, kept=kept, patch=patch, note="; ".join(filter(None, (version.note, note))))


_STEPS = {
    "drop_flagged": _drop_flagged,
    "relabel_flagged": _relabel_flagged,
    "apply_edits": _apply_edits,
    "consensus": _consensus,
    "take_votes": _take_votes,
    "simulate_review": _simulate_review,
    "restore_true": _restore_true,
    "reseed": _reseed,
    "leave_out": _leave_out,
}


def _drop_like(name: str, version: Version, evidence: Evidence) -> Version:
    """Drop as many rows as the version, from the same strata of given labels, at random, anew for each draw.

    Where votes relabelled rows as many are relabelled, too, from each class to each other one.
    """
    dropped, strata = ~version.kept[0], _strata(evidence)
    kept = np.ones((evidence.draws, len(evidence.ids)), dtype=bool)
    moved = version.kept[0] & (version.labels[0] != evidence.labels) & version.voted
    labels = np.broadcast_to(evidence.labels, kept.shape)  # no copy of them where none is relabelled
    labels = labels.copy() if moved.any() else labels
    for draw, generator in enumerate(_generators(name, evidence.draws)):
        for stratum in dict.fromkeys(strata):  # in the order of the rows: neither names nor their order change a draw
            members = np.flatnonzero(strata == stratum)
            shuffled, n_dropped = generator.permutation(members), int(dropped[members].sum())
            kept[draw, shuffled[:n_dropped]] = False
            new = np.sort(version.labels[0][members[moved[members]]])
            if len(new):
                labels[draw, shuffled[n_dropped : n_dropped + len(new)]] = new
    alike = "from the same classes" if evidence.classes else "from the same tenths of the labels"
    done = [f"{int(dropped.sum())} rows dropped at random {alike}"] if dropped.any() or not moved.any() else []
    done += [f"{int(moved.sum())} rows relabelled at random, as many from each class to each"] if moved.any() else []
    note = f"control: {', '.join(done)}, anew for each seed"
    return Version(name, labels, kept, _no_patch(), redrawn=True, control=True, note=note)


def _strata(evidence: Evidence) -> np.ndarray:
    """Return what a control draws within, shape (n_rows,): the given class, or the tenth of labels that are numbers."""
    if evidence.classes:
        return evidence.labels
    values = np.asarray(evidence.labels, dtype=np.float64)
    return np.searchsorted(np.quantile(values, np.arange(0.1, 0.95, 0.1)), values)


def _review_like(name: str, version: Version, evidence: Evidence) -> Version:
    """Review as many rows as the version, chosen at random, anew for each draw, by the same simulated reviewer."""
    true = _true_labels(name, evidence)
    labels = np.repeat(evidence.labels[None, :], evidence.draws, axis=0)
    for draw, generator in enumerate(_generators(name, evidence.draws)):
        rows = generator.permutation(len(evidence.ids))[: version.reviewed]
        labels[draw, rows] = true[rows]
    note = f"control, simulated: {version.reviewed} random rows answered from the true label, anew for each seed"
    kept = np.ones(labels.shape, dtype=bool)
    return Version(
        name, labels, kept, _no_patch(), redrawn=True, control=True, simulated=True, reviewed=version.reviewed, note=note
    )


def _generators(name: str, draws: int) -> list[np.random.Generator]:
    """Return one generator a draw; draw d depends on the control's name and d alone, not on how many there are."""
    return [np.random.default_rng([zlib.crc32(name.encode()), draw]) for draw in range(draws)]


def _true_labels(name: str, evidence: Evidence) -> np.ndarray:
    if evidence.true is None:
        raise ParamsError(
            f"fix.recipes.{name} needs the true label of every train row, and not all are known.",
            f"Take fix.recipes.{name} out of params.yaml, or name the column in ingest.true_label.",
        )
    return evidence.true


def _top_flagged(step: Step, evidence: Evidence) -> np.ndarray:
    rows = evidence.queue[evidence.flagged[evidence.queue]]
    return rows[: step.rows] if step.rows else rows


def _no_patch() -> pd.DataFrame:
    return pd.DataFrame(columns=_PATCH, dtype=object)


def _extended(
    patch: pd.DataFrame, rows: np.ndarray, action: str, evidence: Evidence, new: np.ndarray | None, source: str
) -> pd.DataFrame:
    lines = pd.DataFrame(
        {
            "id": evidence.ids[rows],
            "action": action,
            "given_label": evidence.labels[rows],
            "new_label": "" if new is None else new[rows],
            "reviewer": source if source == SIMULATED else "",
            "source": source,
        },
        columns=_PATCH,
        dtype=object,
    )
    return _joined(patch, lines)


def _joined(patch: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    return more if patch.empty else patch if more.empty else pd.concat([patch, more], ignore_index=True)

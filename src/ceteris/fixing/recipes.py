"""A recipe makes a version of the train rows out of `given`; the controls are recipes too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from ceteris.diagnosis.mending import drop_issues, reweigh, weigh_issues
from ceteris.editing import edits
from ceteris.editing.consensus import labels_of_votes
from ceteris.editing.edit_lines import FAMILY_SOURCE
from ceteris.errors import ParamsError, counted, nearest, some
from ceteris.fixing.controls import drop_like, review_like
from ceteris.fixing.versions import SIMULATED, Evidence, Version, extended, joined, no_patch, true_labels
from ceteris.sections import AA, PLACEBO, RANDOM, Step
from ceteris.tables.votes import without

__all__ = ["make", "make_all"]

VOTES, BATCHES = "votes", "batches"


def make_all(recipes: dict[str, tuple[Step, ...]], evidence: Evidence) -> dict[str, Version]:
    """Return every declared version, and beside each the controls that it calls for.

    `aa` always; `placebo-<version>` where rows were dropped, weighed, or relabelled by votes; `random-<version>` where a
    simulated reviewer answered.
    """
    versions: dict[str, Version] = {}
    for name, steps in recipes.items():
        versions[name] = make(name, steps, evidence, versions)
    versions[AA] = replace(make(AA, (Step(step="reseed"),), evidence), control=True)
    for version in [version for version in versions.values() if not version.control]:
        if (not version.kept.all() or version.voted or version.weights is not None) and not version.redrawn:
            placebo = drop_like(PLACEBO + version.name, version, evidence)
            versions[placebo.name] = placebo
        if version.simulated and version.reviewed and not version.redrawn:
            random = review_like(RANDOM + version.name, version, evidence)
            versions[random.name] = random
    return versions


def make(name: str, steps: tuple[Step, ...], evidence: Evidence, made: Mapping[str, Version] = MappingProxyType({})) -> Version:
    """Return the version that the steps make, in their order; `made` holds the versions that a control may be like."""
    version = Version(name, evidence.labels[None, :], np.ones((1, len(evidence.ids)), dtype=bool), no_patch())
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
    return (drop_like if step.step == "drop_like" else review_like)(name, like, evidence)


def _drop_flagged(version: Version, step: Step, evidence: Evidence) -> Version:
    rows = _top_flagged(step, evidence)
    kept = version.kept.copy()
    kept[:, rows] = False
    return replace(version, kept=kept, patch=extended(version.patch, rows, "drop", evidence, None, "cleanlab"))


def _relabel_flagged(version: Version, step: Step, evidence: Evidence) -> Version:
    rows = _top_flagged(step, evidence)
    rows = rows[evidence.suggested[rows] != version.labels[0, rows]]
    labels = version.labels.copy()
    labels[:, rows] = evidence.suggested[rows]
    return replace(
        version, labels=labels, patch=extended(version.patch, rows, "relabel", evidence, evidence.suggested, "cleanlab")
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
    by_family = int((decisions["source"] == FAMILY_SOURCE).sum())
    looked_at = len(decisions) - by_family  # a row once, however many people answered it
    told = [f"{counted(looked_at, 'label')} reviewed"] if looked_at else []
    told += [f"{counted(by_family, 'row')} decided with {'its' if by_family == 1 else 'their'} family"] if by_family else []
    note = "; ".join(told) or "nothing reviewed yet: equals given"
    if applied.already:
        note += f"; {applied.already} already applied in the source"
    return replace(
        version,
        labels=labels,
        kept=version.kept & applied.kept,
        patch=joined(version.patch, applied.patch),
        reviewed=version.reviewed + looked_at,
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
    patch = extended(version.patch, rows, "relabel", evidence, found, VOTES)
    patch = extended(patch, np.flatnonzero(silenced), "drop", evidence, None, VOTES)
    note = f"{step.rule} of {len(people - set(left_out)):,} people" + (f", without {some(left_out)}" if left_out else "")
    return replace(version, labels=labels, kept=kept, patch=patch, voted=version.voted or len(rows) > 0, note=note)


def _simulate_review(version: Version, step: Step, evidence: Evidence) -> Version:
    true = true_labels(version.name, evidence)
    rows = evidence.queue[: step.rows]
    labels = version.labels.copy()
    labels[:, rows] = true[rows]
    wrong = rows[true[rows] != evidence.labels[rows]]
    patch = extended(version.patch, wrong, "relabel", evidence, true, SIMULATED)
    patch = extended(patch, rows[true[rows] == evidence.labels[rows]], "confirm", evidence, None, SIMULATED)
    note = f"simulated: {len(rows)} rows from the top of the queue answered from the true label, {len(wrong)} of them corrected"
    return replace(version, labels=labels, patch=patch, reviewed=version.reviewed + len(rows), simulated=True, note=note)


def _restore_true(version: Version, step: Step, evidence: Evidence) -> Version:
    true = true_labels(version.name, evidence)
    rows = np.flatnonzero(true != version.labels[0])
    labels = np.broadcast_to(true, version.labels.shape).copy()
    patch = extended(version.patch, rows, "relabel", evidence, true, "true label")
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
    patch = extended(version.patch, rows, "drop", evidence, None, BATCHES)
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
    "drop_issues": drop_issues,
    "weigh_issues": weigh_issues,
    "reweigh": reweigh,
}


def _top_flagged(step: Step, evidence: Evidence) -> np.ndarray:
    rows = evidence.queue[evidence.flagged[evidence.queue]]
    return rows[: step.rows] if step.rows else rows

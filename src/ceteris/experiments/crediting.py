"""The credit of what people answered in a repository: of batches of answers, and of one person's single answers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError, counted, nearest
from ceteris.experiments.reviewing import Reviewing
from ceteris.measuring.contribution import Answered, contributions, halves
from ceteris.measuring.credit import Credit, batches_by, chains, coalitions, credits, ways
from ceteris.measuring.effect import paired_effect

__all__ = ["credit_of_answers", "credit_of_batches"]


def credit_of_batches(reviewing: Reviewing, by: str = "batch") -> list[Credit]:
    """Return what each batch of edits of train rows is worth, the most harmful first; people by name: they are not ranked.

    Raises
    ------
    BadInputError
        `by` names no way to form batches, or no edit changes a train row.
    """
    ways(by)
    moving, evidence = _moving(reviewing), reviewing.evidence
    names = batches_by(moving, by, dict(zip(evidence.ids, evidence.suggested, strict=True)))
    answers = {str(name): int(count) for name, count in names.value_counts(sort=False).items()}
    chosen, sampled = coalitions(list(answers)), chains(list(answers), reviewing.params.train.seeds)
    steps = sampled.steps if sampled else []
    patch, member = reviewing.patch(moving), {name: (names == name).to_numpy() for name in answers}
    nobody = np.zeros(len(moving), dtype=bool)
    masks = [[one] for one in chosen] + [list(step) for step in steps]
    scores = reviewing.scores(
        [patch.training(*(sum((member[name] for name in one), nobody) for one in some)) for some in masks]
    )
    of_steps = (sampled, scores[len(chosen) :]) if sampled else None
    found = credits(dict(zip(chosen, scores, strict=False)), answers, of_steps, **reviewing.settings)
    return sorted(found, key=lambda one: one.batch) if by == "reviewer" else found


def credit_of_answers(reviewing: Reviewing, reviewer: str) -> Answered:
    """Return what one person's answers did, the others' being applied.

    Raises
    ------
    BadInputError
        There is no answer of theirs that counts, or none that changes a train row.
    """
    decisions = reviewing.evidence.decisions
    answers = decisions[decisions["reviewer"] == reviewer]
    if answers.empty:
        known = nearest(reviewer, sorted(set(decisions["reviewer"])))
        raise BadInputError(
            f"No answer to a train row counts as one of {reviewer!r}.{known}", "Review some: ceteris queue train"
        )
    moving = _moving(reviewing)
    own = (moving["reviewer"] == reviewer).to_numpy()
    theirs = moving[own]
    if theirs.empty:
        raise BadInputError(
            f"{counted(len(answers), 'answer')} of {reviewer!r} count{'s' * (len(answers) == 1)}, and none changes a label:"
            " it is told that what was given stands.",
            "That moves no model. Go on: ceteris queue train",
        )
    applied = halves(len(theirs), reviewing.params.train.seeds)
    patch = reviewing.patch(moving)
    ends = [patch.training(~own), patch.training()]
    drawn = [patch.training(*(_among(own, mask) for mask in masks)) for pair in applied for masks in (pair, ~pair)]
    without, with_all, *scores = reviewing.scores([*ends, *drawn])
    return Answered(
        reviewer,
        answers,
        theirs,
        paired_effect(without, with_all, **reviewing.settings),
        contributions(applied, scores[::2], scores[1::2], **reviewing.settings),
        reviewing.flips(*ends),
    )


def _among(own: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Return the mask of all decisions of others and a half of one's own."""
    mask = ~own
    mask[own] = half
    return mask


def _moving(reviewing: Reviewing) -> pd.DataFrame:
    if reviewing.moving.empty:
        raise BadInputError(
            "No edit changes a train row yet, so there is nothing to give credit for.", "Review some: ceteris queue train"
        )
    return reviewing.moving

"""A family of errors in words a person can act on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ceteris.errors import counted
from ceteris.families.line import NONE, UNSURE, line_of, share_text, unsure_line
from ceteris.reviewing.arms import FAMILY
from ceteris.telling.wording import literal

if TYPE_CHECKING:
    from ceteris.families.applying import Applied
    from ceteris.families.sampled import Sample

__all__ = ["applied_told", "listed", "sample_told"]


def sample_told(sample: Sample, how: str = "drop") -> str:
    """Return what a reviewed sample says of dropping a family, or of the labels that it would be given."""
    if not sample.judged:
        return f"{sample.reviewed} random rows reviewed, none of which tells"
    what = "given labels are wrong" if how == "drop" else "of the new labels are right"
    found = sample.precision
    interval = f"{share_text(found.value)} [{share_text(found.low)}, {share_text(found.high)}]"
    return f"{sample.right} of {sample.judged} {what}: {interval}"


def listed(families: pd.DataFrame, samples: Mapping[str, Sample], unsure: pd.DataFrame) -> Iterator[str]:
    """Yield the families line by line, where the model is itself unsure, and what to do with them.

    Parameters
    ----------
    families, unsure : DataFrame
        From `found.families_of` and `unsure.unsure_of`.
    samples : mapping of str to Sample
        What the review of a pattern says so far; patterns that nobody reviewed are not there.
    """
    for family in families.itertuples():
        yield f"{family.number}. {line_of(family)}"
        if (pattern := str(family.pattern)) in samples:
            yield f"   reviewed at random: {sample_told(samples[pattern])}"
    review = "Answer a random 20 rows of one, then decide for all of them: ceteris families review 1"
    yield NONE if families.empty else review
    for one in unsure.itertuples():
        yield unsure_line(one)
    if len(unsure):
        first = shlex.quote(f"{FAMILY}: {unsure['pattern'].iloc[0]}")
        yield f"{UNSURE}: ceteris review {first} --rows 20"


def applied_told(done: Applied, how: str, who: str) -> Iterator[str]:
    """Yield what became of a family, how to take it back, and the recipe that tells what it alone is worth."""
    yield f"{counted(done.changed, 'row')} {'dropped' if how == 'drop' else 'relabelled'} in {' and '.join(done.written.files)}"
    if done.answered:
        yield f"What a person answered stands for {counted(done.answered, 'row')}."
    if done.same:
        yield f"That label stands already on {counted(done.same, 'row')}."
    yield f"Random rows of it: {sample_told(done.sample, how)}" if done.sample.reviewed else "Nobody reviewed a row of it."
    name = literal(f"{who}/{done.batch}")
    yield f"Take it back: ceteris edits revert {shlex.quote(name)} --reviewer {shlex.quote(who)}"
    yield "Its own worth is that of a version of its own; in params.yaml, under fix.recipes:"
    yield f"    {done.batch}:\n    - step: apply_edits\n      batches:\n      - {name}"

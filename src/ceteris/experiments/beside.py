"""What stands beside the effect between two revisions: the same on given labels, its review, or how to have it reviewed."""

from __future__ import annotations

import shlex

from ceteris.experiments.comparison import Comparison
from ceteris.telling.scored_twice import AGREEING_MEANS, given_told, parting, progress_told, review_told
from ceteris.telling.wording import labels_of, literal, upper_first

__all__ = ["checked_told", "flips_told"]


def checked_told(found: Comparison) -> list[str]:
    """Return what is known of the labels behind the effect of a comparison, in sentences."""
    against = found.measured
    told = [upper_first(against.rows) + "."] if against.rows else []
    if against.effect is None:
        return told
    if against.on_given is not None:
        told.append(f"{upper_first(given_told(against.on_given))}. {parting(against.effect, against.on_given)}".rstrip())
    if against.review is not None:
        told += review_told(against.review)
        if against.review.agreeing_known:
            told[-1] += f" {AGREEING_MEANS}"
    if found.doubt is not None:
        told.append(found.doubt.told + (f" {_queue(found)}" if found.doubt.tipping is not None else ""))
        told.append(progress_told(found.doubt.review))
    return [line for line in told if line]


def flips_told(found: Comparison) -> str:
    """Return by which labels rows flipped, and how many that could have are left out."""
    left = f", {found.unjudged:,} unsure or not asked for left out" if found.unjudged else ""
    return labels_of(found.flips_on) + left


def _queue(found: Comparison) -> str:
    """Return the command that asks a person about this comparison."""
    revisions = " ".join(shlex.quote(one.name) for one in (found.baseline, found.candidate))
    if found.named is None:
        return literal(f"ceteris queue --between {revisions}")
    one, other = (shlex.quote("/".join(cell)) for cell in found.named)
    return literal(f"ceteris queue --between {revisions} --baseline {one} --candidate {other}")

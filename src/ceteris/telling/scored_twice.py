"""One contrast on given labels and on better ones, side by side: both verdicts, where they part, and what the review found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from ceteris.editing.reviewed import Checked, Review, minutes_of
from ceteris.sections import SCORED_ON
from ceteris.telling.finding import Finding
from ceteris.telling.wording import amount, interval, labels_of

__all__ = ["AGREEING_MEANS", "Twice", "given_told", "parting", "progress_told", "review_told", "scored_twice", "two_columns"]


class Scored(Protocol):
    """An effect or a finding: a difference with its interval and verdict, on some labels."""

    @property
    def difference(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def verdict(self) -> str: ...
    @property
    def metric(self) -> str: ...
    @property
    def scored_on(self) -> str: ...


@dataclass(frozen=True)
class Twice:
    """A contrast on the best labels that it has, the same on given labels, and the review that made it, where there was one."""

    better: Finding
    given: Finding
    review: Review | None = None

    @property
    def parting(self) -> str:
        """What the given labels would have told otherwise; empty where they tell the same."""
        return parting(self.better, self.given)

    @property
    def told(self) -> list[str]:
        """What the review found, in sentences."""
        return review_told(self.review) if self.review else []


def scored_twice(found: Iterable[Finding], metric: str, reviews: Mapping[tuple[str, ...], Review]) -> list[Twice]:
    """Return the planned contrasts, and those that a person has checked, on their best labels beside the given ones.

    Parameters
    ----------
    reviews : mapping
        The review of each contrast by its arms.
    """
    best: dict[tuple[str, ...], Finding] = {}
    given: dict[tuple[str, ...], Finding] = {}
    for finding in found:
        if finding.metric != metric or not finding.applicable or finding.axis not in ("data", "model"):
            continue
        if finding.scored_on == "given":
            given[finding.arms] = finding
        elif finding.planned or finding.scored_on.startswith("verified"):
            known = best.get(finding.arms)
            if known is None or SCORED_ON.index(finding.scored_on) < SCORED_ON.index(known.scored_on):
                best[finding.arms] = finding
    return [Twice(one, given[arms], reviews.get(arms)) for arms, one in best.items() if arms in given]


AGREEING_MEANS = (
    "Wrong labels on which the arms agree change no difference in accuracy; they tell how far the accuracy of one arm, "
    "or another metric, can be trusted."
)


def two_columns(twice: Iterable[Twice]) -> pd.DataFrame:
    """Return one row a contrast: difference, interval and verdict on given labels, the same on better ones, where they part."""
    arms = ("baseline_model", "baseline_version", "candidate_model", "candidate_version")
    names = ("difference", "low", "high", "verdict")
    rows = [
        dict(zip(arms, one.better.arms, strict=True))
        | {f"given_{name}": getattr(one.given, name) for name in names}
        | {"scored_on": one.better.scored_on}
        | {name: getattr(one.better, name) for name in names}
        | {"parting": one.parting}
        for one in twice
    ]
    return pd.DataFrame(rows, columns=[*arms, *(f"given_{name}" for name in names), "scored_on", *names, "parting"])


def given_told(given: Scored) -> str:
    """Return an effect on given labels in a clause."""
    told = f"{amount(given.difference, given.metric)} {interval(given.low, given.high, given.metric)}"
    return f"on given labels {told}: {given.verdict}"


def parting(better: Scored, given: Scored) -> str:
    """Return what the given labels would have told otherwise, in a sentence; empty where sign and verdict are the same."""
    if better.difference * given.difference < 0:
        if better.verdict == given.verdict == "cannot tell":
            return "The sign differs on given labels, and on neither is it told from 0."
        return f"The given labels turn its sign: the errors in them lean to one arm, and {labels_of(better.scored_on)} decide."
    if better.verdict != given.verdict:
        return f"The given labels would have told \u201c{given.verdict}\u201d: {labels_of(better.scored_on)} decide."
    return ""


def review_told(review: Review) -> list[str]:
    """Return what a review found: how many labels were wrong where the arms differ and agree, and what unsure ones do.

    Where all labels came verified with the data nobody was asked here, and nothing is said of labels that a review would check.
    """
    rows, decoys = review.disputed, review.decoys
    if review.came == rows.asked > 0:
        return []
    which = f"a random sample of {rows.asked:,} of the {review.differing:,}" if review.sampled else f"all {rows.asked:,}"
    told = [f"A person checked {which} rows on which the arms differ: {_wrong(rows)}."]
    if review.came:
        here = rows.asked - review.came
        told.append(f"{review.came:,} of these labels came verified with the data; {here:,} were asked for.")
    if rows.unsure:
        ends = amount(review.against, "accuracy"), amount(review.favour, "accuracy")
        told.append(
            f"{rows.unsure:,} of them {'was' if rows.unsure == 1 else 'were'} left unsure: counted against the candidate the "
            f"effect is {ends[0]}, counted for it {ends[1]}, and the interval holds both."
        )
    if review.agreeing_known:
        told.append(f"Of {decoys.asked:,} checked row{'s' * (decoys.asked > 1)} on which the arms agree, {_wrong(decoys)}.")
    elif decoys.asked:
        told.append(
            f"Of labels on which the arms agree nothing is known: {decoys.left:,} of {decoys.asked:,} decoys are not answered."
        )
    return told


def progress_told(review: Review) -> str:
    """Return how far a review is that has begun and is not whole; empty where it is either."""
    rows = review.disputed
    if not rows.left or not review.begun:
        return ""
    done = rows.asked - rows.left
    return (
        f"{done:,} of the {rows.asked:,} labels asked for are checked; {rows.left:,} are left, about {minutes_of(rows.left)}."
    )


def _wrong(rows: Checked) -> str:
    """Return how many of some checked labels were wrong, and of how many of all such labels that may hold."""
    if not rows.told:
        return "none of them could be told"
    of = "" if rows.told == rows.asked else f" of {rows.told:,} that could be told"
    return (
        f"{f'{rows.wrong:,}' if rows.wrong else 'none'}{of} had a wrong label ({100 * rows.low:.0f} to {100 * rows.high:.0f} %)"
    )

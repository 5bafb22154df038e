"""What moved between revisions, judged on the best labels that their shared rows have, and beside it on the given ones."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ceteris.editing.checked import review_of
from ceteris.editing.reviewed import Review
from ceteris.experiments.moved import Move
from ceteris.experiments.pairing import Shared
from ceteris.measuring.attribution import Attribution, attribute
from ceteris.measuring.compare import Scorer
from ceteris.measuring.effect import Effect, judge
from ceteris.measuring.fingerprint import Fingerprint
from ceteris.measuring.pairs import Name, Pair
from ceteris.measuring.tipping import tipping_count, tipping_sentence
from ceteris.measuring.verified import chosen_rows, labels_for_all, verified_pair
from ceteris.sections import PLACEBO, Compare

__all__ = ["Doubt", "Measured", "attributed_on_best", "contrasts_of", "doubt_of", "judged_on_best"]

_GIVEN = "given"


@dataclass(frozen=True)
class Measured:
    """What was measured of a move. `effect` is None where there is no one number, and `reason` says why.

    Attributes
    ----------
    effect, net : the effect, and that net of the placebo, on the best labels
    given : the same on the given labels, where the best are others
    review : where people's answers make the effect: how many they are, and what they found
    answers : digest of the answers that entered, empty where none did
    missing : fingerprints of the corner cells of the square that nobody has trained
    rows : what a reader must know of the rows that judge; "" where nothing
    """

    move: Move
    effect: Effect | None = None
    net: Effect | None = None
    given: Measured | None = None
    review: Review | None = None
    answers: str = ""
    attribution: Attribution | None = None
    missing: tuple[Fingerprint, ...] = ()
    reason: str = ""
    rows: str = ""

    @property
    def on_given(self) -> Effect | None:
        """The effect on given labels, where that is not the headline."""
        return self.given.effect if self.given else None


@dataclass(frozen=True)
class Doubt:
    """How firm a verdict on given labels is.

    Attributes
    ----------
    tipping : how few wrong labels would undo it; None where no number would
    told : the same in a sentence
    review : how far its review is
    """

    tipping: int | None
    told: str
    review: Review


def contrasts_of(move: Move, names: Mapping[str, Name]) -> dict[str, Pair]:
    """Return the pairs whose labels a verdict needs, by the contrast's name, which permanent numbers are made of.

    The names are those of the cells, as in a contrast of one revision: a review then stands for both, and a later revision
    asks for few rows that an earlier one did not.

    Parameters
    ----------
    names : the arms' names in a scorer, by role: baseline, candidate, and control where the candidate drops rows
    """
    model, version = move.candidate
    found = {Pair(move.axis, move.baseline, move.candidate).name: Pair(move.axis, names["baseline"], names["candidate"])}
    if "control" in names:
        against = Pair("data", (model, PLACEBO + version), move.candidate).name
        found[against] = Pair("data", names["control"], names["candidate"], redrawn=True)
    return found


def judged_on_best(move: Move, scorer: Scorer, names: Mapping[str, Name], shared: Shared, settings: Compare) -> Measured:
    """Return the effect of a move on the best labels that it may use, with that on given labels beside it.

    For accuracy, labels verified where the arms differ come before the given ones, and only where all of them are: of the pair,
    and of its net of the placebo.
    """
    best = next(iter(scorer.labels))
    found = _judged(move, scorer, names, settings, best)
    if found is None:
        return Measured(move, reason=_without_probabilities(settings))
    if best != _GIVEN:
        entered = np.full(len(shared.ids), best != "true")
        return replace(found, given=_judged(move, scorer, names, settings, _GIVEN), answers=_digest(shared, entered))
    reviewed = _reviewed(move, scorer, names, shared) if settings.metric == "accuracy" else None
    return found if reviewed is None else replace(reviewed, given=found)


def _judged(move: Move, scorer: Scorer, names: Mapping[str, Name], settings: Compare, labels: str) -> Measured | None:
    effect = scorer.effect(names["baseline"], names["candidate"], settings.metric, labels)
    if effect is None:
        return None
    net = None
    if "control" in names:
        net = scorer.effect(names["control"], names["candidate"], settings.metric, labels, redrawn=True)
    return Measured(move, replace(judge(effect, net=net), axis=move.axis), net)


def _reviewed(move: Move, scorer: Scorer, names: Mapping[str, Name], shared: Shared) -> Measured | None:
    found = [verified_pair(scorer, pair, shared.answers, name) for name, pair in contrasts_of(move, names).items()]
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        return None
    net = known[1].effect if len(known) > 1 else None
    return Measured(
        move,
        replace(judge(known[0].effect, net=net), axis=move.axis),
        net,
        review=known[0].review,
        answers=_digest(shared, np.logical_or.reduce([one.entered for one in known])),
    )


def doubt_of(found: Measured, scorer: Scorer, names: Mapping[str, Name], shared: Shared) -> Doubt | None:
    """Return how firm a verdict on given labels is, or None where there is no such verdict to doubt."""
    effect, settings = found.effect, scorer.compare
    if effect is None or effect.identical or (effect.scored_on, effect.metric) != (_GIVEN, "accuracy"):
        return None
    given = scorer.labels[_GIVEN]
    baseline, candidate = (scorer.arms[names[role]].cell.over_seeds()[0] for role in ("baseline", "candidate"))
    count = tipping_count(
        given, baseline, candidate, net=found.net, confidence=settings.confidence, groups=scorer.groups, region=settings.region
    )
    (name, pair), *_ = contrasts_of(found.move, names).items()
    chosen = chosen_rows(scorer, pair, shared.ids, name)
    told = tipping_sentence(count, chosen.size, int(chosen.asked.sum()))
    return Doubt(count, told, review_of(given, shared.answers.codes, chosen, settings.confidence))


def _digest(shared: Shared, entered: np.ndarray) -> str:
    """Return a fingerprint of the answers to these rows; empty where there are none."""
    names = np.array([*shared.classes, "(unsure)", ""], dtype=object)  # UNSURE is -2 and NOT_ANSWERED -1
    said = zip(shared.ids[entered], names[shared.answers.codes[entered]], strict=True)
    text = "\x1e".join(f"{id}\x1f{label}" for id, label in said)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16] if text else ""


def attributed_on_best(move: Move, scorer: Scorer, names: Mapping[str, Name], shared: Shared, settings: Compare) -> Measured:
    """Return what data and model are worth where both moved, from the four cells of the square, on the best labels.

    Parameters
    ----------
    names : the cells in the order of `attribute`: baseline, new model, new data, candidate
    """
    arms = [scorer.arms[name].cell.over_seeds()[0] for name in names.values()]
    best, labels = labels_for_all(scorer.labels, arms, shared.answers, settings.metric)
    scorer = replace(scorer, labels={best: labels}, _scores={})
    found = [scorer.scores(name, settings.metric, best) for name in names.values()]
    square = [scores for scores in found if scores is not None]
    if len(square) < len(found):
        return Measured(move, reason=_without_probabilities(settings))
    region = settings.region_of(settings.metric)
    parts = attribute(*square, confidence=settings.confidence, groups=scorer.groups, region=region)
    named = {name: replace(part, metric=settings.metric, scored_on=best) for name, part in parts.items()}
    return Measured(move, attribution=Attribution(**named), reason="data and model both moved")


def _without_probabilities(settings: Compare) -> str:
    return f"an arm gives no probabilities, which {settings.metric} needs"

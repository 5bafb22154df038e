"""Given labels judge badly: which of a contrast's labels a person should check, and what the answers make of its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ceteris.dataset import codes
from ceteris.editing import edits
from ceteris.editing.blind import refuse_leaks, verifying
from ceteris.editing.checked import review_of
from ceteris.editing.reviewed import Review
from ceteris.measuring.compare import Judged, Scorer
from ceteris.measuring.disagreement import (
    NOT_ANSWERED,
    UNSURE,
    Disagreement,
    decided_labels,
    disagreement_set,
    inclusion_probabilities,
    permanent_numbers,
    usable_labels,
    verified_bounds,
    verified_effect,
)
from ceteris.measuring.effect import Effect, judge
from ceteris.measuring.pairs import Pair, VersionFacts
from ceteris.measuring.questions import questions_of
from ceteris.measuring.tipping import tipping_count, tipping_sentence

__all__ = [
    "Answers",
    "Verified",
    "answers_of",
    "came_verified",
    "chosen_rows",
    "judge_verified",
    "labels_for_all",
    "needed_pairs",
    "net_of",
    "queue_of",
    "queue_pairs",
    "said_of",
    "verified_pair",
    "with_came",
    "with_tipping",
]


@dataclass(frozen=True)
class Answers:
    """What people said of the validation labels: codes, NOT_ANSWERED or UNSURE, shape (n_rows,), of blind answers alone.

    Attributes
    ----------
    not_blind : int
        How many answers about these rows do not count, since whoever gave them knew the given label.
    came : ndarray of bool, shape (n_rows,), or None
        Where a person had verified the label before the data came here.
    """

    ids: np.ndarray
    codes: np.ndarray
    not_blind: int = 0
    came: np.ndarray | None = None

    @property
    def complete(self) -> bool:
        """Whether every row has a label that a person verified."""
        return bool((self.codes >= 0).all())


@dataclass(frozen=True)
class Verified:
    """An effect on accuracy on verified labels, the review that made it, and the rows whose answers entered, (n_rows,) bool."""

    effect: Effect
    review: Review
    entered: np.ndarray


def answers_of(
    decisions: pd.DataFrame, ids: np.ndarray, labels: np.ndarray, classes: tuple[str, ...], not_blind: int = 0
) -> Answers:
    """Return the answers about validation rows. One that is not blind leaves its row's label open, as `unsure` does.

    Raises
    ------
    LeakageError
        A validation label was changed from another source than a disagreement or a random queue, or a row was dropped.
    StaleEditError
        As `edits.apply` does.
    """
    refuse_leaks(decisions)
    decisions = verifying(decisions)
    applied = edits.apply(ids, labels, decisions, classes)
    found = np.full(len(ids), NOT_ANSWERED)
    if len(decisions):
        places = pd.Index(ids).get_indexer(pd.Index(decisions["id"]))
        unsure = (decisions["action"] == "unsure").to_numpy()
        found[places] = codes(applied.labels, classes)[places]
        found[places[unsure]] = UNSURE
    return Answers(ids, found, not_blind)


def said_of(decisions: pd.DataFrame, ids: np.ndarray, classes: tuple[str, ...]) -> Answers:
    """Return what answers make of rows whose given label may have been another one when they were asked for.

    A blind answer is about the row's features, so it stands whatever label the row was given. One that names a class unknown
    here is left out.

    Raises
    ------
    LeakageError
        As `answers_of` does.
    """
    refuse_leaks(decisions)
    decisions = verifying(decisions)
    codes_of = {name: code for code, name in enumerate(classes)}
    labels = decisions["new_label"].where(decisions["action"] == "relabel", decisions["given_label"])
    said = [
        UNSURE if action == "unsure" else codes_of.get(label, NOT_ANSWERED)
        for action, label in zip(decisions["action"], labels, strict=True)
    ]
    found = np.full(len(ids), NOT_ANSWERED)
    places = pd.Index(ids).get_indexer(pd.Index(decisions["id"], dtype=object))
    found[places[places >= 0]] = np.array(said, dtype=int)[places >= 0]
    return Answers(ids, found)


def came_verified(truth: pd.Series, ids: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """Return the codes of the labels that a person verified before the data came here, else NOT_ANSWERED, shape (n_rows,).

    Where that is known of every row these are the true labels, which need no answer: then none is returned. Labels that are
    numbers have no codes: of those neither.

    Parameters
    ----------
    truth : Series
        The labels that are known to be true, by id.
    """
    known = truth.reindex(ids)
    if known.notna().all() or not classes:
        return np.full(len(ids), NOT_ANSWERED)
    return codes(known.to_numpy(dtype=object), classes)


def with_came(answers: Answers, came: np.ndarray) -> Answers:
    """Return the answers, with the labels that came verified on the rows of which nobody has said anything here."""
    silent = (answers.codes == NOT_ANSWERED) & (came != NOT_ANSWERED)
    return replace(answers, codes=np.where(silent, came, answers.codes), came=silent) if silent.any() else answers


def queue_pairs(pairs: list[Pair]) -> list[Pair]:
    """Return the pairs whose disagreements are worth a person's time: the planned ones, and the net of those that drop rows."""
    found = []
    for pair in pairs:
        if pair.planned and pair.axis in ("data", "model"):
            found.append(pair)
            if pair.needs_net:
                found.append(Pair("data", (pair.candidate[0], pair.control), pair.candidate, redrawn=True))
    return found


def chosen_rows(scorer: Scorer, pair: Pair, ids: np.ndarray, name: str = "") -> Disagreement:
    """Return the disagreement set of a pair: a pure function of its predictions, the ids, and the contrast's name.

    Parameters
    ----------
    name : str, optional
        What the rows' permanent numbers are made of; default: the pair's own name.
    """
    arms = _arms(scorer, pair)
    return disagreement_set(arms[0], arms[1], permanent_numbers(name or pair.name, ids), most=scorer.compare.review_rows)


def net_of(pair: Pair, facts: Mapping[str, VersionFacts]) -> Pair | None:
    """Return the pair that sets a candidate against its control, or None where it has none."""
    if not pair.control:
        return None
    return Pair("data", (pair.candidate[0], pair.control), pair.candidate, redrawn=facts[pair.control].redrawn)


def needed_pairs(pair: Pair, facts: Mapping[str, VersionFacts]) -> list[Pair]:
    """Return the pairs whose labels must be verified for this one's verdict: itself, and its net where it drops rows."""
    net = net_of(pair, facts)
    return [pair, net] if net is not None and pair.needs_net else [pair]


def queue_of(chosen: Disagreement, answers: Answers) -> pd.DataFrame:
    """Return the rows to ask a person for, blind: no model, arm or given label; a column `label` to be filled in."""
    return questions_of([chosen], answers.ids, answers.codes).rows


def judge_verified(scorer: Scorer, pair: Pair, answers: Answers, facts: Mapping[str, VersionFacts]) -> Judged | None:
    """Return a pair's effect on accuracy as its verified disagreements make it, or None where answers are missing.

    With rows left unsure, the interval reaches from the low end with all of them against the candidate to the high end with
    all of them for it.
    """
    found = verified_pair(scorer, pair, answers)
    if found is None:
        return None
    against = net_of(pair, facts)
    known = verified_pair(scorer, against, answers) if against else None
    net = known.effect if known else None
    if pair.needs_net and net is None:
        return None
    effect = judge(found.effect, net=net if pair.needs_net else None)
    return Judged(pair, "accuracy", effect.scored_on, effect, net, review=found.review)


def verified_pair(scorer: Scorer, pair: Pair, answers: Answers, name: str = "") -> Verified | None:
    """Return a pair's effect on accuracy on verified labels with its review, or None where it may not use them.

    Parameters
    ----------
    name : str, optional
        As for `chosen_rows`.
    """
    if not _may_be_verified(scorer, pair, answers):
        return None
    arms, given, chosen = _arms(scorer, pair), scorer.labels["given"], chosen_rows(scorer, pair, answers.ids, name)
    scored_on = usable_labels(arms[0], arms[1], answers.codes, chosen)
    if scored_on == "given":
        return None
    settings = {
        "confidence": scorer.compare.confidence,
        "groups": scorer.groups,
        "redrawn_control": pair.redrawn,
        "region": scorer.compare.region,
    }
    effect = verified_effect(given, arms[0], arms[1], answers.codes, chosen, **settings)  # type: ignore[arg-type]
    review = review_of(given, answers.codes, chosen, scorer.compare.confidence)
    if answers.came is not None:
        asked = chosen.weights > 0 if review.disputed.asked == review.differing else chosen.asked
        review = replace(review, came=int((answers.came & asked).sum()))
    if review.disputed.unsure:
        against, favour = verified_bounds(given, arms[0], arms[1], answers.codes, chosen, **settings)
        effect = replace(effect, low=against.low, high=favour.high, p_value=max(against.p_value, favour.p_value))
        review = replace(review, against=against.difference, favour=favour.difference)
    whole = review.disputed.asked == review.differing
    entered = chosen.weights > 0 if whole else chosen.asked
    return Verified(replace(effect, metric="accuracy", scored_on=scored_on), review, entered)


def labels_for_all(
    labels: Mapping[str, np.ndarray], arms: Sequence[np.ndarray], answers: Answers, metric: str
) -> tuple[str, np.ndarray]:
    """Return the best labels on which all these arms may be set against each other, and what they are: never two kinds.

    For accuracy, labels verified on every row on which any two arms differ come before the given ones.

    Parameters
    ----------
    labels : mapping
        Codes, shape (n_rows,), by what they are, the best first.
    arms : sequence of arrays of int, shape (n_seeds, n_rows)
        Predicted classes.
    """
    best, known = next(iter(labels.items()))
    decided = decided_labels(known, arms, answers.codes) if (best, metric) == ("given", "accuracy") else None
    return (best, known) if decided is None else ("verified (disagreements)", decided)


def _may_be_verified(scorer: Scorer, pair: Pair, answers: Answers) -> bool:
    """Whether every differing row that is certain to be asked for is answered: cheap, and false for nearly every pair."""
    weights = scorer.differing(pair.baseline, pair.candidate)
    answered = answers.codes[weights > 0] != NOT_ANSWERED
    certain = inclusion_probabilities(weights, scorer.compare.review_rows)[weights > 0] >= 1
    return bool(answered.any() and answered[certain].all())


def _arms(scorer: Scorer, pair: Pair) -> list[np.ndarray]:
    return [scorer.arms[name].cell.over_seeds()[0] for name in (pair.baseline, pair.candidate)]


def with_tipping(scorer: Scorer, judged: Judged, chosen: Disagreement, queue: str) -> Judged:
    """Return a verdict on given labels with how few wrong labels would undo it, and the queue that finds out.

    Where no number of them would, that is said and no queue is called for.
    """
    if judged.effect is None or judged.metric != "accuracy" or judged.scored_on != "given":
        return judged
    arms = _arms(scorer, judged.pair)
    p = judged.effect.p_value
    count = tipping_count(
        scorer.labels["given"],
        arms[0],
        arms[1],
        p_factor=judged.p_holm / p if judged.p_holm is not None and p > 0 else 1.0,
        net=judged.net if judged.pair.needs_net else None,
        confidence=scorer.compare.confidence,
        groups=scorer.groups,
        redrawn_control=judged.pair.redrawn,
        region=scorer.compare.region,
    )
    warning = tipping_sentence(count, chosen.size, int(chosen.asked.sum()))
    check = "" if count is None else f" To check: ceteris queue {judged.pair.name}"
    reason = f"{judged.effect.reason}. {warning}{check}"
    return replace(judged, effect=replace(judged.effect, reason=reason), tipping=count, queue=queue)

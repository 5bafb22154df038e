"""The labels that can change an effect on accuracy: which rows to ask a person for, and the effect with the answers.

Only rows on which two arms predict differently move their difference. Up to a limit all of them are asked for, beyond it
a Poisson sample whose probabilities travel with the queue. Nothing here changes a label: answers come in, an effect goes out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ceteris.errors import BadInputError
from ceteris.measuring.effect import Effect, paired_effect

__all__ = [
    "DECOY_SHARE",
    "NOT_ANSWERED",
    "UNSURE",
    "Disagreement",
    "decided_labels",
    "disagreement_set",
    "disagreement_weights",
    "inclusion_probabilities",
    "permanent_numbers",
    "usable_labels",
    "verified_bounds",
    "verified_effect",
]

DECOY_SHARE = 0.10
FEWEST_ASKED = 60
NOT_ANSWERED, UNSURE = -1, -2


@dataclass(frozen=True)
class Disagreement:
    """The disagreement set of one contrast, and the rows of it that are asked for.

    Attributes
    ----------
    weights : ndarray of float in [0, 1], shape (n_rows,)
        Share of seeds in which the arms predict differently.
    pi : ndarray of float in [0, 1], shape (n_rows,)
        Probability with which a row is asked for; 0 where the arms agree.
    asked : ndarray of bool, shape (n_rows,)
    decoys : ndarray of bool, shape (n_rows,)
        Agreeing rows, mixed in so that a reviewer cannot know that a row is in dispute.
    order : ndarray of int, shape (n_asked + n_decoys,)
        Positions of the rows to show, in the order to show them.
    """

    weights: np.ndarray
    pi: np.ndarray
    asked: np.ndarray
    decoys: np.ndarray
    order: np.ndarray

    @property
    def size(self) -> int:
        """Number of rows on which the arms differ in any seed."""
        return int((self.weights > 0).sum())

    @property
    def sampled(self) -> bool:
        """True where some of the rows are left to chance."""
        return bool(((self.pi > 0) & (self.pi < 1)).any())


def disagreement_set(
    baseline: np.ndarray, candidate: np.ndarray, numbers: np.ndarray, *, most: int = 150, decoy_share: float = DECOY_SHARE
) -> Disagreement:
    """Return which rows to ask a person for, a pure function of the predictions and of the rows' permanent numbers.

    A row is asked for where its number is below its `pi`; decoys, `decoy_share` of what is shown, are the agreeing rows with
    the smallest numbers. Given that a row is chosen, its number over the bound it fell under is uniform: that is the order.

    Parameters
    ----------
    baseline, candidate : array of predicted classes, shape (n_seeds, n_rows)
    numbers : array of float in [0, 1), shape (n_rows,)
        As `permanent_numbers` makes them, so that a sample does not move when rows or seeds are added.
    most : int >= 60
        Rows asked for in expectation; all of them where there are no more.
    decoy_share : float in [0, 1)
    """
    if most < FEWEST_ASKED:
        raise BadInputError(
            f"A review of {most} disagreement rows is too small.", f"Set compare.review_rows to {FEWEST_ASKED} or more."
        )
    weights = disagreement_weights(baseline, candidate)
    pi = inclusion_probabilities(weights, most)
    asked = numbers < pi
    agreeing = np.flatnonzero(weights == 0)
    n_decoys = min(round(asked.sum() * decoy_share / (1 - decoy_share)), len(agreeing))
    decoys = np.zeros(len(weights), dtype=bool)
    decoys[agreeing[np.argsort(numbers[agreeing], kind="stable")[:n_decoys]]] = True
    bound = np.where(decoys, numbers[decoys].max(initial=0.0), pi)
    shown = np.flatnonzero(asked | decoys)
    place = numbers[shown] / np.maximum(bound[shown], np.finfo(float).tiny)
    return Disagreement(weights, pi, asked, decoys, shown[np.argsort(place, kind="stable")])


def disagreement_weights(baseline: np.ndarray, candidate: np.ndarray) -> np.ndarray:
    """Return w_i, the share of seeds in which the arms predict row i differently; inputs have shape (n_seeds, n_rows)."""
    first, second = np.asarray(baseline), np.asarray(candidate)
    if first.ndim != 2 or first.shape != second.shape or not len(first):
        raise BadInputError(
            f"The arms' predictions have shapes {first.shape} and {second.shape}.", "Pass two of shape (n_seeds, n_rows)."
        )
    return np.asarray((first != second).mean(axis=0))


def inclusion_probabilities(weights: np.ndarray, most: int) -> np.ndarray:
    """Return pi_i = min(1, c w_i), c solved so that the sum of pi is `most`; 1 for every w_i > 0 where there are no more.

    With the weights in falling order and the j largest at 1, c_j = (most - j) / (sum of the others); the first j whose next
    weight stays below 1 is the one.

    References
    ----------
    Hajek (1964), Asymptotic theory of rejective sampling (Poisson sampling); Sarndal et al. (1992), section 3.6.
    """
    differing = weights > 0
    if differing.sum() <= most:
        return differing.astype(float)
    falling = np.sort(weights[differing])[::-1]
    others = np.cumsum(falling[::-1])[::-1][:most]
    scale = (most - np.arange(most)) / others
    fits = scale * falling[:most] <= 1
    c = scale[np.argmax(fits)] if fits.any() else 1 / falling[most - 1]
    return np.asarray(np.minimum(1.0, c * weights))


def permanent_numbers(contrast: str, ids: Iterable[str]) -> np.ndarray:
    """Return a number in [0, 1) for each id, a hash of the contrast's name and the id: the same row, the same number."""
    head = hashlib.sha256(contrast.encode("utf-8", "surrogatepass") + b"\x1f")
    numbers = []
    for name in ids:
        digest = head.copy()
        digest.update(str(name).encode("utf-8", "surrogatepass"))
        numbers.append((int.from_bytes(digest.digest()[:8], "big") >> 11) / 2**53)
    return np.array(numbers, dtype=float)


def usable_labels(baseline: np.ndarray, candidate: np.ndarray, answers: np.ndarray, chosen: Disagreement | None = None) -> str:
    """Return which labels this contrast may be scored on, as the name that stands in `scored_on`.

    `verified (all)` where a person answered for every row; `verified (disagreements)` where for every row on which the two
    arms differ, or for every row that the sample drawn for this very pair asks for; else `given`, never a mixture. Only
    accuracy may use `verified (disagreements)`: other metrics depend on the labels of agreeing rows.

    Parameters
    ----------
    baseline, candidate : array of predicted classes, shape (n_seeds, n_rows)
    answers : array of int, shape (n_rows,)
        The verified label's code, NOT_ANSWERED, or UNSURE (which is an answer that leaves the label open).
    chosen : Disagreement, optional
        The set that was drawn for this pair.
    """
    answered = answers != NOT_ANSWERED
    if answered.all():
        return "verified (all)"
    differing = disagreement_weights(baseline, candidate) > 0
    if answered[differing].all():
        return "verified (disagreements)"
    if chosen is not None and not (differing & (chosen.pi == 0)).any() and answered[chosen.asked].all():
        return "verified (disagreements)"
    return "given"


def decided_labels(given: np.ndarray, arms: Sequence[np.ndarray], answers: np.ndarray) -> np.ndarray | None:
    """Return labels on which the accuracy of several arms differs as on clean ones, or None where that is not known.

    A row on which all arms agree moves no difference, whatever its label. So where every other row is answered with a class,
    these are the answers there and the given labels elsewhere. They say nothing of how high any one arm scores.

    Parameters
    ----------
    given : array of int, shape (n_rows,)
    arms : sequence of arrays of int, shape (n_seeds, n_rows)
        Predicted classes.
    answers : array of int, shape (n_rows,)
        As for `usable_labels`; a row left UNSURE is not decided, and which way it tilts differs from pair to pair.
    """
    differing = np.logical_or.reduce([(arm != arms[0]).any(axis=0) for arm in arms])
    if not differing.any() or (answers[differing] < 0).any():
        return None
    return np.where(differing, answers, given)


def verified_effect(
    given: np.ndarray,
    baseline: np.ndarray,
    candidate: np.ndarray,
    answers: np.ndarray,
    chosen: Disagreement | None = None,
    *,
    confidence: float = 0.95,
    groups: np.ndarray | None = None,
    redrawn_control: bool = False,
    region: float = 0.005,
) -> Effect:
    """Return the effect on accuracy as if validation were clean, from the answers of a person.

    Z[s, i] = D_given + r_i (D_verified - D_given) / pi_i goes into the crossed formula, r_i = 1 where the row was asked for
    and answered. Nothing is added for the sampling: the spread of Z holds it. Where every differing row is answered, pi = 1.
    An `unsure` row keeps its given label here; `verified_bounds` shows what it could do.

    Parameters
    ----------
    given : array of int, shape (n_rows,)
    baseline, candidate : array of int, shape (n_seeds, n_rows)
        Predicted classes.
    answers, chosen
        As for `usable_labels`.
    confidence, groups, redrawn_control, region
        As for `paired_effect`.

    References
    ----------
    The difference estimator: Sarndal, Swensson & Wretman (1992), Model Assisted Survey Sampling, section 6.3.
    """
    differing = disagreement_weights(baseline, candidate) > 0
    known = answers >= 0
    pi = np.ones(len(given))
    if chosen is not None and not (answers[differing] != NOT_ANSWERED).all():
        known = known & chosen.asked
        pi = np.where(chosen.asked, chosen.pi, 1.0)
    on_given = (candidate == given).astype(float) - (baseline == given)
    on_verified = (candidate == answers).astype(float) - (baseline == answers)
    values = on_given + np.where(known, (on_verified - on_given) / pi, 0.0)
    return paired_effect(
        np.zeros_like(values), values, confidence=confidence, groups=groups, redrawn_control=redrawn_control,
        discordant=differing, region=region,
    )  # fmt: skip


def verified_bounds(
    given: np.ndarray,
    baseline: np.ndarray,
    candidate: np.ndarray,
    answers: np.ndarray,
    chosen: Disagreement | None = None,
    **settings: object,
) -> tuple[Effect, Effect]:
    """Return the verified effect with every `unsure` row against the candidate, and with every one for it.

    Parameters are those of `verified_effect`. Against: the row's label is the class that the baseline predicts in most seeds
    more than the candidate does; for: the other way round.
    """
    effects = []
    for direction in (1, -1):
        decided = answers.copy()
        for row in np.flatnonzero(answers == UNSURE):
            labels = np.unique(np.concatenate([baseline[:, row], candidate[:, row]]))
            moves = [(candidate[:, row] == label).mean() - (baseline[:, row] == label).mean() for label in labels]
            decided[row] = labels[int(np.argmin(direction * np.array(moves)))]
        effects.append(verified_effect(given, baseline, candidate, decided, chosen, **settings))  # type: ignore[arg-type]
    return effects[0], effects[1]

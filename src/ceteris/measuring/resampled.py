"""What this kind of fix is worth on data like this (E2): the whole chain is replayed inside every re-split.

The headline of ceteris (`measuring.effect`) holds the data fixed: this fix, on these rows. Here the training sample varies too,
so audit, edits and fits run anew in each split, on the rows that train there. A fix that was made once, by a look at all rows,
cannot be replayed: judged on rows that it saw, it would look better than it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from ceteris.dataset import codes
from ceteris.errors import BadInputError, LeakageError
from ceteris.fixing.recipes import make
from ceteris.fixing.versions import Evidence
from ceteris.issues.table import find_label_issues, find_number_issues, rank
from ceteris.measuring.effect import refuse_settings
from ceteris.measuring.scoring import row_scores
from ceteris.measuring.verdicts import CANNOT_TELL, HARMS, HELPS, NO_DIFFERENCE
from ceteris.metrics import METRICS
from ceteris.sections import Step
from ceteris.training.fits import Fits
from ceteris.training.models import runs_alone, seeded
from ceteris.training.pred_probs import fit, out_of_fold, predict
from ceteris.training.predicted_numbers import out_of_fold_numbers

__all__ = ["Chain", "Resampled", "corrected_effect", "replay", "split_difference"]


@dataclass(frozen=True)
class Resampled:
    """What a kind of fix is worth, with its interval over training samples and rows.

    Attributes
    ----------
    difference, low, high : float
        In the unit of the scores (0.029 = +2.9 pp of accuracy), more is better.
    p_value : float in [0, 1]
    n_splits, n_train, n_eval : int
    verdict : one of ceteris.measuring.effect.VERDICTS
    metric, scored_on : str
    """

    difference: float
    low: float
    high: float
    p_value: float
    n_splits: int
    n_train: int
    n_eval: int
    verdict: str
    metric: str = "accuracy"
    scored_on: str = ""

    def __str__(self) -> str:
        measured = METRICS[self.metric]
        low, mean, high = (measured.signed(end) for end in (self.low, self.difference, self.high))
        unit = " ".join(filter(None, [measured.unit, self.metric]))
        on = f", on {self.scored_on} labels" if self.scored_on else ""
        splits = f"{self.n_splits} re-splits of {self.n_train} + {self.n_eval} rows"
        return f"this kind of fix: {mean} {unit} [{low}, {high}], {splits}{on}: {self.verdict}"


def corrected_effect(
    differences: np.ndarray, n_train: int, n_eval: int, *, confidence: float = 0.95, region: float = 0.005
) -> Resampled:
    """Return the mean difference over re-splits, with the corrected resampled t interval.

    ::

        Var = s^2 (1/J + n_eval/n_train)        interval = mean +- t(1 - alpha/2, J - 1) sqrt(Var)

    The splits share rows, so s^2/J alone would be far too small.

    Parameters
    ----------
    differences : array of float, shape (n_splits,)
        Candidate minus baseline in each split, more is better.
    n_train, n_eval : int >= 1
        Rows that train and that judge in each split.

    Raises
    ------
    BadInputError
        Fewer than two splits, or differences that are no finite numbers.

    References
    ----------
    Nadeau & Bengio (2003), Inference for the generalization error, eq. 9.
    """
    refuse_settings(confidence, region)
    found = np.asarray(differences, dtype=float)
    if found.ndim != 1 or len(found) < 2 or not np.isfinite(found).all() or min(n_train, n_eval) < 1:
        raise BadInputError(
            f"{found.shape} differences over {n_train} + {n_eval} rows have no interval.", "Replay 2 splits or more."
        )
    n_splits, mean = len(found), float(found.mean())
    error = math.sqrt(float(found.var(ddof=1)) * (1 / n_splits + n_eval / n_train))
    half = float(stdtrit(n_splits - 1, (1 + confidence) / 2)) * error
    p = float(2 * stdtr(n_splits - 1, -abs(mean) / error)) if error > 0 else float(mean == 0)
    low, high = mean - half, mean + half
    return Resampled(mean, low, high, p, n_splits, n_train, n_eval, _verdict(low, high, region))


def _verdict(low: float, high: float, region: float) -> str:
    if -region <= low and high <= region:
        return NO_DIFFERENCE
    return HELPS if low > 0 else HARMS if high < 0 else CANNOT_TELL


@dataclass(frozen=True)
class Chain:
    """All that is replayed: the rows, the audit, the fix and the model.

    Attributes
    ----------
    features : DataFrame or ndarray, shape (n_rows, n_features)
    labels : ndarray of str objects, shape (n_rows,)
        As given; they train.
    classes : tuple of str
        Empty where labels are numbers.
    model, judge : scikit-learn classifiers (regressors of numbers), unfitted
        What is trained in both arms, and what finds the doubted rows.
    fix : steps of a recipe, or a function
        `fix(features, labels, seed)` returns the rows that train, as positions, and their labels.
    true : ndarray of str objects, shape (n_rows,), optional
        They judge, and a simulated reviewer answers from them; without them the given labels judge.
    groups : ndarray, shape (n_rows,), optional
        Rows of one group stand on one side of each split.
    metric : one of METRICS
    folds, repeats, filter_by
        Of the audit, as in params.yaml.
    """

    features: Any
    labels: np.ndarray
    classes: tuple[str, ...]
    model: Any
    judge: Any
    fix: tuple[Step, ...] | Callable[[Any, np.ndarray, int], tuple[np.ndarray, np.ndarray]]
    folds: int = 5
    repeats: int = 1
    filter_by: str = "prune_by_noise_rate"
    true: np.ndarray | None = None
    groups: np.ndarray | None = None
    metric: str = "accuracy"


def replay(
    chain: Chain,
    *,
    splits: int = 15,
    held_out: float = 0.25,
    seed: int = 0,
    confidence: float = 0.95,
    region: float = 0.005,
    workers: int | None = None,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Resampled:
    """Return what a kind of fix is worth: in each split it is made anew from the rows that train, and judged on the others.

    Raises
    ------
    LeakageError
        The fix was made once, from all rows: edits of people, or a table of labels.
    BadInputError, ParamsError
        As the audit, the recipe and the model refuse.
    """
    _refuse_made_fixes(chain.fix)
    sides = list(_sides(chain, splits, held_out, seed))
    workers = 1 if runs_alone(chain.model) or runs_alone(chain.judge) else workers
    fits = Fits(_difference, (chain, sides, seed), workers)
    for place in range(splits):
        fits.add(place, "split")
    found = np.zeros(splits)
    for done, (place, difference) in enumerate(fits, start=1):
        found[place] = difference
        tell(done, splits)
    n_train, n_eval = (round(float(np.mean([len(side[part]) for side in sides]))) for part in (0, 1))
    effect = corrected_effect(found, n_train, n_eval, confidence=confidence, region=region)
    return replace(effect, metric=chain.metric, scored_on="given" if chain.true is None else "true")


def _refuse_made_fixes(fix: object) -> None:
    steps = fix if isinstance(fix, tuple) and all(isinstance(step, Step) for step in fix) else None
    if steps is None and not callable(fix):
        raise LeakageError(
            f"The fix is a {type(fix).__name__}, made once from all rows: re-splitting them would judge it on rows it saw.",
            "Pass what makes the fix anew: the steps of a recipe, or a function.",
        )
    if any(step.step == "take_votes" for step in steps or ()):
        raise BadInputError(
            "take_votes needs the votes of several people, which a replay does not carry: their labels are no rule.",
            "Measure that version on the validation part: dvc repro.",
        )
    made = next((step.step for step in steps or () if step.step in ("apply_edits", "consensus")), None)
    if made is not None:
        raise LeakageError(
            f"{made} holds answers about all rows: re-splitting them would judge these answers on rows they saw.",
            "Measure edits on the validation part (dvc repro), or replay a version that a rule or a simulated reviewer makes.",
        )


def _sides(chain: Chain, splits: int, held_out: float, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, StratifiedShuffleSplit

    whole: Any = StratifiedShuffleSplit if chain.classes else ShuffleSplit
    splitter: Any = whole if chain.groups is None else GroupShuffleSplit
    try:
        yield from splitter(splits, test_size=held_out, random_state=seed).split(chain.labels, chain.labels, chain.groups)
    except ValueError as error:
        raise BadInputError(f"The rows cannot be split anew: {error}", "Lower the number of splits, or add rows.") from None


def _difference(shared: tuple[Chain, list[tuple[np.ndarray, np.ndarray]], int], place: int) -> float:
    chain, sides, seed = shared
    return split_difference(chain, *sides[place], seed + place)


def split_difference(chain: Chain, train: np.ndarray, judged: np.ndarray, seed: int) -> float:
    """Return candidate minus baseline where some rows train and others judge.

    Parameters
    ----------
    train, judged : ndarrays of int
        Positions; the fix is made from the rows that train alone.
    """
    rows = chain.features.iloc if hasattr(chain.features, "iloc") else chain.features
    kept, labels = _fixed(chain, rows[train], train, seed)
    truth = codes((chain.labels if chain.true is None else chain.true)[judged], chain.classes)
    arms = ((train, chain.labels[train]), (train[kept], labels))
    before, after = (_score(chain, rows, names, on, rows[judged], truth, seed) for names, on in arms)
    return after - before


def _fixed(chain: Chain, features: Any, train: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions among the rows of this split that train, and their labels."""
    labels = chain.labels[train]
    if callable(chain.fix):
        return chain.fix(features, labels, seed)
    groups = None if chain.groups is None else chain.groups[train]
    ids = np.array([f"{place:09d}" for place in range(len(train))], dtype=object)
    issues = _issues(chain, features, ids, labels, groups, seed)
    evidence = Evidence(
        ids, labels, chain.classes,
        queue=pd.Index(ids).get_indexer(pd.Index(rank(issues)["id"])),
        flagged=issues["is_label_issue"].to_numpy(dtype=bool),
        suggested=issues["suggested_label"].to_numpy(dtype=object),
        decisions=pd.DataFrame(),
        true=None if chain.true is None else chain.true[train],
    )  # fmt: skip
    version = make("replayed", chain.fix, evidence)
    kept = np.flatnonzero(version.kept[0])
    return kept, version.labels[0][kept]


def _issues(
    chain: Chain, features: Any, ids: np.ndarray, labels: np.ndarray, groups: np.ndarray | None, seed: int
) -> pd.DataFrame:
    given = codes(labels, chain.classes)
    how: dict[str, Any] = {"folds": chain.folds, "repeats": chain.repeats, "seed": seed, "groups": groups, "workers": 1}
    if not chain.classes:
        return find_number_issues(ids, labels, out_of_fold_numbers(chain.judge, features, given, **how))
    pred_probs = out_of_fold(chain.judge, features, given, len(chain.classes), names=chain.classes, **how)
    return find_label_issues(ids, labels, pred_probs, chain.classes, chain.filter_by)


def _score(chain: Chain, rows: Any, train: np.ndarray, labels: np.ndarray, judged: Any, truth: np.ndarray, seed: int) -> float:
    n_classes, who = len(chain.classes), type(chain.model).__name__
    fitted = fit(seeded(chain.model, seed), rows[train], codes(labels, chain.classes), who)
    pred_probs, predicted = None, np.asarray(fitted.predict(judged), dtype=np.intp if n_classes else np.float64)
    if METRICS[chain.metric].of_probabilities:
        pred_probs = predict(fitted, judged, n_classes, who)[None]
    found = row_scores(chain.metric, truth, predicted[None], pred_probs, n_classes)
    assert found is not None
    return float(found.mean())

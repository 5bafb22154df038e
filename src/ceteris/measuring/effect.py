"""What changing one thing was worth: candidate minus baseline, paired by seed and row, with an honest interval.

The errors of the difference come from training seeds crossed with validation rows. Arms go in as per-row scores, more is
better; where they come from (`measuring.scoring`) and what is held fixed (`measuring.fingerprint`) is not asked here.
"""

from __future__ import annotations

import math
from numbers import Real

import numpy as np
from scipy.special import stdtr, stdtrit

from ceteris.errors import BadInputError
from ceteris.measuring.intervals import clopper_pearson, crossed_variance, sign_flip_p, units_of, unvarying_interval
from ceteris.measuring.verdicts import (
    FEWEST_DISCORDANT,
    VERDICTS,
    Effect,
    holm,
    judge,
    smallest_visible_after,
    smallest_visible_before,
)

__all__ = [
    "VERDICTS",
    "Effect",
    "holm",
    "judge",
    "paired_effect",
    "refuse_settings",
    "smallest_visible_after",
    "smallest_visible_before",
]

_LARGEST = 1e50  # of a score: the variance is squared once more for its degrees of freedom


def paired_effect(
    baseline: np.ndarray,
    candidate: np.ndarray,
    *,
    confidence: float = 0.95,
    groups: np.ndarray | None = None,
    redrawn_control: bool = False,
    discordant: np.ndarray | None = None,
    region: float = 0.005,
    identical: bool | None = None,
) -> Effect:
    """Return candidate - baseline with its interval, p-value and verdict (as a family of one).

    theta = mean of D[s, i] = candidate[s, i] - baseline[s, i]; interval theta +- t(1 - alpha/2, df) sqrt(Var), Var and df
    from `crossed_variance`. With groups the units are Z[s, g] = theta_s + (G/n) sum over i in g of (D[s, i] - theta_s).
    Under 10 discordant units p is that of the exact sign-flip test. Where nothing varies, the interval comes from
    the Clopper-Pearson bounds on the discordant share: rows not seen differ by at most as much as those seen.

    Parameters
    ----------
    baseline, candidate : array of float, shape (n_seeds, n_rows)
        Per-row scores, oriented so that more is better; the same seeds and rows, in the same order.
        An arm without seed noise is its one row of scores, broadcast.
    confidence : float in (0, 1)
    groups : array, shape (n_rows,), optional
        Rows with one value belong together and count as one unit.
    redrawn_control : bool
        One arm is drawn anew for each seed and the other is one draw: its own luck is added (`v_draw`).
    discordant : array of bool, shape (n_rows,), optional
        Rows on which the arms' *predictions* differ in any seed, for metrics of predictions (accuracy, balanced accuracy,
        macro-F1); by default the rows on which any score differs.
    region : float >= 0
        Region of practical equality, in the unit of the scores.
    identical : bool, optional
        True: the arms are known to be one (equal fingerprints). False: known to be two, so that equal scores are luck
        and get a bound. By default equal scores without a discordant row are taken for identical arms.

    Raises
    ------
    BadInputError
        Shapes that differ, scores that are not finite, or fewer than two units.

    Examples
    --------
    >>> import numpy as np
    >>> right = np.ones((10, 200)); worse = right.copy(); worse[:, :40] = 0
    >>> print(paired_effect(worse, right))
    +20.0 pp [+14.4, +25.6], 10 seeds x 200 rows, 40 discordant: helps
    """
    refuse_settings(confidence, region)
    difference = _difference(baseline, candidate)
    touched = _touched(difference, discordant)
    values, sums, touched_units = units_of(difference, touched, groups)
    same = not difference.any() and not touched.any() if identical is None else identical
    if same and difference.any():
        raise BadInputError("Arms that are said to be identical have different scores.", "Score them again, on the same rows.")
    k, (n_seeds, n_units) = int(touched_units.sum()), values.shape
    variance, df, v_row = crossed_variance(values, redrawn_control=redrawn_control)
    low, high, p = (0.0, 0.0, 1.0) if same else _interval(difference, variance, df, k, n_units, confidence)
    if not same and k < FEWEST_DISCORDANT and not sums[~touched_units].any():
        p = sign_flip_p(sums[touched_units])
    return judge(
        Effect(
            difference=float(difference.mean()), low=low, high=high, p_value=p, n_seeds=n_seeds, n_rows=difference.shape[1],
            n_discordant=int(touched.sum()), verdict="", reason="", df=df, variance=variance, confidence=confidence,
            region=region, row_variance=v_row, n_units=n_units, n_discordant_units=k,
            share_bound=clopper_pearson(k, n_units, confidence)[1], identical=same,
        )
    )  # fmt: skip


def refuse_settings(confidence: float, region: float) -> None:
    """Refuse a confidence outside (0, 1), and a region that is no finite number of 0 or more.

    Raises
    ------
    BadInputError
    """
    if not isinstance(confidence, Real) or not 0 < confidence < 1:
        raise BadInputError(
            f"confidence is {confidence!r}.",
            "Pass a number between 0 and 1, such as 0.95 (in the pipeline: compare.confidence in params.yaml).",
        )
    if not isinstance(region, Real) or not 0 <= region < math.inf:
        raise BadInputError(
            f"region is {region!r}.",
            "Pass a finite number of 0 or more, such as 0.005 (in the pipeline: compare.region in params.yaml).",
        )


def _interval(
    difference: np.ndarray, variance: float, df: float, k: int, n_units: int, confidence: float
) -> tuple[float, float, float]:
    theta, scale = float(difference.mean()), float(np.abs(difference).max())
    if variance <= (1e-12 * max(1.0, scale)) ** 2:
        low, high = unvarying_interval(theta, k, n_units, scale or 1.0, confidence)
        return low, high, min(1.0, 2.0 ** (1 - k)) if theta else 1.0
    half = float(stdtrit(df, (1 + confidence) / 2)) * math.sqrt(variance)
    return theta - half, theta + half, float(2 * stdtr(df, -abs(theta) / math.sqrt(variance)))


def _difference(baseline: np.ndarray, candidate: np.ndarray) -> np.ndarray:
    arms = [_numbers(arm, name) for arm, name in ((baseline, "baseline"), (candidate, "candidate"))]
    if arms[0].ndim != 2 or arms[0].shape != arms[1].shape:
        raise BadInputError(
            f"The arms' scores have shapes {arms[0].shape} and {arms[1].shape}.",
            "Pass two of shape (n_seeds, n_rows), seeds paired.",
        )
    for name, arm in zip(("baseline", "candidate"), arms, strict=True):
        if not np.isfinite(arm).all():
            rows = np.flatnonzero(~np.isfinite(arm).all(axis=0))
            raise BadInputError(
                f"The {name}'s score is not a finite number on {len(rows)} rows, first row {rows[0]}.", "Score every row."
            )
        if np.abs(arm).max(initial=0.0) > _LARGEST:
            raise BadInputError(
                f"The {name}'s scores reach {np.abs(arm).max():.0e}, and their squares cannot be held.",
                f"Scale the scores of both arms to stay within +-{_LARGEST:.0e}.",
            )
    if not arms[0].shape[0]:
        raise BadInputError(
            "The arms' scores hold no seed.", "Score one seed or more (in the pipeline: train.seeds in params.yaml)."
        )
    difference: np.ndarray = arms[1] - arms[0]
    return difference


def _numbers(scores: np.ndarray, name: str) -> np.ndarray:
    """Return scores as floats, NaN where they are masked, refusing what is no table of real numbers."""
    found = _array(scores)
    if found.dtype.kind not in "biuf":
        raise BadInputError(
            f"The {name}'s scores are no table of real numbers (type {found.dtype}).",
            "Pass an array of floats of shape (n_seeds, n_rows).",
        )
    with np.errstate(over="ignore"):
        return np.where(np.ma.getmaskarray(scores), np.nan, found.astype(float))


def _array(values: object) -> np.ndarray:
    """Return an array, of objects where rows differ in length."""
    try:
        return np.asarray(values)
    except ValueError:
        return np.empty(0, dtype=object)


def _touched(difference: np.ndarray, discordant: np.ndarray | None) -> np.ndarray:
    if discordant is None:
        return np.asarray((difference != 0).any(axis=0))
    mask = _array(discordant)
    if mask.dtype != bool or mask.shape != difference.shape[1:]:
        raise BadInputError(
            f"discordant is {mask.dtype} of shape {mask.shape}.", f"Pass a bool for each of the {difference.shape[1]} rows."
        )
    return mask

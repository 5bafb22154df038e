"""The statistics behind an effect: variance over seeds crossed with rows, and exact bounds where rows are few.

Arrays in, numbers out; what they mean is decided in `ceteris.measuring.verdicts`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from ceteris.errors import BadInputError, some
from ceteris.measuring.verdicts import FEWEST_SEEDS

__all__ = [
    "clopper_pearson",
    "crossed_variance",
    "group_codes",
    "hidden_variance",
    "sign_flip_p",
    "units_of",
    "unvarying_interval",
]


def crossed_variance(values: np.ndarray, *, redrawn_control: bool = False) -> tuple[float, float, float]:
    """Return the variance of the mean over seeds and units, its degrees of freedom, and the units' part of it.

    ::

        v_row  = var(mean over s) / n          v_seed = var(mean over i) / S
        v_err  = sum((D - row mean - seed mean + theta)^2) / ((S-1)(n-1) n S)
        Var    = max(v_row + v_seed - v_err, v_row)
        df     = max(S-1, Var^2 / (v_row^2/(n-1) + v_seed^2/(S-1)))

    `var` divides by count - 1. With a control drawn anew for each seed v_draw = max(0, var(mean over i) - S v_err) is
    added once to Var and to the seed term of df. Under 5 seeds, and where no seed differs from another, only v_row is left and
    df = n - 1.

    Parameters
    ----------
    values : ndarray of float, shape (n_seeds, n_units)

    References
    ----------
    Owen (2007), The pigeonhole bootstrap (variance of a mean over crossed factors); Satterthwaite (1946) for df.
    """
    n_seeds, n_units = values.shape
    row_means, seed_means = values.mean(axis=0), values.mean(axis=1)
    v_row = float(row_means.var(ddof=1)) / n_units
    if n_seeds < FEWEST_SEEDS or not np.ptp(values, axis=0).any():
        return v_row, float(n_units - 1), v_row
    seed_spread = float(seed_means.var(ddof=1))
    residual = values - row_means - seed_means[:, None] + values.mean()
    v_err = float(np.square(residual).sum()) / ((n_seeds - 1) * (n_units - 1) * n_units * n_seeds)
    v_seed = seed_spread / n_seeds
    v_draw = max(0.0, seed_spread - n_seeds * v_err) if redrawn_control else 0.0
    variance = max(v_row + v_seed - v_err, v_row) + v_draw
    spread = v_row**2 / (n_units - 1) + (v_seed + v_draw) ** 2 / (n_seeds - 1)
    df = max(n_seeds - 1.0, variance**2 / spread) if spread > 0 else n_units - 1.0
    return variance, df, v_row


def hidden_variance(baseline: np.ndarray, control: np.ndarray, groups: np.ndarray | None = None) -> float:
    """Return by how much one draw of a control varies more over units than the mean of its draws, one a seed, shows.

    ::

        (1 - 1/S) max(0, mean over i of var(control[:, i]) - mean over i of var(baseline[:, i])) / n

    A version is one draw; in the mean over S draws anew, what is particular to each of them is divided by S. The spread over
    seeds that the baseline has too is the learner's own, and stays out. 0 with a single seed.

    Parameters
    ----------
    baseline, control : array of float, shape (n_seeds, n_rows)
        Per-row scores.
    """
    n_seeds, n_rows = control.shape
    if n_seeds < 2:
        return 0.0
    spread = []
    for arm in (baseline, control):
        values, _, _ = units_of(np.asarray(arm, dtype=float), np.zeros(n_rows, dtype=bool), groups)
        spread.append(float(values.var(axis=0, ddof=1).mean()))
    return (1 - 1 / n_seeds) * max(0.0, spread[1] - spread[0]) / values.shape[1]


def sign_flip_p(sums: np.ndarray) -> float:
    """Return the exact two-sided p of a sign-flip test: the share of all 2^k sign patterns with a sum as far from 0.

    Parameters
    ----------
    sums : ndarray of float, shape (k,)
        Per discordant unit; k below about 16.

    References
    ----------
    Fisher (1935), The Design of Experiments, section 21.
    """
    k = len(sums)
    signs = 1 - 2 * ((np.arange(2**k)[:, None] >> np.arange(k)) & 1)
    totals = np.abs(signs @ sums)
    return float(np.mean(totals >= abs(sums.sum()) - 1e-9 * max(1.0, float(np.abs(sums).sum()))))


def clopper_pearson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact two-sided bounds on a share of which k of n were seen.

    Quantiles alpha/2 of Beta(k, n - k + 1) and 1 - alpha/2 of Beta(k + 1, n - k).

    References
    ----------
    Clopper & Pearson (1934), The use of confidence or fiducial limits.
    """
    tail = (1 - confidence) / 2
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))
    return low, high


def unvarying_interval(theta: float, k: int, n: int, scale: float, confidence: float) -> tuple[float, float]:
    """Return an interval for a mean difference that varies over nothing that was seen, so that no t interval can be had.

    Units not seen are taken to differ by at most `scale`, in either direction, and to be as many as the Clopper-Pearson
    bounds [l, u] on the discordant share of k in n allow: [-u scale, u scale] around 0, else [theta (2 l - 1), theta].
    """
    low_share, high_share = clopper_pearson(k, n, confidence)
    if theta == 0:
        return -high_share * scale, high_share * scale
    ends = theta, theta - 2 * (1 - low_share) * theta
    return min(ends), max(ends)


def group_codes(groups: np.ndarray, n_rows: int) -> np.ndarray:
    """Return the position of each row's group among the groups, sorted by name, shape (n_rows,).

    Raises
    ------
    BadInputError
        Another number of groups than of rows, or rows without one.
    """
    names = np.asarray(groups, dtype=object)
    if names.shape != (n_rows,):
        raise BadInputError(f"groups has shape {names.shape}.", f"Pass one group for each of the {n_rows} rows.")
    alone = np.flatnonzero(pd.isna(names))
    if len(alone):
        raise BadInputError(f"groups names no group for the rows {some(alone)}.", "Give each row a group, if only its own.")
    codes: np.ndarray = np.unique([str(name) for name in names], return_inverse=True)[1]
    return codes


def units_of(
    difference: np.ndarray, touched: np.ndarray, groups: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the independent units of an effect: the rows, or their groups.

    Z[s, g] = theta_s + (G/n) * sum over i in g of (D[s, i] - theta_s), whose mean over g is theta_s.

    Parameters
    ----------
    difference : ndarray of float, shape (n_seeds, n_rows)
    touched : ndarray of bool, shape (n_rows,)
        The discordant rows.
    groups : array, shape (n_rows,), or None

    Returns
    -------
    values : ndarray of float, shape (n_seeds, n_units)
    sums : ndarray of float, shape (n_units,)
        Each unit's sum of mean differences.
    touched_units : ndarray of bool, shape (n_units,)

    Raises
    ------
    BadInputError
        Fewer than two units, or another number of groups than of rows.
    """
    n_rows = difference.shape[1]
    values, sums = difference, difference.mean(axis=0)
    if groups is not None:
        codes = group_codes(groups, n_rows)
        order = np.argsort(codes, kind="stable")
        starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
        seed_means = difference.mean(axis=1, keepdims=True)
        within = np.add.reduceat((difference - seed_means)[:, order], starts, axis=1) if n_rows else difference
        values = seed_means + len(starts) / max(n_rows, 1) * within
        sums = np.add.reduceat(sums[order], starts) if n_rows else sums
        touched = np.logical_or.reduceat(touched[order], starts) if n_rows else touched
    if values.shape[1] < 2:
        what = "rows" if groups is None else "groups"
        raise BadInputError(
            f"An effect on {values.shape[1]} {what} has no error that can be known.", f"Score 2 {what} or more."
        )
    return values, sums, touched

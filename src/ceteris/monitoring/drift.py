"""One thing at a time: do its values in the window come from where those of the reference came from?

Numbers by Kolmogorov-Smirnov, categories by chi-square with the rare ones pooled, missing values by Fisher's exact test. Each
test's p holds whatever the values are; how far the two sides lie apart is a share of rows, from 0 to 1, for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ceteris.monitoring.derived import Values

__all__ = ["FEWEST_OF_A_CATEGORY", "Test", "missing_test", "psi_reading", "shift_test"]

FEWEST_OF_A_CATEGORY = 5  # expected on the smaller side; rarer ones are pooled
_BINS = 10
_SAME = "one value in both"


@dataclass(frozen=True)
class Test:
    """What was seen of one thing.

    Attributes
    ----------
    name, kind : str
        What was tested, and by what.
    family : str
        features, predictions, rows or accuracy: families share the rate of false alarms.
    shift : float in [0, 1]
        The distance between the two sides: KS, total variation, 2 AUC - 1, or the loss of accuracy.
    p : float, NaN where nothing could be tested
    psi : float, NaN where there is none
    told : str
        Why nothing was tested, or what was seen, in words.
    """

    name: str
    kind: str
    family: str
    shift: float
    p: float
    psi: float = float("nan")
    told: str = ""


def shift_test(values: Values, family: str) -> Test:
    """Return the test of the values that are there."""
    sides = [part[~pd.isna(part)] for part in (values.reference, values.window)]
    if not all(len(side) for side in sides):
        return _untested(values.name, "KS" if values.is_number else "chi-square", family, "no value on one side")
    return (_numbers if values.is_number else _categories)(values.name, family, *sides)


def _untested(name: str, kind: str, family: str, why: str) -> Test:
    return Test(name, kind, family, 0.0, float("nan"), told=why)


def _numbers(name: str, family: str, reference: np.ndarray, window: np.ndarray) -> Test:
    from scipy.stats import ks_2samp

    if reference.min() == window.max() and reference.max() == window.min():
        return _untested(name, "KS", family, _SAME)
    found = ks_2samp(reference, window, method="asymp")
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, _BINS + 1)[1:-1]))
    counts = np.array([np.bincount(np.searchsorted(edges, side), minlength=len(edges) + 1) for side in (reference, window)])
    more = np.median(window) - np.median(reference)
    told = f"median {np.median(reference):.4g} to {np.median(window):.4g}" if more else ""
    return Test(name, "KS", family, float(found.statistic), float(found.pvalue), _psi(counts), told)


def _categories(name: str, family: str, reference: np.ndarray, window: np.ndarray) -> Test:
    from scipy.stats import chi2_contingency

    counts, names = _counted(reference, window)
    if counts.shape[1] < 2:
        return _untested(name, "chi-square", family, _SAME if len(names) == 1 and names[0] else "every value is rare")
    p = float(chi2_contingency(counts, correction=False).pvalue)
    shares = counts / counts.sum(axis=1, keepdims=True)
    moved = shares[1] - shares[0]
    most = int(np.abs(moved).argmax())
    told = f"{names[most] or 'all rare values'}: {100 * shares[0, most]:.1f} to {100 * shares[1, most]:.1f} %"
    return Test(name, "chi-square", family, float(np.abs(moved).sum() / 2), p, _psi(counts), told)


def _counted(reference: np.ndarray, window: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Return how often each category stands on either side, shape (2, n), and their names; "" is all that are rare.

    What is rare is told by both sides together, so that which side a row is on has no say in it.
    """
    codes, names = pd.factorize(np.concatenate([reference, window]), sort=False)
    counts = np.array([np.bincount(part, minlength=len(names)) for part in np.split(codes, [len(reference)])])
    total = counts.sum(axis=0)
    least = FEWEST_OF_A_CATEGORY * total.sum() / min(len(reference), len(window))
    order = np.argsort(-total, kind="stable")
    kept = order[total[order] >= least]
    rare = counts.sum(axis=1) - counts[:, kept].sum(axis=1)
    found, labels = counts[:, kept], [str(names[place]) for place in kept]
    if not rare.sum():
        return found, labels
    if rare.sum() >= least or len(kept) < 2:
        return np.column_stack([found, rare]), [*labels, ""]
    return np.column_stack([found[:, :-1], found[:, -1] + rare]), [*labels[:-1], ""]


def _psi(counts: np.ndarray) -> float:
    """Return the population stability index of two rows of counts: sum of (b - a) ln(b / a), half a row added to each cell.

    References
    ----------
    Siddiqi (2006), Credit Risk Scorecards; the usual reading of .1 and .25 is a custom, and knows no sample size.
    """
    shares = (counts + 0.5) / (counts + 0.5).sum(axis=1, keepdims=True)
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def psi_reading(psi: float) -> str:
    """Return how the index is usually read."""
    return "" if np.isnan(psi) else "little" if psi < 0.1 else "some" if psi < 0.25 else "much"


def missing_test(values: Values, name: str) -> Test | None:
    """Return the test of how often a value is missing; None where it never is on either side."""
    from scipy.stats import fisher_exact

    sides = [pd.isna(part) for part in (values.reference, values.window)]
    table = [[int(side.sum()), int((~side).sum())] for side in sides]
    if not any(missing for missing, _ in table) or not any(there for _, there in table):
        return None
    before, after = (missing / (missing + there) for missing, there in table)
    told = f"missing: {100 * before:.1f} to {100 * after:.1f} %"
    return Test(f"{name}: missing", "Fisher", "features", abs(after - before), float(fisher_exact(table).pvalue), told=told)

"""How far people who labelled the same rows agree, with its interval, and what each of them is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from ceteris.measuring.intervals import clopper_pearson

__all__ = ["COLUMNS", "Agreement", "agreement", "people_table"]

COLUMNS = ("annotator", "rows", "shared", "agreement", "kappa", "quality", "least_on")
NAN = float("nan")


@dataclass(frozen=True)
class Agreement:
    """Krippendorff's alpha of nominal labels: 1 where all agree, 0 where as often as by chance; NaN where nothing is shared.

    Attributes
    ----------
    alpha, low, high : float
        The interval is over fresh rows, for the same people.
    n_rows : int
        Rows that two people or more answered.
    """

    alpha: float
    low: float
    high: float
    n_rows: int

    def __str__(self) -> str:
        if np.isnan(self.alpha):
            return "not known: nobody shares enough of them with anybody"
        interval = "" if np.isnan(self.low) else f" [{self.low:.2f}, {self.high:.2f}]"
        return f"{self.alpha:.2f}{interval} (Krippendorff's alpha: 1 where all agree, 0 as by chance)"


def agreement(votes: np.ndarray, n_classes: int, *, confidence: float = 0.95, groups: np.ndarray | None = None) -> Agreement:
    """Return how far people agree beyond chance.

    With n_uc votes of class c on row u, m_u = sum over c of n_uc >= 2, n_c = sum over u of n_uc and N = sum over c of n_c::

        A = sum over u of (m_u^2 - sum over c of n_uc^2) / (m_u - 1)     B = N^2 - sum over c of n_c^2
        alpha = 1 - (N - 1) A / B

    The interval is Student's t around log(1 - alpha), from the influence of each row (of each group) on it::

        IF_u = m_u / N + a_u / A - (2 N m_u - 2 sum over c of n_c n_uc) / B,   Var = U/(U-1) sum of (IF - mean)^2

    Where nobody contradicts anybody the low end is the exact bound on the share of rows in dispute, over B / N^2.

    Parameters
    ----------
    votes : ndarray of float, shape (n_rows, n_people)
        Codes, NaN where a person gave none.
    groups : ndarray, shape (n_rows,), optional
        Rows of one group are one unit.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's alpha-reliability. Efron (1982), The jackknife, the bootstrap and other
    resampling plans, chapter 6 (the infinitesimal jackknife).
    """
    counts = np.stack([(votes == code).sum(axis=1) for code in range(n_classes)], axis=1).astype(float)
    shared = counts.sum(axis=1) >= 2
    counts = counts[shared]
    each, of_class = counts.sum(axis=1), counts.sum(axis=0)
    total = each.sum()
    expected = total**2 - (of_class**2).sum()
    if len(counts) < 2 or expected == 0:
        return Agreement(NAN, NAN, NAN, len(counts))
    disputed = (each**2 - (counts**2).sum(axis=1)) / (each - 1)
    chance = expected / total**2
    if not disputed.any():
        return Agreement(1.0, 1 - clopper_pearson(0, len(counts), confidence)[1] / chance, 1.0, len(counts))
    beyond = (total - 1) * disputed.sum() / expected  # 1 - alpha
    influence = each / total + disputed / disputed.sum() - 2 * (total * each - counts @ of_class) / expected
    if groups is not None:
        influence = np.bincount(pd.factorize(np.asarray(groups)[shared])[0], weights=influence)
    units = len(influence)
    if units < 2:
        return Agreement(1 - beyond, NAN, NAN, len(counts))
    error = np.sqrt(units / (units - 1) * ((influence - influence.mean()) ** 2).sum())
    factor = float(np.exp(stdtrit(units - 1, (1 + confidence) / 2) * error))
    return Agreement(1 - beyond, 1 - beyond * factor, 1 - beyond / factor, len(counts))


def people_table(
    votes: np.ndarray, people: list[str], agreed: np.ndarray, quality: np.ndarray, classes: tuple[str, ...]
) -> pd.DataFrame:
    """Return one line a person, the least agreeing first, with the columns of `COLUMNS`.

    `rows` were answered, `shared` of them by others too. On these: `agreement`, the share on which the person's label is the
    one agreed upon; `kappa`, Cohen's, the mean over the others with whom rows are shared; `least_on`, the agreed class with the
    smallest agreement. All are NaN or empty where no row is shared. `quality` is CROWDLAB's.

    Parameters
    ----------
    votes : ndarray of float, shape (n_rows, n_people)
    agreed : ndarray of int, shape (n_rows,)
        The label on which each row's people come to agree.
    """
    told = ~np.isnan(votes)
    several, kappas = told.sum(axis=1) > 1, _mean_kappas(votes, len(classes))
    lines = []
    for place, person in enumerate(people):
        mine = told[:, place] & several
        share, least = NAN, ""
        if mine.any():
            right = pd.Series(votes[mine, place] == agreed[mine])
            share, by_class = float(right.mean()), right.groupby(agreed[mine]).mean()
            least = classes[by_class.index[int(by_class.to_numpy().argmin())]]
        answered = int(told[:, place].sum())
        lines.append((person, answered, int(mine.sum()), share, float(kappas[place]), float(quality[place]), least))
    table = pd.DataFrame(lines, columns=list(COLUMNS))
    return table.sort_values(["agreement", "annotator"], kind="stable", ignore_index=True)


def _mean_kappas(votes: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the mean of Cohen's kappa of each person with each other one; NaN where none can be told, shape (n_people,).

    kappa = (p_agreed - p_chance) / (1 - p_chance), each on the rows that both answered.
    """
    told = (~np.isnan(votes)).astype(float)
    said = [(votes == code).astype(float) for code in range(n_classes)]
    shared = told.T @ told
    alike = sum(one.T @ one for one in said)
    chance = sum((mine := one.T @ told) * mine.T for one in said)  # how often each of a pair said so, on the rows of both
    with np.errstate(divide="ignore", invalid="ignore"):
        kappas = (alike / shared - chance / shared**2) / (1 - chance / shared**2)
    known = np.isfinite(kappas) & ~np.eye(len(kappas), dtype=bool)
    means = np.where(known, kappas, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.where(known.any(axis=1), means, NAN)

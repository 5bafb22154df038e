"""What an interval lets one say: the effect with its verdict, Holm's adjustment, and the smallest effect that can show.

Four verdicts and only four, decided in one order. How the interval came about is `ceteris.measuring.effect`'s business.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from ceteris.errors import BadInputError, counted
from ceteris.metrics import METRICS, Metric

__all__ = [
    "FEWEST_DISCORDANT",
    "FEWEST_SEEDS",
    "SEED_NOISE_UNKNOWN",
    "VERDICTS",
    "Effect",
    "holm",
    "judge",
    "smallest_visible_after",
    "smallest_visible_before",
    "visible_text",
]

VERDICTS = ("no practical difference", "helps", "harms", "cannot tell")
NO_DIFFERENCE, HELPS, HARMS, CANNOT_TELL = VERDICTS
FEWEST_DISCORDANT = 10
FEWEST_SEEDS = 5
SEED_NOISE_UNKNOWN = "seed noise unknown"
POWER = 0.80
MOST_TIMES = 20  # rows or seeds of which more than so many times as many would be needed are not advised


@dataclass(frozen=True)
class Effect:
    """Candidate minus baseline, paired by seed and row, with its interval and verdict.

    Attributes
    ----------
    difference, low, high : float
        In the unit of the scores (0.029 = +2.9 pp of accuracy), more is better.
    p_value : float in [0, 1]
        Two-sided, not adjusted for other contrasts.
    n_seeds, n_rows, n_discordant : int
        n_discordant counts the rows on which the arms differ in any seed.
    verdict : one of VERDICTS
    reason : str
        Why this verdict and no other.
    df, variance : float
        Degrees of freedom and variance of `difference`.
    confidence : float in (0, 1)
    region : float >= 0
        Differences within +-region are of no practical meaning.
    row_variance : float
        The part of `variance` that more rows would shrink.
    n_units, n_discordant_units : int
        Independent units: the rows, or the groups where rows belong together.
    share_bound : float in [0, 1]
        Upper Clopper-Pearson bound on the share of discordant units.
    identical : bool
        The arms are one and the same, so that the difference is exactly 0.
    axis, metric, scored_on : str
        What was moved and measured, and on which labels; blank where unknown.
    """

    difference: float
    low: float
    high: float
    p_value: float
    n_seeds: int
    n_rows: int
    n_discordant: int
    verdict: str
    reason: str
    df: float
    variance: float
    confidence: float
    region: float
    row_variance: float
    n_units: int
    n_discordant_units: int
    share_bound: float
    identical: bool = False
    axis: str = ""
    metric: str = ""
    scored_on: str = ""

    @property
    def seed_noise_known(self) -> bool:
        """False below 5 seeds: the interval then holds the noise of rows only."""
        return self.identical or self.n_seeds >= FEWEST_SEEDS

    @property
    def few_discordant(self) -> bool:
        """True under 10 discordant units: too few for the t interval to be trusted."""
        return not self.identical and self.n_discordant_units < FEWEST_DISCORDANT

    def amount(self, value: float) -> str:
        """Return a value of this effect as text, without its unit."""
        return self.measured_in.signed(value)

    @property
    def measured_in(self) -> Metric:
        """The metric; accuracy where none was named."""
        return METRICS.get(self.metric, METRICS["accuracy"])

    def __str__(self) -> str:
        head = f"{self.axis}: " if self.axis else ""
        unit = " ".join(filter(None, [self.measured_in.unit, self.metric]))
        word, _, rest = self.scored_on.partition(" ")
        labels = f", on {word} labels{' ' + rest if rest else ''}" if word else ""
        interval = f"{self.amount(self.difference)} {unit} [{self.amount(self.low)}, {self.amount(self.high)}]"
        # Where every row differs, a count of rows that do would say nothing.
        discordant = "" if self.measured_in.every_row else f", {self.n_discordant} discordant"
        seeds = counted(self.n_seeds, "seed") + f" ({SEED_NOISE_UNKNOWN})" * (not self.seed_noise_known)
        return f"{head}{interval}, {seeds} x {self.n_rows} rows{discordant}{labels}: {self.verdict}"


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return Holm's adjusted p-values, in the order given.

    p_(j) adjusted = max over i <= j of min(1, (k - i + 1) p_(i)), with p_(1) <= ... <= p_(k).

    Parameters
    ----------
    p_values : array of float in [0, 1], shape (k,)

    Returns
    -------
    ndarray of float in [0, 1], shape (k,)

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure.
    """
    p = np.asarray(p_values)
    if p.ndim != 1 or (p.size and p.dtype.kind not in "iuf") or not np.all((p >= 0) & (p <= 1)):
        raise BadInputError(f"These are no p-values: {p.tolist()}.", "Pass one number in [0, 1] a contrast.")
    p = p.astype(float)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted


def judge(effect: Effect, p_adjusted: float | None = None, net: Effect | None = None, *, adjusted_by: str = "Holm") -> Effect:
    """Return the effect with the verdict, and its reason, that these numbers allow.

    In this order: interval inside +-region -> no practical difference; interval above 0, Holm p below 1 - confidence, and
    the net of the placebo above 0 where there is one -> helps; interval below 0 and the same p -> harms; else cannot tell.
    Under 10 discordant units nothing helps or harms, and `no practical difference` also asks that the Clopper-Pearson
    bound on their share lie inside the region. Under 5 seeds nothing helps or harms.

    Parameters
    ----------
    effect : Effect
    p_adjusted : float in [0, 1], optional
        Adjusted for being one of several; by default the effect's own p, a family of one.
    net : Effect, optional
        Candidate minus its placebo, for a version that drops rows.
    adjusted_by : str
        Whose adjustment it is, for the reason.
    """
    p, name = (effect.p_value, "p") if p_adjusted is None else (p_adjusted, f"{adjusted_by} p")
    verdict, reason = _decide(effect, p, net, name)
    if not effect.seed_noise_known:
        reason += f"; {SEED_NOISE_UNKNOWN} ({effect.n_seeds} of the {FEWEST_SEEDS} seeds that it takes)"
    return replace(effect, verdict=verdict, reason=reason)


def _decide(effect: Effect, p: float, net: Effect | None, name: str) -> tuple[str, str]:
    if effect.identical:
        return NO_DIFFERENCE, "the arms are identical"
    inside = -effect.region <= effect.low and effect.high <= effect.region
    if inside and (not effect.few_discordant or effect.share_bound <= effect.region):
        return NO_DIFFERENCE, f"the interval lies within ±{_region(effect)}"
    if effect.few_discordant:
        return CANNOT_TELL, _too_few(effect)
    if effect.low <= 0 <= effect.high:
        return CANNOT_TELL, f"the interval holds 0; {_what_could_tell(effect)}"
    side = "above" if effect.low > 0 else "below"
    if not effect.seed_noise_known:
        return CANNOT_TELL, f"the interval lies {side} 0, but holds the noise of rows only"
    if p >= 1 - effect.confidence:
        return CANNOT_TELL, f"the interval lies {side} 0, but {name} is {p:.3f}"
    if side == "above" and net is not None and net.low <= 0:
        span = f"{net.amount(net.difference)} [{net.amount(net.low)}, {net.amount(net.high)}]"
        return CANNOT_TELL, f"the interval lies above 0, but net of its placebo it does not: {span}"
    return (HELPS if side == "above" else HARMS), f"the interval lies {side} 0, {name} {_p(p)}"


def _region(effect: Effect) -> str:
    return effect.measured_in.extent(effect.region)


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _units(effect: Effect) -> str:
    return "rows" if effect.n_units == effect.n_rows else "groups"


def _too_few(effect: Effect) -> str:
    units, k = _units(effect), effect.n_discordant_units
    differing = units.removesuffix("s") if k == 1 else units
    found = f"the arms differ on {k} {differing}, and under {FEWEST_DISCORDANT} nothing is said to help or to harm"
    if k:
        return f"{found}; about {math.ceil(effect.n_units * FEWEST_DISCORDANT / k):,} {units} would hold enough"
    if not 0 < effect.region < 1:
        return found
    enough = math.ceil(math.log((1 - effect.confidence) / 2) / math.log1p(-effect.region))
    return f"{found}; {max(enough, effect.n_units + 1):,} {units} without a difference would show that there is none"


def _what_could_tell(effect: Effect) -> str:
    """Say how many rows or seeds would, in 80 of 100 such runs, show an effect of the size seen, or its absence.

    More of one shrink its own part of the variance only. Where that takes more than `MOST_TIMES` as many as now, or none would
    do, more of the other are named, else both together; and where even these are too many, that is said.
    """
    target = max(abs(effect.difference), effect.region - abs(effect.difference))
    needed = (target / _reach(effect, 1)) ** 2
    if needed == 0:
        return "no number of rows could tell a difference of exactly 0"
    of_rows, of_seeds = effect.row_variance, max(effect.variance - effect.row_variance, 0.0)
    parts = [(of_rows, effect.n_units, _units(effect)), (of_seeds, effect.n_seeds, "seeds")]
    noisy = [part for part in parts if part[0]]
    alone = [_as_many(part, _times(part[0], needed - (of_rows + of_seeds - part[0]))) for part in noisy]
    if any(alone):
        only = f"; more {parts[0][2]} alone hardly could: seeds vary too much" if of_seeds and of_rows and not alone[0] else ""
        return f"about {' or '.join(filter(None, alone))} could tell{only}"
    together = [_as_many(part, _times(effect.variance, needed)) for part in noisy]
    if all(together):
        return f"about {' and '.join(map(str, together))} together could tell"
    most = " and ".join(f"{MOST_TIMES * now:,} {units} (now {now:,})" for _, now, units in noisy)
    return f"more than {most} would be needed to tell so small an effect"


def _times(variance: float, allowed: float) -> float:
    """Return how many times as many it takes to bring a variance down to what is allowed."""
    return variance / allowed if allowed > 0 else math.inf


def _as_many(part: tuple[float, int, str], times: float) -> str | None:
    _, now, units = part
    return f"{math.ceil(now * times):,} {units} (now {now:,})" if times <= MOST_TIMES else None


def _reach(effect: Effect, n_planned: int) -> float:
    alpha = 1 - effect.confidence
    return float(stdtrit(effect.df, 1 - alpha / (2 * n_planned)) + stdtrit(effect.df, POWER))


def smallest_visible_before(n_rows: int, discordant_share: float) -> float:
    """Return the smallest effect that a validation part can show before anything is trained.

    2.8 sqrt(psi / n): the effect that the interval leaves 0 for, four times in five (1.96 + 0.84 = 2.8), when the arms
    differ on a share psi of n rows. In the unit of accuracy: 0.028 = 2.8 pp. NaN where they differ on fewer than 10 rows: then
    nothing is told to help or to harm, and no effect can be larger than the share of rows that differ.

    Parameters
    ----------
    n_rows : int >= 1
    discordant_share : float in [0, 1]
    """
    if n_rows < 1 or not 0 <= discordant_share <= 1:
        raise BadInputError(
            f"{n_rows} rows with a discordant share of {discordant_share} cannot be.",
            "Pass 1 row or more and a share in [0, 1].",
        )
    if round(discordant_share * n_rows, 9) < FEWEST_DISCORDANT:
        return math.nan
    return 2.8 * math.sqrt(discordant_share / n_rows)


def visible_text(size: float) -> str:
    """Return a smallest visible effect on a share of rows as text."""
    return "nothing" if math.isnan(size) else f"{100 * size:.1f} pp"


def smallest_visible_after(control: Effect, n_planned: int, *, hidden: float = 0.0, same: Effect | None = None) -> float:
    """Return the smallest effect delta that k planned contrasts can show, judged by what the controls varied.

    ::

        delta = (t(1 - alpha / 2k, df) + t(.80, df)) sqrt(Var)
        Var = v_row(placebo - baseline) + hidden + delta (1 - delta) / n + (Var - v_row)(A/A)

    The placebo's draws differ from seed to seed and a version is one draw, so what their mean hides over rows is added, and the
    learner's noise is taken from A/A, which holds no draws. On accuracy an effect of size delta makes a share delta of the rows
    differ beyond those that differ by chance. df as in `ceteris.measuring.intervals.crossed_variance`.

    Parameters
    ----------
    control : Effect
        Placebo minus baseline.
    n_planned : int >= 1
        Contrasts in the family of Holm (Bonferroni's share of alpha stands for its first step).
    hidden : float >= 0
        From `ceteris.measuring.intervals.hidden_variance`.
    same : Effect, optional
        The baseline with other seeds minus the baseline; without it the placebo's own spread over seeds is taken.
    """
    if n_planned < 1:
        raise BadInputError(f"{n_planned} planned contrasts cannot be.", "Pass 1 or more.")
    noisy = control if same is None else same
    of_rows, of_seeds = control.row_variance + hidden, max(noisy.variance - noisy.row_variance, 0.0)
    found, before = 0.0, -1.0
    while found - before > 1e-9:
        before = found
        made = min(found, 1.0) * (1 - min(found, 1.0)) / control.n_units if control.metric == "accuracy" else 0.0
        found = max(found, _visible(control, n_planned, of_rows + made, of_seeds))
    return found


def _visible(control: Effect, n_planned: int, of_rows: float, of_seeds: float) -> float:
    spread = of_rows**2 / max(control.n_units - 1, 1) + of_seeds**2 / max(control.n_seeds - 1, 1)
    variance = of_rows + of_seeds
    df = max(control.n_seeds - 1.0, variance**2 / spread) if spread > 0 else control.df
    return _reach(replace(control, df=df), n_planned) * math.sqrt(variance)

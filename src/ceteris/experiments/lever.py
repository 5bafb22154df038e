"""Which lever to pull next, from all that was reviewed and tried in a repository."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ceteris.advice import Advice, Forecast, advise, labels_forecast, trials_forecast
from ceteris.effect import Effect
from ceteris.errors import BadInputError
from ceteris.experiments.account import account
from ceteris.experiments.reviewing import Reviewing

__all__ = ["next_lever"]


def next_lever(
    root: Path, model: str | None, most: int, tell: Callable[[int, int], None] = lambda done, total: None
) -> tuple[Advice, Reviewing, bool]:
    """Return the advice, what it was measured with, and whether the reviewer was simulated.

    Labels: the gain of the last stretch of the budget curve. Trials: the other models of params.yaml against the one held
    fixed, and every experiment on the model axis against its parent.

    Parameters
    ----------
    most : int
        Reviews up to which the budget curve goes.
    """
    reviewing = Reviewing(root, model, tell)
    labels, simulated = _labels(reviewing, most)
    tried = [line.effect for line in account(root) if line.against_parent and line.against_parent.move.axis == "model"]
    trials = [*reviewing.other_models(), *(effect for effect in tried if effect is not None)]
    return advise(labels, _trials(trials, reviewing.left_to_gain())), reviewing, simulated


def _labels(reviewing: Reviewing, most: int) -> tuple[Forecast | None, bool]:
    try:
        curve, simulated = reviewing.budget(most)
    except BadInputError:
        return None, False
    if curve.last_stretch is None:
        return None, simulated
    one, other = curve.points[-2].reviews, curve.points[-1].reviews
    return labels_forecast(curve.last_stretch, other - one), simulated


def _trials(trials: list[Effect], ceiling: float) -> Forecast | None:
    return trials_forecast(trials, ceiling=ceiling) if len(trials) > 1 else None

"""The exchange-rate board as a terminal shows it, and the advice that is read off it."""

from __future__ import annotations

import math
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ceteris.experiments.reviews_shown import amount_of, beside, plain, titled
from ceteris.measuring.advice import Advice
from ceteris.measuring.budget import SECONDS_A_LABEL, SIMULATED, Board, Curve
from ceteris.telling.tabled import keep_whole
from ceteris.telling.wording import amount, interval, literal

__all__ = ["HEADS", "advice_row", "advice_told", "board_shown", "curve_notes", "evidence_told", "trial_notes"]


def board_shown(board: Board, width: int = 120) -> RenderableType:
    """Return what reviewed labels are worth at each number, below it what each trial of a model was worth for its CPU time.

    Parameters
    ----------
    width : int
        Characters that a line holds; under 110 each interval stands below its effect.
    """
    labels, trials = _labels(board, width >= _WIDE), _trials(board, width >= _WIDE)
    return Group(*labels, Text(""), *trials, Text("Read off validation, so exploratory."))


_WIDE = 110


def _labels(board: Board, wide: bool) -> list[RenderableType]:
    metric, held = board.metric, beside(board.metric, board.model, board.scored_on)
    if board.curve is None:
        return [Text(f"Nobody has reviewed a train row yet, and no true label is known: ceteris queue train ({held})")]
    columns = ("reviews", "gain", "of random ones", "the ranking", "gain per 100")
    table = titled(f"What reviewed labels are worth: {_who(board)}; {held}", columns, wide)
    for point in board.curve.points:
        rate, low, high = point.per_100
        table.add_row(
            Text(f"{point.reviews:,}\n{point.reviews * SECONDS_A_LABEL / 60:,.0f} min"),
            *(amount_of(effect, metric, wide) for effect in (point.ranked, point.random, point.ranking)),
            Text(f"{amount(rate, metric)}{' ' if wide else chr(10)}{interval(low, high, metric)}"),
        )
    return [table, *map(Text, curve_notes(board.curve, metric))]


def _who(board: Board) -> str:
    if board.answered_by == SIMULATED:
        return f"{SIMULATED} in the order of the queue"
    return "answers of people in their order" + (", beside those to random rows" if board.curve and board.curve.area else "")


def curve_notes(curve: Curve, metric: str) -> list[str]:
    """Return what a budget curve comes to, in sentences."""
    pays = curve.pays_from
    notes = [f"Review helps from {pays:,} labels on." if pays else "No number of these reviews is told to help."]
    if curve.area is not None:
        notes.append(
            f"The ranking, on average up to {curve.compared_to:,} labels: {plain(curve.area, metric)}: {curve.area.verdict}."
        )
    if curve.drawn_from:
        notes.append(
            f"Random rows are drawn for each seed from the {curve.drawn_from:,} that were answered: near that number little of "
            "the luck of their choice is in the interval, and at it none."
        )
    return notes


def _trials(board: Board, wide: bool) -> list[RenderableType]:
    parts: list[RenderableType] = []
    if board.trials:
        table = titled("What trials of models are worth on the given labels, in the order they were run", _TRIALS, wide)
        for trial, spent, best in zip(board.trials, board.spent, board.best_so_far, strict=True):
            table.add_row(
                Text(literal(trial.name)),
                Text("" if math.isnan(trial.cpu_seconds) else f"{trial.cpu_seconds:,.1f}"),
                Text("" if math.isnan(spent) else f"{spent:,.1f}"),
                amount_of(trial.effect, board.metric, wide),
                Text(
                    (plain(best, board.metric) if wide else plain(best, board.metric).replace(" [", "\n["))
                    if best
                    else "the baseline"
                ),
            )
        parts.append(keep_whole(table, "trial"))
    return [*parts, *map(Text, trial_notes(board))]


_TRIALS = ("trial", "CPU s", "spent", "gain", "best so far")


def trial_notes(board: Board) -> list[str]:
    """Return what is to be known of the trials, in sentences."""
    if not board.trials:
        notes = ["No other model was tried on the given labels: dvc exp run -S train.models..."]
    else:
        notes = ["The best so far was picked by its result, which its interval does not know."]
    if board.unread:
        notes.append(f"{board.unread:,} more cannot be read or scored here: ceteris experiments names them.")
    return notes


def advice_told(board: Board) -> str:
    """Return the advice that is read off a board, as sentences that name their evidence."""
    advice = board.advice
    return f"{HEADS[advice.verdict]}: {evidence_told(advice, board)}"


def advice_row(board: Board) -> dict[str, Any]:
    """Return the advice as a flat object; shares (nats for log-loss), None where nothing is known."""
    advice = board.advice
    found = {"labels": advice.labels, "trials": advice.trials}
    numbers: dict[str, Any] = {}
    for lever, one in found.items():
        low, high = one.interval if one else (None, None)
        numbers |= {lever: one.expected if one else None, f"{lever}_low": low, f"{lever}_high": high}
        numbers |= {f"{lever}_evidence": one.evidence if one else ""}
    return {
        "advice": advice.verdict,
        "told": advice_told(board),
        "chance_of_review": None if math.isnan(advice.chance) else advice.chance,
        **numbers,
        "answered_by": board.answered_by,
        "metric": board.metric,
        "model": board.model,
        "scored_on": board.scored_on,
    }


def evidence_told(advice: Advice, board: Board) -> str:
    """Return what an advice rests on."""
    metric, held = board.metric, beside(board.metric, board.model, board.scored_on)
    parts = {"100 more labels": advice.labels, "100 more trials": advice.trials}
    told = [
        f"{what} are expected to gain {amount(one.expected, metric)} {interval(*one.interval, metric)}, from {one.evidence}"
        for what, one in parts.items()
        if one is not None
    ]
    chance = "" if math.isnan(advice.chance) else f" The chance that reviewing gains more: {100 * advice.chance:.0f} %."
    lacking = [_LACKING[what] for what, one in parts.items() if one is None]
    who = " The reviewer is simulated." if board.answered_by == SIMULATED and advice.labels else ""
    return f"{'; '.join([*told, *lacking])} ({held}).{chance}{who}"


HEADS = {
    "review": "Review 100 more labels",
    "tune": "Tune 100 more trials",
    "cannot tell": "Cannot tell which is worth more",
}
_LACKING = {
    "100 more labels": "no reviews show what a label is worth (ceteris queue train)",
    "100 more trials": "fewer than two trials show what tuning is worth (dvc exp run -S train.models...)",
}

"""A window in words: a few lines for a terminal, and the same sentences for the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ceteris.errors import counted, some
from ceteris.metrics import METRICS
from ceteris.telling.wording import visible

__all__ = ["accuracy_told", "headline", "lines_told", "notes_told", "over_told", "worst"]


def headline(result: Mapping[str, Any]) -> str:
    """Return what came out, in one sentence."""
    if not result["enough"]:
        return f"Not enough: {result['because'][0]}."
    if not result["alarm"]:
        return "No alarm."
    return f"Alarm: {counted(len(result['because']), 'thing')} moved."


def lines_told(result: Mapping[str, Any], alarms: float) -> Iterator[str]:
    """Yield the lines of a terminal."""
    span = f"lines {result['first']:,} to {result['last']:,} of the log"
    yield f"{headline(result)} Window {result['window']}, {counted(result['rows'], 'row')} ({span})."
    if result["enough"]:
        for sentence in result["because"][:5]:
            yield f"  {visible(sentence)}"
        if len(result["because"]) > 5:
            yield f"  and {len(result['because']) - 5} more"
        yield from (f"  {line}" for line in accuracy_told(result["accuracy"]))
        latency = ", ".join(f"{name} {value:.1f} ms" for name, value in result["latency_ms"].items())
        yield f"  latency: {latency}"
        for column, gap in result["gap"].items():
            known = (
                "unknown (30 labelled rows in two groups are needed)" if gap is None else f"{100 * gap:.1f} points of accuracy"
            )
            yield f"  gap between groups of {visible(column)}: {known}"
        quiet = f"1 window in {round(1 / alarms):,}" if alarms < 1 else "every window"
        yield f"  {len(result['tests'])} tests; where nothing has changed, {quiet} alarms at most"
    yield from (f"  {visible(line)}" for line in notes_told(result))


def accuracy_told(accuracy: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is known of the accuracy: on validation rows, whose labels are the given ones, expected, measured."""
    metric = METRICS[accuracy["metric"]]
    scale, unit = (100.0, " %") if accuracy["metric"] == "accuracy" else (1.0, "")

    def said(one: Mapping[str, float]) -> str:
        ends = f"[{scale * one['low']:.4g}, {scale * one['high']:.4g}]"
        return f"{scale * one['value']:.4g}{unit} {ends}"

    yield f"{metric.title} on given labels of validation rows: {scale * accuracy['reference']:.4g}{unit}"
    expected, real = accuracy["expected"], accuracy["real"]
    yield f"expected here: {said(expected) if expected else 'unknown'} ({accuracy['expected_told']})"
    measured = f"{said(real)} by {counted(real['rows'], 'label')} ({real['told']})" if "value" in real else real["told"]
    yield f"measured here: {measured}"


def notes_told(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was left out of the window, and why."""
    if result["replayed"]:
        yield (
            f"{counted(result['replayed'], 'row')} of the window are rows of the reference, replayed (the same id and values): "
            "left out, since the model knows them"
        )
    if result["asked_again"]:
        yield f"{counted(result['asked_again'], 'line')} left out: their row was asked for again later"
    yield from result["notes"]
    if result["unwatched"]:
        yield f"not watched, as the log does not hold them: {some(result['unwatched'])}"


def over_told(windows: Sequence[Mapping[str, Any]]) -> str:
    """Return how many windows alarmed, beside how many would where nothing had changed.

    Each window may alarm falsely with the chance `alarms` that it was judged by. The expected count is the sum of these, and
    the chance of `k` false alarms or more is at most that sum over `k` (Markov): both hold however the windows depend on each
    other, which they do through the one reference.
    """
    falsely = sum(one["alarms"] for one in windows)
    alarmed, count = sum(one["alarm"] for one in windows), counted(len(windows), "window")
    told = f"{alarmed:,} of {count} alarmed; where nothing had changed, {falsely:.2g} would on average"
    if alarmed > falsely:
        told += f", and so many by luck with a chance of {100 * falsely / alarmed:.2g} % at most"
    return told


def worst(tests: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return tests, those that alarm first, then the surest, then the farthest."""
    return sorted(
        tests, key=lambda one: (not one["alarm"], 2.0 if one["p_holm"] is None else one["p_holm"], -one["shift"], one["name"])
    )

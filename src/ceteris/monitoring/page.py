"""What monitoring knows of a model as one HTML page that needs nothing beside it: the newest window, then all before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from ceteris.errors import counted
from ceteris.monitoring.measured import correlations
from ceteris.monitoring.told import accuracy_told, headline, notes_told, over_told, worst
from ceteris.plots import THEMES, Theme, to_svg
from ceteris.plots.watch import MOST_BARS, over_windows, shifts
from ceteris.telling.report import template

__all__ = ["render", "table_of"]

_MOST_WINDOWS = 60


def render(history: Sequence[Mapping[str, Any]], chosen: str, title: str) -> str:
    """Return the page, the same bytes for the same windows.

    Parameters
    ----------
    history : sequence of mappings
        What `watched.watch` said of each window of a model, in the order of the log.
    chosen : str
        The name of the window that the page is about.
    """
    result = next(one for one in history if one["window"] == chosen)
    shown = [one for one in history if one["enough"]][-_MOST_WINDOWS:]
    tests = worst(result["tests"]) if result["enough"] else []
    windows, here = table_of(shown), result.get("business", {})
    return template("monitor.html.j2").render(
        title=title,
        result=result,
        head=headline(result),
        accuracy=list(accuracy_told(result["accuracy"])) if result["enough"] else [],
        notes=list(notes_told(result)),
        tests=tests[:MOST_BARS],
        more=max(0, len(tests) - MOST_BARS),
        untested=sum(one["p"] is None for one in tests),
        bars=_drawn(lambda theme: shifts(tests, result["least_shift"], theme=theme)) if tests else None,
        multiples=_drawn(lambda theme: over_windows(shown, theme=theme)) if shown else None,
        over=over_told([one for one in history if one["enough"]]),
        windows=windows.iloc[::-1].to_dict("records"),
        unjudged=_unjudged(history),
        business=[line | {"mean": here.get(line["metric"], {}).get("mean")} for line in _business(windows)],
    )


def _unjudged(history: Sequence[Mapping[str, Any]]) -> str:
    few = sum(not one["enough"] for one in history)
    return f"{counted(few, 'window')} more {'has' if few == 1 else 'have'}" if few else ""


def _drawn(draw: Callable[[Theme], Any]) -> dict[str, Any]:
    drawn = {theme.name: draw(theme) for theme in THEMES}
    width = float(drawn["light"].get_size_inches()[0]) * 96
    return {name: to_svg(figure) for name, figure in drawn.items()} | {"width": width, "narrow_light": ""}


def table_of(history: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return one line a window: window, last, rows, alarm, metric, labels, what is known of accuracy, p95, business metrics."""
    lines = []
    for one in history:
        expected, real = one["accuracy"]["expected"] or {}, one["accuracy"]["real"]
        known = {
            "expected": expected.get("value"),
            "accuracy": real.get("value"),
            "low": real.get("low"),
            "high": real.get("high"),
        }
        head = {
            "window": one["window"],
            "last": one["last"],
            "rows": one["rows"],
            "alarm": one["alarm"],
            "metric": one["accuracy"]["metric"],
            "labels": real["rows"],
        }
        business = {f"business:{name}": said["mean"] for name, said in one["business"].items()}
        lines.append({**head, **known, "p95": one["latency_ms"]["p95"], **business})
    return pd.DataFrame(lines)


def _business(windows: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return how each business metric went along with the measured accuracy, or the expected one where labels are lacking."""
    metrics = [str(name) for name in windows.columns if str(name).startswith("business:")]
    if not metrics:
        return []
    of = "accuracy" if windows["accuracy"].notna().sum() >= windows["expected"].notna().sum() else "expected"
    found = correlations(windows, metrics, of=of)
    named = found["metric"].str.removeprefix("business:")
    return list(found.assign(metric=named, of="measured" if of == "accuracy" else "expected").to_dict("records"))

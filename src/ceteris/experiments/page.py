"""A comparison of two revisions as one HTML page that needs nothing beside it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ceteris.effect import Effect
from ceteris.experiments.beside import checked_told, flips_told
from ceteris.experiments.comparison import PARTS, Comparison
from ceteris.experiments.diff import tally
from ceteris.report import template
from ceteris.reviewed import noted
from ceteris.wording import amount, count, interval, labels_of

__all__ = ["comparison_page"]

_MOST_ROWS = 200


def comparison_page(found: Comparison, metric: str) -> str:
    """Return the page, the same bytes for the same comparison."""
    against, diff = found.measured, found.diff
    parts = against.attribution.items() if against.attribution else [("whole", against.effect)] if against.effect else []
    by_class = tally(diff.rows.assign(label=diff.rows["before"].fillna(diff.rows["after"])), "label", "change")
    return template("comparison.html.j2").render(
        one=found.baseline.name,
        other=found.candidate.name,
        axis=against.move.axis,
        changed=found.changed,
        arms=["/".join(name) for name in (against.move.baseline, against.move.candidate)],
        verdict=against.effect.verdict if against.effect else "",
        reason=(noted(against.effect.reason, against.review) if against.effect else against.reason).rstrip("."),
        checked=checked_told(found),
        flips_on=flips_told(found),
        effects=[_part(name, effect, metric) for name, effect in parts],
        moved=", ".join(PARTS[part] for part, differs in found.moved.items() if differs),
        same=", ".join(PARTS[part] for part, differs in found.moved.items() if not differs),
        n_rows=len(diff.rows),
        by_class=_lines(by_class),
        by_batch=_lines(tally(diff.rows, "batch", "change")),
        n_flipped=len(diff.flipped),
        flips_by_class=_lines(tally(diff.flipped, "label", "flip")),
        by_slice=_lines(diff.by_slice),
        flipped=_lines(diff.flipped.head(_MOST_ROWS)),
        flipped_caption="The rows" if len(diff.flipped) <= _MOST_ROWS else f"The first {_MOST_ROWS} rows",
    )


def _part(name: str, effect: Effect, metric: str) -> dict[str, str]:
    size = f"{count(effect.n_seeds)} seeds × {count(effect.n_rows)} rows, scored on {labels_of(effect.scored_on)}"
    return {
        "name": name.replace("_", " "),
        "amount": amount(effect.difference, metric),
        "interval": interval(effect.low, effect.high, metric),
        "verdict": effect.verdict,
        "size": size,
    }


def _lines(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]

"""A comparison of two revisions as one HTML page that needs nothing beside it, and the list of such pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ceteris.editing.reviewed import noted
from ceteris.experiments.beside import checked_told, flips_told
from ceteris.experiments.comparison import PARTS, Comparison
from ceteris.experiments.diff import CHANGES, FLIPS, by_class, relabellings, shifts, tally
from ceteris.experiments.snapshot import Snapshot
from ceteris.measuring.effect import Effect
from ceteris.metrics import METRICS, NUMBERS
from ceteris.telling.report import template
from ceteris.telling.wording import amount, count, interval, labels_of

__all__ = ["comparison_page", "list_page"]

_MOST, _SHOWN = 200, 10  # lines of a table, and those that are not folded away


def comparison_page(found: Comparison, metric: str, links: Mapping[str, str] | None = None) -> str:
    """Return the page, the same bytes for the same comparison.

    Parameters
    ----------
    links : mapping of str to str, optional
        Where to go on from here: the text of each link, and its relative address.
    """
    against, diff = found.measured, found.diff
    parts = against.attribution.items() if against.attribution else [("whole", against.effect)] if against.effect else []
    return template("comparison.html.j2").render(
        one=found.baseline.name,
        other=found.candidate.name,
        revisions=[_revision(of) for of in (found.baseline, found.candidate)],
        links=dict(links or {}),
        shown=_SHOWN,
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
        rows=_counted(diff.rows["change"], CHANGES),
        tables_of_rows=_tables_of_rows(diff.rows, METRICS[metric].labels == NUMBERS),
        changed_rows=_cut(diff.rows),
        flips=_counted(diff.flipped["flip"], FLIPS),
        tables_of_flips={
            "By class": _cut(tally(diff.flipped, "label", "flip")),
            "By slice; many were looked at, so this is a hint and no finding": _cut(diff.by_slice),
        },
        flipped_rows=_cut(diff.flipped),
    )


def _tables_of_rows(rows: pd.DataFrame, numbers: bool) -> dict[str, Any]:
    by_batch = {"By batch of edits": _cut(tally(rows, "batch", "change"))}
    if numbers:  # nearly every one is a label of its own
        return by_batch | {"Relabelled, by how far": _cut(shifts(rows))}
    by = {"By class, as it was before": _cut(by_class(rows))}
    return by | by_batch | {"Relabelled, from class to class": _cut(relabellings(rows))}


def list_page(pages: Sequence[tuple[str, str, str]], links: Mapping[str, str]) -> str:
    """Return the page that lists others.

    Parameters
    ----------
    pages : (file name, title, what it says) of each
    """
    return template("comparisons.html.j2").render(pages=pages, links=dict(links))


def _revision(of: Snapshot) -> str:
    return of.rev[:7] or "not committed"


def _counted(kinds: pd.Series, names: tuple[str, ...]) -> tuple[int, str]:
    """Return how many there are, and "30 relabelled, 3 dropped"."""
    counts = kinds.value_counts()
    return len(kinds), ", ".join(f"{count(counts[name])} {name}" for name in names if name in counts)


def _part(name: str, effect: Effect, metric: str) -> dict[str, str]:
    size = f"{count(effect.n_seeds)} seeds × {count(effect.n_rows)} rows, scored on {labels_of(effect.scored_on)}"
    return {
        "name": name.replace("_", " "),
        "amount": amount(effect.difference, metric),
        "interval": interval(effect.low, effect.high, metric),
        "verdict": effect.verdict,
        "size": size,
    }


def _cut(table: pd.DataFrame, most: int = _MOST) -> dict[str, Any]:
    """Return the columns and the first lines of a table, and how many lines there are in all."""
    lines = [[_cell(value) for value in row] for row in table.head(most).itertuples(index=False)]
    return {"columns": list(table.columns), "lines": lines, "all": len(table)}


def _cell(value: Any) -> Any:
    return "" if value is None or value != value else value

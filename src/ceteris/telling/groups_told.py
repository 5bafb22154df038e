"""Fixes of the data, group by group, in the words of the report: before, after, and which fix widens a gap."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ceteris.measuring.fairness import UNKNOWN, Gap, gaps_of
from ceteris.measuring.slicing import FEWEST
from ceteris.telling.wording import amount, count, interval, labels_of, level

__all__ = ["groups_told"]


def groups_told(table: pd.DataFrame, metric: str, region: float) -> dict[str, Any]:
    """Return what the report shows of groups.

    Parameters
    ----------
    table : DataFrame
        From `fairness.groups_table`; may be empty.
    metric : str
        What its scores are: accuracy or mae.
    region : float
        A gap that grows by no more than this is not said to widen.
    """
    gaps = {(gap.model, gap.version, gap.column): gap for gap in gaps_of(table)}
    fixes = [
        {
            "model": model, "version": version, "column": column,
            "rows": [_row(row, metric) for row in rows.to_dict("records")],
            "gap": _gap(gaps.get((str(model), str(version), str(column))), metric),
        }
        for (model, version, column), rows in table.groupby(["model", "version", "column"], sort=False)
    ]  # fmt: skip
    widened = [gap for gap in gaps.values() if gap.after - gap.before > region]
    return {
        "fixes": fixes,
        "widened": [_widened(gap, metric) for gap in sorted(widened, key=lambda gap: gap.before - gap.after)],
        "harmed": [
            {"model": gap.model, "version": gap.version, "groups": ", ".join(gap.harmed)} for gap in gaps.values() if gap.harmed
        ],
        "scored_on": labels_of(str(table["scored_on"].iloc[0])) if len(table) else "",
        "few": FEWEST,
    }


def _row(row: dict[Any, Any], metric: str) -> dict[str, str]:
    line = {"group": str(row["group"]), "rows": count(row["rows"])}
    if row["state"] == UNKNOWN:
        return line | dict.fromkeys(("before", "after"), UNKNOWN) | {"difference": f"fewer than {FEWEST} rows"}
    difference = f"{amount(row['difference'], metric)} {interval(row['low'], row['high'], metric)}"
    return line | {name: level(row[name], metric) for name in ("before", "after")} | {"difference": difference}


def _gap(gap: Gap | None, metric: str) -> str:
    return "" if gap is None else f"{_size(gap.before, metric)} before, {_size(gap.after, metric)} after"


def _size(gap: float, metric: str) -> str:
    return amount(gap, metric).removeprefix("+")


def _widened(gap: Gap, metric: str) -> dict[str, str]:
    return {
        "model": gap.model, "version": gap.version, "column": gap.column,
        "before": _size(gap.before, metric), "after": _size(gap.after, metric),
    }  # fmt: skip

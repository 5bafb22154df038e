"""Messy files: one with nothing wrong, and one with eight faults at once."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["EIGHT", "as_csv", "clean", "eight_at_once"]

EIGHT = ("encoding", "header_rows", "ids", "sentinels", "units", "duplicates", "conflicting", "rare_classes")


def clean(rows: int = 240) -> pd.DataFrame:
    """Return texts of a table with nothing wrong: two numbers that tell three classes apart, and a town."""
    rng = np.random.default_rng(3)
    code = np.arange(rows) % 3
    age, weight = rng.normal(30 + 15 * code, 5), rng.normal(60 + 12 * (code % 2), 4)
    return pd.DataFrame(
        {
            "id": [f"p{row:04d}" for row in range(rows)],
            "age": [f"{value:.1f}" for value in age],
            "weight": [f"{value:.2f}" for value in weight],
            "town": [("Bonn", "Köln", "Ulm")[row % 3] for row in rng.permutation(rows)],
            "label": [("ant", "bee", "cow")[one] for one in code],
        },
        dtype=object,
    )


def as_csv(frame: pd.DataFrame) -> bytes:
    """Return a table as the bytes of a CSV file."""
    return frame.to_csv(index=False, lineterminator="\n").encode()


def eight_at_once() -> bytes:
    """Return a CSV file with the faults `EIGHT`."""
    table = clean()
    table.loc[0:5, "id"] = [f"1.2{row}457E+11" for row in range(6)]
    table.loc[10:16, "age"] = "-999"
    table["weight"] = table["weight"] + " kg"
    table.loc[20:23, "label"] = ["dodo", "dodo", "emu", "fox"]
    copies = table.iloc[30:34].assign(id=[f"copy{row}" for row in range(4)])
    others = table.iloc[40:43].assign(id=[f"other{row}" for row in range(3)])
    others["label"] = others["label"].map({"ant": "bee", "bee": "cow", "cow": "ant"})
    whole = pd.concat([pd.DataFrame([["", "years", "", "", ""]], columns=table.columns), table, copies, others])
    lines = as_csv(whole).split(b"\n")
    for place in range(60, 66):
        lines[place] = lines[place].decode().encode("cp1252")
    return b"\n".join(lines)

"""Command line of the study: `python -m calibration [NAME ...]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

from calibration.figure import figure
from calibration.page import counts, page
from calibration.scenarios import SCENARIOS
from calibration.study import ROOT, run
from ceteris.plots.colors import THEMES
from ceteris.store import table_text

COMMAND = "make calibrate"


def main() -> None:
    """Run the scenarios that are named, or all, print their counts, and write docs/calibration.md, its table and figure."""
    parser = argparse.ArgumentParser(prog="python -m calibration", description="How often does ceteris err?")
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"any of {', '.join(one.name for one in SCENARIOS)}; default: all",
    )
    given = parser.parse_args()
    unknown = set(given.names) - {one.name for one in SCENARIOS}
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    chosen = [one for one in SCENARIOS if one.name in given.names or not given.names]
    found = counts(chosen, run(chosen))
    print(found.drop(columns="scenario").to_string(index=False))
    docs = ROOT / "docs"
    table = beside(found, docs / "calibration.csv", [one.name for one in SCENARIOS])
    (docs / "calibration.csv").write_text(table_text(table), encoding="utf-8")
    (docs / "calibration.md").write_text(page(table, COMMAND), encoding="utf-8")
    for theme in THEMES:
        (docs / f"calibration-{theme.name}.svg").write_text(figure(table, theme), encoding="utf-8")
    outside = found[~found["within"]]
    if len(outside):
        sys.exit(f"{len(outside)} gates do not hold.")


def beside(found: pd.DataFrame, path: Path, names: list[str]) -> pd.DataFrame:
    """Return the counts of scenarios that were run just now beside those that a table holds of the others, in this order."""
    kept = pd.read_csv(path) if path.is_file() else found.head(0)
    kept = kept[kept["scenario"].isin(names) & ~kept["scenario"].isin(found["scenario"])]
    table = pd.concat([part for part in (kept, found) if len(part)])
    return table.sort_values("scenario", key=lambda column: column.map(names.index), kind="stable").reset_index(drop=True)


if __name__ == "__main__":
    main()

"""Command line of the study: `python -m calibration [NAME ...]`."""

from __future__ import annotations

import argparse
import sys

from calibration.figure import figure
from calibration.page import counts, page
from calibration.scenarios import SCENARIOS
from calibration.study import ROOT, run
from ceteris.plots.colors import THEMES
from ceteris.store import table_text

COMMAND = "make calibrate"


def main() -> None:
    """Run the scenarios that are named and print their counts, or all and write docs/calibration.md, its table and figure."""
    parser = argparse.ArgumentParser(prog="python -m calibration", description="How often does ceteris err?")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"any of {', '.join(one.name for one in SCENARIOS)}; default: all"
    )
    given = parser.parse_args()
    unknown = set(given.names) - {one.name for one in SCENARIOS}
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    chosen = [one for one in SCENARIOS if one.name in given.names or not given.names]
    found = counts(chosen, run(chosen))
    print(found.drop(columns="scenario").to_string(index=False))
    if not given.names:
        docs = ROOT / "docs"
        (docs / "calibration.csv").write_text(table_text(found), encoding="utf-8")
        (docs / "calibration.md").write_text(page(found, COMMAND), encoding="utf-8")
        for theme in THEMES:
            (docs / f"calibration-{theme.name}.svg").write_text(figure(found, theme), encoding="utf-8")
    outside = found[~found["within"]]
    if len(outside):
        sys.exit(f"{len(outside)} gates do not hold.")


if __name__ == "__main__":
    main()

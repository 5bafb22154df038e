"""Command line of the benchmarks: `python -m benchmarks [NAME ...] [--write]`."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

from benchmarks.page import comparisons, page
from benchmarks.ratios import Result
from benchmarks.repository import ROOT

NAMES = ("audit", "effect", "noop", "cold", "scale", "growth", "large", "review", "families", "detectors", "serve", "soak")


def main() -> None:
    """Run the benchmarks that are named, or all; write each section as it ends."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Times ceteris against plain scripts, as ratios, and large work."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)}; default: all")
    parser.add_argument("--write", action="store_true", help="also write their sections of docs/benchmarks.md")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long soak lasts; default: 10")
    given = parser.parse_args()
    unknown = set(given.names) - set(NAMES)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    os.environ["CETERIS_SOAK_MINUTES"] = str(given.minutes)
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # a benchmark is what first loads numpy
    results: dict[str, Result] = {}
    for name in given.names or NAMES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        results[name] = import_module(f"benchmarks.{name}").run()
        print(*results[name].tables(), *results[name].notes, sep="\n", flush=True)
        if given.write:  # at once: the next may take long, or fail
            place = ROOT / "docs" / "benchmarks.md"
            text = page(place.read_text(encoding="utf-8"), {name: results[name]}, NAMES, "python -m benchmarks --write")
            place.write_text(text, encoding="utf-8")
    if len(results) > 1:
        print("\n" + comparisons(results))


if __name__ == "__main__":
    main()

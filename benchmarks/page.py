"""What the benchmarks found, as one page of Markdown."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

from benchmarks.ratios import GATES, HEADER, Result, table

__all__ = ["page", "comparisons", "gates"]

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "pandas", "cleanlab", "dvc", "matplotlib")


def comparisons(results: dict[str, Result]) -> str:
    """Return the table of all ratios."""
    return table(HEADER, [found.cells() for result in results.values() for found in result.comparisons])


def gates(results: dict[str, Result]) -> str:
    """Return the table of all that has a limit of its own."""
    return table(GATES, [found.cells() for result in results.values() for found in result.gates])


def page(results: dict[str, Result], command: str) -> str:
    """Return docs/benchmarks.md."""
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parts = [
        "# Benchmarks",
        f"Written by `{command}`; `make bench` prints the same without writing.",
        f"Python {platform.python_version()}, {libraries}; {platform.system()} on {platform.machine()}, {cores} cores;"
        " OMP_NUM_THREADS=1 on both sides.",
        "Both sides run in turns in one run, and a ratio is the median over the rounds of ceteris by the other: below 1,"
        " ceteris is faster. Seconds are medians and depend on the machine and on what else it does (load: processes that"
        " wanted a core just before, mean of a minute); ratios much less so.",
        comparisons(results),
        "Large work, a process each, in three rounds (what stands above too: in its rounds): the median of the seconds, start"
        " and imports included (of an effect: the call alone), and the most memory; beside both what was promised, on 2 cores.",
        gates(results),
    ]
    for name, result in results.items():
        if result.notes:
            parts += [f"## {name}", *result.notes]
    return "\n\n".join(parts) + "\n"

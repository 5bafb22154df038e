"""What the benchmarks found, as one page of Markdown: a section each, which a later run of that one replaces."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from importlib.metadata import version

from benchmarks.ratios import HEADER, Result, table

__all__ = ["comparisons", "page"]

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "pandas", "cleanlab", "dvc", "matplotlib")


def comparisons(results: dict[str, Result]) -> str:
    """Return the table of all ratios."""
    return table(HEADER, [found.cells() for result in results.values() for found in result.comparisons])


def page(before: str, results: dict[str, Result], order: Sequence[str], command: str) -> str:
    """Return docs/benchmarks.md: the sections of what was run now, and of the page before those of all else, in this order."""
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parts = [
        "# Benchmarks",
        f"Written by `{command}`, or, of some sections alone, with their names (`{command} serve`). `make bench` prints the"
        " same without writing.",
        f"Python {platform.python_version()}, {libraries}; {platform.system()} on {platform.machine()}, {cores} cores;"
        " OMP_NUM_THREADS=1 on both sides.",
        "Both sides run in turns in one run, and a ratio is the median over the rounds of ceteris by the other: below 1,"
        " ceteris is faster. Seconds are medians and depend on the machine and on what else it does (load: processes that"
        " wanted a core just before, mean of a minute); ratios much less so. Where a workload stands by itself, its seconds are"
        " those of a process, start and imports included (of an effect: the call alone), and MB the most memory that it held;"
        " beside both what was promised, on 2 cores.",
    ]
    sections = _sections(before) | {name: "\n\n".join([*one.tables(), *one.notes]) for name, one in results.items()}
    parts += [f"## {name}\n\n{sections[name]}" for name in order if name in sections]
    return "\n\n".join(parts) + "\n"


def _sections(text: str) -> dict[str, str]:
    """Return what stands under each heading of a page."""
    _, *found = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {name: under.strip() for name, under in zip(found[::2], found[1::2], strict=True)}

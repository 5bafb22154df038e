"""Two ways to do one thing, timed in turns (A B A B ...), so that a busy machine slows both; what counts is their ratio."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Comparison", "GATES", "Gate", "HEADER", "Result", "side_by_side", "table", "timed_command"]


@dataclass(frozen=True)
class Comparison:
    """What one workload took on both sides, round by round.

    Attributes
    ----------
    ours, theirs : tuple of float, shape (n_rounds,)
        Seconds.
    aim, limit : str
        What the ratio ought to be, and what it must never be above; shown beside it.
    load : float
        Processes that wanted a core before the first round, mean of a minute.
    """

    workload: str
    against: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    aim: str
    limit: str
    load: float

    @property
    def ratios(self) -> list[float]:
        """Ours by theirs, one a round."""
        return [ours / theirs for ours, theirs in zip(self.ours, self.theirs, strict=True)]

    def cells(self) -> tuple[str, ...]:
        """Return the row of the table that this comparison is."""
        ratios = self.ratios
        return (
            self.workload,
            self.against,
            f"{statistics.median(self.ours):.2f}",
            f"{statistics.median(self.theirs):.2f}",
            f"{statistics.median(ratios):.2f}",
            f"{min(ratios):.2f} to {max(ratios):.2f}",
            str(len(ratios)),
            self.aim,
            self.limit,
            f"{self.load:.1f}",
        )


HEADER = ("workload", "against", "ceteris, s", "other, s", "ratio", "min to max", "rounds", "aim", "never above", "load")


@dataclass(frozen=True)
class Gate:
    """What one workload took by itself, beside what it may take.

    Attributes
    ----------
    seconds : float
        Median over the rounds.
    megabytes : float
        The largest of the rounds.
    limit, most : str
        Seconds and megabytes that it must stay under; blank where nothing was promised.
    """

    workload: str
    seconds: float
    limit: str
    megabytes: float
    most: str
    load: float

    def cells(self) -> tuple[str, ...]:
        """Return the row of the table that this gate is."""
        return self.workload, f"{self.seconds:.2f}", self.limit, f"{self.megabytes:,.0f}", self.most, f"{self.load:.1f}"


GATES = ("workload", "s", "under", "MB", "under", "load")


@dataclass(frozen=True)
class Result:
    """What a benchmark found: comparisons, gates, and further tables or sentences that explain them."""

    comparisons: tuple[Comparison, ...] = ()
    gates: tuple[Gate, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def tables(self) -> list[str]:
        """Return the tables of its comparisons and of its gates, where it has any."""
        every = ((HEADER, self.comparisons), (GATES, self.gates))
        return [table(header, [found.cells() for found in rows]) for header, rows in every if rows]


def side_by_side(
    workload: str,
    against: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    *,
    rounds: int,
    aim: str,
    limit: str = "",
) -> Comparison:
    """Return the times of both, taken in turns; a callable that returns a number has timed itself."""
    load = os.getloadavg()[0]
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for kept, work in zip(times, (ours, theirs), strict=True):
            started = time.perf_counter()
            own = work()
            kept.append(own if isinstance(own, float) else time.perf_counter() - started)
    return Comparison(workload, against, tuple(times[0]), tuple(times[1]), aim, limit, load)


def timed_command(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    """Return the seconds that a command takes.

    Raises
    ------
    RuntimeError
        The command failed; the message holds the end of what it said.
    """
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return seconds


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a Markdown table whose columns line up in a terminal too."""
    widths = [max(len(row[place]) for row in (header, *rows)) for place in range(len(header))]
    lines = [header, tuple("-" * width for width in widths), *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )

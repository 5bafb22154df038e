"""Tables of a terminal in which what is to be copied stands whole, however narrow the terminal is."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table

__all__ = ["Whole", "keep_whole"]


_LEAST = 5  # characters that a column which gives way keeps
_ANY = 1_000_000  # characters: a terminal that is never too narrow


@dataclass(frozen=True)
class Whole:
    """A table that is wider than its terminal, and breaks no word, where its columns need more than there is."""

    table: Table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render it: rich would leave out columns for which no room is left."""
        boundless, bare = options.update(width=_ANY), copy(self.table)
        bare.columns = [replace(column, header="", _cells=[]) for column in self.table.columns]
        fits = Measurement.get(console, boundless, bare).minimum <= options.max_width
        width = options.max_width if fits else Measurement.get(console, boundless, self.table).minimum
        yield from console.render(self.table, options.update(width=width))


def keep_whole(table: Table, *names: str) -> Whole:
    """Return the table, its columns of these headers as wide as the longest name in them: the other columns give way.

    Where even that is not enough the table is wider than its terminal: print it with `crop=False`.
    """
    for column in table.columns:
        longest = max((cell_len(line) for cell in column.cells for line in str(cell).split("\n")), default=1)
        if str(column.header) in names:
            column.no_wrap, column.overflow, column.min_width = True, "ignore", longest
        elif column.no_wrap:
            column.min_width = longest
        else:
            column.min_width = column.min_width or min(_LEAST, longest)
    return Whole(table)

"""Tables of a terminal in which what is to be copied stands whole, however narrow the terminal is."""

from __future__ import annotations

from rich.cells import cell_len
from rich.table import Table

__all__ = ["keep_whole"]


_LEAST = 5  # characters that a column which gives way keeps


def keep_whole(table: Table, *names: str) -> Table:
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
    return table

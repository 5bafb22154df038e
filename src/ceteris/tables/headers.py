"""Two rows at the head of a table that name its columns: titles of groups above the names, or units below them. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from ceteris.tables.labels import number_text

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["looks_like_a_header", "names_all", "one_header"]

_SAMPLE = 2_000  # rows that tell whether a column holds numbers


def one_header(rows: list[list[str]]) -> list[str]:
    """Return the names of the columns: of the first row that names each of them, once; else of both, joined by a space."""
    whole = [row for row in rows if _names_each(row)]
    if whole or len(rows) < 2:
        return (whole or rows)[0]
    width = max(map(len, rows))
    filled = [[text.strip() for text in row] + [""] * (width - len(row)) for row in rows]
    return [" ".join(dict.fromkeys(filter(None, texts))) for texts in zip(*filled, strict=True)]


def names_all(rows: list[list[str]]) -> bool:
    """Return whether the second row names every column where the first does not: below its titles, or instead of it.

    A title stands above several columns, once and then blank, or again and again. A row of values would also have something
    below what names one column alone.
    """
    if len(rows) != 2 or len(rows[0]) != len(rows[1]) or _names_each(rows[0]):
        return False
    titles, below = ([text.strip() for text in row] for row in rows)
    alone = [
        text != "" and titles.count(text) == 1 and after != "" for text, after in zip(titles, [*titles[1:], "-"], strict=True)
    ]
    apart = all((text in ("", title)) == one for title, text, one in zip(titles, below, alone, strict=True))
    return apart and not any(map(_is_number, below)) and _names_each(one_header(rows))


def looks_like_a_header(cells: pa.Table, labels: Collection[str]) -> bool:
    """Return whether the first row of a table, whose texts alone are looked at, looks like a second header.

    It has no number in any column that below it holds nothing but numbers, and something in one of them; what it has in a
    column of labels occurs nowhere else there. Where no column holds labels it has to name two such columns, and all of them.
    """
    import pyarrow as pa

    texts = [field.name for field in cells.schema if pa.types.is_string(field.type)]
    if cells.num_rows < 3 or not set(labels) <= set(texts) or any(map(_holds_numbers, cells.schema.types)):
        return False
    cells = cells.select(texts)
    first = {column: (cells.column(column)[0].as_py() or "").strip() for column in cells.column_names}
    numeric = [column for column in cells.column_names if _all_numbers(cells.column(column).slice(1, _SAMPLE))]
    named = [column for column in numeric if first[column]]
    if (
        not named
        or any(_spells_one(first[column]) for column in named)
        or (not labels and (len(named) < 2 or named != numeric))
    ):
        return False
    return all(first[one] not in {None, *cells.column(one).slice(1).unique().to_pylist()} for one in labels if first[one])


def _holds_numbers(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _names_each(row: list[str]) -> bool:
    return len({text.strip() for text in row}) == len(row) and all(text.strip() for text in row)


def _is_number(text: str) -> bool:
    return number_text(text) is not None


def _spells_one(text: str) -> bool:
    """Whether a text is a number in the widest sense, infinity and 1e400 too: such a cell is a fault of a row, no name."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _all_numbers(column: pa.ChunkedArray) -> bool:
    held = [text.strip() for text in column.unique().to_pylist() if text and text.strip()]
    return bool(held) and all(map(_is_number, held))

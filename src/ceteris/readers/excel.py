"""One sheet of an Excel file: its first row names the columns, a cell is what the sheet stores, a formula its last result."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from ceteris.errors import BadInputError, nearest, some
from ceteris.readers import Read, borrowed
from ceteris.readers.csv_file import refuse_long_cells, refuse_names
from ceteris.readers.values import table_of
from ceteris.sections import Ingest
from ceteris.tables.headers import names_all, one_header

__all__ = ["read_excel"]

_CAP = 300_000_000  # bytes of XML, which take a minute and some gigabytes of memory to read
_DIGITS = 10**15  # a spreadsheet keeps fifteen digits of a number
_ZEROS = re.compile(r"^0{2,}$")
_SHOWN = 5


def read_excel(path: Path, name: str, ingest: Ingest) -> Read:
    """Return the rows of one sheet.

    Raises
    ------
    BadInputError
        The sheet is not named where there are several; cells are merged, hold errors, or hold formulas whose results were
        never kept.
    """
    sheet = _sheet(_opened(path, name, results=True), name, ingest.sheet)
    what = f"{name} sheet {sheet.title!r}"
    rows = _rows(sheet)
    if not rows:
        raise BadInputError(f"{what} is empty.", "Name the sheet that holds the rows: params.yaml `ingest.sheet`.")
    header, body = rows[: ingest.header_rows], rows[ingest.header_rows :]
    _refuse_merged(sheet, what, below=header[-1][0].row if ingest.header_rows == 2 else 0)
    names, notes = _header(header, what, names_all([_texts(row) for row in rows[:2]]))
    if not body:
        raise BadInputError(f"{what} holds a header and no rows.", "Write the rows below the header.")
    _refuse_errors(body, what, ingest.missing or ())
    _refuse_without_results(path, name, sheet, body, what)
    columns = {column: [_value(row[place]) for row in body] for place, column in names.items()}
    exact = {
        column
        for column in (ingest.id, ingest.label, ingest.true_label, ingest.group, *(ingest.annotators or ()))
        if column is not None
    }
    cells, said = table_of(
        columns, what, exact=exact, drop=ingest.drop or (), missing=ingest.missing or (),
        places=[f"row {row[0].row}" for row in body],
    )  # fmt: skip
    refuse_long_cells(cells, what)
    notes += [*said, *_mangled(names, body, exact, what), *_second_header(names, columns, what)]
    hidden = sum(sheet.row_dimensions[row[0].row].hidden for row in body if row[0].row in sheet.row_dimensions)
    notes += [f"{what} hides {hidden} rows, which are read as all others"] if hidden else []
    return Read(cells, notes=tuple(notes))


def _opened(path: Path, name: str, *, results: bool) -> Any:
    """Return the workbook: the results of its formulas, or the formulas themselves."""
    openpyxl = borrowed("openpyxl", "excel", "Excel files")
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _CAP:
            raise BadInputError(
                f"{name} unpacks to {size / 1e6:,.0f} MB; at most {_CAP / 1e6:,.0f} MB are read of an Excel file.",
                "Save the sheet as CSV or Parquet.",
            )
        with warnings.catch_warnings(), path.open("rb") as file:
            warnings.simplefilter("ignore")  # of styles and extensions that hold no values
            return openpyxl.load_workbook(file, data_only=results, keep_links=False)
    except BadInputError:
        raise
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        EOFError,
        OSError,
        ParseError,
        IndexError,
    ) as error:
        said = str(error).split("\n")[0][:200].rstrip(".")
        raise BadInputError(
            f"{name} is not a whole, readable Excel file: {said}.", "Save it again from a spreadsheet, or as CSV."
        ) from None


def _sheet(book: Any, name: str, wanted: str | None) -> Any:
    named = {sheet.title: sheet for sheet in book.worksheets}
    if wanted is None and len(named) == 1:
        return next(iter(named.values()))
    if wanted not in named:
        seen = f"has no sheet {wanted!r}.{nearest(wanted, named)}" if wanted is not None else "has more than one sheet."
        raise BadInputError(
            f"{name} {seen} It holds the sheets {some(named, 12)}.", "Name one of them: params.yaml `ingest.sheet`."
        )
    return named[wanted]


def _rows(sheet: Any) -> list[tuple[Any, ...]]:
    """Return the rows that hold anything, as far as the last column that does: a sheet may be formatted far beyond."""
    rows = [row for row in sheet.iter_rows() if any(cell.value is not None for cell in row)]
    width = max((cell.column for row in rows for cell in row if cell.value is not None), default=0)
    return [row[:width] for row in rows]


def _texts(row: tuple[Any, ...]) -> list[str]:
    return ["" if cell.value is None else str(cell.value) for cell in row]


def _header(rows: list[tuple[Any, ...]], what: str, second: bool) -> tuple[dict[int, str], list[str]]:
    """Return the name of each column by its place, and notes; columns right of the last name are refused by their cells."""
    row = rows[0]
    texts = one_header([_texts(row) for row in rows]) if len(rows) == 2 else _texts(row)
    filled = sum(bool(text.strip()) for text in texts)
    if filled * 2 <= len(texts):
        raise BadInputError(
            f"{what} row {row[0].row} names {filled} of {len(texts)} columns: it looks like a title above the table.",
            "Its second row names every column: where both are headers, params.yaml `ingest.header_rows: 2`."
            if second
            else "Delete the rows above the header, so that the first row names every column.",
        )
    blank = [place for place, text in enumerate(texts) if not text.strip()]
    named = [text if text.strip() else f"unnamed_{place + 1}" for place, text in enumerate(texts)]
    refuse_names(named, what, second)
    notes = [f"{what} column {row[place].column_letter} has no name and is called 'unnamed_{place + 1}'" for place in blank]
    return dict(enumerate(named)), notes


def _value(cell: Any) -> Any:
    """Return what a cell stores; 2.0 is 2, since a sheet knows one kind of number."""
    value = cell.value
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _DIGITS else value


def _listed(cells: list[Any]) -> str:
    shown = ", ".join(f"{cell.coordinate} {str(cell.value)!r}" for cell in cells[:_SHOWN])
    return shown + (f" and {len(cells) - _SHOWN} more ({len(cells)} in all)" if len(cells) > _SHOWN else "")


def _refuse_merged(sheet: Any, what: str, below: int) -> None:
    merged = sorted(str(cells) for cells in sheet.merged_cells.ranges if cells.max_row > below)
    if merged:
        raise BadInputError(
            f"{what} holds merged cells, whose value stands in one row or column only: {some(merged)}. Where they are in the"
            " first rows, the table has two header rows.",
            "Unmerge them and write a value into each cell; where they are in the first of two rows of names: params.yaml"
            " `ingest.header_rows: 2`.",
        )


def _refuse_errors(body: list[tuple[Any, ...]], what: str, missing: tuple[str, ...]) -> None:
    """Refuse cells that hold an error, such as #DIV/0!, where params.yaml does not say that it means "no value"."""
    found = [cell for row in body for cell in row if cell.data_type == "e" and cell.value not in missing]
    if found:
        words = some(sorted({str(cell.value) for cell in found}))
        raise BadInputError(
            f"{what} holds cells that are errors: {_listed(found)}.",
            f"Correct them, or list {words} under `ingest.missing` in params.yaml.",
        )


def _refuse_without_results(path: Path, name: str, sheet: Any, body: list[tuple[Any, ...]], what: str) -> None:
    """Refuse formulas whose results the file does not hold: it was written by a program that computes nothing."""
    blank = [cell for row in body for cell in row if cell.value is None]
    if not blank or not _has_formulas(path):
        return
    formulas = _opened(path, name, results=False)[sheet.title]
    found = [formulas[cell.coordinate] for cell in blank if formulas[cell.coordinate].data_type == "f"]
    if found:
        raise BadInputError(
            f"{what} holds formulas without results: {_listed(found)}.",
            "Open it in a spreadsheet and save it, so that results are kept, or save the sheet as CSV.",
        )


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        sheets = [entry for entry in archive.namelist() if entry.startswith("xl/worksheets/") and entry.endswith(".xml")]
        return any(re.search(rb"<(\w+:)?f[ >/]", archive.read(entry)) for entry in sheets)


def _mangled(names: dict[int, str], body: list[tuple[Any, ...]], exact: set[str], what: str) -> Iterator[str]:
    """Yield what a spreadsheet may have done to ids and labels: dates made of texts, digits and zeros cut off."""
    for place, column in names.items():
        if column not in exact:
            continue
        cells = [row[place] for row in body if row[place].value is not None]
        numbers = [cell for cell in cells if cell.data_type == "n" and not cell.is_date]
        found = {
            "dates, which a spreadsheet makes of texts such as 1-2": sum(cell.is_date for cell in cells),
            "numbers of more than 15 digits, of which a spreadsheet keeps 15": sum(
                abs(cell.value) >= _DIGITS for cell in numbers
            ),
            "numbers that are shown with zeros in front, which are not part of them": sum(
                bool(_ZEROS.match(cell.number_format)) for cell in numbers
            ),
        }
        yield from (f"{what} column {column!r} holds in {count} rows {kind}" for kind, count in found.items() if count)


def _second_header(names: dict[int, str], columns: dict[str, list[Any]], what: str) -> Iterator[str]:
    """Yield a note where the first row holds a text in columns that hold numbers below it."""
    numeric = (int, float)
    found = [
        column for column in names.values()
        if isinstance(columns[column][0], str) and len(columns[column]) > 2
        and all(value is None or (isinstance(value, numeric) and not isinstance(value, bool)) for value in columns[column][1:])
        and any(value is not None for value in columns[column][1:])
    ]  # fmt: skip
    if found:
        yield (
            f"{what} may have a second row of names: its first row holds texts in {len(found)} columns of numbers"
            f" ({some(found)}); where it does: params.yaml `ingest.header_rows: 2`"
        )

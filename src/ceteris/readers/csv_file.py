"""A CSV file, read strictly: every cell is exact text, and whatever is not a clean table is refused with its line.

pyarrow reads; only where it fails does the csv module walk the file once more, to say which line is at fault.
"""

from __future__ import annotations

import csv
import io
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ceteris.errors import BadInputError, ParamsError, some
from ceteris.readers.mixed_text import mixed_lines, with_fallback
from ceteris.readers.packed import whole
from ceteris.tables.headers import names_all, one_header

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "read_csv", "as_utf8", "wrong_encoding", "full_of_nul", "guess_encoding", "guess_delimiter", "refuse_names",
    "refuse_long_cells", "is_mixed", "second_row_names", "COLUMNS_CAP", "CELL_CAP", "FALLBACK",
]  # fmt: skip

COLUMNS_CAP = 5_000
CELL_CAP = 1_000_000  # bytes
FALLBACK = "cp1252"  # what is proposed for lines that are not UTF-8 where others are
_BLOCK = 32 << 20  # bytes that pyarrow parses at a time; no single row may be longer
_BOM = b"\xef\xbb\xbf"


class _Fault(NamedTuple):
    kind: str
    line: int
    what: str


def read_csv(
    path: Path, name: str, encoding: str = "utf-8", delimiter: str = ",", *, fallback: str | None = None, header_rows: int = 1
) -> tuple[pa.Table, list[str]]:
    """Return the cells of a CSV file, every column as text, and notes on what was seen.

    Parameters
    ----------
    path : Path
    name : str
        What the file is called in a refusal.
    encoding, delimiter : str
        As declared in params.yaml; never guessed on the good path.
    fallback : str, optional
        The encoding of lines that are not UTF-8.
    header_rows : int
        1, or 2 where two rows name the columns.

    Raises
    ------
    BadInputError
        Names the line, and what is wrong with it.
    """
    if not delimiter.isascii() or delimiter in '"\r\n' or (delimiter != "\t" and not delimiter.isprintable()):
        raise ParamsError(f"ingest.delimiter is {delimiter!r}.", "Write one ASCII character that is no quote and no line end.")
    data, notes = with_fallback(whole(path, name), name, encoding, fallback)
    data = as_utf8(data, name, encoding)
    header = _header(data, name, delimiter, header_rows)
    cells = _cells(data, name, delimiter, header, header_rows)
    if cells.num_rows == 0:
        raise BadInputError(f"{name} holds a header and no rows.", "Write the rows below the header.")
    refuse_long_cells(cells, name)
    notes += [] if data.endswith((b"\n", b"\r")) else ["the last line of the file has no line end: check that it is whole"]
    blank = [position for position, column in enumerate(header, 1) if not column.strip()]
    if blank:
        notes += [f"column {place} has no name and is called 'unnamed_{place}'" for place in blank]
        header = [column if column.strip() else f"unnamed_{place}" for place, column in enumerate(header, 1)]
        refuse_names(header, name)
        cells = cells.rename_columns(header)
    return cells, notes


def refuse_names(names: list[str], name: str, second: bool = False) -> None:
    """Refuse column names that are too many, stand twice, or cannot be written down; `second`: the next row has better."""
    if len(names) > COLUMNS_CAP:
        raise BadInputError(
            f"{name} has {len(names)} columns; at most {COLUMNS_CAP} are read.", "Leave out columns that are no features."
        )
    seen: set[str] = set()
    twice = list(dict.fromkeys(column for column in names if column in seen or seen.add(column)))  # type: ignore[func-returns-value]
    if twice:
        raise BadInputError(
            f"{name} has more than one column named {some(twice)}.",
            "Its second row names every column: where that is a header too, params.yaml `ingest.header_rows: 2`."
            if second
            else "Rename or remove the copies in the file's first line.",
        )
    odd = [column.replace("\x00", "\\0") for column in names if "\x00" in column or column.startswith("ceteris:")]
    if odd:
        raise BadInputError(
            f"{name} has columns whose names ceteris cannot keep: {some(odd)}.",
            "Rename them: no NUL characters, and no name that starts with 'ceteris:'.",
        )


def guess_encoding(data: bytes) -> str:
    """Return the most likely encoding of bytes that are not UTF-8, by the script that they would spell."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = data[:4096]
    if full_of_nul(data):
        return "utf-16-le" if start[1::2].count(0) > start[0::2].count(0) else "utf-16-be"
    high = [byte > 127 for byte in data[:200_000]]
    neighbours = zip([False, *high], high, [*high[1:], False], strict=False)
    alone = sum(here and not (before or after) for before, here, after in neighbours)
    if alone * 2 > sum(high):
        return "cp1252"
    scripts = (("shift_jis", "\u3040", "\u30ff"), ("cp1251", "\u0410", "\u044f"), ("gb18030", "\u4e00", "\u9fa5"))
    for encoding, first, last in scripts:
        text = [character for character in data[:200_000].decode(encoding, "replace") if ord(character) > 127]
        share = sum(first <= character <= last for character in text) / max(len(text), 1)
        if share > (0.3 if encoding == "shift_jis" else 0.85) and "\ufffd" not in text:
            return encoding
    return "cp1252"


def full_of_nul(data: bytes) -> bool:
    """Tell whether bytes hold NUL so often, as Latin letters in UTF-16 do, that they are no text of one byte a letter."""
    start = data[:4096]
    return start.count(0) * 5 > len(start)


def guess_delimiter(line: str) -> str:
    """Return the character that most often parts the names of a header line; a comma where there is none."""
    return max(",;\t|", key=line.count)


def as_utf8(data: bytes, name: str, encoding: str) -> bytes:
    """Return a text in UTF-8 without a byte order mark; UTF-8 itself is not looked through, but for signs of UTF-16."""
    if not data.strip():
        raise BadInputError(f"{name} is empty.", "Put the file with its rows in its place.")
    try:
        is_utf8 = "".encode(encoding) == b"" and encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig")
    except (LookupError, ValueError):
        raise ParamsError(
            f"ingest.encoding is {encoding!r}, which Python does not know.", "Name one like utf-8, cp1252 or utf-16."
        ) from None
    if is_utf8:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")) or full_of_nul(data):
            raise wrong_encoding(data, name, 1)
        return data.removeprefix(_BOM)
    try:
        read = data.decode(encoding).removeprefix("\ufeff").encode("utf-8")
        fault = "it would be full of NUL characters" if full_of_nul(read) else ""
    except UnicodeError as error:
        fault = f"byte {getattr(error, 'start', 0)} does not fit"
    if fault:
        guess = guess_encoding(data)
        raise BadInputError(
            f"{name} cannot be read as {encoding}: {fault}; it looks like {guess}.",
            f"Declare it in params.yaml: `ingest.encoding: {guess}`.",
        )
    return read


def wrong_encoding(data: bytes, name: str, line: int) -> BadInputError:
    """Return the refusal of bytes that are not UTF-8, with the encoding that they look like."""
    try:
        data.decode("utf-8", "surrogatepass")
        halves = not full_of_nul(data)
    except UnicodeDecodeError:
        halves = False
    if halves:
        return BadInputError(f"{name} line {line} holds a lone surrogate (half a character).", "Write the file again as UTF-8.")
    mixed = mixed_lines(data)
    if mixed.held and guess_encoding(_only(data, mixed.others)) == FALLBACK:
        return BadInputError(
            f"{name} mixes encodings: {mixed.told}.",
            f"Where the lines look right as {FALLBACK}: params.yaml `ingest.fallback_encoding: {FALLBACK}`.",
        )
    guess = guess_encoding(data)
    return BadInputError(
        f"{name} is not UTF-8 (line {line}); it looks like {guess}.", f"Declare it in params.yaml: `ingest.encoding: {guess}`."
    )


def second_row_names(start: bytes, encoding: str, delimiter: str) -> bool:
    """Return whether the second row of a CSV file names every column where the first does not, told by its first bytes."""
    lines = io.StringIO(start.decode(encoding, "replace").removeprefix("\ufeff"), newline="")
    try:
        return names_all(list(itertools.islice((row for row in csv.reader(lines, delimiter=delimiter) if row), 2)))
    except csv.Error:
        return False


def _only(data: bytes, numbers: list[int]) -> bytes:
    lines = data.split(b"\n")
    return b"\n".join(lines[number - 1] for number in numbers)


def is_mixed(data: bytes) -> bool:
    """Return whether lines of a text are UTF-8, and others in an encoding of one byte a letter."""
    mixed = mixed_lines(data)
    return bool(mixed.held and mixed.others) and guess_encoding(_only(data, mixed.others)) == FALLBACK


def _header(data: bytes, name: str, delimiter: str, header_rows: int) -> list[str]:
    rows = csv.reader(
        io.TextIOWrapper(io.BytesIO(data), "utf-8", "surrogateescape", newline=""), delimiter=delimiter, strict=True
    )
    found: list[list[str]] = []
    try:
        found.extend(itertools.islice(filter(None, rows), 2))
    except csv.Error as error:
        if len(found) < header_rows:
            raise BadInputError(
                f"{name} has a header that cannot be read: {error}.", "Close its quotes, and keep its names short."
            ) from None
    header = one_header(found) if header_rows == 2 else found[0]
    try:
        "".join(header).encode("utf-8")
    except UnicodeEncodeError:
        raise wrong_encoding(data, name, 1) from None
    refuse_names(header, name, names_all(found))
    return header


def _cells(data: bytes, name: str, delimiter: str, header: list[str], header_rows: int) -> pa.Table:
    import pyarrow as pa
    import pyarrow.csv as arrow

    try:
        cells = arrow.read_csv(
            pa.BufferReader(data),
            read_options=arrow.ReadOptions(
                block_size=_BLOCK, **({"column_names": header, "skip_rows_after_names": 2} if header_rows == 2 else {})
            ),
            parse_options=arrow.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=arrow.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), null_values=[], strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise _refusal(data, name, delimiter, len(header), str(error)) from None
    if cells.column_names != header:
        raise BadInputError(
            f"{name} has a header that cannot be read: {some(header)}.", "Write plain names, parted by the delimiter."
        )
    if _may_end_in_a_quote(data, cells):
        fault = _first_fault(data, delimiter, len(header))
        if fault is not None and fault.kind == "unclosed":
            raise BadInputError(f"{name} line {fault.line} {fault.what}.", "Close the quote.")
    return cells


def _may_end_in_a_quote(data: bytes, cells: pa.Table) -> bool:
    """Tell whether the file ends as it would where its last quote never closes; pyarrow reads that without a word."""
    if b'"' not in data or cells.num_rows == 0:
        return False
    last = str(cells.column(cells.num_columns - 1)[-1]).replace('"', '""').encode()
    return data.endswith(b'"' + last) or len(last) > CELL_CAP


def _refusal(data: bytes, name: str, delimiter: str, width: int, said: str) -> BadInputError:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return wrong_encoding(data, name, data.count(b"\n", 0, error.start) + 1)
    fault = _first_fault(data, delimiter, width)
    if fault is None:
        return BadInputError(f"{name} cannot be read as CSV: {said[:200]}.", "Write the file again as plain CSV.")
    cure = {
        "ragged": "Complete the line, or quote the value that holds the delimiter (params.yaml `ingest.delimiter`).",
        "unclosed": "Close the quote.",
        "long": "Close a quote that is open, or leave that column out of the file.",
        "quote": "Double a quote that is part of a value.",
    }
    return BadInputError(f"{name} line {fault.line} {fault.what}.", cure[fault.kind])


def _first_fault(data: bytes, delimiter: str, width: int) -> _Fault | None:
    """Return the first line that is not as wide as the header or whose quotes do not close, None where all is well."""
    before = csv.field_size_limit(CELL_CAP)
    lines = io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="")
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    start = 1
    try:
        for row in rows:
            if row and len(row) != width:
                cut = "; it is the last line, so the file may be cut off" if next(rows, None) is None else ""
                return _Fault("ragged", start, f"has {len(row)} values where the header names {width}{cut}")
            start = rows.line_num + 1
    except csv.Error as error:
        if "unexpected end" in str(error):
            return _Fault("unclosed", start, "opens a quote that never closes")
        if "limit" in str(error):
            return _Fault("long", start, f"holds a cell of more than {CELL_CAP:,} characters")
        return _Fault("quote", start, f"has a quote in an odd place ({error})")
    finally:
        csv.field_size_limit(before)
    return None


def refuse_long_cells(cells: pa.Table, name: str) -> None:
    """Refuse a text of more than `CELL_CAP` bytes, naming its column and row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for column, values in zip(cells.column_names, cells.columns, strict=True):
        if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
            continue
        lengths = pc.binary_length(values)
        longest = pc.max(lengths).as_py() or 0
        if longest > CELL_CAP:
            row = pc.index(lengths, longest).as_py() + 1
            raise BadInputError(
                f"{name} column {column!r} row {row} holds a cell of {longest:,} bytes; at most {CELL_CAP:,} are read.",
                "Leave that column out of the file.",
            )

"""JSON lines, read strictly: one object a line, its keys are the columns; every line that is none is named."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

from ceteris.errors import BadInputError, some
from ceteris.readers import Read
from ceteris.readers.csv_file import COLUMNS_CAP, as_utf8, refuse_long_cells, refuse_names, wrong_encoding
from ceteris.readers.mixed_text import with_fallback
from ceteris.readers.packed import whole
from ceteris.readers.values import table_of
from ceteris.sections import Ingest

__all__ = ["read_json_lines"]

_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class _Lines(NamedTuple):
    columns: dict[str, list[Any]]
    places: list[str]
    odd: int


def read_json_lines(path: Path, name: str, ingest: Ingest) -> Read:
    """Return the columns of a file of JSON lines, objects inside objects opened once ("owner": {"age": 3} is owner.age).

    Raises
    ------
    BadInputError
        Names the lines that are no JSON object, or hold one that no table can.
    """
    data, read = with_fallback(whole(path, name), name, ingest.encoding, ingest.fallback_encoding)
    data = as_utf8(data, name, ingest.encoding)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise wrong_encoding(data, name, data.count(b"\n", 0, error.start) + 1) from None
    lines = _lines(text, name)
    refuse_names(list(lines.columns), name)
    cells, notes = table_of(
        lines.columns,
        name,
        exact={
            column
            for column in (ingest.id, ingest.label, ingest.true_label, ingest.group, *(ingest.annotators or ()))
            if column is not None
        },
        drop=ingest.drop or (),
        missing=ingest.missing or (),
        places=lines.places,
    )
    refuse_long_cells(cells, name)
    if lines.odd:
        notes.append(f"{lines.odd} values are NaN or Infinity, which JSON has no words for: NaN is read as missing")
    return Read(cells, notes=(*read, *notes))


def _lines(text: str, name: str) -> _Lines:
    odd = 0

    def word(spelled: str) -> float:
        nonlocal odd
        odd += 1
        return _WORDS[spelled]

    decode = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=word).decode
    columns: dict[str, list[Any]] = {}
    places: list[str] = []
    faults: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            _add(_opened(decode(line)), columns, len(places))
            places.append(f"line {number}")
        except (ValueError, RecursionError) as error:
            faults.append(f"line {number} {_reason(error, line)}")
        if len(columns) > COLUMNS_CAP:
            refuse_names(list(columns), name)
        if len(faults) >= 1 and not places and number > 20:
            break
    if faults:
        raise _refusal(faults, text, name)
    for values in columns.values():
        values.extend([None] * (len(places) - len(values)))
    if not columns:
        raise BadInputError(
            f"{name} holds {len(places)} objects and no values.", "Write an object with its values in each line."
        )
    return _Lines({key if key.strip() else "unnamed": values for key, values in columns.items()}, places, odd)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"has the key {some({key for key in keys if keys.count(key) > 1})} twice")
    return found


def _opened(record: Any) -> dict[str, Any]:
    """Return the values of one line by column; objects are opened once, those inside them stay as they are."""
    if not isinstance(record, dict):
        raise ValueError(f"holds {'a list' if isinstance(record, list) else 'a bare value'}, not an object")
    if not any(isinstance(value, dict) for value in record.values()):
        return record
    pairs = [
        pair for key, value in record.items()
        for pair in ([(f"{key}.{inner}", held) for inner, held in value.items()] if isinstance(value, dict) else [(key, value)])
    ]  # fmt: skip
    return _pairs(pairs)


def _add(record: dict[str, Any], columns: dict[str, list[Any]], row: int) -> None:
    for key in record:
        key.encode("utf-8")
    for key, value in record.items():
        column = columns.setdefault(key, [])
        if len(column) < row:
            column.extend([None] * (row - len(column)))
        column.append(value)


def _reason(error: Exception, line: str) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"is no JSON: {error.msg.lower()} at character {error.colno} of {len(line)}"
    if isinstance(error, RecursionError):
        return "is nested too deep"
    if isinstance(error, UnicodeEncodeError):
        return "has a key with a lone surrogate (half a character)"
    said = str(error)
    return "holds a number of thousands of digits" if said.startswith("Exceeds") else said


def _refusal(faults: list[str], text: str, name: str) -> BadInputError:
    first = text.lstrip()[:1]
    if first == "[" or (first == "{" and faults[0].startswith("line 1 is no JSON") and _is_json(text)):
        return BadInputError(
            f"{name} is one JSON document, not one object a line.",
            "Write each row as an object in a line of its own, as `jq -c '.[]'` or pandas' `to_json(lines=True,"
            " orient='records')` do.",
        )
    cut = (
        " The last line is among them: the file may be cut off."
        if not text.endswith("\n") and _last_is_bad(faults, text)
        else ""
    )
    shown = "; ".join(faults[:5]) + (f" and {len(faults) - 5} more ({len(faults)} in all)" if len(faults) > 5 else "")
    return BadInputError(f"{name} holds lines that cannot be read: {shown}.{cut}", "Write one whole JSON object in each line.")


def _last_is_bad(faults: list[str], text: str) -> bool:
    return faults[-1].startswith(f"line {text.count(chr(10)) + 1} ")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True

"""JSON lines are read strictly: what is exact stays exact, and each line that is no row of a table is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ceteris.errors import BadInputError
from ceteris.readers import Read
from ceteris.readers.json_lines import read_json_lines
from ceteris.sections import Ingest


def read_of(text: str | bytes, root: Path, **ingest: Any) -> Read:
    path = root / "mine.jsonl"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_json_lines(path, "mine.jsonl", Ingest(**{"id": "id", **ingest}))


def lines(*records: Any) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"id": 1}\n{"id": 2\n{"id": 3}\n', ("line 2 is no JSON",)),
        ('{"id": 1}\n{"id": 2', ("line 2 is no JSON", "the file may be cut off")),
        ('{"id": 1, "id": 2}\n', ("line 1 has the key 'id' twice",)),
        ('{"id": 1}\n[1, 2]\n7\n', ("line 2 holds a list", "line 3 holds a bare value")),
        ('[{"id": 1}, {"id": 2}]', ("is one JSON document", "jq -c")),
        ('{\n "id": 1\n}\n', ("is one JSON document",)),
        ('{"a.b": 1, "a": {"b": 2}}\n', ("line 1 has the key 'a.b' twice",)),
        ('{"id": 1}\n' * 2 + '{"a": {"b": {"c": 1}}}\n', ("column 'a.b' holds objects, first in line 3",)),
        ('{"id": "x\\ud800"}\n', ("column 'id'", "lone surrogate", "line 1")),
        ('{"x\\ud800": 1}\n', ("line 1 has a key with a lone surrogate",)),
        ('{"id": ' + "1" * 5000 + "}\n", ("line 1 holds a number of thousands of digits",)),
        ('{"id": ' + "[" * 100_000 + "\n", ("line 1",)),
        ("\n".join("{" for _ in range(9)), ("and 4 more (9 in all)",)),
        ("{}\n{}\n", ("2 objects and no values",)),
        ('{"id": "gr\xfcn"}\n'.encode("cp1252"), ("not UTF-8 (line 1)", "cp1252", "ingest.encoding")),
        ('{"id": 1}\n'.encode("utf-16"), ("ingest.encoding: utf-16",)),
        (
            lines({"id": 1, "v": [1, 2]}, {"id": 2, "v": [1]}, {"id": 3, "v": [3, 4]}),
            ("2 numbers in every row", "1 rows", "line 2"),
        ),
        (lines({"id": 1, "v": [1, 2]}, {"id": 2}), ("column 'v' holds lists", "'line 2'")),
        (lines({"id": 1, "v": ["a"]}), ("column 'v' holds lists", "ingest.drop")),
        ('{"v": [1, NaN]}\n{"v": [1, 2]}\n', ("missing, infinite", "1 rows: '1'")),
    ],
)
def test_what_is_no_row_of_a_table_is_named(text: str | bytes, words: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as refusal:
        read_of(text, tmp_path)
    assert all(word in str(refusal.value) for word in words), str(refusal.value)
    assert len(str(refusal.value)) < 1500


def test_ids_and_labels_are_spelled_exactly_and_features_are_numbers(tmp_path: Path) -> None:
    found = read_of(
        lines(
            {"id": "007", "label": 1, "x": 1},
            {"id": 2**70, "label": 1.0, "x": 2.5},
            {"id": 2**53 + 1, "label": True, "x": None},
        ),
        tmp_path,
    )
    assert found.cells.column("id").to_pylist() == ["007", str(2**70), str(2**53 + 1)]
    assert found.cells.column("label").to_pylist() == ["1", "1.0", "True"]
    assert found.cells.column("x").to_pylist() == [1.0, 2.5, None]


def test_objects_are_opened_once_and_absent_keys_are_missing(tmp_path: Path) -> None:
    found = read_of('{"id": 1, "owner": {"age": 3, "name": "Bo"}}\n\n{"id": 2, "extra": true}\r\n', tmp_path).cells
    assert found.to_pydict() == {
        "id": ["1", "2"], "owner.age": [3, None], "owner.name": ["Bo", None], "extra": [None, True],
    }  # fmt: skip


def test_lists_of_numbers_are_vectors(tmp_path: Path) -> None:
    found = read_of(lines({"id": 1, "v": [1, 2.5]}, {"id": 2, "v": [-3, 0]}), tmp_path).cells
    assert found.schema.field("v").type == pa.list_(pa.float32(), 2)
    assert found.column("v").to_pylist() == [[1.0, 2.5], [-3.0, 0.0]]


def test_a_column_of_objects_or_lists_that_is_dropped_is_refused_nowhere(tmp_path: Path) -> None:
    text = lines({"id": 1, "x": {"y": {"z": 1}}, "tags": ["a"], "size": 1})
    found = read_of(text, tmp_path, drop=("x.y", "tags")).cells
    assert found.column("tags").to_pylist() == found.column("x.y").to_pylist() == [None]


def test_words_that_json_does_not_have_are_read_and_told(tmp_path: Path) -> None:
    found = read_of('{"id": 1, "x": NaN}\n{"id": 2, "x": -Infinity}\n{"id": 3, "x": 1e999}\n', tmp_path)
    numbers = found.cells.column("x").to_numpy()
    assert np.isnan(numbers[0]) and numbers[1] == -np.inf and numbers[2] == np.inf
    assert found.notes == ("2 values are NaN or Infinity, which JSON has no words for: NaN is read as missing",)


def test_numbers_written_as_text_are_numbers_and_told(tmp_path: Path) -> None:
    found = read_of(lines({"id": 1, "x": "12"}, {"id": 2, "x": 3}, {"id": 3, "x": "NA"}), tmp_path)
    assert found.cells.column("x").to_pylist() == [12.0, 3.0, None]
    assert found.notes == ("mine.jsonl column 'x' holds 1 numbers that are written as text; they are read as numbers",)


def test_texts_alone_stay_text_even_where_they_spell_numbers(tmp_path: Path) -> None:
    assert read_of(lines({"id": 1, "zip": "01234"}, {"id": 2, "zip": "99999"}), tmp_path).cells.column("zip").to_pylist() == [
        "01234",
        "99999",
    ]


@pytest.mark.parametrize(("encoding", "declared"), [("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("cp1252", "cp1252")])
def test_a_declared_encoding_and_a_byte_order_mark_are_read(encoding: str, declared: str, tmp_path: Path) -> None:
    found = read_of(
        '{"id": "grün\u0085", "x": 1}\n{"id": "b", "x": 1}\n'.replace("\u0085", "").encode(encoding),
        tmp_path,
        encoding=declared,
    )
    assert found.cells.column("id").to_pylist() == ["grün", "b"]


def test_a_line_separator_inside_a_text_ends_no_line(tmp_path: Path) -> None:
    assert read_of('{"id": "a\u2028b\x85c"}\n', tmp_path).cells.column("id").to_pylist() == ["a\u2028b\x85c"]

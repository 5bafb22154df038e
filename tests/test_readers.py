"""One table of faults through every reader of tables; and what is right reads the same from each of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from written import KINDS, rows, written

from ceteris.closure import PACKAGE
from ceteris.dataset import ID, LABEL
from ceteris.errors import BadInputError
from ceteris.readers.sources import Table, kind_of, read, source_sha256
from ceteris.sections import Ingest

STRANGE = ["🐱‍👤", "قطة", "a\u200bb", "e\u0301"]
BIG = 2**53 + 1


class Case(NamedTuple):
    """Rows, the words of their refusal or what they must become, and the kinds of file that cannot hold them."""

    name: str
    columns: dict[str, list[Any]]
    refused: tuple[str, ...] = ()
    holds: Callable[[Table], bool] = lambda table: False
    ingest: Mapping[str, Any] = MappingProxyType({})
    without: tuple[str, ...] = ()


def _labels(*expected: str) -> Callable[[Table], bool]:
    return lambda table: list(table.frame[LABEL][: len(expected)]) == list(expected)


def _ids(*expected: str) -> Callable[[Table], bool]:
    return lambda table: set(expected) <= set(table.frame[ID])


CASES = [
    Case("a missing label", rows(label=[None]), ("'label'", "no label in 1 row:", "ingest.unlabelled: drop")),
    Case("a label of white space", rows(label=["  "]), ("no label in 1 row:",)),
    Case("no label at all", rows(label=[None] * 30), ("no label in any row",)),
    Case(
        "rows without a label dropped when asked",
        rows(label=[None, ""]),
        holds=lambda table: len(table.frame) == 28,
        ingest={"unlabelled": "drop"},
    ),
    Case("words for nothing as labels", rows(label=["NA", "null", "None", "nan"]), holds=_labels("NA", "null", "None", "nan")),
    Case("labels that differ by case", rows(label=["Cat"]), ("'Cat' (1 row) = 'cat' (14 rows)", "ingest.normalise: labels")),
    Case("one class only", rows(label=["cat"] * 30), ("one class only: 'cat'",)),
    Case("no such label column", rows(), ("no column 'lable'", "Did you mean 'label'?"), ingest={"label": "lable"}),
    Case("whole numbers as labels", rows(label=[7, 8] * 15), holds=_labels("7", "8")),
    Case("truth values as labels", rows(label=[True, False] * 15), holds=lambda table: len(set(table.frame[LABEL])) == 2),
    Case("ids with zeros in front", rows(id=["007", "7", "07"]), holds=_ids("007", "7", "07")),
    Case(
        "whole numbers beyond 2^53 as ids", rows(id=[BIG + row for row in range(30)]),
        holds=_ids(str(BIG), str(BIG + 1)), without=("xlsx",),
    ),
    Case(
        "strange letters", rows(id=STRANGE, label=STRANGE),
        holds=lambda table: set(STRANGE) <= set(table.frame[ID]) & set(table.frame[LABEL]),
    ),
    Case("an id on rows that differ", rows(id=["r001"]), ("more than once", "rows that differ: 'r001'")),
    Case("a missing id", rows(id=[None]), ("no id in 1 rows", "ingest.id: null")),
    Case("NUL in an id", rows(id=["a\x00"]), ("'id'", "NUL"), without=("xlsx",)),
    Case("a row without its group", rows(who=[*["a"] * 29, None]), ("'who'", "no group", "'r029'"), ingest={"group": "who"}),
    Case(
        "an infinite number", rows(size=[np.inf]), ("'size'", "infinite", "'r000'", "ingest.infinite: missing"),
        without=("xlsx",),
    ),
    Case("a number beyond single precision", rows(size=[1e300]), ("'size'", "too large", "ingest.infinite: missing")),
    Case(
        "missing numbers",
        rows(size=[None, None]),
        holds=lambda table: table.frame["size"].isna().sum() == 2 and table.frame["size"].dtype == np.float64,
    ),
    Case(
        "a column of numbers and words",
        rows(size=["many", "few"]),
        holds=lambda table: (
            list(table.frame["size"][:2]) == ["many", "few"]
            and any("'size'" in note and "read as text" in note and "many" not in note for note in table.notes)
        ),
        without=("parquet", "sql"),
    ),
    Case(
        "words for nothing among numbers",
        rows(size=["NA", "n/a"]),
        holds=lambda table: table.frame["size"].isna().sum() == 2 and table.frame["size"].dtype == np.float64,
        without=("parquet", "sql"),
    ),
    Case("a cell of 2 MB", rows(colour=["x" * 2_000_000]), ("'colour'", "row 1", "2,000,000 bytes"), without=("xlsx", "sql")),
    Case("no rows", rows(0), ("no rows",), without=("jsonl", "jsonl.gz", "sql")),
    Case(
        "too many columns",
        {"id": ["a"], "label": ["x"], **{f"x{place}": [1] for place in range(5_000)}},
        ("5002 columns; at most 5000",),
        without=("sql",),
    ),
    Case("NUL in a column's name", {**rows(), "a\x00b": [1] * 30}, ("no NUL characters",), without=("xlsx", "sql")),
    Case("several problems", rows(label=[None, "Cat"], id=["r005"]), ("for 3 reasons",)),
]  # fmt: skip


def table_of(kind: str, columns: dict[str, list[Any]], root: Path, **ingest: Any) -> Table:
    source = written(kind, columns, root)
    return read(Ingest(**{"source": source, "label": "label", "id": "id", **ingest}), root)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_fault_through_every_reader(case: Case, kind: str, tmp_path: Path) -> None:
    if kind in case.without:
        pytest.skip(f"{kind} cannot hold this")
    if not case.refused:
        assert case.holds(table_of(kind, case.columns, tmp_path, **case.ingest))
        return
    with pytest.raises(BadInputError) as refusal:
        table_of(kind, case.columns, tmp_path, **case.ingest)
    said = str(refusal.value)
    assert all(word in said for word in case.refused), said
    assert len(said) < 2000


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_rows_read_the_same_from_every_kind(kind: str, tmp_path: Path) -> None:
    mixed = rows(size=[None, 2.5, 3.0])
    expected = table_of("csv", mixed, tmp_path / "csv").frame
    pd.testing.assert_frame_equal(table_of(kind, mixed, tmp_path / "other").frame, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_rows_and_columns_changes_nothing(kind: str, tmp_path: Path) -> None:
    turned = {name: values[::-1] for name, values in reversed(rows().items())}
    one, other = (table_of(kind, columns, tmp_path / name) for name, columns in (("one", rows()), ("other", turned)))
    pd.testing.assert_frame_equal(one.frame, other.frame)


@pytest.mark.parametrize("name", ["mine.csv", "mine.jsonl", "mine.parquet", "mine.xlsx", "mine.csv.gz", "mine.jsonl.gz"])
@pytest.mark.parametrize(
    "content", [b"", b"\n \n", b"\x00" * 64, b"\xff\xfe\x00", b"PK\x03\x04rest", b"PAR1", b"\x1f\x8b\x08rest"]
)
def test_bytes_that_are_no_table_are_a_sentence(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "data/source").mkdir(parents=True)
    (tmp_path / "data/source" / name).write_bytes(content)
    with pytest.raises(BadInputError) as refusal:
        read(Ingest(source=f"data/source/{name}"), tmp_path)
    assert f"data/source/{name}" in str(refusal.value)


@pytest.mark.parametrize("kind", ["csv.gz", "jsonl.gz", "xlsx", "parquet"])
def test_a_file_that_is_cut_off_is_a_sentence(kind: str, tmp_path: Path) -> None:
    path = tmp_path / written(kind, rows(), tmp_path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BadInputError, match=r"cut off|not a whole"):
        read(Ingest(source=f"data/source/mine.{kind}", id="id"), tmp_path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mine.xls", ("old kind (.xls), or locked", "Excel (.xlsx)")),
        ("mine.xlsx", ("old kind (.xls), or locked",)),
        ("mine.csv", ("old kind (.xls), or locked",)),
        ("mine.doc", ("old kind (.xls)",)),
    ],
)
def test_an_old_or_locked_spreadsheet_is_told_from_one_of_today(name: str, words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(BadInputError) as refusal:
        kind_of(tmp_path / name, name)
    assert all(word in str(refusal.value) for word in words)


def test_what_gzip_packed_has_the_sha256_of_its_own_bytes(tmp_path: Path) -> None:
    from hashlib import sha256

    source = written("csv.gz", rows(), tmp_path)
    assert source_sha256(Ingest(source=source), tmp_path) == sha256((tmp_path / source).read_bytes()).hexdigest()


def test_a_csv_file_is_read_without_the_libraries_of_other_kinds(tmp_path: Path) -> None:
    source = written("csv", rows(), tmp_path)
    program = f"""
import sys
from pathlib import Path
from ceteris.sections import Ingest
from ceteris.readers.sources import read
assert len(read(Ingest(source={source!r}, id="id"), Path({str(tmp_path)!r})).frame) == 30
print(sorted(name for name in ("openpyxl", "sqlalchemy", "PIL", "scipy") if name in sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_a_library_that_is_not_installed_is_named_with_the_command_that_brings_it() -> None:
    from ceteris.readers import borrowed

    with pytest.raises(BadInputError) as refusal:
        borrowed("no_such_library.inner", "excel", "Excel files")
    assert "no_such_library, which is not installed" in str(refusal.value)
    assert "pip install 'ceteris[excel]'" in str(refusal.value)

"""Excel: one sheet, what its cells store; what a spreadsheet hides or mangles is told or refused, by its cells."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest

from ceteris.errors import BadInputError
from ceteris.readers import Read
from ceteris.readers.excel import read_excel
from ceteris.sections import Ingest

PLAIN = [["id", "label", "size"], ["a", "x", 1], ["b", "y", 2.5], ["c", "x", 3]]


def saved(root: Path, rows: list[list[Any]] = PLAIN, change: Callable[[Any], object] | None = None) -> Path:
    """Save rows as a sheet named Data, changed in place where asked."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Data"
    for row in rows:
        sheet.append(row)
    if change is not None:
        change(sheet)
    book.save(root / "mine.xlsx")
    return root / "mine.xlsx"


def read_of(path: Path, **ingest: Any) -> Read:
    return read_excel(path, "mine.xlsx", Ingest(**{"id": "id", **ingest}))


def refusal_of(path: Path, **ingest: Any) -> str:
    with pytest.raises(BadInputError) as refusal:
        read_of(path, **ingest)
    return str(refusal.value)


def with_results(path: Path, results: dict[str, str]) -> Path:
    """Put the result of each formula beside it, as a spreadsheet does when it saves."""
    with zipfile.ZipFile(path) as archive:
        held = {entry: archive.read(entry) for entry in archive.namelist()}
    sheet = held["xl/worksheets/sheet1.xml"].decode()
    for formula, result in results.items():
        assert f"<f>{formula}</f><v />" in sheet or f"<f>{formula}</f><v></v>" in sheet
        sheet = sheet.replace(f"<f>{formula}</f><v />", f"<f>{formula}</f><v>{result}</v>")
        sheet = sheet.replace(f"<f>{formula}</f><v></v>", f"<f>{formula}</f><v>{result}</v>")
    with zipfile.ZipFile(path, "w") as archive:
        for entry, content in held.items():
            archive.writestr(entry, sheet if entry == "xl/worksheets/sheet1.xml" else content)
    return path


def test_cells_have_the_types_that_the_sheet_stores(tmp_path: Path) -> None:
    moment, day = datetime(2020, 1, 2, 3, 4, 5), date(2020, 1, 2)
    rows = [
        ["id", "label", "whole", "half", "flag", "when", "day", "zip"],
        ["007", 1, 1.0, 1.5, True, moment, day, "01234"],
        [8, 2, None, 2, False, moment, day, "99999"],
    ]
    found = read_of(saved(tmp_path, rows)).cells
    assert found.column("id").to_pylist() == ["007", "8"]
    assert found.column("label").to_pylist() == ["1", "2"]
    assert found.column("whole").to_pylist() == [1, None]
    assert found.column("half").to_pylist() == [1.5, 2.0]
    assert found.column("flag").to_pylist() == [True, False]
    assert pa.types.is_timestamp(found.schema.field("when").type) and found.column("when").to_pylist() == [moment] * 2
    assert found.column("day").to_pylist() == [datetime(2020, 1, 2)] * 2
    assert found.column("zip").to_pylist() == ["01234", "99999"]


def test_one_of_several_sheets_is_to_be_named(tmp_path: Path) -> None:
    path = saved(tmp_path, change=lambda sheet: sheet.parent.create_sheet("Notes"))
    assert all(word in refusal_of(path) for word in ("more than one sheet", "'Data', 'Notes'", "ingest.sheet"))
    assert "Did you mean 'Data'?" in refusal_of(path, sheet="data")
    assert read_of(path, sheet="Data").cells.num_rows == 3
    assert "sheet 'Notes' is empty" in refusal_of(path, sheet="Notes")


def test_errors_are_refused_by_their_cells_or_mean_no_value_when_asked(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        sheet["C2"], sheet["C4"] = "#N/A", "#DIV/0!"
        sheet["C2"].data_type = sheet["C4"].data_type = "e"

    path = saved(tmp_path, change=change)
    said = refusal_of(path)
    assert all(word in said for word in ("C2 '#N/A', C4 '#DIV/0!'", "list '#DIV/0!', '#N/A' under `ingest.missing`"))
    assert read_of(path, missing=("#N/A", "#DIV/0!")).cells.column("size").to_pylist() == [None, 2.5, None]


def test_a_formula_is_its_last_result_and_refused_where_it_has_none(tmp_path: Path) -> None:
    path = saved(tmp_path, [*PLAIN, ["d", "y", "=C2*2"], ["e", "y", "=C3*2"]])
    assert all(word in refusal_of(path) for word in ("formulas without results", "C5 '=C2*2', C6 '=C3*2'", "save it"))
    assert read_of(with_results(path, {"C2*2": "2", "C3*2": "5"})).cells.column("size").to_pylist() == [1.0, 2.5, 3.0, 2.0, 5.0]


def test_merged_cells_are_refused_with_their_ranges(tmp_path: Path) -> None:
    header = saved(
        tmp_path,
        [["id", "label", "measures", None], [None, None, "p", "q"], ["a", "x", 1, 2]],
        lambda sheet: sheet.merge_cells("C1:D1"),
    )
    assert all(word in refusal_of(header) for word in ("merged cells", "'C1:D1'", "two header rows"))
    assert "'B2:B3'" in refusal_of(saved(tmp_path, change=lambda sheet: sheet.merge_cells("B2:B3")))


def test_a_second_row_of_names_is_told(tmp_path: Path) -> None:
    found = read_of(saved(tmp_path, [PLAIN[0], ["", "", "cm"], *PLAIN[1:]]))
    assert "may have a second row of names: its first row holds texts in 1 columns of numbers ('size')" in found.notes[-1]
    assert not read_of(saved(tmp_path)).notes


def test_a_title_above_the_table_is_refused_and_blank_rows_and_columns_are_passed_over(tmp_path: Path) -> None:
    assert "it looks like a title" in refusal_of(saved(tmp_path, [["Report", None, None], *PLAIN]))

    def formatted(sheet: Any) -> None:
        sheet["H90"].font = openpyxl.styles.Font(bold=True)

    found = read_of(saved(tmp_path, [[None], *PLAIN[:2], [None, None, None], *PLAIN[2:]], formatted)).cells
    assert found.to_pydict() == {"id": ["a", "b", "c"], "label": ["x", "y", "x"], "size": [1.0, 2.5, 3.0]}


def test_a_column_without_a_name_is_told_and_two_of_one_name_are_refused(tmp_path: Path) -> None:
    found = read_of(saved(tmp_path, [["id", None, "size"], ["a", "x", 1], ["b", "y", 2]]))
    assert found.cells.column_names == ["id", "unnamed_2", "size"]
    assert "column B has no name" in found.notes[0]
    assert "more than one column named 'size'" in refusal_of(saved(tmp_path, [["id", "size", "size"], ["a", 1, 2]]))


def test_what_a_spreadsheet_does_to_ids_is_told(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        sheet["A2"].number_format = "000"

    rows = [PLAIN[0], [7, "x", 1], [datetime(2020, 1, 2), "y", 2], [1234567890123456, "x", 3]]
    found = read_of(saved(tmp_path, rows, change))
    told = "\n".join(found.notes)
    assert found.cells.column("id").to_pylist() == ["7", "2020-01-02", "1234567890123456"]
    assert "column 'id' holds in 1 rows dates, which a spreadsheet makes of texts" in told
    assert "in 1 rows numbers of more than 15 digits" in told
    assert "in 1 rows numbers that are shown with zeros in front" in told


def test_hidden_rows_are_read_and_told(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        sheet.row_dimensions[3].hidden = True

    found = read_of(saved(tmp_path, change=change))
    assert found.cells.num_rows == 3 and "hides 1 rows" in found.notes[-1]


def test_a_file_that_unpacks_to_too_much_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/bomb.xml", "w", force_zip64=True) as bomb,
    ):
        for _ in range(31):
            bomb.write(bytes(10_000_000))
    assert "at most 300 MB are read of an Excel file" in refusal_of(path)


@pytest.mark.parametrize("entry", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"])
def test_a_damaged_part_is_a_sentence(entry: str, tmp_path: Path) -> None:
    path = saved(tmp_path)
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    for content in (b"<broken", b"", None):
        with zipfile.ZipFile(path, "w") as archive:
            for name, kept in held.items():
                if name != entry or content is not None:
                    archive.writestr(name, content if name == entry and content is not None else kept)
        assert "mine.xlsx" in refusal_of(path)

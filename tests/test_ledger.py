"""The door to data/edits/: appended, never rewritten; whose file comes first means nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import by_hand, decided, edit

from ceteris.editing import edits, ledger
from ceteris.errors import SealedTestError, StaleEditError
from ceteris.splitting.splits import TEST, TRAIN, VALIDATION

ANY = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


def said(folder: Path) -> Any:
    return edits.resolve(ledger.read_ledger(folder), "latest")[[*edits.COLUMNS]].to_numpy().tolist()


@given(st.lists(st.tuples(ANY.filter(bool), ANY, ANY), min_size=1, max_size=4))
def test_what_is_appended_is_read_back_exactly(tmp_path: Path, values: list[tuple[str, str, str]]) -> None:
    path = tmp_path / "ann-1.csv"
    path.unlink(missing_ok=True)
    lines = [
        edit(name, given=label, new="new" + label, reason=reason, batch=str(place))
        for place, (name, label, reason) in enumerate(values)
    ]
    for line in lines:
        ledger.append(path, [line])
    read = ledger.read_ledger(tmp_path)[list(edits.COLUMNS)].to_dict("records")
    assert read == [{column: line[column] for column in edits.COLUMNS} for line in lines]


def test_appending_keeps_every_byte_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "ann-1.csv"
    ledger.append(path, [edit("a", new="bee")])
    before = path.read_bytes()
    ledger.append(path, [edit("b", new="bee")])
    assert path.read_bytes().startswith(before)
    path.write_bytes(before.rstrip(b"\n"))
    ledger.append(path, [edit("b", new="cow")])
    assert ledger.read_ledger(tmp_path)["id"].tolist() == ["a", "b"]


def test_reverting_leaves_the_ledgers_answers_byte_for_byte_and_undoes_them(tmp_path: Path) -> None:
    path, line = tmp_path / "ann-1.csv", edit("a", new="bee")
    ledger.append(path, [line])
    ledger.append(path, [edit("", "revert", reverts=line["answer"], at="2026-02-01T00:00:00+00:00")])
    assert said(tmp_path) == []


def test_the_order_of_files_does_not_matter(tmp_path: Path) -> None:
    lines = [
        edit("a", new="bee"),
        edit("a", new="cow", reviewer="bob", at="2026-01-31T12:01:00+00:00"),
        edit("b", "drop", reviewer="bob", at="2026-01-31T12:02:00+00:00"),
        edit("b", "confirm", at="2026-01-31T12:03:00+00:00"),
    ]
    for folder, order in (("one", "abcd"), ("other", "dcba")):
        for name, line in zip(order, lines, strict=True):
            ledger.append(tmp_path / folder / f"{name}.csv", [line])
    assert said(tmp_path / "one") == said(tmp_path / "other")


def test_no_folder_and_an_empty_one_hold_no_edits(tmp_path: Path) -> None:
    assert ledger.read_ledger(tmp_path / "nowhere").empty
    (tmp_path / "README.md").write_text("no edits here")
    assert ledger.read_ledger(tmp_path).empty


@pytest.mark.parametrize("stray", ["more/ann-2.csv", "ann-2.txt", "ann-2.csv.bak", "more/README.md"])
def test_a_file_that_would_not_be_read_is_refused_by_name(tmp_path: Path, stray: str) -> None:
    ledger.append(tmp_path / "ann-1.csv", [edit("a", new="bee")])
    (tmp_path / stray).parent.mkdir(exist_ok=True)
    (tmp_path / stray).write_text("")
    with pytest.raises(StaleEditError, match=f"'{stray}' in {tmp_path.name}/ cannot be read as edits. Keep one file NAME.csv"):
        ledger.read_ledger(tmp_path)


@pytest.mark.parametrize("target", ["elsewhere", "nowhere"])
def test_a_link_that_is_no_file_is_refused(tmp_path: Path, target: str) -> None:
    ledger.append(tmp_path / "elsewhere/ann-1.csv", [edit("a", new="bee")])
    (tmp_path / "edits").mkdir()
    (tmp_path / "edits/ann-2.csv").symlink_to(tmp_path / target)
    with pytest.raises(StaleEditError, match=r"'ann-2\.csv' in edits/ cannot be read as edits"):
        ledger.read_ledger(tmp_path / "edits")


def test_a_readme_and_what_programs_hide_are_left_alone(tmp_path: Path) -> None:
    ledger.append(tmp_path / "ann-1.csv", [edit("a", new="bee")])
    for name in ("README.md", ".gitkeep", ".~lock.ann-1.csv#", ".ipynb_checkpoints/ann-1-checkpoint.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("no edits here")
    assert list(ledger.read_ledger(tmp_path)["id"]) == ["a"]


def test_a_cell_is_neutral_for_spreadsheets_on_disk(tmp_path: Path) -> None:
    ledger.append(tmp_path / "ann-1.csv", [edit("=1+1", new="@bee", reason="-x")])
    assert "'=1+1" in (tmp_path / "ann-1.csv").read_text()
    assert ledger.read_ledger(tmp_path).iloc[0][["id", "new_label", "reason"]].tolist() == ["=1+1", "@bee", "-x"]


def test_a_file_that_is_not_utf_8_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "ann-1.csv").write_bytes("a\nb\nünd".encode("cp1252"))
    with pytest.raises(StaleEditError, match=r"ann-1\.csv line 3 is not UTF-8"):
        ledger.read_ledger(tmp_path)


def test_a_bad_line_is_named_with_the_folder_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "data/edits/ann-1.csv"
    by_hand(path, edit("a", new="bee") | {"action": "?"})
    with pytest.raises(StaleEditError, match=r"data/edits/ann-1\.csv line 2: action '\?'"):
        ledger.read_ledger(path.parent)


def test_edits_go_with_their_part_and_unknown_ids_with_train() -> None:
    parts = pd.Series({"a": TRAIN, "b": VALIDATION, "t": TEST})
    decisions = decided(edit("a", new="bee"), edit("b", new="bee"), edit("nobody", new="bee"))
    assert list(ledger.of_part(decisions, parts, TRAIN)["id"]) == ["a", "nobody"]
    assert list(ledger.of_part(decisions, parts, VALIDATION)["id"]) == ["b"]
    assert ledger.of_part(decided(), parts, TRAIN).empty


@pytest.mark.parametrize("part", [TRAIN, VALIDATION])
def test_an_edit_of_a_sealed_row_is_refused_whoever_asks(part: str) -> None:
    with pytest.raises(SealedTestError, match=r"line 2 t.*release/edits/"):
        ledger.of_part(decided(edit("t", new="bee")), pd.Series({"t": TEST}), part)

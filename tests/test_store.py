"""The door to disk: whole files or none, one writer at a time, and tables that come back as they were."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import REPOSITORY, repository

from ceteris import store
from ceteris.errors import BadInputError, BusyError, CeterisError, ParamsError

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6),
    st.sampled_from(["NA", "None", "null", "007", "1e3", "True", "=1", "-1", "'x", "", " ", "a,b", 'q"q', "a\nb", "a\rb"]),
)


def child(program: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)], env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@contextlib.contextmanager
def nearly_full_disk(room: int) -> Iterator[None]:
    """Let no file grow beyond `room` bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


# tables


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
def test_every_text_of_a_table_comes_back_exactly(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    frame = pd.DataFrame(rows, columns=["id", "label"], dtype=object)
    store.write_table(tmp_path / "t.csv", frame)
    back = store.read_table(tmp_path / "t.csv", text=("id", "label"))
    assert back.to_numpy().tolist() == [list(row) for row in rows]


def test_texts_that_a_spreadsheet_or_a_reader_would_change_come_back_exactly() -> None:
    texts = ["a\rb", "NA", "", "007", "1e5", "=1+1", "'=1+1", "'", "-x", "a\r\nb", 'q"q', "a,b"]
    frame = pd.DataFrame({"id": texts, "=label": texts[::-1], "a\rb": range(len(texts))})
    text = store.table_text(frame)
    back = store.read_table(io.BytesIO(text.encode()), text=("id", "=label"))
    assert back.to_dict("list") == frame.to_dict("list")
    assert not any(cell.startswith(("=", "-")) for row in csv.reader(io.StringIO(text, newline="")) for cell in row)
    alone = pd.DataFrame({"a\rb": ["x", "y"]})
    assert store.read_table(io.BytesIO(store.table_text(alone).encode())).to_dict("list") == alone.to_dict("list")


@pytest.mark.parametrize("rows", ["r1,bee,more\n", "r1,bee,\n", "r1,bee,more\nr2,cow\n", "r1,bee\nr2,cow,more\n"])
def test_a_row_that_is_longer_than_its_header_is_refused_and_moves_no_column(rows: str) -> None:
    with pytest.raises(ValueError, match=r"more values than the header|Expected 2 fields in line 3, saw 3"):
        store.read_table(io.BytesIO(f"id,label\n{rows}".encode()), text=("id", "label"))


def test_columns_that_are_no_text_are_typed() -> None:
    frame = pd.DataFrame({"n": [1, 2], "x": [0.5, np.nan], "flag": [True, False], "t": ["a", "b"], "none": ["", ""]})
    back = store.read_table(io.BytesIO(store.table_text(frame).encode()))
    assert back["n"].tolist() == [1, 2]
    assert back["x"].tolist()[0] == 0.5
    assert np.isnan(back["x"].tolist()[1])
    assert back["flag"].tolist() == [True, False]
    assert back["t"].tolist() == ["a", "b"]


def test_a_table_is_neutral_for_spreadsheets_and_small_numbers_keep_six_digits() -> None:
    text = store.table_text(pd.DataFrame({"t": ["=cmd()", "@x", "-x", "+x"], "x": [1 / 3, -0.0, 1e-9, 2.0]}))
    assert text.splitlines() == ["t,x", "'=cmd(),0.333333", "'@x,0.0", "'-x,0.0", "'+x,2.0"]


def test_parquet_keeps_text_missing_values_and_numbers(tmp_path: Path) -> None:
    frame = pd.DataFrame({"t": pd.Series(["007", None, "NA", "é"], dtype=object), "x": [1.5, np.nan, -0.0, 1e300]})
    store.write_parquet(tmp_path / "t.parquet", frame)
    pd.testing.assert_frame_equal(store.read_parquet(tmp_path / "t.parquet"), frame)
    before = (tmp_path / "t.parquet").read_bytes()
    store.write_parquet(tmp_path / "t.parquet", frame)
    assert (tmp_path / "t.parquet").read_bytes() == before


def test_json_is_the_same_bytes_for_the_same_content(tmp_path: Path) -> None:
    store.write_json(tmp_path / "a.json", {"b": 1, "a": "é"})
    store.write_json(tmp_path / "b.json", {"a": "é", "b": 1})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.write_json(tmp_path / "c.json", {"x": float("nan")})
    assert not (tmp_path / "c.json").exists()


# YAML


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: *x\n", "line 1 holds a YAML anchor, alias or tag"),
        ("a: 1\nb: !!python/object/apply:os.system ['true']\n", "line 2 holds a YAML anchor, alias or tag"),
        ("a: !custom 1\n", "line 1 holds a YAML anchor, alias or tag"),
        ("a: 1\nb: 2\na: 3\n", "line 3 is not readable as YAML: found duplicate key"),
        ("a: [1\nb: 2\n", "is not readable as YAML"),
        ("a: 1\n\tb: 2\n", "is not readable as YAML"),
        ("a: 1\n---\nb: 2\n", "is not readable as YAML"),
        ("[" * 5000, "nested"),
        ("a: " + "x" * 1_000_001, "1000004 characters"),
    ],
    ids=["anchor", "python tag", "tag", "duplicate", "open", "tab", "two documents", "deep", "huge"],
)
def test_yaml_that_is_more_than_values_is_refused_quickly(text: str, said: str) -> None:
    started = time.monotonic()
    with pytest.raises(ParamsError) as refusal:
        store.parse_yaml(text, "params.yaml")
    assert said in str(refusal.value)
    assert time.monotonic() - started < 3


def test_a_bomb_of_aliases_is_refused_before_it_goes_off() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, 30)]
    with pytest.raises(ParamsError, match="line 1 holds a YAML anchor"):
        store.parse_yaml("\n".join(lines), "params.yaml")


def test_yaml_1_2_reads_no_and_on_as_text() -> None:
    assert store.parse_yaml("a: no\nb: on\nc: true\n'true': 1\n", "x") == {"a": "no", "b": "on", "c": True, "true": 1}


def test_what_a_caller_does_to_the_content_of_a_yaml_file_no_other_caller_sees() -> None:
    first = store.parse_yaml("a:\n- 1\n", "x")
    first["a"].append(2)
    assert store.parse_yaml("a:\n- 1\n", "x") == {"a": [1]}


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes("report:\n  title: Größe\n".encode("cp1252"))
    with pytest.raises(ParamsError, match=r"params\.yaml is not UTF-8"):
        store.read_yaml(tmp_path / "params.yaml")


# the repository


def test_the_root_is_found_from_below_and_its_absence_is_told(tmp_path: Path) -> None:
    root = repository(tmp_path / "mine")
    assert store.find_root(root / "data/source") == root.resolve()
    with pytest.raises(BadInputError, match=r"No dvc\.yaml and params\.yaml at or above"):
        store.find_root(tmp_path)


def test_sweeping_removes_what_is_not_kept_and_folders_that_are_empty(tmp_path: Path) -> None:
    for name in ("a/keep", "a/old", "b/c/old"):
        store.write_text(tmp_path / name, "x")
    store.sweep(tmp_path, {tmp_path / "a/keep"})
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == ["a", "a/keep"]
    store.sweep(tmp_path / "nowhere", set())


# whole files or none

WRITE_FOREVER = """
import sys
from pathlib import Path
from ceteris.store import write_bytes
path, size = Path(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
for turn in range(10**9):
    write_bytes(path, bytes([65 + turn % 26]) * size)
"""


def test_kill_9_in_the_middle_of_writing_leaves_the_old_file_or_the_new_one_whole(tmp_path: Path) -> None:
    root = repository(tmp_path)
    path, size = root / "data/raw/table.parquet", 2_000_000
    store.write_bytes(path, b"old" * 1000)
    for turn in range(3):
        process = child(WRITE_FOREVER, path, size)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.05 + 0.013 * turn)
        process.kill()
        process.communicate()
        content = path.read_bytes()
        assert content == b"old" * 1000 or (len(content) == size and len(set(content)) == 1)
        assert [one.name for one in path.parent.iterdir()] == ["table.parquet"]
    with store.single_writer(root, "test"):
        assert not (root / ".ceteris/tmp").exists()
    store.write_bytes(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_full_disk_is_told_and_leaves_the_old_file_and_nothing_half(tmp_path: Path) -> None:
    root = repository(tmp_path)
    path = root / "results/x.txt"
    store.write_text(path, "old")
    refused = pytest.raises(CeterisError, match=r"x\.txt could not be written: .*The old file, if any, is whole\. Make room")
    with nearly_full_disk(1000), refused:
        store.write_bytes(path, b"x" * 100_000)
    assert path.read_text() == "old"
    assert list((root / ".ceteris/tmp").iterdir()) == []


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder that nothing can be renamed out of into tmp_path."""
    if not Path("/dev/shm").is_dir() or Path("/dev/shm").stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is one disk only")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def test_from_another_disk_a_file_comes_whole_or_not_at_all(tmp_path: Path, other_disk: Path) -> None:
    store.write_bytes(tmp_path / "x.txt", b"new", scratch=other_disk)
    (tmp_path / "y.txt/in the way").mkdir(parents=True)
    with pytest.raises(CeterisError, match=r"y\.txt could not be written"):
        store.write_bytes(tmp_path / "y.txt", b"new", scratch=other_disk)
    assert (tmp_path / "x.txt").read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.txt", "y.txt"]
    assert list(other_disk.iterdir()) == []


def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CeterisError, match="could not be written"):
        store.write_text(tmp_path / "file" / "below", "x")


def test_times_that_cannot_be_kept_are_said_once_and_stop_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store.note_times(tmp_path, {"model": "m", "fits": 1})
    with nearly_full_disk(10):
        for _ in range(3):
            store.note_times(tmp_path, {"model": "m" * 1000, "fits": 2})
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert "measured times cannot be kept in" in said[0] and "File too large; results are not touched" in said[0]
    (tmp_path / "other").write_text("in the way of a folder")
    store.note_times(tmp_path / "other", {"model": "m"})
    assert "Not a directory" in capsys.readouterr().err


def test_times_have_one_header(tmp_path: Path) -> None:
    for fits in (1, 2):
        store.note_times(tmp_path, {"model": "a,b", "fits": fits})
    assert (tmp_path / ".ceteris/times.csv").read_text() == 'model,fits\n"a,b",1\n"a,b",2\n'


# one writer

HOLD = """
import os, sys, time
from pathlib import Path
from ceteris.store import single_writer
with single_writer(Path(sys.argv[1]), "train"):
    if sys.argv[2] == "with a child" and os.fork() == 0:
        time.sleep(1.5)
        os._exit(0)
    print("held", flush=True)
    time.sleep(60)
"""
COUNT = """
import sys, time
from pathlib import Path
from ceteris.store import single_writer
root = Path(sys.argv[1])
for _ in range(4):
    with single_writer(root, "counter"):
        value = int((root / "count").read_text())
        time.sleep(0.005)
        (root / "count").write_text(str(value + 1))
"""


def test_a_second_writer_is_refused_with_the_holder_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    holder = child(HOLD, tmp_path, "alone")
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(BusyError, match=rf"^train \(process {holder.pid}\) is still writing in"),
            store.single_writer(tmp_path, "fix", patience=0.3),
        ):
            raise AssertionError("two writers")
        assert f"fix: waiting for train (process {holder.pid})" in capsys.readouterr().err
    finally:
        holder.kill()
        holder.communicate()
    started = time.monotonic()
    with store.single_writer(tmp_path, "fix", patience=5):
        pass
    assert time.monotonic() - started < 1


def test_the_lock_is_let_go_at_the_end_and_when_something_fails(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(KeyError), store.single_writer(tmp_path, "one", patience=0):
            raise KeyError
    with store.single_writer(tmp_path, "other", patience=0):
        pass


def test_a_lock_on_a_full_disk_is_a_sentence_and_is_let_go(tmp_path: Path) -> None:
    refused = pytest.raises(CeterisError, match=r"lock could not be written: .*Make room or access, run again")
    with nearly_full_disk(0), refused, store.single_writer(tmp_path, "one"):
        raise AssertionError("nobody knows who holds it")
    with store.single_writer(tmp_path, "other", patience=0):
        assert (tmp_path / ".ceteris/lock").read_text() == f"other (process {os.getpid()})"


def test_of_several_writers_none_is_lost(tmp_path: Path) -> None:
    (tmp_path / "count").write_text("0")
    writers = [child(COUNT, tmp_path) for _ in range(2)]
    for writer in writers:
        _, said = writer.communicate(timeout=60)
        assert writer.returncode == 0, said
    assert (tmp_path / "count").read_text() == "8"


def test_a_child_of_a_killed_writer_still_holds_the_lock(tmp_path: Path) -> None:
    holder = child(HOLD, tmp_path, "with a child")
    assert holder.stdout is not None
    assert holder.stderr is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    holder.stdout.close()
    holder.stderr.close()
    with pytest.raises(BusyError), store.single_writer(tmp_path, "fix", patience=0.2):
        raise AssertionError("two writers")
    with store.single_writer(tmp_path, "fix", patience=10):
        pass

"""Answers go to the ledger under a lock of its own: none is lost, none stands twice, whoever writes, dies or scribbles."""

from __future__ import annotations

import codecs
import ctypes
import fcntl
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from small import REPOSITORY, by_hand, edit
from test_store import nearly_full_disk

from ceteris.editing import edits, ledger
from ceteris.errors import BusyError, CeterisError, StaleEditError
from ceteris.store import single_writer

WRITER = """
import sys, threading, uuid
from pathlib import Path
from ceteris.editing import ledger
folder, who, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
def write(thread):
    for number in range(count):
        name = f"{who}.{thread}.{number}"
        line = {"id": name, "action": "drop", "reviewer": who, "at": "2026-01-31T12:00:00+00:00",
                "answer": str(uuid.uuid5(uuid.NAMESPACE_OID, name))}
        saved = ledger.append(folder / ("both.csv" if thread else f"{who}.csv"), [line]).saved
        print(*saved, flush=True)
threads = [threading.Thread(target=write, args=(thread,)) for thread in range(2)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that looks like a repository, with an empty ledger."""
    (tmp_path / "dvc.yaml").write_text("# python -m ceteris.stages.NAME\n", encoding="utf-8")
    (tmp_path / "params.yaml").touch()
    return tmp_path / "data/edits"


def writer(folder: Path, who: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), who, str(count)], env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_processes_and_threads_that_write_at_once_lose_no_line_and_write_none_twice(home: Path) -> None:
    running = [writer(home, who, 12) for who in ("ann", "bob", "eve")]
    told = [answer for process in running for answer in process.communicate()[0].split()]
    found = ledger.read_ledger(home)["answer"].tolist()
    assert len(found) == 3 * 2 * 12
    assert sorted(found) == sorted(told)
    assert len(set(found)) == len(found)


def test_a_writer_that_is_killed_leaves_whole_files_and_every_line_that_it_called_saved(home: Path) -> None:
    home.mkdir(parents=True)
    for pause in (0.0, 0.01, 0.05):
        process = writer(home, f"ann{pause}", 500)
        said = [process.stdout.readline().strip()] if process.stdout else []
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        said += process.communicate()[0].split("\n")[:-1]
        assert set(said) <= set(ledger.read_ledger(home)["answer"])
    assert ledger.append(home / "bob-1.csv", [edit("a", "drop")]).added == 1
    assert sorted(path.name for path in (home.parents[1] / ".ceteris").rglob("*")) == ["ledger", "ledger.lock"]


def test_an_answer_that_is_sent_again_is_saved_once_in_whatever_file_it_stands(home: Path) -> None:
    one, other = edit("a", new="bee"), edit("b", new="bee")
    assert ledger.append(home / "ann-1.csv", [one, one]) == ledger.Appended((one["answer"],) * 2, 1, {}, ())
    before = (home / "ann-1.csv").read_bytes()
    found = ledger.append(home / "ann-2.csv", [one, other])
    assert (found.saved, found.added) == ((one["answer"], other["answer"]), 1)
    assert ledger.append(home.parent / "more/bob.csv", [one], beside=[home]).added == 0
    assert (home / "ann-1.csv").read_bytes() == before
    assert ledger.read_ledger(home)["id"].tolist() == ["a", "b"]


def test_other_words_under_a_known_answer_and_what_is_no_edit_are_refused_and_the_rest_is_kept(home: Path) -> None:
    one = edit("a", new="bee")
    ledger.append(home / "ann-1.csv", [one])
    bad = edit("b", new="bee") | {"at": "yesterday", "answer": "00000000-0000-4000-8000-000000000001"}
    half = edit("c", "drop") | {"reviewer": "\udcff"}
    long = edit("d", "drop", reason="x" * 200_000)
    good = edit("e", "drop")
    found = ledger.append(home / "ann-1.csv", [one | {"new_label": "cow"}, bad, half, long, good])
    assert found.saved == (good["answer"],)
    assert found.refused == {
        one["answer"]: "this answer (uuid) stands in the ledger and says something else",
        bad["answer"]: "at 'yesterday' is no ISO date and time of the years 1970 to 2999",
        half["answer"]: "reviewer holds a NUL or half a character",
        long["answer"]: "reason has 200,000 letters; at most 100,000 are kept",
    }
    assert ledger.read_ledger(home)["id"].tolist() == ["a", "e"]


def test_a_file_that_changed_by_hand_is_read_anew(home: Path) -> None:
    one = edit("a", new="bee")
    ledger.append(home / "ann-1.csv", [one])
    (home / "ann-1.csv").write_text(",".join(edits.COLUMNS) + "\n")
    assert ledger.append(home / "ann-1.csv", [one]).added == 1


@pytest.mark.parametrize("left", [b"", codecs.BOM_UTF8])
def test_a_file_that_was_emptied_gets_its_header_again(home: Path, left: bytes) -> None:
    home.mkdir(parents=True)
    (home / "ann-1.csv").write_bytes(left)
    ledger.append(home / "ann-1.csv", [edit("a", new="bee")])
    assert ledger.read_ledger(home)["id"].tolist() == ["a"]


NONSENSE = {
    "prose": b"these are no edits\n",
    "cp1252": "id\ngr\xfcn\n".encode("cp1252"),
    "ragged": (",".join(edits.COLUMNS) + "\na,b\n").encode(),
    "an open quote": (",".join(edits.COLUMNS) + '\n"a,b\nc\nd\n').encode(),
}


@pytest.mark.parametrize("content", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_in_somebody_elses_file_costs_nobody_an_answer_and_is_said(home: Path, content: bytes) -> None:
    home.mkdir(parents=True)
    (home / "bob-1.csv").write_bytes(content)
    (home / "notes.txt").write_text("no ledger")
    found = ledger.append(home / "ann-1.csv", [edit("a", new="bee")])
    assert found.added == 1
    (remark,) = found.remarks
    assert "bob-1.csv" in remark
    assert "ceteris edits check" in remark
    lines, faults = ledger.scan_ledger(home)
    assert lines["id"].tolist() == ["a"]
    assert {re.split(" line |$", fault.where)[0] for fault in faults} == {"data/edits/bob-1.csv", "data/edits/notes.txt"}


@pytest.mark.parametrize("content", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_in_ones_own_file_is_refused_with_two_ways_out_and_left_as_it_is(home: Path, content: bytes) -> None:
    home.mkdir(parents=True)
    (home / "ann-1.csv").write_bytes(content)
    line = r"ann-1\.csv line 2" if content.count(b"\n") > 1 else r"ann-1\.csv line 1"
    with pytest.raises(StaleEditError, match=line):
        ledger.append(home / "ann-1.csv", [edit("a", new="bee")])
    assert (home / "ann-1.csv").read_bytes() == content
    assert ledger.append(home / "ann-2.csv", [edit("a", new="bee")]).added == 1


def test_a_line_that_means_nothing_hides_no_other_line(home: Path) -> None:
    by_hand(home / "ann-1.csv", edit("a", new="bee"), edit("b", "relable"), edit("c", "drop"))
    lines, faults = ledger.scan_ledger(home)
    assert lines["id"].tolist() == ["a", "c"]
    assert [str(fault) for fault in faults] == ["data/edits/ann-1.csv line 3: action 'relable'. Did you mean 'relabel'?"]


def test_a_full_disk_is_a_sentence_and_leaves_the_old_file_and_a_later_answer_is_kept(home: Path) -> None:
    ledger.append(home / "ann-1.csv", [edit("a", new="bee")])
    before = (home / "ann-1.csv").read_bytes()
    many = [edit(str(number), "drop", reason="x" * 100) for number in range(100)]
    with nearly_full_disk(2000), pytest.raises(CeterisError, match=r"could not be written.*The old file, if any, is whole"):
        ledger.append(home / "ann-1.csv", many)
    assert (home / "ann-1.csv").read_bytes() == before
    assert ledger.append(home / "ann-1.csv", many).added == 100


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nobody write in a folder: by its mode, and by giving up for a while what root may do beyond it."""
    folder.chmod(0o555)
    libc, header, held = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc.capget(header, held)
    bare = (ctypes.c_uint32 * 6)(held[0] & ~0b10, *held[1:])  # without CAP_DAC_OVERRIDE
    try:
        assert libc.capset(header, bare) == 0
        yield
    finally:
        libc.capset(header, held)
        folder.chmod(0o755)


def test_a_folder_that_is_read_only_is_a_sentence(home: Path) -> None:
    ledger.append(home / "ann-1.csv", [edit("a", new="bee")])
    before = (home / "ann-1.csv").read_bytes()
    with read_only(home), pytest.raises(CeterisError, match=r"could not be written: Permission denied.*Make room or access"):
        ledger.append(home / "ann-1.csv", [edit("b", new="bee")])
    assert (home / "ann-1.csv").read_bytes() == before


def test_a_run_of_the_pipeline_makes_nobody_wait_for_an_answer_to_be_saved(home: Path) -> None:
    with single_writer(home.parents[1], "train"):
        started = time.monotonic()
        assert ledger.append(home / "ann-1.csv", [edit("a", new="bee")]).added == 1
        assert time.monotonic() - started < 5


def test_whoever_holds_the_lock_too_long_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.append(home / "ann-1.csv", [edit("a", new="bee")], who="the holder")
    monkeypatch.setattr(ledger, "_PATIENCE", 0.2)
    lock = home.parents[1] / ".ceteris/ledger.lock"
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match=rf"the holder \(process {os.getpid()}\) is still writing the ledger"):
            ledger.append(home / "ann-1.csv", [edit("b", new="bee")])
    assert ledger.append(home / "ann-1.csv", [edit("b", new="bee")]).added == 1


def test_threads_of_one_process_wait_for_each_other(home: Path) -> None:
    def say(name: str) -> None:
        for number in range(10):
            ledger.append(home / "ann-1.csv", [edit(f"{name}{number}", "drop")])

    threads = [threading.Thread(target=say, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ledger.read_ledger(home)) == 30

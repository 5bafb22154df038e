"""What is kept outside git and DVC: every test once, in order, for good; and the seconds of each fit."""

from __future__ import annotations

import fcntl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ceteris.errors import CeterisError
from ceteris.experiments.records import Test, read_seconds, read_spent, record
from ceteris.store import note_times


def made(candidate: str, p: float) -> Test:
    return ("base", candidate, "accuracy", "given", "60"), p


ONE, TWO, THREE = made("one", 0.04), made("two", 1e-12), made("three", 1.0)


def test_tests_are_kept_in_the_order_they_were_made_each_once(tmp_path: Path) -> None:
    assert read_spent(tmp_path) == []
    record(tmp_path, [ONE, TWO])
    record(tmp_path, [TWO, THREE])
    record(tmp_path, [made("one", 0.9)])
    assert read_spent(tmp_path) == [ONE, TWO, THREE]


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    record(tmp_path, [])
    assert list(tmp_path.iterdir()) == []


def test_a_p_value_is_kept_to_its_last_digit(tmp_path: Path) -> None:
    exact = made("exact", 0.1 + 0.2)
    record(tmp_path, [exact])
    assert read_spent(tmp_path) == [exact]


def test_a_line_that_a_full_disk_tore_is_no_test_and_spoils_none(tmp_path: Path) -> None:
    record(tmp_path, [ONE, TWO])
    path = tmp_path / ".ceteris/history.csv"
    path.write_text(path.read_text()[:-4])  # 1e-12 became 1e-
    assert read_spent(tmp_path) == [ONE]
    path.write_text(path.read_text()[:-2])  # 1
    assert read_spent(tmp_path) == [ONE]
    record(tmp_path, [TWO, THREE])
    assert read_spent(tmp_path)[-2:] == [TWO, THREE]


@pytest.mark.parametrize("spoilt", ["", "\n", "one,two\n", "a,b,c,d,e,nan\n", "a,b,c,d,e,p\n", "\0\0\0\n", "\udcff\n"])
def test_lines_that_somebody_spoilt_are_passed_over(spoilt: str, tmp_path: Path) -> None:
    record(tmp_path, [ONE])
    with (tmp_path / ".ceteris/history.csv").open("ab") as file:
        file.write(spoilt.encode("utf-8", "surrogateescape"))
    record(tmp_path, [TWO])
    assert read_spent(tmp_path) == [ONE, TWO]


def test_a_second_writer_waits_and_then_knows_what_the_first_wrote(tmp_path: Path) -> None:
    record(tmp_path, [ONE])
    with (tmp_path / ".ceteris/history.csv").open("a") as first, ThreadPoolExecutor(1) as second:
        fcntl.flock(first, fcntl.LOCK_EX)
        waiting = second.submit(record, tmp_path, [TWO, THREE])
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.2)
        first.write("base,two,accuracy,given,60,1e-12\n")
        first.flush()
        fcntl.flock(first, fcntl.LOCK_UN)
        waiting.result(timeout=10)
    assert read_spent(tmp_path) == [ONE, TWO, THREE]


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".ceteris").write_text("in the way")
    with pytest.raises(CeterisError, match=r"could not be written: .*The count of tests is not kept"):
        record(tmp_path, [ONE])


def test_seconds_are_those_of_each_fit_key(tmp_path: Path) -> None:
    assert read_seconds(tmp_path) == {}
    for key, seconds in (("k1", 1.5), ("k2", 0.25), ("k1", 2.0)):
        note_times(tmp_path, {"fit_key": key, "model": "tree", "version": "given", "fits": 5, "cpu_seconds": seconds})
    assert read_seconds(tmp_path) == {"k1": 2.0, "k2": 0.25}


@pytest.mark.parametrize(
    "text", ["", "fit_key,model\nk1,tree\n", "fit_key,cpu_seconds\nk1,fast\nk2,1.0\n", "fit_key,cpu_seconds\nk2,1.0\nk3,12"]
)
def test_times_that_cannot_be_read_are_unknown(text: str, tmp_path: Path) -> None:
    (tmp_path / ".ceteris").mkdir()
    (tmp_path / ".ceteris/times.csv").write_text(text)
    assert read_seconds(tmp_path) == ({"k2": 1.0} if "k2" in text else {})

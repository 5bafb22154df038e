"""The thread that writes the log: nothing answered is lost, nothing is held for ever, and what could not be written is told."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import wait
from pathlib import Path

import pytest

from ceteris.errors import BusyError, CeterisError, IntegrityError
from ceteris.serving.log_file import read_dropped, read_inferences, read_refusals
from ceteris.serving.writer import Line, Refusal, Work, Writer

ROWS = [("a", '{"x":1.0}', "cat", "[1.0]"), ("b", '{"x":2.0}', "dog", None)]


def line(name: str = "request") -> Work:
    return Line(name, "model", "schema", ROWS, 1.5)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


@pytest.fixture
def writer(log: Path) -> Iterator[Writer]:
    made = Writer(log, 10, patience=0.1)
    yield made
    made.close()


@pytest.fixture
def held(log: Path, writer: Writer) -> Iterator[sqlite3.Connection]:
    """Somebody else's connection that holds the log locked."""
    other = sqlite3.connect(log, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


def test_what_is_done_is_in_the_log(log: Path, writer: Writer) -> None:
    assert writer.reserve(2)
    writer.put(line()).result(5)
    found = read_inferences(log)
    assert found[["request_id", "row_id", "model", "schema", "inputs", "label", "probabilities"]].to_numpy().tolist() == [
        ["request", "a", "model", "schema", '{"x":1.0}', "cat", "[1.0]"],
        ["request", "b", "model", "schema", '{"x":2.0}', "dog", None],
    ]
    assert found["latency_ms"].tolist() == [1.5, 1.5]


def test_a_clock_that_is_set_back_while_lines_are_written_moves_no_time_and_loses_none(
    log: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = iter([0, -2, 3, -9])
    for name in "abcd":
        now = time.time() + 86_400 * next(days)
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda now=now: now)
            writer.put(line(name)).result(5)
    found = read_inferences(log)
    assert found["request_id"].tolist() == [name for name in "abcd" for _ in ROWS]  # what windows are cut by
    assert found["at"].is_monotonic_increasing
    assert abs(found["at"] - time.time()).max() < 3600


def test_what_waits_at_the_end_is_written(log: Path) -> None:
    writer = Writer(log, 1000)
    for place in range(200):
        assert writer.reserve(2)
        writer.put(line(str(place)))
    writer.close()
    assert read_inferences(log)["request_id"].tolist() == [str(place) for place in range(200) for _ in ROWS]
    assert not writer.reserve(1)


def test_the_queue_is_bounded_in_rows_and_gives_room_back(writer: Writer) -> None:
    assert writer.reserve(8) and not writer.reserve(3) and writer.reserve(2)
    assert writer.waiting == 10
    writer.release(8)
    writer.put(line()).result(5)
    for _ in range(100):
        if writer.waiting == 0:
            break
        threading.Event().wait(0.02)
    assert writer.reserve(10)


def test_many_requests_share_one_transaction(log: Path) -> None:
    writer = Writer(log, 1000)
    commits = []
    writer._connection.set_trace_callback(lambda said: commits.append(said) if said == "COMMIT" else None)
    gate = threading.Event()
    first = writer.put(Work(lambda connection, at: gate.wait(5)))
    done = [writer.put(line(str(place))) for place in range(50)]
    gate.set()
    wait([first, *done], 5)
    writer.close()
    assert len(read_inferences(log)) == 100
    assert 1 <= len(commits) <= 2  # what held the thread, and all that came meanwhile


def test_a_locked_log_is_told_and_written_again_once_it_is_free(
    log: Path, writer: Writer, held: sqlite3.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    writer.reserve(2)
    with pytest.raises(BusyError, match="is locked"):
        writer.put(line()).result(5)
    assert "is locked" in writer.fault
    held.execute("ROLLBACK")
    writer.reserve(2)
    writer.put(line("again")).result(5)
    assert writer.fault == ""
    assert read_inferences(log)["request_id"].tolist() == ["again", "again"]
    assert capsys.readouterr().err.count("The log is not written") == 1


def test_a_full_disk_is_told_and_nothing_half_is_left(log: Path, writer: Writer) -> None:
    pages = writer._connection.execute("PRAGMA page_count").fetchone()[0]
    writer._connection.execute(f"PRAGMA max_page_count = {pages}")
    large = Line("large", "model", "schema", [(str(place), "x" * 5000, "cat", None) for place in range(50)], 1.0)
    with pytest.raises(CeterisError, match="the disk is full"):
        writer.put(large).result(5)
    assert read_inferences(log).empty
    writer._connection.execute("PRAGMA max_page_count = 1000000")
    writer.put(line("room")).result(5)
    assert set(read_inferences(log)["request_id"]) == {"room"}


def test_a_log_that_was_moved_is_told_and_takes_no_line_until_it_is_back(log: Path, writer: Writer) -> None:
    log.rename(log.with_name("elsewhere.sqlite"))
    with pytest.raises(IntegrityError, match="was moved, removed or replaced"):
        writer.put(line("lost")).result(5)
    assert "start the server anew" in writer.fault
    log.with_name("elsewhere.sqlite").rename(log)
    writer.put(line("back")).result(5)
    assert writer.fault == "" and set(read_inferences(log)["request_id"]) == {"back"}


def test_a_standard_error_that_cannot_be_written_stops_nothing(
    log: Path, writer: Writer, held: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr("sys.stderr", full)
        with pytest.raises(BusyError, match="is locked"):
            writer.put(line()).result(5)
        held.execute("ROLLBACK")
        writer.put(line("again")).result(5)
        monkeypatch.undo()
        with contextlib.suppress(OSError):
            full.close()
    assert set(read_inferences(log)["request_id"]) == {"again"}


def test_what_no_log_can_hold_takes_nothing_else_with_it(log: Path, writer: Writer) -> None:
    gate = threading.Event()
    writer.put(Work(lambda connection, at: gate.wait(5)))
    bad = writer.put(Line("bad", "m", "s", [("a", "\ud800", "cat", None)], 1.0))
    good = writer.put(line("good"))
    gate.set()
    good.result(5)
    with pytest.raises(CeterisError, match="The log cannot hold this"):
        bad.result(5)
    assert set(read_inferences(log)["request_id"]) == {"good"}


def test_whoever_waits_may_go_away_and_the_line_is_written(log: Path, writer: Writer) -> None:
    done = writer.put(line())
    assert not done.cancel()
    done.result(5)
    assert len(read_inferences(log)) == 2


def test_dropped_rows_are_counted_in_the_log_once_it_can_be_written(
    log: Path, writer: Writer, held: sqlite3.Connection
) -> None:
    writer.drop(3)
    writer.drop(4)
    assert read_dropped(log).empty
    held.execute("ROLLBACK")
    writer.put(line()).result(5)
    writer.close()
    assert read_dropped(log)["rows"].sum() == 7


def test_refusals_are_kept_without_a_body(log: Path, writer: Writer) -> None:
    writer.put(Refusal("request", 422, "Row 1 lacks 'x'.")).result(5)
    assert read_refusals(log)[["request_id", "status", "reason"]].to_numpy().tolist() == [["request", 422, "Row 1 lacks 'x'."]]


def test_times_rise_with_the_lines_also_from_one_server_to_the_next(log: Path) -> None:
    with sqlite3.connect(log) as connection:
        Writer(log, 10).close()
        connection.execute(
            "INSERT INTO refusals (request_id, at, status, reason) VALUES ('future', 9e9, 400, 'clock set back since')"
        )
    connection.close()
    writer = Writer(log, 10)
    for _ in range(3):
        writer.put(line()).result(5)
    writer.close()
    found = read_inferences(log)["at"]
    assert found.is_monotonic_increasing and found.iloc[0] >= 9e9

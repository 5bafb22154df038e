"""The log of a served model: what was written is read back, times never go back, labels come once."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pandas as pd
import pytest

from ceteris.errors import BadInputError, BusyError, IntegrityError
from ceteris.serving.log_file import (
    INFERENCE,
    Clock,
    add_labels,
    open_log,
    read_dropped,
    read_inferences,
    read_labels,
    read_outcomes,
    read_refusals,
    standing,
    transaction,
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.sqlite"
    connection = open_log(path)
    with transaction(connection):
        for place in range(5):
            connection.execute(INFERENCE, ("r", 10.0 + place, f"row-{place}", "m", "s", '{"x": 1.0}', "a", "[1.0, 0.0]", 2.5))
    connection.close()
    return path


def test_inferences_are_read_in_order_after_a_line_and_the_last_of_them(log: Path) -> None:
    assert read_inferences(log)["row_id"].tolist() == [f"row-{place}" for place in range(5)]
    assert read_inferences(log, after=3)["seq"].tolist() == [4, 5]
    assert read_inferences(log, last=2)["seq"].tolist() == [4, 5]
    assert read_inferences(log, after=4, last=9)["seq"].tolist() == [5]
    assert read_inferences(log)["inputs"][0] == '{"x": 1.0}'


def test_a_log_without_lines_is_read_as_empty_tables(tmp_path: Path) -> None:
    open_log(tmp_path / "new.sqlite").close()
    for read in (read_inferences, read_labels, read_outcomes, read_refusals, read_dropped):
        assert read(tmp_path / "new.sqlite").empty


def test_the_log_is_in_wal_mode_and_can_be_read_while_it_is_written(log: Path) -> None:
    writing = open_log(log)
    assert writing.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with transaction(writing):
        writing.execute(INFERENCE, ("r", 99.0, "late", "m", "s", "{}", "a", None, 2.5))
        assert len(read_inferences(log)) == 5  # and does not wait
    assert read_inferences(log, last=1)["probabilities"][0] is None
    writing.close()


def test_power_waits_for_the_disk_at_each_commit(tmp_path: Path) -> None:
    found = [open_log(tmp_path / f"{full}", full=full).execute("PRAGMA synchronous").fetchone()[0] for full in (False, True)]
    assert found == [1, 2]  # NORMAL, FULL


def test_a_clock_set_back_moves_no_time_back(log: Path) -> None:
    connection = open_log(log)
    assert standing(connection) == 14.0
    back = Clock(standing(connection), now=3.0)
    first = back()
    assert 14.0 <= first <= back() < 20.0
    assert Clock(14.0, now=100.0)() >= 100.0
    assert abs(Clock(0.0)() - time.time()) < 5
    connection.close()


def test_labels_are_joined_by_id_written_once_and_unknown_ids_are_told(log: Path) -> None:
    labels = pd.DataFrame({"row_id": ["row-1", "row-2", "nobody"], "label": ["a", "b", "a"]})
    assert add_labels(log, labels, "Ada", "review") == (2, ["nobody"])
    assert add_labels(log, labels, "Ada", "review") == (0, ["nobody"])
    assert add_labels(log, labels.assign(label="b"), "Ada", "review") == (1, ["nobody"])  # row-1 is thought better of
    assert add_labels(log, labels.assign(label="b"), "Bob", "review") == (2, ["nobody"])
    found = read_labels(log)
    assert found[["row_id", "label", "who"]].to_numpy().tolist() == [
        ["row-1", "a", "Ada"], ["row-2", "b", "Ada"], ["row-1", "b", "Ada"], ["row-1", "b", "Bob"], ["row-2", "b", "Bob"],
    ]  # fmt: skip
    assert found["at"].is_monotonic_increasing and (found["at"] > 14.0).all()


def test_labels_that_cannot_be_written_are_written_not_at_all(log: Path) -> None:
    holder = sqlite3.connect(log, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(BusyError, match=r"log\.sqlite is locked: another process is writing it"):
        add_labels(log, pd.DataFrame({"row_id": ["row-1"], "label": ["a"]}), "Ada", "late", patience=0.1)
    holder.execute("ROLLBACK")
    holder.close()
    assert read_labels(log).empty


def test_what_is_no_log_is_refused_and_left_alone(tmp_path: Path) -> None:
    text, foreign, newer = tmp_path / "text", tmp_path / "foreign", tmp_path / "newer"
    text.write_text("not a database, and long enough to be looked at " * 10)
    for path, statements in ((foreign, "CREATE TABLE mine (x)"), (newer, None)):
        connection = sqlite3.connect(path) if statements else open_log(path)
        connection.executescript(statements or "UPDATE meta SET value = '2'")
        connection.close()
    kept = {path: path.read_bytes() for path in (text, foreign)}
    for path, said in ((text, "no SQLite file"), (foreign, "no log of ceteris"), (newer, "a log of form 2")):
        with pytest.raises(IntegrityError, match=said):
            open_log(path)
    with pytest.raises(IntegrityError, match="a log of form 2"):
        read_inferences(newer)
    assert {path: path.read_bytes() for path in kept} == kept
    with pytest.raises(BadInputError, match="is not there: no log was written"):
        read_inferences(tmp_path / "nowhere")


def test_a_time_that_is_none_is_named_to_whoever_reads_it_and_stops_no_clock(log: Path) -> None:
    with sqlite3.connect(log) as connection:
        connection.execute("INSERT INTO labels (row_id, label, at, who, source) VALUES ('a', 'cat', 'x', 'ann', 'late')")
        connection.execute("UPDATE inferences SET at = 9e999 WHERE seq = 1")
    for read, place in ((read_labels, 1), (read_inferences, 1)):
        with pytest.raises(IntegrityError, match=f"can have no such 'at' as stands there, as line {place} of its table"):
            read(log)
    assert standing(connection) < 1e11
    connection.close()


def test_a_log_that_lacks_a_table_is_no_whole_log_to_read_or_to_write(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    open_log(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE inferences")
    connection.close()
    labels = pd.DataFrame({"row_id": ["a"], "label": ["dog"]})
    for asked in (lambda: read_inferences(path), lambda: add_labels(path, labels, "Ada", "late"), lambda: open_log(path)):
        with pytest.raises(IntegrityError, match="is no whole log: it lacks 'inferences'"):
            asked()

"""A review in a terminal: every answer is on disk before the next row, however the review ends."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from small import CLASSES, REPOSITORY
from test_store import nearly_full_disk

import ceteris
from ceteris.editing import ledger
from ceteris.reviewing.card_shown import card, classes_shown
from ceteris.reviewing.session import open_session
from ceteris.reviewing.shown import profile, shown
from ceteris.reviewing.terminal import Conversation

HOSTILE = "[/x]\x1b[31mred\u202e<b>"
SAFE = "[/x]\u241b[31mred\u27e8U+202E\u27e9<b>"
# What is started in the background of a shell ignores Ctrl-C, and so would what it starts.
PROGRAM = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from ceteris.cli import main; main()"


def lines_of(repo: Path) -> pd.DataFrame:
    return ledger.read_ledger(repo / "data/edits")


@pytest.fixture
def review(ceteris_, monkeypatch: pytest.MonkeyPatch):
    """`ceteris review` with lines that are typed one after the other."""

    def said(*typed: str, words: tuple[str, ...] = ("train", "--reviewer", "ann", "--batch", "b")) -> Any:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("".join(f"{line}\n" for line in typed).encode())))
        monkeypatch.setenv("COLUMNS", "100")
        return ceteris_("review", *words)

    return said


def test_what_is_typed_is_in_the_ledger_in_order_and_what_was_hidden_is_told_after(repo: Path, review) -> None:
    said = review("", "-", "?", "1", "2", "3", "q")
    found = lines_of(repo)
    assert said.code == 0, said.err
    assert found["action"].tolist()[:3] == ["confirm", "drop", "unsure"]
    new = found["new_label"].where(found["action"] == "relabel", found["given_label"])
    assert new.tolist()[3:] == list(CLASSES)
    assert set(found["reviewer"]) == {"ann"} and set(found["batch"]) == {"b"}
    suggested = dict(ceteris.open(repo).issues().set_index("id")["suggested_label"])
    for name in found["id"]:
        assert said.out.index(f"{name}   given") < said.out.index(f"{name}: you said")
        assert f"the model suggests {suggested[name]}" in said.out.split(f"{name}: you said")[1].splitlines()[0]
    assert "6 answers on disk" in said.out
    assert "0 of 108 answered" in said.out and "6 of 108 answered" in said.out


def test_each_answer_is_on_disk_before_the_next_row_is_shown(repo: Path) -> None:
    counts = []

    def watching() -> Iterator[str]:
        for _ in range(12):
            counts.append(len(lines_of(repo)))
            yield "\n"

    Conversation(open_session("train", reviewer="ann"), Console(file=io.StringIO()), watching()).run()
    assert counts == list(range(12))


def test_a_row_that_judges_is_asked_blind_and_neither_kept_nor_dropped(repo: Path, review) -> None:
    said = review("", "-", "ant", "q", words=("logistic.given.simulated", "--reviewer", "ann"))
    (line,) = lines_of(repo).to_dict("records")
    before = said.out.split(f"{line['id']}: you said")[0]
    assert "given" not in before.replace("logistic.given.simulated", "")
    assert "suggests" not in said.out
    assert "asked blind" in before and "not dropped" in before and "drop" not in before.split("asked blind")[0]
    assert line["source"] == "disagreement"
    given = ceteris.open(repo).given_labels()[line["id"]]
    assert f"given {given}" in said.out


def test_an_answer_that_is_taken_back_stays_in_the_ledger_and_its_row_is_asked_next(repo: Path, review) -> None:
    said = review("-", "<", "?", "<", "<", "q")
    found = lines_of(repo)
    assert found["action"].tolist() == ["drop", "revert", "unsure", "revert"]
    assert len(set(found["id"])) == 1
    assert found["reverts"].tolist() == ["", found["answer"][0], "", found["answer"][2]]
    assert "Nothing to take back in this session" in said.out
    assert "0 answers on disk." in said.out


def test_a_second_session_goes_on_where_the_first_one_ended(repo: Path, review) -> None:
    review("?", "?", "q")
    said = review("?", "q")
    assert "2 of 108 answered" in said.out
    assert lines_of(repo)["id"].nunique() == 3


def test_the_rows_asked_for_may_be_few_and_an_end_of_input_is_an_end(repo: Path, review) -> None:
    assert "2 answers on disk" in review("", "", "", words=("train", "--reviewer", "ann", "--rows", "2")).out
    said = review()
    assert (said.code, "0 answers on disk" in said.out) == (0, True)


def test_every_ten_answers_and_at_the_end_it_is_said_what_they_found_and_will_find(repo: Path, review) -> None:
    said = review(*["2"] * 11, "q").out
    assert said.count("Wrong labels: ") == 2
    during, end = said.split("11 answers on disk")
    assert during.index("10 of 108 answered") < during.index("The next 50: ") < during.index("11 of 108 answered")
    assert "Flagged rows whose label was wrong" in end or "Undoubted rows whose label was changed" in end
    assert "The next 50: " in end


def test_rows_that_judge_are_asked_without_a_meter(repo: Path, review) -> None:
    said = review("ant", "q", words=("logistic.given.simulated", "--reviewer", "ann")).out
    assert "Wrong labels: " not in said
    assert "1 answer on disk" in said


def test_a_queue_that_is_through_says_so(repo: Path, review) -> None:
    said = review(*["?"] * 200)
    assert "No row is left to ask for." in said.out
    assert lines_of(repo)["id"].nunique() == 108


def test_a_class_that_is_not_understood_costs_nothing(repo: Path, review) -> None:
    said = review("cat", "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"), HOSTILE, "bee", "q")
    assert "'cat' is no class." in said.out
    assert not {"\x1b", "\u202e"} & set(said.out)
    assert len(lines_of(repo)) == 1


def test_a_disk_that_is_full_loses_no_answer_that_is_tried_again(repo: Path) -> None:
    def person() -> Iterator[str]:
        yield "?\n"
        with nearly_full_disk(100):
            yield "-\n"
            yield "\n"  # try again, in vain
        yield "\n"
        yield "q\n"

    told = io.StringIO()
    Conversation(open_session("train", reviewer="ann"), Console(file=told, width=200), person()).run()
    assert "could not be written" in told.getvalue() and "This answer is not on disk. Enter: try again" in told.getvalue()
    assert lines_of(repo)["action"].tolist() == ["unsure", "drop"]


def test_nonsense_in_somebody_elses_ledger_stops_nobody_and_is_said_once(repo: Path, review) -> None:
    (repo / "data/edits/bob-1.csv").write_text("nonsense\n")
    said = review("?", "?", "q")
    assert said.out.count("The answers in it are not known here") == 1
    (repo / "data/edits/bob-1.csv").unlink()
    assert len(lines_of(repo)) == 2


# processes


@pytest.fixture
def started(repo: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """`ceteris review` in a process of its own."""
    running: list[subprocess.Popen[bytes]] = []

    def start(**streams: Any) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-c", PROGRAM, "review", "--reviewer", "ann"]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "COLUMNS": "100"}
        running.append(subprocess.Popen(words, cwd=repo, env=environment, stderr=subprocess.PIPE, **streams))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def test_a_pipe_that_nobody_reads_any_more_loses_no_answer_and_is_no_traceback(
    repo: Path, started: Callable[..., subprocess.Popen[bytes]]
) -> None:
    process = started(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin and process.stdout and process.stderr
    process.stdin.write(b"?\n")
    process.stdin.flush()
    while b"you said" not in process.stdout.readline():
        pass
    process.stdout.close()
    process.stdin.write(b"-\n" * 100)
    process.stdin.close()
    assert process.wait(60) == 1
    assert b"Traceback" not in process.stderr.read()
    assert lines_of(repo)["action"].tolist()[:1] == ["unsure"]


def test_a_keyboard_answers_and_ctrl_c_loses_nothing(repo: Path, started: Callable[..., subprocess.Popen[bytes]]) -> None:
    keyboard, screen = pty.openpty()
    process = started(stdin=screen, stdout=screen, start_new_session=True)
    os.close(screen)
    seen = b""

    def until(words: bytes) -> None:
        nonlocal seen
        deadline = time.monotonic() + 60
        while words not in seen:
            assert select.select([keyboard], [], [], max(0, deadline - time.monotonic()))[0], seen
            seen += os.read(keyboard, 4096)

    until(b"> ")
    os.write(keyboard, b"?\n")
    until(b"you said unsure")
    os.write(keyboard, b"-\n")
    until(b"you said drop")
    process.send_signal(signal.SIGINT)
    until(b"2 answers on disk")
    assert process.wait(60) == 130
    assert lines_of(repo)["action"].tolist() == ["unsure", "drop"]
    assert b"Traceback" not in seen


# what is shown of a row


def drawn(row: Any, given: str = "", width: int = 80, **changed: Any) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(card(row, given, width, **({"colours": False} | changed)))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_marks_escapes_and_directions_are_shown_literally_wherever_they_stand() -> None:
    row = {HOSTILE: HOSTILE, "text": f"one {HOSTILE}\ntwo" + "x" * 100}
    said = drawn(shown(HOSTILE, row, profile(pd.DataFrame([row]))), HOSTILE, 200)
    assert said.count(SAFE) == 5
    assert not {"\x1b", "\u202e"} & set(said)
    console = Console(file=io.StringIO(), width=200)
    console.print(classes_shown([HOSTILE, "b"]))
    assert SAFE in console.file.getvalue()  # type: ignore[attr-defined]


def test_unusual_values_come_first_and_are_marked_and_the_others_are_counted() -> None:
    usual = pd.DataFrame({f"x{column}": np.arange(1000.0) for column in range(20)})
    row = dict.fromkeys(usual, 500.0) | {"x17": 5000.0}
    lines = drawn(shown("a", row, profile(usual))).splitlines()
    assert re.match(r"x17\s+5000\s+\u25c2 99 % of rows are below", lines[1])
    assert "and 8 more values" in lines[-1]


def test_a_long_text_begins_and_says_how_long_it_is() -> None:
    row = {"text": "word " * 10_000}
    said = drawn(shown("a", row, profile(pd.DataFrame([row]))))
    assert "50,000 letters in all" in " ".join(said.split())
    assert len(said) < 2000


def test_all_of_a_long_text_is_shown_on_demand(repo: Path) -> None:
    path = repo / "data/split/train.parquet"
    frame = pd.read_parquet(path)
    frame.assign(story=[f"{'long ' * 9000}end of {name}" for name in frame["ceteris:id"]]).to_parquet(path, index=False)
    told = io.StringIO()
    Conversation(open_session("train", reviewer="ann"), Console(file=told, width=100), iter(["+\n", "q\n"])).run()
    assert told.getvalue().count("long ") > 9000
    assert re.search(r"end of row-\d+", told.getvalue())


def test_a_picture_is_drawn_with_and_without_colours_and_a_broken_one_is_said() -> None:
    pixels = {f"p{place}": float(place in (0, 3)) for place in range(4)}
    usual = profile(pd.DataFrame([pixels, dict.fromkeys(pixels, 0.0)]), (2, 2))
    row = shown("a", pixels, usual, (2, 2))
    ink, paper = "\u2588" * 6, " " * 6
    assert drawn(row, width=24).splitlines()[1:] == [ink + paper] * 3 + [paper + ink] * 3
    console = Console(file=io.StringIO(), width=80, color_system="truecolor", force_terminal=True)
    console.print(card(row, "", 80))
    assert "\x1b[38;2;0;0;0;48;2;0;0;0m\u2580" in console.file.getvalue()  # type: ignore[attr-defined]
    broken = shown("a", pixels | {"p1": float("nan")}, usual, (2, 2))
    assert "No picture: 1 of its 4 pixels have no value." in drawn(broken)


@pytest.mark.parametrize(("side", "width"), [(8, 80), (28, 80), (300, 80), (300, 20)])
def test_a_picture_fits_the_terminal(side: int, width: int) -> None:
    pixels = {f"p{place}": float(place % 7) for place in range(side * side)}
    row = shown("a", pixels, profile(pd.DataFrame([pixels]), (side, side)), (side, side))
    for colours in (False, True):
        lines = drawn(row, width=width, colours=colours).splitlines()
        assert max(map(len, lines)) <= width
        assert len(lines) <= 60


def test_many_classes_are_counted_and_few_are_named_with_their_numbers() -> None:
    assert classes_shown([f"class {number}" for number in range(1000)]).plain.startswith("1,000 classes")
    assert classes_shown(["ant", "big bee"]).plain.split() == ["1", "ant", "2", "big", "bee"]
    assert classes_shown(["0", "1"]).plain.split() == ["0", "1"]

"""An experiment in the background holds one moment's answers, leaves the work tree alone, and outlives who started it."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from checkout import run
from clone import Clone

import ceteris
from ceteris.errors import BadInputError, BusyError, CeterisError
from ceteris.reviewing.aside import copies, reason
from ceteris.reviewing.running import Running, current, ended, run_experiment

NOTEBOOK = "notebooks/03-review-labels.ipynb"
# git knows nobody, and guesses nobody.
NOBODY = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.useConfigOnly", "GIT_CONFIG_VALUE_0": "true"}


@pytest.fixture(autouse=True)
def _without_an_identity(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in (NOBODY | {"HOME": str(tmp_path), "DVC_SITE_CACHE_DIR": str(tmp_path / "site")}).items():
        monkeypatch.setenv(name, value)


@dataclass(frozen=True)
class Seen:
    """A repository whose experiment has ended, and what was seen on the way."""

    clone: Clone
    before: dict[str, str]
    status: str
    running: Running
    states: list[str]
    second: Running
    refused: str


@pytest.fixture(scope="module")
def seen(small_run: Clone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """An experiment, started in a dirty tree by a process that is killed right after; then bob goes on answering."""
    clone = small_run.copy(tmp_path_factory.mktemp("running") / "repository")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (NOBODY | clone.environment | {"HOME": str(clone.root.parent)}).items():
            patch.setenv(name, value)
        clone.answer(30)
        clone.append("README.md", "A change that nobody committed.\n")
        clone.append(NOTEBOOK, "\n")
        kernel = "import ceteris, os, signal; ceteris.open().run_experiment(); os.killpg(0, signal.SIGKILL)"
        ended = subprocess.run(
            [sys.executable, "-c", kernel], cwd=clone.root / "notebooks", start_new_session=True, check=False
        )
        assert ended.returncode == -signal.SIGKILL
        running = current(clone.root)
        assert running is not None
        states = [running.state, running.told]
        (clone.root / "data/edits/bob-1.csv").write_text(clone.read("data/edits/ann-1.csv"), "utf-8")
        before, status = clone.hashes("data", "results", "notebooks", "README.md", "dvc.lock"), clone.git("status", "-s")
        second = ceteris.open(clone.root).run_experiment()
        with pytest.raises(BusyError) as refusal:
            run_experiment(clone.root, "another")
        running.wait(120)
        yield Seen(clone, before, status, running, states, second, str(refusal.value))


def test_it_runs_on_when_the_kernel_is_killed_and_the_next_one_finds_it(seen: Seen) -> None:
    assert seen.states[0] == "running"
    assert "review-1 is running" in seen.states[1]
    assert (seen.running.state, seen.running.name) == ("done", "review-1"), seen.running.log
    assert current(seen.clone.root) is None


def test_a_second_start_is_the_first_and_another_name_is_told_to_wait(seen: Seen) -> None:
    assert seen.second == seen.running
    assert seen.refused.startswith("review-1 is running")
    assert seen.refused.endswith("Start this one when it is done.")


def test_it_holds_what_was_answered_when_it_was_started_and_every_change_of_a_known_file(seen: Seen) -> None:
    (ref,) = [ref for ref in seen.clone.git("for-each-ref", "--format=%(refname)", "refs/exps").split() if "review-1" in ref]
    assert seen.clone.git("show", f"{ref}:README.md").endswith("A change that nobody committed.\n")
    held = seen.clone.git("ls-tree", "--name-only", ref, "data/edits/").split()
    assert held == ["data/edits/README.md", "data/edits/ann-1.csv"]
    assert seen.clone.git("log", "-1", "--format=%an", ref).strip() == "ceteris"


def test_the_work_tree_is_left_alone_but_for_the_ledger_that_is_staged(seen: Seen) -> None:
    assert seen.clone.hashes("data", "results", "notebooks", "README.md", "dvc.lock") == seen.before
    assert seen.clone.git("status", "-s") == seen.status
    assert "A  data/edits/ann-1.csv" in seen.status
    assert "?? data/edits/bob-1.csv" in seen.status
    assert list(copies(seen.clone.root).glob("ceteris-*")) == []


def test_what_it_was_worth_is_told_as_the_ledger_of_experiments_tells_it(seen: Seen) -> None:
    row = ceteris.open(seen.clone.root).experiments().set_index("name").loc["review-1"]
    assert (row["axis"], row["changed"]) == ("data", "30 labels")
    assert f"{100 * row['difference']:+.1f} pp accuracy".replace("-", "\N{MINUS SIGN}") in seen.running.told
    assert row["verdict"] in seen.running.told
    assert repr(seen.running) == seen.running.told
    assert "Running stage 'fix'" in seen.running.log
    assert "Stage 'audit' didn't change, skipping" in seen.running.log
    assert ceteris.open(seen.clone.root, rev="review-1").versions().set_index("version").loc["reviewed", "reviewed"] == 30


def test_a_stage_that_fails_says_why_and_leaves_no_experiment(clone: Clone) -> None:
    clone.answer()
    clone.append(
        "data/edits/ann-1.csv", f"no-such-row,relabel,ant,bee,ann,,queue,1,2026-01-31T12:00:00+00:00,{uuid.uuid4()},\n"
    )
    failed = run_experiment(clone.root, "doomed").wait(60)
    assert failed.state == "failed"
    assert failed.told.startswith("doomed failed. Stage fix said: ")
    assert "no-such-row" in failed.told
    assert "\n" not in failed.told
    assert "  " not in failed.told
    assert "doomed" not in clone.git("for-each-ref", "refs/exps")


def test_one_that_is_stopped_leaves_nothing_that_hinders_the_next(clone: Clone) -> None:
    running = run_experiment(clone.root)
    deadline = time.monotonic() + 30
    while not list(copies(clone.root).glob("ceteris-*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert running.stop().state == "failed"
    assert running.told == "review-1 was ended before it was done. Start it again: bench.run_experiment()"
    assert current(clone.root) is None
    following = run_experiment(clone.root)
    assert following.name == "review-2"
    following.stop()


@pytest.mark.parametrize("name", ["", "-x", "a b", "../up", "x.lock", "a..b", "x/y", "$(x)", "x" * 101, 5])
def test_a_name_that_is_none_is_refused(name: Any, clone: Clone) -> None:
    with pytest.raises(BadInputError, match="cannot name an experiment"):
        run_experiment(clone.root, name)


def test_a_name_that_is_taken_is_refused(clone: Clone) -> None:
    with pytest.raises(BadInputError, match=r"an experiment, a branch or a tag 'main' already\. Choose another name"):
        run_experiment(clone.root, "main")


def test_an_input_that_git_does_not_know_is_named_with_the_command_that_lets_it_in(clone: Clone) -> None:
    (clone.root / "estimators/mine.py").write_text("x = 1\n")
    with pytest.raises(BadInputError) as refusal:
        run_experiment(clone.root)
    assert str(refusal.value) == (
        "Git does not know 'estimators/mine.py', which the experiment would silently lack. "
        "Let git keep what is in use: git add estimators/mine.py"
    )
    assert current(clone.root) is None


def test_without_a_commit_or_a_repository_the_one_line_that_helps_is_told(whole_repository: Path, tmp_path: Path) -> None:
    root = Clone(whole_repository).copy(tmp_path / "bare").root
    with pytest.raises(BadInputError, match="git init && dvc init && git add -A && git commit"):
        run_experiment(root)
    run(root, "git", "init", "-q")
    with pytest.raises(
        BadInputError, match=r"no commit that an experiment could stand on\. Make one: git add -A && git commit"
    ):
        run_experiment(root)


def test_where_dvc_is_missing_that_is_told(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dvc", None)
    with pytest.raises(BadInputError, match=r"DVC is not installed for .*make lab"):
        run_experiment(clone.root)


def test_where_nothing_can_be_written_that_is_told(clone: Clone) -> None:
    (clone.root / ".ceteris/runs").write_text("a file in the way")
    with pytest.raises(CeterisError, match=r"runs cannot be written: .*Make room or access"):
        run_experiment(clone.root)


def test_a_revision_that_is_open_runs_nothing(clone: Clone) -> None:
    with pytest.raises(BadInputError, match="Open it without rev"):
        ceteris.open(clone.root, rev="HEAD").run_experiment()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "Running stage 'fix':\n> fix\n\x1b[31mNo such id.\x1b[0m\n  line 3\nERROR: failed to reproduce 'fix': x\n",
            "Stage fix said: No such id. line 3.",
        ),
        ("Running stage 'fix':\n> fix\nERROR: failed to reproduce 'fix'", "Stage fix said: nothing."),
        ("Reproducing\nERROR: Unable to acquire lock.\n", "DVC said: Unable to acquire lock."),
        ("Killed\n", "DVC said: Killed."),
        ("", "DVC said: nothing."),
        ("10%\r100%\nERROR: no [x] of {y}\n", "DVC said: no [x] of {y}."),
    ],
)
def test_the_reason_of_a_failure_is_what_the_stage_or_dvc_said_last(said: str, told: str) -> None:
    assert reason(said) == told


def test_a_reason_is_never_longer_than_a_paragraph() -> None:
    assert len(reason("ERROR: " + "x" * 10_000)) < 900


def test_one_that_would_say_what_the_last_one_says_is_refused_by_its_name_but_for_one_that_is_named(
    seen: Seen, tmp_path: Path
) -> None:
    clone = seen.clone.copy(tmp_path / "again")
    bobs = clone.root / "data/edits/bob-1.csv"
    answered = bobs.read_text(encoding="utf-8")
    bobs.unlink()
    with pytest.raises(BadInputError, match=r"^Nothing has changed since review-1, .* bench\.run_experiment\(\"NAME\"\)$"):
        run_experiment(clone.root)
    assert run_experiment(clone.root, "once-more").stop().name == "once-more"
    bobs.write_text(answered, encoding="utf-8")
    assert run_experiment(clone.root).stop().name == "review-2"
    bobs.unlink()
    clone.git("update-ref", "-d", clone.git("for-each-ref", "--format=%(refname)", "refs/exps").strip())
    assert run_experiment(clone.root).stop().name == "review-3"  # the last one is gone, and says nothing


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"5",
        b"{}",
        b"\xff",
        b'{"name": "x", "started": 0.0, "process": 0}',
        b'{"name": 1, "started": 0, "process": 9}',
    ],
)
def test_a_damaged_lock_names_nobody_and_is_written_anew_by_the_next(clone: Clone, content: bytes) -> None:
    lock = clone.root / ".ceteris/runs/lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_bytes(content)
    assert current(clone.root) is None
    with lock.open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert current(clone.root) is None
        assert Running(clone.root, "x").stop().state == "failed"
        with pytest.raises(BusyError, match=r"without a name that can be read\. Start this one when it is done"):
            run_experiment(clone.root)
    started = run_experiment(clone.root)
    assert current(clone.root) == started
    started.stop()


def test_a_note_of_another_time_is_read_as_it_stands(tmp_path: Path) -> None:
    folder = tmp_path / ".ceteris/runs"
    folder.mkdir(parents=True)
    (folder / "old.json").write_text(json.dumps({"state": "done", "told": "old is done."}))
    (folder / "lock").write_text(json.dumps({"name": "old", "started": 0.0, "process": os.getpid()}))
    assert (Running(tmp_path, "old").state, current(tmp_path)) == ("done", None)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"5", b"{}", b'{"state": "done"}', b'{"state": ["done"], "told": 1}', b"\xff"]
)
def test_a_note_that_was_damaged_is_one_of_a_run_that_never_ended(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / ".ceteris/runs"
    folder.mkdir(parents=True)
    (folder / "whole.json").write_text(json.dumps({"state": "done", "told": "whole is done."}))
    (folder / "torn.json").write_bytes(content)
    torn = Running(tmp_path, "torn")
    assert torn.state == "failed"
    assert "torn was ended before it was done" in torn.told
    assert ended(tmp_path) == ["whole"]

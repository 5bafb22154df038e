"""A queue of fits, in one process or in several: the same results, refusals that arrive, nothing left behind."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
import pytest

from ceteris.errors import BadInputError, CeterisError, ParamsError
from ceteris.training.fits import Fits, available_workers


def add(shared: np.ndarray, task: int) -> float:
    return float(shared.sum()) + task


def slow(shared: Any, task: int) -> tuple[int, int]:
    time.sleep(0.4 if task == 0 else 0.01)
    return task, os.getpid()


def refuse(shared: Any, task: int) -> None:
    time.sleep(0.4)
    if task:
        raise BadInputError("Row 3 is bad.", "Mend it.")


def die(shared: Any, task: int) -> None:
    time.sleep(0.4)
    if task:
        os._exit(9)


def test_every_task_is_done_once_and_comes_with_its_result() -> None:
    fits = Fits(add, np.array([1.0, 2.0]), workers=1)
    for task in range(5):
        fits.add(task, "kind")
    assert sorted(fits) == [(task, 3.0 + task) for task in range(5)]


def test_tasks_may_be_added_while_it_runs_and_first_means_first() -> None:
    fits = Fits(add, np.zeros(1), workers=1)
    fits.add(0, "kind")
    fits.add(1, "kind")
    order = []
    for task, _ in fits:
        order.append(task)
        if task == 0:
            fits.add(7, "kind", first=True)
    assert order == [0, 7, 1]


def test_long_fits_move_to_other_processes_and_are_all_done() -> None:
    fits = Fits(slow, None, workers=2)
    for task in range(12):
        fits.add(task, "kind")
    done = [result for _, result in fits]
    assert sorted(task for task, _ in done) == list(range(12))
    assert dict(done)[0] == os.getpid()
    assert {process for _, process in done} != {os.getpid()}


def test_short_fits_stay_in_this_process() -> None:
    fits = Fits(add, np.zeros(1), workers=2)
    for task in range(50):
        fits.add(task, "kind")
    list(fits)
    assert fits.remaining_seconds() == 0.0


def test_a_refusal_in_a_worker_arrives_as_it_was() -> None:
    fits = Fits(refuse, None, workers=2)
    for task in range(8):
        fits.add(task, "kind")
    with pytest.raises(BadInputError, match=r"^Row 3 is bad\. Mend it\.$"):
        list(fits)


def test_a_worker_that_is_killed_is_told_with_what_to_do() -> None:
    fits = Fits(die, None, workers=2)
    for task in range(8):
        fits.add(task, "kind")
    with pytest.raises(CeterisError, match="CETERIS_WORKERS=1"):
        list(fits)


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "²", " "])
def test_a_bad_number_of_workers_is_refused_before_anything_runs(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CETERIS_WORKERS", value)
    with pytest.raises(ParamsError, match="CETERIS_WORKERS"):
        available_workers()


@pytest.mark.parametrize(("value", "workers"), [("3", 3), ("", None)])
def test_the_environment_may_name_the_number_of_workers(
    value: str, workers: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CETERIS_WORKERS", value)
    assert available_workers() == workers or (workers is None and available_workers() >= 1)

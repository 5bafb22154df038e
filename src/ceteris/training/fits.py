"""Many fits on one level of parallelism: in this process until the measured time says that more processes pay."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from ceteris.errors import CeterisError, ParamsError

__all__ = ["Fits", "available_workers"]

# Seconds that starting one worker costs: a fork shares what is loaded, a new interpreter imports it all again.
_START = {"fork": 0.3, "spawn": 4.0}
_shared: Any = None


def available_workers() -> int:
    """Return how many processes may work: CETERIS_WORKERS where it is set, else the cores this process may use."""
    declared = os.environ.get("CETERIS_WORKERS", "")
    if declared and not (declared.isascii() and declared.isdigit() and int(declared) >= 1):
        raise ParamsError(f"CETERIS_WORKERS is {declared!r}.", "Set it to a whole number from 1 up, or unset it.")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(declared) if declared else cores


class Fits:
    """A queue of fits; iterating runs them and yields (task, result) as each ends. Tasks may be added while it runs.

    Parameters
    ----------
    function : callable
        `function(shared, task)`, importable by name.
    shared : object
        What every task needs, big arrays above all: handed to each worker once, without a copy where processes fork.
    workers : int, optional
        Processes at most; default `available_workers()`. Every fit runs on one BLAS and OpenMP thread.
    """

    def __init__(self, function: Callable[[Any, Any], Any], shared: Any, workers: int | None = None) -> None:
        self._function, self._shared = function, shared
        self._workers = workers or available_workers()
        self._queue: deque[tuple[Any, object]] = deque()
        self._seconds: dict[object, list[float]] = {}

    def add(self, task: Any, kind: object, *, first: bool = False) -> None:
        """Queue a task; `kind` names tasks that take about as long as each other; `first` puts it before all others."""
        (self._queue.appendleft if first else self._queue.append)((task, kind))

    def remaining_seconds(self) -> float:
        """Return the expected time of the queued fits in one process; a kind that has not run yet counts as nothing."""
        mean = {kind: sum(times) / len(times) for kind, times in self._seconds.items()}
        return sum(mean.get(kind, 0.0) for _, kind in self._queue)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            while self._queue:
                if self._pays():
                    yield from self._in_processes()
                    continue
                task, kind = self._queue.popleft()
                started = time.perf_counter()
                result = self._function(self._shared, task)
                self._seconds.setdefault(kind, []).append(time.perf_counter() - started)
                yield task, result

    def _pays(self) -> bool:
        workers = min(self._workers, len(self._queue))
        return workers > 1 and self.remaining_seconds() * (1 - 1 / workers) > _START[_start_method()] * workers

    def _in_processes(self) -> Iterator[tuple[Any, Any]]:
        global _shared
        method = _start_method()
        if method == "fork":
            _give_back()
        _shared = self._shared if method == "fork" else None
        pool = ProcessPoolExecutor(
            min(self._workers, len(self._queue)),
            mp_context=multiprocessing.get_context(method),
            initializer=_begin,
            initargs=(os.getpid(), None if method == "fork" else self._shared),
        )
        running: dict[Future[Any], tuple[Any, object]] = {}
        try:
            while self._queue or running:
                while self._queue and len(running) < 2 * self._workers:
                    task, kind = self._queue.popleft()
                    running[pool.submit(_timed, self._function, task)] = (task, kind)
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    task, kind = running.pop(future)
                    seconds, result = future.result()
                    self._seconds.setdefault(kind, []).append(seconds)
                    yield task, result
        except BrokenProcessPool:
            raise CeterisError(
                "A worker process was ended from outside, most often because memory ran out.",
                "Run again with CETERIS_WORKERS=1; finished work is kept.",
            ) from None
        except KeyboardInterrupt:
            for worker in list(pool._processes.values()):
                worker.kill()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
            _shared = None


def _start_method() -> str:
    return "fork" if sys.platform == "linux" else "spawn"


def _give_back() -> None:
    """Give freed memory back to the system where the C library can (glibc's): what a first fit left would be held by all."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _begin(parent: int, shared: Any) -> None:
    """Set up a worker: one thread, the shared data, and an end when the parent ends or is interrupted."""
    global _shared
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if shared is not None:
        _shared = shared
        from threadpoolctl import threadpool_limits

        threadpool_limits(1)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _timed(function: Callable[[Any, Any], Any], task: Any) -> tuple[float, Any]:
    started = time.perf_counter()
    result = function(_shared, task)
    return time.perf_counter() - started, result

"""The door to lock files: one holder at a time among processes and threads, who is named to those who wait."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from ceteris.errors import BusyError, CeterisError

__all__ = ["locked"]


@contextlib.contextmanager
def locked(path: Path, who: str, where: str, patience: float, remark: Callable[[str], object] | None = None) -> Iterator[None]:
    """Hold a lock file, alone among all processes and threads, waiting for whoever holds it.

    The lock is flock's on a descriptor of its own, so that threads of one process wait for each other as processes do.

    Parameters
    ----------
    who, where : str
        What those who wait are told of the holder: who it is, and what it writes in.
    patience : float
        Seconds.
    remark : callable, optional
        Is told the holder's name, once, where there is one to wait for.

    Raises
    ------
    BusyError
        After `patience` seconds, naming the holder. The lock goes with its process, however that ends.
    CeterisError
        The disk is full, or refuses, or knows no locks.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("a+", encoding="utf-8", errors="replace")
    except OSError as error:
        raise CeterisError(f"{path.parent} cannot be written: {error.strerror}.", "Make room or access, run again.") from None
    with lock as file:
        started, told = time.monotonic(), False
        while not _taken(file):
            file.seek(0)
            holder = file.read().strip() or "another process"
            if remark is not None and not told:
                remark(holder)
                told = True
            waited = time.monotonic() - started
            if waited > patience:
                raise BusyError(f"{holder} is still writing {where}.", "Wait for it, or end it, then run again.")
            time.sleep(min(0.2, 0.002 + waited / 10))
        _name(file, f"{who} (process {os.getpid()})")
        yield


def _name(file: TextIO, holder: str) -> None:
    """Write who holds the lock, past the file's buffer, which would be written again, and fail again, when it is closed."""
    try:
        os.ftruncate(file.fileno(), 0)
        os.write(file.fileno(), holder.encode("utf-8", "replace"))
    except OSError as error:
        raise CeterisError(f"{file.name} could not be written: {error.strerror}.", "Make room or access, run again.") from None


def _taken(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise CeterisError(f"{file.name} cannot be locked: {error.strerror}.", "Work on a disk that knows flock.") from None
    return True

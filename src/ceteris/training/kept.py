"""The door to the keeper: what is run under it leaves no process behind, however it ends or its caller does."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ceteris.errors import CeterisError
from ceteris.training import keeper

__all__ = ["kept"]


@contextmanager
def kept(
    words: Sequence[str],
    folder: Path,
    scratch: str,
    *,
    out: Path,
    err: Path,
    seconds: float = math.inf,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Start a command in a folder, give the process of its keeper, and end both where they still run on leaving.

    What the keeper writes to its standard output is how the command ended: "exit N", "signal N", "timeout", "stopped" or
    "unknown REASON".

    Parameters
    ----------
    scratch : str
        A folder that goes with the caller, should that be killed.
    out, err : Path
        Files for what the command says; one file for both is allowed.
    seconds : float
        How long it may take.
    environment : mapping, optional
        Default: that of this process.

    Raises
    ------
    CeterisError
        No process could be started.
    """
    line = [sys.executable, "-I", "-S", keeper.__file__, str(os.getpid()), str(seconds), str(out), str(err), scratch, *words]
    # In a session of its own, so that what kills a whole group of processes leaves it to clear up after them.
    try:
        process = subprocess.Popen(
            line,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    except OSError as error:
        raise CeterisError(f"{words[0]} could not be started: {error.strerror}.", "Run again.") from None
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()

"""Runs one command to its end and lets nothing of it outlive its caller: a program of its own, which imports nothing of ours.

`python keeper.py CALLER SECONDS OUT ERR SCRATCH WORD...` runs the words in a process group of their own, their output in two
files, and prints how it ended: "exit N", "signal N", "timeout", "stopped", or "unknown REASON". Whatever the command started is
killed with it: at its end, when the time is over, when this program is asked to stop, and when the process CALLER is gone; then
the folder SCRATCH goes too.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time

_FIRST, _LONGEST = 0.005, 0.25  # seconds between two looks


def main(caller: int, seconds: float, out: str, err: str, scratch: str, words: list[str]) -> str:
    """Return how the command ended."""
    asked: list[int] = []  # to stop; noted and not raised, since what is raised while a process starts loses its number
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda which, _: asked.append(which))
    try:
        with open(out, "wb") as told, open(err, "wb") as warned:
            child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=told, stderr=warned, start_new_session=True)
    except OSError as error:
        return f"unknown {error.strerror}"
    until, pause = time.monotonic() + seconds, _FIRST
    while child.poll() is None and not asked and os.getppid() == caller and time.monotonic() < until:
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST)
    code = child.poll()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if os.getppid() != caller:
        shutil.rmtree(scratch, ignore_errors=True)
    if code is None:
        return "stopped" if asked or os.getppid() != caller else "timeout"
    return f"exit {code}" if code >= 0 else f"signal {-code}"


if __name__ == "__main__":
    ended = main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5], sys.argv[6:])
    with contextlib.suppress(BrokenPipeError):  # nobody is left to be told
        os.write(1, ended.encode())

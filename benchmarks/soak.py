"""A server under half of what it can take, for minutes: is its memory flat, and is every request that was answered in the log?

`python -m benchmarks soak --minutes 10`.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.ratios import Gate, Result, table
from benchmarks.served import Client, bodies, busy, package, serve

_CLIENTS = 4


def run() -> Result:
    """Return the memory over the minutes, and what is not in the log."""
    minutes = float(os.environ.get("CETERIS_SOAK_MINUTES", "10"))
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as place:
        folder = package(Path(place) / "model", "sklearn.linear_model.LogisticRegression")
        sent = bodies(folder, 1, 500)
        with serve(folder) as (port, process, log):
            busy(port, sent, _CLIENTS)
            peak = len(sent) / busy(port, sent, _CLIENTS)
            before = _count(log)
            megabytes: list[float] = []
            answered, slow = _steady(port, sent, peak / 2, minutes * 60, lambda: megabytes.append(_resident(process.pid)))
            unlogged = answered - (_count(log) - before)
    fifth = max(len(megabytes) // 5, 1)
    first, last = statistics.median(megabytes[fifth : 2 * fifth]), statistics.median(megabytes[-fifth:])
    facts = [
        ("peak, requests a second", f"{peak:,.0f}"),
        ("answered at half of it", f"{answered:,} in {minutes:g} minutes"),
        ("p50 and p99, ms", f"{1e3 * slow[len(slow) // 2]:.1f} and {1e3 * slow[int(0.99 * (len(slow) - 1))]:.1f}"),
        ("MB, second fifth and last", f"{first:,.0f} and {last:,.0f} ({100 * (last / first - 1):+.1f} %)"),
        ("answered and not in the log", f"{unlogged:,}"),
    ]
    gate = Gate(f"soak of {minutes:g} minutes", minutes * 60, "", max(megabytes), f"{1.1 * first:,.0f}", load)
    return Result(gates=(gate,), notes=(table(("soak", "found"), facts),))


def _steady(port: int, sent: list[bytes], rate: float, seconds: float, look: Callable[[], None]) -> tuple[int, list[float]]:
    """Send at a rate that does not wait for answers, and return how many were answered and how long each took, sorted."""
    started, counts, slow, lock = time.perf_counter(), [0], list[float](), threading.Lock()

    def work() -> None:
        client = Client(port)
        while True:
            with lock:
                number = counts[0]
                counts[0] += 1
            due = started + number / rate
            if due > started + seconds:
                return
            time.sleep(max(0.0, due - time.perf_counter()))
            slow.append(client.times([sent[number % len(sent)]])[0])

    threads = [threading.Thread(target=work) for _ in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        look()
        time.sleep(1)
    return len(slow), sorted(slow)


def _count(log: Path) -> int:
    connection = sqlite3.connect(log)
    try:
        return int(connection.execute("SELECT count(*) FROM inferences").fetchone()[0])
    finally:
        connection.close()


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024

"""Servers to be timed, in processes of their own, and clients that keep a connection open."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.repository import ROOT, environment

__all__ = ["Client", "bodies", "busy", "package", "running", "serve"]

_CETERIS = "import sys; from ceteris.cli import main; sys.exit(main())"


def package(folder: Path, estimator: str) -> Path:
    """Write the package of a model of handwritten digits, as the tests write theirs."""
    sys.path.insert(0, str(ROOT / "tests"))
    from packages import digits

    return digits(folder, estimator=estimator)


def bodies(folder: Path, n_rows: int, count: int = 1) -> list[bytes]:
    """Return requests of the rows that a package was made from."""
    frame = pd.read_parquet(folder / "reference.parquet")
    frame = frame[[name for name in frame.columns if not name.startswith("ceteris:")]]
    rows = [{"id": f"row-{place}", **row} for place, row in enumerate(frame.to_dict("records"))]
    return [json.dumps({"rows": (rows + rows)[start % len(rows) :][:n_rows]}).encode() for start in range(count)]


class Client:
    """One connection that stays open."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, body: bytes) -> dict[str, Any]:
        """Return the answer to one request; any status but 200 is an error."""
        self._connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {said[:300]!r}")
        return json.loads(said)

    def times(self, sent: list[bytes]) -> list[float]:
        """Return how long each answer took, in seconds, over a new connection: an idle one may have been closed."""
        self.close()
        self._connection.connect()
        found = []
        for body in sent:
            started = time.perf_counter()
            self.ask(body)
            found.append(time.perf_counter() - started)
        return found

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def busy(port: int, sent: list[bytes], clients: int) -> float:
    """Return the seconds until all requests are answered that so many clients send, each as fast as it is answered."""
    waiting = iter(sent)
    lock = threading.Lock()

    def work() -> None:
        client = Client(port)
        while True:
            with lock:
                body = next(waiting, None)
            if body is None:
                client.close()
                return
            client.ask(body)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


@contextlib.contextmanager
def running(command: Callable[[int], list[str]]) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run the server that a command starts on the port that it is given, and end it by SIGTERM."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    kept = {
        **environment(),
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    process = subprocess.Popen(command(port), cwd=ROOT, env=kept, stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if process.poll() is not None:
                raise RuntimeError(f"the server ended with {process.returncode}")
            time.sleep(0.1)
        yield port, process
    finally:
        process.terminate()
        process.wait(60)


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes], Path]]:
    """Run `ceteris serve` on a package with the settings that it comes with; the log lies in a folder of its own."""
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "log.sqlite"

        def command(port: int) -> list[str]:
            return [sys.executable, "-c", _CETERIS, "serve", str(folder), "--log", str(log), "--port", str(port)]

        with running(command) as (port, process):
            yield port, process, log

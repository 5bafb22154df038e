"""The door to a packaged model at work: `ceteris serve` on a free port, asked over HTTP by several clients at once.

The server is the one that people start, in a process of its own, with the settings of release.yaml and a log that goes with it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ceteris.closure import PACKAGE
from ceteris.dataset import PART
from ceteris.errors import CeterisError
from ceteris.release.pace import Load
from ceteris.serving.commands import TOKEN
from ceteris.serving.packaged import Packaged
from ceteris.serving.requests import row_id_key
from ceteris.serving.schema import InputSchema
from ceteris.splitting.splits import TRAIN
from ceteris.training.kept import kept

__all__ = ["asked_at_once", "load_of", "requests_of"]

_PROGRAM = """
import sys
from ceteris.errors import CeterisError
from ceteris.serving.commands import serve
try:
    serve(sys.argv[1], sys.argv[2], port=0)
except CeterisError as refusal:
    sys.exit(str(refusal))
"""
_PATIENCE = 60.0  # seconds until a server listens, and until it answers
_ROWS = 100  # that are asked in turn
_LAST_LETTERS = 500


def load_of(root: Path, package: Packaged, clients: int, seconds: float) -> Load:
    """Return how a package fares behind HTTP, one row a request, each client asking as soon as it has its answer.

    Raises
    ------
    CeterisError
        It could not be served.
    """
    with _served(root, package.folder) as port:
        return asked_at_once(port, requests_of(package), clients, seconds)


def requests_of(package: Packaged) -> list[bytes]:
    """Return the bodies of requests that ask for train rows of the reference, one each."""
    rows = package.reference()
    rows = rows.loc[rows[PART] == TRAIN, [one.name for one in package.schema.features]].head(_ROWS)
    return [_request(row, place, package.schema) for place, row in enumerate(rows.to_dict("records"))]


def _request(row: dict[Any, Any], place: int, schema: InputSchema) -> bytes:
    values = {name: _plain(value) for name, value in row.items()}
    return json.dumps({"rows": [{row_id_key(schema): f"load-{place}", **values}]}).encode()


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else None if pd.isna(value) else value


def asked_at_once(port: int, bodies: Sequence[bytes], clients: int, seconds: float) -> Load:
    """Return how a server on this machine fares: each client keeps one connection, and asks at least once."""
    found = [_Asked() for _ in range(clients)]
    until = time.perf_counter() + seconds
    threads = [
        threading.Thread(target=one.ask, args=(port, bodies, client, until), daemon=True) for client, one in enumerate(found)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    times = np.array([one for asked in found for one in asked.times])
    failures = [one for asked in found for one in asked.failures]
    p95 = float(np.quantile(times, 0.95)) * 1000 if len(times) else float("nan")
    return Load(len(times) / took, p95, len(times), len(failures), failures[0] if failures else "")


@dataclass
class _Asked:
    """What one client saw."""

    times: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def ask(self, port: int, bodies: Sequence[bytes], turn: int, until: float) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)) as connection:
            try:
                while not (self.times or self.failures) or time.perf_counter() < until:
                    self._ask(connection, bodies[turn % len(bodies)])
                    turn += 1
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"no answer came ({type(error).__name__})")

    def _ask(self, connection: http.client.HTTPConnection, body: bytes) -> None:
        began = time.perf_counter()
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status == 200:
            self.times.append(time.perf_counter() - began)
        else:
            self.failures.append(f"{answer.status} {said[:300].decode(errors='replace')}")


@contextlib.contextmanager
def _served(root: Path, folder: Path) -> Iterator[int]:
    """Serve a package until this is left, or its process gone; yield the port that it listens at."""
    with tempfile.TemporaryDirectory(prefix="ceteris-load-", ignore_cleanup_errors=True) as scratch:
        out, err = (Path(scratch) / name for name in ("out", "err"))
        words = [sys.executable, "-c", _PROGRAM, str(folder.resolve()), str(Path(scratch) / "log.sqlite")]
        environment = {name: value for name, value in os.environ.items() if name != TOKEN}
        paths = [str(PACKAGE.parent), *filter(None, [environment.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        with kept(words, root, scratch, out=out, err=err, environment=environment) as process:
            yield _port_of(process, out, err)


def _port_of(process: subprocess.Popen[str], out: Path, err: Path) -> int:
    until = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < until:
        if found := re.search(r" is served at http://127\.0\.0\.1:(\d+),", _text(out)):
            return int(found[1])
        time.sleep(0.02)
    said = " ".join(_text(err).split())[-_LAST_LETTERS:]
    raise CeterisError(f"The package could not be served: {said or 'its server said nothing.'}", "Try it: ceteris serve")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""

"""A real server in a process of its own: killed, stopped, kept waiting. CETERIS_LONG=1 kills it ten times, after more load."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from packages import digits

from ceteris.closure import PACKAGE
from ceteris.serving.log_file import read_inferences, read_refusals

LONG = bool(os.environ.get("CETERIS_LONG"))
ROW = {f"pixel_{place:02}": float(place % 17) for place in range(64)}


class Server:
    """`ceteris serve` on a free port."""

    def __init__(self, package: Path, log: Path, **environment: str) -> None:
        settings = package.with_name("settings.yaml")
        settings.write_text("serve:\n  body_seconds: 1.0\n  rows_limit: 100\n  queue: 1000\n")
        program = "import sys; from ceteris.cli import main; sys.exit(main())"
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, "serve", package, "--log", log, "--port", "0", "--settings", settings],
            env={**os.environ, "PYTHONPATH": str(PACKAGE.parent), **environment},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert "is served at http://127.0.0.1:" in said, said + (self.process.stderr.read() if self.process.stderr else "")
        self.port = int(said.split("http://127.0.0.1:")[1].split(",")[0])

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        """Send a signal, and return how the process ended and what it said."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


class Load:
    """Clients that ask as fast as they are answered; `answered` holds the label that each id was given."""

    def __init__(self, port: int, name: str, clients: int = 4) -> None:
        self.port, self.name, self.answered, self.stopped = port, name, dict[str, str](), False
        self.threads = [threading.Thread(target=self.ask, args=(place,)) for place in range(clients)]

    def ask(self, client: int) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            self.ask_over(connection, client)

    def ask_over(self, connection: http.client.HTTPConnection, client: int) -> None:
        draw, count = random.Random(client), 0
        while not self.stopped:
            count += 1
            ids = [f"{self.name}-{client}-{count}-{place}" for place in range(draw.choice((1, 1, 1, 7, 50)))]
            body = json.dumps({"rows": [{"id": one, **ROW, "pixel_20": draw.random() * 16} for one in ids]})
            try:
                connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                said = answer.read()
            except (OSError, http.client.HTTPException):
                return
            assert answer.status == 200, said
            self.answered |= {one["id"]: one["label"] for one in json.loads(said)["predictions"]}

    def __enter__(self) -> Load:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped = True
        for thread in self.threads:
            thread.join()


@contextmanager
def held_up(log: Path) -> Iterator[None]:
    """Keep the log locked, so that what is to be written has to wait."""
    with closing(sqlite3.connect(log, timeout=20, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        yield client


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return digits(tmp_path_factory.mktemp("served") / "model")


def until_closed(client: socket.socket) -> bytes:
    found = b""
    while part := client.recv(65536):
        found += part
    return found


def test_slow_clients_are_not_waited_for_and_a_stop_under_load_loses_nothing(package: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.sqlite"
    server = Server(package, log)
    started = time.monotonic()
    with connected(server.port) as silent, connected(server.port) as head, connected(server.port) as body:
        head.sendall(b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Le")
        body.sendall(b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        with Load(server.port, "meanwhile", 1) as load:
            time.sleep(0.3)
        assert load.answered
        for client in (silent, head):
            with suppress(ConnectionResetError):
                assert until_closed(client) == b""
        late = until_closed(body)
    assert 0.9 < time.monotonic() - started < 8
    assert late.startswith(b"HTTP/1.1 408 ") and b"did not arrive within 1 seconds" in late

    with Load(server.port, "load") as load:
        time.sleep(0.7)
        code, out, err = server.end(signal.SIGTERM)
    assert (code, err) == (0, "")
    assert "Stopped: all that was answered is in the log." in out
    logged = read_inferences(log)
    mine = logged[logged["row_id"].str.startswith("load")]
    assert dict(zip(mine["row_id"], mine["label"], strict=True)) == load.answered  # no more and no fewer
    assert read_refusals(log)["status"].tolist() == [408]


def test_what_is_no_http_and_a_path_with_a_slash_too_many_are_refused_in_json(package: Path, tmp_path: Path) -> None:
    server = Server(package, tmp_path / "log.sqlite")
    with connected(server.port) as client, connected(server.port) as slashed:
        client.sendall(b"no request\r\n\r\n")
        head, _, body = until_closed(client).partition(b"\r\n\r\n")
        slashed.sendall(b"POST /predict/ HTTP/1.1\r\nHost: evil\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        other, _, said = until_closed(slashed).partition(b"\r\n\r\n")
    server.end(signal.SIGTERM)
    assert head.startswith(b"HTTP/1.1 400 ") and b"content-type: application/json" in head
    assert json.loads(body)["error"] == "What was sent is no HTTP request. Send one as HTTP/1.1 says."
    assert other.startswith(b"HTTP/1.1 404 ") and b"location" not in other.lower() and b"evil" not in other
    assert json.loads(said)["error"].startswith("There is no such path.")


def test_kill_9_under_load_every_answered_request_is_in_the_log(package: Path, tmp_path: Path) -> None:
    log, answered = tmp_path / "log.sqlite", dict[str, str]()
    for life in range(10 if LONG else 1):
        server = Server(package, log)
        with Load(server.port, f"life-{life}") as load:
            time.sleep(random.uniform(5, 20) if LONG else 1.0)
            with held_up(log):  # an answer that did not wait for its lines would now be sent without them
                time.sleep(0.4)
                code, _, _ = server.end(signal.SIGKILL)
        assert code == -signal.SIGKILL
        assert len(load.answered) > 20
        answered |= load.answered
        logged = read_inferences(log)
        assert logged["row_id"].is_unique
        held = dict(zip(logged["row_id"], logged["label"], strict=True))
        assert {one: held.get(one) for one in answered} == answered
        begun = logged.groupby("request_id").size()
        assert set(begun) <= {1, 7, 50}  # a request is in the log whole, or not at all

    server = Server(package, log)  # the log is taken up again
    with Load(server.port, "after", 1) as load:
        time.sleep(0.2)
        code, _, err = server.end(signal.SIGINT)
    assert (code, err) == (0, "")
    logged = read_inferences(log)
    assert set(load.answered) <= set(logged["row_id"])
    assert logged["at"].is_monotonic_increasing

"""The load test asks the real server over HTTP, counts what is not answered, and leaves no process behind."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from packages import flowers, package, resealed, write_package

from ceteris.errors import CeterisError
from ceteris.release.under_load import asked_at_once, load_of, requests_of
from ceteris.serving.commands import TOKEN
from ceteris.serving.packaged import CARD, open_package
from ceteris.serving.requests import rows_form

BODIES = [b'{"rows": 1}', b'{"rows": 2}']


@contextmanager
def answering(status: Callable[[], int]) -> Iterator[int]:
    """Run a plain HTTP server that answers with what a function returns; yield its port."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status())
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"said")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_clients_ask_at_once_and_each_is_answered() -> None:
    gate = threading.Barrier(3)

    def together() -> int:
        gate.wait(timeout=30)  # ends only where three ask at once
        return 200

    with answering(together) as port:
        found = asked_at_once(port, BODIES, clients=3, seconds=1e-9)
    assert (found.answered, found.failed) == (3, 0)
    assert found.per_second > 0
    assert found.p95_ms > 0


def test_what_is_refused_and_what_is_not_answered_are_failures_and_no_times() -> None:
    turns = iter([200, 503] * 10_000)
    with answering(lambda: next(turns)) as port:
        found = asked_at_once(port, BODIES, clients=1, seconds=0.1)
    assert abs(found.answered - found.failed) <= 1
    assert found.why == "503 said"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    nobody = asked_at_once(port, BODIES, clients=2, seconds=5.0)
    assert (nobody.answered, nobody.failed, nobody.why) == (0, 2, "no answer came (ConnectionRefusedError)")
    assert np.isnan(nobody.p95_ms)


def test_the_package_is_asked_behind_the_server_that_people_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(TOKEN, "a token that nobody sends")  # which the server would otherwise ask for
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    made = open_package(flowers(tmp_path / "model"))
    found = load_of(tmp_path, made, clients=2, seconds=0.3)
    assert (found.failed, found.why) == (0, "")
    assert found.answered > 2
    assert list(tmp_path.iterdir()) == [tmp_path / "model"]  # its log went with it
    assert servers(tmp_path) == []


def servers(place: Path) -> list[str]:
    """Return the command lines of processes that name a place."""
    lines = (line.read_bytes().decode(errors="replace") for line in Path("/proc").glob("[0-9]*/cmdline") if line.is_file())
    return [line for line in lines if str(place) in line]


def test_the_settings_of_the_server_are_those_of_release_yaml(tmp_path: Path) -> None:
    (tmp_path / "release").mkdir()
    (tmp_path / "release/release.yaml").write_text("serve:\n  redact:\n    - nobody\n")
    with pytest.raises(CeterisError, match=r"could not be served: .*serve\.redact names 'nobody', which the model does not"):
        load_of(tmp_path, open_package(package(tmp_path / "model")), clients=1, seconds=0.1)


def test_a_package_that_does_not_open_is_told_and_no_server_is_left(tmp_path: Path) -> None:
    made = open_package(package(tmp_path / "model"))
    (made.folder / CARD).write_text("another")
    with pytest.raises(CeterisError, match=r"The package could not be served: .*'card\.md' differ from the manifest"):
        load_of(tmp_path, made, clients=1, seconds=0.1)
    assert servers(tmp_path) == []
    resealed(made.folder)
    assert load_of(tmp_path, made, clients=1, seconds=0.1).failed == 0


def test_rows_of_every_kind_are_asked_as_a_client_would_send_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    codes = np.arange(60) % 2
    cells = [(rng.normal(size=3) + code).astype(np.float32) for code in codes]
    features = pd.DataFrame(
        {
            "number": np.where(rng.random(60) < 0.2, np.nan, rng.normal(size=60)),
            "colour": pd.Series([None if place % 9 == 0 else "red" for place in range(60)], dtype=object),
            "vector": pd.Series(cells, dtype=object),
        }
    )
    made = open_package(write_package(tmp_path / "model", features, codes, ("ant", "bee")))
    bodies = requests_of(made)
    form = rows_form(made.schema, 10)
    read = [form.read(body)["rows"][0] for body in bodies]
    assert len({row["id"] for row in read}) == 60
    assert [row["number"] for row in read] == [None if np.isnan(one) else one for one in features["number"]]
    assert [json.loads(body)["rows"][0]["vector"] for body in bodies] == [cell.tolist() for cell in cells]

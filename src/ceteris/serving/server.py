"""The server: uvicorn on a socket of its own, which waits for no slow client and stops only when all is answered and logged."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
import socket
import uuid
from pathlib import Path
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ceteris.errors import BadInputError, CeterisError
from ceteris.locks import locked
from ceteris.serving.answering import as_json
from ceteris.serving.app import make_app, refuse_redacted
from ceteris.serving.log_file import note_classes, reading
from ceteris.serving.packaged import Packaged
from ceteris.serving.settings import Serve
from ceteris.serving.writer import Work, Writer

__all__ = ["serve"]

_LEAST = 16
_NO_HTTP = "What was sent is no HTTP request. Send one as HTTP/1.1 says."
_AN_ANSWER = 30  # seconds that a stop waits for what was begun, beyond those that a body may take


def serve(packaged: Packaged, settings: Serve, log: Path, host: str, port: int, token: str | None) -> None:
    """Serve a package until a signal ends it (SIGTERM, SIGINT): what was begun is answered and logged first.

    Raises
    ------
    BadInputError
        The address is not this machine's, or taken, or is beyond loopback and there is no token; or no log can stand there.
    ParamsError
        What is to be redacted is no feature of the model.
    BusyError
        Another server writes this log.
    """
    _refuse_open_doors(host, token)
    refuse_redacted(packaged, settings)
    file = _place_of(log, packaged.folder)
    with _bound(host, port) as listening, locked(file.with_name(f"{file.name}.lock"), "ceteris serve", str(log), patience=0.0):
        writer = Writer(log, settings.queue, full=settings.durability == "power", patience=settings.patience)
        try:
            writer.put(Work(lambda connection, _: note_classes(connection, packaged.schema.classes))).result()
            _run(uvicorn.Server(_config(make_app(packaged, settings, writer, token), settings)), listening, packaged, log)
        finally:
            writer.close()


def _place_of(log: Path, package: Path) -> Path:
    """Return the one name of a log, under which it is locked; refuse what is none before a lock stands beside it."""
    try:
        file = log.resolve()
        there = file.exists()
    except (OSError, RuntimeError, ValueError) as error:
        raise BadInputError(f"--log is {str(log)!r}, which is no path: {error}.", "Name a file: --log FILE.sqlite") from None
    if package.resolve() in file.parents:
        raise BadInputError(
            f"{log} would stand in the package, which holds nothing but what its manifest names.",
            "Name a file elsewhere: --log FILE.sqlite",
        )
    if there and not file.is_file():
        raise BadInputError(f"{log} is no file.", "Name one: --log FILE.sqlite")
    if there and file.stat().st_size:
        with reading(log):
            pass
    return file


def _refuse_open_doors(host: str, token: str | None) -> None:
    if token is not None and len(token) < _LEAST:
        raise BadInputError(f"The token is shorter than {_LEAST} characters.", "Make one: openssl rand -hex 32")
    if token is not None and not (token.isascii() and token.isprintable()):
        raise BadInputError("The token holds what no client can send in a header.", "Make another: openssl rand -hex 32")
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return
    if host != "localhost" and token is None:
        raise BadInputError(
            f"--host is {host!r}, which others can reach, and there is no token that they would have to send.",
            "Set the environment variable CETERIS_TOKEN, or name a file that holds it: --token-file FILE",
        )


def _bound(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=2048)
        # Accepted connections inherit it; asyncio sets it only where the protocol was named. Without it an answer takes 40 ms.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except (OSError, OverflowError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise BadInputError(f"{host}:{port} cannot be listened on: {said}.", "Name another: --host, --port") from None


def _config(app: Any, settings: Serve) -> uvicorn.Config:
    hurried = type("Hurried", (_Hurried,), {"seconds": settings.body_seconds})
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=hurried,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=2 * settings.connections,
        timeout_graceful_shutdown=int(settings.body_seconds) + _AN_ANSWER,
    )


def _run(server: uvicorn.Server, listening: socket.socket, packaged: Packaged, log: Path) -> None:
    # uvicorn ends a stop by raising the signal anew, which by default would end this process before its last lines.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    cell = packaged.manifest.get("cell")
    print(f"{cell} ({packaged.fingerprint[:12]}) is served at http://{shown}:{port}, and logged in {log}", flush=True)
    server.run(sockets=[listening])
    if not server.started:
        raise CeterisError("The server could not start.", "Standard error says why.")
    print("Stopped: all that was answered is in the log.", flush=True)


class _Hurried(H11Protocol):
    """A connection that is closed where the head of a request does not arrive in time, or nobody reads an answer.

    What is no HTTP is refused in JSON, as all else is; no application sees it, so no log does.
    """

    seconds = 10.0
    _hurry: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._settle()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._settle()

    def connection_lost(self, exc: Exception | None) -> None:
        self._calm()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):  # else an answer has begun
            said = as_json(400, {"request_id": uuid.uuid4().hex, "error": _NO_HTTP})
            head = h11.Response(status_code=400, headers=[*said.raw_headers, (b"connection", b"close")], reason=b"Bad Request")
            for event in (head, h11.Data(data=bytes(said.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        if self.transport.get_write_buffer_size():
            self.loop.call_later(self.seconds, self.transport.abort)

    def _settle(self) -> None:
        """Run the clock while the head of a request is awaited."""
        if self.conn.their_state is not h11.IDLE:
            self._calm()
        elif self._hurry is None:
            self._hurry = self.loop.call_later(self.seconds, self.transport.abort)

    def _calm(self) -> None:
        if self._hurry is not None:
            self._hurry.cancel()
            self._hurry = None

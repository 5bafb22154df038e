"""What is done for each path of a served model: asked, logged, answered; and what becomes of a refusal."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from itertools import repeat
from typing import Any

from msgspec.json import encode as to_json
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from ceteris.errors import CeterisError, some
from ceteris.serving.asked import Asking
from ceteris.serving.counts import Counts
from ceteris.serving.limits import body_of
from ceteris.serving.log_file import OUTCOME, known_ids, write_labels
from ceteris.serving.packaged import Packaged
from ceteris.serving.predicting import Predicted, Predicting
from ceteris.serving.requests import Form, Refused, labels_form, outcomes_form, rows_form
from ceteris.serving.settings import Serve
from ceteris.serving.writer import Line, Refusal, Work, Writer

__all__ = ["Served", "as_json", "path_of"]

_PATHS = ("/predict", "/labels", "/outcomes", "/health", "/ready", "/metrics", "/openapi.json")
_FULL = "More rows wait for the log than its queue holds. Send the request again in a moment."


class Served:
    """One model, its log and its counters, and what is done for each path."""

    def __init__(self, packaged: Packaged, settings: Serve, writer: Writer) -> None:
        self.packaged, self.settings, self.writer = packaged, settings, writer
        self.predicting = Predicting(packaged)
        self.counts = Counts(lambda: writer.waiting, packaged.fingerprint)
        self.rows = rows_form(packaged.schema, settings.rows_limit)
        self.labels = labels_form(packaged.schema, settings.rows_limit)
        self.outcomes = outcomes_form(settings.rows_limit)
        self._asking = Asking(packaged.schema, self.rows, settings.redact or ())
        self._drops = settings.overflow == "drop"
        self._schema = packaged.schema.fingerprint

    async def predict(self, request: Request) -> Response:
        """What the model says of rows; logged before it is answered."""
        began = time.perf_counter()
        asked = self._asking.read(await self._body(request))
        ids = asked.ids
        if len(set(ids)) < len(ids):
            twice = [one for one, count in Counter(ids).items() if count > 1]
            places = [place for place, one in enumerate(ids, 1) if one == twice[0]]
            raise Refused(409, f"Rows {places[0]} and {places[1]} have one id. Give each row of a request an id of its own.")
        request_id, room = _id_of(request), self._room(len(ids))
        try:
            saying = self.predicting.ask(asked.frame)
            inputs = asked.inputs()  # while the model is at work
            said = await asyncio.wrap_future(saying)
        except BaseException:
            self.writer.release(room)
            raise
        shares = [to_json(one).decode() for one in said.probabilities] if said.probabilities else repeat(None, len(ids))
        lines = list(zip(ids, inputs, map(str, said.labels), shares, strict=True))
        ms = (time.perf_counter() - began) * 1e3
        if room:
            await self._log(Line(request_id, self.packaged.fingerprint, self._schema, lines, ms))
        else:
            self._drop(len(ids))
        self.counts.rows.inc(len(ids))
        self.counts.latency.observe(time.perf_counter() - began)
        return as_json(200, self._answer(request_id, ids, said))

    def _answer(self, request_id: str, ids: list[str], said: Predicted) -> dict[str, Any]:
        classes = self.packaged.schema.classes
        shares = (dict(zip(classes, one, strict=True)) for one in said.probabilities) if said.probabilities else repeat(None)
        each = zip(ids, said.labels, shares, strict=False)
        return {
            "request_id": request_id,
            "predictions": [{"id": one, "label": label, "probabilities": share} for one, label, share in each],
        }

    async def label(self, request: Request) -> Response:
        """Labels that became known later, joined to what was logged by the id of the row."""
        found = await self._read(request, self.labels)
        pairs = [(one["id"], str(one["label"])) for one in found["labels"]]
        said: dict[str, str] = {}
        for row_id, label in pairs:
            if said.setdefault(row_id, label) != label:
                raise Refused(409, "One id has two labels in this request. Send one label for each row.")

        def write(connection: Any, at: float) -> tuple[int, list[str]]:
            return write_labels(connection, pairs, at, found["who"], found["source"])

        added, unknown = await self._keep(write, len(pairs))
        return as_json(200, {"request_id": _id_of(request), "added": added, "unknown": unknown})

    async def outcome(self, request: Request) -> Response:
        """What came of a row for the business, joined by its id."""
        found = (await self._read(request, self.outcomes))["outcomes"]

        def write(connection: Any, at: float) -> tuple[int, list[str]]:
            known = known_ids(connection, (one["id"] for one in found))
            kept = [(one["id"], one["metric"], one["value"], at) for one in found if one["id"] in known]
            connection.executemany(OUTCOME, kept)
            return len(kept), list(dict.fromkeys(one["id"] for one in found if one["id"] not in known))

        added, unknown = await self._keep(write, len(found))
        return as_json(200, {"request_id": _id_of(request), "added": added, "unknown": unknown})

    async def health(self) -> Response:
        """Whether the process listens."""
        return as_json(200, {"status": "up", "model": self.packaged.fingerprint, "cell": self.packaged.manifest.get("cell")})

    async def ready(self, request: Request) -> Response:
        """Whether a request would be answered now: where the log was not written the last time, it is tried."""
        if self.writer.fault and self.writer.reserve(1):
            probe = "INSERT OR REPLACE INTO meta VALUES ('ready', ?)"
            tried = self.writer.put(Work(lambda connection, at: connection.execute(probe, (str(at),)), 1))
            await _ended(tried)
        if self.writer.fault and not self._drops:
            return as_json(503, {"request_id": _id_of(request), "error": self.writer.fault})
        return as_json(200, {"status": "ready", "log": self.writer.fault or "written"})

    async def metrics(self) -> Response:
        """The counters in Prometheus' text format."""
        return Response(self.counts.text(), media_type=self.counts.CONTENT_TYPE)

    async def refuse(self, request: Request, error: Exception) -> Response:
        """The answer to what is refused: one sentence in JSON, and a line in the log."""
        headers: dict[str, str] = {}
        if isinstance(error, Refused):
            status, reason, headers = error.status, error.reason, error.headers
        elif isinstance(error, HTTPException):
            status, headers = error.status_code, dict(error.headers or {})
            told = {404: f"There is no such path. Known: {some(_PATHS, 9)}.", 405: "This path takes another method."}
            reason = told.get(status, str(error.detail))
        else:
            status, reason = 500, f"The server failed ({type(error).__name__}). Its standard error says where."
            self.counts.requests.labels(path_of(request.scope), status).inc()
        request_id = _id_of(request)
        await self._note(Refusal(request_id, status, reason), wait=status < 500)
        return as_json(status, {"request_id": request_id, "error": reason}, headers)

    async def _read(self, request: Request, form: Form) -> dict[str, Any]:
        return form.read(await self._body(request))

    async def _body(self, request: Request) -> bytes:
        return await body_of(request, self.settings.body_limit << 20, self.settings.body_seconds)

    def _room(self, rows: int) -> int:
        """Return the room that was taken in the log's queue; under `drop` there may be none."""
        if self.writer.reserve(rows):
            return rows
        if not self._drops:
            self.counts.unlogged.labels("rows").inc(rows)
            raise Refused(503, _FULL, {"Retry-After": "1"})
        return 0

    def _drop(self, rows: int) -> None:
        self.writer.drop(rows)
        self.counts.dropped.inc(rows)

    async def _log(self, line: Work) -> None:
        """Log a request: under `refuse` wait until it is committed, under `drop` count it where it cannot be."""
        done = self.writer.put(line)
        if self._drops:
            done.add_done_callback(lambda ended: self._drop(line.rows) if ended.exception() else None)
            return
        await self._written(done, line.rows)

    async def _keep(self, write: Any, rows: int) -> Any:
        """Write what came in, and return what came of it; nobody is told that it was kept before it was."""
        if not self.writer.reserve(rows):
            raise Refused(503, _FULL, {"Retry-After": "1"})
        return await self._written(self.writer.put(Work(write, rows)), rows)

    async def _written(self, done: Any, rows: int) -> Any:
        try:
            return await asyncio.wrap_future(done)
        except CeterisError as refusal:
            self.counts.unlogged.labels("rows").inc(rows)
            raise Refused(503, str(refusal), {"Retry-After": "5"}) from None

    async def _note(self, refusal: Work, *, wait: bool) -> None:
        missed = self.counts.unlogged.labels("refusals")
        if not self.writer.reserve(1):
            missed.inc()
            return
        done = self.writer.put(refusal)
        done.add_done_callback(lambda ended: missed.inc() if ended.exception() else None)
        if wait and not self._drops:
            await _ended(done)


async def _ended(done: Any) -> None:
    """Wait until something was written, or could not be: which of them, others are told."""
    await asyncio.gather(asyncio.wrap_future(done), return_exceptions=True)


def path_of(scope: Scope) -> str:
    return scope["path"] if scope["path"] in _PATHS else "other"


def _id_of(request: Request) -> str:
    if not hasattr(request.state, "request_id"):
        request.state.request_id = uuid.uuid4().hex
    return str(request.state.request_id)


def as_json(status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(to_json(content), status, headers, "application/json")

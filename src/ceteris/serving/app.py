"""The HTTP face of a packaged model: its paths, its document, and the counting of every answer."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ceteris.errors import ParamsError, nearest
from ceteris.serving.answering import Served, as_json, path_of
from ceteris.serving.answers import REFUSAL, answer_schema, documented, received_schema
from ceteris.serving.counts import Counts
from ceteris.serving.limits import refuse_without
from ceteris.serving.packaged import Packaged
from ceteris.serving.requests import Refused
from ceteris.serving.settings import Serve
from ceteris.serving.writer import Writer

__all__ = ["make_app", "refuse_redacted"]

Responses = dict[int | str, dict[str, Any]]
_BUSY = "More requests are at work than this server takes at once. Send the request again in a moment."


def refuse_redacted(packaged: Packaged, settings: Serve) -> None:
    """Refuse settings that redact what is no feature of the model.

    Raises
    ------
    ParamsError
    """
    names = [one.name for one in packaged.schema.features]
    for name in settings.redact or ():
        if name not in names:
            raise ParamsError(
                f"release/release.yaml: serve.redact names {name!r}, which the model does not take.{nearest(name, names)}",
                "Name features of the model.",
            )


def make_app(packaged: Packaged, settings: Serve, writer: Writer, token: str | None = None) -> FastAPI:
    """Return the application; the writer is the caller's, who closes it once every request is answered."""
    served = Served(packaged, settings, writer)

    # A redirect would be made of the Host that a client sends.
    app = FastAPI(
        title="A model packaged by ceteris", version=packaged.fingerprint[:12], openapi_url=None, redirect_slashes=False
    )
    app.add_middleware(_Counted, counts=served.counts, most=settings.connections)
    app.add_exception_handler(Refused, served.refuse)
    app.add_exception_handler(HTTPException, served.refuse)
    app.add_exception_handler(Exception, served.refuse)
    _add_paths(app, served, token)
    return app


def _add_paths(app: FastAPI, served: Served, token: str | None) -> None:
    async def with_token(request: Request) -> None:
        refuse_without(token, request)

    guards = [] if token is None else [Depends(HTTPBearer(auto_error=False)), Depends(with_token)]
    schema = served.packaged.schema
    told = documented(token is not None)
    for path, form, work, answers in (
        ("/predict", served.rows, served.predict, answer_schema(schema)),
        ("/labels", served.labels, served.label, received_schema()),
        ("/outcomes", served.outcomes, served.outcome, received_schema()),
    ):
        app.add_api_route(
            path,
            work,
            methods=["POST"],
            dependencies=guards,
            response_class=Response,
            responses={200: {"content": {"application/json": {"schema": answers}}}, **told},
            openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": form.json_schema}}}},
        )
    plain: Responses = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
    state: Responses = {200: {"content": {"application/json": {"schema": {"type": "object"}}}}, 503: REFUSAL}
    app.add_api_route("/health", served.health, methods=["GET"], response_class=Response, responses={200: state[200]})
    app.add_api_route("/ready", served.ready, methods=["GET"], response_class=Response, responses=state)
    app.add_api_route(
        "/metrics", served.metrics, methods=["GET"], response_class=Response, responses=plain, dependencies=guards
    )

    async def document() -> Response:
        return as_json(200, app.openapi())

    app.add_api_route("/openapi.json", document, methods=["GET"], include_in_schema=False, dependencies=guards)


class _Counted:
    """Counts every answer by its path and status, and 503 where more requests are at work than may be."""

    def __init__(self, app: ASGIApp, counts: Counts, most: int) -> None:
        self._app, self._counts, self._most, self._running = app, counts, most, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._counts.requests.labels(path_of(scope), message["status"]).inc()
            await send(message)

        self._running += 1
        try:
            if self._running > self._most:
                busy = as_json(
                    503, {"request_id": uuid.uuid4().hex, "error": _BUSY}, {"Retry-After": "1", "Connection": "close"}
                )
                await busy(scope, receive, counting)
            else:
                await self._app(scope, receive, counting)
        finally:
            self._running -= 1

"""What a request must keep to before anything in it is read: a token, a content type, a size, a time."""

from __future__ import annotations

import asyncio
import hmac

from starlette.requests import ClientDisconnect, Request

from ceteris.serving.requests import Refused

__all__ = ["body_of", "refuse_without"]


def refuse_without(token: str | None, request: Request) -> None:
    """Refuse a request that does not carry the token; compared in a time that tells nothing of it."""
    if token is None:
        return
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise Refused(
            401, "This server asks for a token. Send the header Authorization: Bearer TOKEN.", {"WWW-Authenticate": "Bearer"}
        )


async def body_of(request: Request, most: int, seconds: float) -> bytes:
    """Return the body of a request, read no further than the limits allow.

    Parameters
    ----------
    most : int
        Bytes.
    seconds : float
        In which all of it has to arrive.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "The body is not declared as JSON. Send it with the header Content-Type: application/json.")
    too_large = Refused(413, f"The body holds more than {most:,} bytes. Send fewer rows at once.", {"Connection": "close"})
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and len(declared) < 20 and int(declared) > most:
        raise too_large
    parts, length = [], 0
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                parts.append(part)
                length += len(part)
                if length > most:
                    raise too_large
    except TimeoutError:
        raise Refused(
            408, f"The body did not arrive within {seconds:g} seconds. Send it anew.", {"Connection": "close"}
        ) from None
    except ClientDisconnect:
        raise Refused(400, "The client went away before its body was whole.") from None
    return b"".join(parts)

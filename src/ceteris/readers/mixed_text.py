"""Text of two encodings in one file: lines that are not UTF-8 among lines that are. Pure."""

from __future__ import annotations

from typing import NamedTuple

from ceteris.errors import BadInputError, ParamsError, counted, some

__all__ = ["Mixed", "mixed_lines", "with_fallback"]


class Mixed(NamedTuple):
    """Lines, counted from 1: those that are not UTF-8, and how many hold letters beyond ASCII that are."""

    others: list[int]
    held: int

    @property
    def told(self) -> str:
        """What they are, in a sentence without its end."""
        others = counted(len(self.others), "line is", "lines are")
        return f"{others} not UTF-8 ({some(self.others)}), beside {self.held:,} with letters in UTF-8"


def mixed_lines(data: bytes) -> Mixed:
    """Return which lines of a text are not UTF-8, and how many show that the others are meant to be."""
    others, held = [], 0
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.isascii():
            continue
        if _is_utf8(line):
            held += 1
        else:
            others.append(number)
    return Mixed(others, held)


def with_fallback(data: bytes, name: str, encoding: str, fallback: str | None) -> tuple[bytes, list[str]]:
    """Return a text whose lines that are not UTF-8 are brought to it from `ingest.fallback_encoding`, and how many were.

    Raises
    ------
    ParamsError
        The fallback is unknown, or stands beside another encoding than UTF-8.
    BadInputError
        A line fits neither.
    """
    if fallback is None:
        return data, []
    try:
        "".encode(fallback)
    except (LookupError, ValueError):
        raise ParamsError(
            f"ingest.fallback_encoding is {fallback!r}, which Python does not know.", "Name one like cp1252, or write null."
        ) from None
    if encoding.lower().replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig"):
        raise ParamsError(
            f"ingest.fallback_encoding is {fallback!r}, and ingest.encoding {encoding!r}: a fallback is for lines that are not"
            " UTF-8 where the others are.",
            "Write `ingest.encoding: utf-8`, or `ingest.fallback_encoding: null`.",
        )
    lines, read = data.split(b"\n"), 0
    for place, line in enumerate(lines):
        if line.isascii() or _is_utf8(line):
            continue
        try:
            lines[place], read = line.decode(fallback).encode("utf-8"), read + 1
        except UnicodeError:
            raise BadInputError(
                f"{name} line {place + 1} is neither UTF-8 nor {fallback}.",
                "Name another `ingest.fallback_encoding`, or write the line again.",
            ) from None
    told = f"{counted(read, 'line')} not in UTF-8 and read as {fallback} (ingest.fallback_encoding)"
    return b"\n".join(lines), [told] if read else []


def _is_utf8(line: bytes) -> bool:
    """Whether a line is UTF-8; half characters, which no encoding of one byte a letter writes, are left to be refused."""
    try:
        line.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True

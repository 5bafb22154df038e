"""The bytes of a text file, unpacked where gzip packed it."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from ceteris.errors import BadInputError

__all__ = ["GZIP", "start_of", "whole"]

GZIP = b"\x1f\x8b"
_CAP = 4 << 30  # bytes after unpacking
_BLOCK = 16 << 20


def whole(path: Path, name: str) -> bytes:
    """Return what a file holds, unpacked where it is packed; refuse a pack that is cut off, damaged, or far too large."""
    if not _is_packed(path):
        return path.read_bytes()
    parts, size = [], 0
    try:
        with gzip.open(path) as file:
            while block := file.read(_BLOCK):
                parts.append(block)
                size += len(block)
                if size > _CAP:
                    raise BadInputError(f"{name} unpacks to more than {_CAP >> 30} GB.", "Save it as Parquet.")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInputError(f"{name} cannot be unpacked, and may be cut off: {error}.", "Write it again.") from None
    return b"".join(parts)


def start_of(path: Path, size: int) -> bytes:
    """Return the first bytes of a file, unpacked; fewer where it is damaged, which `whole` will tell."""
    opened = gzip.open if _is_packed(path) else open
    try:
        with opened(path, "rb") as file:
            return bytes(file.read(size))
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return b""


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == GZIP

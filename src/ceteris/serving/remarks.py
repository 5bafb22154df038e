"""What a server says on standard error, which may be a file on the very disk that is full: it never hinders the work."""

from __future__ import annotations

import contextlib
import sys

__all__ = ["remark"]


def remark(text: str) -> None:
    """Write a line to standard error, where that can be written."""
    with contextlib.suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)

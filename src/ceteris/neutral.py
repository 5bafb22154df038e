"""Texts that no spreadsheet reads as a formula, and the way back."""

from __future__ import annotations

__all__ = ["neutral", "original"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


def neutral(text: str) -> str:
    """Return the text with an apostrophe before it where a spreadsheet would read a formula; `original` gives it back."""
    return "'" + text if text.startswith(_FORMULA) else text


def original(text: str) -> str:
    """Return the text that `neutral` was given; a text that was never made neutral comes back as it is."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text

"""What the letters of a text are like, whatever it says: all digits, with markup, of repeated characters."""

from __future__ import annotations

import re

__all__ = ["HAS", "IS", "MISSING", "is_so", "words_of"]

MISSING = "missing"
_READ = 100_000  # letters of a text that are looked at
_WORD = re.compile(r"\w\w+")
_BEGUN = {"a web address": ("http", "www", "HTTP", "WWW", "Http", "Www"), "an e-mail address": "@", "markup": "<&"}
# Each name reads on after "COLUMN is" and "COLUMN has".
IS = {
    "blank": re.compile(r"\s*"),
    "all digits": re.compile(r"\s*[0-9]+\s*"),
    "all capitals": re.compile(r"(?=.*[A-Z])[^a-z]*", re.DOTALL),
    "without letters": re.compile(r"(?=.*\S)[\W\d_]*", re.DOTALL),
}
HAS = {
    "a web address": re.compile(r"(?:https?|HTTPS?|Https?)://\S|\b(?:www|WWW|Www)\.\w"),
    "an e-mail address": re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}\.\w"),
    "markup": re.compile(r"</?[a-zA-Z][^<>]{0,200}>|&(?:[a-zA-Z]{2,8}|#\d{1,6});"),
    "digits": re.compile(r"[0-9]"),
    "letters beyond ASCII": re.compile(r"[^\x00-\x7f]"),
    "repeated characters": re.compile(r"([^\s\d])\1{3}"),
    "space around it": re.compile(r"\A\s|\s\Z"),
    "line breaks": re.compile(r"[\r\n]"),
}


def is_so(text: str, sign: str, name: str) -> bool:
    """Return whether a text is, or has, what a name of `IS` or `HAS` says."""
    read = text[:_READ]
    if name in _BEGUN and not any(begun in read for begun in _BEGUN[name]):  # many times as fast as the expression
        return False
    return bool(IS[name].fullmatch(read) if sign == "is" else HAS[name].search(read))


def words_of(text: str) -> set[str]:
    """Return the words of a text, of two letters or more, without regard to case."""
    return set(_WORD.findall(text[:_READ].casefold()))

"""Lines of params.yaml changed in place: every other byte, and every comment, stays as it was. Pure: text in, text out."""

from __future__ import annotations

import io
import re
from typing import Any

__all__ = ["changed"]

_SPOKEN_BOOLEANS = re.compile(r"^(y|n|yes|no|on|off)$", re.IGNORECASE)  # words that YAML 1.1 readers take for booleans

_GONE = object()


def changed(text: str, changes: dict[tuple[str, ...], Any]) -> str:
    """Return the text of a YAML file with the values at these paths replaced, lists and maps in block style.

    A map is changed key by key, so that comments beside what stays are kept; a list is replaced whole. A key that is
    absent is added at the end of its section. A file in flow style is written anew by ruamel.yaml, comments kept where it
    can.
    """
    from ruamel.yaml.error import YAMLError

    edited = text
    try:
        document = _load(edited)  # to read is slow: once for each edit that is made, not for each key that is asked for
        for path, value in changes.items():
            for part, held in _parts(document, path, value):
                edited = _with(edited, document, part, held)
                document = _load(edited)
        done = all(_at(document, path) == (True, value) for path, value in changes.items())
    except (YAMLError, KeyError):
        done = False
    return edited if done else _rewritten(text, changes)


def _load(text: str) -> Any:
    from ruamel.yaml import YAML

    return YAML(typ="rt").load(text)


def _parts(document: Any, path: tuple[str, ...], value: Any) -> list[tuple[tuple[str, ...], Any]]:
    """Return the smallest changes, by path, that give the key this value; `_GONE` where a key is to go."""
    known, held = _at(document, path)
    if known and held == value:
        return []
    if not (isinstance(held, dict) and isinstance(value, dict) and set(held) & set(value)):
        return [(path, value)]
    parts: list[tuple[tuple[str, ...], Any]] = [((*path, key), _GONE) for key in held if key not in value]
    for key, wanted in value.items():
        parts += _parts(document, (*path, key), wanted)
    return parts


def _at(document: Any, path: tuple[str, ...]) -> tuple[bool, Any]:
    for key in path:
        if not isinstance(document, dict) or key not in document:
            return False, None
        document = document[key]
    return True, document


def _with(text: str, document: Any, path: tuple[str, ...], value: Any) -> str:
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    here, depth = document, 0
    while depth < len(path) - 1 and isinstance(here, dict) and isinstance(here.get(path[depth]), dict):
        here, depth = here[path[depth]], depth + 1
    for key in reversed(path[depth + 1 :]):
        value = {key: value}
    key = path[depth]
    if key not in here:
        last, indent = max((here.lc.key(name) for name in here), default=(len(lines) - 1, 0))
        at = _end(lines, last, indent)
        return "".join([*lines[:at], *([] if depth else ["\n"]), *_block(key, value, indent), *lines[at:]])
    start, indent = here.lc.key(key)
    end = _end(lines, start, indent)
    if value is _GONE:
        return "".join([*lines[:start], *lines[end:]])
    fresh = _block(key, value, indent)
    comment = _comment(lines[start], here, key)
    if comment:
        head = fresh[0].rstrip("\n")
        fresh[0] = head.ljust(max(lines[start].index(comment), len(head) + 1)) + comment + "\n"
    return "".join([*lines[:start], *fresh, *lines[end:]])


def _end(lines: list[str], start: int, indent: int) -> int:
    """Return the line after a block: where something else stands at its own depth, without the blanks and comments before."""
    end = start + 1
    for place in range(start + 1, len(lines)):
        line = lines[place]
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        if _indent(line) < indent or (_indent(line) == indent and not bare.startswith("- ")):
            break
        end = place + 1
    return end


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _comment(line: str, parent: Any, key: str) -> str:
    """Return the comment at the end of a key's line; a "#" inside quotes is none."""
    found = re.search(r"\s(#[^\n]*)$", line.rstrip("\n"))
    if found is None:
        return ""
    if isinstance(parent[key], str) and "#" in parent[key]:
        rest = line.rstrip("\n").rsplit("#", 1)
        return "#" + rest[1] if not rest[1].rstrip().endswith(('"', "'")) else ""
    first = re.search(r"\s#", line)
    return line[first.start() + 1 :].rstrip("\n") if first else ""


def _block(key: str, value: Any, indent: int) -> list[str]:
    out = io.StringIO()
    _writer().dump({key: _plain(value)}, out)
    return [" " * indent + line + "\n" for line in out.getvalue().splitlines()]


def _writer() -> Any:
    """Return a writer in the style of `dvc exp run -S`, so that an experiment changes the lines that it sets and no others."""
    from ruamel.yaml import YAML

    writer = YAML(typ="rt")
    writer.width = 4096
    writer.preserve_quotes = True
    return writer


def _plain(value: Any) -> Any:
    """Return a value whose texts no reader of YAML takes for something else, and whose empty recipes stay empty."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString as Quoted

    if isinstance(value, dict):
        return {_plain(key): _plain(held) for key, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(held) for held in value]
    if isinstance(value, str) and (_SPOKEN_BOOLEANS.match(value) or not value.isprintable()):
        return Quoted(value)
    return value


def _rewritten(text: str, changes: dict[tuple[str, ...], Any]) -> str:
    document = _load(text)
    for path, value in changes.items():
        here = document
        for key in path[:-1]:
            if not isinstance(here.get(key), dict):
                here[key] = {}
            here = here[key]
        here[path[-1]] = _plain(value)
    out = io.StringIO()
    _writer().dump(document, out)
    return out.getvalue()

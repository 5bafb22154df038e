"""A fitted model as skops bytes that are the same for the same model: object ids renumbered, no time of day."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from ceteris.errors import BadInputError

__all__ = ["dump_model"]

_EPOCH = (1980, 1, 1, 0, 0, 0)
_LIBRARY = re.compile(rb'"__module__": "(\w*)')
_SURE = frozenset((b"builtins", b"collections", b"numpy", b"scipy", b"sklearn"))  # what skops writes of these, it reads


def dump_model(estimator: Any, who: str = "The model") -> bytes:
    """Return the skops archive of a fitted estimator, free of what differs from run to run.

    Raises
    ------
    BadInputError
        Names the attribute that cannot be written, or not read again: an open file, a lambda, a data frame.
    """
    try:
        content = _dumped(estimator)
    except Exception as error:
        path, held = _culprit(estimator, type(estimator).__name__, set())
        said = f"{type(error).__name__}: {str(error)[:200].strip()}"
        raise BadInputError(
            f"{who} cannot be kept as a file: {path} holds a {type(held).__name__} ({said}).",
            "Let a fitted model keep numbers, texts, arrays, lists and dicts alone (of a data frame its `to_numpy()`), open"
            " files in the method that reads them, and write `def` for a lambda.",
        ) from error
    archive = zipfile.ZipFile(io.BytesIO(content))
    schema = json.loads(archive.read("schema.json"))
    numbers: dict[object, int] = {}
    names: dict[str, str] = {}
    _renumber(schema, numbers, names)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as renumbered:
        members = {names.get(name, name): name for name in archive.namelist()}
        for name in sorted(members):
            content = json.dumps(schema, sort_keys=True).encode() if name == "schema.json" else archive.read(members[name])
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            renumbered.writestr(entry, content)
    return buffer.getvalue()


def _dumped(held: Any, sure: frozenset[bytes] = _SURE) -> bytes:
    """Return the skops archive of anything, after reading it again where code of libraries that are not sure is in it."""
    import skops.io

    content: bytes = skops.io.dumps(held)
    libraries = set(_LIBRARY.findall(zipfile.ZipFile(io.BytesIO(content)).read("schema.json")))
    if not libraries <= sure:
        skops.io.loads(content, trusted=skops.io.get_untrusted_types(data=content))
    return content


def _culprit(held: Any, path: str, seen: set[int]) -> tuple[str, Any]:
    """Return the innermost part that cannot be kept, after its path."""
    seen.add(id(held))
    for name, part in _parts(held):
        try:
            _dumped(part, sure=frozenset())
        except Exception:
            return (path + name, part) if id(part) in seen else _culprit(part, path + name, seen)
    return path, held


def _parts(held: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(held, dict):
        yield from ((f"[{key!r}]", part) for key, part in held.items())
    elif isinstance(held, (list, tuple)):
        yield from ((f"[{place}]", part) for place, part in enumerate(held))
    elif hasattr(held, "get_params") and not isinstance(held, type):
        yield from ((f".{name}", part) for name, part in vars(held).items())


def _renumber(node: Any, numbers: dict[object, int], names: dict[str, str]) -> None:
    """Replace memory addresses by the order in which they are met, in place, and note the files that are named by them."""
    if isinstance(node, dict):
        if isinstance(node.get("__id__"), int):
            # Whether two equal numbers or texts are one object depends on the process that the model was fitted in.
            plain = node.get("__loader__") == "JsonNode"
            key = (node["__class__"], node["content"]) if plain else node["__id__"]
            node["__id__"] = numbers.setdefault(key, len(numbers))
        if isinstance(node.get("file"), str):
            suffix = node["file"].rpartition(".")[2]
            node["file"] = names.setdefault(node["file"], f"{len(names)}.{suffix}")
        for key in sorted(node):
            _renumber(node[key], numbers, names)
    elif isinstance(node, list):
        for item in node:
            _renumber(item, numbers, names)

"""A fitted model as skops bytes that are the same for the same model: object ids renumbered, no time of day."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

__all__ = ["dump_model"]

_EPOCH = (1980, 1, 1, 0, 0, 0)


def dump_model(estimator: Any) -> bytes:
    """Return the skops archive of a fitted estimator, free of what differs from run to run."""
    import skops.io

    archive = zipfile.ZipFile(io.BytesIO(skops.io.dumps(estimator)))
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

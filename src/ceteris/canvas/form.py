"""The canvas that a new project starts with: our own, and nothing said in it yet."""

from __future__ import annotations

from typing import Any

from ceteris.canvas.terms import FILE, Canvas
from ceteris.params_file import changed
from ceteris.sections import Section
from ceteris.template import template

__all__ = ["form"]


def form() -> str:
    """Return the text of canvas.yaml with its comments and without its values."""
    unsaid: dict[tuple[str, ...], Any] = {}
    for block, held in dict(Canvas()).items():
        keys = type(held).model_fields.items() if isinstance(held, Section) else ()
        paths: list[tuple[str, ...]] = [(block, field.alias or key) for key, field in keys]
        unsaid |= dict.fromkeys(paths or [(block,)])
    return changed(template(FILE), unsaid)

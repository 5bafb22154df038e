"""The canvas that a new project starts with: our own, and nothing said in it yet."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ceteris.canvas.reading import read_canvas
from ceteris.canvas.terms import FILE, Canvas
from ceteris.errors import ParamsError
from ceteris.experiments.git import Git
from ceteris.readers.sources import DIGITS
from ceteris.sections import Section
from ceteris.starting.params_file import changed
from ceteris.starting.template import template
from ceteris.store import git_top, write_text

__all__ = ["empty_the_shipped_one", "form"]


def form() -> str:
    """Return the text of canvas.yaml with its comments and without its values."""
    unsaid: dict[tuple[str, ...], Any] = {}
    for block, held in dict(Canvas()).items():
        keys = type(held).model_fields.items() if isinstance(held, Section) else ()
        paths: list[tuple[str, ...]] = [(block, field.alias or key) for key, field in keys]
        unsaid |= dict.fromkeys(paths or [(block,)])
    return changed(template(FILE), unsaid)


def empty_the_shipped_one(root: Path) -> Iterator[str]:
    """Make a form of the canvas about the digits where git can bring it back, for other data; yield what was done."""
    with contextlib.suppress(ParamsError):  # one that cannot be read is told by the report
        canvas = read_canvas(root)
        if canvas is None or canvas.data_sources.source != DIGITS:
            return
        if not _is_committed(root):
            yield f"{FILE} is about the {DIGITS}, and not as git has it: say in it what your model is for, or remove it"
            return
        write_text(root / FILE, form())
        yield f"{FILE} was about the {DIGITS}, and is an empty form now: say in it what your model is for, or leave it"


def _is_committed(root: Path) -> bool:
    if git_top(root) is None:
        return False
    with Git(root) as git:
        return git.file("HEAD", FILE) == (root / FILE).read_bytes()

"""A fault that a stage meets, and what is done to a repository to make one: the words of which tables of faults are made."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from small import CLASSES, by_hand, edit, params

from ceteris.errors import CeterisError

__all__ = ["LEDGER", "Change", "Fault", "another", "both", "file", "line", "rows", "stated", "wrote"]

LEDGER = "data/edits/ann-1.csv"
Change = Callable[[Path], object]


@dataclass(frozen=True)
class Fault:
    """One fault: what is done to a repository, the stage that meets it, the refusal and words that stand in it."""

    name: str
    change: Change
    stage: str
    error: type[CeterisError]
    words: tuple[str, ...]


def rows(root: Path, part: str = "train", label: str | None = None) -> list[tuple[str, str]]:
    """Return (id, given label) of the rows of a part."""
    frame = pd.read_parquet(root / f"data/split/{part}.parquet")
    found = zip(frame["ceteris:id"], frame["ceteris:label"], strict=True)
    return [(name, given) for name, given in found if label in (None, given)]


def another(label: str) -> str:
    """Return the class after this one."""
    return CLASSES[(CLASSES.index(label) + 1) % 3]


def line(root: Path, action: str = "relabel", part: str = "train", place: int = 0, **more: str) -> dict[str, str]:
    """Return an edit that fits the data: of one row, to another class."""
    name, given = rows(root, part)[place]
    return edit(name, action, given, another(given) if action == "relabel" else "") | more


def wrote(*lines: Callable[[Path], dict[str, str]] | dict[str, str]) -> Change:
    """Return a change that writes a ledger file of these lines by hand, as they are."""

    def change(root: Path) -> None:
        made = [one if isinstance(one, dict) else one(root) for one in lines]
        by_hand(root / LEDGER, *made)

    return change


def file(content: str, name: str = LEDGER, encoding: str = "utf-8") -> Change:
    """Return a change that writes a file."""

    def change(root: Path) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode(encoding))

    return change


def stated(path: str, value: object) -> Change:
    """Return a change of one value of params.yaml."""

    def change(root: Path) -> None:
        content: Any = json.loads(json.dumps(params()))
        here, (*parents, last) = content, path.split("/")
        for key in parents:
            here = here[int(key)] if isinstance(here, list) else here.setdefault(key, {})
        here[last] = value
        (root / "params.yaml").write_text(json.dumps(content))

    return change


def both(*changes: Change) -> Change:
    """Return a change that is all of these, one after the other."""

    def change(root: Path) -> None:
        for one in changes:
            one(root)

    return change

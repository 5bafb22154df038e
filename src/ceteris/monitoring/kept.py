"""The door to what monitoring keeps: a JSON, a table and a page in release/monitor/, queues in release/review/."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ceteris.errors import IntegrityError, some
from ceteris.monitoring.page import render
from ceteris.monitoring.watched import FORM
from ceteris.store import read_json, read_table, table_text, write_bytes

__all__ = ["FOLDER", "PAGE", "REVIEW", "asked_before", "history", "keep", "keep_queue"]

FOLDER, REVIEW, PAGE = "release/monitor", "release/review", "index.html"
_TESTS = ["family", "name", "test", "shift", "p", "p_holm", "level", "psi", "psi_reads", "alarm", "told"]


def keep(folder: Path, results: Sequence[Mapping[str, Any]], title: str) -> Path:
    """Write each window's JSON and table of tests, and the page of all that are kept of their model; return its place."""
    for one in results:
        said = json.dumps(one, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
        _write(folder / f"{one['window']}.json", said)
        if one["enough"]:
            _write(folder / f"{one['window']}.csv", table_text(pd.DataFrame(one["tests"])[_TESTS]))
    model = str(results[-1]["window"]).partition("-")[0]
    _write(folder / PAGE, render(history(folder, model), results[-1]["window"], title))
    return folder / PAGE


def _write(path: Path, text: str) -> None:
    """Write a whole file or none, without the repository's lock: a scheduler does not wait for a run of the pipeline."""
    write_bytes(path, text.encode("utf-8"), scratch=path.parent)


def history(folder: Path, model: str) -> list[dict[str, Any]]:
    """Return what the windows of a model said, in the order of the log.

    Raises
    ------
    IntegrityError
        A file is not what monitor wrote.
    """
    found = []
    for path in sorted(folder.glob(f"{model}-*.json")):
        try:
            one = read_json(path)
            if one["form"] == FORM:
                found.append((one["last"], one["first"], one))
        except (ValueError, KeyError, TypeError):
            raise IntegrityError(
                f"{path} is not what monitor wrote.", "Remove it; ceteris monitor --windows makes it anew."
            ) from None
    return [one for *_, one in sorted(found, key=lambda line: line[:2])]


def asked_before(folder: Path) -> dict[str, tuple[str, float]]:
    """Return what the queues of release/review/ asked for: source and pi by row id, of the first queue that asked."""
    found: dict[str, tuple[str, float]] = {}
    for path in sorted(folder.glob("*.csv")):
        try:
            queue = read_table(path, text=("id", "label", "source"))
            lines = list(zip(queue["id"], queue["source"], queue["pi"].astype(float), strict=True))
        except (ValueError, KeyError):
            raise IntegrityError(
                f"{path} is no queue any more: its columns id, source and pi cannot be read.",
                "Save it as CSV with the columns it had, or move it out of the folder.",
            ) from None
        _refuse_changed(path, queue)
        for name, source, pi in lines:
            found.setdefault(name, (source, pi))
    return found


def _refuse_changed(path: Path, queue: pd.DataFrame) -> None:
    """Refuse a queue whose columns source and pi are not as they were written: what is measured would be weighted by them."""
    pi, source = queue["pi"].astype(float), queue["source"]
    changed = queue["id"][~(pi.gt(0) & pi.le(1) & source.isin(["active", "random"]))]
    if len(changed):
        raise IntegrityError(
            f"{path} was changed in the columns source or pi, of {some(changed)}: active or random, and above 0 up to 1.",
            "Fill in the column label only; save the queue as it was, or move it out of the folder.",
        )


def keep_queue(path: Path, queue: pd.DataFrame) -> bool:
    """Write a queue, unless one is there already: answers may stand in it. Return whether it was written."""
    if path.is_file() or queue.empty:
        return False
    _write(path, table_text(queue))
    return True

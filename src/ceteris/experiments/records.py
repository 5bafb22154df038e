"""What is measured once and kept outside git and DVC: the seconds of each fit, and every test of the history."""

from __future__ import annotations

import csv
import fcntl
import io
import math
import os
from collections.abc import Sequence
from pathlib import Path

from ceteris.errors import CeterisError
from ceteris.store import STATE

__all__ = ["Test", "read_seconds", "read_spent", "record"]

Test = tuple[tuple[str, ...], float]
_COLUMNS = ("baseline", "candidate", "metric", "scored_on", "n_rows", "p_value")


def read_seconds(root: Path) -> dict[str, float]:
    """Return the CPU seconds of each fit key that was fitted here, experiments in folders of their own included."""
    path = root / STATE / "times.csv"
    if not path.is_file():
        return {}
    lines = csv.DictReader(_whole_lines(path.read_text(encoding="utf-8", errors="replace")))
    return {str(line.get("fit_key")): float(line["cpu_seconds"]) for line in lines if _number(line.get("cpu_seconds"))}


def read_spent(root: Path) -> list[Test]:
    """Return every test that was made here, in order; those of removed experiments stay in the count."""
    path = _path(root)
    return _tests(path.read_text(encoding="utf-8", errors="replace")) if path.is_file() else []


def record(root: Path, fresh: Sequence[Test]) -> None:
    """Add tests to the history, each once, under a lock of its own.

    Raises
    ------
    CeterisError
        The file cannot be written.
    """
    if not fresh:
        return
    path = _path(root)
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("a+", encoding="utf-8", errors="replace", newline="") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            before = file.read()
            known = dict(_tests(before))
            lines = io.StringIO()
            writer = csv.writer(lines, lineterminator="\n")
            if not before:
                writer.writerow(_COLUMNS)
            writer.writerows([*key, repr(p)] for key, p in fresh if key not in known)
            torn = "" if not before or before.endswith("\n") else "\n"
            file.write(torn + lines.getvalue())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise CeterisError(
            f"{path} could not be written: {error.strerror}. The count of tests is not kept.", "Make room or access, run again."
        ) from None


def _path(root: Path) -> Path:
    return root / STATE / "history.csv"


def _tests(text: str) -> list[Test]:
    lines = [line for line in csv.reader(_whole_lines(text)) if len(line) == len(_COLUMNS) and _number(line[-1])]
    return [(tuple(line[:-1]), float(line[-1])) for line in lines]


def _whole_lines(text: str) -> list[str]:
    """Return the lines that were written to their end: one that a full disk tore holds half a number."""
    return text.replace("\0", "").split("\n")[:-1]


def _number(text: object) -> bool:
    """Whether a text is a finite number, so that a header or a line that somebody spoilt is passed over."""
    try:
        return math.isfinite(float(str(text)))
    except ValueError:
        return False

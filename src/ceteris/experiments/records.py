"""What is measured once and kept outside git and DVC: the seconds of each fit, and every test of the history."""

from __future__ import annotations

import csv
import fcntl
import io
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
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    return {line["fit_key"]: float(line["cpu_seconds"]) for line in lines if line.get("cpu_seconds")}


def read_spent(root: Path) -> list[Test]:
    """Return every test that was made here, in order; those of removed experiments stay in the count."""
    path = _path(root)
    return _tests(path.read_text(encoding="utf-8")) if path.is_file() else []


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
        with path.open("a+", encoding="utf-8", newline="") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            before = file.read()
            known = dict(_tests(before))
            lines = io.StringIO()
            writer = csv.writer(lines, lineterminator="\n")
            if not before:
                writer.writerow(_COLUMNS)
            writer.writerows([*key, repr(p)] for key, p in fresh if key not in known)
            file.write(lines.getvalue())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise CeterisError(
            f"{path} could not be written: {error.strerror}. The count of tests is not kept.", "Make room or access, run again."
        ) from None


def _path(root: Path) -> Path:
    return root / STATE / "history.csv"


def _tests(text: str) -> list[Test]:
    lines = [line for line in csv.reader(io.StringIO(text)) if len(line) == len(_COLUMNS)]
    return [(tuple(line[:-1]), float(line[-1])) for line in lines[1:]]

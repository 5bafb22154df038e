"""What stands on disk of a review, read by nothing of ceteris."""

from __future__ import annotations

import csv
from pathlib import Path

__all__ = ["answered", "lines"]


def lines(root: Path) -> list[dict[str, str]]:
    """Return every line of data/edits/, in the order of the files' names and of their lines."""
    found = []
    for path in sorted((root / "data/edits").glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            found += list(csv.DictReader(file))
    return found


def answered(line: dict[str, str]) -> tuple[str, str]:
    """Return which row a line is about and what was said of it: a class, or the action where that names none."""
    said = line["given_label"] if line["action"] == "confirm" else line["new_label"] or line["action"]
    return line["id"], said

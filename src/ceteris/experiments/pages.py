"""Where pages of comparisons and boards are kept: a folder that git ignores, no stage owns, and the report points to."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path

from ceteris.canvas.drawn import Drawing
from ceteris.canvas.page import canvas_page
from ceteris.experiments.board_page import board_page
from ceteris.experiments.comparison import Comparison
from ceteris.experiments.page import comparison_page, list_page
from ceteris.layout import COMPARISONS, read_layout
from ceteris.measuring.budget import Board
from ceteris.store import write_text

__all__ = ["keep_board", "keep_canvas", "keep_page"]

_LIST = "index.html"
_LONGEST = 60  # of characters, each up to four bytes of the 255 that a file name may have


def keep_page(root: Path, found: Comparison, metric: str, *, arms: bool = False) -> Path:
    """Write the page of a comparison and bring the list up to date; return where the page stands.

    Parameters
    ----------
    arms : bool
        Whether the two cells were chosen by name, so that they belong to the page's name.
    """
    moved = found.measured.move
    sides = (found.baseline.name, moved.baseline), (found.candidate.name, moved.candidate)
    name = "...".join(f"{revision}~{'-'.join(cell)}" if arms else revision for revision, cell in sides)
    return _keep(root, name, lambda links: comparison_page(found, metric, links))


def keep_board(root: Path, board: Board, confidence: float) -> Path:
    """Write the page of an exchange-rate board, one for each model that is held fixed; return where it stands."""
    return _keep(root, f"board~{board.model}", lambda links: board_page(board, confidence, links))


def keep_canvas(root: Path, drawn: Drawing, title: str) -> Path:
    """Write the page of the ML canvas; return where it stands."""
    return _keep(root, "canvas", lambda links: canvas_page(drawn, title, links))


def _keep(root: Path, name: str, page: Callable[[Mapping[str, str]], str]) -> Path:
    """Write a page, which is told where its links lead, and bring the list up to date."""
    folder = root / COMPARISONS
    report = os.path.relpath(root / read_layout(root)["reports"] / "report.html", folder)
    path = folder / f"{_stem(name)}.html"
    write_text(folder / ".gitignore", "*\n")
    write_text(path, page({"All comparisons": _LIST, "The report": report}))
    pages = [(page.name, *_said(page)) for page in sorted(folder.glob("*.html")) if page.name != _LIST]
    write_text(folder / _LIST, list_page(pages, {"The report": report}))
    return path


def _stem(whole: str) -> str:
    """Return a file name for a name: plain letters, and a digest where it holds others or is long."""
    plain = re.sub(r"[^\w.+=@~-]", "_", whole)[:_LONGEST]
    return plain if plain == whole else f"{plain}-{hashlib.sha256(whole.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _said(page: Path) -> tuple[str, str]:
    """Return the title and the description of a page."""
    reader = _Head()
    reader.feed(page.read_text(encoding="utf-8", errors="replace"))
    return reader.title or page.stem, reader.description


class _Head(HTMLParser):
    """Reads the title and the description of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.title, self.description, self._inside = "", "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "title"
        if tag == "meta" and ("name", "description") in attrs:
            self.description = dict(attrs).get("content") or ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        self.title += data if self._inside else ""

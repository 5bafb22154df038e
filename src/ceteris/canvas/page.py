"""The canvas as one HTML page that needs nothing beside it, and prints on one page."""

from __future__ import annotations

from collections.abc import Mapping

from ceteris.canvas.drawn import Drawing
from ceteris.telling.report import template

__all__ = ["canvas_page"]


def canvas_page(drawn: Drawing, title: str, links: Mapping[str, str] | None = None) -> str:
    """Return the page, the same bytes for the same canvas.

    Parameters
    ----------
    links : mapping of str to str, optional
        Where to go on from here: the text of each link, and its relative address.
    """
    count = len(drawn.parts)
    told = f"It parts from what is run on {count} line{'s' * (count > 1)}." if count else "It says what is run."
    return template("canvas_page.html.j2").render(drawn=drawn, title=title, told=told, links=dict(links or {}))

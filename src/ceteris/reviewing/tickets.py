"""The ticket of a question as a cell of a spreadsheet: what came back is matched with what can be asked today."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ceteris.reviewing.arms import Question

__all__ = ["matched", "written"]

_MARK = "t"  # a ticket of digits alone, or like 12e345678901, would come back as a number


def written(ticket: str) -> str:
    """Return a ticket as it stands in a file: a text that no spreadsheet takes for a number."""
    return _MARK + ticket


def matched(cells: Iterable[tuple[str, str]], match: Callable[[str, str], Question | None]) -> dict[str, Question | None]:
    """Return the question that each ticket stands for, by id; None where it stands for none today.

    Parameters
    ----------
    cells : iterable of (id, ticket as it was written)
        Rows without a ticket are left out.
    match : callable
        From an id and a ticket to its question, as `Queue.match`.
    """
    return {id: match(id, cell.strip().removeprefix(_MARK)) for id, cell in cells if cell.strip()}

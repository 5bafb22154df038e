"""The ticket of a question as a cell of a spreadsheet: what came back is matched with what can be asked today."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ceteris.reviewing.arms import OPEN, Question

__all__ = ["matched", "written"]

_MARK = "t"  # a ticket of digits alone, or like 12e345678901, would come back as a number


def written(question: Question) -> str:
    """Return a question's ticket as it stands in a file: a text that no spreadsheet takes for a number.

    Where nothing is hidden of where a row comes from, that stands before it.
    """
    reason = f"{question.reason} " if question.arm in OPEN else ""
    return reason + _MARK + question.ticket


def matched(cells: Iterable[tuple[str, str]], match: Callable[[str, str, str], Question | None]) -> dict[str, Question | None]:
    """Return the question that each ticket stands for, by id; None where it stands for none today.

    Parameters
    ----------
    cells : iterable of (id, ticket as it was written)
        Rows without a ticket are left out.
    match : callable
        From an id, a ticket and the reason before it ("" where there is none) to its question, as `Queue.match`.
    """
    parted = ((id, cell.strip().rpartition(_MARK)) for id, cell in cells if cell.strip())
    return {id: match(id, ticket, reason.strip()) for id, (reason, _, ticket) in parted}

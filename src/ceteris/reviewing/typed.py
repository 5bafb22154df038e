"""What a line means that a reviewer types: a class by its name, its beginning or its number, or one of a few signs.

Where there are no classes labels are numbers, and a line that spells one is that number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ceteris.errors import nearest
from ceteris.tables.labels import number_text

__all__ = ["MORE", "SIGNS", "Typed", "legend", "numbered", "typed"]

MORE = "more"
SIGNS = {"-": "drop", "?": "unsure", "<": "undo", "+": MORE, "q": "quit"}
_NAMES = {"drop": "drop", "unsure": "unsure", "undo": "undo", MORE: "all of the row", "quit": "quit"}
_MOST = 12  # classes that are named to a reviewer who has to choose


@dataclass(frozen=True)
class Typed:
    """What was meant.

    Attributes
    ----------
    action : str
        "confirm", "relabel", a value of `SIGNS`, or "" where nobody can tell.
    label : str
        The class, of a relabel.
    why : str
        What to say where nobody can tell.
    """

    action: str
    label: str = ""
    why: str = ""


def typed(line: str, classes: Sequence[str], *, judging: bool) -> Typed:
    """Return what a line means.

    A class that is written out is that class, whatever it is called; with a colon before it a sign is always a sign.

    Parameters
    ----------
    judging : bool
        Whether the row judges: then it has no label to be kept, and it is not dropped.
    """
    word = line.strip()
    number = None if classes else number_text(word)
    if number is not None:
        return Typed("relabel", number)
    if line in classes or word in classes:
        return Typed("relabel", line if line in classes else word)
    if not word:
        return (
            Typed("", why=f"This row is asked blind: name its {'class' if classes else 'number'}, or ? where you are unsure.")
            if judging
            else Typed("confirm")
        )
    action = SIGNS.get(word.removeprefix(":") if len(word) > 1 else word)
    if action == "drop" and judging:
        return Typed("", why="A row that judges is not dropped: name its class, or ? where you are unsure.")
    if action is not None:
        return Typed(action)
    if not classes:
        return Typed("", why=f"{word!r} is no number: write it like 12.5 or -3e2.")
    if word.isdecimal() and word.isascii() and numbered(classes):
        digits = word.lstrip("0")
        if digits and len(digits) <= len(str(len(classes))) and int(digits) <= len(classes):
            return Typed("relabel", classes[int(digits) - 1])
        return Typed("", why=f"There are {len(classes)} classes.")
    return _begun(word, classes)


def _begun(word: str, classes: Sequence[str]) -> Typed:
    """Return the one class that a word is, whatever its case, or begins."""
    folded = word.casefold()
    same = [label for label in classes if label.casefold() == folded]
    found = same or [label for label in classes if label.casefold().startswith(folded)]
    if len(found) == 1:
        return Typed("relabel", found[0])
    if found:
        more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
        return Typed("", why=f"Which of them? {', '.join(found[:_MOST])}{more}")
    return Typed("", why=f"{word!r} is no class.{nearest(word, classes)}")


def numbered(classes: Sequence[str]) -> bool:
    """Return whether a class may be named by its number: not where classes are numbers themselves."""
    return not any(label.strip().isdecimal() for label in classes)


def legend(classes: Sequence[str], *, judging: bool) -> tuple[tuple[str, str], ...]:
    """Return each sign that may be typed, and what it does."""
    signs = [(sign if sign not in classes else f":{sign}", action) for sign, action in SIGNS.items()]
    keep = () if judging else (("Enter", "keep"),)
    return (*keep, *((sign, _NAMES[action]) for sign, action in signs if not (judging and action == "drop")))

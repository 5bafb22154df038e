"""All rows of one pattern at once: a column, a sign and a value, as in `age > 90`, `text ~ refund`, `income is missing`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError, nearest
from ceteris.families.characters import HAS, IS, MISSING, is_so, words_of
from ceteris.kinds import array_kind
from ceteris.tables.dates import seconds_of

__all__ = ["AND", "HAS_WORD", "LONGER", "OR", "SHORTER", "Slice", "slice_of"]

AND, OR = " and ", " or "
HAS_WORD, LONGER, SHORTER = "has the word", "longer than", "shorter than"
_SIGNS = ("<=", ">=", "=", "<", ">", "~")
_WORDS = (HAS_WORD, "has", "is", LONGER, SHORTER)
_NUMBER = {"<=": np.less_equal, ">=": np.greater_equal, "=": np.equal, "<": np.less, ">": np.greater}
_BARE, _QUOTED = r'[^"]+?', r'"(?:[^"\\]|\\.)*"'
_FORMS = tuple(
    re.compile(rf"\s*(?P<column>{column})\s*(?P<sign>{signs})\s*(?P<value>.*)", re.DOTALL)
    for column, signs in (
        (f"{_QUOTED}|{_BARE}", "|".join(map(re.escape, _SIGNS))),
        (f"{_QUOTED}|{_BARE}", "|".join(f"(?<= ){word} " for word in _WORDS)),
        (".+?", "|".join(map(re.escape, _SIGNS))),
    )
)


@dataclass(frozen=True)
class Slice:
    """Rows whose value in a column is, is below, is above, or holds (`~`) something, or is of some kind (`is`, `has`, ...)."""

    column: str
    sign: str
    value: str

    def __str__(self) -> str:
        signs = (*_SIGNS, *(f" {word} " for word in _WORDS))
        return f"{_quoted(self.column, signs)} {self.sign} {_quoted(self.value, () if self.sign in _SIGNS else signs)}"

    def of(self, values: pd.Series) -> np.ndarray:
        """Return the places of the rows that belong to it.

        Raises
        ------
        BadInputError
            The sign does not fit the column: numbers hold nothing, and texts are neither below nor above.
        """
        if array_kind(values):
            raise BadInputError(
                f"{self.column!r} holds a {array_kind(values)} in each row, of which no single value can be asked for.",
                "Name another column.",
            )
        if (self.sign, self.value) == ("is", MISSING):
            return np.flatnonzero(values.isna().to_numpy())
        if not pd.api.types.is_numeric_dtype(values):
            return np.flatnonzero(self._of_texts(values))
        numbers = values.to_numpy(dtype=float)
        if self.sign == "=" and self.value in ("", MISSING):
            return np.flatnonzero(np.isnan(numbers))
        wanted = _number(self.value)
        if wanted is None or self.sign not in _NUMBER:
            raise BadInputError(f"{self.column!r} holds numbers: {str(self)!r} asks for none.", f"As in: {self.column} > 3")
        return np.flatnonzero(_NUMBER[self.sign](numbers, wanted))

    def _of_texts(self, values: pd.Series) -> np.ndarray:
        if self.sign == "=" or self.sign == "~":
            texts = values.fillna("").astype(str)
            if self.sign == "=":
                return (texts == self.value).to_numpy(dtype=bool)
            return texts.str.casefold().str.contains(self.value.casefold(), regex=False).to_numpy(dtype=bool)
        test = self._test()
        cells: Any = values.to_numpy(dtype=object)
        return np.fromiter((isinstance(cell, str) and test(cell) for cell in cells), dtype=bool, count=len(cells))

    def _test(self) -> Callable[[str], bool]:
        """Return what tells of a text whether it belongs."""
        if self.sign == HAS_WORD:
            word = self.value.casefold()
            return lambda text: word in words_of(text)
        if self.sign in (LONGER, SHORTER):
            length = _number(self.value)
            if length is None:
                raise BadInputError(f"{str(self)!r} names no length.", f"As in: {self.column} {LONGER} 400")
            return (lambda text: len(text) > length) if self.sign == LONGER else (lambda text: len(text) < length)
        if self.sign not in ("is", "has"):
            raise BadInputError(f"{self.column!r} holds texts, which {self.sign} does not order.", "Write = or ~ (holds).")
        known = IS if self.sign == "is" else HAS
        if self.value not in known:
            what = f"{str(self)!r} says nothing that is known.{nearest(self.value, [*known, MISSING])}"
            raise BadInputError(what, f"As in: {self.column} {self.sign} {next(iter(known))}")
        return lambda text: is_so(text, self.sign, self.value)


def slice_of(text: str) -> Slice | None:
    """Return the slice that a text names, None where it holds no sign. A column or value in "double quotes" is read as JSON."""
    for form in _FORMS:
        found = form.fullmatch(text)
        if found is not None:
            column, sign, value = (found[name].strip() for name in ("column", "sign", "value"))
            return Slice(_unquoted(column), sign, _unquoted(value)) if column else None
    return None


def _number(text: str) -> float | None:
    """Return the number, or the seconds of a date, that a text spells."""
    try:
        found = float(text)
    except ValueError:
        return seconds_of(text)
    return None if np.isnan(found) else found


def _quoted(text: str, signs: Iterable[str]) -> str:
    """Return a name or value as `slice_of` reads it back from among others; these signs would part it."""
    whole = text and text == text.strip() and text.isprintable() and not any(part in text for part in ('"', AND, OR))
    return text if whole and not any(sign in text for sign in signs) else json.dumps(text, ensure_ascii=False)


def _unquoted(text: str) -> str:
    try:
        found = json.loads(text) if text.startswith('"') else text
    except ValueError:
        return text
    return str(found)

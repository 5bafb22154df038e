"""Every refusal of ceteris, as a sentence: what was wrong, what was seen, and the line or command that resolves it."""

from __future__ import annotations

import contextlib
import copyreg
import difflib
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = [
    "CeterisError",
    "BadInputError",
    "ParamsError",
    "NotHeldFixedError",
    "LeakageError",
    "StaleEditError",
    "SealedTestError",
    "BusyError",
    "IntegrityError",
    "Problems",
    "counted",
    "nearest",
    "quoted",
    "some",
]

_LONGEST = 100  # letters of a value in a sentence


def counted(count: int, one: str, many: str = "") -> str:
    """Return "1 row", "1,200 rows"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def quoted(value: object) -> str:
    """Return a value in quotes, of a long one its first hundred letters."""
    text = str(value)
    return repr(text) if len(text) <= _LONGEST else f"{text[:_LONGEST]!r}... ({len(text):,} letters)"


def some(values: Iterable[object], most: int = 5) -> str:
    """Return at most `most` of the values, quoted, and how many there are in all."""
    found = list(values)
    shown = ", ".join(map(quoted, found[:most]))
    return shown if len(found) <= most else f"{shown} and {len(found) - most} more ({len(found)} in all)"


def nearest(word: str, known: Iterable[str], *, listed: bool = False) -> str:
    """Return " Did you mean 'x'?" for the nearest known word, and the known words where none is near or `listed` is set."""
    choices = list(known)
    close = difflib.get_close_matches(str(word), choices, n=1, cutoff=0.5)
    meant = f" Did you mean {close[0]!r}?" if close else ""
    if not choices:
        return " There is none yet."
    return meant if close and not listed else f"{meant} Known: {some(choices, 12)}."


class CeterisError(Exception):
    """A refusal. `exit_code` is what a stage or the command line ends with.

    Parameters
    ----------
    what : str
        What was wrong and what was seen, with file, row or id, and column where they apply.
    do : str
        What resolves it: a line of params.yaml, a command, or a change to the data.
    """

    exit_code = 2

    def __init__(self, what: str, do: str) -> None:
        self.what, self.do = what, do
        super().__init__(what.rstrip() + ("\n" if what.endswith("\n") else " ") + do)

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows in place of a traceback: the sentence."""
        return [f"{type(self).__name__}: {self}"]

    def __reduce__(self) -> tuple[Any, ...]:
        # By default pickle calls the class with one text, and a refusal in a worker process would break the pool.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class BadInputError(CeterisError):
    """The data, as it came, cannot be trusted or read."""


class ParamsError(CeterisError):
    """A line of params.yaml is unknown, out of range, or contradicts another."""


class NotHeldFixedError(CeterisError):
    """Asked for the effect of one thing while another moved too."""

    exit_code = 3


class LeakageError(CeterisError):
    """Something that judges a row has already seen it."""

    exit_code = 4


class StaleEditError(CeterisError):
    """Edits that no longer fit the data. `lines` lists every bad line, not the first alone."""

    exit_code = 5

    def __init__(self, what: str, do: str, lines: Iterable[str] = ()) -> None:
        self.lines = tuple(lines)
        super().__init__(what + "".join(f"\n  {line}" for line in self.lines) + ("\n" if self.lines else ""), do)


class SealedTestError(CeterisError):
    """Something outside the release pipeline asked for the test part."""

    exit_code = 6
    ONLY_A_LOOK = "Only a look of the release pipeline opens it, and each is counted: ceteris accept --help"


class BusyError(CeterisError):
    """Another process is writing."""

    exit_code = 7


class IntegrityError(CeterisError):
    """Bytes on disk are not the bytes that were written."""

    exit_code = 8


class Problems:
    """Refusals that are collected while the work goes on, so that one reading tells all of them.

    Parameters
    ----------
    name : str
        What they are about, for the head of the list.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[CeterisError] = []

    def add(self, what: str, do: str) -> None:
        """Note that the data cannot be trusted or read."""
        self.found.append(BadInputError(what, do))

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        """Note a refusal that is raised inside, and go on after it."""
        try:
            yield
        except CeterisError as refusal:
            self.found.append(refusal)

    def refuse(self) -> None:
        """Raise what was noted: one problem as it is, several as a list with the way out of each."""
        if len(self.found) > 1:
            listed = "".join(f"\n  {place}. {problem}" for place, problem in enumerate(self.found, 1))
            raise BadInputError(
                f"{self.name} cannot be used as it is, for {len(self.found)} reasons:{listed}\n", "Resolve each of them."
            )
        for problem in self.found:
            raise problem

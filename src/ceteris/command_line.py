"""The command that trains a model of a user's own: its words, and the places that each run fills in. No shell reads it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

__all__ = ["PLACES", "NEEDED", "SEED", "words_of", "filled", "is_seeded"]

TRAIN, PREDICT, OUT, SEED = "train", "predict", "out", "seed"
PLACES = (TRAIN, PREDICT, OUT, SEED)
NEEDED = (TRAIN, PREDICT, OUT)
_PLACE = re.compile(r"\{(\w*)\}")
_SHELL = frozenset(("|", "||", "&", "&&", ";", ">", ">>", "<", "2>", "2>&1", "&>"))


def words_of(command: str) -> list[str]:
    """Return the words of a command, by the quoting rules of a shell.

    Raises
    ------
    ValueError
        A quote is not closed, a place is unknown or lacking, or a word is one that only a shell understands.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ValueError(f"the command {command!r} cannot be read: {str(error).lower()}") from None
    named = [name for word in words for name in _PLACE.findall(word)]
    unknown = [name for name in named if name not in PLACES]
    if unknown:
        raise ValueError(f"the command names {{{unknown[0]}}}; a run fills in {_listed(PLACES)}")
    lacking = [name for name in NEEDED if name not in named]
    if lacking:
        raise ValueError(f"the command lacks {_listed(lacking)}: write where it reads and writes, as in {_EXAMPLE!r}")
    if _PLACE.search(words[0]):
        raise ValueError(f"the command begins with {words[0]!r}: name a program first, as in {_EXAMPLE!r}")
    shell = [word for word in words if word in _SHELL]
    if shell:
        raise ValueError(f"the command holds {shell[0]!r}, and no shell reads it: put that into a script of your own")
    return words


_EXAMPLE = "python my_train.py {train} {predict} {out} {seed}"


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)


def filled(words: list[str], places: Mapping[str, str]) -> list[str]:
    """Return the words with each place filled in; what is filled in stays within its word, whatever it holds."""
    return [_PLACE.sub(lambda found: places[found[1]], word) for word in words]


def is_seeded(command: str) -> bool:
    """Whether a run is told its seed; if not, two runs that give the same labels stand for all."""
    return f"{{{SEED}}}" in command

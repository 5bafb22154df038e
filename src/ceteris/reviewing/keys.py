"""Which key stands for which class: its own sign where it is one, else digits, then letters."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["MOST_KEYS", "keys_of"]

_SIGNS = "1234567890abcdefghijklmnopqrstuvwxyz"
MOST_KEYS = len(_SIGNS)


def keys_of(classes: Sequence[str]) -> tuple[str, ...]:
    """Return one lower-case key a class, "" for those beyond the keys there are; no key where there are more than 36 classes.

    A class that is one letter or digit has that key, so that digits are typed as they are.
    """
    if len(classes) > MOST_KEYS:
        return ("",) * len(classes)
    own = [label.lower() if label.lower() in _SIGNS and len(label) == 1 else "" for label in classes]
    own = [key if own.index(key) == place else "" for place, key in enumerate(own)]
    free = iter([sign for sign in _SIGNS if sign not in own])
    return tuple(key or next(free) for key in own)

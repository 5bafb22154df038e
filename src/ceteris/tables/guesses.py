"""What the columns of a file of the user's own seem to be, before anybody declares it: told, and written into params.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ceteris.kinds import KINDS, is_number, kinds_of
from ceteris.tables.dates import is_date
from ceteris.tables.labels import number_text

__all__ = ["Guess", "guess", "kinds_told", "labels_are_numbers"]

_SAMPLE = 500  # values that a first look is taken at
_WORDS, _TEXTS = 3, 50  # words from which a value is a text, and different ones from which a column holds texts
_NAMED = 6  # columns of a kind that are named
_NUMBERS, _OFTEN = 20, 10  # different numbers up to which labels are classes, and rows from which a number may be one
_CODE = re.compile(r"^\s*[+-]?0[0-9]")


@dataclass(frozen=True)
class Guess:
    """What is to be declared: `ingest.kinds`, `ingest.dates`, and what to say of what was left open."""

    kinds: dict[str, str]
    dates: str
    told: tuple[str, ...] = ()


def guess(
    features: pd.DataFrame, declared: Mapping[str, str] | None = None, dates: str = "iso", moments: tuple[str, ...] = ()
) -> Guess:
    """Return the kinds to declare, those that are declared already first.

    Texts are dates where all of them spell days, in an order that some of them settle; they are texts where most hold several
    words and many differ. Columns that a file itself declares as points in time (`moments`) are dates.

    Parameters
    ----------
    features : DataFrame
        As `sources.read` returns them, before any kind is declared.
    """
    kinds, told = dict(declared or {}), []
    for name in features.columns:
        column = features[name]
        if name in kinds or kinds_of(column.to_frame())[name] not in ("number", "category"):
            continue
        if is_number(column):
            kinds |= {name: "date"} if name in moments else {}
            continue
        held = column.dropna().unique()
        order = _order(held)
        order = dates if order == "both" and dates != "iso" else order
        if order == "both":
            told.append(
                f"{name!r} holds dates that can be read day first or month first, and is a category until you say which:"
                f" --kind {name}=date --dates day_first (or month_first)"
            )
        elif order and dates in ("iso", order if order != "iso" else dates):
            kinds[name], dates = "date", order if order != "iso" else dates
        elif _is_text(column.dropna(), len(held)):
            kinds[name] = "text"
    return Guess(kinds, dates, tuple(told))


def kinds_told(found: Mapping[str, str], dates: str) -> list[str]:
    """Return a short table of the kind of each column, a line each kind: how many columns, and which."""
    lines = []
    for kind in KINDS:
        names = [name for name, held in found.items() if held == kind]
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            how = f" ({dates.replace('_', ' ')})" if kind == "date" and dates != "iso" else ""
            lines.append(f"  {kind:<9}{len(names):>5}  {', '.join(map(repr, names[:_NAMED]))}{more}{how}")
    return ["kinds of columns (change one: --kind COLUMN=KIND):", *lines]


def labels_are_numbers(labels: pd.Series) -> bool:
    """Return whether labels seem to be numbers, not classes: many different ones, with decimals or most of them in few rows.

    007 is a code: it is no number to anybody who writes it so.
    """
    counts = labels.dropna().value_counts()
    texts = list(map(str, counts.index))
    if len(texts) <= _NUMBERS or any(_CODE.match(text) or number_text(text) is None for text in texts):
        return False
    return any(not float(text).is_integer() for text in texts) or bool((counts < _OFTEN).mean() > 0.5)


def _order(held: np.ndarray) -> str:
    """Return how texts spell dates: "iso", "day_first", "month_first", "both" where none settles it, "" where they do not."""
    if not len(held) or not all(map(is_date, held[:: max(1, len(held) // _SAMPLE)])):
        return ""
    for order in ("iso", "day_first", "month_first"):
        if all(is_date(text, order) for text in held):
            other = "month_first" if order == "day_first" else ""
            return "both" if other and all(is_date(text, other) for text in held) else order
    return ""


def _is_text(held: pd.Series, different: int) -> bool:
    seen = held.iloc[:: max(1, len(held) // _SAMPLE)]
    several = np.mean([len(value.split()) >= _WORDS for value in seen]) if len(seen) else 0.0
    return bool(several > 0.5 and (different > _TEXTS or different > 0.5 * len(held)))

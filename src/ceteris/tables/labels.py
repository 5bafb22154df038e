"""Labels as they came: exact text, by declared type; spellings of one label are told, and merged only when asked."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError, counted, nearest, some

__all__ = ["is_known", "number_text", "typed", "spelling_key", "one_spelling", "refuse_undeclared", "truth_of"]

_INTEGER = re.compile(r"^\s*([+-]?[0-9]{1,40})(?:\.0*)?\s*$")
_NUMBER = re.compile(r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$")
_BOOLEAN = {"true": "true", "1": "true", "1.0": "true", "false": "false", "0": "false", "0.0": "false"}
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\ufeff"), " ")


def typed(texts: np.ndarray, kind: str, column: str) -> np.ndarray:
    """Return labels by their declared type.

    Parameters
    ----------
    texts : ndarray of str objects, shape (n_rows,)
        Exact text; None where there is no label.
    kind : {"text", "integer", "boolean", "number"}
        Of "text" nothing is changed. Of "integer" 1, 1.0 and 01 are the label "1". Of "boolean" true, True and 1 are "true".
        Of "number" 1, 1.0 and 1e0 are the label "1": labels are numbers, and there are no classes.
    column : str
        For refusals.

    Raises
    ------
    BadInputError
        Where a label is not of that type.
    """
    if kind == "text":
        return texts
    read = {"integer": _integer, "boolean": truth_of, "number": number_text}[kind]
    codes, spellings = pd.factorize(texts)
    labels = [read(text) for text in spellings]
    bad = [text for text, label in zip(spellings, labels, strict=True) if label is None]
    if bad:
        raise BadInputError(
            f"Column {column!r} is declared {kind}, and holds {some(bad)}.",
            "Correct these labels, or write params.yaml `ingest.label_type: text`"
            + (" with a metric of classes." if kind == "number" else "."),
        )
    return np.array([*labels, None], dtype=object)[codes]


def number_text(text: str) -> str | None:
    """Return the one spelling of a finite number, which reads back as the same float; None where a text is none."""
    if not _NUMBER.match(text):
        return None
    number = float(text) + 0.0
    if not math.isfinite(number):
        return None
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def is_known(label: str, classes: Collection[str]) -> bool:
    """Return whether a label can be: one of the classes, or, where there are none, a number in its one spelling."""
    return label in classes if classes else number_text(label) == label


def spelling_key(label: str) -> str:
    """Return what spellings of one label share: no difference of case, white space or Unicode form."""
    folded = unicodedata.normalize("NFC", label.translate(_INVISIBLE)).lower()
    return unicodedata.normalize("NFC", " ".join(folded.split()))


def one_spelling(labels: np.ndarray, column: str, merge: bool, declared: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the label that each spelling stands for; every label for itself where none differs by spelling only.

    Parameters
    ----------
    labels : ndarray of str objects, shape (n_rows,)
        None is passed over.
    merge : bool
        Whether one spelling stands for all of its kind: a declared one, else the most frequent (the first in the alphabet,
        where two are).
    declared : tuple of str
        Classes; those that are all declared are meant to differ, however alike they look.

    Raises
    ------
    BadInputError
        Lists the groups of spellings, where they are not to be merged.
    """
    counts = pd.Series(labels, dtype=object).value_counts()
    groups: dict[str, list[str]] = {}
    for label in sorted(counts.index):
        groups.setdefault(spelling_key(label), []).append(label)
    alike = [group for group in groups.values() if len(group) > 1 and not set(group) <= set(declared)]
    if alike and not merge:
        shown = "; ".join(
            " = ".join(f"{label!r} ({counted(int(counts[label]), 'row')})" for label in group) for group in alike[:5]
        )
        more = f"; {counted(len(alike) - 5, 'more group')}" if len(alike) > 5 else ""
        raise BadInputError(
            f"Column {column!r} holds labels that differ only by case, white space or Unicode form: {shown}{more}.",
            "Merge each group into its most frequent spelling with params.yaml `ingest.normalise: labels`,"
            " or list the spellings under `validate.classes` where they are classes of their own.",
        )
    meant = {label: label for label in counts.index}
    for group in alike:
        most = max(group, key=lambda label: (counts[label], -group.index(label)))
        named = next((label for label in declared if spelling_key(label) == spelling_key(most)), None)
        meant.update(dict.fromkeys(group, named or " ".join(most.translate(_INVISIBLE).split())))
    return meant


def refuse_undeclared(labels: np.ndarray, classes: tuple[str, ...]) -> None:
    """Refuse labels outside the declared classes, each with the nearest class.

    Raises
    ------
    BadInputError
    """
    counts = pd.Series(labels, dtype=object).value_counts()
    unknown = [label for label in counts.index if label not in set(classes)]
    if unknown:
        told = "; ".join(f"{label!r} ({counted(int(counts[label]), 'row')}).{nearest(label, classes)}" for label in unknown[:5])
        more = f" {len(unknown) - 5} more." if len(unknown) > 5 else ""
        raise BadInputError(
            f"{counted(len(unknown), 'label is', 'labels are')} outside the declared classes: {told}{more}",
            "Correct them, or add them to params.yaml `validate.classes`.",
        )


def _integer(text: str) -> str | None:
    found = _INTEGER.match(text)
    return str(int(found.group(1))) if found else None


def truth_of(text: str) -> str | None:
    """Return "true" or "false", what a text says, or None where it says neither."""
    return _BOOLEAN.get(text.strip().lower())

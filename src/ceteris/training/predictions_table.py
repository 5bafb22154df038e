"""A table of predictions that ceteris did not make itself: which rows, which columns, and whether they can be believed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ceteris.dataset import codes
from ceteris.errors import BadInputError, counted, nearest, some

__all__ = ["checked", "text_of"]

_ID, _LABEL, _PREFIX = "id", "label", "p:"
_OFF = 1e-3  # what the sum of a row may be off by: probabilities that were written with four digits, or as 32-bit floats


def checked(
    table: pd.DataFrame, ids: np.ndarray, classes: tuple[str, ...], who: str, do: str, needed: tuple[str, ...] | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the label codes and probabilities of rows, in the order of `ids`; None where the table holds labels alone.

    Parameters
    ----------
    table : DataFrame
        `id`, and either `label` or one column of probabilities a class, named by the class (or "p:CLASS").
    ids : ndarray of str objects, shape (n_rows,)
        The rows that must be there, each once, in any order.
    needed : tuple of str, optional
        Classes that must have a column, by default all; another one without a column has the probability 0.
    who, do : str
        What made the table, and what resolves a refusal.

    Returns
    -------
    ndarray of int, shape (n_rows,), and ndarray of float, shape (n_rows, n_classes), or None

    Raises
    ------
    BadInputError
        Rows that are missing, repeated or unknown, columns that are no classes, and values that are no probabilities.
    """
    names = list(map(str, table.columns))
    if _ID not in names or len(set(names)) < len(names):
        raise BadInputError(f"{who} has the columns {some(names, 8)}: `id` must be among them, and each once.", do)
    rows = _placed(table.set_axis(names, axis=1), ids, who, do)
    named = [name for name in names if name != _ID]
    if named == [_LABEL]:
        return _labelled(rows, ids, classes, who, do), None
    if not set(named) <= set(classes) and all(name.startswith(_PREFIX) for name in named):
        rows = rows.set_axis([name.removeprefix(_PREFIX) for name in rows.columns], axis=1)
        named = [name.removeprefix(_PREFIX) for name in named]
    strange = [name for name in named if name not in classes]
    lacking = [name for name in (classes if needed is None else needed) if name not in named]
    if strange or lacking or not named:
        meant = nearest(strange[0], classes) if strange else ""
        said = f"{some(strange)} are no classes.{meant}" if strange else f"the classes {some(lacking)} have none."
        raise BadInputError(f"{who} has one column of probabilities a class to hold, and {said}", do)
    probabilities = np.zeros((len(ids), len(classes)))
    for name in named:
        probabilities[:, classes.index(name)] = pd.to_numeric(rows[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    found = _distributions(probabilities, ids, who, do)
    return found.argmax(axis=1).astype(np.int32), found


def text_of(value: object) -> str:
    """Return a cell as text, "" where it holds nothing."""
    return "" if value is None or value != value else str(value)


def _placed(table: pd.DataFrame, ids: np.ndarray, who: str, do: str) -> pd.DataFrame:
    """Return the rows of a table in the order of `ids`."""
    held = pd.Index([text_of(name) for name in table[_ID].to_numpy(dtype=object)])
    known = pd.Index(ids)
    faults = {"missing": known.difference(held), "unknown": held.difference(known), "repeated": held[held.duplicated()]}
    told = [f"{counted(len(rows), 'row is', 'rows are')} {fault}: {some(rows)}" for fault, rows in faults.items() if len(rows)]
    if told:
        raise BadInputError(f"{who} holds other rows than the {len(ids):,} that were to be predicted; {'; '.join(told)}.", do)
    return table.iloc[held.get_indexer(known)]


def _labelled(rows: pd.DataFrame, ids: np.ndarray, classes: tuple[str, ...], who: str, do: str) -> np.ndarray:
    labels = np.array([text_of(name) for name in rows[_LABEL]], dtype=object)
    found = codes(labels, classes)
    strange = np.flatnonzero(found < 0)
    if len(strange):
        first = labels[strange[0]]
        raise BadInputError(
            f"{who} holds labels that are no classes, {first!r} first, in rows {some(ids[strange])}.{nearest(first, classes)}",
            do,
        )
    return found.astype(np.int32)


def _distributions(probabilities: np.ndarray, ids: np.ndarray, who: str, do: str) -> np.ndarray:
    """Return probabilities whose rows sum to 1 to the last digit, refusing those that never did."""
    faults = {
        "NaN, infinite or empty values": ~np.isfinite(probabilities).all(axis=1),
        "values outside 0 to 1": ((probabilities < -_OFF) | (probabilities > 1 + _OFF)).any(axis=1),
        "probabilities that do not sum to 1": np.abs(probabilities.sum(axis=1) - 1) > _OFF,
    }
    for fault, where in faults.items():
        if where.any():
            first = probabilities[where][0]
            shown = ", ".join(f"{value:g}" for value in first[:5]) + (", ..." if len(first) > 5 else "")
            raise BadInputError(f"{who} holds {fault} in rows {some(ids[where])}; the first is ({shown}).", do)
    inside = probabilities.clip(0.0, 1.0)
    return np.asarray(inside / inside.sum(axis=1, keepdims=True))

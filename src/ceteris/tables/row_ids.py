"""One id a row: the declared column's exact text, or made of what the row holds."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ceteris.errors import Problems, counted, some
from ceteris.tables.arrays import array_digests, is_array
from ceteris.tables.columns import exact_text, is_blank, is_plain

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["INDEX", "content_ids", "filled_told", "note_nul", "row_ids", "whole_copies"]

INDEX = "__index_level_0__"  # the name under which pandas keeps row names in Parquet


def row_ids(
    cells: pa.Table,
    role: dict[str, str],
    places: np.ndarray,
    problems: Problems,
    width: int | None = None,
    people: tuple[str, ...] = (),
) -> np.ndarray:
    """Return one text a row, unique unless a problem was noted.

    Parameters
    ----------
    cells : Table
    role : dict of str to str
        The column of each role; without "id", ids are made of the rows' content.
    places : ndarray of int, shape (n_rows,)
        Where each row stands in the source, counted from 1: what rows without an id are called in refusals.
    problems : Problems
    width : int, optional
        Digits to which ids that are whole numbers are filled up with zeros in front, as they were before a spreadsheet.
    people : tuple of str
        The columns of annotators: what a person says of a row names it as little as its label does.
    """
    if "id" not in role:
        aside = (role.get("label"), role.get("true_label"), role.get("verified"), INDEX, *people)
        names = [column for column in cells.column_names if column not in aside]
        order = _settled_order(cells, role, people)
        made = np.empty(cells.num_rows, dtype=object)
        made[order] = content_ids(cells.take(order), names)
        return made
    column, before = role["id"], len(problems.found)
    texts = exact_text(cells.column(column))
    note_nul(texts, column, places, problems)
    blank = is_blank(texts)
    if blank.any():
        problems.add(
            f"{problems.name} column {column!r} has no id in {blank.sum()} rows: {some(places[blank])} (counted from the first"
            " row as 1).",
            "Write an id into each, or let ids be made of the rows' content: params.yaml `ingest.id: null`.",
        )
    ids: np.ndarray = texts.to_numpy(zero_copy_only=False)
    ids = filled(ids, width)
    _note_repeated(ids, ~blank, cells, column, problems)
    return ids if len(problems.found) == before else np.array([f"row {place}" for place in places], dtype=object)


def filled(ids: np.ndarray, width: int | None) -> np.ndarray:
    """Return ids of which whole numbers are filled up with zeros to `width` digits, those that are None as they are."""
    if width is None:
        return ids
    return np.array([id.zfill(width) if _is_short(id, width) else id for id in ids], dtype=object)


def filled_told(cells: pa.Table, column: str, width: int) -> list[str]:
    """Return how many ids are filled up with zeros, as a note; none where none is."""
    short = sum(_is_short(id, width) for id in exact_text(cells.column(column)).to_pylist())
    return [f"{counted(short, 'id')} filled up with zeros to {width} digits (ingest.id_width)"] if short else []


def _is_short(id: str | None, width: int) -> bool:
    return id is not None and id.isascii() and id.isdigit() and len(id) < width


def whole_copies(cells: pa.Table) -> np.ndarray:
    """Return which rows equal an earlier one in every cell, shape (n_rows,), bool."""
    ids = pd.Series(content_ids(cells, [name for name in cells.column_names if name != INDEX]))
    return ids.str.count("-").gt(1).to_numpy(dtype=bool)


def content_ids(cells: pa.Table, names: list[str]) -> np.ndarray:
    """Return an id for each row, made of what these columns hold, and a counter where rows are copies of each other.

    The label is to be left out of `names`, so that a label corrected at the source keeps its id, and with it its edits.
    Columns that are dropped as features stay in, so that a change to `ingest.drop` renames no row; only columns that can
    never be one, such as structs, are passed over.

    Returns
    -------
    ndarray of str objects, shape (n_rows,)
        "row-" and 16 hex digits of a sha256; copies are numbered "-2", "-3", ... in the order of the rows.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kinds = {column: cells.schema.field(column).type for column in sorted(names)}
    texts = [
        exact_text(cells.column(column)) if is_plain(kind) else pa.chunked_array([array_digests(cells.column(column))])
        for column, kind in kinds.items()
        if is_plain(kind) or is_array(kind)
    ]
    joined = pc.binary_join_element_wise(*texts, "\x1f", null_handling="replace", null_replacement="\x00")
    digests = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in joined.to_pylist()]
    ids = pd.Series(digests, dtype=object)
    copy = ids.groupby(ids, sort=False).cumcount().to_numpy()
    named = np.array("row-" + ids, dtype=object)
    for row in np.flatnonzero(copy):
        named[row] = f"{named[row]}-{copy[row] + 1}"
    return named


def note_nul(texts: pa.ChunkedArray, column: str, places: np.ndarray, problems: Problems) -> None:
    """Note the rows whose text holds NUL characters."""
    import pyarrow.compute as pc

    held = pc.fill_null(pc.match_substring(texts, "\x00"), False).to_numpy()
    if held.any():
        problems.add(
            f"Column {column!r} holds NUL characters in {held.sum()} rows: {some(places[held])} (counted from the first row"
            " as 1).",
            "Remove them; if all of the file is like that, its encoding may be utf-16: see `ingest.encoding`.",
        )


def _settled_order(cells: pa.Table, role: dict[str, str], people: tuple[str, ...]) -> np.ndarray:
    """Return an order of the rows that does not depend on the file's where rows are copies: by what is said of their labels."""
    named = [*(role[key] for key in ("label", "true_label", "verified") if key in role), *people]
    keys = {str(place): exact_text(cells.column(column)).to_pandas() for place, column in enumerate(named)}
    return pd.DataFrame(keys).astype(object).fillna("").sort_values(list(keys), kind="stable").index.to_numpy()


def _note_repeated(ids: np.ndarray, known: np.ndarray, cells: pa.Table, column: str, problems: Problems) -> None:
    """Note known ids that stand on more than one row, rows that are equal and rows that differ told apart."""
    repeated = pd.Index(ids).duplicated(keep=False) & known
    if not repeated.any():
        return
    rows = cells.filter(repeated)
    plain = [place for place, field in enumerate(cells.schema) if is_plain(field.type)]
    texts = pd.DataFrame({str(place): exact_text(rows.column(place)).to_numpy() for place in plain}, dtype=object)
    once = texts.assign(id=ids[repeated]).drop_duplicates()
    differing = sorted(once["id"][once["id"].duplicated()].unique())
    same = sorted(set(ids[repeated]) - set(differing))
    told = [f"on rows that are equal: {some(same)}"] if same else []
    told += [f"on rows that differ: {some(differing)}"] if differing else []
    problems.add(
        f"{problems.name} column {column!r} holds ids more than once, {'; '.join(told)}.",
        ("Leave out rows that are equal in every cell: params.yaml `ingest.duplicates: drop`. " if same else "")
        + "Give every other row an id of its own, or let ids be made of the rows' content: params.yaml `ingest.id: null`.",
    )

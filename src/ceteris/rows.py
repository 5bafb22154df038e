"""From the columns of a source to rows: which column is what, one id a row, labels by type, in one canonical order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ceteris.columns import exact_text, feature_frame, is_blank
from ceteris.dataset import GROUP, ID, LABEL, TRUE_LABEL
from ceteris.errors import BadInputError, nearest, some
from ceteris.labels import one_spelling, typed
from ceteris.sections import Ingest

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Table", "assemble", "roles", "content_ids"]

_INDEX = "__index_level_0__"  # the name under which pandas keeps row names in Parquet


@dataclass(frozen=True)
class Table:
    """The rows of a source.

    Attributes
    ----------
    frame : DataFrame, shape (n_rows, n_columns)
        ID, LABEL, GROUP and TRUE_LABEL where declared (text; a true label may be None), then features sorted by name
        (float64, or text with None). Sorted by id.
    image_shape : tuple of int, or None
        Height and width in pixels, where the features are the pixels of an image.
    notes : tuple of str
        What was seen and deserves a look; not a refusal. No single value is among it.
    examples : tuple of str
        Values that explain the notes: for the terminal only.
    """

    frame: pd.DataFrame
    image_shape: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


def assemble(cells: pa.Table, ingest: Ingest, *, name: str, spelled: bool, declared: tuple[str, ...] = ()) -> Table:
    """Return the rows that the columns of a source make, as params.yaml declares them.

    Parameters
    ----------
    cells : Table
    ingest : Ingest
    name : str
        What the source is called in a refusal.
    spelled : bool
        Whether every cell is text (CSV), so that features are to be typed by what they hold.
    declared : tuple of str
        `validate.classes`: labels that are meant to differ, however alike they look.

    Raises
    ------
    BadInputError
    """
    role = roles(cells.column_names, ingest, name)
    notes: list[str] = []
    cells, noted = _labelled(cells, role["label"], ingest.unlabelled, name)
    notes += noted
    ids = _ids(cells, role, name)
    labels = _labels(cells, role, ingest, declared)
    meta = {ID: ids, **labels}
    if "group" in role:
        meta[GROUP] = _groups(cells, role["group"], ids)
    special = {*role.values(), *(ingest.drop or ())}
    features = [column for column in cells.column_names if column not in special and column != _INDEX]
    if not features:
        raise BadInputError(f"{name} leaves no column as a feature.", "Shorten `ingest.drop` in params.yaml, or add columns.")
    frame, noted, examples = feature_frame(
        cells, features, spelled=spelled, missing=ingest.missing or (), infinite=ingest.infinite, ids=ids
    )
    head = {column: pd.Series(meta[column], dtype=object) for column in (ID, LABEL, GROUP, TRUE_LABEL) if column in meta}
    whole = pd.concat([pd.DataFrame(head), frame], axis=1)
    order = np.argsort(ids.astype(np.dtypes.StringDType()), kind="stable")
    return Table(whole.iloc[order].reset_index(drop=True), notes=tuple(notes + noted), examples=tuple(examples))


def roles(names: list[str], ingest: Ingest, name: str) -> dict[str, str]:
    """Return the column of each role that params.yaml declares, refusing a column that is absent or has two roles."""
    named = {"label": ingest.label, "id": ingest.id, "true_label": ingest.true_label, "group": ingest.group}
    role = {key: column for key, column in named.items() if column is not None}
    special = [*role.items(), *(("drop", column) for column in ingest.drop or ())]
    for key, column in special:
        if column not in names:
            parted = f" The whole header is one name, {names[0][:60]!r}: see `ingest.delimiter`." if len(names) == 1 else ""
            raise BadInputError(
                f"{name} has no column {column!r}.{nearest(column, names)}{parted}", f"Correct `ingest.{key}` in params.yaml."
            )
    taken: dict[str, str] = {}
    for key, column in special:
        if column in taken:
            raise BadInputError(
                f"params.yaml names the column {column!r} twice, as ingest.{taken[column]} and ingest.{key}.",
                "Keep one of them.",
            )
        taken[column] = key
    return role


def content_ids(cells: pa.Table, names: list[str]) -> np.ndarray:
    """Return an id for each row, made of what these columns hold, and a counter where rows are copies of each other.

    The label is to be left out of `names`, so that a label corrected at the source keeps its id, and with it its edits.
    Columns that are dropped as features stay in, so that a change to `ingest.drop` renames no row.

    Returns
    -------
    ndarray of str objects, shape (n_rows,)
        "row-" and 16 hex digits of a sha256; copies are numbered "-2", "-3", ... in the order of the rows.
    """
    import pyarrow.compute as pc

    texts = [exact_text(cells.column(column)) for column in sorted(names)]
    joined = pc.binary_join_element_wise(*texts, "\x1f", null_handling="replace", null_replacement="\x00")
    digests = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in joined.to_pylist()]
    ids = pd.Series(digests, dtype=object)
    copy = ids.groupby(ids, sort=False).cumcount().to_numpy()
    named = np.array("row-" + ids, dtype=object)
    for row in np.flatnonzero(copy):
        named[row] = f"{named[row]}-{copy[row] + 1}"
    return named


def _labelled(cells: pa.Table, column: str, unlabelled: str, name: str) -> tuple[pa.Table, list[str]]:
    """Return the rows that have a label, and a note where others were left out."""
    blank = is_blank(exact_text(cells.column(column)))
    if not blank.any():
        return cells, []
    rows = np.flatnonzero(blank)
    if unlabelled == "refuse":
        raise BadInputError(
            f"{name} column {column!r} has no label in {len(rows)} rows: {some(rows + 1)} (counted from the first row as 1).",
            "Label them, or leave them out: params.yaml `ingest.unlabelled: drop`.",
        )
    return cells.filter(~blank), [f"{len(rows)} rows without a label were left out"]


def _ids(cells: pa.Table, role: dict[str, str], name: str) -> np.ndarray:
    if "id" not in role:
        names = [column for column in cells.column_names if column not in (role["label"], role.get("true_label"), _INDEX)]
        order = _settled_order(cells, role)
        made = np.empty(cells.num_rows, dtype=object)
        made[order] = content_ids(cells.take(order), names)
        return made
    column = role["id"]
    texts = exact_text(cells.column(column))
    _refuse_nul(texts, column)
    blank = np.flatnonzero(is_blank(texts))
    if len(blank):
        raise BadInputError(
            f"{name} column {column!r} has no id in {len(blank)} rows: {some(blank + 1)} (counted from the first row as 1).",
            "Write an id into each, or let ids be made of the rows' content: params.yaml `ingest.id: null`.",
        )
    ids: np.ndarray = texts.to_numpy(zero_copy_only=False)
    _refuse_repeated(ids, cells, column, name)
    return ids


def _settled_order(cells: pa.Table, role: dict[str, str]) -> np.ndarray:
    """Return an order of the rows that does not depend on the file's where rows are copies: by given, then true label."""
    keys = {key: exact_text(cells.column(role[key])).to_pandas() for key in ("label", "true_label") if key in role}
    return pd.DataFrame(keys).astype(object).fillna("").sort_values(list(keys), kind="stable").index.to_numpy()


def _refuse_repeated(ids: np.ndarray, cells: pa.Table, column: str, name: str) -> None:
    repeated = pd.Index(ids).duplicated(keep=False)
    if not repeated.any():
        return
    rows = cells.filter(repeated)
    texts = pd.DataFrame(
        {str(place): exact_text(rows.column(place)).to_numpy() for place in range(rows.num_columns)}, dtype=object
    )
    once = texts.assign(id=ids[repeated]).drop_duplicates()
    differing = sorted(once["id"][once["id"].duplicated()].unique())
    same = sorted(set(ids[repeated]) - set(differing))
    told = [f"on rows that are equal: {some(same)}"] if same else []
    told += [f"on rows that differ: {some(differing)}"] if differing else []
    raise BadInputError(
        f"{name} column {column!r} holds ids more than once, {'; '.join(told)}.",
        "Remove the copies and give every other row an id of its own, or let ids be made of the rows' content:"
        " params.yaml `ingest.id: null`.",
    )


def _labels(cells: pa.Table, role: dict[str, str], ingest: Ingest, declared: tuple[str, ...]) -> dict[str, np.ndarray]:
    found = {}
    for key, target in (("label", LABEL), ("true_label", TRUE_LABEL)):
        if key in role:
            texts = exact_text(cells.column(role[key]))
            _refuse_nul(texts, role[key])
            values = np.array(texts.to_numpy(zero_copy_only=False), dtype=object)
            values[is_blank(texts)] = None
            found[target] = typed(values, ingest.label_type, role[key])
    both = np.concatenate(list(found.values()))
    meant = one_spelling(both, role["label"], ingest.normalise == "labels", declared)
    if any(spelling != label for spelling, label in meant.items()):
        found = {target: _respelled(values, meant) for target, values in found.items()}
    only = pd.unique(found[LABEL])
    if len(only) < 2:
        raise BadInputError(
            f"Column {role['label']!r} holds one class only: {some(only)}.",
            "Name the column that is to be learned: params.yaml `ingest.label`.",
        )
    return found


def _respelled(labels: np.ndarray, meant: dict[str, str]) -> np.ndarray:
    codes, spellings = pd.factorize(labels)
    return np.array([*(meant[spelling] for spelling in spellings), None], dtype=object)[codes]


def _groups(cells: pa.Table, column: str, ids: np.ndarray) -> np.ndarray:
    texts = exact_text(cells.column(column))
    blank = is_blank(texts)
    if blank.any():
        raise BadInputError(
            f"Column {column!r} names no group at the ids {some(ids[blank])}.",
            "Write a group into each (one of its own, where the row stands alone), or set `ingest.group: null`.",
        )
    groups: np.ndarray = texts.to_numpy(zero_copy_only=False)
    return groups


def _refuse_nul(texts: pa.ChunkedArray, column: str) -> None:
    import pyarrow.compute as pc

    held = pc.fill_null(pc.match_substring(texts, "\x00"), False).to_numpy()
    if held.any():
        rows = np.flatnonzero(held) + 1
        raise BadInputError(
            f"Column {column!r} holds NUL characters in {len(rows)} rows: {some(rows)} (counted from the first row as 1).",
            "Remove them; if all of the file is like that, its encoding may be utf-16: see `ingest.encoding`.",
        )

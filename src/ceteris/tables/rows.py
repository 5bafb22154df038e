"""From the columns of a source to rows: which column is what, one id a row, labels by type, in one canonical order.

One reading notes every problem that it meets, so that a user need not resolve them one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ceteris.dataset import GROUP, ID, LABEL, PART, TIME, TRUE_LABEL, VERIFIED, VOTES
from ceteris.errors import BadInputError, Problems, counted, nearest, some
from ceteris.sections import Ingest
from ceteris.tables.arrays import is_array
from ceteris.tables.columns import exact_text, feature_frame, is_blank, is_plain
from ceteris.tables.labels import one_spelling, truth_of, typed
from ceteris.tables.repairs import repaired
from ceteris.tables.row_ids import INDEX, filled_told, note_nul, row_ids, whole_copies
from ceteris.tables.times import times_of
from ceteris.tables.vote_cells import given_labels, note_strange, read_votes
from ceteris.tables.votes import Votes, packed

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Table", "assemble", "roles"]


@dataclass(frozen=True)
class Table:
    """The rows of a source.

    Attributes
    ----------
    frame : DataFrame, shape (n_rows, n_columns)
        ID, LABEL, GROUP, TRUE_LABEL, PART, VERIFIED, VOTES and TIME where declared (text, a true label may be None; VERIFIED
        "true" or "false"; VOTES as `votes.packed` has them; TIME float64), then features sorted by name
        (float64, text with None, or arrays: see `kinds`). Sorted by id.
    problems : Problems
        What must be resolved before the rows are used; the frame then holds what could be read.
    image_shape : tuple of int, or None
        Height and width in pixels (and channels), where the features, or one column's cells, are the pixels of an image.
    notes : tuple of str
        What was seen and deserves a look; not a refusal. No single value is among it.
    examples : tuple of str
        Values that explain the notes: for the terminal only.
    moments : tuple of str
        Columns that the source itself declares as points in time; they are dates where `ingest.kinds` says so.
    dated : bool
        Whether TIME holds dates.
    """

    frame: pd.DataFrame
    problems: Problems
    image_shape: tuple[int, ...] | None = None
    notes: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    moments: tuple[str, ...] = ()
    dated: bool = False


def assemble(
    cells: pa.Table,
    ingest: Ingest,
    *,
    name: str,
    spelled: bool,
    declared: tuple[str, ...] = (),
    listed: pa.Table | None = None,
    whole: bool = True,
) -> Table:
    """Return the rows that the columns of a source make, as params.yaml declares them, and the problems that were met.

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
    listed : Table, optional
        What `ingest.votes` holds.
    whole : bool
        Whether these are all rows, so that they must hold two labels.

    Raises
    ------
    BadInputError
        Where nothing can be known of the rows: a column is missing or of no plain type, no row has a label, no feature is
        left.
    """
    problems = Problems(name)
    role = roles(cells.column_names, ingest, problems)
    names = _features(cells, role, ingest, problems)
    every = exact_text(cells.column(role["id"])).to_numpy(zero_copy_only=False) if listed is not None else None
    cells, places, notes = _labelled(cells, role.get("label"), ingest.unlabelled, problems)
    cells, places, said = _once(cells, role, places, ingest.duplicates)
    ids = row_ids(cells, role, places, problems, ingest.id_width, ingest.annotators or ())
    if ingest.id_width is not None and "id" in role:
        said += filled_told(cells, role["id"], ingest.id_width)
    votes = read_votes(cells, listed, ingest, ids, problems, every) if ingest.voted else None
    meta = {ID: ids, **_labels(cells, role, ingest, declared, places, ids, problems, votes)}
    if whole:
        _note_one_label(meta[LABEL], role, ingest, problems)
    if votes is not None:
        said += _votes_told(meta[VOTES], meta[LABEL], ingest)
    if "group" in role:
        meta[GROUP] = _groups(cells, role["group"], ids, problems)
    if "part" in role:
        meta[PART] = _parts(cells, role["part"], ids, problems)
    if "verified" in role:
        meta[VERIFIED] = _verified(cells, role["verified"], problems)
    features = feature_frame(
        cells,
        names,
        problems,
        spelled=spelled,
        missing=ingest.missing or (),
        infinite=ingest.infinite,
        ids=ids,
        kinds=ingest.kinds,
        dates=ingest.dates,
        sentinels=ingest.sentinels,
        units=ingest.units,
        decimal=ingest.decimal,
    )
    known = (ID, LABEL, GROUP, TRUE_LABEL, PART, VERIFIED, VOTES)
    head = {column: pd.Series(meta[column], dtype=object) for column in known if column in meta}
    dated = False
    if "time" in role:
        times, dated = times_of(cells.column(role["time"]), role["time"], ingest.time_format, ids, problems)
        head[TIME] = pd.Series(times, dtype=np.float64)
    table = pd.concat([pd.DataFrame(head), features.frame], axis=1)
    order = np.argsort(ids.astype(np.dtypes.StringDType()), kind="stable")
    frame, done = repaired(table.iloc[order].dropna(subset=LABEL).reset_index(drop=True), ingest)
    if done and frame[LABEL].nunique() < 2:
        problems.add(f"The repairs that `ingest` declares leave {frame[LABEL].nunique()} classes.", "Set one of them to keep.")
    told = (*notes, *said, *features.notes, *done)
    return Table(frame, problems, None, told, features.examples, features.moments, dated)


def roles(names: list[str], ingest: Ingest, problems: Problems) -> dict[str, str]:
    """Return the column of each role that params.yaml declares, refusing columns that are absent or have two roles."""
    keys = ("label", "id", "true_label", "group", "time", "part", "verified")
    named = {key: getattr(ingest, key) for key in keys}
    role = {key: column for key, column in named.items() if column is not None}
    special = [*role.items()]
    special += [(key, column) for key in ("annotators", "drop") for column in getattr(ingest, key) or ()]
    for key, column in special:
        if column not in names:
            parted = f" The whole header is one name, {names[0][:60]!r}: see `ingest.delimiter`." if len(names) == 1 else ""
            problems.add(
                f"{problems.name} has no column {column!r}.{nearest(column, names, listed=True)}{parted}",
                f"Correct `ingest.{key}` in params.yaml, or the header of that file.",
            )
    taken: dict[str, str] = {}
    for key, column in special:
        if column in taken:
            problems.add(
                f"params.yaml names the column {column!r} twice, as ingest.{taken[column]} and ingest.{key}.",
                "Keep one of them.",
            )
        taken[column] = key
    problems.refuse()
    return role


def _features(cells: pa.Table, role: dict[str, str], ingest: Ingest, problems: Problems) -> list[str]:
    """Return the columns that can be features; refuse where none is left, or a column with a role is of no plain type."""
    special = {*role.values(), *(ingest.drop or ()), *(ingest.annotators or ())} - (
        {ingest.time} if ingest.time_feature else set()
    )
    names = [column for column in cells.column_names if column not in special and column != INDEX]
    if not names:
        raise BadInputError(
            f"{problems.name} leaves no column as a feature.", "Shorten `ingest.drop` in params.yaml, or add columns."
        )
    declared = [(key, column) for key in ("kinds", "sentinels", "units") for column in getattr(ingest, key) or {}]
    for key, column in declared:
        if column not in cells.column_names or column in role.values():
            problems.add(
                f"params.yaml `ingest.{key}` names the column {column!r}, which is no feature of {problems.name}."
                f"{nearest(column, names, listed=True)}",
                "Correct the name, or take the line out.",
            )
    kinds = {column: cells.schema.field(column).type for column in (*role.values(), *(ingest.annotators or ()), *names)}
    odd = [column for column, kind in kinds.items() if not is_plain(kind) and (column not in names or not is_array(kind))]
    of_role = {column: key for key, column in role.items()} | dict.fromkeys(ingest.annotators or (), "annotators")
    for column in odd:
        problems.add(
            f"{problems.name} column {column!r} holds {_short(kinds[column])}, which is no text, number, time or list of"
            " numbers.",
            f"Write it as plain text or numbers, or name another column in `ingest.{of_role[column]}`."
            if column in of_role
            else f"List {column!r} under `ingest.drop`, or write it as plain text or numbers.",
        )
    left = [column for column in names if column not in odd]
    if not left or set(odd) & set(of_role):
        problems.refuse()
    return left


def _once(cells: pa.Table, role: dict[str, str], places: np.ndarray, duplicates: str) -> tuple[pa.Table, np.ndarray, list[str]]:
    """Return the rows without those that equal an earlier one in every cell, the declared id too, where these are to go."""
    if duplicates != "drop" or "id" not in role:
        return cells, places, []
    copies = whole_copies(cells)
    if not copies.any():
        return cells, places, []
    note = f"{counted(int(copies.sum()), 'row')} left out (ingest.duplicates): equal to another in every cell"
    return cells.filter(~copies), places[~copies], [note]


def _short(kind: object) -> str:
    text = str(kind)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _labelled(
    cells: pa.Table, column: str | None, unlabelled: str, problems: Problems
) -> tuple[pa.Table, np.ndarray, list[str]]:
    """Return the rows to read, where each stands in the source (from 1), and a note where some without a label are left out."""
    places = np.arange(1, cells.num_rows + 1)
    if column is None:  # labels are made of votes, once each row has an id
        return cells, places, []
    blank = is_blank(exact_text(cells.column(column)))
    if not blank.any():
        return cells, places, []
    if blank.all():
        raise BadInputError(
            f"{problems.name} column {column!r} has no label in any row.",
            "Name the column that holds the labels: params.yaml `ingest.label`.",
        )
    if unlabelled == "drop":
        told = counted(int(blank.sum()), "row without a label was", "rows without a label were")
        return cells.filter(~blank), places[~blank], [f"{told} left out"]
    problems.add(
        f"{problems.name} column {column!r} has no label in {counted(int(blank.sum()), 'row')}: {some(places[blank])}"
        " (counted from the first row as 1).",
        "Label them, or leave them out: params.yaml `ingest.unlabelled: drop`.",
    )
    return cells, places, []


def _labels(
    cells: pa.Table,
    role: dict[str, str],
    ingest: Ingest,
    declared: tuple[str, ...],
    places: np.ndarray,
    ids: np.ndarray,
    problems: Problems,
    votes: Votes | None,
) -> dict[str, np.ndarray]:
    found = {}
    named = role.get("label", "ingest.annotators" if ingest.votes is None else ingest.votes)
    for key, target in (("label", LABEL), ("true_label", TRUE_LABEL)):
        if key in role:
            texts = exact_text(cells.column(role[key]))
            note_nul(texts, role[key], places, problems)
            found[target] = np.array(texts.to_numpy(zero_copy_only=False), dtype=object)
            found[target][is_blank(texts)] = None
            with problems.noted():
                found[target] = typed(found[target], ingest.label_type, role[key])
    if ingest.label_type == "number":
        return found
    if votes is not None:
        found[VOTES] = votes.labels
    with problems.noted():
        meant = one_spelling(np.concatenate(list(found.values())), named, ingest.normalise == "labels", declared)
        if any(spelling != label for spelling, label in meant.items()):
            found = {target: _respelled(values, meant) for target, values in found.items()}
    if votes is not None:
        votes = Votes(votes.rows, votes.people, found[VOTES])
        if LABEL not in found:
            found[LABEL] = given_labels(votes, ids, ingest, problems)
        note_strange(votes, ids, {*found[LABEL], *declared}, problems)
        found[VOTES] = packed(votes, len(ids))
    return found


def _note_one_label(labels: np.ndarray, role: dict[str, str], ingest: Ingest, problems: Problems) -> None:
    named = role.get("label", "ingest.annotators" if ingest.votes is None else ingest.votes)
    only = set(labels) - {None}
    if len(only) < 2:
        problems.add(
            f"Column {named!r} holds one {'number' if ingest.label_type == 'number' else 'class'} only: {some(only)}.",
            "Name the column that is to be learned: params.yaml `ingest.label`.",
        )


def _votes_told(packed_votes: np.ndarray, labels: np.ndarray, ingest: Ingest) -> list[str]:
    """Return what deserves a look: rows that nobody answered, with a given label or without."""
    silent = packed_votes == "{}"
    unlabelled = np.array([label is None for label in labels], dtype=bool)
    alone, nobody = int((silent & ~unlabelled).sum()), int(unlabelled.sum())
    told = [f"{counted(alone, 'row has', 'rows have')} a label and no vote of anybody"] if alone else []
    if nobody and ingest.label is None and ingest.unlabelled == "drop":
        told.append(f"{counted(nobody, 'row without a vote that counts was', 'rows without a vote that counts were')} left out")
    return told


def _respelled(labels: np.ndarray, meant: dict[str, str]) -> np.ndarray:
    codes, spellings = pd.factorize(labels)
    return np.array([*(meant[spelling] for spelling in spellings), None], dtype=object)[codes]


def _groups(cells: pa.Table, column: str, ids: np.ndarray, problems: Problems) -> np.ndarray:
    texts = exact_text(cells.column(column))
    blank = is_blank(texts)
    if blank.any():
        problems.add(
            f"Column {column!r} names no group at the ids {some(ids[blank])}.",
            "Write a group into each (one of its own, where the row stands alone), or set `ingest.group: null`.",
        )
    groups: np.ndarray = texts.to_numpy(zero_copy_only=False)
    return groups


def _parts(cells: pa.Table, column: str, ids: np.ndarray, problems: Problems) -> np.ndarray:
    texts = exact_text(cells.column(column))
    blank = is_blank(texts)
    if blank.any():
        problems.add(
            f"Column {column!r} names no part in {blank.sum()} rows, at the ids {some(ids[blank])}.",
            "Write train, validation or test into each (split.parts declares other words), or set `split.by: hash` and"
            " `ingest.part: null`.",
        )
    parts: np.ndarray = texts.to_numpy(zero_copy_only=False)
    return parts


def _verified(cells: pa.Table, column: str, problems: Problems) -> np.ndarray:
    """Return "true" for each row whose label a person verified, else "false"; a blank says that nobody did."""
    texts = exact_text(cells.column(column))
    said = np.array(texts.to_numpy(zero_copy_only=False), dtype=object)
    said[is_blank(texts)] = "false"
    codes, spellings = pd.factorize(said)
    known = {text: truth_of(text) for text in spellings}
    strange = [text for text, meant in known.items() if meant is None]
    if strange:
        problems.add(
            f"Column {column!r} says whether a label is verified, and holds {some(strange)}.",
            "Write true, false or nothing into it, or set `ingest.verified: null`.",
        )
    return np.array([known[text] or "false" for text in spellings], dtype=object)[codes]

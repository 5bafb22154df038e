"""From the cells of a source to votes: a column for each person, or a table of id, annotator and label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError, Problems, nearest, some
from ceteris.sections import MAJORITY, Ingest
from ceteris.tables.columns import exact_text, is_blank, is_plain
from ceteris.tables.labels import typed
from ceteris.tables.row_ids import filled
from ceteris.tables.votes import Votes, majority

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["COLUMNS", "given_labels", "note_strange", "read_votes"]

COLUMNS = ("id", "annotator", "label")


def read_votes(
    cells: pa.Table,
    listed: pa.Table | None,
    ingest: Ingest,
    ids: np.ndarray,
    problems: Problems,
    every: np.ndarray | None = None,
) -> Votes:
    """Return every vote, labels by `ingest.label_type`; noted is what cannot be used.

    Parameters
    ----------
    cells : Table
        The source, with a column for each of `ingest.annotators`.
    listed : Table or None
        What `ingest.votes` holds.
    ids : ndarray of str objects, shape (n_rows,)
    every : ndarray of str objects, optional
        The ids of all rows of the source as it spells them, also of those left out; default: `ids`.
    """
    if listed is None:
        votes = _of_columns(cells, ingest.annotators or (), problems)
    else:
        everybody = filled(ids if every is None else every, ingest.id_width)
        votes = _of_lines(listed, ingest, ids, set(everybody), problems)
    with problems.noted():
        votes = Votes(votes.rows, votes.people, typed(votes.labels, ingest.label_type, _called(ingest)))
    if listed is not None and len(set(votes.people)) == 1:
        problems.add(
            f"{ingest.votes} holds the labels of one person only, {votes.people[0]!r}: nobody else's stand against them.",
            "Write them into a column of the source, and name it in `ingest.label` with `ingest.votes: null`.",
        )
    return votes


def _called(ingest: Ingest) -> str:
    return ingest.votes or "ingest.annotators"


def _of_columns(cells: pa.Table, people: tuple[str, ...], problems: Problems) -> Votes:
    parts = []
    for person in people:
        texts = exact_text(cells.column(person))
        told = np.flatnonzero(~is_blank(texts))
        if not len(told):
            problems.add(
                f"The annotator {person!r} answered nothing: every cell of that column is empty.",
                "Take the name out of `ingest.annotators` in params.yaml (and list the column under `ingest.drop`).",
            )
        parts.append((told, np.full(len(told), person, dtype=object), texts.to_numpy(zero_copy_only=False)[told]))
    return _joined(parts)


def _of_lines(listed: pa.Table, ingest: Ingest, ids: np.ndarray, every: set[str], problems: Problems) -> Votes:
    lacking = [column for column in COLUMNS if column not in listed.column_names]
    odd = [column for column in COLUMNS if column not in lacking and not is_plain(listed.schema.field(column).type)]
    if lacking or odd:
        raise BadInputError(
            f"{ingest.votes} has no column {some(lacking)}." if lacking else f"{ingest.votes} column {some(odd)} is no text.",
            f"Name its columns {', '.join(COLUMNS)}: one line for each label that a person gave a row.",
        )
    columns = [exact_text(listed.column(column)) for column in COLUMNS]
    blank = np.stack([is_blank(column) for column in columns])
    told = ~blank[2]  # a line without a label is no answer
    named, people, labels = (column.to_numpy(zero_copy_only=False) for column in columns)
    named = filled(named, ingest.id_width)
    _note_silent(people, told & ~blank[1], ingest, problems)
    nameless = told & (blank[0] | blank[1])
    if nameless.any():
        problems.add(
            f"{ingest.votes} holds {nameless.sum()} labels without an id or a name: lines {some(np.flatnonzero(nameless) + 1)}"
            " (counted from the first as 1).",
            "Write both into each line.",
        )
    told &= ~nameless
    rows = np.full(len(told), -1)
    rows[told] = pd.Index(ids).get_indexer(pd.Index(named[told], dtype=object))
    unknown = told & ~pd.Series(named, dtype=object).isin(every).to_numpy()
    if unknown.any():
        problems.add(
            f"{ingest.votes} holds {unknown.sum()} labels of rows that the source has not:"
            f" {some(sorted(set(named[unknown])))}.",
            "Take these lines out, or add the rows.",
        )
    told &= rows >= 0
    votes = Votes(rows[told], people[told], labels[told])
    again = pd.DataFrame({"row": votes.rows, "person": votes.people}).duplicated().to_numpy()
    if again.any():
        first = np.flatnonzero(again)[0]
        problems.add(
            f"{ingest.votes} holds {again.sum()} labels of a person for a row that the same person labelled before:"
            f" {votes.people[first]!r}, {ids[votes.rows[first]]!r}.",
            "Keep one line for each person and row.",
        )
    return votes.take(~again)


def _note_silent(people: np.ndarray, told: np.ndarray, ingest: Ingest, problems: Problems) -> None:
    silent = sorted({person for person in people if person is not None} - set(people[told]))
    if silent:
        problems.add(f"{ingest.votes} names people who answered nothing: {some(silent)}.", "Take their lines out of it.")


def _joined(parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Votes:
    rows, people, labels = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Votes(rows, people, labels)


def given_labels(votes: Votes, ids: np.ndarray, ingest: Ingest, problems: Problems) -> np.ndarray:
    """Return the labels that `ingest.given` makes of the votes, None where nobody who counts answered, shape (n_rows,)."""
    people = set(votes.people)
    if ingest.given == MAJORITY and MAJORITY in people:
        problems.add(
            f"An annotator is called {MAJORITY!r}, which is the name of a rule.", "Give that person another name in the source."
        )
    if ingest.given == MAJORITY:
        found = majority(votes, ids)
    else:
        if ingest.given not in people:
            problems.add(
                f"`ingest.given` is {ingest.given!r}, who gave no label.{nearest(str(ingest.given), people, listed=True)}",
                f"Write {MAJORITY}, or the name of somebody who did.",
            )
        mine = votes.people == ingest.given
        found = np.full(len(ids), None, dtype=object)
        found[votes.rows[mine]] = votes.labels[mine]
    blank = np.array([label is None for label in found], dtype=bool)
    if blank.any() and ingest.unlabelled == "refuse":
        who = "anybody" if ingest.given == MAJORITY else ingest.given
        problems.add(
            f"{problems.name} has no label of {who} in {blank.sum()} rows, at the ids {some(ids[blank])}.",
            "Have them labelled, or leave them out: params.yaml `ingest.unlabelled: drop`.",
        )
    return found


def note_strange(votes: Votes, ids: np.ndarray, classes: set[str], problems: Problems) -> None:
    """Note votes for what is no class: no row has it as its given label, nor is it declared."""
    strange = ~pd.Series(votes.labels, dtype=object).isin(classes).to_numpy()
    for label in sorted(set(votes.labels[strange]))[:5]:
        mine = (votes.labels == label) & strange
        problems.add(
            f"{some(sorted(set(votes.people[mine])))} gave {mine.sum()} rows the label {label!r}, which is no class: no row is"
            f" given it. The rows are {some(ids[votes.rows[mine]])}.{nearest(label, classes, listed=True)}",
            "Correct it; leave the cell empty where it means that the person did not know; or, where it is a class, list all"
            " classes under `validate.classes`.",
        )

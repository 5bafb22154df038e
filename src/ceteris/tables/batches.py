"""Rows that came later: batches beside the source, each row's batch noted, and what each batch was worth. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ceteris.dataset import BATCH, ID, META
from ceteris.errors import Problems, counted, some
from ceteris.kinds import is_number, kinds_of
from ceteris.tables.rows import Table

__all__ = ["joined"]


def joined(source: Table, batches: Mapping[str, Table]) -> Table:
    """Return the rows of a source and of its batches as one table, sorted by id, with the column `dataset.BATCH`.

    It holds the batch's name, and "" for rows of the source itself. What is wrong with a batch stands in the problems.
    """
    problems, notes = source.problems, list(source.notes)
    problems.refuse()
    frames = [source.frame.assign(**{BATCH: ""})]
    for name, batch in batches.items():
        batch.problems.refuse()
        rows = _with_nothing(batch.frame, source.frame)
        _note_other_columns(source.frame, rows, name, problems)
        frames.append(rows.assign(**{BATCH: name}))
        notes += [f"{counted(len(batch.frame), 'row')} of the batch {name}", *(f"batch {name}: {note}" for note in batch.notes)]
    problems.refuse()
    frame = pd.concat(frames, ignore_index=True)
    _note_repeated(frame, problems)
    frame[BATCH] = frame[BATCH].astype(object)
    order = np.argsort(frame[ID].to_numpy(dtype=object).astype(np.dtypes.StringDType()), kind="stable")
    return replace(source, frame=frame.iloc[order].reset_index(drop=True), notes=tuple(notes))


def _with_nothing(batch: pd.DataFrame, source: pd.DataFrame) -> pd.DataFrame:
    """Return a batch whose columns without any value are of the source's type: nothing tells what they hold."""
    empty = [name for name in batch if name in source and name not in META and batch[name].isna().all()]
    rows = batch.copy(deep=False)
    for name in empty:
        value = float("nan") if is_number(source[name]) else None
        rows[name] = pd.Series(value, index=batch.index, dtype=source[name].dtype)
    return rows


def _note_other_columns(source: pd.DataFrame, batch: pd.DataFrame, name: str, problems: Problems) -> None:
    here, there = _kinds(source), _kinds(batch)
    lacking, strange = sorted(here.keys() - there.keys()), sorted(there.keys() - here.keys())
    if lacking or strange:
        told = [f"lacks {some(lacking)}"] * bool(lacking) + [f"has {some(strange)} besides"] * bool(strange)
        problems.add(f"The batch {name} {' and '.join(told)}.", "Give it the columns of ingest.source, no more and no fewer.")
    other = [column for column in sorted(here.keys() & there.keys()) if here[column] != there[column]]
    if other:
        told = [f"{column!r} ({there[column]}, in the source {here[column]})" for column in other[:5]]
        problems.add(
            f"The batch {name} holds other kinds of values in {len(other)} columns: {some(told)}.",
            "Write them as in the source, or declare the kind of the column under `ingest.kinds`.",
        )
    for column in META:
        if (column in source) != (column in batch):
            problems.add(f"Of the batch {name} the column {column} is not known as of the source.", "Add that column to it.")


def _kinds(frame: pd.DataFrame) -> dict[str, str]:
    return kinds_of(frame.drop(columns=[*META], errors="ignore"))


def _note_repeated(frame: pd.DataFrame, problems: Problems) -> None:
    repeated = frame[frame[ID].duplicated(keep=False)]
    if len(repeated):
        where: Sequence[str] = [name or "the source" for name in dict.fromkeys(repeated[BATCH])]
        problems.add(
            f"{repeated[ID].nunique():,} ids stand in more than one of {some(where)}: {some(repeated[ID].unique())}.",
            "Leave those rows out of the batch, or give them ids of their own.",
        )
    problems.refuse()

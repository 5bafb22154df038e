"""The door to the blind review of test rows: which of them the look that was taken asks for, and where answers to them go."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ceteris.editing import edits
from ceteris.editing.ledger import read_ledger
from ceteris.errors import BadInputError, IntegrityError, SealedTestError, some
from ceteris.layout import read_layout
from ceteris.release.folder import ACCEPTANCE, EDITS, QUEUE, read_looks
from ceteris.release.looks import Look, Question, find
from ceteris.release.sealed import open_test, seal_of
from ceteris.splitting.splits import TEST
from ceteris.store import read_json, read_params, read_table

__all__ = ["asked_labels", "asked_rows"]

_TAKE_ONE = "Take one, or go on with one that was taken: ceteris accept MODEL/VERSION --baseline MODEL/VERSION"


def asked_rows(root: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows that the look still asks a person for (id, pi, label), and their features, indexed by id.

    Raises
    ------
    SealedTestError
        No look was taken at the test part as it is sealed now.
    BadInputError
        The look was taken on a metric that such a review cannot settle.
    """
    look = _taken(root)
    if look.question.metric != "accuracy":
        raise BadInputError(
            f"Look {look.number} was taken on {look.question.metric}, which also depends on labels of rows on which the arms "
            "agree: no review of their disagreements settles it.",
            "Set compare.metric: accuracy in params.yaml, and take another look.",
        )
    rows = open_test(root, read_layout(root), look).rows
    answered = edits.resolve(read_ledger(root / EDITS), read_params(root).fix.conflicts)["id"]
    asked = _queue(root)
    asked = asked[~asked["id"].isin(answered)].reset_index(drop=True)
    return asked, rows.features.set_index(pd.Index(rows.ids, dtype=object)).loc[asked["id"]]


def asked_labels(root: Path, parts: pd.Series, ids: Iterable[str]) -> pd.Series:
    """Return the given label of those of these ids that are test rows, indexed by id; empty where none is.

    Parameters
    ----------
    parts : Series
        The part of each id, indexed by id.
    ids : iterable of str
        What somebody answered for.

    Raises
    ------
    SealedTestError
        One of them is a test row that no look asked for.
    """
    sealed = sorted({name for name in ids if parts.get(name) == TEST})
    if not sealed:
        return pd.Series(dtype=object)
    look = _taken(root)
    rows = open_test(root, read_layout(root), look).rows
    unasked = sorted(set(sealed) - set(_queue(root)["id"]))
    if unasked:
        raise SealedTestError(
            f"Look {look.number} at the test part does not ask for these of its rows: {some(unasked)}.",
            "Answer the rows of: ceteris queue test",
        )
    return pd.Series(rows.labels, index=rows.ids).loc[sealed]


def _queue(root: Path) -> pd.DataFrame:
    path = root / QUEUE
    if not path.is_file():
        return pd.DataFrame({"id": [], "pi": [], "label": []})
    try:
        return read_table(path, text=("id", "label"))[["id", "pi", "label"]]
    except (ValueError, KeyError):
        raise IntegrityError(f"{QUEUE} is not what accept wrote.", "Write it anew: ceteris accept") from None


def _taken(root: Path) -> Look:
    """Return the look whose verdict stands in acceptance.json, and which was taken at the part that is sealed now."""
    path = root / ACCEPTANCE
    try:
        asked = read_json(path).get("question") if path.is_file() else None
        question = Question(**asked) if asked else None
    except (ValueError, AttributeError, TypeError):
        raise IntegrityError(f"{ACCEPTANCE} is not what accept wrote.", "Write it anew: ceteris accept") from None
    look = find(read_looks(root), question) if question else None
    if look is None or look.question.test != seal_of(root, read_layout(root)):
        raise SealedTestError(
            "No look was judged at the test part as it is sealed now, and only a look asks about its rows.", _TAKE_ONE
        )
    return look

"""The ledger as a table of who said what of which row and when, and what became of it since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from ceteris.editing.edits import STATES, states
from ceteris.errors import BadInputError, nearest

__all__ = ["COLUMNS", "FILTERS", "chosen", "moment", "standing"]

COLUMNS = (
    "at", "reviewer", "batch", "id", "part", "action", "given_label", "new_label", "source", "reason", "state", "ended_by",
    "ended_at", "answer", "reverts", "where",
)  # fmt: skip
FILTERS = ("reviewer", "batch", "source", "action", "id", "state")


def standing(lines: pd.DataFrame, parts: Mapping[str, str]) -> pd.DataFrame:
    """Return every line of the ledger in the order of time, the columns as of `COLUMNS`.

    `state` is one of `edits.STATES`; of an answer that was reverted or replaced, `ended_by` and `ended_at` say who did that
    and when. A line that reverts bears the id of the answer that it takes back.

    Parameters
    ----------
    lines : DataFrame
        From `ledger.read_ledger` or `scan_ledger`.
    parts : mapping of str to str
        The part of each id; "" stands for an id that is in no part today.
    """
    found = lines.reset_index(drop=True)
    found = found.assign(state=states(found), _at=[datetime.fromisoformat(value) for value in found["at"]])
    found = found.sort_values("_at", kind="stable")
    answered = found.drop_duplicates("answer").set_index("answer")["id"]
    blank = (found["action"] == "revert") & (found["id"] == "")
    found["id"] = found["id"].where(~blank, found["reverts"].map(answered).fillna(""))
    found["part"] = [parts.get(name, "") for name in found["id"]]
    ends = _ends(found[["id", "reviewer", "at", "state", "answer", "reverts"]].to_dict("records"))
    found["ended_by"], found["ended_at"] = [who for who, _ in ends], [at for _, at in ends]
    return found[list(COLUMNS)].reset_index(drop=True).astype(object)


def _ends(lines: Sequence[Mapping[Any, Any]]) -> list[tuple[str, str]]:
    """Return who ended each line and when, "" where nobody did; lines are in the order of time."""
    nobody = ("", "")
    reverts = {line["reverts"]: (line["reviewer"], line["at"]) for line in reversed(lines) if line["state"] == "revert"}
    later: dict[tuple[str, str], tuple[str, str]] = {}
    ends = []
    for line in reversed(lines):
        whose, end = (line["id"], line["reviewer"]), nobody
        if line["state"] == "reverted":
            end = reverts[line["answer"]]
        elif line["state"] in ("live", "replaced"):
            end, later[whose] = later.get(whose, nobody), (line["reviewer"], line["at"])
        ends.append(end)
    return ends[::-1]


def chosen(table: pd.DataFrame, since: str | None = None, **wanted: str | None) -> pd.DataFrame:
    """Return the lines of a table of `standing` that are asked for.

    Parameters
    ----------
    since : str, optional
        A day or a moment (ISO); without a time zone in UTC.
    wanted : str, optional
        A value of a column of `FILTERS`.

    Raises
    ------
    BadInputError
        No line has that value, or `since` is no day.
    """
    found = table
    for column, value in wanted.items():
        if value is None:
            continue
        if value not in set(table[column]):
            known = STATES if column == "state" else sorted(set(table[column]) - {""})
            raise BadInputError(
                f"No line of the ledger has the {column} {value!r}.{nearest(value, known)}", "See: ceteris edits list"
            )
        found = found[found[column] == value]
    if since is not None:
        first = moment(since)
        found = found[[datetime.fromisoformat(value) >= first for value in found["at"]]]
    return found.reset_index(drop=True)


def moment(text: str) -> datetime:
    """Return the moment that a text names, refusing one that names none."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadInputError(f"{text!r} is no day.", "Write it like 2026-01-31, or 2026-01-31T12:00.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)

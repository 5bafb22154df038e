"""Answers taken back: a line each, which cancels another; nothing is ever removed."""

from __future__ import annotations

import uuid

import pandas as pd

from ceteris.errors import BadInputError

__all__ = ["still_answered", "to_reverts", "with_reverts"]


def to_reverts(known: pd.DataFrame, chosen: pd.Series, what: str, *, reviewer: str, at: str) -> list[dict[str, str]]:
    """Return the ledger lines that cancel every live answer among those chosen.

    Parameters
    ----------
    known : DataFrame
        The ledger so far.
    chosen : Series of bool, aligned with `known`
    what : str
        Their name, for the refusal.
    reviewer : str
        Who takes them back.

    Raises
    ------
    BadInputError
        All of them were taken back before.
    """
    undone = set(known.loc[known["action"] == "revert", "reverts"])
    live = known[chosen & (known["action"] != "revert") & ~known["answer"].isin(undone)].drop_duplicates("answer")
    if live.empty:
        raise BadInputError(f"All of {what} was taken back before.", "Nothing is left to do.")
    same = {"action": "revert", "new_label": "", "reviewer": reviewer, "batch": "reverts", "at": at, "source": "revert"}
    return [
        same | {"id": str(id), "given_label": str(given), "answer": str(uuid.uuid4()), "reverts": str(answer)}
        for id, given, answer in live[["id", "given_label", "answer"]].itertuples(index=False)
    ]


def still_answered(known: pd.DataFrame, reverts: list[dict[str, str]]) -> int:
    """Return how many rows whose answers these lines took back have another live answer in the ledger."""
    undone = {*known.loc[known["action"] == "revert", "reverts"], *(line["reverts"] for line in reverts)}
    live = known[(known["action"] != "revert") & ~known["answer"].isin(undone)]
    return len({line["id"] for line in reverts} & set(live["id"]))


def with_reverts(known: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
    """Return the lines of some answers, and of what takes them back.

    Parameters
    ----------
    known : DataFrame
        The ledger.
    chosen : Series of bool, aligned with `known`
    """
    reverts = known["action"] == "revert"
    answers = chosen & ~reverts
    return known[answers | (reverts & known["reverts"].isin(set(known.loc[answers, "answer"])))]

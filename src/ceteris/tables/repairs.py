"""Rows that are left out, and classes that become one, where `ingest` says so. Pure; done twice is done once.

Which rows stay depends on what they hold and on their ids, never on the order of the file: of equal rows the first id stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ceteris.dataset import ID, LABEL, META, TRUE_LABEL, VERIFIED, row_digests
from ceteris.errors import ParamsError, counted
from ceteris.sections import Ingest

__all__ = ["OTHER", "Sets", "rare_classes", "repaired", "sets_of", "without_one"]

OTHER = "other"


@dataclass(frozen=True)
class Sets:
    """Which rows equal each other.

    Attributes
    ----------
    features : ndarray of bytes objects, shape (n_rows,)
        One text for rows of equal features.
    copies : ndarray of bool, shape (n_rows,)
        Rows that equal one before them in everything but the id.
    conflicting : ndarray of bool, shape (n_rows,)
        Rows of equal features of which some have another label.
    """

    features: np.ndarray
    copies: np.ndarray
    conflicting: np.ndarray


def sets_of(frame: pd.DataFrame, features: np.ndarray | None = None) -> Sets:
    """Return the sets of equal rows of a table in the form of `sources.read`."""
    held = row_digests(frame.drop(columns=[*META], errors="ignore")) if features is None else features
    said = frame[[name for name in META if name in frame and name != ID]]
    copies = said.assign(**{"ceteris:features": held}).duplicated()
    labels = frame[LABEL].groupby(held).transform("nunique")
    return Sets(held, copies.to_numpy(dtype=bool), (labels > 1).to_numpy(dtype=bool))


def rare_classes(labels: pd.Series, below: int) -> list[str]:
    """Return the classes of fewer rows, in the order of the alphabet; never the one that rare classes become."""
    counts = labels.value_counts()
    return sorted(str(name) for name, count in counts.items() if count < below and name != OTHER)


def repaired(frame: pd.DataFrame, ingest: Ingest) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows after the repairs that are declared, and what each did.

    Repairs are done over and over until nothing is left to do: classes that become one can make rows equal, and rows that are
    left out can make a class rare. Copies are votes in the majority of labels, though they go in the same round.

    Parameters
    ----------
    frame : DataFrame
        In the form of `sources.read`, each row with a label, sorted by id.

    Raises
    ------
    ParamsError
        Labels are numbers, of which none is rare and none in the majority.
    """
    _refuse_numbers(ingest)
    counts, already = {"copies": 0, "conflicting": 0, "rare": 0}, int((frame[LABEL] == OTHER).sum())
    classes: set[str] = set()
    before = -1
    digests: np.ndarray | None = None
    while before != sum(counts.values()):
        before = sum(counts.values())
        if ingest.duplicates == "drop" or ingest.conflicting != "keep":
            sets = sets_of(frame, digests)
            gone = sets.copies if ingest.duplicates == "drop" else np.zeros(len(frame), dtype=bool)
            counts["copies"] += int(gone.sum())
            lost = _outvoted(frame, sets, ingest.conflicting) & ~gone
            counts["conflicting"] += int(lost.sum())
            frame, digests = frame[~(gone | lost)].reset_index(drop=True), sets.features[~(gone | lost)]
        if ingest.rare_classes != "keep":
            rare = set(rare_classes(frame[LABEL], ingest.rare_below))
            here = frame[LABEL].isin(rare).to_numpy()
            counts["rare"] += int(here.sum())
            classes |= rare
            frame, digests = _without_rare(frame, digests, rare, here, ingest.rare_classes)
    return frame, _told(counts, len(classes), already, ingest)


def without_one(ingest: Ingest) -> str:
    """Return the words of `dvc exp run` for a run without one of the repairs that stand, "" where none can be told by that."""
    off = {"duplicates": "keep", "conflicting": "keep", "sentinels": "null", "units": "null", "decimal": "point"}
    off |= {"rare_classes": "keep"} if ingest.rare_classes == "drop" else {}
    default = Ingest()
    on = [key for key in off if getattr(ingest, key) != getattr(default, key)]
    return f"-S ingest.{on[0]}={off[on[0]]}" if on else ""


def _without_rare(
    frame: pd.DataFrame, digests: np.ndarray | None, rare: set[str], here: np.ndarray, become: str
) -> tuple[pd.DataFrame, np.ndarray | None]:
    if become == "drop":
        return frame[~here].reset_index(drop=True), None if digests is None else digests[~here]
    named = [column for column in (LABEL, TRUE_LABEL) if column in frame]
    return frame.assign(**{column: frame[column].where(~frame[column].isin(rare), OTHER) for column in named}), digests


def _outvoted(frame: pd.DataFrame, sets: Sets, rule: str) -> np.ndarray:
    """Return the rows of conflicting sets that are left out: all, or those without the most frequent label of their set.

    Where some labels of a set came verified, they alone decide. A set without a majority is left out whole.
    """
    if rule != "majority" or not sets.conflicting.any():
        return sets.conflicting if rule == "drop" else np.zeros(len(frame), dtype=bool)
    votes = frame.loc[sets.conflicting, [LABEL]].assign(features=sets.features[sets.conflicting])
    if VERIFIED in frame:
        votes = votes.assign(weight=(frame.loc[sets.conflicting, VERIFIED] == "true").astype(int))
        known = votes.groupby("features")["weight"].transform("max")
        votes["weight"] = np.where(known > 0, votes["weight"], 1)
    else:
        votes = votes.assign(weight=1)
    counted = votes.groupby(["features", LABEL])["weight"].sum()
    most = counted.groupby(level="features").transform("max")
    leading = counted[counted == most].reset_index()
    winners = leading[~leading["features"].duplicated(keep=False)].set_index("features")[LABEL]
    lost = np.zeros(len(frame), dtype=bool)
    lost[sets.conflicting] = (votes[LABEL] != votes["features"].map(winners)).to_numpy()
    return lost


def _refuse_numbers(ingest: Ingest) -> None:
    if ingest.label_type != "number":
        return
    for key, value in (("rare_classes", ingest.rare_classes), ("conflicting", ingest.conflicting)):
        if value not in ("keep", "drop") or (key == "rare_classes" and value != "keep"):
            raise ParamsError(
                f"ingest.{key} is {value!r}, and ingest.label_type 'number': numbers are no classes.",
                f"Write `ingest.{key}: keep`" + (" or `ingest.conflicting: drop`." if key == "conflicting" else "."),
            )


def _told(counts: dict[str, int], classes: int, already: int, ingest: Ingest) -> list[str]:
    how = {"drop": "", "majority": ", and without the label that most of them have"}.get(ingest.conflicting, "")
    rare = f"of {counted(classes, 'class', 'classes')} with fewer than {ingest.rare_below:,} rows"
    joined = f", which {counted(already, 'row')} had before" if already else ""
    became = f"now of the class {OTHER!r}{joined}" if ingest.rare_classes == "other" else "left out"
    said = {
        "copies": "left out (ingest.duplicates): equal to another in all but the id",
        "conflicting": f"left out (ingest.conflicting): with equals that have other labels{how}",
        "rare": f"{became} (ingest.rare_classes): {rare}",
    }
    return [f"{counted(count, 'row')} {said[key]}" for key, count in counts.items() if count]

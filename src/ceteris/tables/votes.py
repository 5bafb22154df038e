"""What several people said of the same rows: votes, kept beside the table and never among the features."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ceteris.dataset import codes

__all__ = ["FEWEST_VOTES", "Votes", "by_person", "majority", "packed", "settled", "unpacked", "without"]

FEWEST_VOTES = 3  # under which no majority verifies a label


@dataclass(frozen=True)
class Votes:
    """One line a vote: the position of its row, who gave it, and the label; ndarrays of shape (n_votes,)."""

    rows: np.ndarray
    people: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, which: np.ndarray) -> Votes:
        """Return the votes at these positions, or where this mask holds."""
        return Votes(self.rows[which], self.people[which], self.labels[which])


def packed(votes: Votes, n_rows: int) -> np.ndarray:
    """Return the votes on each row as one text, a JSON object of person to label, shape (n_rows,)."""
    said: list[dict[str, str]] = [{} for _ in range(n_rows)]
    for row, person, label in zip(votes.rows, votes.people, votes.labels, strict=True):
        said[row][person] = label
    return np.array([json.dumps(one, ensure_ascii=False, sort_keys=True) for one in said], dtype=object)


def unpacked(texts: np.ndarray) -> Votes:
    """Return what `packed` packed, rows in their order."""
    said = [(row, person, label) for row, text in enumerate(texts) for person, label in json.loads(text).items()]
    rows, people, labels = zip(*said, strict=True) if said else ((), (), ())
    return Votes(np.array(rows, dtype=np.int64), np.array(people, dtype=object), np.array(labels, dtype=object))


def without(votes: Votes, people: Collection[str]) -> Votes:
    """Return the votes of everybody else."""
    return votes.take(~np.isin(votes.people.astype(str), [str(person) for person in people]))


def by_person(votes: Votes, n_rows: int, classes: tuple[str, ...]) -> tuple[np.ndarray, list[str]]:
    """Return codes of shape (n_rows, n_people), NaN where a person gave no class, and the people, sorted by name."""
    given = codes(votes.labels, classes)
    known = given >= 0
    people = sorted(set(votes.people[known]))
    table = np.full((n_rows, len(people)), np.nan)
    table[votes.rows[known], pd.Index(people).get_indexer(pd.Index(votes.people[known]))] = given[known]
    return table, people


def majority(votes: Votes, ids: np.ndarray) -> np.ndarray:
    """Return the label that most people gave each row, None where nobody gave one, shape (n_rows,).

    Between labels that as many gave a lot decides: the smallest sha256 of the row's id and the label. It is the same every
    time, wherever a row stands, and favours no class.
    """
    most = _most(votes)
    tied = most["row"].duplicated(keep=False)
    most = most.assign(
        lot=[
            hashlib.sha256(f"{ids[row]}\x1f{label}".encode("utf-8", "surrogatepass")).hexdigest() if draw else ""
            for row, label, draw in zip(most["row"], most["label"], tied, strict=True)
        ]
    )
    chosen = most.sort_values(["row", "lot"], kind="stable").drop_duplicates("row")
    found = np.full(len(ids), None, dtype=object)
    found[chosen["row"].to_numpy(dtype=np.int64)] = chosen["label"].to_numpy(dtype=object)
    return found


def settled(votes: Votes, n_rows: int) -> np.ndarray:
    """Return the label that more than half of three or more people gave each row, else None, shape (n_rows,).

    No model takes part, so that it favours none: such a label may judge.
    """
    most = _most(votes)
    told = np.bincount(votes.rows, minlength=n_rows)[most["row"].to_numpy(dtype=np.int64)]
    most = most[(told >= FEWEST_VOTES) & (2 * most["n"].to_numpy() > told)]
    found = np.full(n_rows, None, dtype=object)
    found[most["row"].to_numpy(dtype=np.int64)] = most["label"].to_numpy(dtype=object)
    return found


def _most(votes: Votes) -> pd.DataFrame:
    """Return the labels that most people gave a row: row, label, n; more than one line a row where they tie."""
    told = pd.DataFrame({"row": votes.rows, "label": pd.Series(votes.labels, dtype=object)})
    counted = told.groupby(["row", "label"], sort=True).size().reset_index(name="n")
    return counted[counted["n"] == counted.groupby("row")["n"].transform("max")].reset_index(drop=True)

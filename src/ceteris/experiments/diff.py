"""The diff beside the effect: which train rows changed, by class and batch, which validation rows flipped, and where."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ceteris.kinds import array_kind

__all__ = ["Diff", "by_class", "flips", "relabellings", "row_changes", "shifts", "slices", "tally"]

CHANGES = ("relabelled", "dropped", "added")
FLIPS = ("turned right", "turned wrong")
_MOST_VALUES = 20
_FEWEST_IN_SLICE, _FEWEST_FLIPS = 10, 3


@dataclass(frozen=True)
class Diff:
    """What lies beside an effect.

    Attributes
    ----------
    rows : DataFrame
        One line a changed train row: id, change (one of CHANGES), before, after (labels), batch.
    flipped : DataFrame
        One line a validation row that most seeds predict otherwise: id, flip (one of FLIPS), label, before, after.
    by_slice : DataFrame
        slice, rows, turned right, turned wrong: where the flips are; looked for, so exploratory.
    """

    rows: pd.DataFrame
    flipped: pd.DataFrame
    by_slice: pd.DataFrame


def row_changes(
    before: pd.DataFrame,
    after: pd.DataFrame,
    batches: Mapping[tuple[str, str], str],
    parts: tuple[pd.DataFrame, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Return one line a train row that differs between two versions.

    Parameters
    ----------
    before, after : DataFrame
        The columns id and label.
    batches : mapping
        The batch of edits that gave an id its label, by (id, label), label "" where it dropped the row. A change is put down to
        the batch that made what is, else to the one that made what was and is now reverted, else to the version's recipe.
    parts : two DataFrames, optional
        The train rows that either version was made of, with the column id; default: all rows, so that what was added is new.
    """
    sides = before[["id", "label"]], after[["id", "label"]]
    joined = sides[0].merge(sides[1], on="id", how="outer", suffixes=("_before", "_after"), indicator=True)
    change = joined["_merge"].map({"left_only": "dropped", "right_only": "added", "both": "relabelled"}).astype(object)
    moved = (joined["_merge"] != "both") | (joined["label_before"] != joined["label_after"])
    table = pd.DataFrame(
        {"id": joined["id"], "change": change, "before": joined["label_before"], "after": joined["label_after"]}
    )[moved]
    labels = table[["before", "after"]].fillna("")
    keys = zip(table["id"], labels["before"], labels["after"], strict=True)
    batch = [batches.get((id, now), batches.get((id, was), "by its recipe")) for id, was, now in keys]
    table = table.assign(batch=pd.Series(batch, index=table.index, dtype=object))
    came, went = (set(part["id"]) for part in (parts or sides))
    table.loc[(table["change"] == "added") & ~table["id"].isin(came), "batch"] = "new train rows"
    if parts is not None:
        table.loc[(table["change"] == "dropped") & ~table["id"].isin(went), "batch"] = "no longer train rows"
    return table.sort_values("id", ignore_index=True)


def flips(
    ids: np.ndarray, labels: np.ndarray, baseline: np.ndarray, candidate: np.ndarray, classes: tuple[str, ...]
) -> pd.DataFrame:
    """Return the validation rows that flipped: right in most seeds of one arm and in at most half of the other's.

    Parameters
    ----------
    labels : array of int, shape (n_rows,)
    baseline, candidate : array of int, shape (n_seeds, n_rows)
        Predicted codes of `classes`.
    """
    if not classes:  # a number is never right, so that none flips
        return pd.DataFrame({"id": [], "flip": [], "label": [], "before": [], "after": []}, dtype=object)
    right = [(arm == labels).mean(axis=0) > 0.5 for arm in (baseline, candidate)]
    moved = np.flatnonzero(right[0] != right[1])
    names = np.array(classes, dtype=object)
    return pd.DataFrame(
        {
            "id": ids[moved],
            "flip": np.where(right[1][moved], *FLIPS).astype(object),
            "label": names[labels[moved]],
            "before": names[_most_predicted(baseline[:, moved], len(classes))],
            "after": names[_most_predicted(candidate[:, moved], len(classes))],
        }
    )


def _most_predicted(predicted: np.ndarray, n_classes: int) -> np.ndarray:
    counts = np.stack([(predicted == code).sum(axis=0) for code in range(n_classes)])
    return np.asarray(counts.argmax(axis=0), dtype=np.intp)


def tally(table: pd.DataFrame, by: str, what: str) -> pd.DataFrame:
    """Return how often each kind of `what` occurs for each value of `by`, the most frequent first."""
    counts = pd.crosstab(table[by].fillna(""), table[what])
    kinds = [kind for kind in (*CHANGES, *FLIPS) if kind in counts]
    ordered = counts.loc[counts.sum(axis=1).sort_values(ascending=False, kind="stable").index, kinds]
    return ordered.rename_axis(by).reset_index().rename_axis(None, axis=1)


def by_class(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how many train rows of each class changed, a class being what a row was before, or is where it is new."""
    return tally(rows.assign(**{"class": rows["before"].fillna(rows["after"])}), "class", "change")


def relabellings(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how many train rows went from one class to another, the most frequent first: from, to, rows."""
    moved = rows[rows["change"] == "relabelled"]
    counts = moved.groupby(["before", "after"], sort=True).size().sort_values(ascending=False, kind="stable")
    return counts.rename_axis(["from", "to"]).reset_index(name="rows")


def shifts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how far relabelled train rows moved whose labels are numbers: rows, up, down, middle and largest change; one line.

    None where no row was relabelled.
    """
    moved = rows[rows["change"] == "relabelled"]
    by = moved["after"].astype(float) - moved["before"].astype(float)
    told = {
        "rows": len(by),
        "up": (by > 0).sum(),
        "down": (by < 0).sum(),
        "median": by.abs().median(),
        "largest": by.abs().max(),
    }
    texts = {name: [f"{value:g}"] for name, value in told.items()} if len(by) else {name: [] for name in told}
    return pd.DataFrame(texts, dtype=object)


def slices(features: pd.DataFrame, flipped: pd.DataFrame, most: int = 8) -> pd.DataFrame:
    """Return the slices of validation rows where flips lean most to one side, with the rows they hold.

    A slice is one value of a column with few values, or a quarter of a column of numbers; those under 10 rows are left out.
    Many are looked at, so what is found here is a hint and no finding.

    Parameters
    ----------
    features : DataFrame
        The validation rows, indexed by id.
    """
    right = features.index.isin(flipped.loc[flipped["flip"] == FLIPS[0], "id"])
    wrong = features.index.isin(flipped.loc[flipped["flip"] == FLIPS[1], "id"])
    found = [
        {"slice": name, "rows": int(held.sum()), FLIPS[0]: int((held & right).sum()), FLIPS[1]: int((held & wrong).sum())}
        for column in features.columns
        for name, held in _parts(features[column])
        if held.sum() >= _FEWEST_IN_SLICE
    ]
    table = pd.DataFrame(found, columns=["slice", "rows", *FLIPS])
    surplus = (table[FLIPS[0]] - table[FLIPS[1]]).abs()
    lean = (surplus / np.sqrt(table["rows"]))[surplus >= _FEWEST_FLIPS].sort_values(ascending=False, kind="stable")
    return table.loc[lean.index[:most]].reset_index(drop=True)


def _parts(column: pd.Series) -> list[tuple[str, np.ndarray]]:
    if array_kind(column):  # no value of a vector or an image names a part of the rows
        return []
    known = column.dropna()
    values = known.unique()
    parts = [(f"{column.name} is missing", column.isna().to_numpy())]
    if len(values) <= _MOST_VALUES:
        return parts + [(f"{column.name} = {value}", (column == value).to_numpy()) for value in values]
    if not pd.api.types.is_numeric_dtype(column):
        return parts
    edges = np.unique(np.quantile(known, [0, 0.25, 0.5, 0.75, 1]))
    spans = itertools.pairwise(edges)
    return parts + [
        (f"{column.name} {low:.4g} to {high:.4g}", ((column >= low) & ((column < high) | (high == edges[-1]))).to_numpy())
        for low, high in spans
    ]

"""What a look saw, row by row: the gate measures groups and calibration from it, and opens the sealed part for neither."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from ceteris.dataset import ID, Dataset
from ceteris.errors import BadInputError, nearest
from ceteris.training.cells import Cell

__all__ = ["BASELINE", "CANDIDATE", "GROUP_OF", "LABEL", "PROB", "column_of", "judged_rows", "pred_probs_of"]

LABEL, BASELINE, CANDIDATE = "label", "baseline", "candidate"
PROB, GROUP_OF = "prob:", "group:"  # before the name of a class, and of a column


def judged_rows(
    rows: Dataset,
    labels: np.ndarray,
    baseline: Cell,
    candidate: Cell,
    classes: tuple[str, ...],
    columns: Collection[str],
    group: str | None,
) -> pd.DataFrame:
    """Return the label of each test row as judged, and what the first seed of both arms says: it is the one that is packaged.

    Parameters
    ----------
    labels : ndarray of str objects, or of float, shape (n_rows,)
    classes : tuple of str
        In the order of the cells' codes; empty where labels are numbers.
    columns : collection of str
        What groups are made of: features, or `group`, the column that keeps rows of one group together.
    """
    names = np.array(classes, dtype=object)
    table = {ID: rows.ids, LABEL: labels}
    for arm, cell in ((BASELINE, baseline), (CANDIDATE, candidate)):
        table[arm] = names[cell.predicted[0]] if classes else cell.predicted[0]
    if candidate.pred_probs is not None:
        table |= {f"{PROB}{name}": candidate.pred_probs[0][:, place] for place, name in enumerate(classes)}
    for column in columns:
        table[f"{GROUP_OF}{column}"] = column_of(rows, column, group).to_numpy()
    return pd.DataFrame(table)


def pred_probs_of(judged: pd.DataFrame, classes: tuple[str, ...]) -> np.ndarray | None:
    """Return the candidate's probabilities, shape (n_rows, n_classes), or None where it gives none."""
    named = [f"{PROB}{name}" for name in classes]
    return judged[named].to_numpy(dtype=float) if named and set(named) <= set(judged.columns) else None


def column_of(rows: Dataset, column: str, group: str | None) -> pd.Series:
    """Return a column that groups are made of: a feature, or what keeps rows together.

    Raises
    ------
    BadInputError
        The rows have no such column.
    """
    if column in rows.features.columns:
        return rows.features[column]
    if column == group and rows.groups is not None:
        return pd.Series(rows.groups, name=column)
    known = [*map(str, rows.features.columns), *([group] if group else [])]
    raise BadInputError(
        f"gate.groups names the column {column!r}, which the rows do not have.{nearest(column, known)}",
        "Correct gate.groups in release/release.yaml.",
    )

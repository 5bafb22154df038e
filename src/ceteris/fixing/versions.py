"""A version of the train rows, and what recipes may use to make one."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ceteris.errors import ParamsError
from ceteris.tables.votes import Votes

__all__ = ["SIMULATED", "Evidence", "Version", "extended", "joined", "no_patch", "true_labels"]

SIMULATED = "simulated reviewer"
_PATCH = ["id", "action", "given_label", "new_label", "reviewer", "source"]


@dataclass(frozen=True)
class Evidence:
    """What recipes may use: the given train rows, the ranked issues, people's decisions, and true labels where known.

    `queue` holds row positions, most doubted first; `flagged` is a mask; `suggested` and `true` are labels, shape (n_rows,).
    `decisions` are settled by fix.conflicts, `together` by consensus, where a recipe asks for it; where no recipe asks for
    anything else, `decisions` are these, too. `votes` are those of several people, `pred_probs` the audit's, out of fold, where
    a recipe takes votes. `batches` names the batch of each row ("": it was in the source), where there are batches. `diagnosis`
    is the table of issues beyond labels (`diagnosis.looked`), in the order of the rows, where a recipe asks for it.
    """

    ids: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    queue: np.ndarray
    flagged: np.ndarray
    suggested: np.ndarray
    decisions: pd.DataFrame
    true: np.ndarray | None = None
    draws: int = 10
    together: pd.DataFrame | None = None
    votes: Votes | None = None
    pred_probs: np.ndarray | None = None
    batches: np.ndarray | None = None
    diagnosis: pd.DataFrame | None = None


@dataclass(frozen=True)
class Version:
    """A named data set: labels, kept rows and their weights, one row of each array for each draw (one unless `redrawn`).

    Without weights every row weighs 1.
    """

    name: str
    labels: np.ndarray
    kept: np.ndarray
    patch: pd.DataFrame = field(repr=False)
    redrawn: bool = False
    reseeded: bool = False
    simulated: bool = False
    control: bool = False
    voted: bool = False
    reviewed: int = 0
    note: str = ""
    weights: np.ndarray | None = None

    def table(self, ids: np.ndarray) -> pd.DataFrame:
        """Return the version as rows (id, label, weight, draw)."""
        weights = np.ones(self.kept.shape) if self.weights is None else self.weights
        draws = [
            pd.DataFrame({"id": ids[kept], "label": labels[kept], "weight": weighs[kept], "draw": draw})
            for draw, (labels, kept, weighs) in enumerate(zip(self.labels, self.kept, weights, strict=True))
        ]
        return pd.concat(draws, ignore_index=True)


def true_labels(name: str, evidence: Evidence) -> np.ndarray:
    """Return the true label of every row, or refuse the recipe of this name where one is not known."""
    if evidence.true is None:
        raise ParamsError(
            f"fix.recipes.{name} needs the true label of every train row, and not all are known.",
            f"Take fix.recipes.{name} out of params.yaml, or name the column in ingest.true_label.",
        )
    return evidence.true


def no_patch() -> pd.DataFrame:
    """Return a patch without lines."""
    return pd.DataFrame(columns=_PATCH, dtype=object)


def extended(
    patch: pd.DataFrame, rows: np.ndarray, action: str, evidence: Evidence, new: np.ndarray | None, source: str
) -> pd.DataFrame:
    """Return the patch with a line for each of these rows; `new` holds the new label of every row, None where there is none."""
    lines = pd.DataFrame(
        {
            "id": evidence.ids[rows],
            "action": action,
            "given_label": evidence.labels[rows],
            "new_label": "" if new is None else new[rows],
            "reviewer": source if source == SIMULATED else "",
            "source": source,
        },
        columns=_PATCH,
        dtype=object,
    )
    return joined(patch, lines)


def joined(patch: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of two patches."""
    return more if patch.empty else patch if more.empty else pd.concat([patch, more], ignore_index=True)

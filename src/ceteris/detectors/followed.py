"""The door between a queue and the bake-off: which rankings it follows, why, and the scores of a detector for its rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ceteris.dataset import ID, Dataset, codes
from ceteris.detectors.kept import data_of, detectors_of, read_evidence
from ceteris.detectors.scores import STANDING, scores_of
from ceteris.detectors.told import choice_told
from ceteris.detectors.tried import judged_of
from ceteris.layout import read_layout
from ceteris.params import Params
from ceteris.reviewing.learning import LEARNED
from ceteris.store import read_json, read_parquet

__all__ = ["BEST", "Followed", "followed", "scores_for"]

BEST = "best"
_AGAIN = "`ceteris detectors` tries them"


@dataclass(frozen=True)
class Followed:
    """The rankings of a queue, `best` being put as what it stands for; that one, and a sentence that says from what."""

    rankings: tuple[str, ...]
    best: str
    told: str


def followed(root: Path, params: Params) -> Followed:
    """Return which rankings the queue of train rows follows.

    Raises
    ------
    IntegrityError
        results/detectors/chosen.json is not what `ceteris detectors` wrote.
    """
    named = params.review.rankings
    if BEST not in named and LEARNED not in named:
        return Followed(named, "", "")
    best, told = _best(root, params)
    if LEARNED in named:
        told += f"; {LEARNED} asks for rows like those whose label was wrong"
    return Followed(tuple(dict.fromkeys(best if name == BEST else name for name in named)), best, told)


def _best(root: Path, params: Params) -> tuple[str, str]:
    evidence = None if params.numbers else read_evidence(root / read_layout(root)["results"])
    if evidence is None:
        untried = "" if params.numbers else f": which ranking finds most errors here is not known yet; {_AGAIN}"
        return STANDING, f"ranked by {STANDING}{untried}"
    choice = evidence.choice
    if choice.chosen not in detectors_of(root, params):
        return STANDING, f"ranked by {STANDING}: {choice.chosen}, which was chosen, is in params.yaml no more; {_AGAIN} anew"
    if evidence.data != data_of(root, params):
        stale = f"what is kept of {evidence.rows:,} rows is of other rows, another audit's model or other detectors"
        return STANDING, f"ranked by {STANDING}: {stale}; {_AGAIN} anew"
    return choice.chosen, choice_told(choice, evidence.draws, evidence.rate, evidence.rows)


def scores_for(
    root: Path,
    params: Params,
    name: str,
    ids: np.ndarray,
    features: pd.DataFrame,
    labels: np.ndarray,
    groups: np.ndarray | None,
) -> np.ndarray:
    """Return a detector's score of each of some train rows, with what the audit's model says of them."""
    layout = read_layout(root)
    classes = tuple(read_json(root / layout["split"] / "classes.json"))
    table = read_parquet(root / layout["audit"] / "pred_probs.parquet").set_index(ID)
    data = Dataset(ids, labels, features.reset_index(drop=True), groups)
    rows = judged_of(data, codes(labels, classes), table.loc[ids].to_numpy(dtype=float), params.ingest.kinds)
    return scores_of(name, detectors_of(root, params)[name], rows)

"""The train rows of a repository, trained with any of its edits applied, the model held fixed, and scored row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import ID, TRUE_LABEL, Dataset, codes
from ceteris.editing import edits
from ceteris.errors import BadInputError, nearest
from ceteris.experiments.diff import flips
from ceteris.experiments.extra import Extra, Training
from ceteris.fixing.evidence import read_evidence
from ceteris.fixing.versions import Evidence, Version
from ceteris.layout import read_layout
from ceteris.measuring.contrasts import Contrasts
from ceteris.measuring.fingerprint import Fingerprint
from ceteris.measuring.scoring import row_scores
from ceteris.measuring.verified import Answers, labels_for_all
from ceteris.store import read_json, read_params, read_parquet
from ceteris.training.cell_files import FINGERPRINT, read_cell
from ceteris.training.cells import Cell

__all__ = ["Patch", "Reviewing"]

Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Patch:
    """Decisions about train rows, any part of which can be applied.

    Attributes
    ----------
    given, labels : ndarray of str objects, shape (n_rows,)
        The labels before and after all of them.
    kept : ndarray of bool, shape (n_rows,)
        The rows that none of them drops.
    places : ndarray of int, shape (n_decisions,)
        The row of each.
    """

    given: np.ndarray
    labels: np.ndarray
    kept: np.ndarray
    places: np.ndarray

    def training(self, *masks: np.ndarray) -> Training:
        """Return the train rows with the decisions of a mask applied, one mask for all seeds or one for each; default: all."""
        drawn = [self._applied(self.places[mask]) for mask in masks or (slice(None),)]
        return Training(tuple(rows for rows, _ in drawn), tuple(labels for _, labels in drawn))

    def _applied(self, touched: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        labels, kept = self.given.copy(), np.ones(len(self.given), dtype=bool)
        labels[touched], kept[touched] = self.labels[touched], self.kept[touched]
        edits.refuse_lost_classes(self.given, labels[kept], "these edits")
        return np.flatnonzero(kept), labels[kept]


class Reviewing:
    """The train rows as they are now, one model, and the validation rows that judge.

    Cells that train or an earlier call has made are read, others are fitted once and kept.

    Parameters
    ----------
    root : Path
        The repository.
    model : str, optional
        A model of params.yaml; default: that of the first planned data contrast, else the first.
    tell : called with (cells done, cells to fit)
    """

    def __init__(self, root: Path, model: str | None = None, tell: Tell = lambda done, total: None) -> None:
        self.params, self._layout = read_params(root), read_layout(root)
        self.model = model or self.params.held_model
        if self.model not in self.params.train.models:
            known = nearest(self.model, self.params.train.models)
            raise BadInputError(f"{self.model!r} is no model of params.yaml.{known}", "Name one of train.models.")
        split = root / self._layout["split"]
        self.evidence: Evidence = read_evidence(root, self._layout, self.params)
        self._train = Dataset.from_frame(read_parquet(split / "train.parquet"))
        validation = Dataset.from_frame(read_parquet(split / "validation.parquet"))
        truth = read_parquet(split / "truth-validation.parquet").set_index(ID)[TRUE_LABEL].reindex(validation.ids)
        self._answers = Contrasts(root, self._layout, self.params).answers()
        self._labels = _best_first(validation.labels, truth, self._answers, self.evidence.classes)
        self._used: dict[str, None] = {}
        self._groups, self._ids = validation.groups, validation.ids
        self._extra = Extra(
            root, self._train, validation, self.evidence.classes, self.params.train.seeds,
            known=_known(root / self._layout["models"]), tell=tell,
        )  # fmt: skip

    @property
    def scored_on(self) -> str:
        """What the tables that were made so far are scored on; each of them on one kind of labels."""
        return " and ".join(self._used or list(self._labels)[:1])

    @property
    def moving(self) -> pd.DataFrame:
        """The decisions that change a train row: those that relabel it to what it does not hold, or drop it."""
        decisions = self.evidence.decisions
        given = decisions["id"].map(dict(zip(self.evidence.ids, self.evidence.labels, strict=True)))
        relabels = (decisions["action"] == "relabel") & (decisions["new_label"] != given)
        return decisions[relabels | (decisions["action"] == "drop")]

    def patch(self, decisions: pd.DataFrame) -> Patch:
        """Return what decisions, one an id, make of the train rows, to be applied in part or whole; stale ones are refused."""
        ids, given = self.evidence.ids, self.evidence.labels
        whole = edits.apply(ids, given, decisions[[*edits.COLUMNS, "where"]], self.evidence.classes)
        return Patch(given, whole.labels, whole.kept, pd.Index(ids).get_indexer(pd.Index(decisions["id"])))

    @property
    def given(self) -> Training:
        """The train rows as they came."""
        return self.patch(self.evidence.decisions.head(0)).training()

    def of_version(self, version: Version) -> Training:
        """Return the train rows of a version that a recipe made."""
        rows = [np.flatnonzero(kept) for kept in version.kept]
        return Training(tuple(rows), tuple(labels[kept] for labels, kept in zip(version.labels, rows, strict=True)))

    def cells(self, trainings: Sequence[Training], model: str | None = None) -> list[tuple[Fingerprint, Cell]]:
        """Return the cell of each training, of the model that is held fixed unless another one is named."""
        return self._extra.cells(self.params.train.models[model or self.model], trainings)

    def scores(self, trainings: Sequence[Training]) -> list[np.ndarray]:
        """Return the per-row scores of each training, shape (n_seeds, n_rows), more is better."""
        return self.scored([cell for _, cell in self.cells(trainings)])

    def scored(self, cells: Sequence[Cell]) -> list[np.ndarray]:
        """Return the per-row scores of the cells of one table, on the best labels that serve all of them."""
        arms = [cell.over_seeds()[0] for cell in cells]
        scored_on, self._judging = labels_for_all(self._labels, arms, self._answers, self.params.compare.metric)
        self._used[scored_on] = None
        return [self._row_scores(cell, self._judging) for cell in cells]

    def flips(self, baseline: Training, candidate: Training) -> pd.DataFrame:
        """Return the validation rows that one training gets right and the other wrong, by the labels of the last table."""
        (_, one), (_, other) = self.cells([baseline, candidate])
        return flips(self._ids, self._judging, one.predicted, other.predicted, self.evidence.classes)

    def _row_scores(self, cell: Cell, labels: np.ndarray) -> np.ndarray:
        metric, n_classes = self.params.compare.metric, len(self.evidence.classes)
        found = row_scores(metric, labels, cell.predicted, cell.pred_probs, n_classes)
        if found is None:
            raise BadInputError(f"{metric} needs probabilities, and {self.model} gives none.", "Pass another --model.")
        return np.broadcast_to(found, (cell.n_seeds, found.shape[1]))

    @property
    def settings(self) -> dict[str, Any]:
        """What `paired_effect` is to be told."""
        compare = self.params.compare
        return {"confidence": compare.confidence, "groups": self._groups, "region": compare.region_of(compare.metric)}


def _best_first(given: np.ndarray, truth: pd.Series, answers: Answers, classes: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Return the codes of the labels that are known for every validation row, the best first."""
    known = {"given": codes(given, classes)}
    if answers.complete:
        known = {"verified (all)": answers.codes} | known
    if truth.notna().all():
        known = {"true": codes(truth.to_numpy(dtype=object), classes)} | known
    return known


def _known(models: Path) -> Callable[[Fingerprint], Cell | None]:
    """Return a finder of the cells that train has made."""
    places: dict[str, Path] = {}
    for path in sorted(models.glob(f"*/*/{FINGERPRINT}")):
        places.setdefault(Fingerprint(**read_json(path)["fingerprint"]).fit_key, path.parent)

    def find(wanted: Fingerprint) -> Cell | None:
        return read_cell(places[wanted.fit_key])[0] if wanted.fit_key in places else None

    return find

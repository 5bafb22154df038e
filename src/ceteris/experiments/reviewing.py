"""What reviews were worth: the credit of batches of edits, and the gain at each number of reviews."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ceteris import edits
from ceteris.budget import Curve, budget_curve, steps_up_to
from ceteris.cell_files import FINGERPRINT, read_cell
from ceteris.cells import Cell
from ceteris.contrasts import Contrasts
from ceteris.credit import Credit, batches_by, coalitions, credits
from ceteris.dataset import ID, TRUE_LABEL, Dataset, codes
from ceteris.effect import Effect, paired_effect
from ceteris.errors import BadInputError, nearest
from ceteris.evidence import read_evidence
from ceteris.experiments.extra import Extra, Training
from ceteris.fingerprint import Fingerprint
from ceteris.layout import read_layout
from ceteris.params import Params
from ceteris.recipes import Evidence, Version, make_all
from ceteris.scoring import row_scores
from ceteris.sections import RANDOM, ModelRecipe, Step
from ceteris.store import read_json, read_params, read_parquet
from ceteris.verified import Answers, labels_for_all

__all__ = ["Reviewing"]

Tell = Callable[[int, int], None]


class Reviewing:
    """The train rows as they are now, one model, and the validation rows that judge.

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
        self.model = model or _held_model(self.params)
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
        self._groups = validation.groups
        self._extra = Extra(
            root, self._train, validation, self.evidence.classes, self.params.train.seeds,
            known=_known(root / self._layout["models"]), tell=tell,
        )  # fmt: skip

    @property
    def scored_on(self) -> str:
        """What the tables that were made so far are scored on; each of them on one kind of labels."""
        return " and ".join(self._used or list(self._labels)[:1])

    def credit(self, by: str = "batch") -> list[Credit]:
        """Return what each batch of edits of train rows is worth, the most harmful first.

        Raises
        ------
        BadInputError
            No edit changes a train row.
        """
        decisions = self.evidence.decisions
        given = decisions["id"].map(dict(zip(self.evidence.ids, self.evidence.labels, strict=True)))
        relabels = (decisions["action"] == "relabel") & (decisions["new_label"] != given)
        moving = decisions[relabels | (decisions["action"] == "drop")]
        if moving.empty:
            raise BadInputError(
                "No edit changes a train row yet, so there is nothing to give credit for.", "Review some: ceteris queue train"
            )
        suggested = dict(zip(self.evidence.ids, self.evidence.suggested, strict=True))
        names = batches_by(moving, by, suggested)
        answers = {str(name): int(count) for name, count in names.value_counts(sort=False).items()}
        chosen = coalitions(list(answers))
        scores = self._scores([self._with(moving[names.isin(coalition)]) for coalition in chosen])
        return credits(dict(zip(chosen, scores, strict=True)), answers, **self._settings())

    def budget(self, most: int) -> tuple[Curve, bool]:
        """Return the gain at 25, 50, 100, ... reviews up to `most`, and whether the reviewer is simulated.

        With true labels at hand the reviewer is simulated, in the order of the queue, against as many random rows. Else
        the answers of people are taken in the order they were given, and there is no random order to compare with.
        """
        if self.evidence.true is not None:
            return self._simulated(steps_up_to(min(most, len(self.evidence.ids)))), True
        decisions = self.evidence.decisions
        if decisions.empty:
            raise BadInputError("Nobody has reviewed a train row yet, and no true label is known.", "ceteris queue train")
        ordered = decisions.assign(_at=pd.to_datetime(decisions["at"], utc=True)).sort_values("_at", kind="stable")
        ks = steps_up_to(min(most, len(ordered)))
        trainings = [self._with(ordered.head(0)), *(self._with(ordered.head(k)) for k in ks)]
        nothing, *scores = self._scores(trainings)
        return budget_curve(nothing, dict(zip(ks, scores, strict=True)), **self._settings()), False

    def other_models(self) -> list[Effect]:
        """Return what every other model of params.yaml is worth against the one held fixed, on the given labels."""
        given = [self._with(self.evidence.decisions.head(0))]
        others = [recipe for name, recipe in self.params.train.models.items() if name != self.model]
        recipes = [self.params.train.models[self.model], *others]
        held, *scores = self._scored([cell for recipe in recipes for _, cell in self._extra.cells(recipe, given)])
        return [replace(paired_effect(held, score, **self._settings()), axis="model") for score in scores]

    def left_to_gain(self) -> float:
        """Return how far the model is from a perfect score on the given labels; for log-loss its loss."""
        (held,) = self._scores([self._with(self.evidence.decisions.head(0))])
        return float(-held.mean() if self.params.compare.metric == "log_loss" else 1 - held.mean())

    def _simulated(self, ks: tuple[int, ...]) -> Curve:
        recipes = {f"k{k}": (Step(step="simulate_review", rows=k),) for k in ks}
        versions = make_all({"given": (), **recipes}, self.evidence)
        names = ["given", *recipes, *(RANDOM + name for name in recipes)]
        scores = dict(zip(names, self._scores([self._of(versions[name]) for name in names]), strict=True))
        ranked = {k: scores[f"k{k}"] for k in ks}
        return budget_curve(scores["given"], ranked, {k: scores[f"{RANDOM}k{k}"] for k in ks}, **self._settings())

    def _with(self, decisions: pd.DataFrame) -> Training:
        plain = decisions[list(self.evidence.decisions.columns)]
        applied = edits.apply(self.evidence.ids, self.evidence.labels, plain, self.evidence.classes)
        edits.refuse_lost_classes(self.evidence.labels, applied.labels[applied.kept], "these edits")
        rows = np.flatnonzero(applied.kept)
        return Training((rows,), (applied.labels[rows],))

    def _of(self, version: Version) -> Training:
        rows = [np.flatnonzero(kept) for kept in version.kept]
        return Training(tuple(rows), tuple(labels[kept] for labels, kept in zip(version.labels, rows, strict=True)))

    def _scores(self, trainings: list[Training], recipe: ModelRecipe | None = None) -> list[np.ndarray]:
        cells = self._extra.cells(recipe or self.params.train.models[self.model], trainings)
        return self._scored([cell for _, cell in cells])

    def _scored(self, cells: list[Cell]) -> list[np.ndarray]:
        """Return the row scores of the cells of one table, on the best labels that serve all of them."""
        arms = [cell.over_seeds()[0] for cell in cells]
        scored_on, labels = labels_for_all(self._labels, arms, self._answers, self.params.compare.metric)
        self._used[scored_on] = None
        return [self._row_scores(cell, labels) for cell in cells]

    def _row_scores(self, cell: Cell, labels: np.ndarray) -> np.ndarray:
        metric, n_classes = self.params.compare.metric, len(self.evidence.classes)
        found = row_scores(metric, labels, cell.predicted, cell.pred_probs, n_classes)
        if found is None:
            raise BadInputError(f"{metric} needs probabilities, and {self.model} gives none.", "Pass another --model.")
        return np.broadcast_to(found, (cell.n_seeds, found.shape[1]))

    def _settings(self) -> dict[str, Any]:
        compare = self.params.compare
        region = compare.region_log_loss if compare.metric == "log_loss" else compare.region
        return {"confidence": compare.confidence, "groups": self._groups, "region": region}


def _best_first(given: np.ndarray, truth: pd.Series, answers: Answers, classes: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Return the codes of the labels that are known for every validation row, the best first."""
    known = {"given": codes(given, classes)}
    if answers.complete:
        known = {"verified (all)": answers.codes} | known
    if truth.notna().all():
        known = {"true": codes(truth.to_numpy(dtype=object), classes)} | known
    return known


def _held_model(params: Params) -> str:
    planned = next((contrast.model for contrast in params.compare.planned if contrast.axis == "data"), None)
    return planned or next(iter(params.train.models))


def _known(models: Path) -> Callable[[Fingerprint], Cell | None]:
    """Return a finder of the cells that train has made."""
    places: dict[str, Path] = {}
    for path in sorted(models.glob(f"*/*/{FINGERPRINT}")):
        places.setdefault(Fingerprint(**read_json(path)["fingerprint"]).fit_key, path.parent)

    def find(wanted: Fingerprint) -> Cell | None:
        return read_cell(places[wanted.fit_key])[0] if wanted.fit_key in places else None

    return find

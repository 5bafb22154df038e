"""Which train rows are in doubt? Out-of-fold probabilities, one issues table, the review queue."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import ID, LABEL, META, VOTES, Dataset, codes
from ceteris.editing.annotators import agreement, people_table
from ceteris.issues.table import find_label_issues, find_number_issues, rank, with_votes
from ceteris.measuring.scoring_numbers import number_scores
from ceteris.reviewing.heads import SAMPLE, heads, in_turn, random_sample
from ceteris.splitting.time_folds import assign_blocks, training_rows
from ceteris.stages import Progress, Stage, run
from ceteris.store import read_json, read_parquet, sweep, write_json, write_parquet, write_table
from ceteris.tables.votes import Votes, by_person, unpacked
from ceteris.training.brought import classes_look_swapped, fits_too_well
from ceteris.training.brought_files import Brought
from ceteris.training.learners import learner, refuse_unwatched
from ceteris.training.models import REGRESSOR
from ceteris.training.pred_probs import out_of_fold
from ceteris.training.predicted_numbers import out_of_fold_numbers

__all__ = ["main"]

_WINDOW = 500  # rows of front.parquet that are read together
_CONFIDENT = 0.99  # of folds that we made ourselves only this much tells that the label stands among the features


def main(stage: Stage) -> None:
    """Write data/audit/ and results/audit/ from the train rows alone."""
    data, votes, named = _train(stage)
    classes = tuple(read_json(stage.path("split", "classes.json")))
    audit = stage.params.audit
    for recipe in stage.params.train.models.values():
        if not recipe.predictions:  # what train would refuse is refused before anything is fitted
            learner(recipe, data.features, stage.root, kind=stage.params.model_kind)
    refuse_unwatched(audit.model, stage.root, stage.name)
    issues, told = _classes(stage, data, classes) if classes else _numbers(stage, data)
    agreed, people = _agreement(issues, classes), dict[str, Any]()
    if votes is not None:
        issues, people = _people(stage, data, unpacked(votes), issues, told, classes)
    told.insert(0, ID, pd.Series(data.ids, dtype=object))
    write_parquet(stage.path("audit", "pred_probs.parquet" if classes else "predicted.parquet"), told)
    write_parquet(stage.path("audit", "issues.parquet"), issues)
    probabilities = told.drop(columns=ID).to_numpy(dtype=float) if classes else None
    orders = heads(issues, data.features, probabilities, classes, stage.params.ingest.kinds)
    write_parquet(stage.path("audit", "orders.parquet"), orders)
    if len(data) > SAMPLE:  # a review reads these, and need not read all rows
        front = data.positions(orders["id"].iloc[in_turn(orders)].to_numpy(dtype=object))
        write_parquet(stage.path("audit", "front.parquet"), data.take(front).to_frame()[named], row_group=_WINDOW)
        write_parquet(stage.path("audit", "sample.parquet"), data.take(random_sample(len(data))).to_frame()[named])
    queue = rank(issues).head(audit.queue_rows)
    queue.insert(0, "rank", range(1, len(queue) + 1))
    write_table(stage.path("results", "audit", "queue.csv"), queue)
    flagged = int(issues["is_label_issue"].sum())
    write_json(
        stage.path("results", "audit", "summary.json"),
        {"rows": len(data), "flagged": flagged} | agreed | people,
    )
    folder = stage.path("results", "audit")
    sweep(folder, {folder / "queue.csv", folder / "summary.json"} | ({folder / "annotators.csv"} if people else set()))
    place = f"{stage.layout['results']}/audit/queue.csv"
    stage.tell(f"{flagged:,} of {len(data):,} train labels are doubted; the queue is in {place}")


def _train(stage: Stage) -> tuple[Dataset, np.ndarray | None, list[str]]:
    """Return the train rows, what several people said of each, and the columns that a reviewer is shown in their order."""
    frame = read_parquet(stage.path("split", "train.parquet")).sort_values(ID, kind="stable", ignore_index=True)
    votes = frame[VOTES].to_numpy(dtype=object) if VOTES in frame else None
    return Dataset.from_frame(frame), votes, [str(name) for name in frame if name in (ID, LABEL) or name not in META]


def _classes(stage: Stage, data: Dataset, classes: tuple[str, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the issues, and the probabilities that they were found by."""
    audit, given = stage.params.audit, codes(data.labels, classes)
    if audit.model.predictions:
        pred_probs = Brought(stage.root, audit.model.predictions, classes).pred_probs(data)
        doubts = [fits_too_well(pred_probs, given), classes_look_swapped(pred_probs.argmax(axis=1), given, classes)]
    else:
        model = learner(audit.model, data.features, stage.root, classes)
        pred_probs = out_of_fold(model, data.by_id(), given, len(classes), names=classes, **_folds(stage, data, classes))
        doubts = [fits_too_well(pred_probs, given, _CONFIDENT)]
    for doubt in filter(None, doubts):
        stage.tell(doubt)
    issues = find_label_issues(data.ids, data.labels, pred_probs, classes, audit.filter_by)
    return issues, pd.DataFrame(pred_probs, columns=[f"p:{name}" for name in classes])


def _numbers(stage: Stage, data: Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the issues of labels that are numbers, and the predictions that they were found by."""
    model = learner(stage.params.audit.model, data.features, stage.root, kind=REGRESSOR)
    predicted = out_of_fold_numbers(model, data.by_id(), codes(data.labels, ()), **_folds(stage, data, ()))
    return find_number_issues(data.ids, data.labels, predicted), pd.DataFrame({"predicted": predicted})


def _people(
    stage: Stage, data: Dataset, votes: Votes, issues: pd.DataFrame, pred_probs: pd.DataFrame, classes: tuple[str, ...]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Write results/audit/annotators.csv; return the issues with what several people's votes say, and how far they agree."""
    table, people = by_person(votes, len(data), classes)
    unknown = len(votes) - int((~np.isnan(table)).sum())
    if unknown:
        stage.tell(f"{unknown:,} votes are for classes that no row outside the sealed part has: they count for nothing")
    if not people:
        return issues, {}
    issues, found = with_votes(issues, table, pred_probs.to_numpy(dtype=float), classes)
    answered = ~np.isnan(table).all(axis=1)
    lines = people_table(table[answered], people, found.agreed, found.quality, classes)
    write_table(stage.path("results", "audit", "annotators.csv"), lines)
    agreed = agreement(table, len(classes), groups=data.groups)
    stage.tell(
        f"{len(people):,} people gave {len(votes) - unknown:,} labels; on the {agreed.n_rows:,} rows that two or more answered"
        f" their agreement is {agreed}"
    )
    told = {"alpha": agreed.alpha, "alpha_low": agreed.low, "alpha_high": agreed.high}
    return issues, {"annotators": len(people), "rows_of_several": agreed.n_rows} | {
        key: None if np.isnan(value) else round(value, 6) for key, value in told.items()
    }


def _folds(stage: Stage, data: Dataset, classes: tuple[str, ...]) -> dict[str, Any]:
    """Return how rows are judged: in folds that cut no group, or, where they have times, in blocks of time."""
    audit, uncut, blocks = stage.params.audit, data.uncut(), None
    if data.times is not None and data.times.min() < data.times.max():  # rows of one time have no order to cut
        assigned = assign_blocks(data.times, audit.folds)
        given = codes(data.labels, classes) if classes else np.zeros(len(data), dtype=np.int64)  # numbers: nothing to miss
        blocks = assigned, training_rows(assigned, data.times, given, gap=audit.gap, groups=uncut, names=classes)
    return {
        "folds": audit.folds,
        "repeats": audit.repeats,
        "seed": audit.seed,
        "groups": uncut,
        "blocks": blocks,
        "progress": Progress(stage, "fits"),
    }


def _agreement(issues: pd.DataFrame, classes: tuple[str, ...]) -> dict[str, float]:
    """Return how far the audit model and the given labels agree: a share of rows, or the R² of numbers."""
    given, suggested = issues["given_label"], issues["suggested_label"]
    if classes:
        return {"out_of_fold_agreement": round(float((given == suggested).mean()), 6)}
    r2 = number_scores("r2", given.to_numpy(dtype=float), suggested.to_numpy(dtype=float)[None])
    return {"out_of_fold_r2": round(float(r2.mean()), 6)}


if __name__ == "__main__":
    run(main)

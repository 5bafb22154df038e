"""Which train rows are in doubt? Out-of-fold probabilities, one issues table, the review queue."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ceteris.brought import fits_too_well
from ceteris.brought_files import Brought
from ceteris.dataset import ID, Dataset, codes
from ceteris.issues import find_label_issues, rank
from ceteris.learners import learner, refuse_unwatched
from ceteris.pred_probs import out_of_fold
from ceteris.stages import Progress, Stage, run
from ceteris.store import read_json, read_parquet, write_json, write_parquet, write_table

__all__ = ["main"]


def main(stage: Stage) -> None:
    """Write data/audit/ and results/audit/ from the train rows alone."""
    data = Dataset.from_frame(read_parquet(stage.path("split", "train.parquet")))
    classes = tuple(read_json(stage.path("split", "classes.json")))
    audit = stage.params.audit
    for recipe in stage.params.train.models.values():
        if not recipe.predictions:
            learner(recipe, data.features, stage.root)  # what train would refuse is refused before anything is fitted
    refuse_unwatched(audit.model, stage.root, stage.name)
    pred_probs = (
        Brought(stage.root, audit.model.predictions, classes).pred_probs(data)
        if audit.model.predictions
        else _out_of_fold(stage, data, classes)
    )
    issues = find_label_issues(data.ids, data.labels, pred_probs, classes, audit.filter_by)
    doubt = fits_too_well(pred_probs, codes(data.labels, classes))
    if doubt:
        stage.tell(doubt)
    table = pd.DataFrame(pred_probs, columns=[f"p:{name}" for name in classes])
    table.insert(0, ID, pd.Series(data.ids, dtype=object))
    write_parquet(stage.path("audit", "pred_probs.parquet"), table)
    write_parquet(stage.path("audit", "issues.parquet"), issues)
    queue = rank(issues).head(audit.queue_rows)
    queue.insert(0, "rank", range(1, len(queue) + 1))
    write_table(stage.path("results", "audit", "queue.csv"), queue)
    agree = float((issues["given_label"] == issues["suggested_label"]).mean())
    flagged = int(issues["is_label_issue"].sum())
    write_json(
        stage.path("results", "audit", "summary.json"),
        {"rows": len(data), "flagged": flagged, "out_of_fold_agreement": round(agree, 6)},
    )
    place = f"{stage.layout['results']}/audit/queue.csv"
    stage.tell(f"{flagged:,} of {len(data):,} train labels are doubted; the queue is in {place}")


def _out_of_fold(stage: Stage, data: Dataset, classes: tuple[str, ...]) -> np.ndarray:
    """Return the probabilities of models that are fitted here, shape (n_rows, n_classes)."""
    audit = stage.params.audit
    return out_of_fold(
        learner(audit.model, data.features, stage.root, classes),
        data.by_id(),
        codes(data.labels, classes),
        len(classes),
        folds=audit.folds,
        repeats=audit.repeats,
        seed=audit.seed,
        groups=data.uncut(),
        names=classes,
        progress=Progress(stage, "fits"),
    )


if __name__ == "__main__":
    run(main)

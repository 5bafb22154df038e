"""Which train rows are in doubt? Out-of-fold probabilities, one issues table, the review queue."""

from __future__ import annotations

import pandas as pd

from ceteris.dataset import ID, Dataset, codes
from ceteris.issues import find_label_issues, rank
from ceteris.models import build
from ceteris.pred_probs import out_of_fold
from ceteris.stages import Progress, Stage, run
from ceteris.store import read_json, read_parquet, write_json, write_parquet, write_table
from ceteris.time_folds import assign_blocks, training_rows

__all__ = ["main"]


def main(stage: Stage) -> None:
    """Write data/audit/ and results/audit/ from the train rows alone."""
    data = Dataset.from_frame(read_parquet(stage.path("split", "train.parquet")))
    classes = tuple(read_json(stage.path("split", "classes.json")))
    audit, given, uncut, blocks = stage.params.audit, codes(data.labels, classes), data.uncut(), None
    if data.times is not None and data.times.min() < data.times.max():  # rows of one time have no order to cut
        assigned = assign_blocks(data.times, audit.folds)
        blocks = assigned, training_rows(assigned, data.times, given, gap=audit.gap, groups=uncut, names=classes)
    for recipe in stage.params.train.models.values():
        build(recipe, data.features, stage.root)  # what train would refuse is refused before anything is fitted
    pred_probs = out_of_fold(
        build(audit.model, data.features, stage.root),
        data.features,
        given,
        len(classes),
        folds=audit.folds,
        repeats=audit.repeats,
        seed=audit.seed,
        groups=uncut,
        names=classes,
        blocks=blocks,
        progress=Progress(stage, "fits"),
    )
    issues = find_label_issues(data.ids, data.labels, pred_probs, classes, audit.filter_by)
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


if __name__ == "__main__":
    run(main)

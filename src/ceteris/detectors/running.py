"""The door to the bake-off: the train rows of this repository, tried, and what came of it kept in results/detectors/."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from ceteris.dataset import Dataset
from ceteris.detectors.bakeoff import bake_off
from ceteris.detectors.choice import choose, failures, summary
from ceteris.detectors.kept import Evidence, data_of, detectors_of, keep
from ceteris.detectors.tried import tried_rows, world_of
from ceteris.errors import BadInputError, ParamsError, some
from ceteris.layout import read_layout
from ceteris.store import read_params, read_parquet
from ceteris.training.learners import learner

__all__ = ["run_bake_off"]


def run_bake_off(
    root: Path, tell: Callable[[str], None], progress: Callable[[int, int], None] | None = None
) -> tuple[pd.DataFrame, Evidence]:
    """Try every detector on errors planted in the train rows; keep the table and the choice, and return both.

    Raises
    ------
    ParamsError, BadInputError
        Labels are numbers, rows are too few, or no detector gave scores.
    """
    params, layout = read_params(root), read_layout(root)
    if params.numbers:
        raise ParamsError(
            "ingest.label_type is number, and detectors are tried on classes.", "Review by review.rankings: label_quality."
        )
    settings = params.detectors
    every = Dataset.from_frame(read_parquet(root / layout["split"] / "train.parquet"))
    data, told = tried_rows(every, settings.rows, settings.seed)
    classes = tuple(sorted(set(data.labels)))
    judge = learner(params.audit.model, data.features, root, classes)
    for line in [*told, f"{len(data):,} train rows are judged with their given labels"]:
        tell(line)
    if settings.own:
        tell(f"your own {some(list(settings.own))} are asked, too; Ctrl-C ends one that does not come back")
    world, rate, failed = world_of(
        data, classes, judge, detectors_of(root, params), kinds=params.ingest.kinds, rate=settings.rate, seed=settings.seed
    )
    tell(f"errors are planted in {100 * rate:.1f} % of the rows, {settings.draws} times")
    draws = bake_off(world, settings.draws, progress=progress)
    table = pd.concat([summary(draws), failures(failed)], ignore_index=True)
    choice = choose(draws, table)
    if choice is None:
        raise BadInputError(f"No detector can be used: {table['remark'].iloc[0]}", "Correct it, or review by label_quality.")
    evidence = Evidence(choice, len(data), settings.draws, rate, data_of(root, params))
    keep(root / layout["results"], table, evidence)
    return table, evidence

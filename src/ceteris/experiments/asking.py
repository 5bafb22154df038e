"""The door through which a person is asked about two revisions: the blind queue of the rows on which their cells differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError, some
from ceteris.experiments.account import both, past_of
from ceteris.experiments.best_labels import contrasts_of
from ceteris.experiments.here import Here
from ceteris.experiments.history import History
from ceteris.experiments.measured import sides_of
from ceteris.experiments.moved import Move, move_between
from ceteris.experiments.pairing import on_shared_rows
from ceteris.experiments.table import corners
from ceteris.measuring.asking import refuse_numbers
from ceteris.measuring.disagreement import Disagreement, disagreement_set, permanent_numbers
from ceteris.measuring.pairs import Name, Pair
from ceteris.measuring.questions import Questions, questions_of
from ceteris.measuring.verified import chosen_rows
from ceteris.sections import Compare
from ceteris.store import read_params

__all__ = ["questions_between"]


def questions_between(
    root: Path, one: str, other: str, cells: tuple[Name, Name] | None = None
) -> tuple[Questions, pd.DataFrame]:
    """Return what is still to be asked of two revisions, and the features of the validation rows by id.

    The cells are those that `ceteris compare` sets against each other. Where data and model both moved, all four cells of the
    square are, and every row on which any two of them differ is asked for.

    Raises
    ------
    BadInputError
        Nothing was trained otherwise, a cell of the square is missing, or the rows are not those of the workspace.
    """
    params = read_params(root)
    with History(root) as history:
        baseline, candidate = both(history, one, other, cells)
        move = move_between(baseline, candidate, cells)
        past = past_of(root, history)
        sides = sides_of(baseline, candidate, move, past.side, corners(history.snapshots, past))
        scorer, names, shared = on_shared_rows(sides, params.compare)
        refuse_numbers(shared.classes)
        if move.axis == "confounded":
            arms = [scorer.arms[name].cell.over_seeds()[0] for name in names.values()]
            chosen = [_of_square(arms, shared.ids, move, params.compare)]
        else:
            pairs = contrasts_of(move, names)
            chosen = [chosen_rows(scorer, pair, shared.ids, name) for name, pair in pairs.items()]
        features = history.features(candidate, "validation")
    asked = questions_of(chosen, shared.ids, shared.answers.codes)
    wanted = set(asked.rows["id"])
    here, rows = Here(root).rows, sides["candidate"].judging
    strange = [id for id, digest in zip(rows.ids, rows.digests, strict=True) if id in wanted and here.get(id) != digest]
    if strange:
        raise BadInputError(
            f"{len(strange):,} of these rows are no validation rows of the workspace, or others by now: {some(strange)}.",
            f"Go to where they are: git checkout {candidate.rev[:7] or 'HEAD'}, then dvc checkout",
        )
    return asked, features


def _of_square(arms: list[np.ndarray], ids: np.ndarray, move: Move, settings: Compare) -> Disagreement:
    """Return the rows on which any two of four cells differ, all of them: a sample would not do for their sums."""
    same = np.logical_and.reduce([arm == arms[0] for arm in arms])
    number = int((~same).any(axis=0).sum())
    if number > settings.review_rows:
        raise BadInputError(
            f"Data and model both moved, and the four cells that tell them apart differ on {number:,} rows, more than the "
            f"{settings.review_rows:,} that are asked for.",
            "Ask of two cells that differ in one thing: --baseline MODEL/VERSION --candidate MODEL/VERSION",
        )
    name = Pair(move.axis, move.baseline, move.candidate).name
    elsewhere = np.where(same, arms[0], -1)
    return disagreement_set(arms[0], elsewhere, permanent_numbers(name, ids), most=settings.review_rows)

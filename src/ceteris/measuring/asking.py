"""The door through which a person is asked: the blind queue of any contrast of this repository, made on request."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ceteris.errors import BadInputError, nearest
from ceteris.layout import read_layout
from ceteris.measuring.contrasts import Contrasts
from ceteris.measuring.pairs import Pair, VersionFacts, pairs_of, without
from ceteris.measuring.questions import Questions, questions_of
from ceteris.measuring.verified import chosen_rows, needed_pairs, queue_pairs
from ceteris.store import read_params

__all__ = ["questions_about", "queue_names", "refuse_numbers"]


def questions_about(root: Path, name: str) -> tuple[Questions, pd.DataFrame]:
    """Return what is still to be asked of a contrast, planned or not, and the features of the validation rows by id.

    Where the candidate drops rows, the rows that its net of the placebo needs are among them.

    Raises
    ------
    BadInputError
        No pair of cells has this name, or a cell is not there.
    """
    contrasts, facts, known = _contrasts(root)
    if name not in known:
        raise BadInputError(
            f"{name!r} is no queue.{nearest(name, ['train', 'random', *known])}",
            "See the names: ceteris queue. Of two revisions: ceteris queue --between A B",
        )
    refuse_numbers(contrasts.classes)
    pairs, answers = needed_pairs(known[name], facts), contrasts.answers()
    scorer = contrasts.scorer({cell: None for pair in pairs for cell in (pair.baseline, pair.candidate)}, answers)
    chosen = [chosen_rows(scorer, pair, answers.ids) for pair in pairs]
    return questions_of(chosen, answers.ids, answers.codes), contrasts.features()


def queue_names(root: Path) -> list[str]:
    """Return the names of the contrasts that a person can be asked about, planned ones first; of numbers none."""
    contrasts, _, known = _contrasts(root)
    return list(known) if contrasts.classes else []


def refuse_numbers(classes: tuple[str, ...]) -> None:
    """Refuse to ask which arm is right where labels are numbers, which have no classes.

    Raises
    ------
    BadInputError
    """
    if not classes:
        raise BadInputError(
            "Labels are numbers: the arms differ on nearly every row, so that no few rows decide between them.",
            "Name a column of verified numbers (params.yaml ingest.true_label), or review train rows: ceteris queue train",
        )


def _contrasts(root: Path) -> tuple[Contrasts, dict[str, VersionFacts], dict[str, Pair]]:
    params = read_params(root)
    contrasts = Contrasts(root, read_layout(root), params)
    facts = contrasts.facts()
    every = without(pairs_of(params.train.models, facts, params.compare), contrasts.absent())
    return contrasts, facts, {pair.name: pair for pair in (*queue_pairs(every), *every)}

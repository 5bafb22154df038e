"""May the candidate take the place of the baseline? Opens the sealed test part once for this question, and counts the look."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import Dataset
from ceteris.editing import edits
from ceteris.editing.blind import TEST_SOURCES, not_blind, refuse_leaks, told_of_blindness
from ceteris.editing.ledger import of_part, read_ledger
from ceteris.errors import BadInputError, StaleEditError, some
from ceteris.measuring.compare import Arm
from ceteris.measuring.pairs import Name, Pair
from ceteris.measuring.slicing import sliced
from ceteris.measuring.verdicts import FEWEST_DISCORDANT, HELPS
from ceteris.release.acceptance import (
    acceptance,
    in_table,
    judges_of,
    line_of,
    pair_of,
    questions,
    reported,
    smallest_visible,
    tipping,
)
from ceteris.release.folder import (
    ACCEPTANCE,
    EDITS,
    JUDGED,
    QUEUE,
    changed_told,
    circumstances,
    is_requested,
    note_verdict,
    read_looks,
    read_terms,
    read_verdicts,
    take,
)
from ceteris.release.gate_terms import unpackable
from ceteris.release.judged import column_of, judged_rows
from ceteris.release.looks import FILE as LOOKS
from ceteris.release.looks import Look, Question, find, level_of, next_look, unasked
from ceteris.release.record import verdict_of
from ceteris.release.sealed import count_of, open_test, seal_of
from ceteris.release.terms import Accept, cells_of
from ceteris.release.trained import Trained
from ceteris.splitting.splits import TEST, TRAIN, VALIDATION
from ceteris.stages import Progress, Stage, run
from ceteris.store import home_of, read_table, write_json, write_parquet, write_table
from ceteris.telling.wording import amount, interval, labels_of, percent
from ceteris.training.cells import Cell

__all__ = ["main"]


def main(stage: Stage) -> None:
    """Take a look, or go on with the one that asked the same, and write acceptance.json and the queue of its disagreements."""
    _refuse_elsewhere(stage)
    terms = read_terms(stage.root)
    accept = terms.accept
    candidate, baseline = cells_of(accept, stage.params)
    trained = Trained(stage.root, stage.layout, stage.params, Progress(stage, "cells"))
    pair = pair_of(baseline, candidate, trained.facts)
    names = [baseline, candidate, *([(candidate[0], pair.control)] if pair.control else [])]
    arms = {name: trained.arm(name) for name in names}
    if arms[baseline].fingerprint.fit_key == arms[candidate].fingerprint.fit_key:
        raise BadInputError(
            f"{accept.candidate} and {accept.baseline} are one and the same: equal rows, labels, recipe and seeds.",
            "Name a candidate that differs.",
        )
    validation = _on_validation(stage, trained, pair, arms)
    for column in terms.gate.groups or ():  # what cannot be cut into groups is refused before a look is spent
        of_train = column_of(trained.train, column, stage.params.ingest.group)
        sliced(of_train, of_train, "gate.groups")
    question = _question(stage, accept, arms[candidate], arms[baseline])
    looks, (decisions, blindness) = read_looks(stage.root), _decisions(stage, trained)
    read_verdicts(stage.root)  # a file that could not be added to is refused before a look is spent
    look = find(looks, question)
    if look is None:
        _refuse_unless_asked(accept, looks, question)
        _refuse_unless_it_helps(accept, validation)
        _refuse_unless_packable(accept, unpackable(stage.params.train.models[candidate[0]], terms.package.trusted or ()))
        trained.rehearse([baseline, candidate])
        look = _take(stage, looks, question, validation, accept.because or "")
    notes = (*_notes(stage, candidate, arms[baseline], arms[candidate]), *blindness)
    _judge(stage, trained, pair, names, replace(look, question=question), validation, decisions, notes)


def _judge(
    stage: Stage,
    trained: Trained,
    pair: Pair,
    names: list[Name],
    look: Look,
    validation: Mapping[str, Any],
    decisions: pd.DataFrame,
    notes: tuple[str, ...],
) -> None:
    """Open the test part for this look, and write what it says."""
    compare = stage.params.compare.model_copy(update={"confidence": 1 - look.level})
    test = open_test(stage.root, stage.layout, look)
    judges = judges_of(test.rows, test.truth, decisions, trained.classes, compare.metric, "test")
    arms = trained.on_test(names, test.rows)
    scorer = judges.scorer(arms, compare)
    judged = reported(scorer, pair, judges.answers, trained.facts)
    queue = questions(scorer, pair, judges.answers.ids, trained.facts)
    doubted = judged[0].scored_on == "given" and compare.metric == "accuracy"
    tips = tipping(scorer, judged[0], len(queue)) if doubted else None
    found = acceptance(look, judged, tips, validation, (*notes, *judges.notes))
    write_table(stage.root / QUEUE, queue)
    write_parquet(stage.root / JUDGED, _rows(stage, test.rows, judges.best, [arms[name].cell for name in names[:2]], trained))
    note_verdict(stage.root, verdict_of(look, found))
    write_json(stage.root / ACCEPTANCE, found)
    verdict = "accepted" if found["accepted"] else "not accepted"
    stage.tell(f"{look.question.candidate} in place of {look.question.baseline}: {verdict}; {ACCEPTANCE} says why")


def _rows(stage: Stage, rows: Dataset, labels: np.ndarray, cells: list[Cell], trained: Trained) -> pd.DataFrame:
    """Return what the gate measures groups and calibration from, without a look of its own."""
    columns = read_terms(stage.root).gate.groups or ()
    return judged_rows(rows, labels, cells[0], cells[1], trained.classes, columns, stage.params.ingest.group)


def _refuse_elsewhere(stage: Stage) -> None:
    if home_of(stage.root) != stage.root:
        raise BadInputError(
            "This is a folder that DVC made for one experiment, and the look would be lost with it.",
            "Take looks in the repository itself: dvc exp apply NAME, then ceteris accept",
        )


def _on_validation(stage: Stage, trained: Trained, pair: Pair, arms: Mapping[Name, Arm]) -> dict[str, Any]:
    """Return the pair's effect on validation: as compare told it, or, where it did not compare these two, judged now."""
    metric = stage.params.compare.metric
    effects = read_table(trained.path("results", "compare", "effects.csv"), text=("verdict", "reason", "control"))
    found = in_table(effects, pair, metric)
    if found is not None:
        return found
    parts = trained.table("split", "parts.parquet").set_index("id")["part"]
    lines, rule = read_ledger(stage.path("edits")), stage.params.fix.conflicts
    decisions = edits.resolve(lines, rule, parts.index[parts == TRAIN])
    truth = trained.table("split", f"truth-{VALIDATION}.parquet")
    judging = of_part(decisions, parts, VALIDATION)
    judges = judges_of(trained.validation, truth, judging, trained.classes, metric, VALIDATION)
    scorer = judges.scorer(arms, stage.params.compare)
    return line_of(reported(scorer, pair, judges.answers, trained.facts)[0])


def _question(stage: Stage, accept: Accept, candidate: Arm, baseline: Arm) -> Question:
    compare = stage.params.compare
    return Question(
        candidate=str(accept.candidate),
        baseline=str(accept.baseline),
        metric=compare.metric,
        region=f"{compare.region_of(compare.metric):g}",
        at_least=accept.at_least,
        candidate_cell=candidate.fingerprint.fit_key,
        baseline_cell=baseline.fingerprint.fit_key,
        test=seal_of(stage.root, stage.layout),
    )


def _refuse_unless_asked(accept: Accept, looks: tuple[Look, ...], question: Question) -> None:
    """Refuse a look that nobody asked for by name just now: DVC also runs this stage because something else changed."""
    if not is_requested(accept):
        raise BadInputError(
            f"{unasked(looks, question)} This run was not asked for a new look, and takes none.",
            f"Ask for it by name, at the level {percent(level_of(len(looks) + 1))}: "
            f"ceteris accept {accept.candidate} --baseline {accept.baseline}",
        )


def _refuse_unless_it_helps(accept: Accept, validation: Mapping[str, Any]) -> None:
    if validation["verdict"] == HELPS or accept.because:
        return
    metric = validation["metric"]
    seen = f"{amount(validation['difference'], metric)} {interval(validation['low'], validation['high'], metric)}"
    raise BadInputError(
        f"{accept.candidate} is not told to help against {accept.baseline} on validation: {seen} {metric} on "
        f"{labels_of(validation['scored_on'])}, {validation['verdict']} ({validation['reason']}).",
        "Name one that is, or say why the test part is to be opened for this one: "
        f'ceteris accept {accept.candidate} --baseline {accept.baseline} --because "..."',
    )


def _refuse_unless_packable(accept: Accept, reason: str) -> None:
    """Refuse a look that could lead to nothing that is served, but for a reason."""
    if reason and not accept.because:
        raise BadInputError(
            f"{accept.candidate} cannot be packaged, so the gate would promote nothing: {reason}.",
            "Name another candidate, or say why the test part is to be opened for this one: "
            f'ceteris accept {accept.candidate} --baseline {accept.baseline} --because "..."',
        )


def _take(stage: Stage, looks: tuple[Look, ...], question: Question, validation: Mapping[str, Any], because: str) -> Look:
    """Count a look; when this returns its line is on the disk, and nothing of the test part has been read."""
    n_rows = count_of(stage.root, stage.layout)
    if n_rows < FEWEST_DISCORDANT:
        raise BadInputError(
            f"The test part holds {n_rows} rows, and under {FEWEST_DISCORDANT} nothing is said to help.",
            "Enlarge split.test in params.yaml.",
        )
    told, changed = circumstances(stage.root)
    look = next_look(looks, question, **told, on_validation=str(validation["verdict"]), because=because)
    if differs := changed_told(changed):
        stage.tell(f"the workspace is not what the last commit holds: {differs}; the look says so")
    if question.metric == "accuracy":
        stage.tell(_expected(n_rows, validation, look.level))
    take(stage.root, look)
    stage.tell(f"look {look.number} is written to {LOOKS}, at the level {percent(look.level)}; the test part is opened")
    return look


def _expected(n_rows: int, validation: Mapping[str, Any], level: float) -> str:
    """Return what a look at so many rows can be expected to show, from what differed on validation."""
    share = validation["n_discordant"] / validation["n_rows"]
    visible = smallest_visible(n_rows, share, level)
    if math.isnan(visible):
        return (
            f"of {n_rows:,} test rows about {share * n_rows:.0f} would differ, as on validation, and under {FEWEST_DISCORDANT}"
            " nothing is said to help: this look can hardly tell anything"
        )
    seen = amount(validation["difference"], validation["metric"])
    shown = amount(visible, validation["metric"]).lstrip("+")
    return f"{n_rows:,} test rows would show an effect of {shown} in 80 of 100 such looks; on validation it was {seen}"


def _decisions(stage: Stage, trained: Trained) -> tuple[pd.DataFrame, list[str]]:
    """Return what people said of test rows, and how many of these answers were not blind, in a sentence.

    What was asked of other rows than these is refused before a look is spent.
    """
    lines = read_ledger(stage.root / EDITS)
    decisions = edits.resolve(lines, stage.params.fix.conflicts)
    parts = trained.table("split", "parts.parquet").set_index("id")["part"]
    stray = decisions[parts.reindex(decisions["id"]).to_numpy() != TEST]
    if len(stray):
        places: pd.Series = stray["where"] + " " + stray["id"]
        raise StaleEditError(
            f"These edits in {EDITS}/ are about rows that are not in the test part: {some(places)}.",
            f"Answers about other data than these: move their files out of {EDITS}/. No look was spent.",
        )
    refuse_leaks(decisions, TEST, TEST_SOURCES)
    told = told_of_blindness(len(not_blind(lines, parts.index[parts == TEST])), TEST)
    return decisions, [told] if told else []


def _notes(stage: Stage, candidate: Name, one: Arm, other: Arm) -> tuple[str, ...]:
    """Return what a reader must know of the candidate itself."""
    steps = stage.params.fix.steps().get(candidate[1], ())
    simulated = any(step.step == "simulate_review" for step in steps)
    moved = one.fingerprint.data != other.fingerprint.data and one.fingerprint.model != other.fingerprint.model
    return (
        *([f"the review of {candidate[1]} is simulated: its answers are the true labels"] if simulated else []),
        *(["data and model both moved: which of them it was, this does not tell"] if moved else []),
    )


if __name__ == "__main__":
    run(main)

"""What reviews were worth in a repository: credit and budget agree with the pipeline's own cells, and train each cell once."""

from __future__ import annotations

import csv
from pathlib import Path

import noisy
import numpy as np
import pandas as pd
import pytest
from clone import Clone
from small import edit

import ceteris
from ceteris.cell_files import read_cell
from ceteris.dataset import ID, LABEL
from ceteris.edits import COLUMNS
from ceteris.errors import BadInputError
from ceteris.experiments.reviewing import Reviewing
from ceteris.store import read_parquet


def answer(repo: Path, reviewer: str, rows: slice, wrong: bool = False) -> None:
    """Let somebody answer some train rows, from the true label or beside it."""
    train = pd.read_parquet(repo / "data/split/train.parquet", columns=[ID, LABEL]).set_index(ID)[LABEL]
    truth = pd.read_parquet(repo / "data/split/truth-train.parquet").set_index(ID).iloc[:, 0].reindex(train.index)
    other = {"ant": "bee", "bee": "cow", "cow": "ant"}
    with (repo / f"data/edits/{reviewer}-1.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for name in train.index[rows]:
            new = other[truth[name]] if wrong else truth[name]
            action = "confirm" if new == train[name] else "relabel"
            line = edit(name, action, given=train[name], new="" if action == "confirm" else new, reviewer=reviewer)
            writer.writerow(line)


def test_a_harmful_batch_is_told_from_a_helpful_one(repo: Path) -> None:
    answer(repo, "ann", slice(0, 50))
    answer(repo, "eve", slice(50, 100), wrong=True)
    found = {credit.batch: credit for credit in Reviewing(repo).credit()}
    assert set(found) == {"ann/1", "eve/1"}
    shares = {batch: credit.share.difference for batch, credit in found.items() if credit.share}
    assert shares["eve/1"] < shares["ann/1"]
    assert next(iter(found)) == "eve/1"


def test_each_coalition_is_trained_once_and_kept(repo: Path) -> None:
    answer(repo, "ann", slice(0, 50))
    told: list[tuple[int, int]] = []
    Reviewing(repo, tell=lambda done, total: told.append((done, total))).credit()
    assert told == [(1, 1)]  # of nothing and all, `given` is among the cells that train made
    Reviewing(repo, tell=lambda done, total: told.append((done, total))).credit()
    assert told == [(1, 1)]


def test_a_budget_ends_in_the_effect_that_the_pipeline_measured(repo: Path) -> None:
    curve, simulated = Reviewing(repo).budget(20)
    assert simulated
    effects = ceteris.open(repo).effects(axis="data", planned=True)
    known = effects[(effects["candidate_version"] == "simulated") & (effects["metric"] == "accuracy")].set_index("scored_on")
    assert curve.points[-1].reviews == 20
    assert curve.points[-1].ranked.difference == pytest.approx(known.loc["true", "difference"], abs=1e-6)
    assert curve.points[-1].ranked.low == pytest.approx(known.loc["true", "low"], abs=1e-6)
    assert curve.points[-1].random is not None


def test_without_edits_there_is_no_credit_and_an_unknown_model_is_refused(repo: Path) -> None:
    with pytest.raises(BadInputError, match=r"No edit changes a train row yet.*ceteris queue train"):
        Reviewing(repo).credit()
    with pytest.raises(BadInputError, match="Did you mean 'logistic'"):
        Reviewing(repo, "logstic")


def test_the_models_of_the_repository_are_trials(repo: Path) -> None:
    (effect,) = Reviewing(repo).other_models()
    known = ceteris.open(repo).effects(axis="model", planned=True)
    known = known[(known["metric"] == "accuracy") & (known["scored_on"] == "true")].iloc[0]
    assert effect.difference == pytest.approx(known["difference"], abs=1e-6)


def test_credit_and_budget_are_scored_on_verified_labels_where_every_row_that_decides_is(
    noisy_past: Clone, tmp_path: Path
) -> None:
    root = noisy_past.copy(tmp_path / "clone").root
    noisy.answer_train(root)
    assert Reviewing(root).scored_on == "given"
    on_given = Reviewing(root).credit()[0]
    assert on_given.alone.difference < 0
    asked = read_parquet(root / "data/split/validation.parquet", columns=[ID])[ID]
    arms = [read_cell(path.parent)[0] for path in (root / ".ceteris/cells").rglob("fingerprint.json")]
    arms += [read_cell(root / "models/logistic/given")[0]]
    differing = np.logical_or.reduce([(arm.predicted != arms[-1].predicted).any(axis=0) for arm in arms])
    noisy.answer(root, "ann-some", asked[differing][1:])
    some = Reviewing(root)
    assert (some.credit()[0].alone, some.scored_on) == (on_given.alone, "given")
    noisy.answer(root, "ann-last", asked[differing][:1])
    whole = Reviewing(root)
    assert whole.credit()[0].alone.difference > 0
    assert whole.scored_on == "verified (disagreements)"
    whole.left_to_gain()
    assert whole.scored_on == "verified (disagreements) and given"

"""Credit in a repository: batches and single answers, each coalition trained once, and the names that take a batch back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import noisy
import numpy as np
import pytest
from clone import Clone
from reviewers import answer

import ceteris
from ceteris.dataset import ID
from ceteris.errors import BadInputError
from ceteris.experiments.crediting import credit_of_answers, credit_of_batches
from ceteris.experiments.reviewing import Reviewing
from ceteris.store import read_parquet
from ceteris.training.cell_files import read_cell


def test_a_harmful_batch_is_told_from_a_helpful_one(repo: Path) -> None:
    answer(repo, "ann", slice(0, 50))
    answer(repo, "eve", slice(50, 100), wrong=True)
    found = credit_of_batches(Reviewing(repo))
    assert [credit.batch for credit in found] == ["eve/1", "ann/1"]
    eve, ann = (credit.share for credit in found)
    assert eve is not None and ann is not None
    assert eve.difference < ann.difference


def test_people_stand_by_their_names_and_other_batches_by_their_harm(repo: Path) -> None:
    answer(repo, "ann", slice(0, 50))
    answer(repo, "zoe", slice(50, 100), wrong=True)
    assert [credit.batch for credit in credit_of_batches(Reviewing(repo), "reviewer")] == ["ann", "zoe"]
    assert next(credit.batch for credit in credit_of_batches(Reviewing(repo))) == "zoe/1"


def test_each_coalition_is_trained_once_and_kept(repo: Path) -> None:
    answer(repo, "ann", slice(0, 50))
    told: list[tuple[int, int]] = []
    credit_of_batches(Reviewing(repo, tell=lambda done, total: told.append((done, total))))
    assert told == [(0, 1), (1, 1)]  # of nothing and all, `given` is among the cells that train made
    credit_of_batches(Reviewing(repo, tell=lambda done, total: told.append((done, total))))
    assert told == [(0, 1), (1, 1)]


def test_the_shares_of_many_batches_sum_to_the_effect_of_all(repo: Path) -> None:
    for place in range(9):
        day = f"2026-01-{place + 1:02d}T12:00:00+00:00"
        answer(repo, "ann", slice(5 * place, 5 * place + 5), wrong=True, batch=str(place), at=day)
    told: list[tuple[int, int]] = []
    found = credit_of_batches(Reviewing(repo, tell=lambda done, total: told.append((done, total))), "round")
    shares = [credit.share.difference for credit in found if credit.share]
    assert len(shares) == len(found) == 9
    reviewing = Reviewing(repo)
    patch = reviewing.patch(reviewing.moving)
    none, every = reviewing.scores([patch.training(np.zeros(len(reviewing.moving), dtype=bool)), patch.training()])
    assert sum(shares) == pytest.approx(every.mean() - none.mean(), abs=1e-9)
    k = len(found)
    assert told[-1][1] <= 2 * k + 1 + 6 * (k - 1)  # alone, without, all; three pairs of orders for each seed


def test_without_edits_there_is_no_credit(repo: Path) -> None:
    with pytest.raises(BadInputError, match=r"No edit changes a train row yet.*ceteris queue train"):
        credit_of_batches(Reviewing(repo))
    with pytest.raises(BadInputError, match=r"No answer to a train row counts as one of 'ann'"):
        credit_of_answers(Reviewing(repo), "ann")


def test_a_way_that_forms_no_batches_is_refused_before_anything_is_read(repo: Path, ceteris_: Any) -> None:
    (repo / "data/split/train.parquet").unlink()
    for words, said in (
        (("--by", "nonsense"), "'nonsense' is no way to form batches. Known: 'batch', 'reviewer'"),
        (("--by", "class,isue"), "Did you mean 'issue'?"),
        (("--by", "class", "--reviewer", "ann"), "Choose one of them."),
        (("--all",), "--reviewer NAME"),
    ):
        told = ceteris_("credit", *words)
        assert (told.code, said in told.err, told.out) == (2, True, ""), told.err


def test_credit_is_given_as_objects(repo: Path, ceteris_: Any) -> None:
    answer(repo, "ann", slice(0, 8), only_wrong=True)
    (row,) = json.loads(ceteris_("credit", "--json").out, parse_constant=pytest.fail)
    assert (row["batch"], row["by"], row["model"], row["scored_on"]) == ("ann/1", "batch", "logistic", "true")
    assert row["share_low"] < row["share"] == row["alone"] < row["share_high"] and row["share_verdict"]
    rows = json.loads(ceteris_("credit", "--reviewer", "ann", "--json").out, parse_constant=pytest.fail)
    assert len(rows) == 8 and {row["reviewer"] for row in rows} == {"ann"}
    assert {"id", "given_label", "new_label", "difference", "low", "high", "verdict"} <= set(rows[0])


def test_one_person_s_answers_are_told_on_top_of_the_others(repo: Path) -> None:
    answer(repo, "ann", slice(0, 6), only_wrong=True)
    answer(repo, "eve", slice(60, 80), wrong=True)
    found = credit_of_answers(Reviewing(repo), "ann")
    assert found.reviewer == "ann"
    assert len(found.answers) == len(found.moving) == len(found.effects) == 6
    assert set(found.table()["id"]) == set(found.moving["id"])
    alone = credit_of_batches(Reviewing(repo), "reviewer")
    assert found.together.difference == pytest.approx(next(one.last.difference for one in alone if one.batch == "ann"))
    flipped = (found.flipped["flip"] == "turned right").sum() - (found.flipped["flip"] == "turned wrong").sum()
    assert found.together.difference == pytest.approx(flipped / found.together.n_rows, abs=1e-9)  # logistic: no seed differs


def test_single_answers_sum_to_about_what_they_are_worth_together(repo: Path) -> None:
    """In a game without interactions of three the Banzhaf values sum to the whole; here they come near it."""
    answer(repo, "ann", slice(0, 12), only_wrong=True)
    found = credit_of_answers(Reviewing(repo), "ann")
    assert sum(effect.difference for effect in found.effects) == pytest.approx(found.together.difference, abs=0.03)


def test_answers_that_only_confirm_are_told_to_move_no_model(repo: Path) -> None:
    train = ceteris.open(repo).given_labels()
    wrong = answer(repo, "bob", slice(0, None), only_wrong=True)
    first = next(place for place, name in enumerate(train.index) if name not in wrong)
    answer(repo, "ann", slice(first, first + 1))
    with pytest.raises(BadInputError, match=r"1 answers? of 'ann' count.*that what was given stands"):
        credit_of_answers(Reviewing(repo), "ann")
    with pytest.raises(BadInputError, match="Did you mean 'bob'"):
        credit_of_answers(Reviewing(repo), "bobb")


def test_the_workbench_offers_the_same(repo: Path) -> None:
    answer(repo, "ann", slice(0, 8), only_wrong=True)
    bench = ceteris.open(repo)
    assert bench.credit()["batch"].tolist() == ["ann/1"]
    assert len(bench.credit(reviewer="ann")) == 8
    with pytest.raises(BadInputError, match="no way to form batches"):
        bench.credit("colour")


def test_credit_and_budget_are_scored_on_verified_labels_where_every_row_that_decides_is(
    noisy_past: Clone, tmp_path: Path
) -> None:
    root = noisy_past.copy(tmp_path / "clone").root
    noisy.answer_train(root)
    assert Reviewing(root).scored_on == "given"
    on_given = credit_of_batches(Reviewing(root))[0]
    assert on_given.alone.difference < 0
    asked = read_parquet(root / "data/split/validation.parquet", columns=[ID])[ID]
    arms = [read_cell(path.parent)[0] for path in (root / ".ceteris/cells").rglob("fingerprint.json")]
    arms += [read_cell(root / "models/logistic/given")[0]]
    differing = np.logical_or.reduce([(arm.predicted != arms[-1].predicted).any(axis=0) for arm in arms])
    noisy.answer(root, "ann-some", asked[differing][1:])
    some = Reviewing(root)
    assert (credit_of_batches(some)[0].alone, some.scored_on) == (on_given.alone, "given")
    noisy.answer(root, "ann-last", asked[differing][:1])
    whole = Reviewing(root)
    assert credit_of_batches(whole)[0].alone.difference > 0
    assert whole.scored_on == "verified (disagreements)"
    whole.scores([whole.given])
    assert whole.scored_on == "verified (disagreements) and given"

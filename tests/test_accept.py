"""The sealed part is opened once for a question: counted first, refused without a reason, gone on with after a kill."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
import small
from checkout import surroundings
from clone import TREE, Clone
from sealed import BOTH, HELPS, NAMES, NEAR, UNSURE, accept, acceptance, go_on, looks, name, true_labels

import ceteris
from ceteris.errors import BadInputError, CeterisError, IntegrityError, LeakageError, StaleEditError
from ceteris.measuring.effect import paired_effect
from ceteris.release.folder import read_terms, request
from ceteris.release.looks import parse

TEST = "data/split/test.parquet"


def test_a_candidate_that_helps_is_accepted_and_the_same_question_is_one_look(sealed: Clone) -> None:
    found = accept(sealed, HELPS)
    assert found["accepted"]
    assert found["test"]["verdict"] == found["validation"]["verdict"] == "helps"
    assert (found["test"]["scored_on"], found["test"]["confidence"]) == ("given", 0.975)
    assert found["test"]["n_rows"] == len(pd.read_parquet(sealed.root / TEST))
    assert found["test"]["net_low"] > 0
    assert found["tipping"]["count"] >= 1
    (look,) = looks(sealed)
    assert (look.number, look.level, look.on_validation, look.because) == (1, 0.025, "helps", "")
    before = {path: sealed.read(path) for path in NAMES}
    assert accept(sealed, HELPS) == found
    assert {path: sealed.read(path) for path in NAMES} == before


def test_the_effect_is_that_of_the_two_recipes_fitted_by_hand(sealed: Clone) -> None:
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    found = accept(sealed, HELPS)["test"]
    train, test = (pd.read_parquet(sealed.root / f"data/split/{part}.parquet") for part in ("train", "test"))
    scores = []
    for version in ("given", "pruned"):
        made = pd.read_parquet(sealed.root / f"data/versions/{version}.parquet")
        rows = train.set_index("ceteris:id").loc[made["id"]]
        model = make_pipeline(StandardScaler(), KNeighborsClassifier(1)).fit(rows[["x", "y"]], made["label"])
        scores.append((model.predict(test[["x", "y"]]) == test["ceteris:label"]).to_numpy(dtype=float)[None, :].repeat(5, 0))
    alone = paired_effect(*scores, confidence=0.975)
    assert (found["difference"], found["low"], found["high"]) == pytest.approx(
        (alone.difference, alone.low, alone.high), abs=1e-6
    )


@pytest.mark.parametrize("candidate", [UNSURE, BOTH])
def test_a_candidate_that_is_not_told_to_help_on_validation_is_refused_unless_told_why(sealed: Clone, candidate: str) -> None:
    with pytest.raises(BadInputError, match=rf'{candidate} is not told to help .*cannot tell.*--because "\.\.\."'):
        accept(sealed, candidate)
    assert looks(sealed) == ()
    assert acceptance(sealed) == {"accepted": False, "notes": ["no candidate was named yet"]}
    found = accept(sealed, candidate, because="half the\n  CPU time")
    assert not found["accepted"]
    assert found["because"] == looks(sealed)[0].because == "half the CPU time"
    assert looks(sealed)[0].on_validation == "cannot tell"


def test_each_further_look_has_half_the_level(sealed: Clone) -> None:
    accept(sealed, UNSURE, because="a trial")
    found = accept(sealed, HELPS)
    assert (found["look"], found["level"], found["test"]["confidence"]) == (2, 0.0125, 0.9875)
    assert accept(sealed, UNSURE, because="a trial")["look"] == 1
    assert [look.level for look in looks(sealed)] == [0.025, 0.0125]
    sealed.change(**{"compare.region": 0.02})
    assert accept(sealed, HELPS)["level"] == 0.00625


def test_what_is_as_good_may_be_asked_for_and_is_another_question(sealed: Clone) -> None:
    first = accept(sealed, UNSURE, because="cheaper")
    second = accept(sealed, UNSURE, because="cheaper", at_least="no practical difference")
    assert (first["look"], second["look"], second["accepted"]) == (1, 2, False)


def test_equal_cells_are_one_and_there_is_nothing_to_accept(sealed: Clone) -> None:
    with pytest.raises(BadInputError, match="near/twin and near/given are one and the same"):
        accept(sealed, "near/twin")
    assert looks(sealed) == ()


def test_a_test_part_that_is_too_small_is_refused_before_any_look(sealed: Clone) -> None:
    path = sealed.root / "results/split/summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"test": 7}))
    with pytest.raises(BadInputError, match=r"holds 7 rows, and under 10 .* Enlarge split\.test"):
        accept(sealed, HELPS)
    assert looks(sealed) == ()


def test_a_test_part_that_is_not_there_is_named_before_any_look(sealed: Clone) -> None:
    (sealed.root / TEST).unlink()
    with pytest.raises(BadInputError, match=f"{TEST} is not there. Bring it back: dvc checkout {TEST}"):
        accept(sealed, HELPS)
    assert looks(sealed) == ()


def test_a_test_part_that_was_changed_since_split_is_refused_and_the_look_goes_on_once_it_is_back(sealed: Clone) -> None:
    content = (sealed.root / TEST).read_bytes()
    table = pd.read_parquet(sealed.root / TEST)
    table["ceteris:label"] = "ant"
    table.to_parquet(sealed.root / TEST)
    with pytest.raises(IntegrityError, match=f"{TEST} is not what split left"):
        accept(sealed, HELPS)
    assert len(looks(sealed)) == 1
    (sealed.root / TEST).write_bytes(content)
    assert accept(sealed, HELPS)["look"] == 1
    assert len(looks(sealed)) == 1


def test_effects_that_are_missing_are_named_with_the_command(sealed: Clone) -> None:
    (sealed.root / "results/compare/effects.csv").unlink()
    with pytest.raises(BadInputError, match=r"results/compare/effects\.csv is not there\. Run the pipeline first: dvc repro"):
        accept(sealed, HELPS)


def test_a_look_is_taken_in_the_repository_itself(sealed: Clone, tmp_path: Path) -> None:
    elsewhere = tmp_path / "mine/.dvc/tmp/exps/temp"
    shutil.copytree(sealed.root, elsewhere)
    with pytest.raises(CeterisError, match="the look would be lost with it"):
        accept(Clone(elsewhere), HELPS)


def test_answers_of_a_blind_review_change_what_the_look_is_scored_on_and_no_more(sealed: Clone, ceteris_, monkeypatch) -> None:
    monkeypatch.chdir(sealed.root)
    before = accept(sealed, HELPS)
    out = ceteris_("queue", "test")
    assert "Fill in the column `label` with the right label or `unsure`." in out.out
    whole = sealed.read("release/queue.csv")
    for damaged in ("garbage,\n1,2,3,4\n", "nope\n1\n"):
        (sealed.root / "release/queue.csv").write_text(damaged, encoding="utf-8")
        refused = ceteris_("queue", "test", "--out", "again.csv")
        assert (refused.code, "release/queue.csv is not what accept wrote. Write it anew" in refused.err) == (8, True)
    (sealed.root / "release/queue.csv").write_text(whole, encoding="utf-8")
    queue = pd.read_csv("review-test.csv")
    assert list(queue.columns) == ["id", "label", "pi (the chance with which the row was picked)", "x", "y"]
    queue["label"] = queue["id"].map(true_labels())
    queue.to_csv("review-test.csv", index=False)
    back = ceteris_("edits", "import", "review-test.csv", "--reviewer", "ann")
    assert back.out.splitlines() == [
        f"{len(queue)} new answers in release/edits/ann-review_test.csv",
        "Keep them and see what they are worth: git add release/edits/ann-review_test.csv && ceteris accept",
    ]
    assert "Nothing new" in ceteris_("edits", "import", "review-test.csv", "--reviewer", "ann").out
    asked = sealed.read("release/queue.csv")
    after = accept(sealed, HELPS)
    assert after["test"]["scored_on"] == "verified (disagreements)"
    assert after["test"]["difference"] > before["test"]["difference"]  # wrong labels hid a part of it
    assert after["given"] == before["test"]
    assert (after["look"], len(looks(sealed)), after["tipping"]) == (1, 1, None)
    assert sealed.read("release/queue.csv") == asked
    Path("review-test.csv").unlink()
    assert "Nothing to review" in ceteris_("queue", "test").out
    ceteris_("edits", "revert", "ann/review-test", "--reviewer", "bob")
    assert (sealed.root / "release/edits/bob-reverts.csv").exists()
    assert accept(sealed, HELPS) == before


def test_answers_in_the_wrong_ledger_are_refused_and_no_look_is_spent_on_them(sealed: Clone) -> None:
    sealed.answer()  # about a train row
    shutil.move(sealed.root / "data/edits/ann-1.csv", sealed.root / "release/edits/ann-1.csv")
    with pytest.raises(StaleEditError, match=r"rows that are not in the test part: 'release/edits/ann-1\.csv line 2 row-"):
        accept(sealed, HELPS)
    assert looks(sealed) == ()


@pytest.mark.parametrize(("action", "source"), [("confirm", "random"), ("drop", "disagreement")])
def test_what_no_blind_review_said_of_a_test_row_is_refused_before_a_look(sealed: Clone, action: str, source: str) -> None:
    parts = pd.read_parquet(sealed.root / "data/split/parts.parquet")
    row = parts["id"][parts["part"] == "test"].iloc[0]
    small.by_hand(sealed.root / "release/edits/ann-1.csv", small.edit(row, action, source=source))
    with pytest.raises(LeakageError, match=rf"line 2: {action} of '{row}' from '{source}'\. Revert them"):
        accept(sealed, HELPS)
    assert looks(sealed) == ()


def test_cells_of_another_name_that_were_fitted_on_the_same_are_the_same_look(sealed: Clone) -> None:
    accept(sealed, "tree/given", because="a trial")
    found = accept(sealed, "tree/twin", because="a trial")
    assert (len(looks(sealed)), found["look"], found["question"]["candidate"]) == (1, 1, "tree/twin")


def test_a_candidate_that_changed_since_is_looked_at_anew_only_where_it_is_asked_for_by_name(sealed: Clone) -> None:
    accept(sealed, UNSURE, because="half the time")
    sealed.change(**{"train.models": {"near": NEAR, "tree": TREE | {"params": {"max_depth": 3}}}})
    small.run_stages(sealed.root, "train", "compare")
    before = {path: sealed.read(path) for path in NAMES}
    with pytest.raises(BadInputError) as refusal:
        go_on(sealed)
    assert re.search(
        r"^Since look 1 was taken for tree/given in place of near/given, this changed: the fingerprint of tree/given "
        r"\(\w{12} -> \w{12}\)\. .* at the level 1\.25 %: ceteris accept tree/given --baseline near/given$",
        str(refusal.value),
    )
    assert {path: sealed.read(path) for path in NAMES} == before
    with pytest.raises(BadInputError, match=r"is not told to help .* --because"):
        accept(sealed, UNSURE)
    assert accept(sealed, UNSURE, because="a third of it")["because"] == "a third of it"
    assert [look.because for look in looks(sealed)] == ["half the time", "a third of it"]


def test_a_look_is_asked_for_by_its_very_terms(sealed: Clone) -> None:
    name(sealed, UNSURE, because="cheaper")
    asked = request(read_terms(sealed.root).accept)
    name(sealed, HELPS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CETERIS_LOOK", asked["CETERIS_LOOK"])
        with pytest.raises(BadInputError, match=f"No look was taken for {HELPS}"):
            go_on(sealed)
    assert looks(sealed) == ()


def test_a_reason_is_kept_as_it_was_when_the_part_was_opened(sealed: Clone) -> None:
    accept(sealed, UNSURE, because="half the time")
    assert accept(sealed, UNSURE, because="another one")["because"] == "half the time"
    assert go_on(sealed)["because"] == looks(sealed)[0].because == "half the time"


def test_what_each_look_said_stands_for_good_and_is_told_without_opening_the_part(sealed: Clone) -> None:
    bench = ceteris.open(sealed.root)
    assert bench.acceptance().empty
    first, second = accept(sealed, UNSURE, because="a trial"), accept(sealed, HELPS)
    assert go_on(sealed) == second
    (sealed.root / TEST).unlink()
    told = bench.acceptance()
    assert list(told["candidate"]) == [UNSURE, HELPS]
    assert list(told["verdict"]) == [first["test"]["verdict"], "helps"]
    assert list(told["accepted"]) == [False, True]
    assert list(told["difference"]) == pytest.approx([first["test"]["difference"], second["test"]["difference"]])
    assert list(told["level"]) == [0.025, 0.0125]
    assert len(sealed.read("release/verdicts.csv").splitlines()) == 3
    sealed.git("checkout", ".")  # the way back from an experiment
    assert bench.acceptance().equals(told)
    sealed.commit()
    assert ceteris.open(sealed.root, rev="HEAD").acceptance().equals(told)


def test_verdicts_that_could_not_be_added_to_are_refused_before_any_look(sealed: Clone) -> None:
    (sealed.root / "release/verdicts.csv").write_text("<<<<<<< HEAD\n")
    with pytest.raises(IntegrityError, match=r"Restore it: git checkout -- release/verdicts\.csv"):
        accept(sealed, HELPS)
    assert looks(sealed) == ()


@contextmanager
def stage(clone: Clone, *, named: bool) -> Iterator[subprocess.Popen[str]]:
    """Run the stage as `ceteris accept` has DVC do, in a process of its own."""
    asked = request(read_terms(clone.root).accept if named else None)
    environment = asked | surroundings(clone.environment) | {"PYTHONPATH": str(clone.root / "src")}
    command = [sys.executable, "-m", "ceteris.release.accept"]
    with subprocess.Popen(command, cwd=clone.root, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_killed_between_the_look_and_the_reading_the_look_is_on_the_disk_and_the_next_run_goes_on_with_it(
    sealed: Clone,
) -> None:
    # A pipe that nobody writes to: who opens it waits, and has read nothing.
    part = sealed.root / TEST
    aside = part.rename(part.with_name("aside"))
    os.mkfifo(part)
    name(sealed, HELPS)
    path = sealed.root / "release/looks.csv"
    with stage(sealed, named=True) as first:
        until(lambda: looks(sealed))
        with stage(sealed, named=False) as second:
            assert second.stderr is not None
            assert second.stderr.readline() == f"accept: waiting for accept (process {first.pid}), which is writing here\n"
            taken = path.read_text()
            assert len(parse(taken)) == 1
            assert not acceptance(sealed)["accepted"]
            aside.replace(part)  # the first waits at the pipe, the second for the lock
            os.kill(first.pid, signal.SIGKILL)
            assert first.wait() == -signal.SIGKILL
            assert second.wait() == 0
    assert path.read_text() == taken
    assert acceptance(sealed)["accepted"]


def until(true: object) -> None:
    deadline = time.monotonic() + 120
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)

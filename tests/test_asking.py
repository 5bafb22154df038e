"""Labels that err in one class turn the sign of a true gain; a blind review, whole or sampled, turns it back. End to end."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import noisy
import numpy as np
import pandas as pd
import pytest
from clone import Clone
from past import dvc
from small import run_stages

import ceteris
from ceteris.dataset import ID, codes
from ceteris.errors import LeakageError
from ceteris.training.cell_files import read_cell

VERIFIED = "verified (disagreements)"


@pytest.fixture
def clone(noisy_past: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """A copy of it, as the working directory."""
    copied = noisy_past.copy(tmp_path / "clone")
    monkeypatch.chdir(copied.root)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", copied.environment["DVC_SITE_CACHE_DIR"])
    return copied


@pytest.fixture
def labels(clone: Clone) -> Clone:
    """The same, in the state of the experiment `labels`: every train label put right, the contrast with `given` not planned."""
    rev = next(line for line in clone.git("for-each-ref", "refs/exps").splitlines() if line.endswith("/labels")).split()[0]
    clone.git("checkout", "-q", rev, "--", ".")
    with dvc(clone.root) as repo:
        repo.checkout(force=True)
    return clone


def effect(root: Path, scored_on: str, metric: str = "accuracy") -> pd.Series:
    """Return the row of effects.csv of the contrast that nobody planned."""
    table = ceteris.open(root).effects(axis="data", planned=False)
    arms = (table["candidate_model"] == "logistic") & (table["candidate_version"] == "reviewed")
    (row,) = table[arms & (table["metric"] == metric) & (table["scored_on"] == scored_on)].to_dict("records")
    return row


def truth(root: Path) -> float:
    """Return the gain on true labels, which a person alone knows."""
    arms = [read_cell(root / "models/logistic" / version) for version in ("given", "reviewed")]
    names, classes = arms[0][2], arms[0][3]
    true = codes(np.array([noisy.TRUTH[name] for name in names], dtype=object), classes)
    return float(np.subtract(*((arm[0].over_seeds()[0] == true).mean() for arm in arms[::-1])))


def test_answers_turn_the_verdict_of_a_contrast_that_nobody_planned(labels: Clone, ceteris_: Any) -> None:
    root, gain = labels.root, truth(labels.root)
    assert effect(root, "given")["difference"] < 0 < gain
    assert not (root / "results/compare/queues/logistic.given.reviewed.csv").exists()
    said = ceteris_("queue", "logistic.given.reviewed")
    assert "all 101 on which the arms predict differently, and 11 on which they agree, unmarked. About 11 minutes" in said.out
    noisy.fill(Path("review-logistic.given.reviewed.csv"))
    assert ceteris_("edits", "import", "review-logistic.given.reviewed.csv", "--reviewer", "ann").code == 0
    run_stages(root, "compare", "report")
    told = effect(root, VERIFIED)
    assert told["difference"] == pytest.approx(gain, abs=1e-6)
    assert (told["verdict"], told["planned"]) == ("helps", False)
    assert effect(root, "given")["difference"] < 0  # it stands beside
    table = ceteris.open().effects()
    assert set(table.loc[table["scored_on"] == VERIFIED, "metric"]) == {"accuracy"}
    (line,) = ceteris.open().effects(side_by_side=True).query("candidate_version == 'reviewed'").to_dict("records")
    assert line["given_difference"] < 0 < line["difference"] and "turn its sign" in line["parting"]
    page = (root / "reports/report.html").read_text(encoding="utf-8")
    assert "A person checked all 101 rows on which the arms differ" in page and "turn its sign" in page
    assert ceteris_("queue", "logistic.given.reviewed", "--out", "more.csv").out.startswith("Nothing to review")


def test_a_sampled_review_covers_the_true_gain_and_says_that_it_is_a_sample(labels: Clone, ceteris_: Any) -> None:
    labels.change(**{"compare.review_rows": 60})
    said = ceteris_("queue", "logistic.given.reviewed").out
    assert "drawn at random from the 101 on which the arms predict differently" in said
    asked = noisy.fill(Path("review-logistic.given.reviewed.csv"))
    assert 45 < len(asked) < 90
    queue = pd.read_csv("review-logistic.given.reviewed.csv")
    pi = "pi (the chance with which the row was picked)"
    assert list(queue.columns) == ["id", "label", pi, "x", "y"] and queue[pi].min() < 1
    ceteris_("edits", "import", "review-logistic.given.reviewed.csv", "--reviewer", "ann")
    run_stages(labels.root, "compare")
    told = effect(labels.root, VERIFIED)
    assert told["low"] < truth(labels.root) < told["high"]
    assert told["difference"] > 0 > effect(labels.root, "given")["difference"]
    (review,) = ceteris.open().verified().query("contrast == 'logistic.given.reviewed'").to_dict("records")
    assert review["verified"] and review["disputed_asked"] < review["differing"] == 101
    assert review["decoys_left"] == 0 and review["decoys_asked"] + review["disputed_asked"] == len(asked)


def test_half_a_review_changes_no_number_and_says_how_far_it_is(labels: Clone, ceteris_: Any) -> None:
    plan = [{"axis": "data", "model": "logistic", "baseline": "given", "candidate": "reviewed"}]
    labels.change(**{"compare.planned": plan})
    ids = list(ceteris.open().disagreements("logistic.given.reviewed")["id"])
    noisy.answer(labels.root, "ann-some", ids[:50])
    run_stages(labels.root, "compare")
    table = ceteris.open().effects()
    assert VERIFIED not in set(table["scored_on"])
    said = ceteris_("summary").out
    assert "labels asked for are checked" in said and "ceteris queue logistic.given.reviewed" in said
    (review,) = ceteris.open().verified().to_dict("records")
    assert not review["verified"] and review["disputed_left"] > 0
    assert len(ceteris.open().disagreements("logistic.given.reviewed")) == len(ids) - 50


def rows(ceteris_: Any) -> dict[str, Any]:
    said = ceteris_("experiments", "--json")
    assert said.code == 0, said.err
    return {row["name"]: row for row in json.loads(said.out)}


def test_answers_turn_the_verdict_between_two_revisions_and_no_earlier_one(clone: Clone, ceteris_: Any) -> None:
    before = rows(ceteris_)["labels"]
    assert (before["scored_on"], before["verdict"]) == ("given", "cannot tell") and before["difference"] < 0
    doubt = " ".join(ceteris_("compare", "main", "labels").out.split())
    assert "disagreement labels wrong would undo this verdict" in doubt and "ceteris queue --between main labels" in doubt
    assert "all 101 on which" in ceteris_("queue", "--between", "main", "labels").out
    noisy.fill(Path("review-main-labels.csv"))
    ceteris_("edits", "import", "review-main-labels.csv", "--reviewer", "ann")
    after = rows(ceteris_)["labels"]
    assert after["scored_on"] == after["from_first_scored_on"] == VERIFIED and after["difference"] > 0
    assert (after["on_given"], after["on_given_verdict"]) == (before["difference"], before["verdict"])
    with (clone.root / ".ceteris/history.csv").open(newline="") as file:
        tests = list(csv.DictReader(file))
    assert [test["scored_on"].split()[0] for test in tests] == ["given", "verified"]
    told = " ".join(ceteris_("compare", "main", "labels", "--page", "page.html").out.split())
    page = clone.read("page.html")
    for words in ("The given labels turn its sign", "A person checked all 101 rows", "on which the arms agree"):
        assert words in told and words in page
    assert "validation rows flipped" in told and "on verified labels (disagreements), by class" in told
    (path,) = (clone.root / "data/edits").glob("*.csv")
    path.unlink()
    assert rows(ceteris_)["labels"] == before


def test_a_review_of_one_revisions_contrast_is_one_of_the_pair(labels: Clone, ceteris_: Any) -> None:
    """The same cells by name have the same permanent numbers, so that a sample is a sample for both."""
    labels.change(**{"compare.review_rows": 60})
    one = set(ceteris.open().disagreements("logistic.given.reviewed")["id"])
    ceteris_("queue", "--between", "main", "labels", "--out", "pair.csv")
    assert set(pd.read_csv("pair.csv")["id"]) == one


def test_where_data_and_model_moved_their_parts_can_be_asked_for(clone: Clone, ceteris_: Any) -> None:
    clone.change(**{"compare.review_rows": 200})
    assert rows(ceteris_)["both"]["scored_on"] == "given"
    assert "on which the arms predict differently" in ceteris_("queue", "--between", "main", "both").out
    noisy.fill(Path("review-main-both.csv"))
    ceteris_("edits", "import", "review-main-both.csv", "--reviewer", "ann")
    both = rows(ceteris_)["both"]
    assert both["scored_on"] == VERIFIED and both["difference"] is None and both["data"] > 0
    clone.change(**{"compare.review_rows": 60})
    (clone.root / "data/edits/ann-review_main_both.csv").unlink()
    refused = ceteris_("queue", "--between", "main", "both", "--out", "more.csv").err
    assert "more than the 60 that are asked for" in refused and "--baseline MODEL/VERSION" in refused
    named = ("--baseline", "logistic/given", "--candidate", "ridge/given", "--out", "named.csv")
    assert ceteris_("queue", "--between", "main", "main", *named).code == 0


def test_what_cannot_be_asked_is_a_sentence(clone: Clone, ceteris_: Any) -> None:
    clone.git("branch", "twin")
    for words, said in (
        (("queue", "--between", "main", "lables"), "Did you mean 'labels'"),
        (("queue", "--between", "main", "twin"), "main and twin name one and the same run, "),
        (("queue", "train", "--between", "main", "labels"), "Choose one of them"),
        (("queue", "train", "--baseline", "a/b"), "--between A B"),
        (("queue", "logistic.given.pruend"), "Did you mean 'logistic.given.pruned'"),
    ):
        told = ceteris_(*words)
        assert (told.code, said in told.err) == (2, True), (words, told.err)
    assert ceteris_("queue").out.split()[:3] == ["train", "random", "given.logistic.ridge"]
    path = clone.root / "data/split/validation.parquet"
    kept = pd.read_parquet(path)
    path.unlink()
    kept[kept[ID] != asked_first(kept)].to_parquet(path)
    told = ceteris_("queue", "--between", "main", "labels")
    assert told.code == 2 and "are no validation rows of the workspace, or others by now" in told.err
    path.unlink()
    told = ceteris_("queue", "logistic.given.reviewed")
    assert (told.code, "data/split/validation.parquet is not there. Make it: dvc repro" in told.err) == (2, True)
    assert not list(clone.root.glob("review*.csv"))


def asked_first(kept: pd.DataFrame) -> str:
    """Return a row on which the arms differ."""
    return "row-231" if "row-231" in set(kept[ID]) else str(kept[ID].iloc[0])


def test_an_edit_of_a_validation_row_from_another_source_is_refused_everywhere(labels: Clone, ceteris_: Any) -> None:
    ids = list(ceteris.open().disagreements("logistic.given.reviewed")["id"])
    noisy.answer(labels.root, "eve-models", ids[:3], source="cleanlab")
    for words in (
        ("queue", "logistic.given.reviewed"),
        ("queue", "--between", "main", "labels"),
        ("compare", "main", "labels"),
    ):
        told = ceteris_(*words)
        assert told.code == LeakageError.exit_code
        assert "do not come from a blind review" in told.err
    assert not list(labels.root.glob("review*.csv"))

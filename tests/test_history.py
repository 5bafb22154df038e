"""A history with experiments of every axis, as DVC keeps them: each typed rightly and told in words, and nothing retrained."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from clone import Clone
from past import TRIALS, dvc

import ceteris
from ceteris.experiments.account import account
from ceteris.experiments.history import History
from ceteris.experiments.table import COLUMNS, Line, table

PROMISED = {
    "name", "rev", "parent", "axis", "changed", "metric", "scored_on", "difference", "low", "high", "p_value", "planned",
    "verdict", "labels_reviewed", "cpu_seconds",
}  # fmt: skip


@pytest.fixture(scope="module")
def lines(past: Clone) -> dict[str, Line]:
    return {line.snapshot.name: line for line in account(past.root)}


@pytest.fixture
def clone(past: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """A copy of the history, as the working directory."""
    copied = past.copy(tmp_path / "clone")
    monkeypatch.chdir(copied.root)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", copied.environment["DVC_SITE_CACHE_DIR"])
    return copied


@pytest.mark.parametrize("name", TRIALS)
def test_every_axis_is_typed_by_fingerprints_and_told_in_words(name: str, lines: dict[str, Line]) -> None:
    against = lines[name].against_parent
    assert against is not None
    assert against.move.axis == TRIALS[name].axis
    for words in TRIALS[name].words:
        assert words in lines[name].changed
    assert lines[name].parent == lines["main"].snapshot


def test_a_number_stands_where_one_thing_moved_a_prediction_and_nowhere_else(lines: dict[str, Line]) -> None:
    numbers = {name for name, line in lines.items() if line.effect is not None}
    assert numbers == {"softer", "added", "answered", "recipe", "more-rows", "seeds"}
    assert lines["more-rows"].effect is not None and lines["main"].snapshot.judging is not None
    assert lines["more-rows"].effect.n_rows == len(lines["main"].snapshot.judging.ids)
    assert lines["seeds"].effect is not None and lines["seeds"].effect.n_seeds == 5
    reasons = {name: lines[name].against_parent.reason for name in ("both", "code", "judged", "renamed")}  # type: ignore[union-attr]
    assert "logistic of main on simulated of both must be trained: --run-missing" in reasons["both"]
    assert "no prediction" in reasons["code"]


def test_labels_reviewed_and_seconds_stand_beside_each(lines: dict[str, Line]) -> None:
    assert {name: line.labels_reviewed for name, line in lines.items() if line.labels_reviewed} == {
        "answered": 30, "recipe": 5, "both": 40
    }  # fmt: skip
    assert 0 < lines["added"].cpu_seconds < 60
    assert lines["renamed"].cpu_seconds == lines["judged"].cpu_seconds == 0
    assert math.isnan(lines["code"].cpu_seconds)  # a colleague's machine measured them


def test_the_first_commit_has_no_cache_and_is_said_to_have_none(lines: dict[str, Line], past: Clone) -> None:
    start = past.git("rev-list", "--max-parents=0", "HEAD").strip()
    assert f"`git checkout {start[:7]} && dvc repro`" in lines[start[:7]].changed
    assert lines["main"].changed == "the first run that can be read here"


def test_the_plan_of_a_revision_is_the_one_that_stands_in_its_results(lines: dict[str, Line], past: Clone) -> None:
    def written(rev: str) -> str:
        return str(json.loads(past.git("show", f"{rev}:results/compare/metrics.json"))["plan"])

    plans = {name: lines[name].snapshot.plan for name in ("main", "softer", "more-rows")}
    assert plans == {name: written(lines[name].snapshot.rev) for name in plans}
    assert plans["main"] == plans["softer"] != plans["more-rows"]


def test_reading_a_history_trains_nothing_and_leaves_no_trace_but_its_tests(clone: Clone, ceteris_: Any) -> None:
    before = clone.fitted(), clone.hashes("."), clone.git("status", "--porcelain")
    assert ceteris_("experiments", "--json").code == 0
    after = clone.fitted(), clone.hashes("."), clone.git("status", "--porcelain")
    assert after[0] == before[0] and after[2] == before[2] == ""
    ours = {path for path in after[1] if not path.startswith((".git/", ".dvc/tmp/"))}
    changed = {path for path in ours if after[1][path] != before[1].get(path)}
    assert changed <= {".ceteris/history.csv"}


def test_json_is_a_list_of_objects_with_every_promised_field(clone: Clone, ceteris_: Any, lines: dict[str, Line]) -> None:
    said = ceteris_("experiments", "--json")
    rows = {row["name"]: row for row in json.loads(said.out, parse_constant=pytest.fail)}
    assert set(rows) == set(lines)
    for row in rows.values():
        assert set(row) >= PROMISED
    softer, effect = rows["softer"], lines["softer"].effect
    assert effect is not None
    assert (softer["axis"], softer["parent"], softer["metric"], softer["scored_on"]) == ("model", "main", "accuracy", "true")
    assert (softer["difference"], softer["low"], softer["high"]) == (effect.difference, effect.low, effect.high)
    assert softer["rev"] == lines["softer"].snapshot.rev and len(softer["rev"]) == 40
    assert softer["planned"] is False
    assert softer["plan"] == rows["main"]["plan"] != ""
    with History(clone.root) as history:
        assert softer["plan"] == json.loads(history._file(softer["rev"], "results/compare/metrics.json"))["plan"]
    assert rows["both"]["difference"] is None and rows["code"]["cpu_seconds"] is None
    assert rows["answered"]["labels_reviewed"] == 30


def test_csv_is_the_same_table(clone: Clone, ceteris_: Any, lines: dict[str, Line]) -> None:
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(ceteris_("experiments", "--csv").out))}
    assert set(rows) == set(lines)
    assert tuple(rows["softer"]) == COLUMNS
    assert rows["softer"]["axis"] == "model"
    assert float(rows["softer"]["difference"]) == pytest.approx(lines["softer"].effect.difference, abs=1e-6)  # type: ignore[union-attr]
    assert rows["both"]["difference"] == ""


def test_the_table_is_drawn(clone: Clone, ceteris_: Any) -> None:
    said = ceteris_("experiments")
    assert said.code == 0
    text = " ".join(said.out.split())
    assert "scored on true labels" in text
    assert all(name in text for name in TRIALS)
    assert "--run-missing" in text


def test_the_workbench_returns_the_table(clone: Clone) -> None:
    found = ceteris.open().experiments()
    assert found.equals(table(account(clone.root), "accuracy"))
    assert (
        dict(zip(found["name"], found["axis"], strict=True)).items() >= {name: one.axis for name, one in TRIALS.items()}.items()
    )


def test_missing_corners_are_trained_once_and_fill_the_attribution(clone: Clone, ceteris_: Any) -> None:
    said = ceteris_("experiments", "--json", "--run-missing")
    assert "training corner 1 of 1" in said.err
    both = next(row for row in json.loads(said.out) if row["name"] == "both")
    assert both["difference"] is None and both["reason"] == "data and model both moved"
    for part in ("data", "model", "interaction"):
        assert both[f"{part}_low"] <= both[part] <= both[f"{part}_high"]
    assert clone.fitted()[-1] == ("LogisticRegression", "extra")
    count = len(clone.fitted())
    again = ceteris_("experiments", "--json", "--run-missing")
    assert again.out == said.out and again.err == ""
    assert len(clone.fitted()) == count
    parts = ceteris_("compare", "main", "both").out
    assert all(f"{part}: " in parts for part in ("model", "data", "interaction", "data share", "data beats model", "whole"))


def test_two_revisions_are_set_side_by_side(clone: Clone, ceteris_: Any) -> None:
    said = ceteris_("compare", "main", "answered", "--page", "page.html", "--claim", "data")
    assert said.code == 0
    assert "main \u2192 answered: data" in said.out and "what changed: 30 labels" in said.out
    assert "ann/1" in said.out and "worth: data: " in said.out
    page = clone.read("page.html")
    assert "ann/1" in page and "Validation rows that flipped" in page
    assert not (clone.root / "comparisons").exists()


def test_a_comparison_is_a_page_beside_the_report_which_points_to_it(clone: Clone, ceteris_: Any) -> None:
    assert '<a href="../comparisons/index.html">' in clone.read("reports/report.html")
    assert ceteris_("compare", "main", "answered").out.endswith("The page: comparisons/main...answered.html\n")
    assert "ann/1" in clone.read("comparisons/main...answered.html")
    assert '<a href="main...answered.html">' in clone.read("comparisons/index.html")
    assert clone.git("status", "--porcelain") == ""


def test_a_comparison_that_cannot_be_kept_is_told_all_the_same(clone: Clone, ceteris_: Any) -> None:
    clone.append("comparisons", "a file, where a folder would be")
    said = ceteris_("compare", "main", "answered")
    assert said.code == 0 and "worth: data: " in said.out
    assert "comparisons/.gitignore could not be written" in said.err


def test_what_is_no_data_effect_is_not_called_one(ceteris_: Any, clone: Clone) -> None:
    for name in ("softer", "both", "judged"):
        said = ceteris_("compare", "main", name, "--claim", "data")
        assert said.code == 3, name
        assert said.err.startswith(f"main and {name} were said to differ in the data alone, and fingerprints say: ")
        assert "--baseline MODEL/VERSION" in said.err


def test_corners_of_a_comparison_are_trained_on_request(ceteris_: Any, clone: Clone) -> None:
    said = ceteris_("compare", "softer", "answered")
    assert "must be trained: --run-missing" in " ".join(said.out.split())
    said = ceteris_("compare", "softer", "answered", "--run-missing")
    assert "softer \u2192 answered: confounded" in said.out
    assert "data beats model: " in said.out


def test_cells_are_chosen_by_name(ceteris_: Any, clone: Clone) -> None:
    said = ceteris_("compare", "main", "main", "--baseline", "logistic/given", "--candidate", "logistic/simulated")
    assert "compared: logistic/given \u2192 logistic/simulated" in said.out
    assert "worth: data: " in said.out


def test_a_run_that_is_not_committed_is_a_row_of_its_own(clone: Clone, ceteris_: Any, lines: dict[str, Line]) -> None:
    clone.git("checkout", "-q", lines["recipe"].snapshot.rev, "--", ".")
    clone.git("reset", "-q")
    with dvc(clone.root) as repo:
        repo.checkout(force=True)
    rows = {row["name"]: row for row in json.loads(ceteris_("experiments", "--json").out)}
    assert list(rows)[-1] == "workspace"
    workspace = rows["workspace"]
    assert (workspace["rev"], workspace["parent"], workspace["axis"]) == ("", "main", "data")
    # the same two cells as the experiment's are the same test: its level is not spent twice
    assert all(workspace[key] == rows["recipe"][key] for key in ("difference", "p_value", "level", "changed"))
    assert "main \u2192 workspace: data" in ceteris_("compare", "main", "workspace").out

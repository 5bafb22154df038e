"""A repository as tidy tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from small import CLASSES

import ceteris
from ceteris.errors import BadInputError, ParamsError
from ceteris.issues.table import COLUMNS
from ceteris.store import write_table


def test_effects_are_read_as_they_were_written(repo: Path) -> None:
    bench = ceteris.open(repo)
    planned = bench.effects(planned=True)
    assert set(planned["planned"]) == {True}
    assert planned["difference"].dtype == np.float64
    assert set(bench.effects()["axis"]) == {"data", "model", "aa"}
    assert set(bench.effects(axis="model")["axis"]) == {"model"}


def test_the_headline_is_one_line_a_contrast_on_its_best_labels(repo: Path) -> None:
    head = ceteris.open(repo).effects(planned=True, headline=True)
    assert len(head) == 3
    assert set(head["scored_on"]) == {"true"}


def test_the_grid_has_models_as_rows_and_versions_as_columns(repo: Path) -> None:
    grid = ceteris.open(repo).grid()
    assert list(grid.index) == ["logistic", "ridge"]
    assert list(grid.columns)[:4] == ["given", "pruned", "reviewed", "simulated"]
    assert grid.columns.name == "accuracy on true labels"
    with pytest.raises(BadInputError, match="No cell was scored by 'acuracy'"):
        ceteris.open(repo).grid("acuracy")


def test_issues_and_queue_are_about_train_rows_only(repo: Path) -> None:
    bench = ceteris.open(repo)
    assert tuple(bench.issues().columns) == COLUMNS
    assert not set(bench.issues()["id"]) & bench.judging_ids()
    assert bench.queue()["rank"].tolist() == list(range(1, len(bench.queue()) + 1))
    assert set(bench.queue()["id"]) == set(bench.train_rows().index)


def test_ids_and_labels_are_exact_text_whatever_stands_beside_them(repo: Path) -> None:
    queue = ceteris.open(repo).queue().head(2)
    queue["id"], queue["given_label"], queue["suggested_label"] = ["007", "1e5"], ["1", "0"], ["a\rb", "1"]
    write_table(repo / "results/audit/queue.csv", queue)
    texts = ["id", "given_label", "suggested_label"]
    assert ceteris.open(repo).queue()[texts].to_dict("list") == queue[texts].to_dict("list")


def test_rows_to_judge_come_without_labels(repo: Path) -> None:
    bench = ceteris.open(repo)
    assert list(bench.validation_rows().columns) == ["x", "y"]
    assert set(bench.validation_rows().index) == bench.judging_ids()
    assert list(bench.disagreements("logistic.given.simulated").columns) == ["id", "pi", "label"]
    assert bench.classes() == CLASSES


def test_a_version_is_the_data_that_a_model_is_trained_on(repo: Path) -> None:
    bench = ceteris.open(repo)
    features, labels = bench.training("pruned")
    dropped = bench.versions().set_index("version").loc["pruned", "dropped"]
    assert len(features) == len(labels) == len(bench.train_rows()) - dropped
    assert (features.index == labels.index).all()


def test_the_workbench_and_the_pipeline_measure_the_same(repo: Path) -> None:
    bench = ceteris.open(repo)
    effect = ceteris.measure_effect(
        bench.model("logistic"), baseline=bench.training("given"), candidate=bench.training("simulated"),
        validation=bench.validation("true"), seeds=5, workers=1,
    )  # fmt: skip
    head = bench.effects(planned=True, headline=True).set_index("candidate_version").loc["simulated"]
    assert (effect.difference, effect.low, effect.high) == pytest.approx(
        (head["difference"], head["low"], head["high"]), abs=1e-4
    )


def test_labels_that_are_not_kept_are_refused(repo: Path) -> None:
    with pytest.raises(BadInputError, match="'verified'"):
        ceteris.open(repo).validation("verified")


def test_what_is_not_made_yet_is_told_with_the_command_that_makes_it(repo: Path) -> None:
    (repo / "results/compare/effects.csv").unlink()
    with pytest.raises(BadInputError, match=r"results/compare/effects\.csv is not in the workspace.*dvc repro"):
        ceteris.open(repo).effects()


def test_a_repository_is_found_from_below_and_its_name_is_shown(repo: Path) -> None:
    bench = ceteris.open(repo / "data/edits")
    assert repr(bench) == "Workbench('repo', rev='workspace')"
    assert bench.metrics() == json.loads((repo / "results/compare/metrics.json").read_text())
    assert bench.image_shape() is None


def test_outside_a_repository_it_is_said_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="Run this inside a ceteris repository"):
        ceteris.open(tmp_path)


def test_a_model_that_is_not_there_is_refused_with_the_nearest(repo: Path) -> None:
    with pytest.raises(BadInputError, match="Did you mean 'logistic'"):
        ceteris.open(repo).model("logstic")


def test_an_axis_that_is_none_is_refused_with_the_nearest(repo: Path) -> None:
    for wrong, said in (("dta", "Did you mean 'data'"), ("bogus", "Known: 'data', 'model', 'aa'"), (["data"], "is no axis")):
        with pytest.raises(BadInputError, match=said):
            ceteris.open(repo).effects(axis=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("rev", ["", "  ", 7])
def test_a_revision_that_names_nothing_is_not_the_workspace(repo: Path, rev: object) -> None:
    with pytest.raises(BadInputError, match=r"names no revision.*leave rev out"):
        ceteris.open(repo, rev=rev)  # type: ignore[arg-type]


def test_a_version_that_is_not_there_is_refused_with_the_nearest(repo: Path) -> None:
    with pytest.raises(BadInputError, match=r"'prunde' is no version here\. Did you mean 'pruned'"):
        ceteris.open(repo).training("prunde")


def test_a_path_that_dvc_yaml_lacks_is_named_with_the_command_that_brings_it_back(repo: Path) -> None:
    bench = ceteris.open(repo)
    with pytest.raises(BadInputError, match=r"names no path 'result'.*Did you mean 'results'"):
        bench.path("result")
    path = repo / "dvc.yaml"
    path.write_text(path.read_text().replace("      results: results\n", ""))
    with pytest.raises(BadInputError, match=r"no path for 'results' under `vars: path`\. .*git checkout dvc\.yaml"):
        bench.effects()
    path.write_text(path.read_text().replace("data/edits", "../edits"))
    path.write_text(path.read_text().replace("      reports: reports\n", "      reports: reports\n      results: results\n"))
    with pytest.raises(ParamsError, match=r"edits is '\.\./edits', which lies outside the repository"):
        bench.path("edits")


def test_families_and_what_is_wrong_beyond_labels_are_tables(repo: Path) -> None:
    bench = ceteris.open(repo)
    assert list(bench.families().columns[:4]) == ["number", "pattern", "rows", "new_rows"]
    found = bench.diagnosis()
    assert {"outlier", "exact_duplicate", "missing"} <= set(found["kind"])
    assert set(found["status"]) <= {"found", "none", "not judged"}

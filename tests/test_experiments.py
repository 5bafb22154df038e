"""DVC experiments as users run them: each command that README walks through, on a small table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from clone import Clone

import ceteris
from ceteris.errors import CeterisError


def metrics(clone: Clone, rev: str) -> dict[str, object]:
    return ceteris.open(clone.root, rev=rev).metrics()


def test_a_parameter_is_varied_applied_and_taken_back(clone: Clone) -> None:
    before = clone.results()
    comments = [line.partition("#")[2] for line in clone.read("params.yaml").splitlines() if "#" in line]
    said = clone.dvc("exp", "run", "-n", "softer", "-S", "train.models.logistic.params.C=0.001")
    assert "Ran experiment(s): softer" in said
    assert {model for model, _ in clone.fitted()[-4:]} == {"logistic"}
    assert [line.partition("#")[2] for line in clone.read("params.yaml").splitlines() if "#" in line] == comments
    softer = clone.results()
    assert softer["results/compare/effects.csv"] != before["results/compare/effects.csv"]

    clone.git("checkout", "-q", ".")
    clone.dvc("checkout")
    assert clone.results() == before

    read = ceteris.open(clone.root, rev="softer")
    fitted = len(clone.fitted())
    assert (read.effects()["baseline_model"] == "logistic").any()
    assert read.params.train.models["logistic"].params == {"C": 0.001}
    assert len(clone.fitted()) == fitted

    clone.dvc("exp", "apply", "softer")
    assert clone.results() == softer
    shown = clone.dvc("exp", "diff", "main", "softer")
    assert "train.models.logistic.params.C" in shown
    assert "results/compare/metrics.json" in shown


def test_what_exp_show_shows_is_short_and_rounded(clone: Clone) -> None:
    clone.dvc("exp", "run", "-n", "one", "-S", "train.models.tree.params.max_depth=3")
    shown = json.loads(clone.dvc("exp", "show", "--json"))
    (experiment,) = (rev for rev in shown[1]["experiments"][0]["revs"])
    (found,) = experiment["data"]["metrics"].values()
    assert len(found["data"]) <= 16
    numbers = [value for value in found["data"].values() if isinstance(value, float)]
    assert numbers
    assert all(round(value, 4) == value for value in numbers)


def test_an_added_version_and_an_edited_ledger_travel_with_an_experiment(clone: Clone) -> None:
    issues = ceteris.open(clone.root).issues()
    first = issues.sort_values("id").iloc[0]
    clone.change(**{"fix.recipes.bold": [{"step": "relabel_flagged"}]})
    header = "id,action,given_label,new_label,reviewer,reason,source,batch,at,answer,reverts\n"
    line = f"{first['id']},confirm,{first['given_label']},,ann,,queue,one,2026-01-31T12:00:00+00:00,{'0' * 31}1,\n"
    clone.append("data/edits/ann-one.csv", header + line)
    clone.git("add", "data/edits/ann-one.csv")
    clone.dvc("exp", "run", "--temp", "-n", "bolder")
    versions = ceteris.open(clone.root, rev="bolder").versions().set_index("version")
    assert "bold" in versions.index
    assert versions.loc["reviewed", "reviewed"] == 1
    assert "bold" not in set(ceteris.open(clone.root).versions()["version"])


def test_a_queued_experiment_runs_the_code_as_it_was_edited(clone: Clone) -> None:
    place = clone.root / "src/ceteris/recipes.py"
    source = place.read_text(encoding="utf-8")
    assert "nothing reviewed yet: equals given" in source
    place.write_text(source.replace("nothing reviewed yet: equals given", "nobody has looked: equals given"), encoding="utf-8")
    clone.dvc("exp", "run", "--queue", "-n", "edited")
    place.write_text(source, encoding="utf-8")
    clone.dvc("queue", "start")
    clone.dvc("queue", "logs", "edited", "--follow")
    notes = ceteris.open(clone.root, rev="edited").versions().set_index("version")["note"]
    assert notes["reviewed"] == "nobody has looked: equals given"
    assert ceteris.open(clone.root).versions().set_index("version").loc["reviewed", "note"].startswith("nothing reviewed yet")


def test_a_declared_file_that_is_missing_is_refused_with_what_brings_it(clone: Clone) -> None:
    (clone.root / "data/source/mine.csv").unlink()
    said = clone.dvc("repro", refused=True)
    assert "data/source/mine.csv" in said
    assert "git" in said
    assert "Traceback" not in said


def test_an_unknown_and_an_ambiguous_name_are_refused(clone: Clone) -> None:
    with pytest.raises(CeterisError, match="nowhere"):
        ceteris.open(clone.root, rev="nowhere").metrics()
    clone.dvc("exp", "run", "-n", "twice", "-S", "train.models.tree.params.max_depth=2")
    clone.commit()
    clone.dvc("exp", "run", "-n", "twice", "-S", "train.models.tree.params.max_depth=3")
    with pytest.raises(CeterisError, match="names 2 experiments"):
        ceteris.open(clone.root, rev="twice")


def test_dvc_plots_draws_a_page(clone: Clone) -> None:
    said = clone.dvc("plots", "show")
    page = Path(said.strip().splitlines()[-1].removeprefix("file://"))
    assert "Planned contrasts" in page.read_text(encoding="utf-8")

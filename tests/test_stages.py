"""How each stage starts and ends, and what validate, split and audit promise of their own."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small import dataset, params, repository, run_stages, table

import ceteris
from ceteris.errors import BadInputError, BusyError, LeakageError
from ceteris.stages import Progress, Stage, open_stage, run
from ceteris.stages.validate import schema
from ceteris.store import read_json, read_parquet, read_table, single_writer

MEMORISER = """
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

class Memoriser(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.seen_ = {tuple(row): label for row, label in zip(np.asarray(X).tolist(), y, strict=True)}
        return self

    def predict_proba(self, X):
        blank = np.full(len(self.classes_), 1 / len(self.classes_))
        seen = [self.seen_.get(tuple(row)) for row in np.asarray(X).tolist()]
        return np.array([blank if label is None else (self.classes_ == label).astype(float) for label in seen])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
"""


def audited(root: Path, rows: pd.DataFrame, **changed: object) -> np.ndarray:
    """Run the pipeline up to an audit by a model that remembers, and return its out-of-fold probabilities."""
    memoriser = {"estimator": "estimators/memory.py:Memoriser", "prepare": "none"}
    repository(root, params(audit={"model": memoriser, "folds": 3}, **changed), rows)
    (root / "estimators/memory.py").write_text(MEMORISER)
    run_stages(root, "ingest", "validate", "split", "audit")
    return read_parquet(root / "data/audit/pred_probs.parquet").drop(columns="ceteris:id").to_numpy()


# starting and ending


def test_a_stage_that_is_interrupted_ends_cleanly_and_lets_the_lock_go(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def main(stage: Stage) -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        run(main)
    assert ended.value.code == 130
    assert "what was finished is kept, run again to go on" in capsys.readouterr().err
    with single_writer(repo, "next", patience=0):
        pass


@pytest.mark.parametrize("code", [0, "bye", None])
def test_a_stage_that_something_ends_from_inside_is_not_done(
    repo: Path, capsys: pytest.CaptureFixture[str], code: int | str | None
) -> None:
    def main(stage: Stage) -> None:
        raise SystemExit(code)

    with pytest.raises(SystemExit) as ended:
        run(main)
    assert ended.value.code == 1
    assert f"something ended the stage from inside ({code!r}); it is not done" in capsys.readouterr().err


def test_a_stage_runs_alone(repo: Path) -> None:
    def main(stage: Stage) -> None:
        with pytest.raises(BusyError), single_writer(stage.root, "another", patience=0):
            raise AssertionError("two writers")

    run(main)


def test_a_stage_is_given_the_params_and_the_paths_of_its_repository(repo: Path) -> None:
    stage = open_stage("fix", repo / "data")
    assert stage.root == repo.resolve()
    assert stage.path("results", "fix", "versions.csv") == repo.resolve() / "results/fix/versions.csv"
    assert stage.params.train.seeds == 5


def test_progress_is_told_now_and_then_and_never_at_the_end(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(open_stage("train", repo), "cells", every=0.0)
    for done in (0, 1, 2, 3):
        progress(done, 3)
    progress(0, 0)
    told = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in told] == ["train: 1 of 3 cells", "train: 2 of 3 cells"]


def test_a_stage_that_runs_again_writes_the_same_bytes(repo: Path) -> None:
    folders = ("data/raw", "data/split", "data/audit", "data/versions", "models", "results")
    files = [path for folder in folders for path in sorted((repo / folder).rglob("*")) if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    run_stages(repo, "ingest", "validate", "split", "audit", "fix", "train", "compare")
    assert {path: path.read_bytes() for path in files} == before


def test_stages_part_thousands_as_the_report_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repository(tmp_path, rows=table(2400))
    run_stages(tmp_path, "ingest", "validate", "split")
    told = capsys.readouterr().err
    assert told.count("2,400 rows") == 2
    assert not re.search(r"\d{4}", told)


# validate


def test_the_schema_tells_kinds_and_gaps_and_no_single_value() -> None:
    told = schema(dataset(["a", "b"], n=[1.0, np.nan], t=["x", "x"]).features, {"n": "number", "t": "text"})
    assert told.to_dict("list") == {
        "column": ["n", "t"],
        "kind": ["number", "text"],
        "missing": [1, 0],
        "constant": [True, True],
    }


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    repository(tmp_path, rows=table(12))
    run_stages(tmp_path, "ingest")
    with pytest.raises(BadInputError, match="There are 12 rows"):
        run_stages(tmp_path, "validate")


# split


def test_split_publishes_counts_and_seals_the_rest(repo: Path) -> None:
    counts = read_json(repo / "results/split/summary.json")
    parts = {part: pd.read_parquet(repo / f"data/split/{part}.parquet") for part in ("train", "validation", "test")}
    assert {part: counts[part] for part in parts} == {part: len(frame) for part, frame in parts.items()}
    published = "".join(path.read_text() for path in (repo / "results/split").iterdir())
    assert not any(name in published for name in parts["test"]["ceteris:id"])
    assert sum(counts[part] for part in parts) == 180


def test_the_same_contrasts_on_other_rows_or_labels_are_another_plan(repo: Path, tmp_path: Path) -> None:
    ours, plans = table(), {ceteris.open(repo).plan()}
    for name, rows in {"grown": ours.assign(x=ours["x"] + 1), "renamed": ours.replace("ant", "fly")}.items():
        run_stages(repository(tmp_path / name, rows=rows), "ingest", "validate", "split")
        plans.add(ceteris.open(tmp_path / name).plan())
    assert len(plans) == 3


def test_near_copies_that_may_be_named_are_listed_and_sealed_ones_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = table()
    rows.loc[90:, ["x", "y"]] = rows.loc[:89, ["x", "y"]].to_numpy() * (1 + 1e-9)
    repository(tmp_path, rows=rows)
    run_stages(tmp_path, "ingest", "validate", "split")
    part = read_parquet(tmp_path / "data/split/parts.parquet").set_index("id")["part"]
    one, other = (part.loc[rows["id"].iloc[half]].to_numpy() for half in (slice(0, 90), slice(90, 180)))
    across, sealed = one != other, np.array([one == "test", other == "test"])
    counts = read_json(tmp_path / "results/split/summary.json")
    assert counts["near_copies_across"] == 2 * across.sum()
    assert counts["near_copies_sealed"] == (sealed & across).sum() > 0
    listed = read_table(tmp_path / "results/split/near_copies.csv", text=("id", "like_id"))
    assert list(listed) == ["id", "part", "like_id", "like_part"]
    assert len(listed) == (across & ~sealed.any(axis=0)).sum() > 0
    assert set(listed["part"]) == {"train"} and set(listed["like_part"]) == {"validation"}
    assert "results/split/near_copies.csv" in capsys.readouterr().err


def test_the_true_label_is_no_feature_and_lies_aside(repo: Path) -> None:
    assert list(read_parquet(repo / "data/split/train.parquet")) == ["ceteris:id", "ceteris:label", "x", "y"]
    truth = read_parquet(repo / "data/split/truth-train.parquet").set_index("ceteris:id")["ceteris:true_label"]
    assert truth.to_dict() == table().set_index("id")["truth"].reindex(truth.index).to_dict()


def test_copies_across_the_split_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    rows = table()
    rows.loc[90:, ["x", "y"]] = rows.loc[:89, ["x", "y"]].to_numpy()
    repository(tmp_path, rows=rows)
    run_stages(tmp_path, "ingest", "validate")
    with pytest.raises(LeakageError, match=r"split\.copies: together in params\.yaml"):
        run_stages(tmp_path, "split")
    assert not (tmp_path / "data/split").exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"split": {"validation": 1e-9}}, "The validation part would hold no rows. Enlarge split.validation"),
        ({"split": {"test": 1e-9}}, "The test part would hold no rows. Enlarge split.test"),
        (
            {"validate": {"classes": ["ant", "bee", "cow", "dodo"]}},
            "has the classes 'dodo'. Add rows of them; or take",
        ),
    ],
)
def test_parts_that_cannot_be_worked_with_are_refused_before_anything_is_written(
    tmp_path: Path, changed: dict[str, dict[str, object]], said: str
) -> None:
    repository(tmp_path, params(**changed))
    run_stages(tmp_path, "ingest", "validate")
    with pytest.raises(BadInputError) as refusal:
        run_stages(tmp_path, "split")
    assert said in str(refusal.value)
    assert not (tmp_path / "data/split").exists()


def test_a_class_that_no_train_row_has_is_refused_and_the_parts_stay_as_they_were(repo: Path) -> None:
    files = {path: path.read_bytes() for path in (repo / "data/split").iterdir()}
    judging = read_parquet(repo / "data/split/validation.parquet")["ceteris:id"]
    rows = table()
    rows["label"] = rows["label"].where(rows["id"] != judging[0], "dodo")
    rows.to_csv(repo / "data/source/mine.csv", index=False)
    run_stages(repo, "ingest", "validate")
    with pytest.raises(BadInputError, match=r"No train row has the classes 'dodo'.*merge or remove these labels at the source"):
        run_stages(repo, "split")
    assert {path: path.read_bytes() for path in (repo / "data/split").iterdir()} == files


def test_the_smallest_visible_effect_is_told_before_training(repo: Path) -> None:
    told = read_table(repo / "results/split/visible.csv")
    rows = read_json(repo / "results/split/summary.json")["validation"]
    few = told["discordant_share"] * rows < 10
    formula = (2.8 * np.sqrt(told["discordant_share"] / rows)).mask(few)
    found = pd.to_numeric(told["smallest_visible"], errors="coerce").to_numpy()
    assert found == pytest.approx(formula.to_numpy(), rel=0.01, nan_ok=True)
    assert few.all(), "the small table has too few rows to show anything"


# audit


def test_no_train_row_is_judged_by_a_model_that_saw_it(tmp_path: Path) -> None:
    assert audited(tmp_path, table()) == pytest.approx(1 / 3)


def test_no_train_row_is_judged_by_a_model_that_saw_a_copy_of_it(tmp_path: Path) -> None:
    rows = table()
    rows.loc[90:, ["x", "y"]] = rows.loc[:89, ["x", "y"]].to_numpy()
    assert audited(tmp_path, rows, split={"copies": "together"}) == pytest.approx(1 / 3)


def test_no_train_row_is_judged_by_a_model_that_saw_its_group(tmp_path: Path) -> None:
    rows = table().assign(kin=[f"g{row // 3}" for row in range(180)])
    twins = rows.assign(x=np.repeat(np.arange(60.0), 3), y=0.0)
    assert audited(tmp_path, twins, ingest={"group": "kin"}) == pytest.approx(1 / 3)


def test_what_no_fold_may_cut() -> None:
    assert dataset(["a", "b"], x=[1.0, 2.0]).uncut() is None
    copies = dataset(["a", "b", "c"], x=[1.0, 2.0, 1.0]).uncut()
    assert copies is not None
    assert (copies[0] == copies[2], copies[0] == copies[1]) == (True, False)


def test_copies_are_found_whatever_spells_their_numbers_and_texts_alone_tell_rows_apart() -> None:
    nan = np.array([0x7FF8000000000000, 0x7FF8000000000001], dtype=np.uint64).view(np.float64)  # two spellings of one NaN
    assert dataset(["a", "b"], x=[0.0, -0.0], y=list(nan)).uncut() is not None
    assert dataset(["a", "b"], x=[1.0, 1.0], y=["p", "q"]).uncut() is None
    assert dataset(["a", "b"], x=[1.0, 1.0], y=["p", "p"]).uncut() is not None


def test_the_audits_model_is_its_own_so_that_a_change_of_train_models_moves_no_data(repo: Path) -> None:
    before = (repo / "data/audit/issues.parquet").read_bytes()
    content = params()
    content["train"]["models"]["logistic"] = {"estimator": "sklearn.svm.SVC"}
    (repo / "params.yaml").write_text(json.dumps(content))
    import_module("ceteris.stages.audit").main(open_stage("audit", repo))
    assert (repo / "data/audit/issues.parquet").read_bytes() == before

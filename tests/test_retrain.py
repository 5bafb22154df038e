"""Labelled rows come back: they become a batch, are weighed with it and without, and only what is better goes on."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from checkout import checkout, run, surroundings
from clone import SMALL, Clone
from hypothesis import given
from hypothesis import strategies as st
from packages import write_package
from small import CLASSES, params, run_stages, table
from test_batches import later

from ceteris.errors import BadInputError, BusyError, IntegrityError
from ceteris.locks import locked
from ceteris.params import parse
from ceteris.retraining.batch import Labelled, in_columns_of, labelled, without_unfinished
from ceteris.retraining.decision import Decision, decide
from ceteris.retraining.plan import changes_for, kept_by
from ceteris.retraining.record import COLUMNS, FILE, line_of, refuse_too_soon
from ceteris.retraining.run import read_record, refuse_beside_dvc, reproduced
from ceteris.retraining.unfinished import begin, put_back
from ceteris.sections import Ingest
from ceteris.serving.log_file import INFERENCE, add_labels, open_log, transaction
from ceteris.serving.schema import Feature, InputSchema
from ceteris.starting.params_file import changed
from ceteris.store import parse_yaml, read_table

SCHEMA = InputSchema((Feature("x", "number", True), Feature("y", "number", False)), CLASSES)
KNOWN = pd.DataFrame({"x": [9.0], "y": [9.0]})
TREE = {"estimator": "sklearn.tree.DecisionTreeClassifier", "prepare": "coded", "params": {"max_depth": 5}}


def asked(*rows: tuple[str, dict[str, Any]]) -> pd.DataFrame:
    """Return the lines of a log."""
    lines = [{"row_id": id, "inputs": json.dumps(inputs), "at": 100.0 + place} for place, (id, inputs) in enumerate(rows)]
    return pd.DataFrame(lines, columns=["row_id", "inputs", "at"])


def said(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["row_id", "label", "source"], dtype=object)


def found(inferences: pd.DataFrame, labels: pd.DataFrame, ids: tuple[str, ...] = ()) -> Labelled:
    return labelled(inferences, labels, SCHEMA, KNOWN, ids)


def test_of_a_row_the_last_line_and_the_last_label_count() -> None:
    lines = asked(("a", {"x": 1, "y": 1}), ("b", {"x": 2, "y": 2}), ("a", {"x": 3, "y": 3}))
    rows = found(lines, said(("a", "ant", "late"), ("a", "bee", "review")))
    assert rows.ids.tolist() == ["a"] and rows.labels.tolist() == ["bee"] and rows.reviewed.tolist() == [True]
    assert rows.features.to_dict("list") == {"x": [3.0], "y": [3.0]} and rows.at.tolist() == [102.0]


def test_what_is_left_out_is_counted_and_told() -> None:
    lines = asked(
        ("old", {"x": 1, "y": 1}), ("short", {"x": 1}), ("copy", {"x": 9, "y": 9}), ("new", {"x": None, "y": 4}),
        ("twin", {"x": 5, "y": 5}), ("twin 2", {"x": 5, "y": 5}),
    )  # fmt: skip
    rows = found(lines, said(*((id, "ant", "late") for id in lines["row_id"])), ("old",))
    assert rows.ids.tolist() == ["new", "twin 2"]
    assert rows.notes == (
        "1 labelled row left out, whose id the data hold already",
        "1 labelled row left out, of which the log holds not all features",
        "2 labelled rows left out, with the features of another row",
    )


def test_no_label_is_no_row_and_a_label_of_nobody_is_none() -> None:
    rows = found(asked(("a", {"x": 1, "y": 1})), said(("z", "ant", "late")))
    assert len(rows.ids) == 0 and rows.notes == ()


def test_a_label_that_is_no_class_is_refused() -> None:
    with pytest.raises(BadInputError, match="no classes of the model: 'wasp'"):
        found(asked(("a", {"x": 1, "y": 1})), said(("a", "wasp", "late")))


def test_lines_that_hold_no_row_are_left_out_and_values_of_another_model_refused() -> None:
    lines = asked(("a", {"x": 1, "y": 1}), ("b", {}), ("c", {}), ("d", {"x": 2, "y": 2}))
    lines.loc[[0, 1, 2], "inputs"] = ["{", "[" * 100_000, "[1]"]
    rows = found(lines, said(*((id, "ant", "late") for id in "abcd")))
    assert rows.ids.tolist() == ["d"] and rows.notes == ("3 labelled rows left out, of which the log holds not all features",)
    with pytest.raises(BadInputError, match="none of the served model's schema"):
        found(asked(("a", {"x": "old", "y": 1})), said(("a", "ant", "late")))
    with pytest.raises(BadInputError, match="takes 'y', which the data here do not have"):
        labelled(lines, said(("d", "ant", "late")), SCHEMA, KNOWN[["x"]], ())


@pytest.mark.parametrize("text", ["", "nonsense\n", "at,batch\nyesterday,june\n", f"{','.join(COLUMNS)}\n{'x,' * 8}x\n"])
def test_a_record_that_was_spoilt_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "release").mkdir()
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(IntegrityError, match="not the record that ceteris retrain writes"):
        read_record(tmp_path)


def one(**changed: Any) -> Labelled:
    kept = {
        "ids": np.array(["a"], dtype=object), "labels": np.array(["ant"], dtype=object), "reviewed": np.array([True]),
        "at": np.array([86_400.0]), "features": pd.DataFrame({"x": [1.0]}), "notes": (),
    } | changed  # fmt: skip
    return Labelled(**kept)


def test_a_batch_stands_in_the_columns_of_the_source() -> None:
    ingest = Ingest(source="data/source/a.csv", id="key", label="kind", true_label="truth")
    assert in_columns_of(ingest, one(), (), dated=False).to_dict("list") == {
        "key": ["a"],
        "kind": ["ant"],
        "truth": ["ant"],
        "x": [1.0],
    }


def test_only_a_blind_review_verifies_a_label() -> None:
    ingest = Ingest(source="data/source/a.csv", id="key", label="kind", true_label="truth")
    assert in_columns_of(ingest, one(reviewed=np.array([False])), (), dated=False)["truth"].tolist() == [None]
    verified = Ingest(source="data/source/a.csv", id="key", label="kind", verified="sure")
    assert in_columns_of(verified, one(reviewed=np.array([False])), (), dated=False)["sure"].tolist() == ["false"]


def test_rows_without_an_id_column_bring_none_and_the_digits_have_one() -> None:
    assert "id" not in in_columns_of(Ingest(source="data/source/a.csv"), one(), (), dated=False)
    assert in_columns_of(Ingest(), one(), (), dated=False)["id"].tolist() == ["a"]


def test_times_and_dates_are_points_in_time() -> None:
    ingest = Ingest(source="data/source/a.csv", id="key", time="when")
    rows = in_columns_of(ingest, one(), ("x",), dated=True)
    assert rows["when"].tolist() == [pd.Timestamp("1970-01-02", tz="UTC")] and rows["x"].tolist() == [
        pd.Timestamp(1, unit="s", tz="UTC")
    ]


@pytest.mark.parametrize("key", ["group", "part", "time"])
def test_what_no_log_holds_is_refused(key: str) -> None:
    with pytest.raises(BadInputError, match=rf"ingest\.{key}"):
        in_columns_of(Ingest(source="data/source/a.csv", id="id", **{key: "c"}), one(), (), dated=False)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("group", "c", "name it in `ingest.batches` of params.yaml; a recipe with the step `leave_out`"),
        ("votes", "data/source/votes.csv", "into the source, and into the file of ingest.votes, by hand."),
        ("features", "data/source/more.npy", "into the source, and into the file of ingest.features, by hand."),
    ],
)
def test_what_is_to_be_done_by_hand_is_what_ingest_takes(key: str, value: str, told: str) -> None:
    ingest = Ingest(source="data/source/a.csv", id="id", **{key: value})
    with pytest.raises(BadInputError) as refused:
        in_columns_of(ingest, one(), (), dated=False)
    assert told in str(refused.value)


def test_the_batch_its_absence_and_their_contrast_stand_in_params() -> None:
    before = params()
    baseline, edit = changes_for(parse(before), "data/source/june.parquet", "logistic/simulated")
    after = parse(parse_yaml(changed(json.dumps(before), edit), "params.yaml"))
    assert baseline == "before-june" and after.ingest.batches == ("data/source/june.parquet",)
    steps = after.fix.steps()["before-june"]
    assert [step.step for step in steps] == ["simulate_review", "leave_out"] and steps[-1].batches == ("june",)
    assert after.compare.planned[-1].name == "logistic.before-june.simulated"
    assert len(after.compare.planned) == 4


def test_the_next_batch_takes_the_place_of_the_last_versions_and_keeps_its_rows() -> None:
    _, edit = changes_for(parse(params()), "data/source/june.parquet", "logistic/given")
    june = parse_yaml(changed(json.dumps(params()), edit), "params.yaml")
    _, edit = changes_for(parse(june), "data/source/july.parquet", "logistic/given")
    after = parse(parse_yaml(changed(json.dumps(june), edit), "params.yaml"))
    assert after.ingest.batches == ("data/source/june.parquet", "data/source/july.parquet")
    assert [name for name in after.fix.recipes if name.startswith("before-")] == ["before-july"]
    assert [contrast.name for contrast in after.compare.planned if "before" in contrast.name] == ["logistic.before-july.given"]


def test_a_served_cell_that_params_does_not_know_is_refused() -> None:
    with pytest.raises(BadInputError, match="logistic/elsewhere"):
        changes_for(parse(params()), "data/source/june.parquet", "logistic/elsewhere")


def effects(old: tuple[float, float, float, str], new: tuple[float, float, float, str]) -> pd.DataFrame:
    lines = [
        {"batches": "june", "rows": rows, "model": "m", "candidate": "v", "metric": "accuracy", "difference": size, "low": low,
         "high": high, "n_rows": 50, "verdict": verdict, "reason": "why"}
        for rows, (size, low, high, verdict) in (("old", old), ("new", new))
    ]  # fmt: skip
    return pd.DataFrame(lines)


HELPS, HARMS, UNSURE = (0.2, 0.1, 0.3, "helps"), (-0.2, -0.3, -0.1, "harms"), (0.0, -0.02, 0.02, "cannot tell")


@pytest.mark.parametrize(
    ("old", "new", "passed"),
    [(UNSURE, HELPS, True), (HELPS, HELPS, True), (HARMS, HELPS, False), (UNSURE, UNSURE, False), (UNSURE, HARMS, False),
     ((0.0, -0.04, 0.04, "cannot tell"), HELPS, False), ((np.nan, np.nan, np.nan, ""), HELPS, False)],
)  # fmt: skip
def test_a_batch_passes_where_it_helps_its_own_rows_and_the_old_ones_are_not_harmed(old: Any, new: Any, passed: bool) -> None:
    assert decide(effects(old, new), "june", "m", "v", 0.03).passed is passed


def test_without_a_margin_only_a_verdict_of_harm_holds_a_batch_back() -> None:
    wide = (0.0, -0.4, 0.4, "cannot tell")
    assert decide(effects(wide, HELPS), "june", "m", "v", None).passed
    assert not decide(effects(HARMS, HELPS), "june", "m", "v", None).passed


def test_the_decision_says_what_was_seen() -> None:
    decision = decide(effects(UNSURE, HELPS), "june", "m", "v", 0.01)
    assert decision.new == "on 50 held-out rows of june: +20.0 pp [+10.0, +30.0] accuracy, helps: it helps"
    assert decision.old.endswith("cannot tell: it may lose more than the 1.0 pp of retrain.margin")


NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@given(st.integers(-72, 72))
def test_a_retrain_rests_for_its_hours_whatever_the_clock_does(hours: int) -> None:
    record = pd.DataFrame([line_of(NOW, "june", 9, "m/v", "m/b", Decision(True, "", ""))], columns=list(COLUMNS))
    if hours >= 24:
        refuse_too_soon(record, NOW + timedelta(hours=hours), 24.0)
    else:
        with pytest.raises(BusyError, match="from 2026-05-02 12:00 UTC on"):
            refuse_too_soon(record, NOW + timedelta(hours=hours), 24.0)


@pytest.fixture(scope="module")
def produced(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A repository whose model is served, with a log of rows from another place, which are labelled."""
    root = tmp_path_factory.mktemp("retrain") / "repo"
    clone = Clone(checkout(root))
    table(500, 0.0).to_csv(root / "data/source/mine.csv", index=False)
    clone.change(
        **SMALL
        | {
            "split.test": 0.3,
            "train.models": {"tree": TREE},
            "fix.recipes": {"given": None, "reviewed": [{"step": "apply_edits"}]},
            "compare.planned": [{"axis": "data", "model": "tree", "baseline": "given", "candidate": "reviewed"}],
        }
    )
    terms = root / "release/release.yaml"
    text = terms.read_text(encoding="utf-8").replace("load_seconds: 2.0", "load_seconds: 0.2")
    terms.write_text(text.replace("cool_down_hours: 24.0", "cool_down_hours: 0.0"), encoding="utf-8")
    run_stages(root, "ingest")
    served(root)
    logged(root / "requests.sqlite", later(300))
    clone.commit()
    return clone


def served(root: Path) -> None:
    rows = table(60, 0.0)
    codes = rows["label"].map({name: code for code, name in enumerate(CLASSES)}).to_numpy()
    write_package(root / "served", rows[["x", "y"]], codes, CLASSES, cell="tree/given")


def logged(path: Path, rows: pd.DataFrame) -> None:
    connection = open_log(path)
    with transaction(connection):
        for line in rows.to_dict("records"):
            inputs = json.dumps({"x": line["x"], "y": line["y"]})
            connection.execute(INFERENCE, ("r", 1.0, line["id"], "m", "s", inputs, "ant", None, 1.0))
    connection.close()
    add_labels(path, rows.rename(columns={"id": "row_id"})[["row_id", "label"]], "ann", "review")


def retrain(clone: Clone, *words: str) -> tuple[int, str]:
    """Return the exit code of `ceteris retrain`, and what it said."""
    command = ("ceteris", "retrain", "--log", "requests.sqlite", "--package", "served", "--batch", "june", *words)
    done = run(clone.root, *command, check=False, **clone.environment)
    return done.returncode, done.stdout + done.stderr


def test_labelled_rows_from_elsewhere_make_a_better_model_which_passes_the_gate_and_is_served(
    produced: Clone, tmp_path: Path
) -> None:
    clone = produced.copy(tmp_path / "copy")
    code, text = retrain(clone)
    assert code == 0, text
    assert "it helps" in text and "no harm is told" in text and "Promoted: tree/given" in text
    assert "is not what the last commit holds" not in text  # but for what the retrain itself changed, it is
    run(clone.root, "sh", "-c", text.partition("Keep it: ")[2].splitlines()[0], **clone.environment)
    assert run(clone.root, "git", "status", "--porcelain", "--", ".", ":!requests.sqlite*").stdout == ""
    record = read_table(clone.root / "release/retrained.csv", text=("batch", "promoted"))
    assert record[["batch", "rows", "promoted"]].to_numpy().tolist() == [["june", 300, "yes"]]
    assert (clone.root / "release/model/manifest.json").is_file()
    raw = pd.read_parquet(clone.root / "data/raw/table.parquet")
    assert (raw["ceteris:batch"] == "june").sum() == 300
    code, text = retrain(clone)
    assert (
        code != 0 and "0 new rows with a label" in text and "300 labelled rows left out, whose id the data hold already" in text
    )


def test_labels_that_say_nothing_new_promote_nothing_and_what_is_said_goes_back_to_what_was(
    produced: Clone, tmp_path: Path
) -> None:
    clone = produced.copy(tmp_path / "copy")
    (clone.root / "requests.sqlite").unlink()
    rng = np.random.default_rng(0)
    same = table(500, 0.0).head(300)
    before = clone.hashes("params.yaml", "data/source")
    same = same.assign(id="same-" + same["id"], x=same["x"] + rng.normal(0, 0.01, 300))
    logged(clone.root / "requests.sqlite", same)
    code, text = retrain(clone)
    assert code == 13 and "It goes no further" in text and "the project trains with the batch june from now on" in text
    assert not (clone.root / "release/model").exists() and len(clone.read("release/looks.csv").splitlines()) == 1
    back = text.partition("  Go back: ")[2].splitlines()[0]
    run(clone.root, "sh", "-c", back, **clone.environment)
    assert clone.hashes("params.yaml", "data/source") == before
    assert len(pd.read_parquet(clone.root / "data/raw/table.parquet")) == 500


def test_too_few_labels_and_a_second_retrain_at_once_are_refused_and_change_nothing(produced: Clone, tmp_path: Path) -> None:
    clone = produced.copy(tmp_path / "copy")
    before = clone.hashes("params.yaml", "data/source", "release")
    with sqlite3.connect(clone.root / "requests.sqlite") as connection:
        connection.execute("DELETE FROM labels WHERE seq > 40")
    connection.close()
    code, text = retrain(clone)
    assert code == 2 and "40 new rows with a label; retrain.at_least is 100" in text
    with locked(clone.root / ".ceteris/retrain", "somebody", "here", 0.0):
        code, text = retrain(clone)
    assert code != 0 and "somebody" in text
    assert clone.hashes("params.yaml", "data/source", "release") == before


def test_a_pipeline_that_fails_leaves_params_as_they_were_and_no_batch(produced: Clone, tmp_path: Path) -> None:
    clone = produced.copy(tmp_path / "copy")
    before = clone.hashes("params.yaml", "data/source")
    clone.append("data/edits/ann-1.csv", "no ledger\n")
    code, text = retrain(clone)
    assert code != 0 and "params.yaml is as it was, and the batch is gone" in text
    assert clone.hashes("params.yaml", "data/source") == before


def test_a_batch_that_params_could_not_name_is_refused_before_anything_runs(
    produced: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ceteris_
) -> None:
    clone = produced.copy(tmp_path / "copy")
    monkeypatch.chdir(clone.root)
    before = clone.hashes("params.yaml", "data/source", "data/raw")
    for name in ("a.b", "../june", "of june", "before/june", "june\n"):
        said = ceteris_("retrain", "--log", "requests.sqlite", "--package", "served", "--batch", name)
        assert said.code == 2 and f"The batch would be called {name!r}." in said.err
    assert clone.hashes("params.yaml", "data/source", "data/raw") == before


def test_what_a_killed_retrain_left_is_put_back_by_the_next(produced: Clone, tmp_path: Path) -> None:
    clone = produced.copy(tmp_path / "copy")
    before = clone.hashes("params.yaml", "data/source")
    text = clone.read("params.yaml")
    begin(clone.root, "data/source/june.parquet", pd.DataFrame({"id": ["a"]}), text, f"{text}# with the batch\n")
    assert clone.hashes("params.yaml", "data/source") != before
    assert "as it was, and the batch is gone" in put_back(clone.root)
    assert clone.hashes("params.yaml", "data/source") == before and put_back(clone.root) == ""


def test_rows_that_an_unfinished_retrain_left_in_the_data_are_known_to_none() -> None:
    raw = pd.DataFrame({"id": ["a", "b", "c"], "ceteris:batch": ["", "may", "june"]})
    named = Ingest(batches=("data/source/may.parquet",))
    assert without_unfinished(raw, named)["id"].tolist() == ["a", "b"]
    assert without_unfinished(raw, Ingest())["id"].tolist() == ["a"]
    assert without_unfinished(raw[["id"]], named)["id"].tolist() == ["a", "b", "c"]


def test_a_retrain_that_was_interrupted_says_so_and_the_next_takes_its_labels_again(produced: Clone, tmp_path: Path) -> None:
    clone = produced.copy(tmp_path / "copy")
    words = ["ceteris", "retrain", "--log", "requests.sqlite", "--package", "served", "--batch", "june"]
    begun = subprocess.Popen(words, cwd=clone.root, env=surroundings(clone.environment), stderr=subprocess.PIPE, text=True)
    raw = clone.root / "data/raw/table.parquet"
    assert until(lambda: raw.is_file() and len(pd.read_parquet(raw)) == 800, 120)
    begun.send_signal(signal.SIGINT)
    assert "interrupted: params.yaml is as it was, and the batch is gone" in begun.communicate(timeout=60)[1]
    assert begun.returncode == 130
    (clone.root / "release/release.yaml").write_text(
        clone.read("release/release.yaml").replace("at_least: 100", "at_least: 301"), encoding="utf-8"
    )
    assert "The log holds 300 new rows with a label" in retrain(clone)[1]


def test_a_change_of_ones_own_in_params_is_not_lost_on_the_way_back() -> None:
    changed = ("params.yaml", "data/source/june.parquet")
    told = kept_by("june", "data/source/june.parquet", changed, ["params.yaml"], None)
    assert "Keep it: git add params.yaml data/source/june.parquet && git commit -m 'Batch june'" in told
    assert "Go back: take june and before-june out of params.yaml" in told and "git checkout" not in told


def test_params_that_were_edited_meanwhile_stay_and_it_is_said(produced: Clone, tmp_path: Path) -> None:
    clone = produced.copy(tmp_path / "copy")
    text = clone.read("params.yaml")
    begin(clone.root, "data/source/june.parquet", pd.DataFrame({"id": ["a"]}), text, f"{text}# with the batch\n")
    clone.append("params.yaml", "# and an edit\n")
    edited = clone.hashes("params.yaml", "data/source")
    assert "was edited meanwhile and stays as it is, and so does data/source/june.parquet" in put_back(clone.root)
    assert clone.hashes("params.yaml", "data/source") == edited


_SLOW = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_pipeline_does_not_outlive_the_retrain_that_began_it(how: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "dvc.py").write_text(_SLOW)  # `python -m dvc` of this folder: a pipeline that takes its time
    began = "from pathlib import Path; from ceteris.retraining.run import reproduced; reproduced(Path())"
    retrain = subprocess.Popen([sys.executable, "-c", began], cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        assert until(lambda: (tmp_path / "pid").is_file() and (tmp_path / "pid").read_text() != "", 60)
        pipeline = Path("/proc") / (tmp_path / "pid").read_text()
        assert pipeline.exists()
        retrain.send_signal(how)
        retrain.wait(20)
        assert until(lambda: not pipeline.exists(), 20)
    finally:
        retrain.kill()
        retrain.wait()


def test_a_retrain_beside_a_run_of_the_pipeline_is_refused_and_changes_nothing(produced: Clone, tmp_path: Path) -> None:
    clone = produced.copy(tmp_path / "copy")
    before = clone.hashes("params.yaml", "data/source")
    (clone.root / "slow.py").write_text(_SLOW)
    stage = {"cmd": f"{sys.executable} slow.py", "wdir": "..", "deps": ["slow.py"]}
    (clone.root / "slow").mkdir()
    (clone.root / "slow/dvc.yaml").write_text(json.dumps({"stages": {"slow": stage}}))
    words = [sys.executable, "-m", "dvc", "repro", "--quiet", "slow/dvc.yaml"]
    dvc = subprocess.Popen(words, cwd=clone.root, env=surroundings(clone.environment), start_new_session=True)
    try:
        assert until(lambda: (clone.root / "pid").is_file(), 60)
        code, text = retrain(clone)
        assert (code, f"DVC is at work here (process {dvc.pid}), and a retrain changes params.yaml" in text) == (7, True), text
    finally:
        os.killpg(dvc.pid, signal.SIGKILL)
        dvc.wait()
    refuse_beside_dvc(clone.root)  # what was killed holds nobody up
    assert clone.hashes("params.yaml", "data/source") == before


def until(true: Callable[[], bool], seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while not true() and time.monotonic() < ends:
        time.sleep(0.05)
    return true()


def test_a_pipeline_that_fails_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "dvc.py").write_text("import sys; sys.exit('ERROR: a stage failed')")
    assert reproduced(tmp_path) is False
    assert "ERROR: a stage failed" in capsys.readouterr().err


def test_what_dvc_itself_refuses_is_told_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reproduced(tmp_path) is False
    assert "not inside of a DVC repository" in capsys.readouterr().err

"""Every line of tests/faults_edits.py and faults_params.py, through the Python API and through the stage as DVC runs it."""

from __future__ import annotations

import hashlib
import json
import time
from importlib import import_module
from pathlib import Path

import faults_edits
import faults_params
import pandas as pd
import pytest
from faults_edits import HEADER, LATER
from faults_params import BOMB, MINE, own
from faults_stages import LEDGER, Fault, another, line, rows, stated, wrote
from small import edit

from ceteris.editing import edits, ledger
from ceteris.errors import ParamsError
from ceteris.stages import open_stage, run
from ceteris.store import read_parquet, read_table

REVERT = {"action": "revert", "id": "", "given_label": "", "new_label": "", "at": LATER}
FAULTS = [*faults_edits.FAULTS, *faults_params.FAULTS]
each_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


def state_of(root: Path) -> dict[str, str]:
    """Return the hash of every file that is no one's scratch."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {".ceteris", "__pycache__"} & set(path.relative_to(root).parts)
    }


def refused_well(said: str, fault: Fault) -> None:
    for words in fault.words:
        assert words in said
    assert len(said) < 3000


@each_fault
def test_fault_through_the_python_api(fault: Fault, repo: Path) -> None:
    fault.change(repo)
    before = state_of(repo.parent)
    with pytest.raises(fault.error) as refusal:
        import_module(f"ceteris.stages.{fault.stage}").main(open_stage(fault.stage, repo))
    assert type(refusal.value) is fault.error
    refused_well(str(refusal.value), fault)
    assert state_of(repo.parent) == before


@each_fault
def test_fault_through_the_stage_as_dvc_runs_it(fault: Fault, repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fault.change(repo)
    before = state_of(repo.parent)
    with pytest.raises(SystemExit) as ended:
        run(import_module(f"ceteris.stages.{fault.stage}").main)
    assert ended.value.code == fault.error.exit_code
    said = capsys.readouterr().err
    assert said.startswith(f"{fault.stage}: ")
    refused_well(said, fault)
    assert state_of(repo.parent) == before


# what looks like a fault and is none


def fixed(root: Path) -> pd.Series:
    """Run the stage `fix`, and return the line of results/fix/versions.csv about `reviewed`."""
    run(import_module("ceteris.stages.fix").main)
    return read_table(root / "results/fix/versions.csv", text=("version", "note")).set_index("version").loc["reviewed"]


def version(root: Path) -> pd.Series:
    return read_parquet(root / "data/versions/reviewed.parquet").set_index("id")["label"]


def test_an_empty_ledger_changes_no_byte(repo: Path) -> None:
    before = state_of(repo)
    (repo / "data/edits/ann-1.csv").write_text(HEADER + "\n")
    assert fixed(repo)["note"] == "nothing reviewed yet: equals given"
    (repo / "data/edits/ann-1.csv").unlink()
    assert state_of(repo) == before


def test_a_file_without_even_a_header_holds_no_edits(repo: Path) -> None:
    (repo / "data/edits/ann-1.csv").write_text("")
    assert fixed(repo)["reviewed"] == 0


def test_the_same_line_twice_counts_once(repo: Path) -> None:
    wrote(line, line)(repo)
    assert fixed(repo)[["reviewed", "relabelled"]].tolist() == [1, 1]


def test_undoing_a_review_brings_every_byte_back(repo: Path) -> None:
    before = state_of(repo)
    wrote(line, lambda root: line(root, "drop", place=1))(repo)
    assert fixed(repo)[["dropped", "relabelled"]].tolist() == [1, 1]
    answers = [line(repo)["answer"], line(repo, "drop", place=1)["answer"]]
    ledger.append(repo / "data/edits/ann-2.csv", [edit("x") | REVERT | {"reverts": answer} for answer in answers[:1]])
    ledger.append(
        repo / "data/edits/ann-3.csv",
        [edit("x") | REVERT | {"reverts": answers[1], "answer": "00000000-0000-4000-8000-000000000002"}],
    )
    fixed(repo)
    after = {name: digest for name, digest in state_of(repo).items() if not name.startswith("data/edits/")}
    assert after == before


def test_which_reviewers_file_comes_first_changes_no_byte(repo: Path) -> None:
    told = []
    for first, second in (("a.csv", "b.csv"), ("b.csv", "a.csv")):
        for name in (repo / "data/edits").glob("*.csv"):
            name.unlink()
        ledger.append(repo / "data/edits" / first, [line(repo)])
        ledger.append(repo / "data/edits" / second, [line(repo, "drop", place=1, reviewer="bob", at=LATER)])
        fixed(repo)
        told.append({name: digest for name, digest in state_of(repo).items() if not name.startswith("data/edits/")})
    assert told[0] == told[1]


@pytest.mark.parametrize(("rule", "won"), [("latest", "drop"), ("majority", "relabel")])
def test_a_rule_settles_reviewers_who_disagree(repo: Path, rule: str, won: str) -> None:
    stated("fix/conflicts", rule)(repo)
    wrote(
        line,
        lambda root: line(root, reviewer="eve", at="2026-01-31T12:30:00+00:00", answer="00000000-0000-4000-8000-000000000003"),
        lambda root: line(root, "drop", reviewer="bob", at=LATER),
    )(repo)
    assert fixed(repo)[["dropped", "relabelled"]].tolist() == ([1, 0] if won == "drop" else [0, 1])


def test_answers_to_planted_controls_are_never_applied(repo: Path) -> None:
    before = state_of(repo)
    wrote(lambda root: line(root, source=edits.CONTROL))(repo)
    assert fixed(repo)["reviewed"] == 0
    (repo / "data/edits/ann-1.csv").unlink()
    assert state_of(repo) == before


def test_a_blind_review_of_a_validation_row_moves_no_train_row(repo: Path) -> None:
    wrote(lambda root: line(root, part="validation", source="disagreement"))(repo)
    assert fixed(repo)["reviewed"] == 0
    import_module("ceteris.stages.compare").main(open_stage("compare", repo))


def test_an_edit_that_the_source_holds_already_is_said_and_skipped(repo: Path) -> None:
    name, given = rows(repo)[0]
    wrote(edit(name, given=another(given), new=given))(repo)
    assert "1 already applied in the source" in fixed(repo)["note"]
    assert version(repo)[name] == given


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "'=1", "'"])
def test_a_cell_that_starts_like_a_formula_is_neutral_outside_and_exact_inside(repo: Path, text: str) -> None:
    for part in ("train", "validation"):
        path = repo / f"data/split/{part}.parquet"
        frame = read_parquet(path)
        frame["ceteris:label"] = frame["ceteris:label"].where(frame["ceteris:label"] != "bee", text)
        frame.to_parquet(path, index=False)
    (repo / "data/split/classes.json").write_text(json.dumps(sorted(["ant", "cow", text])))
    name, given = next(row for row in rows(repo) if row[1] != text)
    ledger.append(repo / LEDGER, [edit(name, given=given, new=text, reason=text)])
    fixed(repo)
    assert version(repo)[name] == text
    exported = [(repo / "data/edits/ann-1.csv"), (repo / "data/versions/reviewed.patch.csv")]
    for path in exported:
        for cell in path.read_text().splitlines()[1].split(","):
            assert not cell.strip('"').startswith(("=", "+", "-", "@"))
    assert ledger.read_ledger(repo / "data/edits")["new_label"].tolist() == [text]


def test_an_estimator_of_ones_own_leaves_the_probability_metrics_blank(repo: Path) -> None:
    own(MINE, section="train/models/ridge")(repo)
    for name in ("train", "compare"):
        import_module(f"ceteris.stages.{name}").main(open_stage(name, repo))
    grid = read_table(repo / "results/compare/grid.csv", text=("model", "metric"))
    mine = grid[grid["model"] == "ridge"].set_index("metric")["value"]
    assert mine[["log_loss", "roc_auc"]].isna().all()
    assert mine["accuracy"].notna().all()


def test_a_bad_number_of_workers_is_refused_by_the_stage(
    repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CETERIS_WORKERS", "many")
    with pytest.raises(SystemExit) as ended:
        run(import_module("ceteris.stages.audit").main)
    assert ended.value.code == ParamsError.exit_code
    assert "CETERIS_WORKERS is 'many'" in capsys.readouterr().err


def test_a_yaml_bomb_and_an_endless_nest_are_refused_quickly(repo: Path) -> None:
    for content in (BOMB, "[" * 200_000, "a: " * 100_000):
        (repo / "params.yaml").write_text(content)
        started = time.monotonic()
        with pytest.raises(ParamsError):
            open_stage("fix", repo)
        assert time.monotonic() - started < 5
    assert not (repo / "owned").exists()

"""Every line of tests/faults.py, through the Python API and through the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from faults import FAULTS, SOURCE, Fault, repository

from ceteris.errors import CeterisError
from ceteris.params import Params, parse
from ceteris.readers.sources import read
from ceteris.stages import ingest, run
from ceteris.starting.params_file import changed
from ceteris.store import parse_yaml, read_parquet

REPOSITORY = Path(__file__).resolve().parents[1]
NO_ERRORS = {"kind": "none", "rate": 0.0, "seed": 0}
REAL_PROCESSES = ("a label is missing", "a ragged row", "an absolute path", "007 is not 7")
each_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


@pytest.fixture
def make(tmp_path: Path) -> Any:
    """Return a function that makes a repository with the fault in it, and gives back what its params.yaml says."""

    def made(fault: Fault) -> Any:
        stated = {"source": SOURCE, "id": "id", "label": "label", "plant": NO_ERRORS, **fault.ingest}
        changes: dict[tuple[str, ...], Any] = {("ingest", key): value for key, value in stated.items()}
        changes[("validate", "classes")] = list(fault.classes) if fault.classes else None
        params = changed((REPOSITORY / "params.yaml").read_text(encoding="utf-8"), changes)
        repository(tmp_path, params, (REPOSITORY / "dvc.yaml").read_text(encoding="utf-8"), fault)
        return parse(parse_yaml(params, "params.yaml"))

    return made


def refused_or_read(params: Params, root: Path) -> pd.DataFrame:
    ingest.refuse_two_truths(params.ingest)
    return read(params.ingest, root, params.validate_.classes or ()).frame


def refused_well(said: str, fault: Fault) -> None:
    for words in fault.refused:
        assert words in said
    assert len(said) < 2000
    assert said.rstrip().endswith((".", "`", ")"))


@each_fault
def test_fault_through_the_python_api(fault: Fault, make: Any, tmp_path: Path) -> None:
    params = make(fault)
    if not fault.refused:
        assert fault.result(refused_or_read(params, tmp_path))
        return
    with pytest.raises(CeterisError) as refusal:
        refused_or_read(params, tmp_path)
    refused_well(str(refusal.value), fault)


@each_fault
def test_fault_through_the_command_line(
    fault: Fault, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make(fault)
    monkeypatch.chdir(tmp_path)
    if not fault.refused:
        run(ingest.main)
        assert fault.result(with_truth(tmp_path))
        return
    with pytest.raises(SystemExit) as ended:
        run(ingest.main)
    assert ended.value.code == fault.exit_code
    refused_well(capsys.readouterr().err, fault)
    assert not (tmp_path / "data/raw").exists()


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.name in REAL_PROCESSES], ids=lambda fault: fault.name)
def test_fault_through_a_real_process(fault: Fault, make: Any, tmp_path: Path) -> None:
    make(fault)
    command = [sys.executable, "-m", "ceteris.stages.ingest"]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(REPOSITORY / "src")}, capture_output=True, text=True, check=False
    )
    assert done.returncode == (fault.exit_code if fault.refused else 0), done.stderr
    assert "Traceback" not in done.stderr
    if fault.refused:
        refused_well(done.stderr, fault)
        assert not (tmp_path / "data/raw").exists()


def with_truth(root: Path) -> pd.DataFrame:
    """Return what ingest wrote, the true labels beside the given ones, as `sources.read` has them."""
    rows = read_parquet(root / "data/raw/table.parquet")
    truth = read_parquet(root / "data/raw/truth.parquet")
    if truth.empty:
        return rows
    labels = rows["ceteris:id"].map(dict(zip(truth["ceteris:id"], truth["ceteris:true_label"], strict=True))).astype(object)
    place = [*rows.columns].index("ceteris:group") + 1 if "ceteris:group" in rows else 2
    rows.insert(place, "ceteris:true_label", labels.where(labels.notna(), None))
    return rows

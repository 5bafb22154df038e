"""A training loop of one's own as DVC runs it: what makes it run again, what travels, and what a killed run leaves."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from clone import LOGISTIC, SMALL, Clone, publish
from elsewhere import train_elsewhere
from own_trainers import CENTROIDS
from past import run_and_commit

from ceteris.fixing.exporting import export_versions

COMMAND = {"command": "python estimators/net.py {train} {predict} {out} {seed}", "exchange": "csv"}
PLANNED = [
    {"axis": "data", "model": "net", "baseline": "given", "candidate": "reviewed"},
    {"axis": "model", "version": "given", "baseline": "logistic", "candidate": "net"},
]
OWN = SMALL | {
    "fix.recipes": {"given": None, "reviewed": [{"step": "apply_edits"}]},
    "train.seeds": 2,
    "train.models": {"logistic": LOGISTIC, "net": COMMAND},
    "compare.planned": PLANNED,
}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A repository whose net is a command, run once and committed."""
    clone = publish(tmp_path_factory.mktemp("own") / "own", **OWN)
    (clone.root / "estimators/net.py").write_text(CENTROIDS)
    run_and_commit(clone)
    return clone


def test_dvc_sees_a_comment_in_the_script_and_only_its_cells_are_run_again(own: Clone, tmp_path: Path) -> None:
    clone = own.copy(tmp_path / "clone")
    assert clone.repro().stages == []
    clone.append("estimators/net.py", "# a comment\n")
    run = clone.repro("compare")
    assert "train" in run.stages
    assert set(run.fitted) == {("net", "given"), ("net", "aa")}
    assert clone.git("status", "--porcelain", "results") == ""


def test_predictions_that_dvc_keeps_are_compared_and_refused_when_a_version_moves(own: Clone, tmp_path: Path) -> None:
    clone = own.copy(tmp_path / "clone")
    export_versions(clone.root, "net")
    train_elsewhere(clone.root, audit=False)
    clone.dvc("add", "predictions/net")
    clone.change(**{"train.models": {"logistic": LOGISTIC, "net": {"predictions": "predictions/net"}}})
    run = clone.repro("compare")
    assert {"audit", "train", "compare"} <= set(run.stages)
    assert run.fitted == []
    assert "0 fitted (0 fits)" in run.said
    assert "brought" in run.said
    assert clone.repro("compare").stages == []
    clone.answer()
    said = clone.dvc("repro", "compare", refused=True)
    assert "predictions/net was made for other versions: 'reviewed' moved since." in said
    assert "ceteris export net" in said


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_dvc_that_is_stopped_leaves_no_process_and_the_next_run_goes_on(
    own: Clone, tmp_path: Path, number: signal.Signals
) -> None:
    clone = own.copy(tmp_path / "clone")
    clone.append("estimators/net.py", "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n")
    log = clone.root / ".ceteris/trainers/net/given/seed-0.out"
    log.unlink()
    with (tmp_path / "said").open("wb") as output:
        started = clone.start("dvc", "repro", "--single-item", "train", output=output)
        until = time.monotonic() + 120
        while not (log.exists() and log.read_text().count("\n") == 2):
            assert started.poll() is None, (tmp_path / "said").read_text()
            assert time.monotonic() < until
            time.sleep(0.1)
        process = Path("/proc") / log.read_text().split()[-1]
        assert process.exists()
        os.killpg(started.pid, number)  # all that Ctrl-C or a batch system reaches: the command is in none of their groups
        assert started.wait(60) != 0
    until = time.monotonic() + 30
    while process.exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not process.exists()
    (clone.root / "estimators/net.py").write_text(CENTROIDS + "# mended\n")
    assert "train" in clone.repro("train").stages

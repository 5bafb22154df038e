"""What trains, and what holds it fixed: every word of a command, every file that it stands on, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from own_trainers import CENTROIDS
from small import by_hand, edit, params, repository, run_stages

from ceteris.dataset import ID, LABEL
from ceteris.errors import BadInputError, ParamsError
from ceteris.layout import read_layout
from ceteris.params import parse
from ceteris.release.trained import Trained
from ceteris.sections import ModelRecipe
from ceteris.stages import open_stage
from ceteris.stages.train import main as train
from ceteris.store import read_json, read_params
from ceteris.training.learners import described, learner, refuse_unwatched

COMMAND = f"{sys.executable} estimators/net.py {{train}} {{predict}} {{out}} {{seed}}"


def recipe(command: str = COMMAND, **more: Any) -> ModelRecipe:
    return ModelRecipe(command=command, exchange=more.pop("exchange", "csv"), **more)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    root = repository(tmp_path / "repo")
    (root / "estimators/net.py").write_text(CENTROIDS)
    (root / "estimators/layers").mkdir()
    (root / "estimators/layers/one.py").write_text("width = 1\n")
    (root / "estimators/settings.json").write_text("{}")
    return root


# what holds it fixed


@pytest.mark.parametrize("changed", ["estimators/net.py", "estimators/layers/one.py", "estimators/layers/new.py"])
def test_a_comment_in_any_file_that_it_stands_on_makes_another_model(home: Path, changed: str) -> None:
    own = recipe(files=("estimators/layers",))
    before = described(own, home)
    assert described(own, home) == before
    with (home / changed).open("a") as file:
        file.write("# a comment\n")
    assert described(own, home) != before


def test_files_that_are_not_declared_or_by_the_way_are_none_of_it(home: Path) -> None:
    own = recipe(files=("estimators/layers",))
    before = described(own, home)
    (home / "estimators/settings.json").write_text("[]")
    for left in ("estimators/layers/__pycache__/one.pyc", "estimators/layers/.ipynb_checkpoints/one.py"):
        (home / left).parent.mkdir()
        (home / left).write_text("x")
    assert described(own, home) == before


def test_other_words_and_another_exchange_make_another_model_and_a_longer_timeout_does_not(home: Path) -> None:
    before = described(recipe(), home)
    assert described(recipe(timeout=5), home) == before
    assert described(recipe(COMMAND + " --epochs=3"), home) != before
    assert described(recipe(exchange="parquet"), home) != before


def test_a_file_that_is_named_within_a_word_is_one_it_stands_on(home: Path) -> None:
    own = recipe(COMMAND + " --settings=estimators/settings.json")
    before = described(own, home)
    (home / "estimators/settings.json").write_text("[]")
    assert described(own, home) != before


def test_a_command_behind_which_no_file_stands_is_refused_until_one_is_declared(home: Path) -> None:
    own = recipe(f"{sys.executable} -m layers {{train}} {{predict}} {{out}}")
    with pytest.raises(ParamsError, match=r"so a change to what it runs would go unseen\. List what it stands on"):
        learner(own, pd.DataFrame({"x": [1.0]}), home)
    assert learner(own.model_copy(update={"files": ("estimators/layers",)}), pd.DataFrame({"x": [1.0]}), home).alone


def test_a_file_that_is_declared_and_not_there_is_refused(home: Path) -> None:
    with pytest.raises(ParamsError, match=r"stands on 'estimators/gone\.py', which is not there\."):
        learner(recipe(files=("estimators/gone.py",)), pd.DataFrame({"x": [1.0]}), home)


@pytest.mark.parametrize("stage", ["audit", "train"])
def test_files_that_dvc_does_not_watch_are_refused_with_the_lines_that_it_lacks(home: Path, stage: str) -> None:
    refuse_unwatched(recipe(files=("estimators/layers",)), home, stage)
    (home / "lib").mkdir()
    (home / "lib/loss.py").write_text("")
    own = recipe(files=("lib",))
    with pytest.raises(
        ParamsError, match=rf"'lib/loss\.py' belong to a model.* dvc\.yaml, stages\.{stage}\.deps: 'lib/loss\.py'"
    ):
        refuse_unwatched(own, home, stage)
    text = (home / "dvc.yaml").read_text()
    (home / "dvc.yaml").write_text(text.replace("      - ${path.estimators}\n", "      - ${path.estimators}\n      - lib\n"))
    refuse_unwatched(own, home, stage)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({}, "train.models.net: a model has one of estimator, command, predictions, and this has none"),
        ({"command": COMMAND, "estimator": "sklearn.svm.SVC"}, "this has estimator and command"),
        ({"command": COMMAND, "params": {"lr": 1}}, "a model with `command` takes no `params`"),
        ({"estimator": "sklearn.svm.SVC", "files": ["x"]}, "a model with `estimator` takes no `files`"),
        ({"predictions": "predictions/net", "timeout": 5}, "a model with `predictions` takes no `timeout`"),
        ({"command": "python net.py"}, "the command lacks {train}, {predict}, {out}"),
        ({"command": COMMAND, "files": ["../net.py"]}, "'../net.py' leaves the repository"),
        ({"command": COMMAND, "files": ["/etc/passwd"]}, "'/etc/passwd' leaves the repository"),
        ({"predictions": "a/../../b"}, "'a/../../b' leaves the repository"),
        ({"command": COMMAND, "timeout": 0}, "train.models.net.timeout is 0."),
        ({"command": COMMAND, "exchange": "xlsx"}, "train.models.net.exchange is 'xlsx'."),
        ({"comand": COMMAND}, "train.models.net.comand is not a known key. Did you mean 'command'?"),
    ],
)
def test_a_model_that_cannot_be_one_is_refused_by_its_line(model: dict[str, Any], said: str) -> None:
    content = params(train={"seeds": 2, "models": {"net": model}})
    content["compare"]["planned"] = [{"axis": "data", "model": "net", "baseline": "given", "candidate": "pruned"}]
    with pytest.raises(ParamsError) as refusal:
        parse(content)
    assert said in str(refusal.value)


def test_predictions_that_were_made_elsewhere_train_nothing(home: Path) -> None:
    with pytest.raises(BadInputError, match="nothing here can train that model on other rows"):
        learner(ModelRecipe(predictions="predictions/net"), pd.DataFrame({"x": [1.0]}), home)


# through the stages


def own_repository(root: Path) -> Path:
    """Return a repository whose audit and one of whose models are commands, its stages run up to fix."""
    net = {"command": COMMAND, "exchange": "csv"}
    logistic = params()["train"]["models"]["logistic"]
    content = params(audit={"model": net}, train={"seeds": 2, "models": {"net": net, "logistic": logistic}})
    content["fix"]["recipes"] = {"given": None, "pruned": [{"step": "drop_flagged"}]}
    content["compare"]["planned"] = [
        {"axis": "data", "model": "net", "baseline": "given", "candidate": "pruned"},
        {"axis": "model", "version": "given", "baseline": "logistic", "candidate": "net"},
    ]
    repository(root, content)
    (root / "estimators/net.py").write_text(CENTROIDS)
    run_stages(root, "ingest", "validate", "split", "audit", "fix")
    return root


def test_a_command_audits_trains_and_is_compared_and_a_comment_refits_its_cells_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = own_repository(tmp_path / "repo")
    run_stages(root, "train", "compare", "report")
    said = capsys.readouterr().err
    assert "net.given.pruned" in said
    assert "given.logistic.net" in said
    assert not (root / "models/net/given/model.skops").exists()
    before = (root / "models/net/given/predictions.npz").read_bytes()
    train(open_stage("train", root))
    assert "8 cells: 0 fitted (0 fits), 8 kept or copied" in capsys.readouterr().err
    was = read_json(root / "models/net/given/fingerprint.json")["fingerprint"]
    (root / "estimators/net.py").write_text(CENTROIDS + "# held fixed no more\n")
    train(open_stage("train", root))
    assert "8 cells: 4 fitted (8 fits), 4 kept or copied" in capsys.readouterr().err
    now = read_json(root / "models/net/given/fingerprint.json")["fingerprint"]
    assert [part for part in was if was[part] != now[part]] == ["model"]
    assert (root / "models/net/given/predictions.npz").read_bytes() == before


def test_a_command_is_run_again_where_cells_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ceteris_: Any
) -> None:
    root = own_repository(tmp_path / "repo")
    run_stages(root, "train", "compare")
    trained = Trained(root, read_layout(root), read_params(root))
    trained.rehearse([("net", "given"), ("net", "pruned")])
    monkeypatch.chdir(root)
    said = ceteris_("replay", "pruned", "--model", "net", "--splits", "2")
    assert said.code == 0
    assert "2 re-splits" in said.out
    name, label = pd.read_parquet(root / "data/split/train.parquet")[[ID, LABEL]].to_numpy()[0]
    by_hand(root / "data/edits/ann-1.csv", edit(name, given=label, new="ant" if label != "ant" else "bee"))
    said = ceteris_("credit", "--model", "net")
    assert said.code == 0
    assert "net" in said.out

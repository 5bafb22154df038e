"""The cells that were measured are those that predict the test rows: fitted again they are the same, or nothing is accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ceteris.dataset import GROUP, ID, LABEL, Dataset
from ceteris.errors import BadInputError, IntegrityError
from ceteris.layout import read_layout
from ceteris.params import Params
from ceteris.release.trained import Trained
from ceteris.sections import ModelRecipe
from ceteris.stages import Progress, open_stage
from ceteris.stages.train import main as train
from ceteris.store import read_params

DICE = """
import numpy as np
from sklearn.tree import ExtraTreeClassifier

class Dice(ExtraTreeClassifier):
    def fit(self, X, y):
        y = np.array(y)
        rows = np.random.default_rng().permutation(len(y))[: len(y) // 3]
        y[rows] = np.roll(y[rows], 1)
        return super().fit(X, y)
"""


def trained(root: Path, params: Params | None = None) -> Trained:
    return Trained(root, read_layout(root), params or read_params(root))


def sealed(root: Path) -> Dataset:
    # The tests stand outside ceteris: what they read they read by themselves.
    return Dataset.from_frame(pd.read_parquet(root / "data/split/test.parquet"))


def test_test_rows_are_predicted_as_a_plain_fit_predicts_them(repo: Path) -> None:
    test, known = sealed(repo), trained(repo)
    X = known.train.features
    plain = make_pipeline(StandardScaler(), LogisticRegression(C=1.0)).fit(X, known.train.labels)
    arm = known.on_test([("logistic", "given")], test)["logistic", "given"]
    assert np.array_equal(np.array(known.classes)[arm.cell.predicted[0]], plain.predict(test.features))
    assert arm.cell.pred_probs is not None
    assert arm.cell.pred_probs[0] == pytest.approx(plain.predict_proba(test.features))
    assert arm.fingerprint == known.arm(("logistic", "given")).fingerprint


def test_progress_is_told_after_a_cell_however_long_the_reading_took(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(open_stage("accept", repo), "cells", every=0)  # as where seconds went by before the first fit
    known = Trained(repo, read_layout(repo), read_params(repo), lambda done, total: progress(done, total + 1))
    known.rehearse([("logistic", "given")])
    assert capsys.readouterr().err.startswith("accept: 1 of 2 cells, about ")


def test_a_version_that_is_drawn_anew_for_each_seed_is_drawn_as_it_was(repo: Path) -> None:
    known = trained(repo)
    cell = known.on_test([("ridge", "placebo-pruned")], sealed(repo))["ridge", "placebo-pruned"].cell
    assert cell.predicted.shape == (5, len(sealed(repo)))


def test_the_cells_of_a_look_that_goes_on_are_not_fitted_again(repo: Path) -> None:
    test = sealed(repo)
    first = trained(repo).on_test([("logistic", "given")], test)["logistic", "given"].cell
    again = trained(repo).on_test([("logistic", "given")], test)["logistic", "given"].cell
    assert (first.fits, again.fits) == (2, 0)
    assert np.array_equal(first.predicted, again.predicted)


def test_a_model_that_does_not_repeat_itself_is_refused_before_any_look(repo: Path) -> None:
    (repo / "estimators/dice.py").write_text(DICE)
    params = with_model(read_params(repo), ModelRecipe(estimator="estimators/dice.py:Dice", prepare="none"))
    stage = open_stage("train", repo)
    train(type(stage)("train", repo, params, stage.layout))
    with pytest.raises(IntegrityError, match=r"logistic/given, fitted again .* is not what was measured.*random_state"):
        trained(repo, params).rehearse([("logistic", "given")])
    with pytest.raises(IntegrityError, match="validation rows otherwise than the cell"):
        trained(repo, params).on_test([("logistic", "given")], sealed(repo))


def test_a_rehearsal_of_what_was_measured_says_nothing(repo: Path) -> None:
    assert trained(repo).rehearse([("logistic", "given"), ("ridge", "pruned")]) is None


@pytest.mark.parametrize("how", ["another recipe", "another version"])
def test_a_cell_that_is_older_than_what_it_is_made_of_is_refused_with_the_command(repo: Path, how: str) -> None:
    params = read_params(repo)
    if how == "another recipe":
        recipe = params.train.models["logistic"]
        params = with_model(params, recipe.model_copy(update={"params": {"C": 0.5}}))
    else:
        path = repo / "data/versions/given.parquet"
        table = pd.read_parquet(path)
        table.loc[0, "label"] = "cow" if table.loc[0, "label"] != "cow" else "ant"
        table.to_parquet(path)
    with pytest.raises(IntegrityError, match=r"logistic/given is older than what it is made of\. .*dvc repro"):
        trained(repo, params).arm(("logistic", "given"))


@pytest.mark.parametrize("gone", ["models/logistic/given", "data/versions/index.json", "data/split/train.parquet"])
def test_what_the_pipeline_has_not_made_is_named_with_the_command(repo: Path, gone: str) -> None:
    path = repo / gone
    if path.is_dir():
        path.rename(path.with_name("other"))
    else:
        path.unlink()
    with pytest.raises(BadInputError, match=rf"{gone} is not there\. Run the pipeline first: dvc repro"):
        trained(repo).arm(("logistic", "given"))


def with_model(params: Params, recipe: ModelRecipe) -> Params:
    models = dict(params.train.models) | {"logistic": recipe}
    return params.model_copy(update={"train": params.train.model_copy(update={"models": models})})


def test_the_test_part_has_the_columns_of_the_others(repo: Path) -> None:
    columns: Any = sealed(repo).features.columns
    assert list(columns) == list(trained(repo).validation.features.columns)
    assert not {ID, LABEL, GROUP} & set(columns)

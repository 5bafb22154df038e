"""A model is a recipe: what it is built of, what its fingerprint covers, and estimators of a user's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ceteris.errors import ParamsError
from ceteris.sections import ModelRecipe
from ceteris.training.models import build, describe, estimator_class, seeded

NUMBERS = pd.DataFrame({"x": [0.0, 1.0, np.nan, 3.0], "y": [1.0, 1.0, 1.0, 1.0]})
MIXED = NUMBERS.assign(t=pd.Series(["a", "b", None, "a"], dtype=object))
MINE = """
from sklearn.base import BaseEstimator

class Mine(BaseEstimator):
    def fit(self, X, y):
        return self

    def predict(self, X):
        return [0] * len(X)
"""


def recipe(
    estimator: str = "sklearn.linear_model.LogisticRegression", prepare: str = "scaled", **params: object
) -> ModelRecipe:
    return ModelRecipe(estimator=estimator, prepare=prepare, params=params or None)  # type: ignore[arg-type]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "estimators").mkdir()
    (tmp_path / "estimators/mine.py").write_text(MINE)
    return tmp_path


def test_any_import_path_is_built_with_its_parameters() -> None:
    built = build(recipe("sklearn.svm.SVC", "none", C=3.0, kernel="linear"), NUMBERS)
    assert (type(built).__name__, built.C, built.kernel) == ("SVC", 3.0, "linear")


def test_a_list_in_params_reaches_the_estimator_as_a_list() -> None:
    built = build(recipe("sklearn.neural_network.MLPClassifier", "none", hidden_layer_sizes=(5, 5)), NUMBERS)
    assert built.hidden_layer_sizes == [5, 5]


@pytest.mark.parametrize("prepare", ["scaled", "coded"])
def test_missing_and_mixed_columns_are_prepared_and_unknown_categories_are_survived(prepare: str) -> None:
    built = build(recipe(prepare=prepare), MIXED).fit(MIXED, np.array([0, 1, 0, 1]))
    unseen = MIXED.assign(t=pd.Series(["new", None, "a", "b"], dtype=object))
    assert built.predict(unseen).shape == (4,)


def test_scaled_numbers_have_mean_zero_and_missing_ones_become_the_median() -> None:
    ready = build(recipe(), NUMBERS).fit(NUMBERS, np.array([0, 1, 0, 1]))[:-1].transform(NUMBERS)
    values = np.array([0.0, 1.0, 1.0, 3.0])
    assert ready[:, 0] == pytest.approx((values - values.mean()) / values.std())


def test_coded_categories_are_one_column_each() -> None:
    ready = build(recipe(prepare="coded"), MIXED)[:-1].fit_transform(MIXED)
    assert ready[:, 2].tolist() == [1.0, 2.0, 0.0, 1.0]


def test_preparation_is_learned_inside_each_fit() -> None:
    model = build(recipe(), NUMBERS)
    seeded(model, 0).fit(NUMBERS, np.array([0, 1, 0, 1]))
    assert not hasattr(model[-1], "classes_")


def test_every_random_state_at_any_depth_is_the_seed_and_the_recipe_is_left_alone() -> None:
    model = build(recipe("sklearn.ensemble.BaggingClassifier"), NUMBERS)
    fresh = seeded(model, 17)
    states = {name: value for name, value in fresh.get_params().items() if name.endswith("random_state")}
    assert states == {"model__random_state": 17}
    assert model.get_params()["model__random_state"] is None


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        (recipe(), True),
        (recipe(C=2.0), False),
        (recipe(prepare="coded"), False),
        (recipe("sklearn.svm.SVC"), False),
    ],
    ids=["nothing", "a parameter", "the preparation", "the import path"],
)
def test_the_fingerprint_of_a_recipe_moves_with(changed: ModelRecipe, same: bool) -> None:
    assert (describe(changed) == describe(recipe())) is same


def test_the_order_of_parameters_is_not_in_the_fingerprint() -> None:
    assert describe(recipe(C=1.0, tol=0.1)) == describe(recipe(tol=0.1, C=1.0))


def test_an_estimator_of_ones_own_is_found_and_its_source_is_in_the_fingerprint(own: Path) -> None:
    mine = recipe("estimators/mine.py:Mine", "none")
    assert type(build(mine, NUMBERS, own)).__name__ == "Mine"
    before = describe(mine, own)
    (own / "estimators/mine.py").write_text(MINE + "# changed\n")
    assert describe(mine, own) != before


@pytest.mark.parametrize("helper", ["estimators/helper.py", "estimators/deep/helper.py"])
def test_a_file_that_stands_beside_an_estimator_is_its_source_too(own: Path, helper: str) -> None:
    mine, plain = recipe("estimators/mine.py:Mine", "none"), recipe()
    (own / helper).parent.mkdir(exist_ok=True)
    (own / helper).write_text("SHARE = 1\n")
    before = describe(mine, own), describe(plain, own)
    (own / helper).write_bytes("# -*- coding: cp1252 -*-\nSHARE = 'größer'\n".encode("cp1252"))
    edited = describe(mine, own)
    (own / helper).rename(own / helper.replace("helper", "moved"))
    assert len({before[0], edited, describe(mine, own)}) == 3
    assert describe(plain, own) == before[1]


def test_a_changed_file_of_ones_own_is_loaded_anew(own: Path) -> None:
    mine = recipe("estimators/mine.py:Mine", "none")
    build(mine, NUMBERS, own)
    (own / "estimators/mine.py").write_text(MINE.replace("[0]", "[1]"))
    assert build(mine, NUMBERS, own).predict([0, 0]) == [1, 1]


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        ("sklearn.linear_model.LogisticRegresion", "Did you mean 'LogisticRegression'?"),
        ("sklearn.linear.LogisticRegression", "cannot be imported"),
        ("LogisticRegression", "cannot be imported"),
        ("os.system", "names no class"),
        ("sklearn.preprocessing.StandardScaler", "has no predict."),
        ("pathlib.Path", "has no fit."),
        ("estimators/none.py:Mine", "no Python file below estimators/"),
        ("estimators/mine.py:Yours", "Known: 'BaseEstimator', 'Mine'"),
        ("estimators/bare.py:Bare", "has no get_params. Name a classifier; a class of your own derives from sklearn.base"),
        ("outside.py:Mine", "no Python file below estimators/"),
        ("estimators/../outside.py:Mine", "no Python file below estimators/"),
        ("/outside.py:Mine", "no Python file below estimators/"),
        ("estimators/broken.py:Mine", "broken.py fails when it is loaded: SyntaxError"),
        ("estimators/leaving.py:Mine", "leaving.py fails when it is loaded: SystemExit: bye"),
        ("estimators/exits.py:Mine", "exits.py:Mine refused its parameters: bye."),
    ],
)
def test_an_estimator_that_cannot_be_used_is_refused(own: Path, estimator: str, said: str) -> None:
    (own / "outside.py").write_text(MINE)
    (own / "estimators/broken.py").write_text("class Mine(\n")
    (own / "estimators/bare.py").write_text("class Bare:\n    fit = predict = print\n")
    (own / "estimators/leaving.py").write_text("raise SystemExit('bye')\n")
    (own / "estimators/exits.py").write_text(MINE + "\n    def __init__(self):\n        raise SystemExit('bye')\n")
    with pytest.raises(ParamsError) as refusal:
        build(recipe(estimator), NUMBERS, own)
    assert said in str(refusal.value)


def test_an_unknown_parameter_is_refused_with_the_nearest() -> None:
    with pytest.raises(ParamsError, match="Did you mean 'max_iter'"):
        build(recipe(max_itr=3), NUMBERS)


def test_a_class_of_an_installed_library_has_its_source_in_the_fingerprint() -> None:
    assert estimator_class("small.Path") is Path
    assert describe(recipe("small.Path")) != describe(recipe("pathlib.Path"))


def test_a_class_without_source_is_described_by_its_file_or_its_name() -> None:
    assert describe(recipe("builtins.dict")) == describe(recipe("builtins.dict")) != describe(recipe("builtins.list"))
    with pytest.raises(ParamsError, match=r"builtins\.dict has no fit"):
        build(recipe("builtins.dict"), NUMBERS)
    compiled = recipe("scipy.spatial._ckdtree.cKDTree")
    assert describe(compiled) == describe(compiled)


def test_an_editors_copies_are_no_source(own: Path) -> None:
    (own / "estimators/mine.py").write_text(MINE)
    mine = recipe("estimators/mine.py:Mine")
    before = describe(mine, own)
    (own / "estimators/.ipynb_checkpoints").mkdir()
    (own / "estimators/.ipynb_checkpoints/mine-checkpoint.py").write_text("# an older one\n")
    assert describe(mine, own) == before


TAGLESS = """
class Bare:
    def get_params(self, deep=True):
        return {}

    def set_params(self, **params):
        return self

    def fit(self, X, y):
        self.label_ = y[0]
        return self

    def predict(self, X):
        return [self.label_] * len(X)
"""


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        ("sklearn.cluster.KMeans", "KMeans is no classifier: its tag says 'clusterer'. Name a classifier in `estimator`"),
        ("sklearn.linear_model.LinearRegression", "LinearRegression is no classifier: its tag says 'regressor'"),
        ("sklearn.ensemble.IsolationForest", "IsolationForest is no classifier: its tag says 'outlier_detector'"),
        ("estimators/old.py:Old", "Old is no classifier: its tag says 'regressor'"),
    ],
)
@pytest.mark.parametrize("prepare", ["none", "scaled"])
def test_what_says_that_it_is_no_classifier_is_refused(own: Path, estimator: str, said: str, prepare: str) -> None:
    (own / "estimators/old.py").write_text(TAGLESS.replace("class Bare:", "class Old:\n    _estimator_type = 'regressor'"))
    with pytest.raises(ParamsError) as refusal:
        build(recipe(estimator, prepare), NUMBERS, own)
    assert said in str(refusal.value)


def test_a_class_of_ones_own_that_says_nothing_of_its_kind_is_taken_as_it_is(own: Path) -> None:
    (own / "estimators/bare.py").write_text(TAGLESS)
    built = build(recipe("estimators/bare.py:Bare", "none"), NUMBERS, own)
    assert seeded(built, 0).fit(NUMBERS, np.array([1, 0, 1, 0])).predict(NUMBERS) == [1, 1, 1, 1]
    assert build(recipe("estimators/mine.py:Mine", "scaled"), NUMBERS, own)[-1].predict([0]) == [0]


def test_a_class_that_scikit_learn_takes_behind_no_preparation_is_told_so_before_any_fit(own: Path) -> None:
    (own / "estimators/bare.py").write_text(TAGLESS)
    with pytest.raises(ParamsError, match=r"has no __sklearn_tags__.*Derive it from.*or write `prepare: none`"):
        build(recipe("estimators/bare.py:Bare", "scaled"), NUMBERS, own)

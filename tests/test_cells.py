"""A cell: one model on one version, once a seed, once in all where seeds change nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from memory import Coin, Memoriser, Scribbler, Warped
from scipy import sparse
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from ceteris.errors import BadInputError
from ceteris.training.cells import Cell, Draw
from ceteris.training.fitted import Job, fit_cells

RNG = np.random.default_rng(3)
TRAIN = RNG.normal(size=(60, 3))
LABELS = (np.arange(60) + (TRAIN[:, 0] > 0)) % 3
VALIDATION = RNG.normal(size=(20, 3))
EVERY = (Draw(None, LABELS),)


def job(estimator: Any, draws: tuple[Draw, ...] = EVERY, seeds: tuple[int, ...] = (0, 1, 2, 3), name: str = "m") -> Job:
    return Job(name, "v", estimator, TRAIN, draws, seeds)


def cell_of(*jobs: Job, **settings: Any) -> Cell:
    ((_, cell),) = fit_cells(list(jobs), VALIDATION, 3, workers=1, **settings)
    return cell


def test_a_deterministic_learner_is_fitted_twice_and_stands_for_all_seeds() -> None:
    cell = cell_of(job(LogisticRegression()))
    assert (cell.deterministic, cell.fits, cell.predicted.shape) == (True, 2, (1, 20))
    predicted, pred_probs = cell.over_seeds()
    assert predicted.shape == (4, 20)
    assert pred_probs is not None
    assert pred_probs.shape == (4, 20, 3)


def test_a_learner_that_draws_is_fitted_once_a_seed() -> None:
    cell = cell_of(job(Coin()))
    expected = [np.random.default_rng(seed).choice(np.arange(3), 20) for seed in range(4)]
    assert (cell.deterministic, cell.fits) == (False, 4)
    assert cell.predicted.tolist() == np.array(expected).tolist()


def test_where_no_probabilities_are_wanted_predictions_and_fits_are_the_same() -> None:
    for model in (LogisticRegression(), DecisionTreeClassifier(max_features=1)):
        whole, bare = cell_of(job(model)), cell_of(replace(job(model), probabilities=False))
        assert bare.pred_probs is None
        assert (bare.deterministic, bare.fits) == (whole.deterministic, whole.fits)
        assert bare.predicted.tolist() == whole.predicted.tolist()


def test_the_predictions_are_those_of_scikit_learn_itself() -> None:
    model = make_pipeline(StandardScaler(), DecisionTreeClassifier(max_features=1))
    cell = cell_of(job(model))
    for seed in range(4):
        own = make_pipeline(StandardScaler(), DecisionTreeClassifier(max_features=1, random_state=seed)).fit(TRAIN, LABELS)
        assert cell.predicted[seed].tolist() == own.predict(VALIDATION).tolist()


def test_a_model_with_a_seed_and_labels_alone_is_never_taken_for_deterministic() -> None:
    class Steady(Coin):
        def predict(self, X: Any) -> np.ndarray:
            return np.zeros(len(X), dtype=int)

    assert cell_of(job(Steady())).deterministic is False
    assert cell_of(job(RidgeClassifier())).deterministic is True


def test_a_control_drawn_anew_for_each_seed_is_never_collapsed() -> None:
    draws = tuple(Draw(np.arange(60), LABELS) for _ in range(4))
    cell = cell_of(job(LogisticRegression(), draws))
    assert (cell.deterministic, cell.fits) == (False, 4)
    assert all(row.tolist() == cell.predicted[0].tolist() for row in cell.predicted)


def test_each_seed_of_a_control_learns_its_own_draw() -> None:
    draws = tuple(Draw(np.array([seed]), np.array([seed % 3])) for seed in range(4))
    numbered = np.arange(60.0)[:, None]
    settings = job(Memoriser(), draws)
    jobs = [Job("m", "v", Memoriser(), numbered, settings.draws, settings.seeds)]
    ((_, cell),) = fit_cells(jobs, numbered[:4], 3, workers=1)
    assert cell.predicted.tolist() == [[seed % 3] * 4 for seed in range(4)]


def test_one_seed_says_nothing_about_determinism() -> None:
    cell = cell_of(job(LogisticRegression(), seeds=(0,)))
    assert (cell.deterministic, cell.fits, cell.n_seeds) == (False, 1, 1)


def test_a_model_without_probabilities_has_none() -> None:
    cell = cell_of(job(RidgeClassifier()))
    assert cell.pred_probs is None
    assert cell.over_seeds()[1] is None


def test_the_first_seeds_model_is_kept_where_it_is_asked_for() -> None:
    assert cell_of(job(Coin())).kept is None
    kept = cell_of(replace(job(Coin(), seeds=(5, 6)), keep=lambda estimator, who: (estimator.random_state, who))).kept
    assert kept == (5, "The model 'm'")


def test_the_callers_estimator_is_never_fitted() -> None:
    model = LogisticRegression()
    cell_of(job(model))
    assert not hasattr(model, "coef_")


@pytest.mark.parametrize("kind", [np.array, pd.DataFrame, sparse.csr_matrix], ids=["array", "frame", "sparse"])
@pytest.mark.parametrize("rows", [None, np.arange(60)], ids=["every row", "a draw"])
def test_a_model_that_writes_over_what_it_is_given_changes_no_other_fit(kind: Any, rows: np.ndarray | None) -> None:
    train, validation, labels, weights = kind(TRAIN), kind(VALIDATION), LABELS.copy(), np.linspace(1, 2, 60)
    draws = (Draw(rows, labels, weights),)
    jobs = [Job(name, "v", model, train, draws, (0, 1)) for name, model in (("s", Scribbler()), ("m", LogisticRegression()))]
    cells = {job.model: cell for job, cell in fit_cells(jobs, validation, 3, workers=1)}
    alone = LogisticRegression().fit(TRAIN, LABELS, np.linspace(1, 2, 60)).predict_proba(VALIDATION)
    assert cells["m"].pred_probs[0] == pytest.approx(alone)
    for held, as_it_was in ((train, TRAIN), (validation, VALIDATION), (labels, LABELS), (weights, np.linspace(1, 2, 60))):
        values = held.toarray() if hasattr(held, "toarray") else np.asarray(held)
        assert np.array_equal(values, as_it_was)


@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_comes_back_whole_and_once(workers: int) -> None:
    models = {"coin": Coin(), "logistic": LogisticRegression(), "tree": DecisionTreeClassifier(max_features=1)}
    jobs = [job(model, name=name) for name, model in models.items()]
    found = {one.model: cell for one, cell in fit_cells(jobs, VALIDATION, 3, workers=workers)}
    assert set(found) == set(models)
    assert {name: cell.fits for name, cell in found.items()} == {"coin": 4, "logistic": 2, "tree": 4}


def test_weights_reach_the_last_step_and_a_model_without_them_is_refused() -> None:
    draws = (Draw(None, LABELS, np.where(LABELS == 2, 1.0, 1e-9)),)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    assert (cell_of(job(pipeline, draws)).predicted == 2).all()
    with pytest.raises(BadInputError, match="'m' takes no sample_weight"):
        cell_of(job(Coin(), draws))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("unknown", "none of the codes 0 to 2"),
        ("texts", "predicted an array of shape"),
        ("nan", "NaN or infinite"),
        ("fails", "'m' fails in fit: RuntimeError: out of luck. Correct the model's parameters (in the pipeline: its `params`"),
        ("exits in fit", "'m' fails in fit: SystemExit: bye."),
        ("exits in predict", "'m' fails in predict: SystemExit: bye."),
        ("exits in predict_proba", "'m' fails in predict_proba: SystemExit: bye."),
    ],
)
def test_a_model_that_predicts_nonsense_is_refused_by_name(fault: str, said: str) -> None:
    with pytest.raises(BadInputError) as refusal:
        cell_of(job(Warped(fault)))
    assert said in str(refusal.value)
    assert "The model 'm'" in str(refusal.value)


class Leaver(Coin):
    """Ends the process where it is made anew, or where it is asked for decision values."""

    leaves_in = ""

    def __init__(self, random_state: int | None = None) -> None:
        super().__init__(random_state)
        if self.leaves_in == "its constructor":
            raise SystemExit("bye")

    def decision_function(self, X: Any) -> np.ndarray:
        raise SystemExit("bye")


@pytest.mark.parametrize("place", ["its constructor", "decision_function"])
def test_a_model_that_ends_the_process_is_refused_by_name(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Leaver()
    monkeypatch.setattr(Leaver, "leaves_in", place)
    with pytest.raises(BadInputError, match=f"The model 'm' fails in {place}: SystemExit: bye."):
        cell_of(job(model))


@pytest.mark.parametrize("kind", [pd.DataFrame, np.asarray])
def test_what_a_model_refuses_in_the_data_is_told_with_its_column(kind: Any) -> None:
    rows = pd.DataFrame({"a": TRAIN[:, 0], "b": TRAIN[:, 1], "c": TRAIN[:, 2]})
    rows.loc[3, "b"] = 1e300
    name = "b" if kind is pd.DataFrame else "1"
    with pytest.raises(BadInputError, match=rf"beyond 3\.4e\+38 stand in the columns '{name}'\. Mend these columns"):
        cell_of(replace(job(DecisionTreeClassifier()), train=kind(rows)))
    rows.loc[3, "b"] = np.nan
    with pytest.raises(BadInputError, match=rf"Values are missing in the columns '{name}'\. Mend these columns"):
        cell_of(replace(job(LogisticRegression()), train=kind(rows)))

"""How long a first run will take is told from fits that are short themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from small import REPOSITORY

from ceteris.dataset import ID, LABEL
from ceteris.errors import BadInputError
from ceteris.params import Params
from ceteris.starting import forecast
from ceteris.starting.forecast import expected_seconds, expected_time
from ceteris.store import read_params


@pytest.fixture
def shipped() -> Params:
    return read_params(REPOSITORY)


def frame(rows: int, value: float = 1.0) -> pd.DataFrame:
    numbers = np.arange(rows) % 7 * value
    labels = np.where(np.arange(rows) % 2, "a", "b")
    return pd.DataFrame({ID: [f"r{row}" for row in range(rows)], LABEL: labels.astype(object), "x": numbers})


def test_more_rows_take_longer(shipped: Params) -> None:
    few, many = (expected_seconds(frame(rows), shipped) for rows in (200, 200_000))
    assert 25 < few < many
    assert expected_time(frame(200), shipped).startswith("expected time of a first `dvc repro`: about ")


def timed_as(monkeypatch: pytest.MonkeyPatch, seconds: Callable[[int], float]) -> set[int]:
    """Let a fit take so many seconds for its rows; return the rows of the fits that are timed, as they come."""
    seen: set[int] = set()

    def timed(recipe: object, kind: str, features: pd.DataFrame, codes: np.ndarray) -> float:
        seen.add(len(features))
        return seconds(len(features))

    monkeypatch.setattr(forecast, "_timed_fit", timed)
    return seen


def test_a_fit_that_takes_long_is_not_repeated_on_a_larger_sample(shipped: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = timed_as(monkeypatch, lambda rows: 2.0)
    expected_seconds(frame(5000), shipped)
    assert seen == {100}
    monkeypatch.setattr(forecast, "_SHORT", 30.0)
    expected_seconds(frame(5000), shipped)
    assert seen == {100, 500, 2000, 5000}


def test_what_a_fit_costs_whatever_its_rows_does_not_grow_with_them(shipped: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CETERIS_WORKERS", "1")
    models = {"only": shipped.train.models["logistic"]}
    params = shipped.model_copy(update={"train": shipped.train.model_copy(update={"models": models})})
    timed_as(monkeypatch, lambda rows: 1 + rows / 100_000)
    once = 1 + 0.6 * 30_000 / 100_000
    found = expected_seconds(frame(30_000), params) - forecast._START_UP
    timed_as(monkeypatch, lambda rows: 1.0)
    fits = expected_seconds(frame(30_000), params) - forecast._START_UP
    assert found == pytest.approx(fits * once)


def test_fits_are_shared_out_among_the_cores(shipped: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    timed_as(monkeypatch, lambda rows: 1.0)
    found = []
    for workers in ("1", "4"):
        monkeypatch.setenv("CETERIS_WORKERS", workers)
        found.append(expected_seconds(frame(300), shipped) - forecast._START_UP)
    assert found[0] == pytest.approx(4 * found[1])


def test_a_model_that_cannot_be_fitted_is_refused_with_the_column(shipped: Params) -> None:
    with pytest.raises(BadInputError, match=r"LogisticRegression fails in fit: .* stand in the columns 'x'"):
        expected_seconds(frame(60, 1e300), shipped)

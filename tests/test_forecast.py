"""How long a first run will take is told from fits that are short themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small import REPOSITORY

from ceteris import forecast
from ceteris.dataset import ID, LABEL
from ceteris.errors import BadInputError
from ceteris.forecast import expected_seconds, expected_time
from ceteris.params import Params
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


def test_a_fit_that_takes_long_is_not_repeated_on_a_larger_sample(shipped: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def slow(recipe: object, kind: str, features: pd.DataFrame, codes: np.ndarray) -> float:
        seen.append(len(features))
        return 1.0

    monkeypatch.setattr(forecast, "_timed_fit", slow)
    expected_seconds(frame(5000), shipped)
    assert set(seen) == {100}
    monkeypatch.setattr(forecast, "_SHORT", 30.0)
    expected_seconds(frame(5000), shipped)
    assert set(seen) == {100, 500, 2000}


def test_a_model_that_cannot_be_fitted_is_refused_with_the_column(shipped: Params) -> None:
    with pytest.raises(BadInputError, match=r"LogisticRegression fails in fit: .* stand in the columns 'x'"):
        expected_seconds(frame(60, 1e300), shipped)

"""A fitted model as bytes: the same model, the same bytes, and the model comes back."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from threading import Lock
from typing import IO, Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import ExtraTreeClassifier
from small import REPOSITORY

from ceteris.errors import BadInputError
from ceteris.training.skops_file import dump_model

ROWS = np.random.default_rng(0).normal(size=(40, 3))
LABELS = np.arange(40) % 2
MODELS = {
    "pipeline": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "forest": lambda: RandomForestClassifier(3, random_state=0),
    "tree": lambda: make_pipeline(StandardScaler(), ExtraTreeClassifier(random_state=0)),
}
ALONE = """
import hashlib, numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from ceteris.training.skops_file import dump_model
rows, labels = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
print(hashlib.sha256(dump_model(make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, labels))).hexdigest())
"""


@pytest.mark.parametrize("name", MODELS)
def test_two_fits_of_one_model_are_the_same_bytes(name: str) -> None:
    noise = [object() for _ in range(1000)]
    one = dump_model(MODELS[name]().fit(ROWS, LABELS))
    assert dump_model(MODELS[name]().fit(ROWS, LABELS)) == one
    assert len(noise) == 1000


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_was_fitted_in_a_worker_process_is_the_same_bytes(name: str) -> None:
    fitted = MODELS[name]().fit(ROWS, LABELS)
    sent = pickle.loads(pickle.dumps(fitted))
    assert dump_model(sent) == dump_model(fitted)


@pytest.mark.parametrize("name", MODELS)
def test_the_model_comes_back_and_predicts_the_same(name: str) -> None:
    fitted = MODELS[name]().fit(ROWS, LABELS)
    content = dump_model(fitted)
    back = skops.io.loads(content, trusted=skops.io.get_untrusted_types(data=content))
    assert np.array_equal(back.predict_proba(ROWS), fitted.predict_proba(ROWS))


def test_other_coefficients_are_other_bytes() -> None:
    assert dump_model(LogisticRegression(C=1.0).fit(ROWS, LABELS)) != dump_model(LogisticRegression(C=2.0).fit(ROWS, LABELS))


def test_no_time_of_day_is_in_the_archive() -> None:
    archive = zipfile.ZipFile(io.BytesIO(dump_model(LogisticRegression().fit(ROWS, LABELS))))
    assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_another_process_with_another_hash_seed_writes_the_same_bytes() -> None:
    told = subprocess.run(
        [sys.executable, "-c", ALONE], env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "PYTHONHASHSEED": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.strip() == hashlib.sha256(dump_model(MODELS["pipeline"]().fit(ROWS, LABELS))).hexdigest()


class Keeper(ClassifierMixin, BaseEstimator):
    """Keeps a thing that it should not."""

    def keeping(self, thing: object) -> Keeper:
        self.thing_ = thing
        return self


def an_open_file() -> IO[str]:
    return Path(__file__).open(encoding="utf-8")


@pytest.mark.parametrize(
    ("thing", "told"),
    [
        (an_open_file, "thing_ holds a TextIOWrapper (TypeError"),
        (lambda: lambda: 1, "thing_ holds a function (AttributeError"),
        (lambda: pd.DataFrame({"a": [1]}), "thing_ holds a DataFrame (TypeError"),
        (lambda: {"a": [1, an_open_file()]}, "thing_['a'][1] holds a TextIOWrapper"),
        (Lock, "thing_ holds a lock (AttributeError"),
    ],
    ids=["open file", "lambda", "data frame", "nested", "lock"],
)
@pytest.mark.parametrize("wrap", [lambda model: model, lambda model: make_pipeline(StandardScaler(), model)])
def test_what_cannot_be_kept_is_named_with_its_model_and_attribute(thing: Any, told: str, wrap: Any) -> None:
    model = Keeper().keeping(thing())
    with pytest.raises(BadInputError) as refusal:
        dump_model(wrap(model), "The model 'mine'")
    inner = model.thing_["a"][1] if isinstance(model.thing_, dict) else model.thing_
    if hasattr(inner, "close"):
        inner.close()
    assert "The model 'mine' cannot be kept as a file" in str(refusal.value)
    assert told in str(refusal.value)
    assert "write `def` for a lambda" in str(refusal.value)


def test_a_model_that_holds_itself_is_refused_and_not_followed_forever() -> None:
    model = Keeper()
    with pytest.raises(BadInputError, match=r"Keeper\.thing_ holds a Keeper \(RecursionError"):
        dump_model(model.keeping(model))


def test_what_a_class_of_ones_own_may_keep_comes_back() -> None:
    kept = Keeper().keeping({"a": [1, "x", np.arange(3)]})
    content = dump_model(kept)
    back = skops.io.loads(content, trusted=skops.io.get_untrusted_types(data=content))
    assert back.thing_["a"][2].tolist() == [0, 1, 2]

"""A fitted model as bytes: the same model, the same bytes, and the model comes back."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import ExtraTreeClassifier
from small import REPOSITORY

from ceteris.skops_file import dump_model

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
from ceteris.skops_file import dump_model
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

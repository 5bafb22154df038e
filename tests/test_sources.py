"""What is read is what the file says, whatever the order of its rows and columns, and whatever its kind."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from faults import plain
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.dataset import GROUP, ID, LABEL, META
from ceteris.readers.csv_file import guess_delimiter, guess_encoding, read_csv
from ceteris.readers.sources import Table, read, source_sha256
from ceteris.sections import Ingest

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=12)


def table_of(content: pd.DataFrame | pa.Table, root: Path, **ingest: object) -> Table:
    """Return what ceteris reads of a table that was written as CSV (a frame) or as Parquet (an Arrow table)."""
    (root / "data/source").mkdir(parents=True, exist_ok=True)
    if isinstance(content, pa.Table):
        source = "data/source/mine.parquet"
        pq.write_table(content, root / source)
    else:
        source = "data/source/mine.csv"
        content.to_csv(root / source, index=False, quoting=csv.QUOTE_NONNUMERIC)
    return read(Ingest(**{"source": source, "label": "label", "id": "id", **ingest}), root)


def test_digits_are_scikit_learns_digits(tmp_path: Path) -> None:
    from sklearn.datasets import load_digits

    table = read(Ingest(), tmp_path)
    assert table.frame.shape == (1797, 66)
    assert list(table.frame.columns[:3]) == [ID, LABEL, "pixel_00"]
    assert table.frame[ID].iloc[[0, -1]].tolist() == ["digit-0000", "digit-1796"]
    assert table.image_shape == (8, 8)
    np.testing.assert_array_equal(table.frame.iloc[:, 2:].to_numpy(), load_digits().data)
    assert table.frame[LABEL].tolist() == [str(digit) for digit in load_digits().target]
    assert source_sha256(Ingest(), tmp_path) == source_sha256(Ingest(), tmp_path)


def test_rows_stand_by_id_and_columns_by_name(tmp_path: Path) -> None:
    frame = plain().assign(alpha="1")
    shuffled = frame.sample(frac=1, random_state=3)[["colour", "label", "size", "alpha", "id"]]
    one, other = table_of(frame, tmp_path).frame, table_of(shuffled, tmp_path).frame
    pd.testing.assert_frame_equal(one, other)
    assert list(one.columns) == [ID, LABEL, "alpha", "colour", "size"]
    assert one[ID].is_monotonic_increasing


def test_content_ids_do_not_depend_on_order_or_label(tmp_path: Path) -> None:
    frame = pd.concat([plain(), plain().head(2).assign(label=["dog", "cat"])], ignore_index=True).drop(columns="id")
    one = table_of(frame, tmp_path, id=None).frame
    other = table_of(frame.sample(frac=1, random_state=3)[["size", "label", "colour"]], tmp_path, id=None).frame
    pd.testing.assert_frame_equal(one, other)
    relabelled = frame.assign(label=["dog", "cat"] * 16)
    assert set(table_of(relabelled, tmp_path, id=None).frame[ID]) == set(one[ID])
    assert one[ID].is_unique
    assert one[ID].str.endswith("-2").sum() == 2


def test_dropping_a_column_renames_no_row(tmp_path: Path) -> None:
    kept = table_of(plain().drop(columns="id"), tmp_path, id=None).frame
    dropped = table_of(plain().drop(columns="id"), tmp_path, id=None, drop=("colour",)).frame
    assert list(kept[ID]) == list(dropped[ID])
    assert list(dropped.columns) == [ID, LABEL, "size"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), min_size=2, max_size=8))
def test_any_text_comes_back_exactly(tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]]) -> None:
    frame = pd.DataFrame(cells, columns=["colour", "owner"]).map(lambda text: f"<{text}>")
    frame = frame.assign(id=[f"{row}{text}" for row, text in enumerate(frame["owner"])], size="1")
    frame["label"] = ["x", "y"] * (len(frame) // 2) + ["x"] * (len(frame) % 2)
    found = table_of(frame, tmp_path_factory.mktemp("any")).frame.set_index(ID)
    assert found["owner"].to_dict() == dict(zip(frame["id"], frame["owner"], strict=True))


def test_what_pandas_writes_reads_the_same_from_csv_and_parquet(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = plain().assign(size=rng.normal(size=30), label=[True, False] * 15, id=np.arange(30) + 2**60)
    frame.loc[3, "size"] = np.nan
    csv = table_of(frame, tmp_path).frame
    parquet = table_of(pa.Table.from_pandas(frame, preserve_index=False), tmp_path).frame
    pd.testing.assert_frame_equal(csv, parquet)


def test_parquet_kinds_become_numbers_or_text(tmp_path: Path) -> None:
    moment = datetime(2020, 1, 2, tzinfo=UTC)
    table = pa.table(
        {
            "id": [10, 9],
            "label": ["x", "y"],
            "whole": pa.array([2**40, None]),
            "flag": [True, None],
            "nothing": pa.nulls(2),
            "when": pa.array([moment, None], pa.timestamp("ms", "UTC")),
            "day": pa.array([moment.date(), None], pa.date32()),
            "lasts": pa.array([timedelta(seconds=90), None], pa.duration("us")),
            "kind": pa.array(["p", None]).dictionary_encode(),
            "digits": ["1", "2"],
        }
    )
    frame = table_of(table, tmp_path).frame
    assert frame[ID].tolist() == ["10", "9"]  # text sorts as text
    expected = {"whole": 2**40, "flag": 1, "when": moment.timestamp(), "day": moment.timestamp(), "lasts": 90}
    for name, value in expected.items():
        assert frame[name].dtype == np.float64
        assert frame[name].iloc[0] == value
        assert np.isnan(frame[name].iloc[1])
    assert frame["nothing"].isna().all()
    assert frame["kind"].tolist() == ["p", None]
    assert frame["digits"].tolist() == ["1", "2"]


def test_pandas_row_names_are_no_feature(tmp_path: Path) -> None:
    frame = plain().set_index(pd.Index(range(100, 130)))
    table = table_of(pa.Table.from_pandas(frame, preserve_index=True), tmp_path)
    assert list(table.frame.columns) == [ID, LABEL, "colour", "size"]


def test_group_is_no_feature(tmp_path: Path) -> None:
    frame = table_of(plain(who=["a", "b"] * 15), tmp_path, group="who").frame
    assert list(frame.columns) == [ID, LABEL, GROUP, "colour", "size"]


def test_notes_tell_of_mixed_constant_and_empty_columns_without_their_values(tmp_path: Path) -> None:
    table = table_of(plain(size=["plenty"]).assign(still="1", void="", comma="1,5"), tmp_path)
    told = "\n".join(table.notes)
    assert "'size' is read as text: 96.7% of its 30 values are numbers" in told
    assert "constant: 'comma', 'still'" in told
    assert "all missing: 'void'" in told
    assert "read as text, since their numbers hold a comma: 'comma' (30 of 30 values)" in told
    assert "plenty" not in told
    assert "plenty" in "\n".join(table.examples)


def test_a_file_without_a_last_line_end_is_read_and_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,label\na,x\nb,y")
    cells, notes = read_csv(tmp_path / "a.csv", "a.csv")
    assert cells.num_rows == 2
    assert "no line end" in notes[0]


def test_true_labels_and_label_never_stand_among_features(tmp_path: Path) -> None:
    frame = table_of(plain(truth=["cat", "dog"] * 15), tmp_path, true_label="truth").frame
    assert [name for name in frame.columns if name not in META] == ["colour", "size"]


@pytest.mark.parametrize(("line", "expected"), [("a,b,c", ","), ("a;b,c;d", ";"), ("a\tb", "\t"), ("a", ",")])
def test_delimiter_is_guessed_from_the_header(line: str, expected: str) -> None:
    assert guess_delimiter(line) == expected


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "хорошая погода"),
        ("shift_jis", "これはほんとうに良いです"),
        ("gb18030", "这是好的天气"),
        ("cp1252", "grün, été"),
        *[(wide, "plain") for wide in ("utf-16", "utf-16-le", "utf-16-be")],
    ],
)
def test_encoding_is_guessed_by_script(encoding: str, text: str) -> None:
    assert guess_encoding(f"id,label\n1,{text}\n".encode(encoding)) == encoding

"""Arrays beside a table: rows meet in their order or by their ids, and never in silence where they do not."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse
from written import rows, written

from ceteris.errors import BadInputError, CeterisError, ParamsError
from ceteris.readers.arrays import with_array
from ceteris.readers.sources import read, source_sha256
from ceteris.sections import Ingest

NUMBERS = np.random.default_rng(0).normal(size=(3, 4))


def table() -> pa.Table:
    return pa.table({"id": ["a", "b", "c"], "label": ["x", "y", "x"]})


def joined(path: Path, **options: Any) -> Any:
    return with_array(table(), path, path.name, **{"ids": None, "id_column": "id", **options})


def saved(root: Path, array: Any, name: str = "emb.npy") -> Path:
    np.save(root / name, array, allow_pickle=True)
    return root / name


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.int8, np.uint16, ">f4"])
def test_an_embedding_is_one_column_of_vectors_named_like_its_file(kind: Any, tmp_path: Path) -> None:
    numbers = (NUMBERS * 10).astype(kind)
    cells, notes, shape = joined(saved(tmp_path, numbers))
    assert cells.column_names == ["id", "label", "emb"]
    assert cells.schema.field("emb").type == pa.list_(pa.float32(), 4)
    np.testing.assert_array_equal(np.stack(cells.column("emb").to_pylist()), numbers.astype(np.float32))
    assert shape is None
    assert bool(notes) == (kind is np.float64)


def test_columns_in_fortran_order_and_many_rows_come_whole(tmp_path: Path) -> None:
    numbers = np.asfortranarray(np.random.default_rng(1).normal(size=(70_000, 2)).astype(np.float32))
    long = pa.table({"id": [str(row) for row in range(70_000)]})
    cells, _, _ = with_array(long, saved(tmp_path, numbers), "emb.npy", ids=None, id_column="id")
    flat = np.concatenate([chunk.flatten().to_numpy() for chunk in cells.column("emb").chunks])
    np.testing.assert_array_equal(flat.reshape(-1, 2), numbers)


@pytest.mark.parametrize("make", [sparse.csr_matrix, sparse.csc_array, sparse.coo_array])
def test_a_sparse_matrix_is_one_column_of_index_and_value(make: Any, tmp_path: Path) -> None:
    sparse.save_npz(tmp_path / "words.npz", make(np.array([[0, 2.5, 0], [0, 0, 0], [1, 0, -3]])))
    cells, _, _ = joined(tmp_path / "words.npz")
    assert cells.schema.field("words").type == pa.list_(pa.float64())
    assert cells.column("words").to_pylist() == [[1.0, 2.5], [], [0.0, 1.0, 2.0, -3.0]]


def test_doubled_and_zero_entries_of_a_sparse_matrix_are_settled(tmp_path: Path) -> None:
    doubled = sparse.coo_array(([1.0, 2.0, 0.0, 4.0], ([0, 0, 1, 2], [2, 2, 1, 0])), shape=(3, 3))
    sparse.save_npz(tmp_path / "words.npz", doubled)
    assert joined(tmp_path / "words.npz")[0].column("words").to_pylist() == [[2.0, 3.0], [], [0.0, 4.0]]


@pytest.mark.parametrize("shape", [(3, 5, 6), (3, 5, 6, 3)])
def test_pictures_as_an_array_keep_their_shape(shape: tuple[int, ...], tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    cells, _, found = joined(saved(tmp_path, pixels))
    assert found == shape[1:]
    assert cells.schema.field("emb").type == pa.list_(pa.uint8(), int(np.prod(shape[1:])))
    np.testing.assert_array_equal(np.array(cells.column("emb").to_pylist()).reshape(shape), pixels)


def test_one_dense_array_of_an_archive_is_read_and_several_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", NUMBERS.astype(np.float32))
    assert joined(tmp_path / "one.npz")[0].schema.field("one").type == pa.list_(pa.float32(), 4)
    np.savez(tmp_path / "two.npz", a=NUMBERS, b=NUMBERS)
    with pytest.raises(BadInputError, match="holds 2 arrays: 'a', 'b'"):
        joined(tmp_path / "two.npz")


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (NUMBERS[:2], ("holds 2 rows, and the table 3", "ingest.features_ids")),
        (np.vstack([NUMBERS, NUMBERS]), ("holds 6 rows, and the table 3",)),
        (
            np.where(NUMBERS > 1e9, NUMBERS, [[1, 1, 1, np.nan], [1, 1, 1, 1], [1, np.inf, 1, 1]]),
            ("2 rows: '1', '3'", "missing, infinite"),
        ),
        (NUMBERS * 1e300, ("beyond 3.4e38", "3 rows")),
        (NUMBERS[:, 0], ("shape (3,)", "(rows, dimensions)")),
        (NUMBERS.reshape(3, 2, 2), ("shape (3, 2, 2)", "float64")),
        (NUMBERS[:, :0], ("shape (3, 0)",)),
        (NUMBERS.astype(complex), ("complex128",)),
        (np.array([["a"], ["b"], ["c"]]), ("<U1",)),
        (np.array([[None], [1], [2]], dtype=object), ("holds Python objects, which are never opened",)),
        (np.array([[True], [False], [True]]), ("bool",)),
    ],
)
def test_what_is_no_embedding_of_the_table_is_a_sentence_with_counts(
    array: Any, words: tuple[str, ...], tmp_path: Path
) -> None:
    with pytest.raises(BadInputError) as refusal:
        joined(saved(tmp_path, array))
    assert all(word in str(refusal.value) for word in words), str(refusal.value)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path(tmp_path / "opened").touch, ())

    (tmp_path / "emb.npy").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(BadInputError, match="Python objects, which are never opened"):
        joined(tmp_path / "emb.npy")
    assert not (tmp_path / "opened").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", "a whole header"])
@pytest.mark.parametrize("name", ["emb.npy", "emb.npz"])
def test_a_file_that_is_cut_off_is_a_sentence(content: Any, name: str, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, NUMBERS)
    (tmp_path / name).write_bytes(buffer.getvalue()[:-8] if isinstance(content, str) else content)
    with pytest.raises(BadInputError, match=r"cannot be read"):
        joined(tmp_path / name)


def test_a_sparse_matrix_that_points_outside_itself_is_refused(tmp_path: Path) -> None:
    kept = {"format": b"csr", "shape": np.array([3, 3]), "data": np.ones(1), "indptr": np.array([0, 0, 0, 1])}
    np.savez(tmp_path / "words.npz", **kept, indices=np.array([7]))
    with pytest.raises(BadInputError, match="cannot be read"):
        joined(tmp_path / "words.npz")


def test_rows_meet_by_their_ids_in_any_order(tmp_path: Path) -> None:
    emb = saved(tmp_path, np.vstack([NUMBERS[::-1], NUMBERS[:1]]).astype(np.float32))
    ids = saved(tmp_path, np.array(["c", "b", "a", "spare"]), "ids.npy")
    cells, notes, _ = joined(emb, ids=(ids, "ids.npy"))
    np.testing.assert_array_equal(np.stack(cells.column("emb").to_pylist()), NUMBERS.astype(np.float32))
    assert notes == ["emb.npy holds 1 rows whose ids the table does not have; they are left out"]


def test_whole_numbers_as_ids_meet_exact_texts(tmp_path: Path) -> None:
    ids = saved(tmp_path, np.array([2**53 + 1, 2**53, 7]), "ids.npy")
    cells = pa.table({"id": ["7", str(2**53), str(2**53 + 1)]})
    found, _, _ = with_array(cells, saved(tmp_path, NUMBERS), "emb.npy", ids=(ids, "ids.npy"), id_column="id")
    np.testing.assert_array_equal(np.stack(found.column("emb").to_pylist()), NUMBERS[::-1].astype(np.float32))


@pytest.mark.parametrize(
    ("ids", "column", "words"),
    [
        (["a", "b", "x"], "id", ("no row for 1 of 3 ids of the table: 'c'",)),
        (["a", "b", "b"], "id", ("ids more than once: 'b'",)),
        (["a", "b"], "id", ("shape (2,)", "has 3 rows")),
        ([0.5, 1.5, 2.5], "id", ("float64", "ids.astype(str)")),
        (np.array(["a", "b", None], dtype=object), "id", ("Python objects", "ids.astype(str)")),
        (["a", "b", "c"], None, ("no column of the table is named", "ingest.id")),
    ],
)
def test_ids_that_do_not_fit_are_refused(ids: Any, column: str | None, words: tuple[str, ...], tmp_path: Path) -> None:
    path = saved(tmp_path, np.asarray(ids), "ids.npy")
    with pytest.raises(CeterisError) as refusal:
        joined(saved(tmp_path, NUMBERS), ids=(path, "ids.npy"), id_column=column)
    assert all(word in str(refusal.value) for word in words), str(refusal.value)


def test_a_column_of_the_same_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="would be the column 'label'"):
        joined(saved(tmp_path, NUMBERS, "label.npy"))


@pytest.mark.parametrize(
    ("ingest", "words"),
    [
        ({"features": "data/source/gone.npy"}, "ingest.features), and is not there"),
        ({"features": "../emb.npy"}, "ingest.features is '../emb.npy', which is no file below data/source/"),
        ({"features": "data/source/mine.csv"}, "Name a file that ends with .npy or .npz"),
        ({"features_ids": "data/source/emb.npy"}, "`ingest.features` names no file"),
    ],
)
def test_a_file_beside_the_table_is_declared_as_a_source_is(ingest: dict[str, str], words: str, tmp_path: Path) -> None:
    source = written("csv", rows(), tmp_path)
    with pytest.raises((ParamsError, BadInputError)) as refusal:
        read(Ingest(source=source, id="id", **ingest), tmp_path)
    assert words in str(refusal.value)


def test_the_sha256_of_a_source_covers_the_file_beside_it(tmp_path: Path) -> None:
    declared = Ingest(source=written("csv", rows(), tmp_path), id="id", features="data/source/emb.npy")
    found = set()
    for shift in (0, 1):
        saved(tmp_path / "data/source", NUMBERS + shift)
        found.add(source_sha256(declared, tmp_path))
    assert len(found | {source_sha256(declared.model_copy(update={"features": None}), tmp_path)}) == 3

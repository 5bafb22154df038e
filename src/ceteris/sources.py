"""The door for data: the digits that scikit-learn ships, or a user's own CSV or Parquet file below data/source/."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from ceteris.csv_file import read_csv, refuse_long_cells, refuse_names
from ceteris.errors import BadInputError, ParamsError
from ceteris.layout import reach_of
from ceteris.rows import Table, assemble
from ceteris.sections import Ingest
from ceteris.store import refuse_sealed

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["DIGITS", "FOLDER", "Table", "is_theirs", "look", "read", "refuse_other_kinds", "locate", "source_sha256"]

DIGITS = "digits"
FOLDER = "data/source"
_CSV = (".csv", ".tsv", ".txt")
_PARQUET = (".parquet", ".pq")
_MAGIC = b"PAR1"
_NOT_A_TABLE = {
    b"PK\x03\x04": "a spreadsheet or a zip archive",
    b"\x1f\x8b": "compressed with gzip",
    b"\xd0\xcf\x11\xe0": "a spreadsheet",
}


def read(ingest: Ingest, root: Path, declared: tuple[str, ...] = ()) -> Table:
    """Return the rows of the declared source.

    Parameters
    ----------
    ingest : Ingest
        The section of params.yaml.
    root : Path
        The repository.
    declared : tuple of str
        `validate.classes`: labels that are meant to differ, however alike they look.

    Raises
    ------
    BadInputError
        The file is missing, lies elsewhere, cannot be read, or does not hold what is declared.
    """
    digits = ingest.source == DIGITS
    table = _digits(ingest, declared) if digits else look(locate(ingest.source, root), ingest, declared)
    table.problems.refuse()
    return table


def look(path: Path, ingest: Ingest, declared: tuple[str, ...] = ()) -> Table:
    """Return what one CSV or Parquet file holds, wherever it lies, and its problems; both call it `ingest.source`."""
    refuse_sealed(path)
    if refuse_other_kinds(path, ingest.source) == "parquet":
        return assemble(_parquet(path, ingest.source), ingest, name=ingest.source, spelled=False, declared=declared)
    cells, notes = read_csv(path, ingest.source, ingest.encoding, ingest.delimiter)
    table = assemble(cells, ingest, name=ingest.source, spelled=True, declared=declared)
    return replace(table, notes=(*notes, *table.notes))


def locate(source: str, root: Path) -> Path:
    """Return the file of a source, refusing, before anything is read, one that is not below data/source/ or not there.

    In a project inside somebody's repository it may also be a file of theirs, named from the project: ../data/rows.csv.
    """
    parts = PurePosixPath(source).parts
    here, reach = root.resolve(), reach_of(root)
    inside = ".." not in parts and parts[:2] == tuple(FOLDER.split("/")) and len(parts) > 2
    if "\\" in source or "\x00" in source or not (inside or _is_beside(source, here, reach)):
        raise ParamsError(
            f"ingest.source is {source!r}, which is neither {DIGITS!r} nor a file below {FOLDER}/"
            + (f", nor one of {reach} outside of this project, by its shortest path from here." if reach != here else "."),
            f"Run `ceteris init FILE --label COLUMN`, which copies the file there, or write {FOLDER}/NAME.",
        )
    path = Path(os.path.normpath(here.joinpath(*parts)))
    if not path.resolve().is_relative_to(reach):
        raise ParamsError(
            f"ingest.source {source!r} is a link that leaves the repository.",
            "Put the file itself there (where DVC made the link: `dvc config cache.type reflink,copy`, then"
            " `dvc checkout --relink`).",
        )
    if not path.exists():
        raise BadInputError(
            f"{source} is declared in params.yaml (ingest.source), and is not there.", _how_to_bring(source, here)
        )
    if not path.is_file():
        raise BadInputError(f"{source} is a folder.", "Name one CSV or Parquet file in `ingest.source`.")
    return path


def is_theirs(source: str) -> bool:
    """Return whether a source is named as a file outside of the project."""
    return source.startswith("../")


def _is_beside(source: str, root: Path, reach: Path) -> bool:
    """Whether a source is, by its shortest path, a file that lies within reach and outside of the project."""
    path = Path(os.path.normpath(root / source))
    return path.is_relative_to(reach) and is_theirs(source) and os.path.relpath(path, root) == source


def refuse_other_kinds(path: Path, name: str) -> str:
    """Return "csv" or "parquet", what the name of a file says it is; refuse what is neither."""
    with path.open("rb") as file:
        start = file.read(4)
    kind = next((kind for magic, kind in _NOT_A_TABLE.items() if start.startswith(magic)), "")
    suffix = path.suffix.lower()
    if kind or suffix not in _CSV + _PARQUET:
        raise BadInputError(
            f"{name} is {kind or 'of a kind that ceteris does not read'}.",
            f"Save it as CSV ({', '.join(_CSV)}) or Parquet ({', '.join(_PARQUET)}).",
        )
    named, held = ("Parquet" if yes else "CSV" for yes in (suffix in _PARQUET, start == _MAGIC))
    if start and named != held:
        raise BadInputError(
            f"{name} is named like {named}; its first bytes are {'those' if held == 'Parquet' else 'not those'} of Parquet.",
            f"Rename it: {', '.join(_CSV)} for CSV, {', '.join(_PARQUET)} for Parquet.",
        )
    return named.lower()


def source_sha256(ingest: Ingest, root: Path) -> str:
    """Return the sha256 of a source: of the file's bytes, or of the digits' pixels and labels."""
    if ingest.source == DIGITS:
        pixels, labels = _shipped()
        return hashlib.sha256(pixels.tobytes() + labels.tobytes()).hexdigest()
    with locate(ingest.source, root).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _how_to_bring(source: str, root: Path) -> str:
    if (root / f"{source}.dvc").is_file():
        return f"Fetch it with `dvc checkout {source}`, or `dvc pull {source}` where the cache is on another machine."
    return (
        f"Put it there, then `git add {source}` (or `dvc add {source}` where it is large, and `git add {source}.dvc`):"
        " `dvc exp run --temp` and `--queue` carry only what git or DVC tracks. Or run `ceteris init FILE --label COLUMN`."
    )


def _shipped() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return bunch.data.astype("<f8"), bunch.target.astype("<i8")


def _digits(ingest: Ingest, declared: tuple[str, ...]) -> Table:
    import pyarrow as pa

    pixels, labels = _shipped()
    columns: dict[str, object] = {
        "id": [f"digit-{row:04d}" for row in range(len(labels))],
        "label": [str(label) for label in labels],
    }
    columns |= {f"pixel_{place:02d}": pixels[:, place] for place in range(pixels.shape[1])}
    named = ingest if ingest.id else ingest.model_copy(update={"id": "id"})
    table = assemble(pa.table(columns), named, name="The digits data", spelled=False, declared=declared)
    return replace(table, image_shape=None if ingest.drop else (8, 8))


def _parquet(path: Path, name: str) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        refuse_names(list(pq.read_schema(path).names), name)
        cells = pq.ParquetFile(path).read()
        cells.validate(full=True)
        cells = cells.cast(pa.schema([field.with_type(_common(field.type)) for field in cells.schema]))
    except (pa.ArrowInvalid, OSError) as error:
        said = str(error).split("\n")[0][:200].rstrip(".")
        raise BadInputError(f"{name} is not a whole, readable Parquet file: {said}.", "Write it again.") from None
    if cells.num_rows == 0:
        raise BadInputError(f"{name} holds columns and no rows.", "Write its rows.")
    refuse_long_cells(cells, name)
    return cells


def _common(kind: pa.DataType) -> pa.DataType:
    """Return the type to read a column as: Arrow computes little with views of text."""
    import pyarrow as pa

    return pa.string() if pa.types.is_string_view(kind) else kind

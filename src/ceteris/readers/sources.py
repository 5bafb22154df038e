"""The door for data: the digits that scikit-learn ships, or what a user has put below data/source/, whatever its kind."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceteris.errors import BadInputError, ParamsError
from ceteris.kinds import array_kind
from ceteris.layout import reach_of
from ceteris.readers import Read
from ceteris.readers.arrays import SUFFIXES as ARRAYS
from ceteris.readers.arrays import with_array
from ceteris.readers.csv_file import read_csv
from ceteris.readers.excel import read_excel
from ceteris.readers.image_folder import ID_COLUMN, pictures_below, read_image_folder
from ceteris.readers.json_lines import read_json_lines
from ceteris.readers.packed import GZIP
from ceteris.readers.parquet_file import read_parquet_file
from ceteris.sections import Ingest, batch_name
from ceteris.store import refuse_sealed, sha256
from ceteris.tables.batches import joined
from ceteris.tables.rows import Table, assemble

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "DIGITS",
    "FOLDER",
    "PICTURES",
    "Table",
    "is_theirs",
    "kind_of",
    "locate",
    "look",
    "open_source",
    "read",
    "sha256_of",
    "source_sha256",
    "table_of",
]

DIGITS = "digits"
FOLDER = "data/source"
PICTURES = "pictures"


def _read_csv(path: Path, name: str, ingest: Ingest) -> Read:
    cells, notes = read_csv(
        path, name, ingest.encoding, ingest.delimiter, fallback=ingest.fallback_encoding, header_rows=ingest.header_rows
    )
    return Read(cells, spelled=True, notes=tuple(notes))


class _Kind(NamedTuple):
    title: str
    suffixes: tuple[str, ...]
    magic: bytes | None
    reader: Callable[[Path, str, Ingest], Read]


_KINDS = {
    "csv": _Kind("CSV", (".csv", ".tsv", ".txt"), None, _read_csv),
    "json": _Kind("JSON lines", (".jsonl", ".ndjson"), None, read_json_lines),
    "parquet": _Kind("Parquet", (".parquet", ".pq"), b"PAR1", read_parquet_file),
    "excel": _Kind("Excel", (".xlsx",), b"PK\x03\x04", read_excel),
}
_NOT_A_TABLE = {
    b"PK\x03\x04": "a spreadsheet or a zip archive",
    GZIP: "compressed with gzip",
    b"\xd0\xcf\x11\xe0": "a spreadsheet of the old kind (.xls), or locked by a password",
}
_READ = ", ".join(f"{kind.title} ({', '.join(kind.suffixes)})" for kind in _KINDS.values())


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
    if ingest.source == DIGITS:
        table = _digits(ingest, declared)
    else:
        table = look(locate(ingest.source, root), ingest, declared, beside=_beside(ingest, root), within=root)
    if ingest.batches:
        table = joined(table, {batch_name(path): _batch(path, ingest, root, declared) for path in ingest.batches})
    table.problems.refuse()
    return table


def _batch(path: str, ingest: Ingest, root: Path, declared: tuple[str, ...]) -> Table:
    """Return the rows of a batch, read as the source is; classes that are rare in it may be frequent in the source."""
    if ingest.features is not None or ingest.votes is not None:
        key = "features" if ingest.features is not None else "votes"
        raise ParamsError(
            f"ingest.batches names {path}, and ingest.{key} a file whose rows are those of the source alone.",
            "Put the new rows into the source and that file, and leave `ingest.batches` empty.",
        )
    alike = {"source": path, "rare_classes": "keep", "conflicting": "keep", "batches": None}
    named = {"id": "id"} if ingest.source == DIGITS and ingest.id is None else {}
    found, read_as = open_source(locate(path, root, "batches"), ingest.model_copy(update=alike | named), within=root)
    return table_of(found, read_as, declared, whole=False)


def look(
    path: Path,
    ingest: Ingest,
    declared: tuple[str, ...] = (),
    *,
    beside: Mapping[str, Path] | None = None,
    within: Path | None = None,
) -> Table:
    """Return what one file or folder holds, wherever it lies, and its problems; both call it `ingest.source`.

    Parameters
    ----------
    beside : mapping of str to Path, optional
        Where the files lie that `ingest.features`, `ingest.features_ids` and `ingest.votes` name.
    within : Path, optional
        What links of a folder may not leave; default: the folder itself.
    """
    found, ingest = open_source(path, ingest, beside=beside, within=within)
    return table_of(found, ingest, declared)


def open_source(
    path: Path, ingest: Ingest, *, beside: Mapping[str, Path] | None = None, within: Path | None = None
) -> tuple[Read, Ingest]:
    """Return the columns of one file or folder, before they are made into rows, and `ingest` with what its kind settles."""
    refuse_sealed(path)
    kind = kind_of(path, ingest.source)
    if ingest.header_rows == 2 and kind not in ("csv", "excel"):
        raise ParamsError(
            f"ingest.header_rows is 2, and {ingest.source} is no CSV or Excel file.", "Write `ingest.header_rows: 1`."
        )
    if kind == PICTURES:
        found = read_image_folder(path, ingest.source, ingest, within)
        ingest = ingest.model_copy(update={"id": ingest.id or ID_COLUMN})
    else:
        found = _KINDS[kind].reader(path, ingest.source, ingest)
    if ingest.header_rows == 2:
        found = found._replace(notes=(*found.notes, "columns named by 2 header rows (ingest.header_rows)"))
    lies = beside or {}
    if ingest.votes is not None:
        found = found._replace(listed=_listed(lies[ingest.votes], ingest))
    if ingest.features is None:
        return found, ingest
    ids = (lies[ingest.features_ids], ingest.features_ids) if ingest.features_ids is not None else None
    cells, said, of_array = with_array(found.cells, lies[ingest.features], ingest.features, ids=ids, id_column=ingest.id)
    shape = of_array or found.image_shape
    return found._replace(cells=cells, notes=(*found.notes, *said), image_shape=shape), ingest


def table_of(found: Read, ingest: Ingest, declared: tuple[str, ...] = (), *, whole: bool = True) -> Table:
    """Return the rows that the columns of a source make; of a part of it (`whole` false) one label is enough."""
    table = assemble(
        found.cells, ingest, name=ingest.source, spelled=found.spelled, declared=declared, listed=found.listed, whole=whole
    )
    notes, examples = (*found.notes, *table.notes), (*found.examples, *table.examples)
    drawn = any(array_kind(table.frame[name]) == "image" for name in table.frame.columns)  # and not left out by ingest.drop
    return replace(table, image_shape=found.image_shape if drawn else None, notes=notes, examples=examples)


def _listed(path: Path, ingest: Ingest) -> pa.Table:
    """Return the votes of `ingest.votes`, a file of any kind of table, as its cells are."""
    refuse_sealed(path)
    name = str(ingest.votes)
    kind = kind_of(path, name)
    if kind == PICTURES:
        raise BadInputError(f"{name} is a folder.", "Name a file of votes: a table with the columns id, annotator, label.")
    plain = ingest.model_copy(
        update={"id": "id", "label": "label", "true_label": None, "group": "annotator", "header_rows": 1}  # kept as text
    )
    return _KINDS[kind].reader(path, name, plain).cells


def locate(source: str, root: Path, key: str = "source") -> Path:
    """Return the file of a source, refusing, before anything is read, one that is not below data/source/ or not there.

    In a project inside somebody's repository it may also be a file of theirs, named from the project: ../data/rows.csv.
    """
    parts = PurePosixPath(source).parts
    here, reach = root.resolve(), reach_of(root)
    inside = ".." not in parts and parts[:2] == tuple(FOLDER.split("/")) and len(parts) > 2
    if "\\" in source or "\x00" in source or not (inside or _is_beside(source, here, reach)):
        named = f"neither {DIGITS!r} nor a file" if key == "source" else "no file"
        raise ParamsError(
            f"ingest.{key} is {source!r}, which is {named} below {FOLDER}/"
            + (f", nor one of {reach} outside of this project, by its shortest path from here." if reach != here else "."),
            f"Run `ceteris init FILE --label COLUMN`, which copies the file there, or write {FOLDER}/NAME.",
        )
    path = Path(os.path.normpath(here.joinpath(*parts)))
    if not path.resolve().is_relative_to(reach):
        raise ParamsError(
            f"ingest.{key} {source!r} is a link that leaves the repository.",
            "Put the file itself there (where DVC made the link: `dvc config cache.type reflink,copy`, then"
            " `dvc checkout --relink`).",
        )
    if not path.exists():
        raise BadInputError(
            f"{source} is declared in params.yaml (ingest.{key}), and is not there.", _how_to_bring(source, here)
        )
    return path


def is_theirs(source: str) -> bool:
    """Return whether a source is named as a file outside of the project."""
    return source.startswith("../")


def _is_beside(source: str, root: Path, reach: Path) -> bool:
    """Whether a source is, by its shortest path, a file that lies within reach and outside of the project."""
    path = Path(os.path.normpath(root / source))
    return path.is_relative_to(reach) and is_theirs(source) and os.path.relpath(path, root) == source


def kind_of(path: Path, name: str) -> str:
    """Return which kind of source the name of a file says it is; refuse what is none, or what its first bytes deny."""
    if path.is_dir():
        return PICTURES
    with path.open("rb") as file:
        start = file.read(4)
    plain = path.name.lower().removesuffix(".gz")
    packed = plain != path.name.lower()
    key = next((key for key, kind in _KINDS.items() if plain.endswith(kind.suffixes)), "")
    held = next((kind for magic, kind in _NOT_A_TABLE.items() if start.startswith(magic)), "")
    if not key or (packed and _KINDS[key].magic) or (held and not _agrees(_KINDS[key], start, packed)):
        renamed = ", or name it .xlsx where it is an Excel file of today" if start.startswith(b"PK") else ""
        raise BadInputError(
            f"{name} is {held or 'of a kind that ceteris does not read'}.", f"Save it as {_READ}, one table a file{renamed}."
        )
    if start and not _agrees(_KINDS[key], start, packed):
        of = next((kind for kind in _KINDS.values() if kind.magic and start == kind.magic), None)
        raise BadInputError(
            f"{name} is named like {'gzip' if packed else _KINDS[key].title}; its first bytes are"
            f" {f'those of {of.title}' if of else 'not those of it'}.",
            f"Rename it: {_READ}; .csv.gz or .jsonl.gz where gzip packed it.",
        )
    return key


def _agrees(kind: _Kind, start: bytes, packed: bool) -> bool:
    """Whether the first bytes of a file are as its name says."""
    if packed:
        return start.startswith(GZIP)
    if kind.magic is not None:
        return start == kind.magic
    return not any(start.startswith(magic) for magic in (*_NOT_A_TABLE, b"PAR1"))


def source_sha256(ingest: Ingest, root: Path) -> str:
    """Return the sha256 of a source: of the file's bytes, of a folder's paths and files, or of the digits; batches included."""
    if ingest.source == DIGITS:
        pixels, labels = _shipped()
        whole = [hashlib.sha256(pixels.tobytes() + labels.tobytes()).hexdigest()]
    else:
        whole = [sha256_of(locate(ingest.source, root), ingest.source, root)]
        whole += [sha256(path) for path in _beside(ingest, root).values()]
    whole += [sha256_of(locate(path, root, "batches"), path, root) for path in ingest.batches or ()]
    return whole[0] if len(whole) == 1 else hashlib.sha256("\n".join(whole).encode()).hexdigest()


def sha256_of(path: Path, name: str, within: Path | None = None) -> str:
    """Return the sha256 of a file, or of a folder: over the paths of its files in their order, each with its sha256."""
    if not path.is_dir():
        return sha256(path)
    digest = hashlib.sha256()
    for file in pictures_below(path, name, within or path):
        digest.update(f"{file.relative_to(path).as_posix()}\x00{sha256(file)}\n".encode())
    return digest.hexdigest()


def _beside(ingest: Ingest, root: Path) -> dict[str, Path]:
    """Return where the files lie that stand beside the source."""
    votes = {} if ingest.votes is None else {ingest.votes: locate(ingest.votes, root, "votes")}
    if ingest.features is None:
        if ingest.features_ids is not None:
            raise ParamsError(
                f"ingest.features_ids is {ingest.features_ids!r}, and `ingest.features` names no file.", "Write both, or none."
            )
        return votes
    named = {"features": ingest.features, "features_ids": ingest.features_ids}
    for key, name in named.items():
        if name is not None and not name.endswith(ARRAYS if key == "features" else ".npy"):
            raise ParamsError(f"ingest.{key} is {name!r}.", f"Name a file that ends with {' or '.join(ARRAYS)}.")
    return {name: locate(name, root, key) for key, name in named.items() if name is not None} | votes


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

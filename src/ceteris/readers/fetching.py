"""`ceteris fetch`: the rows of a database, written below data/source/ beside the query that they came of, and tracked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceteris.errors import BadInputError, counted
from ceteris.readers.database import rows_of
from ceteris.readers.query import QUERY, Query, digest_of, parse_query, refuse_secrets, spelled
from ceteris.readers.sources import FOLDER
from ceteris.starting.tracking import track
from ceteris.store import find_root, read_params, write_bytes, write_text

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["fetch_command"]

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$")
_print = partial(print, flush=True)


def fetch_command(
    name: str | None = None,
    database: str | None = None,
    query: str | None = None,
    *,
    root: Path | None = None,
    tell: Callable[[str], None] = _print,
) -> None:
    """Ask a database, and keep its answer as data/source/NAME.parquet; tell which rows came and went since the last time.

    Parameters
    ----------
    name : str, optional
        Default: that of `ingest.source`.
    database, query : str, optional
        A SQLAlchemy URL without a password, and SQL (or the path of a file that holds it). Default: as data/source/NAME.sql
        has them, which is written where they are given.

    Raises
    ------
    BadInputError
        Nothing is written where anything is refused.
    """
    root = root or find_root()
    name = name or _declared(root)
    if not _NAME.match(name):
        raise BadInputError(f"{name!r} is to name two files.", "Use 1 to 60 letters, digits, '-' and '_'.")
    asked_file, rows_file = f"{FOLDER}/{name}.sql", f"{FOLDER}/{name}.parquet"
    _refuse_another_file(root / rows_file, rows_file)
    asked = _asked(root / asked_file, asked_file, database, query)
    cells, notes = rows_of(asked, asked_file)
    for note in notes:
        tell(f"look at this: {note}")
    content = _as_bytes(cells, asked)
    told = _told(root / rows_file, cells, content)
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    write_bytes(root / rows_file, content)
    write_text(root / asked_file, spelled(asked))
    tell(f"{rows_file}: {told}")
    for line in (*track(root, asked_file), *track(root, rows_file)):
        tell(line)
    used = read_params(root).ingest.source == rows_file
    tell("next: dvc repro" if used else f"next: ceteris init {rows_file} --label COLUMN")


def _declared(root: Path) -> str:
    """Return the name of the answer that params.yaml declares as the source."""
    source = read_params(root).ingest.source
    if not (root / source).with_suffix(".sql").is_file() or not source.startswith(f"{FOLDER}/"):
        raise BadInputError(
            f"ingest.source is {source!r}, beside which no .sql file stands.",
            "Name what is to be fetched: ceteris fetch NAME --database URL --query SQL",
        )
    return Path(source).stem


def _refuse_another_file(path: Path, name: str) -> None:
    """Refuse to write over a Parquet file that came of no query."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_schema(path).metadata if path.exists() else {QUERY: b""}
    except (OSError, pa.ArrowInvalid):
        metadata = None
    if QUERY not in (metadata or {}):
        raise BadInputError(f"{name} is there, and is no answer of a database.", "Fetch under another name.")


def _asked(path: Path, name: str, database: str | None, query: str | None) -> Query:
    """Return what is to be asked: what was given, and for the rest what the .sql file has."""
    known = parse_query(path.read_text(encoding="utf-8"), name) if path.is_file() else None
    if query is not None and query.endswith(".sql"):
        if not Path(query).is_file():
            raise BadInputError(f"There is no file {query!r}.", "Name the file of the query, or write the query itself.")
        query = Path(query).read_text(encoding="utf-8")
    asked = Query((database or (known.database if known else "")).strip(), (query or (known.text if known else "")).strip())
    if not asked.database or not asked.text:
        raise BadInputError(
            f"{name} is not there yet, and {'no database' if not asked.database else 'no query'} was given.",
            "Give both once: ceteris fetch NAME --database URL --query SQL",
        )
    refuse_secrets(asked.database, name)
    return asked


def _as_bytes(cells: pa.Table, asked: Query) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    marked = cells.replace_schema_metadata({QUERY: digest_of(asked).encode()})
    pq.write_table(marked, sink, compression="zstd", row_group_size=65_536)
    return bytes(sink.getvalue())


def _told(path: Path, cells: pa.Table, content: bytes) -> str:
    """Return what is new since the last time."""
    import pyarrow.parquet as pq

    if not path.exists():
        return f"{counted(cells.num_rows, 'row')} and {cells.num_columns} columns"
    if path.read_bytes() == content:
        return f"{counted(cells.num_rows, 'row')}, the same as before"
    before = pq.ParquetFile(path).read()
    if before.column_names != cells.column_names:
        return f"{counted(cells.num_rows, 'row')}; the columns are others than before"
    old, new = _counted(before), _counted(cells)
    came, went = (new - old).total(), (old - new).total()
    return f"{counted(cells.num_rows, 'row')}: {came:,} are new or changed, {went:,} of those before are gone or changed"


def _counted(cells: pa.Table) -> Counter[Any]:
    return Counter(zip(*(map(str, column.to_pylist()) for column in cells.columns), strict=True))

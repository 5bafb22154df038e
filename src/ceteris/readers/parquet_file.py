"""A Parquet file: every column as its file declares it, and lists of numbers as vectors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ceteris.errors import BadInputError
from ceteris.readers import Read
from ceteris.readers.csv_file import refuse_long_cells, refuse_names
from ceteris.readers.query import refuse_another_query
from ceteris.readers.vectors import lists_as_vectors
from ceteris.sections import Ingest

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["read_parquet_file"]


def read_parquet_file(path: Path, name: str, ingest: Ingest) -> Read:
    """Return the columns of a Parquet file; refuse one that is damaged or holds no rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
        refuse_names(list(schema.names), name)
        refuse_another_query(path, name, schema.metadata or {})
        cells = pq.ParquetFile(path).read()
        cells.validate(full=True)
        cells = cells.cast(pa.schema([field.with_type(_common(field.type)) for field in cells.schema]))
    except (pa.ArrowInvalid, OSError) as error:
        said = str(error).split("\n")[0][:200].rstrip(".")
        raise BadInputError(f"{name} is not a whole, readable Parquet file: {said}.", "Write it again.") from None
    if cells.num_rows == 0:
        raise BadInputError(f"{name} holds columns and no rows.", "Write its rows.")
    refuse_long_cells(cells, name)
    cells, notes = lists_as_vectors(cells, name, ingest.drop or (), told_by_type=True)
    return Read(cells, notes=tuple(notes))


def _common(kind: pa.DataType) -> pa.DataType:
    """Return the type to read a column as: Arrow computes little with views of text."""
    import pyarrow as pa

    return pa.string() if pa.types.is_string_view(kind) else kind

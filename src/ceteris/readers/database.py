"""The rows that a database answers with, through SQLAlchemy: one transaction that changes nothing, rows in a settled order."""

from __future__ import annotations

import os
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError
from ceteris.readers import borrowed
from ceteris.readers.csv_file import refuse_long_cells, refuse_names
from ceteris.readers.query import Query
from ceteris.readers.values import table_of
from ceteris.tables.columns import exact_text, is_plain

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["rows_of"]

_AT_ONCE = 50_000  # rows


def rows_of(query: Query, name: str) -> tuple[pa.Table, list[str]]:
    """Return the rows that a query is answered with, the same for the same rows in any order, and notes.

    Raises
    ------
    BadInputError
        The database cannot be reached, the query fails or is answered with no rows, or a column holds what no table can.
    """
    names, columns = _answered(query, name)
    refuse_names(names, f"The answer to {name}")
    if not columns or not columns[0]:
        raise BadInputError(f"The query of {name} is answered with no rows.", "Ask for some.")
    named = {column: [_plain(value) for value in values] for column, values in zip(names, columns, strict=True)}
    cells, notes = table_of(named, f"The answer to {name}", leave_out="leave it out of the query")
    refuse_long_cells(cells, f"The answer to {name}")
    return cells.take(_order(cells)).combine_chunks(), notes


def _answered(query: Query, name: str) -> tuple[list[str], list[list[Any]]]:
    """Return the names of the columns and their values, as the database's driver has them."""
    alchemy = borrowed("sqlalchemy", "sql", "databases")
    password = query.password
    try:
        url = alchemy.engine.make_url(query.database)
        _refuse_gone(url, query, name)
        engine = alchemy.create_engine(url if password is None else url.set(password=password), poolclass=alchemy.pool.NullPool)
        with engine.connect() as connection:  # never committed: what a query changes is taken back
            result = connection.execution_options(no_parameters=True, stream_results=True).exec_driver_sql(query.text)
            if not result.returns_rows:
                raise BadInputError(f"The statement of {name} returns no table, and was taken back.", "Write one SELECT.")
            names = list(map(str, result.keys()))
            columns: list[list[Any]] = [[] for _ in names]
            while rows := result.fetchmany(_AT_ONCE):
                for column, values in zip(columns, zip(*rows, strict=True), strict=True):
                    column.extend(values)
            return names, columns
    except ImportError as error:
        raise BadInputError(
            f"The driver of {query.database.partition(':')[0]} is not installed: {error}.",
            "Install it, and name it in the URL, as in postgresql+psycopg://",
        ) from None
    except alchemy.exc.NoSuchModuleError:
        raise BadInputError(
            f"{name} names a database of a kind that SQLAlchemy does not know: {query.database.partition(':')[0]!r}.",
            "Write a URL such as sqlite:///shop.db or postgresql+psycopg://me@host/shop.",
        ) from None
    except (alchemy.exc.SQLAlchemyError, OSError, ValueError) as error:
        raise _failed(error, query, password, name) from None


def _refuse_gone(url: Any, query: Query, name: str) -> None:
    """Refuse a SQLite file that is not there: its driver would make an empty one, and tell of a table that is missing."""
    file = url.database or ":memory:"
    if url.get_backend_name() == "sqlite" and not file.startswith((":memory:", "file:")) and not os.path.exists(file):
        raise BadInputError(
            f"The database {query.database} of {name} is not there: there is no file {os.path.abspath(file)}.",
            "Bring it back, or name where it is now by --database; rows fetched before are kept.",
        )


def _failed(error: Exception, query: Query, password: str | None, name: str) -> BadInputError:
    """Return a refusal with the first line of what the driver said, and no password in it."""
    cause = getattr(error, "orig", None) or error
    said = (str(cause).strip().splitlines() or [type(cause).__name__])[0][:300].rstrip(".")
    said = said.replace(password, "***") if password else said
    return BadInputError(
        f"The database {query.database} did not answer {name}: {said}.",
        "Correct the query or the URL, or run `ceteris fetch` again when the database is there; rows fetched before are kept.",
    )


def _plain(value: Any) -> Any:
    """Return a value of a driver's own type as one that is known everywhere."""
    if isinstance(value, (memoryview, bytearray)):
        return bytes(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, Decimal) and not value.is_finite():
        return float(value)
    return list(value) if isinstance(value, tuple) else value


def _order(cells: pa.Table) -> np.ndarray:
    """Return the places of the rows, sorted by what they hold: databases promise no order."""
    plain = [field.name for field in cells.schema if is_plain(field.type)]
    texts = pd.DataFrame({name: exact_text(cells.column(name)).to_pandas() for name in plain}).astype(object).fillna("\x00")
    return texts.sort_values(plain, kind="stable").index.to_numpy() if plain else np.arange(cells.num_rows)

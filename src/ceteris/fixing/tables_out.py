"""The door to tables that other programs read and write: features by id as Parquet or CSV, and what comes back."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError, some

__all__ = ["read_table_of", "rows_out", "table_bytes"]

_OWN = ("id", "label", "weight")
_PARQUET = b"PAR1"
_SOURCE = re.compile(r"^Could not open Parquet input source '[^']*': ")  # the path, which is told before


def rows_out(features: Any, more: Mapping[str, np.ndarray] | None = None) -> pd.DataFrame:
    """Return rows as another program is given them: `id`, what `more` holds, then the features.

    A feature that is called id, label or weight becomes "feature:NAME".

    Parameters
    ----------
    features : DataFrame whose index is the ids, or ndarray, whose row numbers are
    """
    frame = features if isinstance(features, pd.DataFrame) else pd.DataFrame(np.asarray(features))
    named = [f"feature:{name}" if name in _OWN else str(name) for name in frame.columns]
    head = pd.DataFrame({"id": pd.Series([str(name) for name in frame.index], dtype=object)})
    head = head.assign(**{name: pd.Series(held) for name, held in (more or {}).items()})
    return pd.concat([head, frame.set_axis(named, axis=1).reset_index(drop=True)], axis=1)


def table_bytes(frame: pd.DataFrame, exchange: str) -> bytes:
    """Return a table as a file of Parquet or CSV ("parquet", "csv").

    Raises
    ------
    BadInputError
        A column holds what no cell of a CSV file can.
    """
    if exchange == "parquet":
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        return buffer.getvalue()
    texts = [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]
    wide = [name for name in texts if frame[name].map(lambda value: isinstance(value, np.ndarray)).any()]
    if wide:
        raise BadInputError(f"The columns {some(wide)} hold vectors, which no CSV file can.", "Use Parquet instead.")
    # Before Python 3.13 csv leaves a lone carriage return unquoted, and then reads it as the end of the line.
    lone = any(frame[name].map(lambda value: isinstance(value, str) and "\r" in value).any() for name in texts)
    quoting: Any = csv.QUOTE_NONNUMERIC if lone else csv.QUOTE_MINIMAL
    return frame.to_csv(index=False, lineterminator="\n", quoting=quoting).encode("utf-8")


def read_table_of(path: Path, what: str, do: str) -> pd.DataFrame:
    """Return the table that another program wrote, Parquet or CSV by its first bytes; CSV columns are exact text.

    Raises
    ------
    BadInputError
        Nothing is there, or half a file.
    """
    if not path.is_file() or path.stat().st_size == 0:
        raise BadInputError(f"{what} is {'empty' if path.is_file() else 'not there'}.", do)
    try:
        with path.open("rb") as file:
            parquet = file.read(len(_PARQUET)) == _PARQUET
        table = pd.read_parquet(path) if parquet else _read_csv(path)
        return table.reset_index() if "id" in table.index.names else table
    except (OSError, ValueError, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        said = _SOURCE.sub("", str(error).strip().split("\n")[0])[:200].rstrip(".")
        raise BadInputError(f"{what} cannot be read as {'Parquet' if parquet else 'CSV'}: {said}.", do) from None


def _read_csv(path: Path) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # a row that is longer than the header would lose its end
        return pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[], encoding="utf-8-sig", index_col=False)

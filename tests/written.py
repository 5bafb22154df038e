"""The same rows as a file of each kind that ceteris reads, so that one table of faults goes through every reader."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ceteris.readers.fetching import fetch_command

__all__ = ["KINDS", "rows", "written"]

Columns = dict[str, list[Any]]


def rows(number: int = 30, **replaced: list[Any]) -> Columns:
    """Return columns with nothing wrong, but for those that are replaced (a shorter list: their first rows) or added."""
    columns: Columns = {
        "id": [f"r{row:03d}" for row in range(number)],
        "label": [("cat", "dog")[row % 2] for row in range(number)],
        "size": [row / 2 for row in range(number)],
        "colour": [("red", "green", "blue")[row % 3] for row in range(number)],
    }
    for name, values in replaced.items():
        columns[name] = [*values, *columns.get(name, [""] * number)[len(values) :]]
    return columns


def written(kind: str, columns: Columns, root: Path) -> str:
    """Write rows below data/source/ as a file of one kind; return what `ingest.source` calls it."""
    source = f"data/source/mine.{'parquet' if kind == 'sql' else kind}"
    (root / "data/source").mkdir(parents=True, exist_ok=True)
    _WRITERS[kind](columns, root / source)
    return source


def _csv(columns: Columns, path: Path) -> None:
    path.write_text(pd.DataFrame(columns, dtype=object).to_csv(index=False, lineterminator="\n"), encoding="utf-8")


def _json(columns: Columns, path: Path) -> None:
    lines = [json.dumps(dict(zip(columns, values, strict=True))) for values in zip(*columns.values(), strict=True)]
    path.write_text("".join(f"{line}\n" for line in lines))


def _parquet(columns: Columns, path: Path) -> None:
    pq.write_table(pa.table(columns), path)


def _excel(columns: Columns, path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(list(columns))
    for values in zip(*columns.values(), strict=True):
        book.active.append(values)
    book.save(path)


def _sql(columns: Columns, path: Path) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    with sqlite3.connect(path.with_name("shop.db")) as shop:
        shop.execute(f"create table mine ({names})")
        holes = ", ".join("?" * len(columns))
        shop.executemany(f"insert into mine values ({holes})", list(zip(*columns.values(), strict=True)))
    shop.close()
    (path.parents[2] / "params.yaml").write_text((Path(__file__).parents[1] / "params.yaml").read_text(encoding="utf-8"))
    fetch_command(
        path.stem, f"sqlite:///{path.with_name('shop.db')}", "select * from mine", root=path.parents[2], tell=lambda line: None
    )


def _packed(write: Callable[[Columns, Path], None]) -> Callable[[Columns, Path], None]:
    def write_packed(columns: Columns, path: Path) -> None:
        write(columns, path)
        path.write_bytes(gzip.compress(path.read_bytes()))

    return write_packed


_WRITERS: dict[str, Callable[[Columns, Path], None]] = {
    "csv": _csv, "csv.gz": _packed(_csv), "jsonl": _json, "jsonl.gz": _packed(_json), "parquet": _parquet, "xlsx": _excel,
    "sql": _sql,
}  # fmt: skip
KINDS = tuple(_WRITERS)

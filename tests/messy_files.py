"""Messy files: one with nothing wrong, one for each fault, and one with eight at once, in every kind that can hold them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ceteris.sections import Ingest
from ceteris.tables.survey import Survey, asked_repairs, survey

__all__ = ["EIGHT", "FAULTS", "KINDS", "Fault", "as_csv", "clean", "declared", "eight_at_once", "looked", "made", "write"]

EIGHT = ("encoding", "header_rows", "ids", "sentinels", "units", "duplicates", "conflicting", "rare_classes")
KINDS = ("csv", "jsonl", "parquet", "xlsx")
_NEXT = {"ant": "bee", "bee": "cow", "cow": "ant"}


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes
    ----------
    repair : the name under which it is told
    words : what is said of it, its count among them
    lines : the keys of `ingest` that are proposed
    holds : whether the rows that were read with these lines are right
    told : what ingest says of the repair
    make : brings the fault into a table
    kinds : the kinds of source that can hold it
    sure : whether it is repaired among all
    """

    repair: str
    words: str
    lines: Mapping[str, Any]
    holds: Callable[[pd.DataFrame], bool]
    told: str
    make: Callable[[pd.DataFrame], pd.DataFrame] = lambda frame: frame
    kinds: tuple[str, ...] = KINDS
    sure: bool = True
    delimiter: str = ","
    mangle: Callable[[bytes], bytes] = field(default=lambda data: data)


def clean(rows: int = 240) -> pd.DataFrame:
    """Return texts of a table with nothing wrong: two numbers that tell three classes apart, and a town."""
    rng = np.random.default_rng(3)
    code = np.arange(rows) % 3
    age, weight = rng.normal(30 + 15 * code, 5), rng.normal(60 + 12 * (code % 2), 4)
    return pd.DataFrame(
        {
            "id": [f"p{row:04d}" for row in range(rows)],
            "age": [f"{value:.1f}" for value in age],
            "weight": [f"{value:.2f}" for value in weight],
            "town": [("Bonn", "Köln", "Ulm")[row % 3] for row in rng.permutation(rows)],
            "label": [("ant", "bee", "cow")[one] for one in code],
        },
        dtype=object,
    )


def as_csv(frame: pd.DataFrame, delimiter: str = ",") -> bytes:
    """Return a table as the bytes of a CSV file."""
    return frame.to_csv(index=False, lineterminator="\n", sep=delimiter).encode()


def write(kind: str, frame: pd.DataFrame, folder: Path, delimiter: str = ",") -> Path:
    """Write a table of texts as a source of this kind, whose numbers are numbers where it knows them."""
    path = folder / f"mine.{kind}"
    if kind == "csv":
        path.write_bytes(as_csv(frame, delimiter))
        return path
    typed = frame.apply(lambda column: column if column.name == "id" else _typed(column, by_cell=kind == "xlsx"))
    if kind == "jsonl":
        typed.to_json(path, orient="records", lines=True, force_ascii=False)
    elif kind == "parquet":
        typed.to_parquet(path, index=False)
    else:
        typed.to_excel(path, index=False)
    return path


def _typed(column: pd.Series, by_cell: bool) -> pd.Series:
    """Return the numbers of a column that holds nothing else; `by_cell`: those of any column, as a spreadsheet keeps them."""
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.notna().all():
        return numbers
    known = column.map(lambda text: None if text == "" else text).astype(object)
    return known.where(numbers.isna(), numbers) if by_cell else known


def _set(column: str, first: int, values: list[str]) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def make(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[first : first + len(values) - 1, column] = values
        return frame

    return make


def _more(first: int, rows: int, labels: Mapping[str, str] | None = None) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def make(frame: pd.DataFrame) -> pd.DataFrame:
        copies = frame.iloc[first : first + rows].assign(id=[f"copy{row}" for row in range(rows)])
        copies["label"] = copies["label"].map(labels or (lambda label: label))
        return pd.concat([frame, copies], ignore_index=True)

    return make


def _pounds(frame: pd.DataFrame) -> pd.DataFrame:
    """Write every tenth weight in pounds."""
    weights = frame["weight"].astype(float)
    pounds = weights.div(0.45359237).map("{:.4f} lb".format)
    return frame.assign(weight=pounds.where(frame.index % 10 == 0, frame["weight"] + " kg"))


def _commas(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**{name: frame[name].str.replace(".", ",") for name in ("age", "weight")})


def _codes(frame: pd.DataFrame) -> pd.DataFrame:
    """Make ids of five digits, of which 40 lost a zero in front."""
    return frame.assign(id=[str(10_000 + 371 * row if row >= 40 else 1_000 + 137 * row) for row in range(len(frame))])


def _units_below(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([pd.DataFrame([["", "years", "kg", "", ""]], columns=frame.columns), frame], ignore_index=True)


def _other_letters(data: bytes) -> bytes:
    """Write the first five lines that hold "Köln" in another encoding."""
    lines = data.split(b"\n")
    for place in [place for place, line in enumerate(lines) if not line.isascii()][:5]:
        lines[place] = lines[place].decode().encode("cp1252")
    return b"\n".join(lines)


def _weighs_as_before(frame: pd.DataFrame) -> bool:
    before = clean().set_index("id")["weight"].astype(float)
    return bool(np.allclose(frame.set_index("ceteris:id")["weight"], before, atol=1e-3))


def _missing(column: str, first: int, rows: int) -> Callable[[pd.DataFrame], bool]:
    return lambda frame: list(np.flatnonzero(frame[column].isna())) == list(range(first, first + rows))


FAULTS = {
    "exact duplicates": Fault(
        "duplicates", "4 rows equal another in all but the id: ", {"duplicates": "drop"}, lambda frame: len(frame) == 240,
        "4 rows left out (ingest.duplicates)", _more(30, 4),
    ),
    "conflicting duplicates": Fault(
        "conflicting", "6 rows in 3 sets are equal in all features and differ in their label: ", {"conflicting": "majority"},
        lambda frame: len(frame) == 237, "6 rows left out (ingest.conflicting)", _more(40, 3, _NEXT),
    ),
    "rare classes": Fault(
        "rare_classes", "3 classes have fewer than 10 rows (4 rows in all): 'dodo', 'emu', 'fox'", {"rare_classes": "drop"},
        lambda frame: set(frame["ceteris:label"]) == {"ant", "bee", "cow"} and len(frame) == 236,
        "4 rows left out (ingest.rare_classes): of 3 classes with fewer than 10 rows",
        _set("label", 20, ["dodo", "dodo", "emu", "fox"]),
    ),
    "rare classes, many rows": Fault(
        "rare_classes", "2 classes have fewer than 10 rows (11 rows in all)", {"rare_classes": "other"},
        lambda frame: (frame["ceteris:label"] == "other").sum() == 11, "11 rows now of the class 'other' (ingest.rare_classes)",
        _set("label", 20, ["dodo"] * 6 + ["emu"] * 5),
    ),
    "ids cut off": Fault(
        "ids", "in 'id' 6 ids are numbers whose digits a spreadsheet cut off: '1.20457E+11'", {"id": None, "drop": ["id"]},
        lambda frame: bool(frame["ceteris:id"].str.startswith("row-").all()) and "id" not in frame, "",
        _set("id", 0, [f"1.2{row}457E+11" for row in range(6)]),
    ),
    "ids made dates": Fault(
        "ids", "in 'id' 2 ids are dates, which a spreadsheet makes of texts such as 1-2", {"id": None, "drop": ["id"]},
        lambda frame: bool(frame["ceteris:id"].str.startswith("row-").all()), "", _set("id", 0, ["2-Mar", "4-Sep"]),
    ),
    "zeros lost": Fault(
        "ids", "in 'id' 40 ids have fewer than 5 digits, as where zeros in front were lost", {"id_width": 5},
        lambda frame: bool((frame["ceteris:id"].str.len() == 5).all()), "40 ids filled up with zeros to 5 digits", _codes,
        sure=False,
    ),
    "a number for no value": Fault(
        "sentinels", "'age' holds -999 in 7 rows, apart from all its other values", {"sentinels": {"age": ["-999"]}},
        _missing("age", 10, 7), "7 cells of 1 column read as missing (ingest.sentinels)", _set("age", 10, ["-999"] * 7),
    ),
    "a word for no value": Fault(
        "sentinels", "'town' holds 'unknown' in 5 rows", {"sentinels": {"town": ["unknown"]}}, _missing("town", 10, 5),
        "5 cells of 1 column read as missing (ingest.sentinels)", _set("town", 10, ["unknown"] * 5),
    ),
    "a unit": Fault(
        "units", "'weight' holds numbers with 'kg' in 240 rows", {"units": {"weight": "kg"}}, _weighs_as_before,
        "240 cells of 1 column read as numbers without their unit", lambda frame: frame.assign(weight=frame["weight"] + " kg"),
    ),
    "two units": Fault(
        "units", "'weight' holds numbers with several units, 'kg' in 216 rows, 'lb' in 24 rows",
        {"units": {"weight": {"kg": 1.0, "lb": 0.45359237}}}, _weighs_as_before,
        "240 cells of 1 column read as numbers without their unit", _pounds,
    ),
    "decimal commas": Fault(
        "decimal", "'weight' holds 240 numbers with a decimal comma", {"decimal": "comma"}, _weighs_as_before,
        "480 cells of 2 columns read as numbers with a decimal comma (ingest.decimal)", _commas, ("csv",), delimiter=";",
    ),
    "two header rows": Fault(
        "header_rows", "has 2 header rows", {"header_rows": 2},
        lambda frame: len(frame) == 240 and frame["age"].dtype == "float64",
        "columns named by 2 header rows (ingest.header_rows)", _units_below, ("csv", "xlsx"),
    ),
    "mixed encodings": Fault(
        "encoding", "mixes encodings: 5 lines are not UTF-8 (", {"fallback_encoding": "cp1252"},
        lambda frame: set(frame["town"]) == {"Bonn", "Köln", "Ulm"},
        "5 lines not in UTF-8 and read as cp1252 (ingest.fallback_encoding)", kinds=("csv", "jsonl"), mangle=_other_letters,
    ),
}  # fmt: skip


def eight_at_once() -> bytes:
    """Return a CSV file with the faults `EIGHT`."""
    table = clean()
    table.loc[0:5, "id"] = [f"1.2{row}457E+11" for row in range(6)]
    table.loc[10:16, "age"] = "-999"
    table["weight"] = table["weight"] + " kg"
    table.loc[20:23, "label"] = ["dodo", "dodo", "emu", "fox"]
    copies = table.iloc[30:34].assign(id=[f"copy{row}" for row in range(4)])
    others = table.iloc[40:43].assign(id=[f"other{row}" for row in range(3)])
    others["label"] = others["label"].map(_NEXT)
    whole = pd.concat([pd.DataFrame([["", "years", "", "", ""]], columns=table.columns), table, copies, others])
    return _other_letters(as_csv(whole))


def declared(path: Path, **more: Any) -> Ingest:
    """Return how a source is read, with the lines of `ingest` that are given."""
    return Ingest(**({"source": f"data/source/{path.name}", "id": "id"} | more))


def looked(path: Path, *repairs: str, **more: Any) -> Survey:
    """Return what `ceteris init` sees of a source, with these repairs asked for."""
    return survey(path, declared(path, **more), (), {}, asked_repairs(repairs))


def made(fault: Fault, kind: str, folder: Path) -> Path:
    """Write a source of this kind that holds one fault."""
    path = write(kind, fault.make(clean()), folder, fault.delimiter)
    path.write_bytes(fault.mangle(path.read_bytes()))
    return path

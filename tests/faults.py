"""Bad input, one line a fault: how the file is made, what params.yaml says, and the refusal or the rows that result.

Every line is run through the Python API and through the command line, and later lines of other entry points may join.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ceteris.dataset import GROUP, ID, LABEL, TRUE_LABEL

__all__ = ["FAULTS", "Fault", "plain", "repository"]

SOURCE = "data/source/mine.csv"


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes
    ----------
    name : str
    content : bytes, str, DataFrame, arrow Table, callable or None
        What the source file holds; a callable makes it by itself, given the repository; None: there is no file.
    refused : tuple of str
        Words that the refusal holds; empty: the file is accepted, and `result` says what it must become.
    ingest : dict
        What params.yaml says, beyond id, label and source.
    result : callable
        Given the table that was read, tells whether it is right.
    """

    name: str
    content: Any
    refused: tuple[str, ...] = ()
    ingest: dict[str, Any] = field(default_factory=dict)
    result: Callable[[pd.DataFrame], bool] = lambda frame: False
    exit_code: int = 2
    classes: tuple[str, ...] | None = None


def plain(rows: int = 30, **replaced: Any) -> pd.DataFrame:
    """Return a small table with nothing wrong, but for the columns that are replaced (a list: of its first rows)."""
    frame = pd.DataFrame(
        {
            "id": [f"r{row:03d}" for row in range(rows)],
            "label": [("cat", "dog")[row % 2] for row in range(rows)],
            "size": [str(row / 2) for row in range(rows)],
            "colour": [("red", "green", "blue")[row % 3] for row in range(rows)],
        },
        dtype=object,
    )
    for name, values in replaced.items():
        column = list(frame[name]) if name in frame else [""] * rows
        frame[name] = pd.Series([*values, *column[len(values) :]], dtype=object)
    return frame


def text(frame: pd.DataFrame | None = None, **replaced: Any) -> str:
    """Return a table as the text of a CSV file."""
    return (plain(**replaced) if frame is None else frame).to_csv(index=False, lineterminator="\n")


def repository(root: Path, params: str, pipeline: str, fault: Fault) -> Path:
    """Make a repository that holds the fault's file, and params.yaml and dvc.yaml as given; return the source's path."""
    (root / "params.yaml").write_text(params, encoding="utf-8")
    (root / "dvc.yaml").write_text(pipeline, encoding="utf-8")
    path = root / fault.ingest.get("source", SOURCE)
    (root / "data/source").mkdir(parents=True)
    content = fault.content
    if callable(content):
        content(root)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, str):
        path.write_text(content, encoding="utf-8", newline="")
    elif isinstance(content, pd.DataFrame):
        content.to_parquet(path, index=False)
    elif isinstance(content, pa.Table):
        pq.write_table(content, path)
    return path


def _linked(root: Path) -> None:
    outside = root.parent / f"{root.name}-outside.csv"
    outside.write_text(text(), encoding="utf-8")
    (root / SOURCE).symlink_to(outside)


def _truncated_parquet() -> bytes:
    buffer = io.BytesIO()
    plain().to_parquet(buffer)
    return buffer.getvalue()[:-50]


def _broken_text() -> pa.Array:
    """Return two texts whose bytes are not UTF-8."""
    return pa.Array.from_buffers(pa.string(), 2, [*pa.array(["xx", "yy"]).buffers()[:2], pa.py_buffer(b"x\xedyy")])


def _known_to_dvc(root: Path) -> None:
    (root / f"{SOURCE}.dvc").write_text("outs: []", encoding="utf-8")


def _nothing(root: Path) -> None:
    """Leave the repository without the file."""


def _wide(columns: int) -> str:
    names = ["id", "label", *(f"x{place}" for place in range(columns))]
    return "\n".join(",".join([first, label, *["1"] * columns]) for first, label in (("a", "x"), ("b", "y"))).join(
        [",".join(names) + "\n", "\n"]
    )


def _labels(*expected: str) -> Callable[[pd.DataFrame], bool]:
    return lambda frame: list(frame[LABEL][: len(expected)]) == list(expected)


def _ids(*expected: str) -> Callable[[pd.DataFrame], bool]:
    return lambda frame: set(expected) <= set(frame[ID])


def parquet(**replaced: Any) -> pa.Table:
    """Return two rows as an Arrow table, some columns replaced or added."""
    return pa.table({"id": ["a", "b"], "label": ["x", "y"], "size": [1, 2]} | replaced)


PARQUET = {"source": "data/source/mine.parquet"}
NO_VALUES = {
    "list<": [[1], [2, 3]],
    "struct<": [{"p": 1}, {"p": 2}],
    "binary": [b"x", b"\xff"],
    "map<": pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64())),
}
BIG = 2**53 + 1
STRANGE = ["🐱‍👤", "قطة", "a\u200bb", "e\u0301"]

FAULTS = [
    # labels
    Fault("a label is missing", text(label=["", "dog"]), ("'label'", "no label in 1 row:", "'1'", "ingest.unlabelled: drop")),
    Fault("a label is white space", text(label=["  "]), ("no label in 1 row:", "ingest.unlabelled")),
    Fault(
        "rows without a label are dropped when asked",
        text(label=["", " "]),
        ingest={"unlabelled": "drop"},
        result=lambda frame: len(frame) == 28 and "r000" not in set(frame[ID]),
    ),
    Fault(
        "words for nothing are labels",
        text(label=["NA", "null", "None", "no", "1e3", "nan"]),
        result=_labels("NA", "null", "None", "no", "1e3", "nan"),
    ),
    Fault("labels differ by case", text(label=["Cat"]), ("'Cat' (1 row) = 'cat' (14 rows)", "ingest.normalise: labels")),
    Fault("labels differ by space", text(label=["cat "]), ("'cat ' (1 row)", "ingest.normalise: labels")),
    Fault(
        "labels differ by Unicode form", text(label=["caf\u00e9", "cafe\u0301"]), ("Unicode form", "ingest.normalise: labels")
    ),
    Fault(
        "spellings are merged when asked",
        text(label=["Cat ", "DOG"]),
        ingest={"normalise": "labels"},
        result=lambda frame: frame[LABEL].value_counts().to_dict() == {"cat": 15, "dog": 15},
    ),
    Fault(
        "the merged spelling has no space around it",
        text(label=["cat ", "dog"] * 14 + ["cat", "dog"]),
        ingest={"normalise": "labels"},
        result=lambda frame: frame[LABEL].value_counts().to_dict() == {"cat": 15, "dog": 15},
    ),
    Fault(
        "declared classes may differ by case",
        text(label=["Cat"]),
        classes=("Cat", "cat", "dog"),
        result=_labels("Cat", "dog", "cat"),
    ),
    Fault(
        "1, 1.0 and 01 are one integer",
        text(label=["1", "1.0", "01", "2"] + ["2"] * 26),
        ingest={"label_type": "integer"},
        result=_labels("1", "1", "1", "2"),
    ),
    Fault(
        "an integer that is none",
        text(label=["1", "1.5"] + ["2"] * 28),
        ("integer", "'1.5'", "ingest.label_type"),
        {"label_type": "integer"},
    ),
    Fault(
        "true, True and 1 are one boolean",
        text(label=["true", "True", "1", "0", "FALSE", "false"] * 5),
        ingest={"label_type": "boolean"},
        result=_labels("true", "true", "true", "false", "false", "false"),
    ),
    Fault(
        "a boolean that is none",
        text(label=["true", "maybe"] + ["false"] * 28),
        ("boolean", "'maybe'"),
        {"label_type": "boolean"},
    ),
    Fault("one class only", text(label=["cat"] * 30), ("one class only: 'cat'", "ingest.label")),
    Fault(
        "a label column that is not there",
        text(),
        ("no column 'lable'", "Did you mean 'label'?", "ingest.label"),
        {"label": "lable"},
    ),
    Fault("NUL in a label", text(label=["ca\x00t"]), ("'label'", "NUL", "'1'")),
    Fault("a strange label is kept exactly", text(label=STRANGE), result=_labels(*STRANGE)),
    Fault(
        "integer labels of a Parquet file are text",
        plain(label=list(range(2)) * 15).assign(label=[7, 8] * 15),
        ingest=PARQUET,
        result=_labels("7", "8"),
    ),
    Fault("a missing label of a Parquet file", plain(label=[None]), ("no label in 1 row:",), PARQUET),
    # ids and rows
    Fault(
        "equal rows with one id",
        text(pd.concat([plain(), plain().head(1)])),
        ("more than once", "rows that are equal: 'r000'", "ingest.id"),
    ),
    Fault("differing rows with one id", text(id=["r001"]), ("more than once", "rows that differ: 'r001'")),
    Fault("a blank id", text(id=[" "]), ("no id in 1 rows: '1'", "ingest.id: null")),
    Fault("an id column that is not there", text(), ("no column 'di'", "ingest.id"), {"id": "di"}),
    Fault("007 is not 7", text(id=["007", "7", "7.0"]), result=_ids("007", "7", "7.0")),
    Fault("an id beyond 2^53 in CSV", text(id=[str(BIG), str(BIG - 1)]), result=_ids(str(BIG), str(BIG - 1))),
    Fault(
        "an id beyond 2^53 in Parquet",
        plain().assign(id=np.arange(30, dtype=np.int64) + BIG - 1),
        ingest=PARQUET,
        result=_ids(str(BIG), str(BIG - 1)),
    ),
    Fault("NUL in an id", text(id=["a\x00"]), ("'id'", "NUL")),
    Fault("a strange id is kept exactly", text(id=STRANGE), result=_ids(*STRANGE)),
    Fault("NA is an id", text(id=["NA", "null"]), result=_ids("NA", "null")),
    Fault(
        "no id column and copies",
        text(pd.concat([plain(), plain().head(2)])),
        ingest={"id": None, "drop": ["id"]},
        result=lambda frame: frame[ID].is_unique and len(frame) == 32,
    ),
    Fault("a row without its group", text(who=["a"] * 29), ("'who'", "no group", "'r029'", "ingest.group"), {"group": "who"}),
    Fault(
        "a group and a true label are no features",
        text(who=["a"] * 30, truth=["cat"] * 29),
        ingest={"group": "who", "true_label": "truth"},
        result=lambda frame: (
            list(frame.columns) == [ID, LABEL, GROUP, TRUE_LABEL, "colour", "size"] and frame[TRUE_LABEL].iloc[-1] is None
        ),
    ),
    Fault("a column with two roles", text(), ("'label' twice", "ingest.drop"), {"drop": ["label"]}),
    Fault("a dropped column that is not there", text(), ("no column 'color'", "'colour'", "ingest.drop"), {"drop": ["color"]}),
    Fault("no feature is left", text(), ("no column as a feature", "ingest.drop"), {"drop": ["size", "colour"]}),
    # files
    Fault("an empty file", b"", ("mine.csv is empty",)),
    Fault("a file of blank lines", b"\n\n  \n", ("mine.csv is empty",)),
    Fault("a header and no rows", "id,label,size\n", ("a header and no rows",)),
    Fault(
        "a ragged row",
        "id,label,size\na,x,1\nb,y\nc,x,2\n",
        ("line 3", "2 values where the header names 3", "ingest.delimiter"),
    ),
    Fault("a row that is too long", "id,label,size\na,x,1\nb,y,2,3\nc,x,2\n", ("line 3", "4 values")),
    Fault("a ragged row below a value of two lines", 'id,label,size\na,x,"1\n2"\nb,y\nc,x,2\n', ("line 4", "2 values")),
    Fault("a truncated last line", "id,label,size\na,x,1\nb,y,2\nc,x", ("line 4", "may be cut off")),
    Fault(
        "an unclosed quote in the last value", 'id,label,size\na,x,1\nb,y,"2\nc,x,3\n', ("line 3", "quote that never closes")
    ),
    Fault("an unclosed quote at the very end", 'id,label,size\na,x,1\nb,y,"2', ("line 3", "quote that never closes")),
    Fault("an unclosed quote in a first value", 'id,label,size\na,x,1\n"b,y,2\nc,x,3\n', ("line 3", "quote that never closes")),
    Fault("an unclosed quote in the header", 'id,"label,size\na,x,1\nb,y,2\n', ("header that cannot be read",)),
    Fault("a last value of two quotes", 'id,label,size\na,x,1\nb,y,""', result=lambda frame: np.isnan(frame["size"].iloc[1])),
    Fault("a duplicate column name", "id,label,size,size\na,x,1,2\nb,y,1,2\n", ("more than one column named 'size'",)),
    Fault("a column without a name", ",label,size\na,x,1\nb,y,2\n", ingest={"id": "unnamed_1"}, result=_ids("a", "b")),
    Fault(
        "columns without names",
        ",label, ,size\na,x,1,2\nb,y,1,2\n",
        ingest={"id": "unnamed_1"},
        result=lambda frame: list(frame.columns) == [ID, LABEL, "size", "unnamed_3"],
    ),
    Fault("columns with one blank name", "id,label,,\na,x,1,2\nb,y,1,2\n", ("more than one column named ''",)),
    Fault(
        "a column named like one without a name",
        ",label,unnamed_1\na,x,1\nb,y,2\n",
        ("more than one column named 'unnamed_1'", "first line"),
        {"id": "unnamed_1"},
    ),
    Fault("NUL in a column's name", "id,label,si\x00ze\na,x,1\nb,y,2\n", ("names ceteris cannot keep", "no NUL characters")),
    Fault("a column named like one of ours", text().replace("size", "ceteris:id", 1), ("cannot keep: 'ceteris:id'",)),
    Fault("cp1252", text(colour=["grün", "ÉTÉ"]).encode("cp1252"), ("not UTF-8 (line 2)", "ingest.encoding: cp1252")),
    Fault(
        "cp1252, declared",
        text(colour=["grün"]).encode("cp1252"),
        ingest={"encoding": "cp1252"},
        result=lambda frame: frame["colour"].iloc[0] == "grün",
    ),
    Fault("Cyrillic", text(colour=["красный", "зелёный"]).encode("cp1251"), ("ingest.encoding: cp1251",)),
    Fault("Chinese", text(colour=["红色的东西", "绿色的衣服"]).encode("gb18030"), ("ingest.encoding: gb18030",)),
    Fault("UTF-16", text().encode("utf-16"), ("not UTF-8", "ingest.encoding: utf-16")),
    Fault("UTF-16 without its mark", text().encode("utf-16-le"), ("ingest.encoding: utf-16-le",)),
    Fault("UTF-16, declared", text().encode("utf-16"), ingest={"encoding": "utf-16"}, result=_ids("r000", "r029")),
    Fault("an encoding that is none", text(), ("'utf-88'", "ingest.encoding"), {"encoding": "utf-88"}),
    Fault("an encoding with NUL", text(), ("'utf\\x008'", "ingest.encoding"), {"encoding": "utf\x008"}),
    Fault("UTF-16, declared cp1252", text().encode("utf-16"), ("ingest.encoding: utf-16",), {"encoding": "cp1252"}),
    Fault(
        "an encoding that does not fit",
        text(colour=["grün"]),
        ("cannot be read as ascii", "ingest.encoding"),
        {"encoding": "ascii"},
    ),
    Fault("a byte order mark", text().encode("utf-8-sig"), result=_ids("r000", "r029")),
    Fault(
        "a lone surrogate",
        text(id=["a"]).replace("a,", "a\ud800,", 1).encode(errors="surrogatepass"),
        ("line 2", "lone surrogate"),
    ),
    Fault(
        "a lone surrogate in a label", text(label=["a\ud800"]).encode("utf-8", "surrogatepass"), ("line 2", "lone surrogate")
    ),
    Fault("a cell of 2 MB", text(colour=["x" * 2_000_000]), ("'colour'", "row 1", "2,000,000 bytes", "1,000,000")),
    Fault("a cell of 40 MB", text(colour=["x" * 40_000_000]), ("'colour'", "row 1", "40,000,000 bytes")),
    Fault("6,000 columns", _wide(6000), ("6002 columns", "5000")),
    Fault("4,000 columns", _wide(4000), result=lambda frame: frame.shape == (2, 4002)),
    Fault("an infinite number", text(size=["inf"]), ("'size'", "infinite", "'r000'", "ingest.infinite: missing")),
    Fault("a number too large to hold", text(size=["1e400"]), ("'size'", "too large", "ingest.infinite")),
    Fault(
        "infinite numbers are missing when asked",
        text(size=["-Infinity", "1e400"]),
        ingest={"infinite": "missing"},
        result=lambda frame: frame["size"].isna().sum() == 2 and frame["size"].dtype == np.float64,
    ),
    Fault(
        "a number beyond single precision",
        text(size=["1e300", "-1e39"]),
        ("'size'", "too large", "'r000', 'r001'", "ingest.infinite: missing"),
    ),
    Fault(
        "a number beyond single precision is missing when asked",
        text(size=["1e300", "1e38"]),
        ingest={"infinite": "missing"},
        result=lambda frame: np.isnan(frame["size"].iloc[0]) and frame["size"].iloc[1] == 1e38,
    ),
    Fault(
        "several problems are told together, each with its way out",
        text(label=["", "Cat"], id=["r005"], size=["1", "inf"], who=["a"] * 29),
        ("for 5 reasons", "ingest.unlabelled: drop", "ingest.normalise: labels", "rows that differ", "ingest.infinite", "who"),
        {"group": "who"},
    ),
    Fault(
        "several columns that are not there are told together",
        text(),
        ("no column 'lable'", "no column 'di'", "'id', 'label', 'size', 'colour'"),
        {"label": "lable", "id": "di"},
    ),
    Fault("a label column without labels", text(label=[""] * 30), ("no label in any row", "ingest.label")),
    Fault(
        "rows are counted as the file has them",
        text(label=[""], id=["r000", "r001", " "]),
        ("no id in 1 rows: '3'",),
        {"unlabelled": "drop"},
    ),
    Fault("an infinite number in Parquet", plain().assign(size=[np.inf] + [1.0] * 29), ("'size'", "ingest.infinite"), PARQUET),
    Fault("values that mean nothing", text(size=["NA", " null ", ""]), result=lambda frame: frame["size"].isna().sum() == 3),
    Fault(
        "a number column with words in it is text",
        text(size=["many", "few"]),
        result=lambda frame: frame["size"].dtype == object and list(frame["size"][:3]) == ["many", "few", "1.0"],
    ),
    Fault(
        "odd spellings of numbers",
        text(size=["+5", " 5 ", ".5", "5.", "1E2", "-0"]),
        result=lambda frame: list(frame["size"][:6]) == [5.0, 5.0, 0.5, 5.0, 100.0, 0.0],
    ),
    Fault("another delimiter", text().replace(",", ";"), ("no column 'label'", "ingest.delimiter")),
    Fault("another delimiter, declared", text().replace(",", ";"), ingest={"delimiter": ";"}, result=_ids("r000")),
    Fault("a delimiter that is not seen", text(), ("ingest.delimiter is '\\x01'",), {"delimiter": "\x01"}),
    Fault("lines that end as on an old Mac", text().replace("\n", "\r"), result=_ids("r000", "r029")),
    Fault("a spreadsheet", b"PK\x03\x04rest", ("a spreadsheet or a zip archive", "CSV")),
    Fault(
        "a Parquet file that is named like CSV",
        b"PAR1\x15\x04\x15" + b"\0" * 90,
        ("named like CSV; its first bytes are those of Parquet",),
    ),
    Fault(
        "a CSV file that is named like Parquet",
        text(),
        ("named like Parquet; its first bytes are not those", ".csv"),
        PARQUET,
    ),
    Fault("a truncated Parquet file", _truncated_parquet(), ("not a whole, readable Parquet file",), PARQUET),
    Fault("a Parquet file with no rows", plain().head(0), ("columns and no rows",), PARQUET),
    *[
        Fault(
            f"a Parquet column of {kind}, {'with ids' if named else 'ids made of content'}",
            parquet(many=values),
            ("'many' is to hold vectors", "another count", "`sparse` in `ingest.kinds`")
            if kind == "list<"
            else (f"column 'many' holds {kind}", "List 'many' under `ingest.drop`"),
            PARQUET | ({} if named else {"id": None}),
        )
        for kind, values in NO_VALUES.items()
        for named in (True, False)
    ],
    *[
        Fault(
            f"Parquet labels of {kind}, {'with ids' if named else 'ids made of content'}",
            parquet(label=values),
            (f"column 'label' holds {kind}", "in `ingest.label`"),
            PARQUET | ({} if named else {"id": None}),
        )
        for kind, values in NO_VALUES.items()
        for named in (True, False)
    ],
    Fault(
        "a Parquet column of lists that is dropped names no row",
        parquet(many=[[1], [2, 3]]),
        ingest=PARQUET | {"id": None, "drop": ["many"]},
        result=lambda frame: frame[ID].is_unique and list(frame.columns) == [ID, LABEL, "id", "size"],
    ),
    Fault(
        "equal Parquet ids beside a column of lists",
        parquet(id=["a", "a"], many=[[1], [2, 3]]),
        ("for 2 reasons", "'many'", "rows that differ: 'a'"),
        PARQUET,
    ),
    Fault(
        "Parquet times of an unknown zone make ids",
        parquet(when=pa.array([0, 1], pa.timestamp("us", "No/Where"))),
        ingest=PARQUET | {"id": None},
        result=lambda frame: frame["when"].tolist() == [0.0, 1e-6] or frame["when"].tolist() == [1e-6, 0.0],
    ),
    Fault(
        "Parquet views of text are text",
        parquet(label=pa.array(["x", "y"], pa.string_view()), many=pa.array(["p", "q"], pa.string_view())),
        ingest=PARQUET,
        result=_labels("x", "y"),
    ),
    Fault(
        "a Parquet text that is not UTF-8",
        pa.table({"id": ["a", "b"], "label": _broken_text()}).append_column("size", [[1, 2]]),
        ("readable Parquet file",),
        PARQUET,
    ),
    # places
    Fault(
        "a file that is not there", None, ("mine.csv is declared", "git add data/source/mine.csv", "--queue", "ceteris init")
    ),
    Fault("a file that DVC knows and is not there", _known_to_dvc, ("dvc pull data/source/mine.csv",)),
    Fault("a folder", lambda root: (root / SOURCE).mkdir(), ("is a folder", "ingest.source")),
    Fault(
        "a path with ..", _nothing, ("neither 'digits' nor a file below data/source/",), {"source": "data/source/../mine.csv"}
    ),
    Fault("an absolute path", _nothing, ("neither 'digits' nor",), {"source": "/etc/passwd"}),
    Fault("a path elsewhere in the repository", _nothing, ("neither 'digits' nor",), {"source": "params.yaml"}),
    Fault("a link that leaves the repository", _linked, ("a link that leaves the repository", "dvc config cache.type")),
    Fault(
        "a true label and planted errors",
        text(truth=["cat"] * 30),
        ("ingest.true_label", "ingest.plant.kind: none"),
        {"true_label": "truth", "plant": {"kind": "uniform", "rate": 0.1, "seed": 0}},
    ),
]

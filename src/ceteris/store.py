"""The door to disk: whole files or none, one writer at a time, tables that a spreadsheet cannot turn into formulas."""

from __future__ import annotations

import contextlib
import csv
import errno
import hashlib
import io
import json
import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from copy import deepcopy
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from ceteris.errors import BadInputError, CeterisError, ParamsError, SealedTestError
from ceteris.kinds import array_kind
from ceteris.locks import locked
from ceteris.neutral import neutral, original
from ceteris.params import Params, parse
from ceteris.tables.arrays import array_type

__all__ = [
    "LOCK", "SEALED", "STATE", "find_root", "git_top", "home_of", "note_times", "parse_yaml", "read_json", "read_params",
    "read_parquet", "read_table", "read_yaml", "refuse_sealed", "settle", "sha256", "single_writer", "state_of", "sweep",
    "table_text", "write_bytes", "write_json", "write_parquet", "write_table", "write_text",
]  # fmt: skip

STATE = ".ceteris"
LOCK = "ceteris.lock"  # which code an installed ceteris runs: it stands in a project that holds no src/ of its own
SEALED = ("test.parquet", "truth-test.parquet")  # what split seals, beside its parts.parquet
_YAML_LIMIT, _YAML_DEPTH = 1_000_000, 50
_ROW_GROUP = 10_000  # rows of a Parquet file that are read together: a few rows of a long one are read without the others


def find_root(start: Path | None = None) -> Path:
    """Return the nearest folder at or above `start` that holds a dvc.yaml and a params.yaml of ceteris."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if _is_root(folder):
            return folder
    others = [folder for folder in (here, *here.parents) if _holds_both(folder)]
    below = [path.parent.name for path in sorted(here.glob(f"*/{LOCK}"))]
    make = "Run this inside a ceteris repository, or make one: ceteris init FILE --into FOLDER"
    do = f"Go into it: cd {below[0]}" if below else make
    if others and not below:
        do = f"Where {others[0]} was one, restore it: git checkout -- dvc.yaml"
    raise BadInputError(f"No dvc.yaml and params.yaml at or above {here}{' are of ceteris' * bool(others)}.", do)


def _holds_both(folder: Path) -> bool:
    return (folder / "dvc.yaml").is_file() and (folder / "params.yaml").is_file()


def _is_root(folder: Path) -> bool:
    """Whether a folder is a ceteris repository; one of somebody else's may hold a dvc.yaml and a params.yaml too."""
    return _holds_both(folder) and b" -m ceteris." in (folder / "dvc.yaml").read_bytes()


def git_top(folder: Path) -> Path | None:
    """Return the top folder of the git repository that a folder lies in; None outside of one."""
    here = folder.resolve()
    return next((top for top in (here, *here.parents) if (top / ".git").exists()), None)


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML 1.2 file, or refuse: tags, anchors, duplicate keys, deep nesting, and over 1 MB."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path.name} is not UTF-8 (byte {error.start}).", "Save it as UTF-8.") from None
    return parse_yaml(text, path.name)


def parse_yaml(text: str, name: str) -> Any:
    """Return the content of a YAML 1.2 text, refusing what `read_yaml` refuses."""
    return deepcopy(_parsed(text, name))


@lru_cache(maxsize=16)  # a dvc.yaml takes a tenth of a second, and is asked for again and again
def _parsed(text: str, name: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.tokens import AliasToken, AnchorToken, TagToken, Token

    if len(text) > _YAML_LIMIT:
        raise ParamsError(f"{name} holds {len(text)} characters.", f"Keep it under {_YAML_LIMIT}.")
    depth = 0
    try:
        token: Token
        for token in YAML(typ="safe", pure=True).scan(text):
            if isinstance(token, (AliasToken, AnchorToken, TagToken)):
                raise ParamsError(
                    f"{name} line {token.start_mark.line + 1} holds a YAML anchor, alias or tag.",
                    "Write the value out instead.",
                )
            kind = type(token).__name__
            depth += kind.endswith(("SequenceStartToken", "MappingStartToken"))
            depth -= kind.endswith(("SequenceEndToken", "MappingEndToken", "BlockEndToken"))
            if depth > _YAML_DEPTH:
                raise ParamsError(
                    f"{name} line {token.start_mark.line + 1} is nested more than {_YAML_DEPTH} levels deep.", "Flatten it."
                )
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        problem = str(getattr(error, "problem", error)).split("\n")[0]
        raise ParamsError(f"{name}{where} is not readable as YAML: {problem}.", "Mend that line.") from None


def read_params(root: Path) -> Params:
    """Return what params.yaml says."""
    return parse(read_yaml(root / "params.yaml"))


def write_bytes(path: Path, content: bytes, scratch: Path | None = None) -> None:
    """Write a whole file or none: to a temporary file first, then renamed over the old one.

    Parameters
    ----------
    scratch : Path, optional
        Where the temporary file lies; default: the repository's own place, which whoever holds its writing lock sweeps.
    """
    name = f"{os.getpid()}-{hashlib.sha1(str(path).encode()).hexdigest()[:12]}"
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = scratch or _scratch(path)
        scratch.mkdir(parents=True, exist_ok=True)
        temporary = scratch / name
        try:
            _written(temporary, content, path)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            temporary.unlink()
            temporary = path.with_name(f".{path.name}.{os.getpid()}")  # a rename does not leave a disk
            _written(temporary, content, path)
    except OSError as error:
        raise CeterisError(
            f"{path} could not be written: {error.strerror}. The old file, if any, is whole.", "Make room or access, run again."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _written(temporary: Path, content: bytes, path: Path) -> None:
    """Write a temporary file down to the disk, and rename it."""
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def settle(folder: Path) -> None:
    """Wait until what was renamed into a folder is on the disk itself, whatever becomes of the machine."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise CeterisError(
            f"What was written in {folder} may not be on the disk yet: {error.strerror}.", "Run it again."
        ) from None


def write_text(path: Path, content: str) -> None:
    """Write a UTF-8 text, whole or not at all."""
    write_bytes(path, content.encode("utf-8"))


def write_json(path: Path, content: Any) -> None:
    """Write JSON with sorted keys, one a line, whole or not at all."""
    write_text(path, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Return what a JSON file holds."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_parquet(path: Path, frame: pd.DataFrame, row_group: int = _ROW_GROUP) -> None:
    """Write a table as Parquet, the same bytes for the same table; the rows of a group are read together."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False, compression="zstd", row_group_size=row_group, schema=_schema(frame))
    write_bytes(path, buffer.getvalue())


def _schema(frame: pd.DataFrame) -> Any:
    """Return how a table with columns of arrays is kept; None where it has none, and Arrow finds that by itself."""
    import pyarrow as pa

    kinds = {name: kind for name in frame.columns if (kind := array_kind(frame[name]))}
    if not kinds:
        return None
    others = pa.Schema.from_pandas(frame.drop(columns=list(kinds)), preserve_index=False)
    found = {name: array_type(frame[name].to_numpy(dtype=object), kind) for name, kind in kinds.items()}
    return pa.schema([pa.field(name, found[name] if name in found else others.field(name).type) for name in frame.columns])


def read_parquet(path: Path | BinaryIO, columns: list[str] | None = None) -> pd.DataFrame:
    """Return a table, its text columns as Python objects (None where missing); the sealed test part is refused."""
    if isinstance(path, Path):
        refuse_sealed(path)
    from pyarrow import default_memory_pool

    frame = pd.read_parquet(path, columns=columns)
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            values, there = frame[name].astype(object), frame[name].notna()
            frame[name] = values if there.all() else pd.Series(values.where(there, None), dtype=object)
    default_memory_pool().release_unused()  # of a big table as much again as it holds
    return frame


def refuse_sealed(path: Path) -> None:
    """Refuse the sealed test part, under its own name or through a link to it: only a counted look reads it.

    Raises
    ------
    SealedTestError
    """
    for place in {path, path.resolve()}:
        if place.name in SEALED and (place.parent / "parts.parquet").exists():
            raise SealedTestError(f"{path} is the sealed test part.", SealedTestError.ONLY_A_LOOK)


def write_table(path: Path, frame: pd.DataFrame, digits: int = 6) -> None:
    """Write a small CSV for people and git: floats rounded, texts neutral, one line end everywhere."""
    write_text(path, table_text(frame, digits))


def table_text(frame: pd.DataFrame, digits: int = 6) -> str:
    """Return the text that `write_table` writes."""
    shown = frame.rename(columns=neutral)
    for name in shown.columns:
        if pd.api.types.is_float_dtype(shown[name]):
            shown[name] = shown[name].round(digits) + 0.0
        elif not pd.api.types.is_numeric_dtype(shown[name]):
            shown[name] = [neutral(value) if isinstance(value, str) else value for value in shown[name].to_numpy(dtype=object)]
    # Before Python 3.13 csv leaves a lone carriage return unquoted, and then reads it as the end of the line.
    texts = [*shown.columns, *(value for name in shown.select_dtypes(exclude="number") for value in shown[name])]
    lone = any("\r" in text for text in texts if isinstance(text, str))
    return shown.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC if lone else csv.QUOTE_MINIMAL)


def read_table(path: Path | BinaryIO, text: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return what `write_table` wrote; columns named in `text` stay exact text, others are typed by pandas.

    Raises
    ------
    ValueError
        The file is no such table, or holds a row that is longer than its header.
    """
    with warnings.catch_warnings():
        # Without `index_col=False` pandas would move all columns by one, and with it leave out the last with a warning.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            frame = pd.read_csv(
                path, dtype=dict.fromkeys(text, str), keep_default_na=False, na_values={}, encoding="utf-8", index_col=False
            )
        except pd.errors.ParserWarning:
            raise ValueError("a row holds more values than the header has names") from None
    frame = frame.rename(columns=original)
    for name in frame.columns:
        values = frame[name].to_numpy(dtype=object)
        if name in text or not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = pd.Series(["" if value != value else original(str(value)) for value in values], dtype=object)
        if name not in text and frame[name].dtype == object:
            frame[name] = _numbers_or_text(frame[name])
    return frame


def _numbers_or_text(column: pd.Series) -> pd.Series:
    blank = column == ""
    if blank.all():
        return column
    numbers = pd.to_numeric(column.where(~blank), errors="coerce")
    if not (numbers.isna() & ~blank).any():
        return numbers
    flags = {"True": True, "False": False}
    return column.map(flags).astype(bool) if column.isin(list(flags)).all() else column


def sha256(path: Path) -> str:
    """Return the sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def single_writer(root: Path, who: str, patience: float = 600.0) -> Iterator[None]:
    """Hold the repository's one writing lock, waiting for whoever holds it.

    Raises
    ------
    BusyError
        After `patience` seconds, naming the holder. The lock goes with its process, however that ends.
    """
    state = root / STATE

    def remark(holder: str) -> None:
        print(f"{who}: waiting for {holder}, which is writing here", file=sys.stderr, flush=True)

    with locked(state / "lock", who, f"in {root}", patience, remark):
        shutil.rmtree(state / "tmp", ignore_errors=True)
        yield


def sweep(folder: Path, keep: set[Path]) -> None:
    """Remove every file below `folder` that is not to be kept, and the folders that this leaves empty."""
    for path in sorted(folder.rglob("*"), reverse=True) if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in keep:
            path.unlink()


def note_times(root: Path, line: dict[str, Any]) -> None:
    """Append one line of measured times, keyed by fingerprint, to a file outside git and DVC.

    Times are no result: where they cannot be kept, that is said once, and the work goes on.
    """
    path = home_of(root) / STATE / "times.csv"
    try:
        path.parent.mkdir(exist_ok=True)
        header = not path.exists() or path.stat().st_size == 0
        text = pd.DataFrame([line]).to_csv(header=header, index=False, lineterminator="\n")
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        _warn_once(f"measured times cannot be kept in {path}: {error.strerror}; results are not touched by that")


def home_of(root: Path) -> Path:
    """Return the project that a copy of DVC's is of: `dvc exp run --temp` works below .dvc/tmp/exps/."""
    here = root.resolve()
    places = [place for place in range(len(here.parts)) if here.parts[place : place + 3] == (".dvc", "tmp", "exps")]
    if not places:
        return root
    home = Path(*here.parts[: places[0]])
    copied, top = git_top(here), git_top(home)
    return home if copied is None or top is None else top / here.relative_to(copied)


@cache
def _warn_once(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _scratch(path: Path) -> Path:
    """Return a folder for temporary files: the repository's own state where there is one, else beside the file."""
    state = state_of(path)
    return path.parent if state is None else state / "tmp"


def state_of(path: Path) -> Path | None:
    """Return where the repository that holds a path keeps its state; None outside of one."""
    return next((folder / STATE for folder in path.resolve().parents if _is_root(folder)), None)

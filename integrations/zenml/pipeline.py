"""The stages of dvc.yaml as a ZenML pipeline: the same functions, the same files, the same results. No logic of its own.

What a stage reads, writes and depends on is what dvc.yaml says. A step calls `main` of its stage, and its artifact is an
archive of all that the stage wrote. ZenML knows a step again by the content of its artifacts, its params and its code; one that
it takes from its cache brings its files back. Store and settings are in .ceteris/zenml, and nothing is sent anywhere.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import sys
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ceteris.errors import CeterisError
from ceteris.layout import read_layout
from ceteris.stages import open_stage
from ceteris.store import STATE, find_root, parse_yaml, read_json, read_yaml, single_writer

ROOT = find_root()
# ZenML reads these when it is imported.
os.environ |= {"ZENML_ANALYTICS_OPT_IN": "false", "ZENML_CONFIG_PATH": str(ROOT / STATE / "zenml")}
os.environ.setdefault("ZENML_LOGGING_VERBOSITY", "WARN")

from zenml import log_metadata, pipeline, step  # noqa: E402
from zenml.enums import ExecutionMode  # noqa: E402


@dataclass(frozen=True)
class Wired:
    """A stage as dvc.yaml has it: what it reads, which params, what it writes, and what of that outlives a run."""

    reads: tuple[str, ...]
    params: tuple[Any, ...]
    writes: tuple[str, ...]
    kept: frozenset[str]
    metrics: tuple[str, ...]


def wired() -> dict[str, Wired]:
    """Return the stages of dvc.yaml, in its order, with its paths filled in."""
    layout, text = read_layout(ROOT), (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    document = parse_yaml(re.sub(r"\$\{path\.(\w+)\}", lambda found: layout[found[1]], text), "dvc.yaml")
    return {name: _wired(stage) for name, stage in document["stages"].items()}


def _wired(stage: dict[str, Any]) -> Wired:
    listed = [entry if isinstance(entry, dict) else {entry: {}} for key in ("outs", "metrics") for entry in stage.get(key, [])]
    outs = {path: how for entry in listed for path, how in entry.items()}
    kept = frozenset(path for path, how in outs.items() if how.get("persist"))
    metrics = tuple(next(iter(entry)) if isinstance(entry, dict) else entry for entry in stage.get("metrics", []))
    return Wired(tuple(stage["deps"]), tuple(stage.get("params", [])), tuple(outs), kept, metrics)


STAGES = wired()


def sources_of(name: str) -> list[str]:
    """Return the stages whose files a stage reads."""
    return [other for other, of in STAGES.items() if any(_is_made(read, of.writes) for read in STAGES[name].reads)]


def _is_made(read: str, writes: Iterable[str]) -> bool:
    return any(f"{read}/".startswith(f"{out}/") or f"{out}/".startswith(f"{read}/") for out in writes)


def digest_of(name: str) -> str:
    """Return a digest of what a stage depends on beside the files of other stages: params, code, and what the user wrote."""
    made = [out for of in STAGES.values() for out in of.writes]
    found = hashlib.sha256(repr([_params(entry) for entry in STAGES[name].params]).encode())
    for read in STAGES[name].reads:
        if not _is_made(read, made):
            found.update(packed((read,)))
    return found.hexdigest()


def _params(entry: Any) -> Any:
    """Return the values behind one line of `params`: a path in params.yaml, or paths in another file."""
    file, paths = next(iter(entry.items())) if isinstance(entry, dict) else ("params.yaml", [entry])
    values = []
    for path in paths or []:
        held = read_yaml(ROOT / file)
        for part in path.split("."):
            held = held.get(part) if isinstance(held, dict) else None
        values.append((path, held))
    return file, values


def packed(paths: tuple[str, ...]) -> bytes:
    """Return files and folders as one archive, the same bytes for the same content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(file for name in paths for file in _files(ROOT / name)):
            line = tarfile.TarInfo(path.relative_to(ROOT).as_posix())
            line.size = path.stat().st_size
            with path.open("rb") as content:
                archive.addfile(line, content)
    return buffer.getvalue()


def _files(path: Path) -> Iterator[Path]:
    yield from (file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts) if path.is_dir() else ()
    if path.is_file():
        yield path


def brought_back(name: str, held: bytes) -> None:
    """Let the files that a stage wrote be those of an archive, where they are not."""
    if packed(STAGES[name].writes) == held:
        return
    _cleared(STAGES[name].writes)
    with tarfile.open(fileobj=io.BytesIO(held)) as archive:
        archive.extractall(ROOT, filter="data")


def _cleared(paths: tuple[str, ...]) -> None:
    for path in (ROOT / name for name in paths):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


@step
def stage(name: str, watched: str, before: list[bytes], sources: list[str]) -> bytes:
    """Run a stage on what the stages before it wrote, and return what it wrote itself."""
    of = STAGES[name]
    with single_writer(ROOT, name):
        for source, held in zip(sources, before, strict=True):
            brought_back(source, held)
        _cleared(tuple(path for path in of.writes if path not in of.kept))  # as DVC does
        import_module(f"ceteris.stages.{name}").main(open_stage(name, ROOT))
    for path in of.metrics:
        log_metadata(read_json(ROOT / path))
    return packed(of.writes)


@pipeline(name="ceteris", enable_step_logs=False, execution_mode=ExecutionMode.FAIL_FAST)
def ceteris() -> None:
    """Run every stage after those that it reads."""
    made: dict[str, Any] = {}
    for name in STAGES:
        sources = sources_of(name)
        made[name] = stage(
            name=name, watched=digest_of(name), before=[made[source] for source in sources], sources=sources, id=name
        )


def main() -> None:
    """Run the pipeline, let every file be that of its step, and say which steps were run and which were known."""
    try:
        open_stage("zenml", ROOT)  # a line of params.yaml that cannot be is told before anything runs
        run = ceteris()
        for name in STAGES:
            with single_writer(ROOT, name):
                brought_back(name, run.steps[name].output.load())
            print(f"{name}: {run.steps[name].status}")
    except CeterisError as error:
        print(error, file=sys.stderr)
        raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()

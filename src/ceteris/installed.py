"""Stages of an installed ceteris: each runs only the code that ceteris.lock names for it, so that DVC knows what was run.

Run by DVC as `python -m ceteris.installed stages.NAME`. A new ceteris changes results in no silence: a stage whose code is
another than that of the lock refuses, `ceteris upgrade` writes the lock anew, and DVC runs the stages whose line changed.
"""

from __future__ import annotations

import hashlib
import re
import runpy
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ceteris import __version__
from ceteris.canvas.form import form
from ceteris.canvas.terms import FILE as CANVAS
from ceteris.closure import PACKAGE
from ceteris.errors import BadInputError, CeterisError, IntegrityError
from ceteris.pipelines import for_installed, watched_code
from ceteris.release.terms import FILE as TERMS
from ceteris.starting.template import COPIED, REINSTALL, template
from ceteris.store import LOCK, find_root, read_yaml, write_text

__all__ = ["PIPELINES", "installed_code", "lock_text", "pipeline_text", "refuse_other_code", "upgrade"]

PIPELINES = ("dvc.yaml", "release/dvc.yaml", "release/watch/dvc.yaml")
_HEAD = """\
# Which code of the installed ceteris each stage runs: dvc.yaml watches these lines, and a stage that finds other code refuses.
# Written by `ceteris upgrade`, after `pip install --upgrade ceteris`. Keep it in git.
"""


@dataclass(frozen=True)
class _Lock:
    """What ceteris.lock says: a version, the digest of each stage's code, and of each dvc.yaml as it was written."""

    version: str
    code: dict[str, str]
    pipelines: dict[str, str]


def pipeline_text(name: str) -> str:
    """Return one of `PIPELINES` as a project of an installed ceteris holds it."""
    return for_installed(template(name), LOCK)


def installed_code() -> dict[str, str]:
    """Return the sha256 over all that each stage runs, by the stage's name."""
    return {stage: _digest(files) for name in PIPELINES for stage, files in watched_code(template(name)).items()}


def _digest(files: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for name in files:
        path = PACKAGE / name
        if not path.is_file():
            raise IntegrityError(f"The installed ceteris lacks {path}.", REINSTALL)
        content = path.read_bytes()
        digest.update(f"{name}:{len(content)}:".encode() + content)
    return digest.hexdigest()


def lock_text(pipelines: dict[str, str] | None = None) -> str:
    """Return the ceteris.lock of the ceteris that is installed; `pipelines` are digests to keep instead of those of today."""
    written = {name: _of_text(pipeline_text(name)) for name in PIPELINES} | (pipelines or {})
    lines = [f'version: "{__version__}"', "code:", *(f"  {name}: {digest}" for name, digest in installed_code().items())]
    return _HEAD + "\n".join([*lines, "written:", *(f"  {name}: {digest}" for name, digest in written.items())]) + "\n"


def _of_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read(root: Path) -> _Lock:
    path = root / LOCK
    if not path.is_file():
        raise BadInputError(f"There is no {LOCK} in {root}.", f"Restore it: git checkout -- {LOCK}")
    content = read_yaml(path)
    try:
        code, written = ({str(name): str(digest) for name, digest in content[key].items()} for key in ("code", "written"))
        return _Lock(str(content["version"]), code, written)
    except (LookupError, TypeError, AttributeError):
        raise IntegrityError(f"{LOCK} is not what `ceteris upgrade` wrote.", f"Restore it: git checkout -- {LOCK}") from None


def refuse_other_code(root: Path, stage: str) -> None:
    """Refuse to run a stage whose installed code is another than the one that ceteris.lock names.

    Raises
    ------
    BadInputError
    """
    lock, code = _read(root), installed_code()
    if lock.code.get(stage) == code.get(stage):
        return
    other = f"ceteris {__version__}, which is installed," if lock.version != __version__ else "the installed ceteris"
    raise BadInputError(
        f"{LOCK} was written for ceteris {lock.version}, and the code of the stage {stage} in {other} is another.",
        f"Take the new code over: ceteris upgrade && dvc repro. Or go back: pip install ceteris=={lock.version}",
    )


def upgrade(root: Path, pipelines: bool = False) -> Iterator[str]:
    """Write ceteris.lock and each dvc.yaml for the ceteris that is installed; yield what was done, a line each.

    A dvc.yaml that was edited by hand stays as it is, unless `pipelines` asks for those of today.
    """
    if not (root / LOCK).is_file():
        raise BadInputError(
            f"There is no {LOCK} in {root}: this repository runs its own src/.", "Update it with git, then dvc repro."
        )
    lock, kept = _read(root), {}
    for name in PIPELINES:
        path, text = root / name, pipeline_text(name)
        held = path.read_text(encoding="utf-8") if path.is_file() else ""
        if held and not pipelines and _of_text(held) not in (lock.pipelines.get(name), _of_text(text)):
            kept[name] = lock.pipelines.get(name, "")
            yield f"{name} was edited and stays as it is; the one of today in its place: ceteris upgrade --pipelines"
        elif held != text:
            write_text(path, text)
            yield f"{name} is written anew"
    if not (root / CANVAS).is_file():
        write_text(root / CANVAS, form())
        yield f"{CANVAS} is a new file, a form that may stay empty: `git add` it, since the report is made of it too"
    yield from _new_files(root)
    yield from _new_sections(root)
    before, after = lock.code, installed_code()
    write_text(root / LOCK, lock_text(kept))
    moved = [stage for stage, digest in after.items() if before.get(stage) != digest]
    yield f"{LOCK}: ceteris {lock.version} -> {__version__}"
    yield f"code that changed: {', '.join(moved)}; next: dvc repro" if moved else "no stage's code changed"


def _new_files(root: Path) -> Iterator[str]:
    """Write the notes in folders that stages write to, where a project is from before there were such stages."""
    lacking = [name for name in COPIED if name.endswith("README.md") and not (root / name).exists()]
    for name in lacking:
        write_text(root / name, template(name))
    if lacking:
        yield f"new files, which git is to keep: {', '.join(lacking)}"


def _new_sections(root: Path) -> Iterator[str]:
    """Add to release.yaml the sections that it lacks, as they are shipped: DVC refuses a stage that reads one."""
    path = root / TERMS
    if not path.is_file():
        return
    text, known = path.read_text(encoding="utf-8"), read_yaml(path) or {}
    blocks = template(TERMS).split("\n\n")
    named = {found[1]: block for block in blocks if (found := re.search(r"^(\w+):", block, re.MULTILINE))}
    lacking = [name for name in named if name not in known]
    if lacking:
        write_text(path, "\n\n".join([text.rstrip("\n"), *(named[name].strip("\n") for name in lacking)]) + "\n")
        yield f"{TERMS} has new sections: {', '.join(lacking)}"


def main() -> None:
    """Run a stage, once its code is the one that it is to be."""
    module = sys.argv[1] if len(sys.argv) > 1 else ""
    stage = module.rsplit(".", 1)[-1]
    try:
        if module not in {f"stages.{stage}", f"release.{stage}", f"monitoring.{stage}"} or stage not in installed_code():
            raise BadInputError(f"{module!r} is no stage of ceteris {__version__}.", "Run the pipeline with: dvc repro")
        refuse_other_code(find_root(), stage)
    except CeterisError as error:
        print(f"{stage}: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    runpy.run_module(f"ceteris.{module}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

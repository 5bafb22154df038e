"""Our own dvc.yaml, as a project without a src/ of its own runs it: code is watched through one file of digests. Pure."""

from __future__ import annotations

import re

__all__ = ["for_installed", "watched_code"]

_STAGE = re.compile(r"^  (\w+):$")
_CODE = re.compile(r"^      - src/ceteris/(\S+)$")
_RUN = re.compile(r"PYTHONPATH=src python -m ceteris\.(\S+)$")
_HEAD = """\
# Written by `ceteris init --into` and `ceteris upgrade`, and the same as that of ceteris itself but for the code, which pip
# installed: what a stage runs is watched through its line of ceteris.lock. Every path stands here once.
"""


def for_installed(text: str, lock: str) -> str:
    """Return what a dvc.yaml of ceteris's own repository is where ceteris is installed.

    Parameters
    ----------
    text : str
    lock : str
        The file that holds the digest of each stage's code, under `code`, relative to the working directory of the stages.
    """
    lines = text.splitlines()
    while lines[0].startswith("#"):
        lines.pop(0)
    out, stage = [], ""
    for line in lines:
        named = _STAGE.match(line)
        stage = named[1] if named else stage
        if _CODE.match(line):
            continue
        out.append(_RUN.sub(r"python -m ceteris.installed \1", line))
        if line == "    params:":
            out += [f"      - {lock}:", f"          - code.{stage}"]
        if line == "      - ${path.source}":
            out.append("      - ${ingest.source}")
    return _HEAD + "\n".join(out) + "\n"


def watched_code(text: str) -> dict[str, tuple[str, ...]]:
    """Return the files of the package that each stage of our own dvc.yaml runs, by their paths in it."""
    found: dict[str, tuple[str, ...]] = {}
    stage = ""
    for line in text.splitlines():
        named, code = _STAGE.match(line), _CODE.match(line)
        stage = named[1] if named else stage
        if code:
            found[stage] = (*found.get(stage, ()), code[1])
    return found

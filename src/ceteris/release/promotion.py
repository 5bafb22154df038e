"""The door to release/model/: what is served is replaced by a whole candidate that passed the gate, and DVC keeps it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ceteris.errors import CeterisError, IntegrityError
from ceteris.experiments.git import Git
from ceteris.release.card import with_guards
from ceteris.release.folder import CANDIDATE, GATE, GROUPS, MODEL, read_terms
from ceteris.release.guards import Guard
from ceteris.serving.packaged import CARD, FILES, MANIFEST, Packaged, open_package
from ceteris.store import read_json, read_table, settle, sha256, single_writer, sweep, write_bytes, write_json

__all__ = ["POINTER", "promote"]

POINTER = f"{MODEL}.dvc"


def promote(root: Path) -> None:
    """Let release/model/ hold the candidate that passed the gate, with its guards on its card, and let DVC and git know.

    Whatever was stopped half-way is completed by doing it again.

    Raises
    ------
    IntegrityError
        The candidate is another than the one that passed.
    """
    gate = read_json(root / GATE)
    with single_writer(root, "accept"):
        package = open_package(root / CANDIDATE, read_terms(root).package.trusted or ())
        if not gate["passed"] or gate["package"] != package.fingerprint:
            raise IntegrityError(f"{CANDIDATE} is not the package that {GATE} tells of.", "Measure it anew: ceteris accept")
        guards = [Guard(**one) for one in gate["guards"]]
        groups = read_table(root / GROUPS, text=("column", "group", "state"))
        text = with_guards((root / CANDIDATE / CARD).read_text("utf-8"), guards, groups, numbers=not package.schema.classes)
        replace(package, text, root / MODEL)
    _track(root)


def replace(package: Packaged, card: str, target: Path) -> None:
    """Write a package to a folder, file by file, its manifest last.

    Stopped before the end, the folder holds a manifest that its files do not fit, or none, and nobody opens it.
    """
    for name in FILES:
        content = card.encode() if name == CARD else (package.folder / name).read_bytes()
        if not (target / name).is_file() or (target / name).read_bytes() != content:
            write_bytes(target / name, content)
    sweep(target, {target / name for name in (*FILES, MANIFEST)})
    settle(target)
    files = {name: sha256(target / name) for name in FILES}
    write_json(target / MANIFEST, package.manifest | {"files": files})
    settle(target)


def _track(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "add", MODEL], cwd=root, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise CeterisError(f"DVC does not keep {MODEL}: {done.stderr.strip()}", "Then run this again: ceteris accept")
    with Git(root) as git:
        git.stage(POINTER)

"""Which of our own files a module runs: what DVC must watch, and what a cell's code fingerprint covers."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version_tuple

from ceteris.measuring.fingerprint import of_values

__all__ = ["PACKAGE", "import_closure", "first_party_imports", "code_fingerprint", "library_versions", "training_code"]

PACKAGE = Path(__file__).resolve().parent


def first_party_imports(path: Path, package: Path = PACKAGE) -> set[Path]:
    """Return the files of the package that one file imports, at its top or inside its functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    files: set[Path] = set()
    for name in names:
        parts = name.split(".")
        if parts[0] == package.name:
            for end in range(1, len(parts) + 1):
                files.update(_file_of(package.parent.joinpath(*parts[:end])))
    return files


def _file_of(stem: Path) -> list[Path]:
    return [path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()]


@cache
def import_closure(module: str, package: Path = PACKAGE) -> tuple[Path, ...]:
    """Return every first-party file that running `ceteris.<module>` can load, sorted.

    Packages above a module are loaded with it, so `ceteris/__init__.py` is always among them.
    """
    stem = package.joinpath(*module.split("."))
    waiting = [*_file_of(stem), package / "__init__.py", *(_file_of(stem.parent) if stem.parent != package else [])]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting.extend(first_party_imports(path, package))
    return tuple(sorted(found))


def code_fingerprint(module: str) -> str:
    """Return the sha256 over the sources that a module runs."""
    digest = hashlib.sha256()
    for path in import_closure(module):
        source = path.read_bytes()
        digest.update(f"{path.relative_to(PACKAGE)}:{len(source)}:".encode() + source)
    return digest.hexdigest()


def library_versions() -> dict[str, str]:
    """Return the versions that a fitted model can depend on."""
    found = {"python": ".".join(python_version_tuple()[:2])}
    for name in ("numpy", "scipy", "scikit-learn", "pandas"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def training_code() -> str:
    """Return the fingerprint of all that trains a cell beside its data and its recipe: our own sources and the libraries."""
    return of_values([code_fingerprint("stages.train"), library_versions()])

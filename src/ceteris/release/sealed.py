"""The one door to the sealed test part: it opens for a look that stands in looks.csv, and for no one else."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from ceteris.dataset import Dataset
from ceteris.dvc_lock import parse_lock
from ceteris.errors import BadInputError, IntegrityError, SealedTestError
from ceteris.measuring.fingerprint import of_values
from ceteris.release.folder import read_looks
from ceteris.release.looks import FILE as LOOKS
from ceteris.release.looks import Look, find
from ceteris.splitting.splits import TEST
from ceteris.store import SEALED, read_json, read_parquet

__all__ = ["TestPart", "count_of", "open_test", "seal_of"]


@dataclass(frozen=True)
class TestPart:
    """The rows of the test part, and the true labels that are known of them (columns of `dataset.META`)."""

    __test__ = False  # pytest takes every Test* for its own

    rows: Dataset
    truth: pd.DataFrame


def count_of(root: Path, layout: Mapping[str, str]) -> int:
    """Return how many rows the test part holds, as split published it."""
    path = root / layout["results"] / "split" / "summary.json"
    if not path.is_file():
        raise BadInputError(f"{path.relative_to(root)} is not there.", "Run the pipeline first: dvc repro")
    return int(read_json(path)[TEST])


def seal_of(root: Path, layout: Mapping[str, str]) -> str:
    """Return the digest of the test part as split left it, without opening it: DVC noted it in dvc.lock.

    Raises
    ------
    BadInputError
        The pipeline did not come past split, or a file is not there.
    """
    noted = _noted(root, layout)
    for path in noted:
        if not (root / path).exists():
            raise BadInputError(f"{path} is not there.", f"Bring it back: dvc checkout {path}")
    return of_values(noted.values())


def open_test(root: Path, layout: Mapping[str, str], look: Look) -> TestPart:
    """Return the test part, for a look that was taken.

    Raises
    ------
    SealedTestError
        The look does not stand in looks.csv, or it was taken at another test part.
    IntegrityError
        A file is not what split left.
    """
    taken = find(read_looks(root), look.question)
    if taken is None or replace(taken, question=look.question) != look:
        raise SealedTestError(f"This look does not stand in {LOOKS}.", SealedTestError.ONLY_A_LOOK)
    if look.question.test != seal_of(root, layout):
        raise SealedTestError(
            f"Look {look.number} was taken at another test part than the one that is sealed now.", SealedTestError.ONLY_A_LOOK
        )
    rows, truth = (_read(root, path, md5) for path, md5 in _noted(root, layout).items())
    part = TestPart(Dataset.from_frame(rows), truth)
    parts = read_parquet(root / layout["split"] / "parts.parquet")
    if set(part.rows.ids) != set(parts.loc[parts["part"] == TEST, "id"]):
        raise IntegrityError(
            "The test part holds other rows than split assigned to it.", "Make it anew: dvc repro split --force"
        )
    return part


def _read(root: Path, path: str, md5: str) -> pd.DataFrame:
    content = (root / path).read_bytes()
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
        raise IntegrityError(
            f"{path} is not what split left: it was changed since.", f"Bring it back: dvc checkout --force {path}"
        )
    return read_parquet(io.BytesIO(content))


def _noted(root: Path, layout: Mapping[str, str]) -> dict[str, str]:
    """Return the md5 that dvc.lock holds for each sealed file, by its path."""
    paths = [f"{layout['split']}/{name}" for name in SEALED]
    try:
        lock = parse_lock((root / "dvc.lock").read_bytes())
        outs = {out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage.get("outs", ()) if "md5" in out}
        return {path: str(outs[path]) for path in paths}
    except (OSError, LookupError, TypeError, AttributeError, ValueError) as error:
        raise BadInputError(
            f"dvc.lock does not tell what the test part was when it was sealed ({type(error).__name__}).",
            "Run the pipeline first: dvc repro",
        ) from None

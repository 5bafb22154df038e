"""What a repository holds of other data when a new file is declared: answers about rows that it lacks, and looks."""

from __future__ import annotations

import shlex
from pathlib import Path

import pandas as pd

from ceteris.dataset import ID, LABEL
from ceteris.editing.ledger import read_ledger
from ceteris.errors import CeterisError, some
from ceteris.layout import read_layout
from ceteris.release.folder import EDITS
from ceteris.release.looks import FILE as LOOKS
from ceteris.release.looks import LEVEL, lines_of

__all__ = ["of_other_data"]


def of_other_data(root: Path, frame: pd.DataFrame, *, known: bool, planted: bool) -> list[str]:
    """Return what does not fit the rows of a file, each a sentence with what to do; nothing is touched.

    Parameters
    ----------
    frame : DataFrame
        With ID and LABEL.
    known : bool
        Whether this very file is the one that params.yaml declares already.
    planted : bool
        Whether labels will be changed on purpose, so that answers may be about another label than the file has.
    """
    labels = dict(zip(frame[ID], frame[LABEL], strict=True))
    told = [_answers(root, folder, labels, by_label=not planted) for folder in (read_layout(root)["edits"], EDITS)]
    return [line for line in (*told, "" if known else _looks(root)) if line]


def _answers(root: Path, folder: str, labels: dict[str, str], by_label: bool) -> str:
    """Return how many answers of a ledger are about rows, or labels, that the file does not hold."""
    try:
        lines = read_ledger(root / folder)
    except CeterisError as refusal:
        return str(refusal)
    holds = lines["id"].map(labels)
    strange = holds.isna()
    if by_label:
        strange |= (holds != lines["given_label"]) & (holds != lines["new_label"])
    if not strange.any():
        return ""
    number = int(strange.sum())
    names = lines.loc[strange, "where"].str.rsplit(" line ", n=1).str[0].map(lambda path: Path(path).name)
    files = [f"{folder}/{name}" for name in sorted(set(names))]
    away = shlex.quote(f"../{root.resolve().name}-other-edits")  # `git rm` refuses what is not committed
    return (
        f"{folder}/ holds {number:,} answer{'s' * (number > 1)} about rows or labels that this file does not hold, in "
        f"{some(files)}: `dvc repro` will refuse them. Where they belong to other data, move them out, committed or not: "
        f"mkdir -p {away} && mv -i {' '.join(map(shlex.quote, files))} {away}/"
    )


def _looks(root: Path) -> str:
    path = root / LOOKS
    taken = len(lines_of(path.read_text(encoding="utf-8", errors="replace"))) if path.is_file() else 0
    if not taken:
        return ""
    return (
        f"{LOOKS} counts {taken:,} look{'s' * (taken > 1)} at a test part of other data, and none is ever taken off the count: "
        f"the next has the level {LEVEL:g} / 2^{taken + 1}. Data of another matter belong in a clone of their own"
    )

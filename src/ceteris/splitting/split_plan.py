"""Which split suits a file, as lines of params.yaml: where time is cut, and what the texts of a column of parts mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ceteris.dataset import ID, PART, Dataset, row_digests
from ceteris.errors import BadInputError, LeakageError, some
from ceteris.sections import Ingest, Split
from ceteris.splitting.parts import assign_parts
from ceteris.splitting.splits import PARTS, TEST, TRAIN, VALIDATION
from ceteris.tables.times import spelled

__all__ = ["propose_cuts", "split_lines"]

_WORDS = {
    "train": TRAIN, "training": TRAIN, "trn": TRAIN, "tr": TRAIN, "fit": TRAIN,
    "validation": VALIDATION, "valid": VALIDATION, "val": VALIDATION, "dev": VALIDATION, "eval": VALIDATION,
    "test": TEST, "testing": TEST, "tst": TEST, "holdout": TEST, "hold-out": TEST, "hold_out": TEST,
}  # fmt: skip


def split_lines(
    frame: pd.DataFrame, ingest: Ingest, split: Split, *, dated: bool = False
) -> tuple[dict[tuple[str, ...], Any], list[str]]:
    """Return the lines of the section `split` that a file calls for, by their path, and what to say about them.

    Parameters
    ----------
    frame : DataFrame
        In the form of `sources.read`.
    ingest : Ingest
        The columns that it names.
    split : Split
        As it stands, but for `copies`, which fits the file.
    dated : bool
        Whether times are dates.

    Raises
    ------
    BadInputError
        There are too few different times to cut, or a text of the column means no part.
    """
    lines: dict[str, Any] = {"by": "hash", "validation_from": None, "test_from": None, "parts": None, "straddling": "refuse"}
    data, named = Dataset.from_frame(frame), None
    if ingest.time is not None:
        assert data.times is not None
        cuts = propose_cuts(data.times, split.validation, split.test, ingest.time)
        lines |= {"by": "time"} | dict(zip(("validation_from", "test_from"), (spelled(at, dated) for at in cuts), strict=True))
    elif ingest.part is not None:
        named = frame.set_index(ID)[PART].reindex(data.ids).to_numpy(dtype=object)
        lines |= {"by": "column", "parts": _meanings(frame[PART])}
    if lines["by"] == "hash":
        return _at_paths(lines), []
    digests, told = row_digests(data.features), []
    wanted = Split(**(split.model_dump() | lines))
    try:
        parts = assign_parts(data, wanted, digests, named)
    except LeakageError as refusal:
        lines["straddling"] = "hold_out"
        told.append(f"{refusal.what} split.straddling is hold_out: each goes whole to the side of its last rows")
        parts = assign_parts(data, wanted.model_copy(update={"straddling": "hold_out"}), digests, named)
    return _at_paths(lines), [_told(parts, lines, ingest), *told, *_absent(data.labels, parts, wanted)]


def propose_cuts(times: np.ndarray, validation: float, test: float, column: str) -> tuple[float, float]:
    """Return from which times on rows judge and are sealed, so that their shares are nearest to those asked for."""
    moments, counts = np.unique(times, return_counts=True)
    if len(moments) < len(PARTS):
        raise BadInputError(
            f"Column {column!r} holds {len(moments)} different times, and rows of one time are never parted: three are needed.",
            "Name another column with --time, or leave it out: rows are then split by a hash of their id.",
        )
    after = 1 - (np.cumsum(counts) - counts) / len(times)  # share of the rows at this time and later
    sealed = 2 + int(np.argmin(np.abs(after[2:] - test)))
    judging = 1 + int(np.argmin(np.abs(after[1:sealed] - after[sealed] - validation)))
    return float(moments[judging]), float(moments[sealed])


def _meanings(named: pd.Series) -> dict[str, str] | None:
    """Return what the texts of a column of parts mean, but for those that say it in our words; None where all do."""
    found = {str(text): _WORDS.get(str(text).strip().casefold()) for text in sorted(named.dropna().unique())}
    if VALIDATION not in found.values() and TRAIN in found.values():
        found = {text: "hash" if part == TRAIN else part for text, part in found.items()}
    return {text: part for text, part in found.items() if part is not None and part != text} or None


def _at_paths(lines: dict[str, Any]) -> dict[tuple[str, ...], Any]:
    return {("split", key): value for key, value in lines.items()}


def _told(parts: np.ndarray, lines: dict[str, Any], ingest: Ingest) -> str:
    train, judging, sealed = (f"{int((parts == part).sum()):,}" for part in (TRAIN, VALIDATION, TEST))
    if lines["by"] == "time":
        return (
            f"split.by is time ({ingest.time}): {train} rows train, {judging} from {lines['validation_from']} on judge, "
            f"{sealed} from {lines['test_from']} on are sealed, and so are all that come later, until you move split.test_from"
        )
    meant = f"; split.parts says what its texts mean: {lines['parts']}" if lines["parts"] else ""
    drawn = ", validation drawn from its train rows by hash" if "hash" in (lines["parts"] or {}).values() else ""
    return f"split.by is column ({ingest.part}): {train} rows train, {judging} judge, {sealed} are sealed{drawn}{meant}"


def _absent(labels: np.ndarray, parts: np.ndarray, split: Split) -> list[str]:
    told = []
    for part in (TRAIN, VALIDATION):
        absent = sorted(set(labels[parts != TEST]) - set(labels[parts == part]))
        if not (parts == part).any():
            told.append(f"no row would {'train' if part == TRAIN else 'judge'}, which is refused. {split.remedy(part)}")
        elif absent:
            told.append(f"no {part} row has the classes {some(absent)}, which is refused. {split.remedy(part)}")
    return told

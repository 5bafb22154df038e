"""What else is wrong with the train rows? Issues beyond labels, each with what would mend it; nothing is changed here."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ceteris.dataset import BATCH, ID, VOTES, Dataset
from ceteris.diagnosis.kinds import FOUND, KINDS, NOT_JUDGED
from ceteris.diagnosis.looked import look
from ceteris.families.found import families_of, searched
from ceteris.families.line import line_of, unsure_line
from ceteris.families.unsure import unsure_of
from ceteris.kinds import array_kind, image_pixels
from ceteris.stages import Stage, run
from ceteris.store import read_json, read_parquet, sweep, write_parquet, write_table
from ceteris.tables.near import near_to
from ceteris.tables.votes import unpacked

__all__ = ["main"]


def main(stage: Stage) -> None:
    """Write data/diagnosis/issues.parquet, and results/diagnose/ (a line a kind, a line a family), from the train rows.

    Of the validation rows it reads the features, to see which train rows equal one: no label of theirs.
    """
    frame = read_parquet(stage.path("split", "train.parquet")).sort_values(ID, kind="stable", ignore_index=True)
    train = Dataset.from_frame(frame)
    classes = tuple(read_json(stage.path("split", "classes.json")))
    audited = read_parquet(stage.path("audit", "issues.parquet")).set_index("id").reindex(train.ids)
    agrees = (audited["given_label"] == audited["suggested_label"]).to_numpy(dtype=bool)
    settings = stage.params.diagnose
    found = look(
        train,
        classes,
        agrees,
        kinds=stage.params.ingest.kinds,
        leaking=_leaking(stage, train),
        pictures=_pictures(stage, train),
        most=settings.most_rows,
        seed=settings.seed,
    )
    write_parquet(stage.path("diagnosis", "issues.parquet"), found.rows)
    folder = stage.path("results", "diagnose")
    families, unsure = _families(stage, frame, train, audited.reset_index(), classes)
    tables = {"issues.csv": found.kinds, "families.csv": families, "unsure.csv": unsure}
    for name, table in tables.items():
        write_table(folder / name, table)
    sweep(folder, {folder / name for name in tables})
    for family in families.itertuples():
        stage.tell(f"family {family.number}: {line_of(family)}")
    for one in unsure.itertuples():
        stage.tell(f"the audit's model is unsure where {unsure_line(one)}")
    _tell(stage, found.kinds)


def _families(
    stage: Stage, frame: pd.DataFrame, train: Dataset, audited: pd.DataFrame, classes: tuple[str, ...]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the families of errors, the surest first, and where the audit's model is itself unsure."""
    pred_probs = None
    if classes:
        pred_probs = read_parquet(stage.path("audit", "pred_probs.parquet")).set_index(ID).loc[train.ids].to_numpy(dtype=float)
    rows = searched(
        train,
        audited,
        pred_probs,
        classes,
        stage.params.ingest.kinds,
        batch=frame[BATCH].to_numpy(dtype=object) if BATCH in frame else None,
        votes=unpacked(frame[VOTES].to_numpy(dtype=object)) if VOTES in frame else None,
    )
    families = families_of(rows)
    return families, unsure_of(rows, set(families["pattern"]))


def _leaking(stage: Stage, train: Dataset) -> np.ndarray:
    """Return which train rows nearly equal a validation row."""
    judging = read_parquet(stage.path("split", "validation.parquet"))
    return near_to(train.features, judging)


def _pictures(stage: Stage, train: Dataset) -> np.ndarray | None:
    shape = read_json(stage.path("results", "validate", "summary.json"))["image_shape"]
    if shape is None:
        return None
    ink = image_pixels(train.features, shape).astype(float)
    if ink.ndim == 4:  # colours, as they are
        return ink.astype(np.uint8)
    whole = any(array_kind(train.features[name]) for name in train.features)
    scale = 1.0 if whole else 255 / max(float(ink.max()), 1.0)
    return np.asarray(np.clip(255 - ink * scale, 0, 255), dtype=np.uint8)


def _tell(stage: Stage, kinds: pd.DataFrame) -> None:
    for line in kinds[kinds["status"] == FOUND].itertuples():
        rows = f"{line.rows:,} of {line.judged:,} rows" if KINDS[str(line.kind)].of_rows else ""
        stage.tell(f"{line.kind!s}: {', '.join(filter(None, [rows, str(line.about)]))}")
    for line in kinds[kinds["status"] == NOT_JUDGED].itertuples():
        stage.tell(f"{line.kind!s} was not judged: {line.why!s}")


if __name__ == "__main__":
    run(main)

"""Can it be trusted as it stands? Writes the schema and the counts, or refuses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ceteris.dataset import FEWEST_ROWS, GROUP, LABEL, Dataset
from ceteris.errors import BadInputError
from ceteris.kinds import array_kind
from ceteris.stages import Stage, run
from ceteris.store import read_json, read_parquet, write_json, write_table
from ceteris.tables.labels import refuse_undeclared

__all__ = ["main", "schema"]


def main(stage: Stage) -> None:
    """Check data/raw/table.parquet and write results/validate/."""
    frame = read_parquet(stage.path("raw", "table.parquet"))
    data = Dataset.from_frame(frame)
    declared = stage.params.validate_.classes
    if declared:
        refuse_undeclared(data.labels, declared)
    if len(data) < FEWEST_ROWS:
        raise BadInputError(
            f"There are {len(data)} rows.", f"ceteris needs {FEWEST_ROWS} at the very least; add rows to the source."
        )
    if data.features.shape[1] == 0:
        raise BadInputError("No feature column is left.", "Take columns out of ingest.drop in params.yaml.")
    manifest = read_json(stage.path("raw", "manifest.json"))
    write_table(stage.path("results", "validate", "schema.csv"), schema(data.features, manifest["features"]))
    write_json(
        stage.path("results", "validate", "summary.json"),
        {
            "rows": len(data),
            "features": data.features.shape[1],
            "classes": None if stage.params.numbers else len(set(data.labels)),
            "groups": len(set(frame[GROUP])) if GROUP in frame else None,
            "image_shape": manifest.get("image_shape"),
            "missing_cells": int(data.features.isna().sum().sum()),
            "notes": manifest.get("notes", []),
        },
    )
    labels = "labels are numbers" if stage.params.numbers else f"{len(set(frame[LABEL])):,} classes"
    stage.tell(f"{len(data):,} rows, {data.features.shape[1]:,} features, {labels}")


def schema(features: pd.DataFrame, kinds: Mapping[str, str]) -> pd.DataFrame:
    """Return one row a feature column: its kind, the count of missing cells, and whether it is constant.

    Nothing is told of single values: some rows are about to be sealed.
    """
    return pd.DataFrame(
        {
            "column": pd.Series(features.columns, dtype=object),
            "kind": pd.Series([kinds[str(name)] for name in features.columns], dtype=object),
            "missing": features.isna().sum().to_numpy(),
            "constant": np.array([_constant(features[name]) for name in features.columns], dtype=bool),
        }
    )


def _constant(column: pd.Series) -> bool:
    values = column.map(bytes) if array_kind(column) else column.dropna()
    return len(values.unique()) <= 1


if __name__ == "__main__":
    run(main)

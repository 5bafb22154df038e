"""The door to what a retrain has changed and not ended: noted before it is changed, and put back also after a kill -9."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from ceteris.store import STATE, read_json, single_writer, write_parquet, write_text

__all__ = ["begin", "end", "put_back"]

NOTE = f"{STATE}/retrain.json"
_PARAMS = "params.yaml"


def begin(root: Path, batch: str, rows: pd.DataFrame, before: str, after: str) -> None:
    """Write a batch and the params that name it, and first how to go back.

    Parameters
    ----------
    batch : str
        The file of the batch.
    before, after : str
        What params.yaml holds, and what it is to hold.
    """
    with single_writer(root, "retrain"):
        write_text(root / NOTE, json.dumps({"batch": batch, "before": before, "after": after}))
        write_parquet(root / batch, rows)
        write_text(root / _PARAMS, after)


def end(root: Path) -> None:
    """Keep what was changed."""
    (root / NOTE).unlink(missing_ok=True)


def put_back(root: Path) -> str:
    """Put back what a retrain changed that did not come to its end; return what became of it, "" where there is none."""
    if not (root / NOTE).is_file():
        return ""
    with single_writer(root, "retrain"):
        begun = read_json(root / NOTE)
        now = (root / _PARAMS).read_text(encoding="utf-8")
        untouched = now in (begun["before"], begun["after"])
        if untouched:
            write_text(root / _PARAMS, begun["before"])
            (root / begun["batch"]).unlink(missing_ok=True)
        end(root)
    if untouched:
        return "params.yaml is as it was, and the batch is gone; the next retrain or `dvc repro` brings the results back to it"
    return f"params.yaml was edited meanwhile and stays as it is, and so does {begun['batch']}: take both back by hand"

"""A cell on disk: predictions, first model, fingerprint last, each file checked against the fingerprint when it is read."""

from __future__ import annotations

import hashlib
import io
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ceteris.errors import IntegrityError
from ceteris.measuring.fingerprint import Fingerprint
from ceteris.store import read_json, write_bytes, write_json
from ceteris.training.cells import Cell

__all__ = [
    "PREDICTIONS",
    "MODEL",
    "FINGERPRINT",
    "LEFT_OUT",
    "write_cell",
    "cell_state",
    "read_cell",
    "copy_cell",
    "left_out",
    "unpack",
]

PREDICTIONS, MODEL, FINGERPRINT = "predictions.npz", "model.skops", "fingerprint.json"
LEFT_OUT = "left-out.json"  # beside the cells of a model: versions that whoever predicted elsewhere did not predict

_AGAIN = "Make it anew: dvc repro train --force"


def write_cell(
    folder: Path, cell: Cell, fingerprint: Fingerprint, ids: np.ndarray, classes: tuple[str, ...], model: bytes
) -> None:
    """Write a cell's files; the fingerprint, which names the others' sha256, comes last and makes the cell whole."""
    arrays: dict[str, Any] = {
        "ids": np.array(ids, dtype=str),
        "classes": np.array(classes, dtype=str),
        "predicted": cell.predicted,
    }
    if cell.pred_probs is not None:
        arrays["pred_probs"] = cell.pred_probs
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    files = {PREDICTIONS: buffer.getvalue()}
    if model:
        files[MODEL] = model
    _write(folder, files, {"n_seeds": cell.n_seeds, "deterministic": cell.deterministic, "fingerprint": asdict(fingerprint)})


def copy_cell(source: Path, folder: Path) -> None:
    """Write a cell anew from one with the same fingerprint."""
    state = read_json(source / FINGERPRINT)
    _write(folder, {name: (source / name).read_bytes() for name in state.pop("files")}, state)


def _write(folder: Path, files: dict[str, bytes], state: dict[str, Any]) -> None:
    for name, content in files.items():
        write_bytes(folder / name, content)
    write_json(
        folder / FINGERPRINT, state | {"files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}}
    )


def cell_state(folder: Path) -> dict[str, Any] | None:
    """Return a cell's fingerprint file where the cell is whole, else None: a file that is missing or differs voids it."""
    try:
        state = read_json(folder / FINGERPRINT)
        for name, digest in state["files"].items():
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
                return None
        Fingerprint(**state["fingerprint"])
        return dict(state)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_cell(folder: Path) -> tuple[Cell, Fingerprint, np.ndarray, tuple[str, ...]]:
    """Return a cell, its fingerprint, the ids of its rows and the classes.

    Raises
    ------
    IntegrityError
        The cell is missing, or its files are not those that were written.
    """
    state = cell_state(folder)
    if state is None:
        raise IntegrityError(
            f"The cell {folder.parent.name}/{folder.name} is missing or not what train wrote.",
            _AGAIN,
        )
    return unpack(state, (folder / PREDICTIONS).read_bytes())


def left_out(folder: Path) -> list[str]:
    """Return the versions of which a model whose predictions were made elsewhere has no cell; refusals as of `read_cell`."""
    try:
        return list(read_json(folder / LEFT_OUT))
    except (OSError, ValueError):
        raise IntegrityError(f"{folder.name}/{LEFT_OUT} is missing or not what train wrote.", _AGAIN) from None


def unpack(state: dict[str, Any], predictions: bytes) -> tuple[Cell, Fingerprint, np.ndarray, tuple[str, ...]]:
    """Return what `read_cell` returns, from the content of the two files."""
    with np.load(io.BytesIO(predictions), allow_pickle=False) as arrays:
        cell = Cell(
            predicted=arrays["predicted"],
            pred_probs=arrays.get("pred_probs"),
            n_seeds=int(state["n_seeds"]),
            deterministic=bool(state["deterministic"]),
        )
        return cell, Fingerprint(**state["fingerprint"]), arrays["ids"].astype(object), tuple(map(str, arrays["classes"]))

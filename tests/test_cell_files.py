"""A cell on disk: whole and as it was written, or not there at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ceteris.errors import IntegrityError
from ceteris.measuring.fingerprint import Fingerprint
from ceteris.training.cell_files import FINGERPRINT, MODEL, PREDICTIONS, cell_state, copy_cell, read_cell, write_cell
from ceteris.training.cells import Cell

KEY = Fingerprint("d", "m", "s", "i", "c")
IDS = np.array(["007", "é", "=1"], dtype=object)
CLASSES = ("ant", "bee")
PROBS = np.array([[[0.1, 0.9], [0.8, 0.2], [0.5, 0.5]]])


def write(folder: Path, probs: np.ndarray | None = PROBS, model: bytes = b"model") -> Path:
    cell = Cell(np.array([[1, 0, 0]], dtype=np.int32), probs, n_seeds=10, deterministic=True)
    write_cell(folder, cell, KEY, IDS, CLASSES, model)
    return folder


@pytest.mark.parametrize("probs", [PROBS, None], ids=["with probabilities", "without"])
def test_what_is_written_is_read(tmp_path: Path, probs: np.ndarray | None) -> None:
    cell, fingerprint, ids, classes = read_cell(write(tmp_path / "m/v", probs))
    assert cell.predicted.tolist() == [[1, 0, 0]]
    assert (cell.pred_probs is None) if probs is None else np.array_equal(cell.pred_probs, probs)
    assert (cell.n_seeds, cell.deterministic, fingerprint, classes) == (10, True, KEY, CLASSES)
    assert ids.tolist() == IDS.tolist()


def test_the_same_cell_is_the_same_bytes(tmp_path: Path) -> None:
    one, other = write(tmp_path / "a/v"), write(tmp_path / "b/v")
    for name in (PREDICTIONS, MODEL, FINGERPRINT):
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_a_copy_is_a_cell_of_its_own(tmp_path: Path) -> None:
    copy_cell(write(tmp_path / "m/v"), tmp_path / "m/w")
    assert cell_state(tmp_path / "m/w") == cell_state(tmp_path / "m/v")


def test_a_control_has_no_model_file(tmp_path: Path) -> None:
    folder = write(tmp_path / "m/v", model=b"")
    assert not (folder / MODEL).exists()
    assert cell_state(folder) is not None


@pytest.mark.parametrize("name", [PREDICTIONS, MODEL, FINGERPRINT])
@pytest.mark.parametrize("fault", ["missing", "one bit", "cut short", "empty"])
def test_a_cell_with_a_damaged_file_is_no_cell(tmp_path: Path, name: str, fault: str) -> None:
    folder = write(tmp_path / "m/v")
    content = (folder / name).read_bytes()
    if fault == "missing":
        (folder / name).unlink()
    else:
        place = content.rindex(b'"sha') if b'"sha' in content else len(content) // 2
        broken = {
            "one bit": content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :],
            "cut short": content[: len(content) // 2],
            "empty": b"",
        }
        (folder / name).write_bytes(broken[fault])
    assert cell_state(folder) is None
    with pytest.raises(IntegrityError, match=r"m/v is missing or not what train wrote.*dvc repro train --force"):
        read_cell(folder)


def test_a_cell_that_was_never_written_is_no_cell(tmp_path: Path) -> None:
    assert cell_state(tmp_path / "nowhere") is None

"""The notebooks run exactly as published, and stay thin."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def code_cells(path: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_all_four_are_there() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "01-same-data-other-models",
        "02-same-model-other-data",
        "03-review-labels",
        "04-what-moved-the-score",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_thin_and_stripped(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
    cells = code_cells(path)
    assert len(cells) <= 15
    for source in cells:
        assert len(source.splitlines()) <= 10
        tree = ast.parse(source)
        assert not any(isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)) for node in ast.walk(tree))
        assert not any(word in source for word in ("pip ", "data/", "results/", "../"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_as_published(path: Path, default_repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = default_repository
    monkeypatch.setenv("PYTHONPATH", str(root / "src"))
    notebook = nbformat.read(root / "notebooks" / path.name, as_version=4)
    assert [cell.source for cell in notebook.cells if cell.cell_type == "code"] == code_cells(path)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(root / "notebooks")}}).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in shown if output.output_type == "error"]
    drawn = any("image/svg+xml" in output.get("data", {}) for output in shown)
    assert drawn == any("figures" in source for source in code_cells(path))

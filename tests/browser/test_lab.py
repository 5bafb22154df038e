"""A notebook opens and runs in a real JupyterLab."""

from __future__ import annotations

from lab import Notebook


def test_notebook_03_runs_by_the_menu_without_an_error_or_a_question(notebook: Notebook) -> None:
    notebook.run_all()
    assert notebook.errors() == []
    assert notebook.page.locator(".jp-Dialog").count() == 0
    assert notebook.page.locator(".jp-OutputArea-output table").count() >= 4

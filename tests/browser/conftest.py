"""What every test in the browser shares: one Chromium, and repositories to be reviewed in a JupyterLab of their own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkout import run
from lab import Lab, Notebook, chromium, serve
from playwright.sync_api import Browser

SIZE = {"width": 1400, "height": 1000}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what stands in this folder: it needs a Chromium, and runs by `make test-browser`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def lab(default_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab on a copy of the default repository, for all tests of a file."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(default_repository, folder / "repository", symlinks=True)
    for command in (["add", "--all"], ["commit", "--quiet", "--allow-empty", "--message", "as it was run"]):
        run(folder / "repository", "git", *command)
    with serve(folder / "repository", folder / "home") as served:
        yield served


@pytest.fixture
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    """Notebook 03, open in a page of its own."""
    context = browser.new_context(viewport=SIZE)
    yield Notebook(lab, context.new_page(), "notebooks/03-review-labels.ipynb").open()
    context.close()

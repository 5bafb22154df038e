"""Where things stand is read from dvc.yaml alone, and one that lacks a place is refused with its name."""

from __future__ import annotations

from pathlib import Path

import pytest
from small import REPOSITORY, repository

from ceteris.errors import BadInputError, ParamsError
from ceteris.layout import ADDED, PLACES, layout_of, read_layout
from ceteris.store import read_yaml


def test_paths_are_read_from_dvc_yaml_alone(tmp_path: Path) -> None:
    assert read_layout(repository(tmp_path))["edits"] == "data/edits"
    (tmp_path / "dvc.yaml").write_text("vars: []\nstages: {}\n")
    with pytest.raises(BadInputError, match=r"git checkout dvc\.yaml"):
        read_layout(tmp_path)


@pytest.mark.parametrize("name", PLACES)
def test_a_path_that_is_missing_is_named_with_the_command_that_brings_it_back(tmp_path: Path, name: str) -> None:
    path = repository(tmp_path) / "dvc.yaml"
    path.write_text(path.read_text().replace(f"      {name}: ", f"      {name}s: ", 1))
    with pytest.raises(BadInputError) as refusal:
        read_layout(tmp_path)
    assert str(refusal.value) == (
        f"dvc.yaml names no path for {name!r} under `vars: path`. Restore it from git: git checkout dvc.yaml"
    )


@pytest.mark.parametrize(
    "document", [None, [], {}, {"vars": None}, {"vars": {"path": {}}}, {"vars": ["x"]}, {"vars": [{"path": None}]}]
)
def test_a_dvc_yaml_without_paths_is_refused(document: object) -> None:
    with pytest.raises(BadInputError, match=r"holds no `vars: path`\. Restore it from git"):
        layout_of(document)


def test_every_place_that_is_asked_for_is_one_that_the_shipped_file_names() -> None:
    assert set(layout_of(read_yaml(REPOSITORY / "dvc.yaml"))) == {*PLACES, *ADDED}


def with_models(root: Path, path: str) -> dict[str, str]:
    (root / "dvc.yaml").write_text((REPOSITORY / "dvc.yaml").read_text().replace("models: models", f"models: '{path}'", 1))
    return read_layout(root)


@pytest.mark.parametrize("path", ["/srv/models", "{root}/models", "../models", "data/../models", ".", ""])
def test_a_path_that_is_not_below_the_repository_is_refused(tmp_path: Path, path: str) -> None:
    path = path.format(root=tmp_path)
    with pytest.raises(ParamsError) as refusal:
        with_models(tmp_path, path)
    assert f"vars: path: models is {path!r}, which lies outside the repository" in str(refusal.value)


def test_a_link_may_lead_to_another_place_in_the_repository_but_not_out_of_it(tmp_path: Path) -> None:
    root = repository(tmp_path / "mine")
    (root / "models").symlink_to(root / "data")
    assert with_models(root, "models/logistic")["models"] == "models/logistic"
    (root / "models").unlink()
    (root / "models").symlink_to(tmp_path)
    with pytest.raises(ParamsError, match="models is 'models/logistic', which lies outside the repository"):
        with_models(root, "models/logistic")

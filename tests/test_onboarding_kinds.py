"""`ceteris init` on each kind of file: what is declared, where it is put, and who tracks it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import REPOSITORY
from test_image_folder import folder
from test_onboarding import git, init
from test_onboarding import root as root
from written import KINDS, rows, written

from ceteris.errors import BadInputError, CeterisError
from ceteris.readers.image_folder import read_image_folder
from ceteris.readers.sources import locate
from ceteris.stages import ingest, run
from ceteris.starting.onboarding import init_command
from ceteris.starting.tracking import bring, existing, place, track
from ceteris.store import read_json, read_params


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "sql"])
def test_init_declares_a_file_of_any_kind_and_ingest_reads_it(
    kind: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = written(kind, rows(), tmp_path)
    told = init(root, tmp_path / source, "label", id="id")
    assert "30 rows, 2 features" in told
    assert git(root, "ls-files").split() == [source]
    assert read_params(root).ingest.source == source
    monkeypatch.chdir(root)
    run(ingest.main)
    manifest = read_json(root / "data/raw/manifest.json")
    assert (manifest["rows"], list(manifest["features"])) == (30, ["colour", "size"])


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_the_dialect_of_a_packed_csv_file_is_found(delimiter: str, root: Path, tmp_path: Path) -> None:
    import gzip

    path = tmp_path / written("csv", rows(colour=["grün"]), tmp_path)
    packed = path.with_name("mine.csv.gz")
    packed.write_bytes(gzip.compress(path.read_text().replace(",", delimiter).encode("cp1252")))
    init(root, packed, "label", id="id")
    assert (read_params(root).ingest.delimiter, read_params(root).ingest.encoding) == (delimiter, "cp1252")


def test_a_sheet_is_asked_for_and_declared(root: Path, tmp_path: Path) -> None:
    import openpyxl

    path = tmp_path / written("xlsx", rows(), tmp_path)
    book = openpyxl.load_workbook(path)
    book.create_sheet("Notes")
    book.save(path)
    with pytest.raises(BadInputError, match=r"more than one sheet"):
        init(root, path, "label", id="id")
    init(root, path, "label", id="id", reading={"sheet": "Sheet"})
    assert read_params(root).ingest.sheet == "Sheet"


def test_a_label_column_is_named_for_every_table_and_for_no_folder(root: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="Pass --label COLUMN"):
        init_command(str(tmp_path / written("csv", rows(), tmp_path)), None, root=root)
    with pytest.raises(BadInputError, match="the name of the folder it is in"):
        init_command(str(folder(tmp_path / "other")), "species", root=root)
    with pytest.raises(BadInputError, match="Leave --label and --id out"):
        init_command(str(tmp_path / "other/data/source/pets"), None, id="name", root=root)
    assert not (root / "data").exists()


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        ({"image_size": 3}, "ingest.image_size is 3"),
        ({"image_mode": "sepia"}, "'rgb' or 'gray'"),
        ({"features": "gone.npy"}, "There is no file 'gone.npy'"),
        ({"features": "."}, "is a folder"),
    ],
)
def test_an_option_that_means_nothing_is_refused(reading: dict[str, Any], words: str, root: Path, tmp_path: Path) -> None:
    before = (root / "params.yaml").read_bytes()
    with pytest.raises(CeterisError) as refusal:
        init(root, tmp_path / written("csv", rows(), tmp_path), "label", id="id", reading=reading)
    assert words in str(refusal.value)
    assert (root / "params.yaml").read_bytes() == before


def test_an_array_of_other_rows_is_refused_before_anything_is_written(root: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "emb.npy", np.zeros((29, 4), dtype=np.float32))
    with pytest.raises(BadInputError, match="holds 29 rows, and the table 30"):
        init(
            root, tmp_path / written("csv", rows(), tmp_path), "label", id="id", reading={"features": str(tmp_path / "emb.npy")}
        )
    assert not (root / "data").exists()


def test_a_folder_is_copied_whole_and_given_to_git(root: Path, tmp_path: Path) -> None:
    home = folder(tmp_path / "elsewhere")
    assert existing(str(home)) == home
    assert place(home, root, root.resolve()) == "data/source/pets"
    told = [*bring(home, root / "data/source/pets"), *track(root, "data/source/pets")]
    assert "copied" in told[0] and "staged in git" in told[1]
    assert len(git(root, "ls-files").split()) == 4
    assert place(home, root, root.resolve()) == "data/source/pets"
    assert not list(bring(home, root / "data/source/pets"))
    (home / "cat/1.png").write_bytes(b"other")
    with pytest.raises(BadInputError, match="is there already and holds other bytes"):
        place(home, root, root.resolve())


def test_a_folder_of_many_files_is_given_to_dvc(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ceteris.starting import tracking

    monkeypatch.setattr(tracking, "_GIT_FILES", 3)
    home = folder(root)
    assert "is too much for git, and DVC is not set up here" in track(root, "data/source/pets")[0]
    subprocess.run(["dvc", "init", "--quiet"], cwd=root, check=True)
    assert "is kept by DVC" in track(root, "data/source/pets")[0]
    assert "data/source/pets.dvc" in git(root, "ls-files").split()
    assert (
        read_image_folder(locate("data/source/pets", root), "data/source/pets", read_params(root).ingest, root).cells.num_rows
        == 4
    )
    assert home.is_dir()


def test_a_folder_that_holds_the_repository_is_refused(root: Path) -> None:
    with pytest.raises(BadInputError, match="holds this repository's data/source/ itself"):
        place(root.parent.resolve(), root, root.resolve())


def test_the_shipped_params_name_every_key_of_ingest() -> None:
    from ceteris.sections import Ingest
    from ceteris.store import parse_yaml

    own = parse_yaml((REPOSITORY / "params.yaml").read_text(encoding="utf-8"), "params.yaml")["ingest"]
    assert set(own) == set(Ingest.model_fields)

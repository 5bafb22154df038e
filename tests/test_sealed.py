"""Nobody but a look reads the test part: every door refuses it by name, and the one that opens asks for the look first."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from clone import Clone
from sealed import HELPS, accept, looks

import ceteris
from ceteris.editing.ledger import of_part, read_ledger
from ceteris.errors import BadInputError, SealedTestError
from ceteris.experiments.history import History
from ceteris.layout import read_layout
from ceteris.readers.sources import read
from ceteris.release.review import asked_labels, asked_rows
from ceteris.release.sealed import open_test, seal_of
from ceteris.sections import Ingest
from ceteris.splitting.splits import TRAIN
from ceteris.store import read_parquet

PARTS = ("data/split/test.parquet", "data/split/truth-test.parquet")


def a_test_id(root: Path) -> str:
    parts = read_parquet(root / "data/split/parts.parquet")
    return str(parts.loc[parts["part"] == "test", "id"].iloc[0])


def link(root: Path) -> str:
    (root / "data/source/more.parquet").symlink_to(root / PARTS[0])
    return "data/source/more.parquet"


DOORS: dict[str, Callable[[Path], object]] = {
    "the file": lambda root: read_parquet(root / PARTS[0]),
    "some of its columns": lambda root: read_parquet(root / PARTS[0], columns=["x"]),
    "its true labels": lambda root: read_parquet(root / PARTS[1]),
    "another way to it": lambda root: read_parquet(root / "data/raw/../split/test.parquet"),
    "a link to it": lambda root: read_parquet(root / link(root)),
    "a link to it as the source of another run": lambda root: read(Ingest(source=link(root), label="ceteris:label"), root),
    "the workbench": lambda root: ceteris.open(root).test_rows(),
    "the workbench by a path": lambda root: ceteris.open(root)._parquet("split", "test.parquet"),
    "a review that no look asks for": asked_rows,
    "an answer that no look asks for": lambda root: asked_labels(root, ceteris.open(root).parts(), [a_test_id(root)]),
}


@pytest.mark.parametrize("door", DOORS)
def test_every_door_refuses_the_sealed_part_and_tells_what_opens_it(sealed: Clone, door: str) -> None:
    with pytest.raises(SealedTestError) as refusal:
        DOORS[door](sealed.root)
    assert refusal.value.exit_code == 6
    assert "ceteris accept" in str(refusal.value)


def test_the_past_refuses_the_sealed_part_of_every_revision(sealed: Clone) -> None:
    with History(sealed.root) as history, pytest.raises(SealedTestError, match="test part of main is sealed"):
        history.rows(history.find("main"), "test")


@pytest.mark.parametrize(
    "words",
    [
        ("queue", "test"),
        ("edits", "import", "answers.csv", "--reviewer", "ann"),
        ("init", "data/split/test.parquet", "--label", "ceteris:label"),
        ("init", "data/source/more.parquet", "--label", "ceteris:label"),
    ],
)
def test_the_command_line_refuses_it_with_an_exit_code_of_its_own(
    sealed: Clone, words: tuple[str, ...], ceteris_, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sealed.root)
    link(sealed.root)
    pd.DataFrame({"id": [a_test_id(sealed.root)], "label": ["ant"]}).to_csv("answers.csv", index=False)
    before = sealed.git("status", "--porcelain")
    said = ceteris_(*words)
    assert said.code == 6
    assert "test part" in said.err
    assert "ceteris accept" in said.err
    assert "Traceback" not in said.err
    assert sealed.git("status", "--porcelain") == before


def test_an_edit_of_a_test_row_in_the_ledger_of_train_rows_is_refused(sealed: Clone) -> None:
    sealed.answer()
    path = sealed.root / "data/edits/ann-1.csv"
    train = read_parquet(sealed.root / "data/split/train.parquet")["ceteris:id"].iloc[0]
    path.write_text(path.read_text().replace(str(train), a_test_id(sealed.root)))
    with pytest.raises(SealedTestError, match="Move the lines to release/edits/"):
        of_part(read_ledger(sealed.root / "data/edits"), ceteris.open(sealed.root).parts(), TRAIN)


def test_answers_to_rows_that_the_look_does_not_ask_for_are_refused(sealed: Clone) -> None:
    accept(sealed, HELPS)
    parts = ceteris.open(sealed.root).parts()
    asked = set(asked_rows(sealed.root)[0]["id"])
    others = [name for name in parts.index[parts == "test"] if name not in asked]
    assert list(asked_labels(sealed.root, parts, asked).index) == sorted(asked)
    with pytest.raises(SealedTestError, match=rf"Look 1 at the test part does not ask for these of its rows: '{others[0]}'"):
        asked_labels(sealed.root, parts, [*asked, others[0]])


def test_a_review_of_disagreements_is_refused_where_it_settles_nothing(sealed: Clone) -> None:
    sealed.change(**{"compare.metric": "macro_f1"})
    accept(sealed, HELPS)
    assert looks(sealed)[0].question.metric == "macro_f1"
    with pytest.raises(BadInputError, match=r"Look 1 was taken on macro_f1, .* compare\.metric: accuracy"):
        asked_rows(sealed.root)


def test_rows_that_are_not_sealed_need_no_look(sealed: Clone) -> None:
    parts = ceteris.open(sealed.root).parts()
    assert asked_labels(sealed.root, parts, [*parts.index[parts == "train"], "nobody"]).empty


def test_the_part_opens_for_a_look_that_was_taken_and_not_for_one_that_was_made_up(sealed: Clone) -> None:
    accept(sealed, HELPS)
    layout, (look,) = read_layout(sealed.root), looks(sealed)
    opened = open_test(sealed.root, layout, look)
    assert set(opened.rows.ids) == set(pd.read_parquet(sealed.root / PARTS[0])["ceteris:id"])
    for other in (replace(look, number=2), replace(look, question=replace(look.question, metric="macro_f1"))):
        with pytest.raises(SealedTestError, match="does not stand in release/looks"):
            open_test(sealed.root, layout, other)


def test_a_look_at_another_test_part_opens_nothing_here(sealed: Clone) -> None:
    accept(sealed, HELPS)
    (look,) = looks(sealed)
    path = sealed.root / "dvc.lock"
    noted = next(line for line in path.read_text().splitlines() if "md5:" in line and after(path, "test.parquet") in line)
    path.write_text(path.read_text().replace(noted.split()[-1], "0" * 32))
    with pytest.raises(SealedTestError, match="Look 1 was taken at another test part"):
        open_test(sealed.root, read_layout(sealed.root), look)
    with pytest.raises(SealedTestError, match="No look was judged at the test part as it is sealed now"):
        asked_rows(sealed.root)


def after(path: Path, name: str) -> str:
    """Return the md5 that dvc.lock notes for the output of this name."""
    lines = path.read_text().splitlines()
    place = next(place for place, line in enumerate(lines) if line.strip() == f"- path: data/split/{name}")
    return next(line.split()[-1] for line in lines[place:] if "md5:" in line)


def test_the_seal_is_told_without_opening_the_part_and_is_another_for_other_labels(sealed: Clone) -> None:
    layout = read_layout(sealed.root)
    before = seal_of(sealed.root, layout)
    (sealed.root / PARTS[0]).write_bytes(b"not a table")
    assert seal_of(sealed.root, layout) == before
    lock = sealed.root / "dvc.lock"
    lock.write_text(lock.read_text().replace(after(lock, "truth-test.parquet"), "1" * 32))
    assert seal_of(sealed.root, layout) != before


@pytest.mark.parametrize("content", ["", "stages: {}\n", "stages: [\n", "stages: {split: {outs: 3}}\n", None])
def test_a_lock_file_that_does_not_tell_of_the_part_is_named(sealed: Clone, content: str | None) -> None:
    path = sealed.root / "dvc.lock"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(BadInputError, match=r"dvc\.lock does not tell what the test part was .*dvc repro"):
        seal_of(sealed.root, read_layout(sealed.root))


def test_a_table_of_the_same_name_elsewhere_is_read(sealed: Clone) -> None:
    table = pd.DataFrame({"x": [1.0]})
    table.to_parquet(sealed.root / "data/source/test.parquet")
    assert read_parquet(sealed.root / "data/source/test.parquet").equals(table)
    buffer = io.BytesIO((sealed.root / "data/source/test.parquet").read_bytes())
    assert read_parquet(buffer).equals(table)

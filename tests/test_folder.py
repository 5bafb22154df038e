"""looks.csv is on the disk and in git's hands before anything is opened, and a look that is taken out is noticed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from checkout import run
from test_looks import ONE, TWO, look, text_of
from test_record import said

from ceteris.errors import BadInputError, BusyError, IntegrityError, ParamsError
from ceteris.release.folder import (
    alone,
    circumstances,
    is_requested,
    note_verdict,
    read_looks,
    read_terms,
    read_verdicts,
    request,
    take,
)
from ceteris.release.looks import line_of
from ceteris.release.terms import Accept

FILE, VERDICTS = "release/looks.csv", "release/verdicts.csv"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "release/edits").mkdir(parents=True)
    (tmp_path / "release/edits/README.md").write_text("answers\n")
    for name in ("dvc.yaml", "params.yaml"):
        (tmp_path / name).write_text("stages: {}\n")
    (tmp_path / ".gitignore").write_text("/.ceteris/\n")
    run(tmp_path, "git", "init", "-q", "-b", "main")
    commit(tmp_path)
    return tmp_path


def commit(root: Path) -> None:
    run(root, "git", "add", "-A")
    run(root, "git", "commit", "-q", "-m", "a state")


def test_where_nobody_looked_there_are_no_looks(root: Path) -> None:
    assert read_looks(root) == ()


def test_looks_are_added_at_the_end_and_no_byte_before_them_changes(root: Path) -> None:
    take(root, ONE)
    before = (root / FILE).read_bytes()
    take(root, TWO)
    assert (root / FILE).read_bytes() == before + f"{line_of(TWO)}\n".encode()
    assert read_looks(root) == (ONE, TWO)


def test_a_torn_line_is_survived_and_gone_after_the_next_look(root: Path) -> None:
    (root / FILE).write_text(text_of(ONE) + line_of(TWO)[:50])
    assert read_looks(root) == (ONE,)
    take(root, TWO)
    assert (root / FILE).read_text() == text_of(ONE, TWO)


def test_a_look_is_staged_so_that_the_way_back_from_an_experiment_keeps_it(root: Path) -> None:
    take(root, ONE)
    run(root, "git", "checkout", ".")
    assert read_looks(root) == (ONE,)


@pytest.mark.parametrize("seen_by", ["HEAD", "the index", "this clone"])
@pytest.mark.parametrize("how", ["removed", "changed", "all gone"])
def test_a_look_that_is_taken_out_is_noticed_and_the_command_that_is_told_brings_it_back(
    root: Path, seen_by: str, how: str
) -> None:
    take(root, ONE)
    take(root, TWO)
    if seen_by == "HEAD":
        commit(root)
    if seen_by != "this clone":
        shutil.rmtree(root / ".ceteris")
    else:
        run(root, "git", "reset", "-q", "--hard")
    if how == "all gone":
        (root / FILE).unlink(missing_ok=True)
    else:
        (root / FILE).write_text(text_of(ONE, *([] if how == "removed" else [replace(TWO, level=0.025)])))
    with pytest.raises(IntegrityError) as refusal:
        read_looks(root)
    assert line_of(TWO) in str(refusal.value)
    assert str(refusal.value).endswith("Bring them back: cp .ceteris/looks.csv release/looks.csv")
    run(root, "cp", ".ceteris/looks.csv", FILE)
    assert read_looks(root) == (ONE, TWO)


def test_a_look_of_another_branch_stays_in_the_count(root: Path) -> None:
    run(root, "git", "switch", "-q", "-c", "other")
    take(root, ONE)
    commit(root)
    run(root, "git", "switch", "-q", "main")
    with pytest.raises(IntegrityError, match="lacks 1 of the looks"):
        read_looks(root)


def test_looks_of_two_branches_are_merged_without_a_conflict(root: Path) -> None:
    shutil.copy(Path(__file__).parents[1] / ".gitattributes", root)
    three = look(ONE, candidate="c/c", candidate_cell="e" * 64)
    take(root, ONE)
    commit(root)
    for branch, one in (("mine", TWO), ("yours", three)):
        run(root, "git", "switch", "-q", "-c", branch, "main")
        shutil.rmtree(root / ".ceteris")
        take(root, one)
        commit(root)
    run(root, "git", "merge", "-q", "--no-edit", "mine")
    found = read_looks(root)
    assert {one.question for one in found} == {one.question for one in (ONE, TWO, three)}
    assert [(one.number, one.level) for one in found] == [(1, 0.025), (2, 0.0125), (3, 0.00625)]


def test_verdicts_are_added_at_the_end_and_no_byte_before_them_changes(root: Path) -> None:
    assert read_verdicts(root).empty
    note_verdict(root, said(ONE, difference=1 / 3, reason="=cmd, and\ttabs"))
    before = (root / VERDICTS).read_bytes()
    note_verdict(root, said(ONE, difference=1 / 3, reason="=cmd, and\ttabs"))
    assert (root / VERDICTS).read_bytes() == before
    note_verdict(root, said(TWO, accepted=False))
    assert (root / VERDICTS).read_bytes().startswith(before)
    assert list(read_verdicts(root)["accepted"]) == [True, False]
    run(root, "git", "checkout", ".")
    assert len(read_verdicts(root)) == 2


@pytest.mark.parametrize("content", ["<<<<<<< HEAD\n", "look,at\n1,x\n", "\xff", "{}"])
def test_verdicts_that_cannot_be_read_are_refused_with_the_way_back(root: Path, content: str) -> None:
    (root / VERDICTS).write_bytes(content.encode("latin-1"))
    with pytest.raises(IntegrityError, match=r"Restore it: git checkout -- release/verdicts\.csv"):
        read_verdicts(root)
    note = said(ONE)
    (root / VERDICTS).unlink()
    note_verdict(root, note)
    whole = (root / VERDICTS).read_text()
    (root / VERDICTS).write_text(whole + content.splitlines()[0] + "\n")
    with pytest.raises(IntegrityError, match="is not what accept wrote"):
        read_verdicts(root)


def test_a_request_is_for_these_very_terms_and_for_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = Accept(candidate="a/x", baseline="b/x"), Accept(candidate="a/x", baseline="b/x", because="cheap")
    monkeypatch.setenv("CETERIS_LOOK", request(one)["CETERIS_LOOK"])
    assert is_requested(one)
    assert not is_requested(other)
    assert "CETERIS_LOOK" not in request(None)


def test_only_one_accept_is_at_work_and_the_next_is_free_once_it_ended(root: Path) -> None:
    with alone(root), pytest.raises(BusyError, match="Another `ceteris accept` is at work here"), alone(root):
        pass
    with alone(root):
        pass


def test_looks_are_refused_outside_git(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="git init"):
        read_looks(tmp_path)


def test_a_look_says_who_when_and_at_which_commit_and_whether_that_is_all_there_was(root: Path) -> None:
    told, changed = circumstances(root)
    head = run(root, "git", "rev-parse", "HEAD").stdout
    assert changed == []
    assert head.startswith(told["revision"])
    assert told["at"].endswith("+00:00")
    (root / "release/release.yaml").write_text("accept:\n")  # what is being asked now is no change of what is asked about
    assert circumstances(root)[1] == []
    (root / "mine.py").write_text("x = 1\n")
    told, changed = circumstances(root)
    assert changed == ["mine.py"]
    assert told["revision"].endswith("-dirty")


def test_who_looks_is_who_would_commit(root: Path) -> None:
    run(root, "git", "config", "user.name", "Ann Bee")
    run(root, "git", "config", "user.email", "ann@example.org")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"):
            patch.delenv(name, raising=False)
        assert circumstances(root)[0]["who"] == "Ann Bee <ann@example.org>"


def test_terms_that_are_missing_or_misspelt_are_refused_with_the_way_back(root: Path) -> None:
    with pytest.raises(BadInputError, match=r"git checkout HEAD -- release/release\.yaml"):
        read_terms(root)
    (root / "release/release.yaml").write_text("accept:\n  candidate: 'a\n")
    with pytest.raises(ParamsError, match=r"release\.yaml line 3"):
        read_terms(root)

"""What git knows of a file: its content at any revision, the commits that changed it, the names of revisions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from checkout import run

from ceteris.errors import BadInputError
from ceteris.experiments.git import Git


def commit(root: Path, **files: str) -> str:
    """Commit files, `__` standing for a slash and a last `_` for `.lock`; return the hash."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    run(root, "git", "add", "-A")
    run(root, "git", "commit", "-q", "--allow-empty", "-m", "a state")
    return rev(root, "HEAD")


def rev(root: Path, name: str) -> str:
    return run(root, "git", "rev-parse", name).stdout.strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    run(tmp_path, "git", "init", "-q", "-b", "main")
    return tmp_path


@pytest.fixture
def git(root: Path) -> Iterator[Git]:
    with Git(root) as found:
        yield found


def test_a_file_is_read_as_it_was(root: Path, git: Git) -> None:
    first, second = commit(root, lock="one\n\nline"), commit(root, lock="two", other="x")
    assert git.file(first, "lock") == b"one\n\nline"
    assert git.file(second, "lock") == git.file("HEAD", "lock") == b"two"
    assert git.file(first, "other") is None


@pytest.mark.parametrize(
    "path", ["missing", "a folder", "no such\nfile", "../outside", "x/../../outside", "/etc/passwd", "", ".", "sp ace missing"]
)
def test_what_is_no_file_of_a_revision_is_none_and_the_next_question_is_answered(path: str, root: Path, git: Git) -> None:
    commit(root, lock="one")
    (root / "a folder").mkdir()
    (root / "a folder/inside").write_text("x")
    known = commit(root)
    assert git.file(known, path) is None
    assert git.file("0" * 40, "lock") is None
    assert git.file(known, "lock") == b"one"


def test_paths_are_those_below_the_folder_where_it_stands(root: Path) -> None:
    known = commit(root, lock="above", inner__lock="below", inner__edits__a="1", inner__edits__b="2", edits__c="3")
    with Git(root / "inner") as git:
        assert git.file(known, "lock") == b"below"
        assert git.files(known, "edits") == ["edits/a", "edits/b"]
        assert git.files(known, "nowhere") == []
        assert [one.rev for one in git.commits("lock")] == [known]


def test_what_changed_is_named_from_the_folder_and_what_git_ignores_is_known(root: Path) -> None:
    commit(root, lock="1", inner__lock="1", inner__release__looks="1")
    (root / ".gitignore").write_text("away/\n")
    for name in ("lock", "inner/lock", "inner/release/looks", "inner/new"):
        (root / name).write_text("2")
    with Git(root / "inner") as git:
        assert git.changed(beside="release") == ["lock", "new"]
        assert (git.ignores("away/"), git.ignores("deep/away/"), git.ignores("lock")) == (True, True, False)


def test_what_two_revisions_differ_in_may_lie_elsewhere_alone(root: Path) -> None:
    one = commit(root, inner__lock="1")
    elsewhere = commit(root, lock="1")
    here = commit(root, inner__lock="2")
    with Git(root / "inner") as git:
        assert git.only_elsewhere(one, elsewhere)
        assert not git.only_elsewhere(one, one)
        assert not git.only_elsewhere(elsewhere, here)
    with Git(root) as git:
        assert not git.only_elsewhere(one, elsewhere)


def test_commits_are_those_that_changed_the_file_each_with_the_one_before(root: Path, git: Git) -> None:
    commit(root, other="x")
    one = commit(root, lock="1")
    commit(root, other="y")
    two = commit(root, lock="2")
    assert [(found.rev, found.parent) for found in git.commits("lock")] == [(two, one), (one, "")]
    assert git.commits("lock")[0].time > 1e9
    between = commit(root, other="z")
    assert git.nearest(between, "lock") == two
    assert git.nearest(one, "lock") == one
    assert git.nearest("0" * 40, "lock") == git.nearest("no such name", "lock") == ""


def test_every_local_branch_counts_and_so_does_what_is_on_none(root: Path, git: Git) -> None:
    one = commit(root, lock="1")
    run(root, "git", "switch", "-q", "-c", "other")
    two = commit(root, lock="2")
    run(root, "git", "switch", "-q", "--detach", "main")
    loose = commit(root, lock="3")
    assert {found.rev for found in git.commits("lock")} == {one, two, loose}
    run(root, "git", "switch", "-q", "main")
    assert {found.rev for found in git.commits("lock")} == {one, two}
    assert {found.rev for found in git.commits("lock", [loose, "0" * 40])} == {one, two, loose}
    assert git.branch() == "main"


def test_a_merge_follows_its_first_parent(root: Path, git: Git) -> None:
    one = commit(root, lock="1")
    run(root, "git", "switch", "-q", "-c", "side")
    commit(root, lock="2")
    run(root, "git", "switch", "-q", "main")
    run(root, "git", "merge", "-q", "--no-ff", "-m", "merge", "side")
    run(root, "git", "branch", "-D", "side")
    assert [(found.rev, found.parent) for found in git.commits("lock")] == [(rev(root, "HEAD"), one), (one, "")]


def test_names_are_resolved_and_what_is_none_is_blank(root: Path, git: Git) -> None:
    assert git.resolve("HEAD") == git.resolve("main") == ""
    assert git.commits("lock") == []
    known = commit(root, lock="1")
    run(root, "git", "tag", "-a", "v1", "-m", "a tag")
    for name in ("HEAD", "main", "v1", known, known[:8]):
        assert git.resolve(name) == known
    for name in ("", "nothing", "--all", "HEAD~9", "main:lock", "a b", "$(id)"):
        assert git.resolve(name) == ""
    assert git.refs("refs/heads")["refs/heads/main"][0] == known
    assert git.refs("refs/exps") == {}


def test_a_detached_head_is_on_no_branch(root: Path, git: Git) -> None:
    commit(root, lock="1")
    run(root, "git", "switch", "-q", "--detach")
    assert git.branch() == ""


def test_a_folder_without_a_repository_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(BadInputError, match=r"not a git repository.*git init"), Git(tmp_path):
        pass


def test_a_branch_whose_name_is_no_text_is_read_all_the_same(root: Path, git: Git) -> None:
    known = commit(root, lock="1")
    name = b"refs/heads/\xff\xfe"
    packed = root / ".git/packed-refs"
    packed.write_bytes(b"# pack-refs with: peeled fully-peeled sorted \n" + known.encode() + b" " + name + b"\n")
    assert {found for found, _ in git.refs("refs/heads").values()} == {known}

"""`ceteris init --into DIR`: a project of its own in somebody's repository, of which nothing outside DIR is touched."""

from __future__ import annotations

import os
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
from checkout import run
from host import LABELS, hashes, host
from small import REPOSITORY, repository, table

import ceteris
from ceteris.canvas.terms import parse_canvas
from ceteris.errors import BadInputError, CeterisError, ParamsError
from ceteris.installed import PIPELINES
from ceteris.layout import reach_of, read_layout
from ceteris.readers.sources import locate
from ceteris.starting.into import project_in
from ceteris.starting.onboarding import init_command
from ceteris.starting.template import COPIED
from ceteris.store import LOCK, find_root, home_of, read_params, read_yaml


@pytest.fixture(scope="module")
def with_dvc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return host(tmp_path_factory.mktemp("host") / "theirs")


@pytest.fixture(scope="module")
def without_dvc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return host(tmp_path_factory.mktemp("plain") / "theirs", dvc=False)


@pytest.fixture
def theirs(with_dvc: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(with_dvc, tmp_path / "theirs", symlinks=True))


def init(root: Path, file: Path | str, into: str = "ceteris", label: str = "label", **options: Any) -> str:
    """Run `ceteris init FILE --into DIR` and return all that it told."""
    told: list[str] = []
    init_command(str(root / file), label, into=project_in(str(root / into)), tell=told.append, **options)
    return "\n".join(told)


def test_nothing_of_theirs_is_changed_and_their_file_stays_where_it_is(theirs: Path) -> None:
    before, status = hashes(theirs, "ceteris"), run(theirs, "git", "status", "--porcelain").stdout
    told = init(theirs, LABELS, id="id")
    assert hashes(theirs, "ceteris") == before
    assert run(theirs, "git", "status", "--porcelain").stdout == f"{status}?? ceteris/\n"
    root = theirs / "ceteris"
    assert read_params(root).ingest.source == f"../{LABELS}"
    assert locate(f"../{LABELS}", root) == theirs / LABELS
    assert os.listdir(root / "data/source") == ["README.md"]
    assert read_layout(root)["edits"] == "data/edits"
    assert parse_canvas(read_yaml(root / "canvas.yaml")) is None  # a form: nothing is said for them
    assert f"DVC is that of {theirs}" in told
    assert f"../{LABELS} stays where it is: DVC keeps it (" in told
    assert told.endswith(f"next: cd {root} && git add . && git commit -m 'Add ceteris' && dvc repro")


def test_a_refusal_leaves_no_folder_behind(theirs: Path) -> None:
    before = hashes(theirs, "nowhere")
    with pytest.raises(CeterisError, match="has no column 'labels'"):
        init(theirs, LABELS, label="labels")
    assert not (theirs / "ceteris").exists()
    assert hashes(theirs, "nowhere") == before


def test_git_keeps_what_a_project_must_keep_whatever_is_ignored_above_it(theirs: Path) -> None:
    init(theirs, LABELS)
    root = theirs / "ceteris"
    written = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    kept = (
        "data/edits/ann-1.csv", "data/raw/.gitignore", "data/source/copy.csv.dvc", "dvc.lock", "estimators/mine/own.py",
        "predictions/net/manifest.json",
        "release/looks.csv", "release/edits/ann.csv", "results/compare/effects.csv", "results/compare/queues/a.csv",
    )  # fmt: skip
    for name in kept:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x\n")
        written.add(name)
    for name in (".ceteris/times.csv", "models/a/b/c", "reports/report.html", "data/raw/table.parquet", "review-a.csv"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x\n")
    (root / "data/raw/.gitignore").write_text("/table.parquet\n")  # as DVC does
    run(root, "git", "add", ".")
    assert set(run(root, "git", "ls-files").stdout.split()) == written


def test_git_keeps_nothing_that_was_asked_of_a_served_model(theirs: Path) -> None:
    init(theirs, LABELS)
    names = [f"requests.sqlite{end}" for end in ("", "-shm", "-wal", ".lock")]
    names += ["logs/other.sqlite", "release/review/window.csv", "release/monitor/index.html", "data/windows/one.parquet"]
    for root in (theirs / "ceteris", REPOSITORY):
        assert run(root, "git", "check-ignore", "--no-index", *names).stdout.split() == names
    assert run(REPOSITORY, "git", "ls-files", "--cached", "--ignored", "--exclude-standard").stdout == ""


def test_a_file_from_elsewhere_is_copied(theirs: Path, tmp_path: Path) -> None:
    table().to_csv(tmp_path / "rows.csv", index=False)
    told = init(theirs, tmp_path / "rows.csv")
    assert read_params(theirs / "ceteris").ingest.source == "data/source/rows.csv"
    assert f"copied {tmp_path / 'rows.csv'} to data/source/rows.csv" in told
    assert "data/source/rows.csv is staged in git" in told


def test_a_link_of_dvcs_goes_by_its_own_name(theirs: Path) -> None:
    stored = theirs / ".dvc/cache/files/md5/aa/bbbb"
    stored.parent.mkdir(parents=True)
    (theirs / LABELS).rename(stored)
    (theirs / LABELS).symlink_to(stored)
    init(theirs, LABELS)
    assert read_params(theirs / "ceteris").ingest.source == f"../{LABELS}"


def test_dvc_is_set_up_for_the_folder_alone_where_nobody_did(without_dvc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.useConfigOnly", "GIT_CONFIG_VALUE_0": "true"}
    for name, value in (nobody | {"HOME": str(without_dvc)}).items():
        monkeypatch.setenv(name, value)
    before = hashes(without_dvc, "ceteris")
    told = init(without_dvc, LABELS)
    assert hashes(without_dvc, "ceteris") == before
    assert (without_dvc / "ceteris/.dvc/config").is_file()
    assert not (without_dvc / ".dvc").exists()
    assert "for this folder alone (dvc init --subdir)" in told
    assert f"../{LABELS} stays where it is: git keeps it" in told
    assert "git does not know who you are: git config user.name" in told


def test_a_file_that_nobody_keeps_is_told(theirs: Path) -> None:
    table().to_csv(theirs / "mine.csv", index=False)
    assert "../mine.csv stays where it is, and neither git nor DVC keeps it" in init(theirs, "mine.csv")


def test_a_folder_that_is_ours_gets_back_what_it_lacks_and_keeps_what_it_has(theirs: Path) -> None:
    init(theirs, LABELS)
    root = theirs / "ceteris"
    (root / "README.md").unlink()
    (root / "dvc.yaml").unlink()
    (root / ".gitignore").write_text("mine\n")
    text = (root / "params.yaml").read_text().replace("title: What moved the score?", "title: Ours")
    (root / "params.yaml").write_text(text)
    init(theirs, LABELS, group="x")
    assert (root / "README.md").is_file()
    assert find_root(root / "data") == root
    assert (root / ".gitignore").read_text() == "mine\n"
    params = read_params(root)
    assert (params.report.title, params.ingest.group) == ("Ours", "x")


def test_another_file_of_the_repository_is_declared_by_init_alone(theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    init(theirs, LABELS)
    table().to_csv(theirs / "other.csv", index=False)
    monkeypatch.chdir(theirs / "ceteris")
    init_command("../other.csv", "label", tell=lambda line: None)
    assert read_params(theirs / "ceteris").ingest.source == "../other.csv"


@pytest.mark.parametrize(
    ("into", "said"),
    [
        (".", "is the top folder in the git repository"),
        (".git/ceteris", "is the own business of git or DVC"),
        ("params.yaml", "is a file"),
        ("src", "holds 'ceteris.py', and is no ceteris project"),
        ("results/ceteris", "git ignores"),
        ("../elsewhere", "is in no git repository"),
        ("project/inside", "is a ceteris repository already"),
    ],
)
def test_a_folder_that_cannot_hold_a_project_is_refused(theirs: Path, into: str, said: str) -> None:
    repository(theirs / "project")
    with pytest.raises(BadInputError, match=said):
        project_in(str(theirs / into))


def test_a_source_never_leaves_the_git_repository_nor_comes_back_into_the_project(theirs: Path, tmp_path: Path) -> None:
    init(theirs, LABELS)
    root = theirs / "ceteris"
    table().to_csv(tmp_path / "out.csv", index=False)
    (theirs / "link.csv").symlink_to(tmp_path / "out.csv")
    for source in ("../../out.csv", "../ceteris/results/a.csv", "../data/../data/labels.csv", "../ceteris/../data/labels.csv",
                   "..", "/etc/passwd", "data/source/../../../data/labels.csv", "..\\data\\labels.csv"):  # fmt: skip
        with pytest.raises(ParamsError, match=r"nor one of .*theirs outside of this project"):
            locate(source, root)
    with pytest.raises(ParamsError, match="is a link that leaves the repository"):
        locate("../link.csv", root)
    with pytest.raises(BadInputError, match="is not there"):
        locate("../gone.csv", root)


def test_a_repository_with_its_own_src_reaches_no_further_than_itself(theirs: Path) -> None:
    nested = repository(theirs / "nested")
    assert reach_of(nested) == nested
    with pytest.raises(ParamsError, match=r"nor a file below data/source/\."):
        locate(f"../{LABELS}", nested)


def test_their_own_dvc_yaml_and_params_yaml_are_no_project_and_ours_is_pointed_at(theirs: Path) -> None:
    with pytest.raises(BadInputError, match=rf"are of ceteris\. Where {theirs} was one, restore it: git checkout -- dvc\.yaml"):
        find_root(theirs / "src")
    init(theirs, LABELS, into="what-moved")
    with pytest.raises(BadInputError, match=r"are of ceteris\. Go into it: cd what-moved"):
        find_root(theirs)
    assert find_root(theirs / "what-moved/notebooks") == theirs / "what-moved"


@pytest.mark.parametrize("shared", [True, False])
def test_a_revision_is_read_from_the_project_s_own_folder(
    with_dvc: Path, without_dvc: Path, tmp_path: Path, shared: bool
) -> None:
    theirs = Path(shutil.copytree(with_dvc if shared else without_dvc, tmp_path / "theirs", symlinks=True))
    init(theirs, LABELS, id="id")
    root = theirs / "ceteris"
    (root / "data/edits/ann.csv").write_text("x\n")
    run(theirs, "git", "add", ".")
    run(theirs, "git", "commit", "-q", "-m", "Add ceteris")
    (root / "params.yaml").write_text("changed since\n")
    (root / "data/edits/ann.csv").unlink()
    then = ceteris.open(root, rev="HEAD")
    assert then.params.ingest.source == f"../{LABELS}"
    assert then.files_at("data/edits") == {"data/edits/ann.csv": b"x\n"}


def test_a_copy_of_dvcs_belongs_to_the_project_that_it_is_a_copy_of(theirs: Path) -> None:
    for copied, home in {"standalone/tmpx/ceteris": "ceteris", "ceteris-12/a/b": "a/b", "tmpy": ""}.items():
        copy = theirs / ".dvc/tmp/exps" / copied
        copy.mkdir(parents=True)
        top = theirs / ".dvc/tmp/exps" / copied.removesuffix(home)
        (top / ".git").mkdir()
        assert home_of(copy) == theirs / home
    assert home_of(theirs / "ceteris") == theirs / "ceteris"


def test_the_wheel_carries_every_file_that_a_project_starts_with() -> None:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    carried = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    named = {*COPIED, "canvas.yaml", "params.yaml", *PIPELINES, "release/release.yaml"}
    assert carried == {name: f"ceteris/starter/{name}" for name in named}
    assert all((REPOSITORY / name).is_file() for name in named)


def test_a_start_that_was_broken_off_can_be_taken_up(theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    making = project_in(str(theirs / "ceteris"))
    monkeypatch.setattr("ceteris.starting.into.write_text", _once)
    with pytest.raises(KeyboardInterrupt):
        list(making.make())
    monkeypatch.undo()
    assert os.listdir(theirs / "ceteris") == [LOCK]
    init(theirs, LABELS)
    assert (theirs / "ceteris/notebooks").is_dir()


def _once(path: Path, text: str) -> None:
    if path.name != LOCK:
        raise KeyboardInterrupt
    path.parent.mkdir(parents=True)
    path.write_text(text)

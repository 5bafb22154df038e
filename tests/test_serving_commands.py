"""`ceteris serve` refuses in sentences before it listens; `ceteris labels` brings a filled-in file into the log, once."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from packages import flowers, resealed
from packages import package as package_of
from test_packaged import Strange
from test_writer import line

from ceteris.serving.log_file import note_classes, open_log, read_labels
from ceteris.serving.packaged import libraries_of
from ceteris.serving.writer import Work, Writer


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return flowers(tmp_path_factory.mktemp("package") / "model")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.sqlite"
    writer = Writer(path, 10)
    writer.put(Work(lambda connection, at: note_classes(connection, ("cat", "dog")))).result(5)
    writer.put(line()).result(5)  # rows a and b
    writer.close()
    return path


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_what_others_can_reach_asks_for_a_token(ceteris_, package: Path, tmp_path: Path, host: str, monkeypatch) -> None:
    monkeypatch.delenv("CETERIS_TOKEN", raising=False)
    said = ceteris_("serve", package, "--log", tmp_path / "log", "--host", host)
    assert said.code == 2
    assert "there is no token" in said.err and "--token-file FILE" in said.err
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize("command", ["serve", "monitor"])
def test_types_are_trusted_by_the_settings_of_whoever_serves_or_watches(
    ceteris_, repo: Path, command: str, monkeypatch
) -> None:
    folder = package_of(repo / "strange", Strange())
    name = f"{Strange.__module__}.Strange"
    resealed(folder, libraries=libraries_of([name]))
    words = (command, *((folder,) if command == "serve" else ("--package", folder)), "--log", repo / "none.sqlite")
    monkeypatch.setattr("ceteris.serving.server.serve", lambda *_: None)  # it would listen until it is stopped
    (repo / "release").mkdir(exist_ok=True)
    (repo / "release/release.yaml").write_text("package:\n  trusted:\n", encoding="utf-8")
    assert "is on no list of trusted types" in ceteris_(*words).err
    (repo / "release/release.yaml").write_text(f"package:\n  trusted:\n  - {name}\n", encoding="utf-8")
    assert "trusted types" not in ceteris_(*words).err


def test_a_token_comes_from_a_file_or_the_environment_and_is_long(ceteris_, package: Path, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "token").write_text("short\n")
    (tmp_path / "empty").write_text("\n")
    serve = ("serve", package, "--log", tmp_path / "log", "--port", 0)
    assert "shorter than 16 characters" in ceteris_(*serve, "--token-file", tmp_path / "token").err
    assert "holds no token" in ceteris_(*serve, "--token-file", tmp_path / "empty").err
    assert "cannot be read" in ceteris_(*serve, "--token-file", tmp_path / "none").err
    for text in ("ein-schlüssel-mit-umlaut", "first-of-two-lines\nsecond-of-two-lines"):
        (tmp_path / "token").write_text(text, encoding="utf-8")
        assert "holds what no client can send" in ceteris_(*serve, "--token-file", tmp_path / "token").err
    monkeypatch.setenv("CETERIS_TOKEN", "short")
    assert "shorter than 16 characters" in ceteris_(*serve).err


def test_a_folder_without_a_package_and_a_changed_package_are_refused(ceteris_, package: Path, tmp_path: Path) -> None:
    import shutil

    assert "no model was packaged there" in ceteris_("serve", tmp_path, "--log", tmp_path / "log").err
    changed = shutil.copytree(package, tmp_path / "changed")
    (changed / "schema.json").write_text((changed / "schema.json").read_text().replace("colour", "color"))
    said = ceteris_("serve", changed, "--log", tmp_path / "log")
    assert said.code == 8 and "'schema.json' differ from the manifest" in said.err


def test_settings_are_those_of_release_yaml_and_strict(ceteris_, package: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "release").mkdir()
    (tmp_path / "release/release.yaml").write_text("serve:\n  overflw: drop\n")
    said = ceteris_("serve", package, "--log", "log")
    assert said.code == 2 and "overflw" in said.err and "overflow" in said.err
    (tmp_path / "release/release.yaml").write_text("serve:\n  queue: 5\n")
    assert "the largest request would never fit" in ceteris_("serve", package, "--log", "log").err
    (tmp_path / "release/release.yaml").write_text("serve:\n  redact:\n  - petal width\n")
    assert "serve.redact names 'petal width', which the model does not take" in ceteris_("serve", package, "--log", "log").err
    assert "which is not there" in ceteris_("serve", package, "--log", "log", "--settings", "none.yaml").err
    assert [path.name for path in tmp_path.iterdir()] == ["release"]


def test_an_address_that_is_taken_is_a_sentence(ceteris_, package: Path, tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = ceteris_("serve", package, "--log", tmp_path / "log", "--port", taken.getsockname()[1])
    assert said.code == 2 and "Address already in use" in said.err


def test_two_servers_do_not_write_one_log(ceteris_, package: Path, tmp_path: Path) -> None:
    import fcntl

    log = tmp_path / "log.sqlite"
    with (tmp_path / "log.sqlite.lock").open("w") as lock:
        lock.write("ceteris serve (process 7)")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = ceteris_("serve", package, "--log", log, "--port", 0)
    assert said.code == 7
    assert said.err == f"ceteris serve (process 7) is still writing {log}. Wait for it, or end it, then run again.\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("model/log.sqlite", "would stand in the package"),
        ("linked/log.sqlite", "would stand in the package"),
        ("table.csv", "table.csv is no SQLite file, or a damaged one."),
        ("folder", "folder is no file."),
        ("round", "which is no path"),
        ("", "is no file."),
    ],
)
def test_a_log_that_can_be_none_is_refused_and_nothing_stands_beside_it(
    ceteris_, tmp_path: Path, monkeypatch, name: str, said: str
) -> None:
    folder = package_of(tmp_path / "model")
    (tmp_path / "linked").symlink_to(folder)
    (tmp_path / "folder").mkdir()
    (tmp_path / "round").symlink_to(tmp_path / "round")
    (tmp_path / "table.csv").write_text("id,label\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    found = ceteris_("serve", "model", "--log", name, "--port", 0)
    assert found.code in (2, 8) and said in found.err
    assert sorted(tmp_path.rglob("*")) == before


def test_two_names_of_one_log_are_one_log(ceteris_, package: Path, tmp_path: Path) -> None:
    import fcntl

    log, other = tmp_path / "log.sqlite", tmp_path / "other.sqlite"
    other.symlink_to(log)
    with (tmp_path / "log.sqlite.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert ceteris_("serve", package, "--log", other, "--port", 0).code == 7


def test_without_the_extra_a_sentence_names_it(ceteris_, package: Path, tmp_path: Path, monkeypatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "uvicorn" else found(name, *rest))
    said = ceteris_("serve", package, "--log", tmp_path / "log")
    assert said.err == ("Serving needs 'uvicorn', which is not installed. Install the extra: pip install 'ceteris[serve]'\n")


def test_a_filled_in_file_comes_into_the_log_once(ceteris_, log: Path, tmp_path: Path) -> None:
    file = tmp_path / "window.csv"
    file.write_text("id,label,source,pi,x\na,dog,active,0.5,1\nb,,random,0.5,2\nnobody,cat,random,0.5,2\n")
    first = ceteris_("labels", file, "--log", log, "--who", "Ada")
    assert (first.code, first.out) == (
        0,
        "1 label added\n  1 row left out: no label is filled in\n  1 id left out, which no logged row has: 'nobody'\n",
    )
    again = ceteris_("labels", file, "--log", log, "--who", "Ada")
    assert again.out.startswith("0 labels added\n  1 stood there already\n")
    assert read_labels(log)[["row_id", "label", "who", "source"]].to_numpy().tolist() == [["a", "dog", "Ada", "review"]]
    ceteris_("labels", file, "--log", log, "--who", "Ada", "--source", "late")
    assert read_labels(log)["source"].tolist() == ["review", "late"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id,label\na,dgo\nb,cat\n", "no class of the model: 'dgo'. Did you mean 'dog'?"),
        ("id;label\na;dog\n", "lacks the column 'id', 'label'"),
        ("id,label\na,dog\na,cat\n", "two labels to one id: 'a'"),
        ("id,label\n", "holds a header and no rows"),
        ("id,label\nx1,dog\nx2,cat\n", "has any of the 2 ids of"),
        ("id,label\na,dög\n", "bad.csv is not UTF-8 (line 2); it looks like cp1252. Save it as UTF-8, with commas"),
        ("id,label\na,dog,dog\n", "so the file may be cut off. Save it as UTF-8, with commas"),
    ],
)
def test_a_file_that_cannot_be_right_adds_nothing(ceteris_, log: Path, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "bad.csv").write_text(content, encoding="latin-1")
    found = ceteris_("labels", tmp_path / "bad.csv", "--log", log, "--who", "Ada")
    assert found.code == 2 and said in found.err
    assert "params.yaml" not in found.err
    assert read_labels(log).empty


def test_labels_of_a_model_of_numbers_are_numbers(ceteris_, log: Path, tmp_path: Path) -> None:
    connection = open_log(log)
    note_classes(connection, ())
    connection.close()
    (tmp_path / "numbers.csv").write_text("id,label\na,3\nb,many\n")
    assert "no numbers: 'many'" in ceteris_("labels", tmp_path / "numbers.csv", "--log", log, "--who", "Ada").err
    (tmp_path / "numbers.csv").write_text("id,label\na,3\nb,1e2\n")
    assert ceteris_("labels", tmp_path / "numbers.csv", "--log", log, "--who", "Ada").out == "2 labels added\n"
    assert read_labels(log)["label"].tolist() == ["3.0", "100.0"]
    (tmp_path / "numbers.csv").write_text("id,label\na,3\na,3.0\n")
    assert "1 stood there already" in ceteris_("labels", tmp_path / "numbers.csv", "--log", log, "--who", "Ada").out


def test_words_of_labels_are_checked(ceteris_, log: Path, tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("id,label\na,dog\n")
    file = tmp_path / "l.csv"
    assert "Did you mean 'review'?" in ceteris_("labels", file, "--log", log, "--who", "Ada", "--source", "reviews").err
    assert "--who is empty" in ceteris_("labels", file, "--log", log, "--who", " ").err
    assert "--who is 'A\\udcff', which is no plain text" in ceteris_("labels", file, "--log", log, "--who", "A\udcff").err
    (tmp_path / "blanks.csv").write_text("id,label\na,dog\na,dog \n")
    assert ceteris_("labels", tmp_path / "blanks.csv", "--log", log, "--who", "Ada").out == "1 label added\n"
    assert "is not there" in ceteris_("labels", tmp_path / "none.csv", "--log", log, "--who", "Ada").err
    assert "no log was written" in ceteris_("labels", file, "--log", tmp_path / "none", "--who", "Ada").err

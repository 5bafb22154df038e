"""Objects of the DVC cache: hashed when they are read, made into what they hold once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkout import run

from ceteris.errors import BadInputError, IntegrityError
from ceteris.experiments.cache import Cache


def put(root: Path, content: bytes, suffix: str = "") -> str:
    """Keep an object as DVC does, and return its name."""
    md5 = hashlib.md5(content).hexdigest() + suffix
    path = root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return md5


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    root = tmp_path / "root"
    root.mkdir()
    run(root, "git", "init", "-q")
    (root / ".dvc").mkdir()
    (root / ".dvc/config").write_text("")
    return root


@pytest.fixture
def cache(root: Path) -> Iterator[Cache]:
    with Cache(root) as found:
        yield found


def test_an_object_is_read_by_its_name(root: Path, cache: Cache) -> None:
    assert cache.read(put(root, b"content"), "softer", "`dvc repro`") == b"content"


def test_a_missing_object_is_named_with_what_brings_it(cache: Cache) -> None:
    with pytest.raises(
        BadInputError, match=r"What softer made is not in the DVC cache \(01234567\)\. Bring it with `dvc repro`\."
    ):
        cache.read("0123456789abcdef" * 2, "softer", "`dvc repro`")


def test_one_changed_byte_is_named_with_its_file_and_what_to_do(root: Path, cache: Cache) -> None:
    md5 = put(root, b"content")
    path = root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    path.write_bytes(b"contenT")
    with pytest.raises(
        IntegrityError, match=r"An object of softer .* is not what was stored: .*Remove it \(rm -f .*\), then bring"
    ) as told:
        cache.read(md5, "softer", "`dvc repro`")
    assert str(path) in str(told.value)
    assert told.value.exit_code == 8


def test_a_folder_is_its_files(root: Path, cache: Cache) -> None:
    entries = [{"md5": "m1", "relpath": "logistic/given/predictions.npz"}, {"md5": "m2", "relpath": "a b/c"}]
    md5 = put(root, json.dumps(entries).encode(), ".dir")
    assert cache.folder(md5, "softer", "") == {"logistic/given/predictions.npz": "m1", "a b/c": "m2"}


def test_what_is_made_of_an_object_is_made_once(cache: Cache) -> None:
    made = [cache.once(("table", "m1"), object), cache.once(("table", "m1"), object), cache.once(("json", "m1"), object)]
    assert made[0] is made[1]
    assert made[0] is not made[2]


def test_a_cache_elsewhere_is_read_there(root: Path, tmp_path: Path) -> None:
    (root / ".dvc/config.local").write_text(f"[cache]\n    dir = {tmp_path / 'shared'}\n")
    md5 = hashlib.md5(b"content").hexdigest()
    path = tmp_path / "shared/files/md5" / md5[:2] / md5[2:]
    path.parent.mkdir(parents=True)
    path.write_bytes(b"content")
    with Cache(root) as cache:
        assert cache.read(md5, "softer", "") == b"content"


def test_a_folder_where_dvc_never_worked_is_refused(root: Path) -> None:
    (root / ".dvc/config").unlink()
    (root / ".dvc").rmdir()
    with pytest.raises(BadInputError, match=r"DVC cannot work in .*dvc init"), Cache(root):
        pass


def test_a_configuration_that_dvc_cannot_read_is_a_sentence(root: Path) -> None:
    (root / ".dvc/config").write_text("[cache\n")
    with pytest.raises(BadInputError, match="DVC cannot work in"), Cache(root):
        pass


def test_what_takes_too_much_room_is_made_anew_the_longest_unasked_first(cache: Cache) -> None:
    made = []

    def ask(name: str) -> str:
        return cache.lately((name,), lambda: made.append(name) or name, lambda _: 4, room=10)

    assert [ask(name) for name in ("one", "two", "one", "three", "one", "two")] == ["one", "two", "one", "three", "one", "two"]
    assert made == ["one", "two", "three", "two"]


def test_one_thing_larger_than_all_room_is_held(cache: Cache) -> None:
    made = []
    for _ in range(2):
        cache.lately(("big",), lambda: made.append("big"), lambda _: 100, room=10)
    assert made == ["big"]

"""A folder of pictures: each becomes pixels of one size, the same every time; what is no picture is named, all at once."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from ceteris.dataset import ID, LABEL
from ceteris.errors import BadInputError
from ceteris.readers import Read
from ceteris.readers.image_folder import read_image_folder
from ceteris.readers.sources import look, source_sha256
from ceteris.sections import Ingest

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 10, 3), dtype=np.uint8)
SMALL = {"image_size": 4}


def folder(root: Path) -> Path:
    """Make a folder of four pictures of two classes."""
    home = root / "data/source/pets"
    for place, shift in (("cat/1.png", 0), ("cat/2.png", 40), ("dog/1.png", 80), ("dog/deep/3.png", 120)):
        save(home / place, Image.fromarray(PIXELS + np.uint8(shift)))
    return home


def save(path: Path, picture: Image.Image, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, **options)


def read_of(home: Path, within: Path | None = None, **ingest: Any) -> Read:
    return read_image_folder(home, "data/source/pets", Ingest(**SMALL | ingest), within)


def pixels_of(found: Read, place: str) -> np.ndarray:
    row = found.cells.column("id").to_pylist().index(place)
    return np.array(found.cells.column("pixels")[row].as_py()).reshape(found.image_shape)


def test_a_picture_is_a_row_named_by_its_path_and_labelled_by_its_folder(tmp_path: Path) -> None:
    found = read_of(folder(tmp_path))
    assert found.cells.column("id").to_pylist() == ["cat/1.png", "cat/2.png", "dog/1.png", "dog/deep/3.png"]
    assert found.cells.column("label").to_pylist() == ["cat", "cat", "dog", "dog"]
    assert found.cells.schema.field("pixels").type == pa.list_(pa.uint8(), 48)
    assert found.image_shape == (4, 4, 3)
    assert read_of(folder(tmp_path)).cells.equals(found.cells)
    expected = np.asarray(Image.fromarray(PIXELS).resize((4, 4), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(pixels_of(found, "cat/1.png"), expected)


def test_pictures_of_the_declared_size_keep_every_pixel(tmp_path: Path) -> None:
    square = PIXELS[:8, :8]
    for label in ("a", "b"):
        save(tmp_path / f"pets/{label}/x.png", Image.fromarray(square))
    np.testing.assert_array_equal(pixels_of(read_of(tmp_path / "pets", image_size=8), "a/x.png"), square)
    gray = read_of(tmp_path / "pets", image_size=8, image_mode="gray")
    assert gray.image_shape == (8, 8)
    np.testing.assert_array_equal(pixels_of(gray, "a/x.png"), np.asarray(Image.fromarray(square).convert("L")))


def test_pictures_that_are_no_feature_leave_a_table_without_a_shape_of_pictures(tmp_path: Path) -> None:
    home = folder(tmp_path)
    np.save(tmp_path / "data/source/emb.npy", np.eye(4, dtype=np.float32))
    beside = {"data/source/emb.npy": tmp_path / "data/source/emb.npy"}
    ingest = Ingest(source="data/source/pets", label="label", id="id", features="data/source/emb.npy", **SMALL)
    assert look(home, ingest, beside=beside).image_shape == (4, 4, 3)
    alone = look(home, ingest.model_copy(update={"drop": ("pixels",)}), beside=beside)
    assert (alone.image_shape, list(alone.frame.columns)) == (None, [ID, LABEL, "emb"])


def test_all_files_that_are_no_pictures_are_named_at_once_with_why(tmp_path: Path) -> None:
    home = folder(tmp_path)
    (home / "cat/empty.png").write_bytes(b"")
    (home / "cat/words.png").write_text("no picture")
    (home / "cat/list.csv").write_text("a,b")
    (home / "readme.txt").write_text("no class")
    whole = (home / "cat/1.png").read_bytes()
    (home / "dog/cut.png").write_bytes(whole[: len(whole) // 2])
    save(home / "dog/photo.jpg", Image.fromarray(np.tile(PIXELS, (20, 20, 1))))
    jpeg = (home / "dog/photo.jpg").read_bytes()
    (home / "dog/photo.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    frames = [Image.fromarray(PIXELS + np.uint8(shift)) for shift in (0, 99)]
    save(home / "dog/moves.gif", frames[0], save_all=True, append_images=frames[1:])
    save(home / "dog/bomb.png", Image.new("1", (20_000, 20_000)))
    save(home / "dog/heat.tiff", Image.fromarray(np.ones((4, 4), dtype=np.float32)))
    with pytest.raises(BadInputError) as refusal:
        read_of(home)
    said = str(refusal.value)
    assert "holds 9 files that are not read, beside 4 pictures" in said
    for words in (
        "empty (1): 'cat/empty.png'", "no picture (2): 'cat/list.csv', 'cat/words.png'",
        "in no folder of a class (1): 'readme.txt'",
        "cut off (2): 'dog/cut.png', 'dog/photo.jpg'", "several pictures in one file (1): 'dog/moves.gif'",
        "more than 50 megapixels (1): 'dog/bomb.png'", "without a range of brightness (1): 'dog/heat.tiff'",
        "ingest.unreadable: drop",
    ):  # fmt: skip
        assert words in said, said
    found = read_of(home, unreadable="drop")
    assert found.cells.num_rows == 4
    assert found.notes == ("9 files that are no readable pictures were left out",)
    assert "cat/empty.png (empty)" in found.examples[0]


def test_a_picture_beyond_what_the_library_opens_is_named_too(tmp_path: Path) -> None:
    home = folder(tmp_path)
    data = bytearray((home / "cat/1.png").read_bytes())
    data[16:24] = (100_000).to_bytes(4, "big") * 2  # width and height
    import zlib

    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    (home / "cat/bomb.png").write_bytes(bytes(data))
    with pytest.raises(BadInputError, match=r"more than 50 megapixels \(1\): 'cat/bomb.png'"):
        read_of(home)


def test_a_picture_is_turned_as_the_camera_was_held(tmp_path: Path) -> None:
    home = folder(tmp_path)
    square = PIXELS[:4, :4]
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    save(home / "cat/held.png", Image.fromarray(square), exif=exif)
    found = read_of(home)
    np.testing.assert_array_equal(pixels_of(found, "cat/held.png"), np.rot90(square, -1))
    assert found.notes == ("1 pictures were turned as their EXIF data say",)


def test_transparent_parts_are_white_sixteen_bits_become_eight_and_cmyk_becomes_rgb(tmp_path: Path) -> None:
    home = folder(tmp_path)
    clear = np.dstack([PIXELS[:4, :4], np.zeros((4, 4), dtype=np.uint8)])
    save(home / "cat/clear.png", Image.fromarray(clear))
    deep = (np.arange(16, dtype=np.uint16) * 257 * 15).reshape(4, 4)
    save(home / "cat/deep.png", Image.fromarray(deep))
    save(home / "cat/print.jpg", Image.new("CMYK", (4, 4), (0, 255, 255, 0)))
    found = read_of(home)
    assert (pixels_of(found, "cat/clear.png") == 255).all()
    np.testing.assert_array_equal(pixels_of(found, "cat/deep.png")[..., 0], deep // 257)
    red = pixels_of(found, "cat/print.jpg")[0, 0]
    assert red[0] > 200 and red[1] < 60 and red[2] < 60
    assert sorted(found.notes) == [
        "1 pictures were brought from 16 bits to 8",
        "1 pictures were laid on white, since parts of them are transparent",
        "1 pictures were turned from CMYK to RGB",
    ]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16"])
@pytest.mark.parametrize("suffix", ["png", "jpg", "tiff", "webp", "bmp", "gif"])
def test_every_mode_of_every_format_is_read_in_both_colours(mode: str, suffix: str, tmp_path: Path) -> None:
    picture = Image.new("L", (6, 6), 100).convert(mode)
    try:
        save(tmp_path / f"pets/a/x.{suffix}", picture)
    except (OSError, ValueError, KeyError):
        pytest.skip(f"{suffix} holds no {mode}")
    for colours in ("rgb", "gray"):
        assert read_of(tmp_path / "pets", image_mode=colours).cells.num_rows == 1


def test_hidden_files_and_what_file_managers_leave_are_no_pictures(tmp_path: Path) -> None:
    home = folder(tmp_path)
    before = source_sha256(Ingest(source="data/source/pets"), tmp_path)
    for name in (".DS_Store", "cat/.hidden.png", "cat/Thumbs.db", ".cache/x/y.png"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(b"x")
    assert read_of(home).cells.num_rows == 4
    assert source_sha256(Ingest(source="data/source/pets"), tmp_path) == before


def test_one_picture_under_two_classes_is_told_without_its_name_in_what_git_keeps(tmp_path: Path) -> None:
    home = folder(tmp_path)
    shutil.copyfile(home / "cat/1.png", home / "dog/same.png")
    shutil.copyfile(home / "cat/2.png", home / "cat/same.png")
    found = read_of(home)
    assert found.notes == ("1 pictures stand, byte for byte, under more than one class",)
    assert found.examples == ("under more than one class: 'cat/1.png = dog/same.png'",)


@pytest.mark.parametrize("to", ["a file", "a folder", "itself", "nothing"])
def test_links_out_of_the_repository_and_to_folders_are_refused(to: str, tmp_path: Path) -> None:
    home = folder(tmp_path / "repository")
    outside = tmp_path / "outside.png"
    shutil.copyfile(home / "cat/1.png", outside)
    target = {"a file": outside, "a folder": tmp_path, "itself": home, "nothing": tmp_path / "gone.png"}[to]
    (home / "cat/link").symlink_to(target)
    with pytest.raises(BadInputError) as refusal:
        read_of(home, within=tmp_path / "repository")
    assert "links to folders, or out of the repository: 'cat/link'" in str(refusal.value)


def test_a_link_within_the_repository_is_followed(tmp_path: Path) -> None:
    home = folder(tmp_path)
    cached = tmp_path / ".dvc/cache/ab"
    cached.parent.mkdir(parents=True)
    shutil.move(home / "cat/1.png", cached)
    (home / "cat/1.png").symlink_to(cached)
    assert read_of(home, within=tmp_path).cells.num_rows == 4
    with pytest.raises(BadInputError, match="out of the repository"):
        read_of(home)


@pytest.mark.parametrize("make", ["nothing", "a folder", "a hidden file"])
def test_a_folder_without_pictures_is_refused(make: str, tmp_path: Path) -> None:
    home = tmp_path / "pets"
    (home / "cat").mkdir(parents=True)
    if make == "a hidden file":
        (home / "cat/.x.png").write_bytes(b"x")
    with pytest.raises(BadInputError, match="holds no pictures"):
        read_of(home)


def test_the_sha256_of_a_folder_is_that_of_its_paths_and_bytes(tmp_path: Path) -> None:
    home = folder(tmp_path)
    named = Ingest(source="data/source/pets")
    digest = hashlib.sha256()
    for place in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/deep/3.png"):
        digest.update(f"{place}\0{hashlib.sha256((home / place).read_bytes()).hexdigest()}\n".encode())
    assert source_sha256(named, tmp_path) == digest.hexdigest()
    (home / "cat/2.png").rename(home / "dog/2.png")
    assert source_sha256(named, tmp_path) != digest.hexdigest()


def test_strange_names_are_ids_as_they_are(tmp_path: Path) -> None:
    home = folder(tmp_path)
    names = ["cat/🐱 =1+1.png", "cat/قطة.png", "cat/a\nb.png"]
    for name in names:
        shutil.copyfile(home / "cat/1.png", home / name)
    assert set(names) <= set(read_of(home).cells.column("id").to_pylist())
    (home / "cat" / b"\xff.png".decode("utf-8", "surrogateescape")).write_bytes((home / "cat/1.png").read_bytes())
    with pytest.raises(BadInputError, match="names are not UTF-8"):
        read_of(home)

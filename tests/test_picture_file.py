"""The picture that a row was read from is shown as it is, and nothing else is read in its place."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from ceteris.reviewing.picture_file import picture


def drawn(told: str) -> Image.Image:
    assert told.startswith("data:image/png;base64,")
    return Image.open(io.BytesIO(base64.b64decode(told.partition(",")[2])))


def written(path: Path, height: int = 20, width: int = 30) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((height, width, 3), (200, 10, 30), dtype=np.uint8)).save(path)
    return path


def test_a_small_picture_is_shown_in_its_own_size_and_colours(tmp_path: Path) -> None:
    shown = drawn(picture(written(tmp_path / "cats" / "a.png"), tmp_path))
    assert shown.size == (30, 20)
    assert shown.convert("RGB").getpixel((3, 3)) == (200, 10, 30)


def test_a_large_one_is_made_smaller_and_keeps_its_shape(tmp_path: Path) -> None:
    assert drawn(picture(written(tmp_path / "a.png", 1000, 2000), tmp_path)).size == (800, 400)


def test_one_that_was_turned_is_shown_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("RGB", (30, 20)).save(tmp_path / "a.jpg", exif=exif)
    assert drawn(picture(tmp_path / "a.jpg", tmp_path)).size == (20, 30)


def test_what_is_no_picture_or_not_there_or_outside_of_the_folder_is_not_shown(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", written(tmp_path / "secret.png")
    inside.mkdir()
    (inside / "text.png").write_text("no picture", encoding="utf-8")
    (inside / "link.png").symlink_to(outside)
    for path in (inside / "text.png", inside / "gone.png", inside / "link.png", inside / ".." / "secret.png", inside):
        assert picture(path, inside) == ""

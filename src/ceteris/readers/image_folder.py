"""A folder of pictures, one folder a class: every picture brought to one size, its path as id, its folder's name as label."""

from __future__ import annotations

import os
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path
from typing import Any

import numpy as np

from ceteris.errors import BadInputError, some
from ceteris.readers import Read, borrowed
from ceteris.readers.vectors import pixel_column
from ceteris.sections import Ingest

__all__ = ["ID_COLUMN", "LABEL_COLUMN", "pictures_below", "read_image_folder"]

ID_COLUMN, LABEL_COLUMN, _PIXELS = "id", "label", "pixels"
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
_IGNORED = {"thumbs.db", "desktop.ini", "__macosx"}  # left behind by file managers
_MOST_PIXELS = 50_000_000
_ORIENTATION = 0x0112  # the tag of EXIF that tells how a camera was held


class _UnreadableError(Exception):
    """Why a file is no picture that can be read."""


@dataclass
class _Found:
    """What was met on the way through a folder."""

    ids: list[str] = field(default_factory=list)
    pixels: list[np.ndarray] = field(default_factory=list)
    bad: list[tuple[str, str]] = field(default_factory=list)
    changed: Counter[str] = field(default_factory=Counter)
    places: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def read_image_folder(path: Path, name: str, ingest: Ingest, within: Path | None = None) -> Read:
    """Return one row a picture: `id` (its path below the folder), `label` (the folder it is in) and `pixels`.

    Parameters
    ----------
    within : Path, optional
        What links may not leave; default: the folder itself.

    Raises
    ------
    BadInputError
        Names the files that are no pictures, cut off, too large or animated, unless `ingest.unreadable` is `drop`.
    """
    import pyarrow as pa

    image = borrowed("PIL.Image", "images", "pictures")
    found = _Found()
    for file in pictures_below(path, name, within or path):
        place = file.relative_to(path).as_posix()
        try:
            found.pixels.append(_pixels(image, file, place, ingest, found.changed))
        except _UnreadableError as reason:
            found.bad.append((place, str(reason)))
            continue
        found.ids.append(place)
        with file.open("rb") as opened:
            found.places[file_digest(opened, "sha256").hexdigest()].append(place)
    _refuse_unreadable(found, name, ingest)
    if not found.ids:
        raise BadInputError(
            f"{name} is a folder that holds no pictures.",
            f"Put them there, one folder a class: {name}/CLASS/FILE, or name a file in `ingest.source`.",
        )
    columns = {
        ID_COLUMN: pa.array(found.ids, pa.string()),
        LABEL_COLUMN: pa.array([place.split("/")[0] for place in found.ids], pa.string()),
        _PIXELS: pixel_column(np.stack(found.pixels)),
    }
    notes, examples = _told(found, name)
    side = ingest.image_size
    shape = (side, side) if ingest.image_mode == "gray" else (side, side, 3)
    return Read(pa.table(columns), notes=tuple(notes), examples=tuple(examples), image_shape=shape)


def pictures_below(path: Path, name: str, within: Path) -> Iterator[Path]:
    """Yield every file below a folder in the order of its path, hidden ones left out.

    Raises
    ------
    BadInputError
        A link leads out of `within`, or to a folder; a name cannot be written as text.
    """
    home = within.resolve()
    files: list[Path] = []
    links: list[Path] = []
    for folder, below, names in os.walk(path):
        below[:] = sorted(inner for inner in below if _is_seen(inner))
        here = Path(folder)
        links += [here / inner for inner in below if (here / inner).is_symlink()]
        for file in (here / inner for inner in names if _is_seen(inner)):
            (links if file.is_symlink() and not file.resolve().is_relative_to(home) else files).append(file)
    if links:
        raise BadInputError(
            f"{name} holds links to folders, or out of the repository: {some(link.relative_to(path) for link in links)}.",
            "Put the files themselves there (where DVC made the links: `dvc config cache.type reflink,copy`, then"
            " `dvc checkout --relink`).",
        )
    odd = [os.fsencode(file.relative_to(path)) for file in files if not _is_text(str(file))]
    if odd:
        raise BadInputError(f"{name} holds files whose names are not UTF-8: {some(odd)}.", "Rename them.")
    yield from sorted(files, key=lambda file: file.relative_to(path).as_posix())


def _is_seen(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _IGNORED


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _pixels(image: Any, file: Path, place: str, ingest: Ingest, changed: Counter[str]) -> np.ndarray:
    """Return the pixels of one picture at the declared size, shape (n_pixels,), uint8; count what had to be changed."""
    if "/" not in place:
        raise _UnreadableError("in no folder of a class")
    if file.stat().st_size == 0:
        raise _UnreadableError("empty")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata; the number of pixels is asked below
        try:
            with image.open(file, formats=_FORMATS) as opened:
                return _brought(image, _checked(opened), ingest, changed)
        except _UnreadableError:
            raise
        except image.DecompressionBombError:
            raise _UnreadableError(f"more than {_MOST_PIXELS / 1e6:.0f} megapixels") from None
        except image.UnidentifiedImageError:
            raise _UnreadableError("no picture") from None
        except (OSError, SyntaxError, ValueError, EOFError, MemoryError, IndexError, TypeError, OverflowError) as error:
            raise _UnreadableError("cut off" if "truncated" in str(error) else "broken") from None


def _checked(opened: Any) -> Any:
    if opened.width * opened.height > _MOST_PIXELS:
        raise _UnreadableError(f"more than {_MOST_PIXELS / 1e6:.0f} megapixels")
    if getattr(opened, "n_frames", 1) > 1:
        raise _UnreadableError("several pictures in one file")
    if opened.mode == "F":
        raise _UnreadableError("numbers without a range of brightness")
    opened.load()
    return opened


def _brought(image: Any, picture: Any, ingest: Ingest, changed: Counter[str]) -> np.ndarray:
    from PIL import ImageOps

    if picture.getexif().get(_ORIENTATION, 1) != 1:
        changed["turned as their EXIF data say"] += 1
        picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):
        changed["brought from 16 bits to 8"] += 1
        picture = image.fromarray((np.asarray(picture).clip(0, 65535) // 257).astype(np.uint8))
    if picture.mode == "CMYK":
        changed["turned from CMYK to RGB"] += 1
    if picture.has_transparency_data:
        changed["laid on white, since parts of them are transparent"] += 1
        whole = picture.convert("RGBA")
        picture = image.alpha_composite(image.new("RGBA", whole.size, "white"), whole)
    picture = picture.convert("L" if ingest.image_mode == "gray" else "RGB")
    side = (ingest.image_size, ingest.image_size)
    return np.asarray(picture.resize(side, image.Resampling.BILINEAR), dtype=np.uint8).reshape(-1)


def _refuse_unreadable(found: _Found, name: str, ingest: Ingest) -> None:
    if found.bad and ingest.unreadable == "refuse":
        reasons = Counter(reason for _, reason in found.bad)
        counted = "; ".join(
            f"{reason} ({count}): {some([place for place, why in found.bad if why == reason])}"
            for reason, count in reasons.most_common()
        )
        raise BadInputError(
            f"{name} holds {len(found.bad)} files that are not read, beside {len(found.ids)} pictures: {counted}.",
            "Take them out or repair them, or leave them out: params.yaml `ingest.unreadable: drop`.",
        )


def _told(found: _Found, name: str) -> tuple[list[str], list[str]]:
    notes = [f"{count} pictures were {what}" for what, count in sorted(found.changed.items())]
    examples = []
    if found.bad:
        notes.append(f"{len(found.bad)} files that are no readable pictures were left out")
        examples.append(f"left out: {some(f'{place} ({reason})' for place, reason in found.bad)}")
    torn = [places for places in found.places.values() if len({place.split("/")[0] for place in places}) > 1]
    if torn:
        notes.append(f"{len(torn)} pictures stand, byte for byte, under more than one class")
        examples.append(f"under more than one class: {some((' = '.join(places) for places in torn), 3)}")
    return notes, examples

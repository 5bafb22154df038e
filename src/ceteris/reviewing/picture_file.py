"""The picture file that a row was read from, as a page or a terminal shows it."""

from __future__ import annotations

import base64
import io
from pathlib import Path

__all__ = ["picture"]

_LARGEST = 800  # pixels of a side; a page of forty photographs is to stay light


def picture(path: Path, folder: Path) -> str:
    """Return a picture as a data URI, made smaller where it is large; "" where there is none to be read in that folder."""
    from PIL import Image, ImageOps

    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        return ""
    try:
        with Image.open(path) as opened:
            shown = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return ""
    shown.thumbnail((_LARGEST, _LARGEST))
    buffer = io.BytesIO()
    shown.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"

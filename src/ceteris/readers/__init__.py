"""One room for each kind of source: what its bytes say, as an Arrow table whose types are told in `columns`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from ceteris.errors import BadInputError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Read", "borrowed"]


class Read(NamedTuple):
    """What one source holds.

    Attributes
    ----------
    cells : Table
    spelled : bool
        Whether every cell is text, so that columns are to be typed by what they hold.
    notes : tuple of str
        What deserves a look, without a single value.
    examples : tuple of str
        With values: for the terminal only.
    image_shape : tuple of int, or None
        Height, width (and 3 where there are colours) of the pictures, where the source is a set of pictures.
    listed : Table, optional
        The labels that several people gave, from `ingest.votes`.
    """

    cells: pa.Table
    spelled: bool = False
    notes: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    image_shape: tuple[int, ...] | None = None
    listed: pa.Table | None = None


def borrowed(module: str, extra: str, what: str) -> Any:
    """Return a library that only some users have installed; refuse, with the command that brings it, where it is absent."""
    try:
        return import_module(module)
    except ImportError:
        package = module.split(".")[0]
        raise BadInputError(
            f"To read {what}, ceteris needs {package}, which is not installed here.",
            f"Run: python -m pip install 'ceteris[{extra}]'",
        ) from None

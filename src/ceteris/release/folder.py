"""The door to release/: its terms, and the looks, which are whole on disk and in git's hands before anything is opened."""

from __future__ import annotations

import getpass
import os
from datetime import UTC, datetime
from pathlib import Path

from ceteris.errors import BadInputError, CeterisError, IntegrityError
from ceteris.experiments.git import Git
from ceteris.release.looks import FILE as LOOKS
from ceteris.release.looks import HEADER, Look, line_of, lines_of, parse, whole_again
from ceteris.release.terms import FILE as TERMS
from ceteris.release.terms import Release, parse_terms
from ceteris.store import STATE, read_yaml, write_text

__all__ = ["ACCEPTANCE", "EDITS", "QUEUE", "circumstances", "read_looks", "read_terms", "take"]

ACCEPTANCE, EDITS, QUEUE = "release/acceptance.json", "release/edits", "release/queue.csv"
_WITNESS = f"{STATE}/looks.csv"


def read_terms(root: Path) -> Release:
    """Return what release.yaml says."""
    path = root / TERMS
    if not path.is_file():
        raise BadInputError(f"{TERMS} is not there.", f"Restore it: git checkout HEAD -- {TERMS}")
    return parse_terms(read_yaml(path))


def read_looks(root: Path) -> tuple[Look, ...]:
    """Return every look that was taken, in the order of looks.csv.

    Raises
    ------
    IntegrityError
        A line is no look, or one that git's HEAD, its index or this clone has seen is missing or was changed.
    BadInputError
        The folder is in no git repository.
    """
    text = _text(root / LOOKS)
    here = lines_of(text)
    with Git(root) as git:
        known = [lines_of(_decoded(git.file(rev, LOOKS) or b"")) for rev in ("HEAD", "")]
    seen = list(dict.fromkeys(line for lines in (*known, lines_of(_text(root / _WITNESS))) for line in lines))
    lost = [line for line in seen if line not in here]
    if lost:
        _write(root / _WITNESS, whole_again(seen, here))
        raise IntegrityError(
            f"{LOOKS} lacks {len(lost)} of the looks that were taken, as they were written:"
            + "".join(f"\n  {line}" for line in lost[:5]) + "\n",
            f"A look stays in the count. Bring them back: cp {_WITNESS} {LOOKS}",
        )  # fmt: skip
    return parse(text)


def circumstances(root: Path) -> tuple[dict[str, str], list[str]]:
    """Return when, by whom and at which commit a look is taken, and the paths that are not as that commit holds them."""
    with Git(root) as git:
        changed, revision = git.changed(beside="release"), git.resolve("HEAD")[:12]
        who = git.author() or getpass.getuser()
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"at": at, "who": who, "revision": (revision or "no commit") + ("-dirty" if changed else "")}, changed


def take(root: Path, look: Look) -> None:
    """Add a look to looks.csv; on return it is on the disk itself, and staged in git.

    The caller holds the repository's one writing lock.
    """
    path = root / LOOKS
    text = "\n".join([HEADER, *lines_of(_text(path)), line_of(look)]) + "\n"
    _write(path, text)
    _write(root / _WITNESS, text)
    with Git(root) as git:
        git.stage(LOOKS)


def _write(path: Path, text: str) -> None:
    """Write a file whole, and wait until it and its place in the folder are on the disk."""
    write_text(path, text)
    try:
        for place in (path, path.parent):
            descriptor = os.open(place, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise CeterisError(
            f"{path} may not be on the disk yet: {error.strerror}. The test part was not opened.", "Run it again."
        ) from None


def _text(path: Path) -> str:
    return _decoded(path.read_bytes()) if path.is_file() else ""


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "replace")

"""The door to release/: its terms; the looks, on disk and in git's hands before anything is opened; and what they said."""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import io
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ceteris.errors import BadInputError, BusyError, CeterisError, IntegrityError, some
from ceteris.experiments.git import Git
from ceteris.release.looks import FILE as LOOKS
from ceteris.release.looks import HEADER, Look, line_of, lines_of, parse, whole_again
from ceteris.release.record import COLUMNS, COUNTS, TEXTS, with_verdict
from ceteris.release.record import FILE as VERDICTS
from ceteris.release.terms import FILE as TERMS
from ceteris.release.terms import Accept, Release, parse_terms
from ceteris.store import STATE, read_table, read_yaml, settle, write_table, write_text

__all__ = [
    "ACCEPTANCE", "CANDIDATE", "EDITS", "GATE", "GROUPS", "JUDGED", "MODEL", "QUEUE", "alone",
    "changed_told", "circumstances", "is_requested", "note_verdict", "read_looks", "read_terms",
    "read_verdicts", "request", "take", "verdicts_of",
]  # fmt: skip

ACCEPTANCE, EDITS, QUEUE = "release/acceptance.json", "release/edits", "release/queue.csv"
JUDGED, GATE, GROUPS = "release/judged/rows.parquet", "release/gate.json", "release/groups.csv"
CANDIDATE, MODEL = "release/candidate", "release/model"
_REQUEST, _CHANGED = "CETERIS_LOOK", "CETERIS_CHANGED"
_WITNESS = f"{STATE}/looks.csv"


def read_terms(root: Path) -> Release:
    """Return what release.yaml says."""
    path = root / TERMS
    if not path.is_file():
        raise BadInputError(f"{TERMS} is not there.", f"Restore it: git checkout HEAD -- {TERMS}")
    return parse_terms(read_yaml(path))


def request(accept: Accept | None, changed: list[str] | None = None) -> dict[str, str]:
    """Return the environment of a run that may take a look for these very terms, or for none.

    A file would outlive the run, and a later `dvc repro` would find in it a look that nobody asks for any more.

    Parameters
    ----------
    changed : list of str, optional
        The paths to tell of as changed since the last commit; default: those that are when the look is taken.
    """
    kept = {name: value for name, value in os.environ.items() if name not in (_REQUEST, _CHANGED)}
    kept |= {} if changed is None else {_CHANGED: some(changed)}
    return kept if accept is None else kept | {_REQUEST: accept.model_dump_json()}


def changed_told(changed: list[str]) -> str:
    """Return what to tell of as changed since the last commit, "" for nothing: not what the asking command itself changed."""
    return os.environ.get(_CHANGED, some(changed))


def is_requested(accept: Accept) -> bool:
    """Return whether somebody asked this run to take a look for these very terms."""
    return os.environ.get(_REQUEST) == accept.model_dump_json()


@contextlib.contextmanager
def alone(root: Path) -> Iterator[None]:
    """Hold what only one `ceteris accept` may hold, from the naming of a candidate until its verdict is told.

    Raises
    ------
    BusyError
        Another one holds it.
    """
    state = root / STATE
    try:
        state.mkdir(exist_ok=True)
        lock = (state / "accept").open("a")
    except OSError as error:
        raise CeterisError(f"{state} cannot be written: {error.strerror}.", "Make room or access, run again.") from None
    with lock as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BusyError("Another `ceteris accept` is at work here.", "Wait for it to end, then run this again.") from None
        yield


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


def read_verdicts(root: Path) -> pd.DataFrame:
    """Return what the looks said, in the columns of `record.COLUMNS`.

    Raises
    ------
    IntegrityError
        The file is not what accept wrote.
    """
    path = root / VERDICTS
    return verdicts_of(path.read_bytes() if path.is_file() else b"")


def verdicts_of(content: bytes) -> pd.DataFrame:
    """Return what a verdicts.csv holds, of whatever revision; refusals as of `read_verdicts`."""
    if not content:
        return pd.DataFrame(columns=list(COLUMNS))
    try:
        table = read_table(io.BytesIO(content), text=TEXTS)[list(COLUMNS)]
        return table if table.empty else table.astype({"look": int, "accepted": bool} | dict.fromkeys(COUNTS, int))
    except (ValueError, KeyError, TypeError):
        raise IntegrityError(
            f"{VERDICTS} is not what accept wrote.",
            f"Restore it: git checkout -- {VERDICTS} (or, where it was staged as it is: git checkout HEAD -- {VERDICTS})",
        ) from None


def note_verdict(root: Path, verdict: Mapping[str, Any]) -> None:
    """Add what a look said to verdicts.csv, where it is not what it said the last time; it is staged in git."""
    write_table(root / VERDICTS, with_verdict(read_verdicts(root), verdict))
    with Git(root) as git:
        git.stage(VERDICTS)


def _write(path: Path, text: str) -> None:
    """Write a file whole, and wait until it and its place in the folder are on the disk."""
    write_text(path, text)
    settle(path.parent)


def _text(path: Path) -> str:
    return _decoded(path.read_bytes()) if path.is_file() else ""


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "replace")

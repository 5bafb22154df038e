"""`ceteris example NAME`: a repository of its own in a new folder, ready for `dvc repro`."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from ceteris.errors import BadInputError, CeterisError, nearest
from ceteris.examples import Source, credit, images, movie_reviews
from ceteris.into import Project
from ceteris.onboarding import init_command
from ceteris.params_file import changed
from ceteris.sources import FOLDER
from ceteris.store import git_top, write_text
from ceteris.template import template

__all__ = ["EXAMPLES", "example_command"]

EXAMPLES = {"credit": credit.source, "movie-reviews": movie_reviews.source, "images": images.source}
_print = partial(print, flush=True)


class _Example(Project):
    """A project that is the top folder of a git repository of its own."""

    def next(self) -> Iterator[str]:
        """Say that the commit comes first: experiments are kept beside one."""
        for line in super().next():
            yield line.replace("Add ceteris", "The example as it came")


def example_command(name: str, into: str | None, rows: int | None, tell: Callable[[str], None] = _print) -> None:
    """Make an example's repository, telling all that `ceteris init` finds in its data.

    Parameters
    ----------
    name : str
        One of `EXAMPLES`.
    into : str, optional
        A new folder outside of every git repository; default: one called like the example, here.
    rows : int, optional
        Default: those that its page in the docs was made with.

    Raises
    ------
    BadInputError
        No such example, or no such place; nothing is written.
    CeterisError
        Its data are not to be had.
    """
    if name not in EXAMPLES:
        raise BadInputError(
            f"There is no example {name!r}.{nearest(name, EXAMPLES)}", f"Name one of these: {', '.join(EXAMPLES)}."
        )
    root = _place(name, into)
    found = EXAMPLES[name](rows)
    try:
        _make(root, found, tell)
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise


def _place(name: str, into: str | None) -> Path:
    root = Path(into or name).expanduser().resolve()
    top = git_top(root)
    other = f"Name a new folder outside of it: ceteris example {name} --into /tmp/{name}"
    if top is not None:
        raise BadInputError(f"{root} lies in the git repository {top}, and an example is a repository of its own.", other)
    if root.exists():
        raise BadInputError(f"{root} is there already.", other.replace(" outside of it", ""))
    return root


def _make(root: Path, found: Source, tell: Callable[[str], None]) -> None:
    folder = root / FOLDER
    folder.mkdir(parents=True)
    found.write(folder)
    done = subprocess.run(["git", "init", "-q", "-b", "main", str(root)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CeterisError(f"git could not make a repository of {root}: {done.stderr.strip()}.", "Correct it, run again.")
    options = dict(found.options)
    reading = options.pop("reading", {}) | {key: str(folder / name) for key, name in options.pop("beside", {}).items()}
    project, told = _Example(root, root, template("params.yaml")), list[str]()
    for line in project.make():
        tell(line)
    write_text(root / "params.yaml", project.params)
    init_command(str(folder / found.file), found.label, root=root, reading=reading, tell=told.append, **options)
    for line in told[:-1]:
        tell(line)
    settings = root / "params.yaml"
    write_text(settings, changed(settings.read_text(encoding="utf-8"), found.changes))
    for line in project.next():
        tell(line)

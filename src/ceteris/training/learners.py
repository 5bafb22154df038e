"""The door to what trains: an estimator of a library, or a command of the user's own; and what holds either of them fixed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ceteris.command_line import words_of
from ceteris.errors import BadInputError, ParamsError, some
from ceteris.layout import layout_of
from ceteris.measuring.fingerprint import of_values
from ceteris.sections import ModelRecipe
from ceteris.store import read_yaml, sha256
from ceteris.training.models import CLASSIFIER, build, describe
from ceteris.training.running_trainers import Trainer, program_of

__all__ = ["described", "learner", "refuse_unwatched"]


def learner(
    recipe: ModelRecipe, features: pd.DataFrame, root: Path, classes: tuple[str, ...] = (), *, kind: str = CLASSIFIER
) -> Any:
    """Return the unfitted estimator of a recipe.

    Parameters
    ----------
    features : DataFrame
        Only the kinds of its columns are read.
    classes : tuple of str
        What the label codes stand for, which a command is told.
    kind : {"classifier", "regressor"}
        What an estimator has to be; a command predicts classes.

    Raises
    ------
    BadInputError
        The predictions of this model were made elsewhere.
    """
    if recipe.predictions:
        raise BadInputError(
            f"{recipe.predictions} holds predictions that were made elsewhere: nothing here can train that model on other "
            "rows, so it has no part in credits, budgets, re-splits, corners and looks at the test part.",
            "Name another model, or give this one a `command` in params.yaml.",
        )
    if not recipe.command:
        return build(recipe, features, root, kind=kind)
    if not _sources(recipe, root):
        raise ParamsError(
            f"No word of the command {recipe.command!r} names a file, so a change to what it runs would go unseen.",
            "List what it stands on in `files` of this model: its package, or a file that names the program's version.",
        )
    program_of(words_of(recipe.command)[0], root)
    return Trainer(recipe.command, recipe.exchange, float(recipe.timeout), root, classes)


def described(recipe: ModelRecipe, root: Path) -> str:
    """Return the fingerprint of a recipe: its words, and every file that it stands on."""
    if recipe.estimator:
        return describe(recipe, root)
    files = [(_named(path, root), sha256(path)) for path in _sources(recipe, root)]
    if recipe.predictions:
        return of_values(["predictions", files])
    return of_values(["command", recipe.command, recipe.exchange, files])


def refuse_unwatched(recipe: ModelRecipe, root: Path, stage: str) -> None:
    """Refuse files of a model that DVC does not watch for a stage: a change to them would not run it.

    Raises
    ------
    ParamsError
        Names the lines that dvc.yaml lacks.
    """
    sources = _sources(recipe, root)
    if not sources:
        return
    document = read_yaml(root / "dvc.yaml")
    named = layout_of(document)
    deps = [str(dep) for dep in document["stages"][stage]["deps"]]
    watched = [root / (named.get(dep[len("${path.") : -1], dep) if dep.startswith("${path.") else dep) for dep in deps]
    unwatched = [path for path in sources if not any(path.is_relative_to(dep) for dep in watched)]
    if unwatched:
        names = [_named(path, root) for path in unwatched]
        raise ParamsError(
            f"{some(names)} belong to a model, and DVC does not watch them for the stage {stage}: it would not see that they "
            "changed.",
            f"Move them below {named['estimators']}/, or add lines to dvc.yaml, stages.{stage}.deps: {some(names)}",
        )


def _sources(recipe: ModelRecipe, root: Path) -> list[Path]:
    """Return the files that a command or predictions stand on: those declared, and every word that names one.

    Raises
    ------
    ParamsError
        One that is declared is not there.
    """
    declared = [*(recipe.files or ()), *([recipe.predictions] if recipe.predictions else [])]
    absent = [name for name in declared if not (root / name).exists()]
    if absent:
        raise ParamsError(
            f"A model of params.yaml stands on {some(absent)}, which is not there.", "Bring it, or correct its name."
        )
    program, *words = words_of(recipe.command) if recipe.command else [""]
    named = [part for word in words for part in (word, word.partition("=")[2]) if part and (root / part).is_file()]
    if "/" in program and not program.startswith("/"):
        named.append(program)
    found: set[Path] = set()
    for place in (root / name for name in (*declared, *named)):
        inside = place.rglob("*") if place.is_dir() else [place]
        found |= {path for path in inside if path.is_file() and not _by_the_way(path.relative_to(place))}
    return sorted(found)


def _by_the_way(path: Path) -> bool:
    """Whether a file is what an editor or Python left."""
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def _named(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)

"""A model is a recipe: an estimator's import path, its parameters, and how columns are prepared. Nothing here is fitted."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from ceteris.errors import ParamsError, nearest
from ceteris.sections import ModelRecipe
from ceteris.training.preparation import preparation

__all__ = [
    "build", "describe", "lacks", "other_kind", "runs_alone", "seeded", "estimator_class", "own_function", "folder_digest",
    "ESTIMATORS", "CLASSIFIER", "REGRESSOR",
]  # fmt: skip

ESTIMATORS = "estimators"
CLASSIFIER, REGRESSOR = "classifier", "regressor"


def build(recipe: ModelRecipe, features: pd.DataFrame, root: Path | None = None, *, kind: str = CLASSIFIER) -> Any:
    """Return the unfitted scikit-learn estimator of a recipe, its column preparation included.

    Parameters
    ----------
    recipe : ModelRecipe
    features : DataFrame
        Only the kinds of its columns are read: see `kinds.kinds_of`.
    root : Path, optional
        The repository, where `estimators/FILE.py:CLASS` is looked up.
    kind : {"classifier", "regressor"}
        What it has to be.
    """
    known = estimator_class(recipe.estimator, root)
    if not hasattr(known, "fit"):
        raise ParamsError(f"{recipe.estimator} has no fit.", f"Name a {kind} in `estimator` of this model.")
    params = {name: list(value) if isinstance(value, tuple) else value for name, value in (recipe.params or {}).items()}
    try:
        estimator = known(**params)
    except (Exception, SystemExit) as error:
        accepted = [name for name in inspect.signature(known).parameters if name not in ("args", "kwargs")]
        unknown = [name for name in params if name not in accepted]
        hint = nearest(unknown[0], accepted) if unknown else ""
        raise ParamsError(
            f"{recipe.estimator} refused its parameters: {error}.{hint}", "Change `params` of this model."
        ) from None
    lacking = lacks(estimator)
    if lacking:
        raise ParamsError(
            f"{recipe.estimator} has no {' and no '.join(lacking)}.",
            f"Name a {kind}; a class of your own derives from sklearn.base.BaseEstimator.",
        )
    other = other_kind(estimator, kind)
    if other:
        raise ParamsError(
            f"{recipe.estimator} is no {kind}: its tag says {other!r}.",
            f"Name a {kind} in `estimator` of this model"
            + (", or write `ingest.label_type: number`, where labels are numbers." if other == REGRESSOR else "."),
        )
    if recipe.prepare != "none" and not hasattr(estimator, "__sklearn_tags__"):
        raise ParamsError(
            f"{recipe.estimator} has no __sklearn_tags__, without which scikit-learn takes no model behind prepared columns.",
            "Derive it from sklearn.base.BaseEstimator, or write `prepare: none` in this model.",
        )
    return prepared(estimator, recipe, features, root)


def lacks(estimator: Any) -> list[str]:
    """Return what an estimator has not got of what every model needs; what a class offers once it is fitted counts as there."""
    needed = ("fit", "predict", "get_params")
    return [name for name in needed if not (hasattr(estimator, name) or hasattr(type(estimator), name))]


def other_kind(estimator: Any, wanted: str = CLASSIFIER) -> str:
    """Return what an estimator says it is, where that is not what is wanted ("regressor", "clusterer"), else ""."""
    from sklearn.utils import get_tags

    try:
        kind = get_tags(estimator).estimator_type
    except Exception:  # a class of a user's own may say nothing, and need not
        kind = getattr(estimator, "_estimator_type", None)
    return "" if kind in (None, wanted) else str(kind)


def prepared(estimator: Any, recipe: ModelRecipe, features: pd.DataFrame, root: Path | None = None) -> Any:
    """Return the estimator behind the preparation of its columns, which is fitted with it, inside each fold.

    See `preparation.preparation` for what each way of it does; `none` leaves the columns as they are.
    """
    if recipe.prepare == "none":
        return estimator
    from sklearn.pipeline import Pipeline
    from sklearn.utils import get_tags

    sparse = get_tags(estimator).input_tags.sparse
    folder = "" if recipe.embedding is None else os.path.relpath(_own_folder(recipe.embedding, root or Path.cwd()))
    numbers = preparation(recipe.prepare, features, recipe.kinds, sparse=sparse, embedding=folder)
    return Pipeline([("prepare", numbers), ("model", estimator)])


def estimator_class(name: str, root: Path | None = None) -> Any:
    """Return the class behind an import path, or behind `estimators/FILE.py:CLASS` in the repository."""
    if ":" in name:
        file, _, attribute = name.partition(":")
        module: ModuleType = _own_module(file, root or Path.cwd())
    else:
        path, _, attribute = name.rpartition(".")
        try:
            module = importlib.import_module(path)
        except (ImportError, ValueError) as error:
            raise ParamsError(
                f"The estimator {name!r} cannot be imported: {error}.",
                "Name it in full, like sklearn.svm.SVC, or estimators/FILE.py:CLASS.",
            ) from None
    found = getattr(module, attribute, None)
    if not inspect.isclass(found):
        classes = [key for key, value in vars(module).items() if inspect.isclass(value)]
        raise ParamsError(f"{name!r} names no class.{nearest(attribute, classes)}", "Correct `estimator` of this model.")
    return found


def own_function(name: str, root: Path) -> Any:
    """Return the function behind `estimators/FILE.py:FUNCTION` in the repository."""
    file, _, attribute = name.partition(":")
    module = _own_module(file, root)
    found = getattr(module, attribute, None)
    if not callable(found):
        functions = [key for key, value in vars(module).items() if inspect.isfunction(value)]
        raise ParamsError(f"{name!r} names no function.{nearest(attribute, functions)}", f"Define it in {file}.")
    return found


def _own_module(file: str, root: Path) -> ModuleType:
    home = (root / ESTIMATORS).resolve()
    path = (root / file).resolve()
    if not path.is_relative_to(home) or path.suffix != ".py" or not path.is_file():
        raise ParamsError(f"{file!r} is no Python file below {ESTIMATORS}/.", f"Put your class into {ESTIMATORS}/FILE.py.")
    name = f"ceteris_estimators_{path.stem}_{hashlib.sha1(path.read_bytes()).hexdigest()[:8]}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ParamsError(f"{file!r} cannot be loaded.", "Check that it is a Python file.")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            del sys.modules[name]
            raise ParamsError(f"{file} fails when it is loaded: {type(error).__name__}: {error}.", "Mend the file.") from error
    return sys.modules[name]


def _own_folder(name: str, root: Path) -> Path:
    """Return the folder of a sentence-embedding model, which lies where DVC sees that a model is another."""
    home = (root / ESTIMATORS).resolve()
    folder = (root / name).resolve()
    if not folder.is_relative_to(home) or folder == home or not any(folder.rglob("*")):
        raise ParamsError(
            f"`embedding: {name}` is no folder below {ESTIMATORS}/, or an empty one.",
            f"Put a model that model2vec or sentence-transformers has saved into {ESTIMATORS}/NAME; nothing is downloaded.",
        )
    return folder


def describe(recipe: ModelRecipe, root: Path | None = None) -> str:
    """Return the fingerprint of a recipe: sha256 over import path, parameters, preparation, and a user's own source."""
    own: object = ""
    if ":" in recipe.estimator:
        estimator_class(recipe.estimator, root)
        # One file there may import another, so that all of them are its source.
        home = (root or Path.cwd()) / ESTIMATORS
        files = {file.relative_to(home): file for file in sorted(home.rglob("*.py"))}
        # Folders that begin with a dot are an editor's copies, as .ipynb_checkpoints.
        own = [(path.as_posix(), file.read_bytes().hex()) for path, file in files.items() if not _hidden(path)]
    elif not recipe.estimator.startswith("sklearn."):
        own = _source(estimator_class(recipe.estimator, root))
    stated: list[object] = [recipe.estimator, recipe.prepare, recipe.params or {}, own]
    if recipe.kinds:
        stated.append({"kinds": recipe.kinds})
    if recipe.embedding is not None:
        stated.append({"embedding": folder_digest(_own_folder(recipe.embedding, root or Path.cwd()))})
    if recipe.prepare == "table":
        stated.append({"skrub": _version("skrub")})
    return hashlib.sha256(json.dumps(stated, sort_keys=True, default=str).encode()).hexdigest()


def folder_digest(folder: Path) -> str:
    """Return the sha256 over all files of a folder and their names."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(name.encode() + hashlib.sha256(files[name].read_bytes()).digest())
    return whole.hexdigest()


def _version(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _source(known: type) -> str:
    """Return the source of a class's module; of a compiled one the digest of its file, "" where it is part of Python itself."""
    module = sys.modules[known.__module__]
    try:
        return inspect.getsource(module)
    except (OSError, TypeError):
        file = getattr(module, "__file__", None)
        return hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else ""


def seeded(estimator: Any, seed: int, called: str = "") -> Any:
    """Return a fresh clone whose every `random_state`, at any depth, is `seed`; `called` tells one that asks what it is for."""
    from sklearn.base import clone

    fresh = clone(estimator)
    if hasattr(fresh, "get_params"):
        states = [name for name in fresh.get_params(deep=True) if name == "random_state" or name.endswith("__random_state")]
        fresh.set_params(**dict.fromkeys(states, seed))
    if called and hasattr(fresh, "called"):
        fresh.set_params(called=called)
    return fresh


def runs_alone(estimator: Any) -> bool:
    """Whether fits of a model take turns, since each is a program that sees to its own cores."""
    return bool(getattr(estimator, "alone", False))

"""Predictions that were made elsewhere: what their manifest must say, and what tells that they cannot be what it says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field, field_validator

from ceteris.errors import BadInputError, some
from ceteris.sections import Section

__all__ = [
    "Folds",
    "Made",
    "Manifest",
    "are_copies",
    "classes_look_swapped",
    "fits_too_well",
    "judges_its_own",
    "refuse_stale",
    "template",
]

_AGREEING = 0.995  # share of rows whose given label is the likeliest
_SURPRISED = 4.0  # standard errors between two accuracies that do not differ by chance
_SWAPPED = 0.2  # share of labels by which another order of classes tells more of them
_BEYOND_CHANCE = 2.5  # standard errors of that, on rows on which the order was not chosen


class Made(Section):
    """The version that predictions were trained on: the fingerprint of its data, and the seeds."""

    data: str
    seeds: tuple[int, ...]


class Folds(Section):
    """The folds of the out-of-fold probabilities: the fingerprint of the train rows, and how many folds there are."""

    data: str
    count: int = Field(ge=2, le=1_000_000)


class Manifest(Section):
    """manifest.json: `model` is whoever trained it saying what trained, as a commit of the training code."""

    format: Literal[1] = 1
    model: str
    classes: tuple[str, ...]
    validation: str
    deterministic: bool = False
    versions: dict[str, Made] = Field(default_factory=dict)
    folds: Folds | None = None

    @field_validator("model")
    @classmethod
    def _says_something(cls, model: str) -> str:
        if not model.strip():
            raise ValueError("say what made these predictions, as the commit of your training code")
        return model


def template(classes: tuple[str, ...], validation: str, versions: Mapping[str, Made], folds: Folds) -> dict[str, object]:
    """Return the manifest that an export brings along, for whoever trains to complete."""
    made = {name: {"data": one.data, "seeds": list(one.seeds)} for name, one in versions.items()}
    return {
        "format": 1,
        "model": "",
        "classes": list(classes),
        "validation": validation,
        "deterministic": False,
        "versions": made,
        "folds": {"data": folds.data, "count": folds.count},
    }


def refuse_stale(
    manifest: Manifest, folder: str, classes: tuple[str, ...], validation: str, versions: Mapping[str, Made]
) -> None:
    """Refuse predictions that were made for other rows than those that are here now.

    Parameters
    ----------
    versions : mapping
        What each version is now.

    Raises
    ------
    BadInputError
        Names every version that moved.
    """
    again = f"Export anew and train on what moved: ceteris export {folder.rstrip('/').rsplit('/', 1)[-1]}"
    if manifest.classes != classes:
        raise BadInputError(f"{folder} was made for the classes {some(manifest.classes)}, and here are {some(classes)}.", again)
    if manifest.validation != validation:
        raise BadInputError(f"{folder} was made for another validation part: its rows or their features moved since.", again)
    unknown = [name for name in manifest.versions if name not in versions]
    moved = [name for name, made in manifest.versions.items() if name in versions and made.data != versions[name].data]
    if unknown or moved:
        told = [f"{some(moved)} moved since"] * bool(moved) + [f"{some(unknown)} are no versions here"] * bool(unknown)
        raise BadInputError(
            f"{folder} was made for other versions: {'; '.join(told)}.",
            f"{again}. Or take them out of `versions` in {folder}/manifest.json: they are then not compared.",
        )
    for name, made in manifest.versions.items():
        wanted = versions[name].seeds
        if made.seeds != wanted:
            raise BadInputError(
                f"{folder} has the seeds {some(made.seeds)} for {name}, and train.seeds asks for {some(wanted)}.",
                "Train with these seeds, or set train.seeds in params.yaml to as many as there are: below 5 seed noise is "
                "unknown.",
            )


def fits_too_well(pred_probs: np.ndarray, labels: np.ndarray, confident: float = 0.0) -> str:
    """Return a sentence where out-of-fold probabilities fit the given labels as only a model does that saw them, else "".

    Parameters
    ----------
    labels : ndarray of int, shape (n_rows,)
        The codes of the given labels.
    confident : float in [0, 1]
        The mean probability of the given label below which nothing is said.
    """
    confidence = float(pred_probs[np.arange(len(labels)), labels].mean())
    agreeing = float((pred_probs.argmax(axis=1) == labels).mean())
    if agreeing < _AGREEING or confidence < confident:
        return ""
    return (
        f"these probabilities fit the given labels almost perfectly (mean {confidence:.3f} for the given label, {agreeing:.1%} "
        "of rows agree). Either hardly a label is wrong, or the model has seen the rows it judges: then no error can be found."
    )


def judges_its_own(agreeing: float, n_train: int, right: float, n_validation: int) -> str:
    """Return a sentence where out-of-fold predictions do far better on train labels than the model on validation, else "".

    Both are accuracies on given labels of rows that a model has not seen, so that they differ by chance alone, and
    sqrt(a (1 - a) / n + b (1 - b) / m) is what chance does.
    """
    spread = math.sqrt(agreeing * (1 - agreeing) / n_train + right * (1 - right) / n_validation)
    if agreeing - right <= _SURPRISED * max(spread, 1 / n_validation):
        return ""
    return (
        f"out of fold {agreeing:.1%} of train labels are predicted, and {right:.1%} of validation labels by the same model: so "
        "it looks where a model judges rows that it was trained on. Were the folds kept?"
    )


def classes_look_swapped(predicted: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> str:
    """Return a sentence where labels are told far better once classes are read as each other, else "".

    How they are to be read is found on every second row, and judged on the others.

    Parameters
    ----------
    predicted, labels : ndarray of int, shape (n_rows,)
        Codes of predicted and of given labels.
    """
    from scipy.optimize import linear_sum_assignment

    met = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(met, (predicted[::2], labels[::2]), 1)
    meant = linear_sum_assignment(met, maximize=True)[1]
    right, otherwise = (read[1::2] == labels[1::2] for read in (predicted, meant[predicted]))
    own, best = float(right.mean()), float(otherwise.mean())
    gained, lost = int((otherwise & ~right).sum()), int((right & ~otherwise).sum())
    if best - own <= _SWAPPED or gained - lost <= _BEYOND_CHANCE * math.sqrt(gained + lost):
        return ""
    read = [f"{classes[code]!r} for {classes[other]!r}" for code, other in enumerate(meant) if code != other]
    order = ", ".join(read[:5]) + (", ..." if len(read) > 5 else "")
    return (
        f"{own:.1%} of the given labels are predicted, and {best:.1%} where {order} is taken: were its columns named by the "
        "classes in the order of your model?"
    )


def are_copies(tables: Mapping[tuple[str, str, int], np.ndarray]) -> str:
    """Return a sentence where predictions of other data or another seed are the same to the last digit, else "".

    Parameters
    ----------
    tables : mapping
        By version, fingerprint of its data, and seed.
    """
    alike: dict[bytes, list[tuple[str, str, int]]] = {}
    for key, table in tables.items():
        alike.setdefault(table.tobytes(), []).append(key)
    same = [keys for keys in alike.values() if len({(data, seed) for _, data, seed in keys}) > 1]
    if not same:
        return ""
    listed = some(f"{name}/seed-{seed}" for name, _, seed in same[0])
    more = f" (and so are {len(same) - 1} more sets)" if len(same) > 1 else ""
    return (
        f"{listed} are the same to the last digit{more}: was a table written twice? Where a seed changes nothing, say "
        "`deterministic: true` in the manifest"
    )

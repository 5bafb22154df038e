"""Predictions that were made elsewhere: what their manifest must say, and what tells that they cannot be what it says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field, field_validator

from ceteris.errors import BadInputError, some
from ceteris.sections import Section

__all__ = ["Folds", "Made", "Manifest", "fits_too_well", "judges_its_own", "refuse_stale", "template"]

_CONFIDENT, _AGREEING = 0.99, 0.995  # mean probability of the given label, share of rows where it is the likeliest
_SURPRISED = 4.0  # standard errors between the agreement with train labels and the accuracy on validation rows


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


def fits_too_well(pred_probs: np.ndarray, labels: np.ndarray) -> str:
    """Return a sentence where out-of-fold probabilities fit the given labels as only a model does that saw them, else "".

    Parameters
    ----------
    labels : ndarray of int, shape (n_rows,)
        The codes of the given labels.
    """
    confidence = float(pred_probs[np.arange(len(labels)), labels].mean())
    agreeing = float((pred_probs.argmax(axis=1) == labels).mean())
    if confidence < _CONFIDENT or agreeing < _AGREEING:
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

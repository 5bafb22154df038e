"""What release.yaml may say of a package and of the gate before it is served: thresholds with their units; null: not asked."""

from __future__ import annotations

import re
from collections.abc import Collection

from pydantic import Field, field_validator

from ceteris.sections import ModelRecipe, Section

__all__ = ["Gate", "Package", "unpackable"]

_TYPE = re.compile(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")


class Package(Section):
    """What a package may hold beyond scikit-learn, numpy, scipy and our own transformers."""

    trusted: tuple[str, ...] | None = None

    @field_validator("trusted")
    @classmethod
    def _are_types_by_their_path(cls, trusted: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for name in trusted or ():
            if not _TYPE.match(name):
                raise ValueError(f"{name!r} is no type by its full path, such as lightgbm.sklearn.LGBMClassifier")
        return trusted


class Gate(Section):
    """What a packaged candidate must hold before it takes the place of the model that is served.

    `worst_slice` and `gap` are shares of right answers, `calibration` a probability; both are measured on the test rows of the
    look. Latencies are milliseconds of one prediction of one row, measured where the gate runs.
    """

    groups: tuple[str, ...] | None = None
    worst_slice: float | None = Field(None, gt=0.0, le=1.0)
    gap: float | None = Field(None, gt=0.0, lt=1.0)
    calibration: float | None = Field(None, gt=0.0, lt=1.0)
    size_mb: float | None = Field(None, gt=0.0, le=1e6)
    latency_ms: float | None = Field(None, gt=0.0, le=1e6)
    load_clients: int = Field(4, ge=1, le=256)
    load_seconds: float = Field(2.0, gt=0.0, le=600.0)
    load_per_second: float | None = Field(None, gt=0.0, le=1e9)
    load_ms: float | None = Field(None, gt=0.0, le=1e6)

    @field_validator("groups")
    @classmethod
    def _are_named_once(cls, groups: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if groups is not None and (not groups or len(set(groups)) < len(groups)):
            raise ValueError("groups names one column or more, each once; null: the classes of the label")
        return groups


def unpackable(recipe: ModelRecipe, trusted: Collection[str] = ()) -> str:
    """Return why no package can hold a model of this recipe, as far as the recipe tells; "" where nothing speaks against it."""
    if recipe.command:
        return "it is trained by a command, which leaves no model file"
    if recipe.predictions:
        return "its predictions were made elsewhere, and no model file came with them"
    if recipe.estimator.startswith("estimators/"):
        return f"its class stands in {recipe.estimator.partition(':')[0]}, and a package runs no code that comes with it"
    library = recipe.estimator.partition(".")[0]
    if library != "sklearn" and not any(name.startswith(f"{library}.") for name in trusted):
        return f"no type of {library} is trusted: name those that it may hold under package.trusted in release/release.yaml"
    return ""

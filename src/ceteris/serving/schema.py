"""What a packaged model takes: the features of a row with their kinds, and the classes it answers with, in their order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from ceteris.kinds import ARRAYS, KINDS, kinds_of

__all__ = ["Feature", "InputSchema", "frame_of", "frame_of_values", "schema_of"]

_TYPES = {"vector": np.float32, "sparse": np.float64, "image": np.uint8}


@dataclass(frozen=True)
class Feature:
    """One column.

    Attributes
    ----------
    name : str
    kind : str
        One of `kinds.KINDS`.
    nullable : bool
        Whether a value may be missing: it was in some train row.
    width : int or None
        How many numbers a vector or an image holds.
    """

    name: str
    kind: str
    nullable: bool
    width: int | None = None


@dataclass(frozen=True)
class InputSchema:
    """The features that a row must have, no more and no fewer, and the classes (none: the model predicts numbers)."""

    features: tuple[Feature, ...]
    classes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return what schema.json holds."""
        return {"features": [asdict(one) for one in self.features], "classes": list(self.classes)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> InputSchema:
        """Return the schema that schema.json holds.

        Raises
        ------
        ValueError, TypeError, LookupError
            It holds anything but what `to_json` writes.
        """
        schema = cls(tuple(Feature(**one) for one in content["features"]), tuple(content["classes"]))
        names = [one.name for one in schema.features]
        texts = all(isinstance(one, str) for one in (*names, *schema.classes))
        if not texts or not all(map(_is_sound, schema.features)) or schema.to_json() != content:
            raise ValueError("no schema")
        if len({*names}) < len(names) or len({*schema.classes}) < len(schema.classes):
            raise ValueError("a name stands twice")
        return schema

    @property
    def fingerprint(self) -> str:
        """The sha256 of what schema.json holds."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()


def _is_sound(one: Feature) -> bool:
    wide = type(one.width) is int and one.width > 0 if one.kind in ("vector", "image") else one.width is None
    return one.kind in KINDS and isinstance(one.nullable, bool) and wide


def schema_of(features: pd.DataFrame, classes: Sequence[str], declared: Mapping[str, str] | None = None) -> InputSchema:
    """Return the schema of the rows that a model was fitted on.

    Parameters
    ----------
    declared : mapping of str to str, optional
        Kinds that values alone do not tell: `ingest.kinds` and those of the model.
    """
    kinds = kinds_of(features, declared)
    found = [
        Feature(name, kind, bool(features[name].isna().any()), _width(features[name], kind)) for name, kind in kinds.items()
    ]
    return InputSchema(tuple(found), tuple(classes))


def _width(column: pd.Series, kind: str) -> int | None:
    return len(column.iloc[0]) if kind in ("vector", "image") else None


def frame_of(rows: Sequence[Mapping[str, Any]], schema: InputSchema) -> pd.DataFrame:
    """Return rows that were checked against the schema as the table that the model predicts from, in its columns' order."""
    names = [one.name for one in schema.features]
    return frame_of_values([tuple(row[name] for name in names) for row in rows], schema)


def frame_of_values(rows: Sequence[tuple[Any, ...]], schema: InputSchema) -> pd.DataFrame:
    """Return `frame_of` rows that hold their values in the order of the schema."""
    names = [one.name for one in schema.features]
    if names and all(one.kind in ("number", "date") for one in schema.features):
        return pd.DataFrame(np.array(rows, dtype=np.float64).reshape(len(rows), len(names)), columns=names)  # None: NaN
    columns: dict[str, Any] = {}
    for place, one in enumerate(schema.features):
        values = [row[place] for row in rows]
        if one.kind in ("number", "date"):
            columns[one.name] = np.array(values, dtype=np.float64)  # None: NaN
        elif one.kind in ARRAYS:
            cells = np.empty(len(values), dtype=object)
            for row, value in enumerate(values):
                cells[row] = np.asarray(value, dtype=_TYPES[one.kind])
            columns[one.name] = cells
        else:
            columns[one.name] = pd.Series(values, dtype=object)
    return pd.DataFrame(columns, columns=names)

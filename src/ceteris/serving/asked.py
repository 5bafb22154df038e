"""The rows of a request, as the model takes them and as the log keeps them.

Rows that are as they should be are read, checked and written again in C (msgspec). Whatever that does not take is read by the
form, which alone says what is wrong: so a row is never judged by two rules, only faster by one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Annotated, Any, NamedTuple

import msgspec
import pandas as pd
from pydantic_core import to_json

from ceteris.serving.requests import LARGEST, LONGEST_ID, Form, row_id_key
from ceteris.serving.schema import Feature, InputSchema, frame_of, frame_of_values

__all__ = ["Asked", "Asking"]

_NUMBER = Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)]
_BYTE = Annotated[int, msgspec.Meta(ge=0, le=255)]
_ID = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]


class Asked(NamedTuple):
    """What a request asks of a model.

    Attributes
    ----------
    ids : list of str
    frame : DataFrame
        In the columns of the schema.
    inputs : callable
        Returns each row as the log keeps it: a JSON object without its id and without what is never to be written.
    """

    ids: list[str]
    frame: pd.DataFrame
    inputs: Callable[[], list[str]]


class Asking:
    """Reads the bodies of POST /predict.

    Parameters
    ----------
    form : Form
        Of rows: it says what is wrong with a body.
    redacted : iterable of str
        Features that are never written.
    """

    def __init__(self, schema: InputSchema, form: Form, redacted: Iterable[str] = ()) -> None:
        self._schema, self._form, self._redacted = schema, form, set(redacted)
        self._id = row_id_key(schema)
        fields = {one.name: f"f{place}" for place, one in enumerate(schema.features)}
        self._decoder = _decoder(schema, {"row_id": self._id} | {field: name for name, field in fields.items()})
        self._values = _values_of(list(fields.values()))
        self._unwritten = ["row_id", *(fields[name] for name in self._redacted)]

    def read(self, body: bytes) -> Asked:
        """Return what a body asks.

        Raises
        ------
        Refused
            As of `Form.read`.
        """
        rows = self._quickly(body)
        if rows is None:
            return self._by_the_form(body)
        self._form.refuse_twice(body, len(rows))
        frame = frame_of_values(list(map(self._values, rows)), self._schema)
        return Asked([row.row_id for row in rows], frame, lambda: self._written(rows))

    def _quickly(self, body: bytes) -> list[Any] | None:
        """Return rows that are surely as the form wants them; None where the form is to be asked."""
        if self._decoder is None:
            return None
        try:
            rows: list[Any] = self._decoder.decode(body).rows
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        sound = 0 < len(rows) <= self._form.most and not any("\0" in row.row_id for row in rows)
        return rows if sound else None

    def _written(self, rows: Sequence[Any]) -> list[str]:
        for row in rows:
            for name in self._unwritten:
                setattr(row, name, msgspec.UNSET)  # which is not written
        return [msgspec.json.encode(row).decode() for row in rows]

    def _by_the_form(self, body: bytes) -> Asked:
        rows: list[dict[str, Any]] = self._form.read(body)["rows"]
        ids = [row.pop(self._id) for row in rows]
        unwritten = self._redacted or None
        return Asked(ids, frame_of(rows, self._schema), lambda: [to_json(row, exclude=unwritten).decode() for row in rows])


def _decoder(schema: InputSchema, names: Mapping[str, str]) -> msgspec.json.Decoder[Any] | None:
    """Return what reads rows of a schema; None where it holds a kind, or a name, that only the form reads."""
    types = [_type(one) for one in schema.features]
    if None in types:
        return None
    fields: list[Any] = [("row_id", _ID | msgspec.UnsetType)]
    fields += [(f"f{place}", found | msgspec.UnsetType) for place, found in enumerate(types)]
    try:
        row = msgspec.defstruct("Row", fields, rename=dict(names), forbid_unknown_fields=True, gc=False)
    except ValueError:  # of a name with a quote or a backslash in it
        return None
    body = msgspec.defstruct("Body", [("rows", list[row])], forbid_unknown_fields=True, gc=False)  # type: ignore[valid-type]
    return msgspec.json.Decoder(body)


def _values_of(fields: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(fields) > 1:
        return attrgetter(*fields)
    return lambda row: tuple(getattr(row, field) for field in fields)


def _type(one: Feature) -> Any:
    """Return the type of a feature whose values need no more than a type and limits; None of any other."""
    width = msgspec.Meta(min_length=one.width, max_length=one.width)
    types: dict[str, Any] = {
        "number": _NUMBER,
        "category": str,
        "text": str,
        "vector": Annotated[list[_NUMBER], width],
        "image": Annotated[list[_BYTE], width],
    }
    found = types.get(one.kind)
    return found | None if found is not None and one.nullable else found

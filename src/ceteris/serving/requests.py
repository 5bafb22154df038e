"""What a request to a served model may hold, made of the model's schema; and what is wrong with one, in sentences.

No sentence holds a value of a row: refusals are logged, and a value may be one that must never be written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import SchemaValidator, ValidationError, core_schema

from ceteris.errors import nearest, some
from ceteris.serving.schema import Feature, InputSchema
from ceteris.tables.dates import seconds_of

__all__ = ["LARGEST", "LONGEST_ID", "Form", "Refused", "labels_form", "outcomes_form", "row_id_key", "rows_form"]

LONGEST_ID = 200  # characters
LARGEST = 3.4e38  # beyond it trees, which compare in single precision, know no number
_YEAR_1, _YEAR_10000 = -62_135_596_800, 253_402_300_800
_SHOWN = 5


class Refused(Exception):  # noqa: N818
    """A request that is not answered: the status, and a sentence on what was wrong and what to do."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.reason, self.headers = status, reason, dict(headers or {})
        super().__init__(reason)


class Form:
    """A body that is a JSON object with one list, strictly typed: `read` returns it, or refuses it.

    Parameters
    ----------
    key, what : str
        The name of the list, and what one of its items is called in a sentence.
    item : core schema of an item
    most : int
        Items that the list may hold.
    others : further keys of the object, by name
    """

    def __init__(
        self, key: str, what: str, item: core_schema.CoreSchema, most: int, others: Mapping[str, Any] | None = None
    ) -> None:
        def body(item: core_schema.CoreSchema) -> core_schema.TypedDictSchema:
            listed = core_schema.list_schema(item, min_length=1, max_length=most, fail_fast=True)
            fields = {key: core_schema.typed_dict_field(listed), **(others or {})}
            return core_schema.typed_dict_schema(fields, extra_behavior="forbid", strict=True)

        self._key, self._what, self.most = key, what, most
        self._known, self._of_an_item = dict.fromkeys([key, *(others or {})]), dict.fromkeys(item.get("fields", {}))
        # pydantic would tell each key that lacks with a copy of the whole item, and each that nobody asked for by itself: of
        # a hostile body that is gigabytes. So it judges values, and `_astray` the keys.
        self._validator = SchemaValidator(_any_keys(body(_any_keys(item))))
        self.json_schema: JsonSchemaValue = GenerateJsonSchema().generate(body(item))

    def read(self, body: bytes) -> dict[str, Any]:
        """Return what a body holds.

        Raises
        ------
        Refused
            400 where it is no JSON, 422 where it holds too many items or is of another form: with what is wrong in the first
            bad item.
        """
        try:
            found: dict[str, Any] = self._validator.validate_json(body)
        except ValidationError as error:
            raise self._refusal(error, body) from None
        said = self._astray(found, self._first_astray(found.get(self._key, [])))
        if said:
            raise Refused(422, _together(said))
        self.refuse_twice(body, len(found[self._key]))
        return found

    def refuse_twice(self, body: bytes, items: int) -> None:
        """Refuse a body in which one key stands twice, of which any reader of JSON would take another one.

        A colon stands behind each key. Where there are no more of them than keys are needed, none stands twice, and the body is
        not read again.

        Parameters
        ----------
        items : int
            How many items it was read to hold.

        Raises
        ------
        Refused
            422
        """
        if body.count(b":") == 1 + items * len(self._of_an_item):
            return
        done = 0  # objects, which end one by one: the items, and then the body

        def once(pairs: list[tuple[str, Any]]) -> None:
            nonlocal done
            done += 1
            seen: set[str] = set()
            for name, _ in pairs:
                if name in seen:
                    where = f"{self._what} {done}" if done <= items else "The request"
                    raise Refused(422, f"{where} has {name[:60]!r} twice. Send each key once.")
                seen.add(name)

        json.loads(body, object_pairs_hook=once, parse_int=float)

    def _refusal(self, error: ValidationError, body: bytes) -> Refused:
        faults = error.errors(include_url=False)
        first = faults[0]
        if first["type"] == "json_invalid":
            return Refused(400, f"The body is not readable as JSON: {first['ctx']['error']}.")
        if first["type"] == "too_long" and first["loc"] == (self._key,):
            return Refused(422, f"The request holds more than {self.most:,} {self._key}. Send fewer at once.")
        sent = json.loads(body, parse_int=float)
        keys: list[str] = []
        if isinstance(sent, dict):  # of the items before the one whose values are wrong, and of that one
            items, last = sent.get(self._key), first["loc"][1] if len(first["loc"]) > 1 else -1
            place = self._first_astray(items[: int(last) + 1]) if isinstance(items, list) else -1
            keys = self._astray(sent, place)
            faults = [] if keys and place not in (-1, last) else faults
        return Refused(422, _together([*map(self._said, faults), *keys]))

    def _first_astray(self, items: list[Any]) -> int:
        """Return the place of the first object whose keys are not those of an item, -1 where there is none."""
        known = self._of_an_item.keys()
        return next((place for place, one in enumerate(items) if isinstance(one, dict) and one.keys() != known), -1)

    def _astray(self, sent: dict[str, Any], place: int) -> list[str]:
        """Return what is wrong with the keys of a body, and of the item at this place (-1: of none)."""
        lacking = [] if self._key in sent else [f"The request lacks {self._key!r}."]
        found = [*lacking, *_unasked("The request", sent, self._known)]
        if place >= 0:
            where, item = f"{self._what} {place + 1}", sent[self._key][place]
            found += [f"{where} lacks {name[:60]!r}." for name in self._of_an_item if name not in item]
            found += _unasked(where, item, self._of_an_item)
        return found

    def _said(self, fault: Any) -> str:
        place = fault["loc"]
        inside = place[:1] == (self._key,)
        item = f"{self._what} {place[1] + 1}" if inside and len(place) > 1 else ""
        names = [str(part) for part in place[2 if inside else 0 :]]
        where = item or "The request"
        if inside and not item:
            names = [self._key]
        name = repr(names[0][:60]) if names else ""
        part = f" number {int(names[1]) + 1}" if len(names) > 1 and names[1].isdigit() else ""
        return f"{where}{f', {name}' if name else ''}{part}: {_wanted(fault)}"


def _any_keys(schema: core_schema.CoreSchema) -> core_schema.CoreSchema:
    """Return the schema of an object that may lack any of its keys, and have others."""
    fields: dict[str, Any] = schema.get("fields", {})
    loose = {name: {**field, "required": False} for name, field in fields.items()}
    return {**schema, "fields": loose, "extra_behavior": "allow"}  # type: ignore[return-value, misc]


def _unasked(where: str, keys: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    """Return a line for each key that nobody asked for: a sentence for those that may be shown, the key for the others."""
    names = [name for name in keys if name not in known]
    shown = [f"{where} has {name[:60]!r}, which is not asked for.{nearest(name[:60], list(known))}" for name in names[:_SHOWN]]
    return shown + names[_SHOWN:]


def _together(said: Sequence[str]) -> str:
    """Return the first sentences, and how many more there are."""
    more = f" And {len(said) - _SHOWN:,} more like these." if len(said) > _SHOWN else ""
    return " ".join(said[:_SHOWN]) + more


def _wanted(fault: Any) -> str:
    """Return what belongs in the place of a value, and what kind of value stands there."""
    context = fault.get("ctx", {})
    told: dict[str, Callable[[], str]] = {
        "finite_number": lambda: "NaN and infinity are no finite numbers.",
        "greater_than_equal": lambda: f"the number is below {context['ge']:,g}.",
        "less_than_equal": lambda: f"the number is above {context['le']:,g}.",
        "less_than": lambda: f"the number is not below {context['lt']:,g}.",
        "too_short": lambda: f"it holds {context['actual_length'] or 'none'}, and {_count(context['min_length'])} there.",
        "too_long": lambda: f"it holds more than the {context['max_length']} that belong there.",
        "string_too_short": lambda: "it is empty.",
        "string_too_long": lambda: f"it is longer than {context['max_length']} characters.",
        "string_pattern_mismatch": lambda: "it holds a NUL character.",
        "literal_error": lambda: f"it is none of {context['expected']}.",
    }
    if fault["type"] in told:
        return told[fault["type"]]()
    if fault["type"] in ("value_error", "assertion_error"):
        return str(context["error"])
    return (
        f"{_KINDS.get(type(fault['input']), 'something else')}, where {_BELONGS.get(fault['type'], 'another value')} belongs."
    )


def _count(least: int) -> str:
    return "at least one belongs" if least == 1 else f"{least} belong"


_KINDS = {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"} | {
    type(None): "null"
}
_BELONGS = {
    "float_type": "a number", "int_type": "a whole number", "int_from_float": "a whole number", "string_type": "a text",
    "list_type": "a list", "dict_type": "an object", "date": "a date",
}  # fmt: skip


def row_id_key(schema: InputSchema) -> str:
    """Return how a row names itself: "id", or "ceteris:id" where the model takes a feature of that name.

    No feature is ever called "ceteris:id": ceteris reads no column whose name begins so.
    """
    return "ceteris:id" if any(one.name == "id" for one in schema.features) else "id"


def rows_form(schema: InputSchema, most: int) -> Form:
    """Return the form of POST /predict: {"rows": [{"id": ..., feature: value}]}."""
    fields = {row_id_key(schema): core_schema.typed_dict_field(_name())}
    fields |= {one.name: core_schema.typed_dict_field(_value(one)) for one in schema.features}
    return Form("rows", "Row", core_schema.typed_dict_schema(fields, extra_behavior="forbid", strict=True), most)


def labels_form(schema: InputSchema, most: int) -> Form:
    """Return the form of POST /labels: {"labels": [{"id": ..., "label": ...}], "who": ..., "source": ...}."""
    text = _name(100)
    source = core_schema.with_default_schema(core_schema.literal_schema(["late", "review", "business"]), default="late")
    others = {
        "who": core_schema.typed_dict_field(core_schema.with_default_schema(text, default="client"), required=False),
        "source": core_schema.typed_dict_field(source, required=False),
    }
    return Form("labels", "Label", _item(label=_label(schema)), most, others)


def outcomes_form(most: int) -> Form:
    """Return the form of POST /outcomes: {"outcomes": [{"id": ..., "metric": ..., "value": ...}]}."""
    metric = _name(100)
    return Form("outcomes", "Outcome", _item(metric=metric, value=_number(LARGEST)), most)


def _name(longest: int = LONGEST_ID) -> core_schema.CoreSchema:
    return core_schema.str_schema(min_length=1, max_length=longest, pattern=r"^[^\x00]+$", strict=True)


def _item(**values: core_schema.CoreSchema) -> core_schema.CoreSchema:
    fields = {"id": _name(), **values}
    listed = {name: core_schema.typed_dict_field(value) for name, value in fields.items()}
    return core_schema.typed_dict_schema(listed, extra_behavior="forbid", strict=True)


def _label(schema: InputSchema) -> core_schema.CoreSchema:
    if not schema.classes:
        return _number(LARGEST)
    plain = core_schema.no_info_plain_validator_function(partial(_of_the_classes, schema.classes))
    return _stated(plain, {"enum": list(schema.classes)})


def _of_the_classes(classes: tuple[str, ...], value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{_KINDS.get(type(value), 'something else')}, where a text belongs.")
    if value not in classes:
        raise ValueError(f"it is no class of the model. Known: {some(classes, 12)}.")
    return value


def _value(one: Feature) -> core_schema.CoreSchema:
    schemas: dict[str, Callable[[], core_schema.CoreSchema]] = {
        "number": lambda: _number(LARGEST),
        "date": lambda: _stated(core_schema.no_info_plain_validator_function(_date), _DATE),
        "vector": lambda: core_schema.list_schema(_number(LARGEST), min_length=one.width, max_length=one.width, fail_fast=True),
        "sparse": _sparse,
        "image": lambda: core_schema.list_schema(
            core_schema.int_schema(ge=0, le=255, strict=True), min_length=one.width, max_length=one.width, fail_fast=True
        ),
    }
    made = schemas[one.kind]() if one.kind in schemas else core_schema.str_schema(strict=True)
    return core_schema.nullable_schema(made) if one.nullable else made


def _number(largest: float) -> core_schema.CoreSchema:
    return core_schema.float_schema(ge=-largest, le=largest, allow_inf_nan=False, strict=True)


_DATE = {
    "anyOf": [
        {"type": "number", "minimum": _YEAR_1, "exclusiveMaximum": _YEAR_10000},
        {"type": "string", "format": "date"},
        {"type": "string", "format": "date-time"},
    ],
    "description": "ISO 8601 (no zone: UTC), or seconds since 1970-01-01 UTC",
}


def _date(value: object) -> float:
    """Return seconds since 1970 UTC, read as ingest reads dates."""
    kind = _KINDS.get(type(value), "something else")
    found = seconds_of(value) if isinstance(value, str) and len(value) <= 100 else value
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise ValueError(f"{kind}, where a date like 2026-04-03 or 2026-04-03T12:00:00Z, or its seconds since 1970, belongs.")
    if not _YEAR_1 <= found < _YEAR_10000:
        raise ValueError("it is no date of the years 1 to 9999.")
    return float(found)


def _sparse() -> core_schema.CoreSchema:
    """Return what a row of a sparse matrix is: index, value, index, value, ..., each index once and whole."""
    pairs = core_schema.list_schema(_number(LARGEST), max_length=2_000_000, fail_fast=True)
    return core_schema.no_info_after_validator_function(_even, pairs)


def _even(numbers: list[float]) -> list[float]:
    indices = numbers[::2]
    if len(numbers) % 2:
        raise ValueError("it holds an odd count of numbers, and is to be index, value, index, value, ...")
    if any(place < 0 or place != int(place) or place > 2**31 for place in indices) or len(set(indices)) < len(indices):
        raise ValueError("its indices are to be whole numbers from 0 on, each once.")
    return [number for pair in sorted(zip(indices, numbers[1::2], strict=True)) for number in pair]


def _stated(schema: core_schema.CoreSchema, stated: dict[str, Any]) -> core_schema.CoreSchema:
    """Return a schema whose JSON schema is said outright, for values that a function reads."""
    schema["metadata"] = {"pydantic_js_functions": [lambda *_: stated]}  # type: ignore[index]
    return schema

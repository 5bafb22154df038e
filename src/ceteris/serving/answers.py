"""What a served model answers, as its OpenAPI document says it."""

from __future__ import annotations

from typing import Any

from ceteris.serving.schema import InputSchema

__all__ = ["REFUSAL", "answer_schema", "documented", "received_schema"]

_ID = {"request_id": {"type": "string"}}
REFUSAL: dict[str, Any] = {
    "description": "Refused: one sentence says what was wrong, and what to do",
    "content": {
        "application/json": {
            "schema": {
                "type": "object", "properties": {**_ID, "error": {"type": "string"}}, "required": ["request_id", "error"],
                "additionalProperties": False,
            }
        }
    },
}  # fmt: skip


def answer_schema(schema: InputSchema) -> dict[str, Any]:
    """Return what POST /predict answers: a class (or a number) for each row, and its probabilities where the model has any."""
    share = {"type": "number", "minimum": 0, "maximum": 1}
    shares = {"type": "object", "properties": dict.fromkeys(schema.classes, share), "required": list(schema.classes)}
    prediction = {
        "id": {"type": "string"},
        "label": {"type": "string", "enum": list(schema.classes)} if schema.classes else {"type": "number"},
        "probabilities": {"anyOf": [shares, {"type": "null"}]} if schema.classes else {"type": "null"},
    }
    return _object({**_ID, "predictions": {"type": "array", "items": _object(prediction)}})


def received_schema() -> dict[str, Any]:
    """Return what POST /labels and /outcomes answer: how many lines are new, and ids that were never asked about."""
    unknown = {"type": "array", "items": {"type": "string"}, "description": "ids that no inference was logged for: not kept"}
    return _object({**_ID, "added": {"type": "integer"}, "unknown": unknown})


def documented(token: bool) -> dict[int | str, dict[str, Any]]:
    """Return the refusals that a POST may meet, by status."""
    return dict.fromkeys([400, *([401] if token else []), 408, 409, 413, 415, 422, 500, 503], REFUSAL)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}

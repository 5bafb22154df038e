"""What a request may hold: strict by the schema of the model, and every refusal a sentence that holds no value of a row."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.serving.requests import Refused, labels_form, outcomes_form, row_id_key, rows_form
from ceteris.serving.schema import Feature, InputSchema, frame_of

SCHEMA = InputSchema(
    (
        Feature("price (€)", "number", False),
        Feature("age", "number", True),
        Feature("seen", "date", True),
        Feature("colour", "category", True),
        Feature("words", "text", False),
        Feature("inside", "vector", False, 2),
        Feature("counts", "sparse", False),
        Feature("picture", "image", False, 2),
    ),
    ("cat", "dog"),
)
ROW = {
    "id": "a", "price (€)": 1, "age": None, "seen": "2026-04-03", "colour": None, "words": "", "inside": [0.5, 1],
    "counts": [7, 1.5, 2, 3], "picture": [0, 255],
}  # fmt: skip


def read(*rows: object) -> list[dict[str, object]]:
    return rows_form(SCHEMA, 3).read(json.dumps({"rows": rows}).encode())["rows"]


def refusal(body: str | bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        rows_form(SCHEMA, 3).read(body if isinstance(body, bytes) else body.encode())
    return refused.value


def changed(**values: object) -> str:
    return json.dumps({"rows": [ROW, {**ROW, "id": "b", **values}]})


def test_a_row_of_every_kind_becomes_what_the_model_was_trained_on() -> None:
    (row,) = read(ROW)
    assert row["seen"] == 1775174400.0  # 2026-04-03 00:00 UTC
    assert row["counts"] == [2.0, 3.0, 7.0, 1.5]  # indices rise, as in a row that was read from a file
    frame = frame_of([row], SCHEMA)
    assert list(frame.columns) == [one.name for one in SCHEMA.features]
    assert frame["price (€)"].dtype == np.float64 and np.isnan(frame["age"][0]) and frame["colour"][0] is None
    assert [frame[name][0].dtype.str[1:] for name in ("inside", "counts", "picture")] == ["f4", "f8", "u1"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"age": True}, "Row 2, 'age': true or false, where a number belongs."),
        ({"age": "3"}, "Row 2, 'age': a text, where a number belongs."),
        ({"price (€)": None}, "Row 2, 'price (€)': null, where a number belongs."),
        ({"price (€)": [1]}, "Row 2, 'price (€)': a list, where a number belongs."),
        ({"price (€)": 1e39}, "Row 2, 'price (€)': the number is above 3.4e+38."),
        ({"words": 3}, "Row 2, 'words': a number, where a text belongs."),
        ({"colour": {"a": 1}}, "Row 2, 'colour': an object, where a text belongs."),
        ({"seen": "yesterday"}, "Row 2, 'seen': a text, where a date like 2026-04-03"),
        ({"seen": 1e18}, "Row 2, 'seen': it is no date of the years 1 to 9999."),
        ({"inside": [1]}, "Row 2, 'inside': it holds 1, and 2 belong there."),
        ({"inside": [1, 2, 3]}, "Row 2, 'inside': it holds more than the 2 that belong there."),
        ({"inside": [1, "x"]}, "Row 2, 'inside' number 2: a text, where a number belongs."),
        ({"counts": [1, 2, 3]}, "Row 2, 'counts': it holds an odd count of numbers"),
        ({"counts": [1, 2, 1, 3]}, "Row 2, 'counts': its indices are to be whole numbers from 0 on, each once."),
        ({"picture": [0, 256]}, "Row 2, 'picture' number 2: the number is above 255."),
        ({"picture": [0, 0.5]}, "Row 2, 'picture' number 2: a number, where a whole number belongs."),
        ({"id": 7}, "Row 2, 'id': a number, where a text belongs."),
        ({"id": ""}, "Row 2, 'id': it is empty."),
        ({"id": "a\0b"}, "Row 2, 'id': it holds a NUL character."),
        ({"agee": 3}, "Row 2 has 'agee', which is not asked for. Did you mean 'age'?"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_with_the_row_and_the_field(values: dict[str, object], said: str) -> None:
    refused = refusal(changed(**values))
    assert refused.status == 422
    assert said in refused.reason


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_a_number_that_is_not_finite_is_refused(number: str) -> None:
    refused = refusal(changed(age=4).replace('"age": 4', f'"age": {number}'))
    assert (refused.status, refused.reason) == (422, "Row 2, 'age': NaN and infinity are no finite numbers.")


@pytest.mark.parametrize(
    "body",
    ["", "{", "nonsense", "[" * 100_000, '{"rows":' * 500, "9" * 5000, '{"rows": ["\\ud800"]}', b"\xff", b"\xff\xfe{\x00}\x00"],
)
def test_what_is_no_json_or_too_deep_is_a_400(body: str | bytes) -> None:
    refused = refusal(body)
    assert refused.status == 400
    assert refused.reason.startswith("The body is not readable as JSON: ")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("[]", "The request: a list, where an object belongs."),
        ("{}", "The request lacks 'rows'."),
        ('{"rows": []}', "The request, 'rows': it holds none, and at least one belongs there."),
        ('{"rows": [3]}', "Row 1: a number, where an object belongs."),
        ('{"row": []}', "Did you mean 'rows'?"),
    ],
)
def test_what_is_no_list_of_rows_is_a_422(body: str, said: str) -> None:
    refused = refusal(body)
    assert refused.status == 422
    assert said in refused.reason


def test_more_rows_than_the_limit_are_refused_with_it() -> None:
    refused = refusal(json.dumps({"rows": [ROW] * 4}))
    assert (refused.status, refused.reason) == (422, "The request holds more than 3 rows. Send fewer at once.")


def test_the_first_row_with_a_wrong_key_is_told_and_not_a_later_one_with_a_wrong_value() -> None:
    lacking = {name: value for name, value in ROW.items() if name != "words"}
    said = refusal(json.dumps({"rows": [lacking, {**ROW, "words": 1}]})).reason
    assert said == "Row 1 lacks 'words'."
    said = refusal(json.dumps({"rows": [{**ROW, "word": ""} | {"age": "old"}, lacking], "row": 1})).reason
    assert said == (
        "Row 1, 'age': a text, where a number belongs. The request has 'row', which is not asked for. Did you mean 'rows'?"
        " Row 1 has 'word', which is not asked for. Did you mean 'words'?"
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({f"{place:06d}": [{}] for place in range(100_000)}, "And 100,004 more like these."),
        ({"id": "a", "words": "w" * 16_000_000}, "Row 1 lacks 'price (€)'"),
    ],
)
def test_a_row_that_lacks_much_and_holds_much_is_refused_without_a_copy_for_each_key(row: dict[str, object], said: str) -> None:
    body = json.dumps({"rows": [row]}).encode()
    tracemalloc.start()
    try:
        found = refusal(body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.status == 422 and said in found.reason
    assert peak < 100 * 2**20, f"{peak >> 20} MB of a body of {len(body) >> 20}"


def test_a_million_bad_rows_are_refused_at_the_first() -> None:
    refused = refusal(b'{"rows": [' + b",".join([b"0"] * 1_000_000) + b"]}")
    assert refused.reason == "Row 1: a number, where an object belongs."


@given(st.text(min_size=8).filter(lambda text: text.strip("0123456789.,- ")))
def test_no_value_of_a_row_stands_in_a_refusal(text: str) -> None:
    secret = f"secret {text}"
    for name in ("age", "seen", "inside", "counts", "picture"):
        assert secret not in refusal(changed(**{name: secret})).reason


def test_a_feature_called_id_leaves_the_row_another_way_to_name_itself() -> None:
    schema = InputSchema((Feature("id", "number", False),), ("a", "b"))
    assert (row_id_key(SCHEMA), row_id_key(schema)) == ("id", "ceteris:id")
    body = b'{"rows": [{"ceteris:id": "x", "id": 3.5}]}'
    assert rows_form(schema, 1).read(body) == {"rows": [{"ceteris:id": "x", "id": 3.5}]}


@given(st.lists(st.text(min_size=1).filter(lambda name: "\0" not in name and not name.startswith("ceteris:")), unique=True))
def test_features_of_any_name_are_read_as_they_were_written(names: list[str]) -> None:
    schema = InputSchema(tuple(Feature(name, "number", False) for name in names), ("a", "b"))
    row: dict[str, object] = {name: float(place) for place, name in enumerate(names)} | {row_id_key(schema): "x"}
    assert rows_form(schema, 1).read(json.dumps({"rows": [row]}).encode()) == {"rows": [row]}


def test_the_json_schema_says_what_is_read() -> None:
    item = rows_form(SCHEMA, 3).json_schema["properties"]["rows"]
    assert (item["minItems"], item["maxItems"]) == (1, 3)
    assert item["items"]["required"] == ["id", *(one.name for one in SCHEMA.features)]
    assert item["items"]["additionalProperties"] is False
    assert item["items"]["properties"]["age"]["anyOf"][1] == {"type": "null"}


def test_a_late_label_is_one_of_the_classes_or_a_number() -> None:
    form = labels_form(SCHEMA, 3)
    assert form.read(b'{"labels": [{"id": "a", "label": "cat"}]}')["source"] == "late"
    with pytest.raises(Refused, match=r"Label 1, 'label': it is no class of the model\. Known: 'cat', 'dog'\.$"):
        form.read(b'{"labels": [{"id": "a", "label": "dgo"}]}')
    numbers = labels_form(InputSchema(SCHEMA.features, ()), 3)
    assert numbers.read(b'{"labels": [{"id": "a", "label": 3}]}')["labels"] == [{"id": "a", "label": 3.0}]
    with pytest.raises(Refused, match="a text, where a number belongs"):
        numbers.read(b'{"labels": [{"id": "a", "label": "cat"}]}')


def test_a_label_or_an_outcome_with_a_key_twice_is_refused() -> None:
    with pytest.raises(Refused, match="Label 1 has 'label' twice"):
        labels_form(SCHEMA, 3).read(b'{"labels": [{"id": "a", "label": "cat", "label": "dog"}]}')
    with pytest.raises(Refused, match="The request has 'who' twice"):
        labels_form(SCHEMA, 3).read(b'{"labels": [{"id": "a", "label": "cat"}], "who": "ann", "who": "bob"}')
    with pytest.raises(Refused, match="Outcome 1 has 'value' twice"):
        outcomes_form(3).read(b'{"outcomes": [{"id": "a", "metric": "m", "value": 1, "value": 2}]}')
    assert labels_form(SCHEMA, 3).read(b'{"labels": [{"id": "a:b", "label": "cat"}], "who": "ann"}')["who"] == "ann"


def test_an_outcome_is_a_finite_number_of_a_named_metric() -> None:
    assert outcomes_form(2).read(b'{"outcomes": [{"id": "a", "metric": "euro", "value": 3}]}')
    with pytest.raises(Refused, match="Outcome 1, 'value': NaN and infinity are no finite numbers"):
        outcomes_form(2).read(b'{"outcomes": [{"id": "a", "metric": "euro", "value": NaN}]}')

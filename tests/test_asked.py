"""The quick reader of requests and the form: what one takes the other takes too, and means the same by it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, ExtraTreesClassifier, RandomForestClassifier
from sklearn.naive_bayes import GaussianNB

from ceteris.serving.asked import Asked, Asking
from ceteris.serving.packaged import Packaged
from ceteris.serving.requests import Form, Refused, rows_form
from ceteris.serving.schema import Feature, InputSchema, schema_of

SCHEMA = InputSchema(
    (
        Feature("price (€)", "number", False),
        Feature("age", "number", True),
        Feature("colour", "category", True),
        Feature("words", "text", False),
        Feature("inside", "vector", False, 2),
        Feature("picture", "image", False, 2),
    ),
    ("cat", "dog"),
)
ROW: dict[str, Any] = {
    "id": "a", "price (€)": 1, "age": None, "colour": None, "words": "é\u2028", "inside": [0.5, 1], "picture": [0, 255],
}  # fmt: skip


class Unasked(Form):
    """A form that must not be needed."""

    def read(self, body: bytes) -> dict[str, Any]:
        raise AssertionError("the form was asked")


def quickly(schema: InputSchema, body: bytes, redacted: tuple[str, ...] = ()) -> Asked | None:
    form = rows_form(schema, 3)
    form.__class__ = Unasked
    try:
        return Asking(schema, form, redacted).read(body)
    except AssertionError:
        return None


def by_the_form(schema: InputSchema, body: bytes, redacted: tuple[str, ...] = ()) -> Asked | None:
    asking = Asking(schema, rows_form(schema, 3), redacted)
    asking._decoder = None
    try:
        return asking.read(body)
    except Refused:
        return None


def assert_same(quick: Asked, slow: Asked) -> None:
    assert quick.ids == slow.ids
    pd.testing.assert_frame_equal(quick.frame, slow.frame)
    assert [json.loads(one) for one in quick.inputs()] == [json.loads(one) for one in slow.inputs()]


def body(*rows: object) -> bytes:
    return json.dumps({"rows": rows}).encode()


def test_a_sound_request_is_read_without_the_form_and_means_the_same() -> None:
    sent = body(ROW, {**ROW, "id": "b", "age": 3.5, "colour": "red"})
    quick, slow = quickly(SCHEMA, sent, ("age", "words")), by_the_form(SCHEMA, sent, ("age", "words"))
    assert quick is not None and slow is not None
    assert_same(quick, slow)
    assert set(json.loads(quick.inputs()[0])) == {"price (€)", "colour", "inside", "picture"}


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_model_of_any_number_of_numbers_is_asked_quickly(count: int) -> None:
    schema = InputSchema(tuple(Feature(f"x{place}", "number", place == 1) for place in range(count)), ("a", "b"))
    row = {f"x{place}": None if place == 1 else place for place in range(count)}
    sent = body({"id": "a", **row}, {"id": "b", **row})
    quick, slow = quickly(schema, sent), by_the_form(schema, sent)
    assert quick is not None and slow is not None
    assert_same(quick, slow)


@pytest.mark.parametrize("kind", ["date", "sparse"])
def test_a_kind_that_is_computed_with_is_left_to_the_form(kind: str) -> None:
    schema = InputSchema((Feature("x", kind, True), Feature("y", "number", False)), ("a", "b"))
    assert quickly(schema, body({"id": "a", "x": None, "y": 1})) is None
    assert Asking(schema, rows_form(schema, 3)).read(body({"id": "a", "x": None, "y": 1})).ids == ["a"]


@pytest.mark.parametrize("name", ['a "quote"', "a \\ backslash", "a\nline"])
def test_a_feature_of_a_name_that_needs_care_in_json_is_read_all_the_same(name: str) -> None:
    schema = InputSchema((Feature(name, "number", False),), ("a", "b"))
    asked = Asking(schema, rows_form(schema, 3)).read(body({"id": "a", name: 2}))
    assert asked.frame[name].tolist() == [2.0] and json.loads(asked.inputs()[0]) == {name: 2.0}


TWICE = InputSchema((Feature("x", "number", False), Feature("t", "text", False)), ("a", "b"))


@pytest.mark.parametrize("reader", [Form, Unasked], ids=["form", "quick"])
@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ('[{"id": "a", "x": 1, "x": 2, "t": "u"}]', "Row 1 has 'x' twice"),
        ('[{"id": "a", "x": 1, "t": "u"}, {"id": "b", "x": 1, "t": "12:00", "t": "12:00"}]', "Row 2 has 't' twice"),
        ('[{"id": "a", "x": 1, "x": 1, "t": "u"}]', "Row 1 has 'x' twice"),  # what follows is the same
        ('[{"id": "a", "x": 1, "\\u0078": 2, "t": "u"}]', "Row 1 has 'x' twice"),  # another spelling of one name
        ('[], "rows": [{"id": "a", "x": 1, "t": "u"}]', "The request has 'rows' twice"),
    ],
)
def test_a_key_that_stands_twice_is_refused_with_its_row(reader: type[Form], rows: str, said: str) -> None:
    asking, form = Asking(TWICE, rows_form(TWICE, 3)), rows_form(TWICE, 3)
    form.__class__ = reader
    asking._form, asking._decoder = form, asking._decoder if reader is Unasked else None
    with pytest.raises(Refused, match=said) as refused:
        asking.read(f'{{"rows": {rows}}}'.encode())
    assert refused.value.status == 422


def test_a_text_with_colons_is_no_key_that_stands_twice() -> None:
    sent = body({"id": "a:b", "x": 1, "t": '"x": 1, "x": 2'}, {"id": "c", "x": 2, "t": ":::"})
    for asked in (quickly(TWICE, sent), by_the_form(TWICE, sent)):
        assert asked is not None
        assert asked.frame["t"].tolist() == ['"x": 1, "x": 2', ":::"]


_ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.lists(st.integers(-1, 256), max_size=3),
    st.lists(st.floats(width=32), max_size=3), st.just("x" * 201), st.just("\0"), st.just({}),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from([*ROW, "other"]), _ODD, max_size=2), max_size=4), st.integers(0, 3))
def test_the_quick_reader_takes_nothing_that_the_form_would_refuse(changes: list[dict[str, Any]], cut: int) -> None:
    text = body(*({**ROW, **change} for change in changes))
    sent = text[: len(text) - cut] if cut < 3 else text.replace(b"255", b"1e400")
    quick, slow = quickly(SCHEMA, sent), by_the_form(SCHEMA, sent)
    if quick is not None:
        assert slow is not None
        assert_same(quick, slow)


@pytest.mark.parametrize(
    "sent",
    [
        b"", b"[]", b'{"rows": []}', b'{"rows": [' + b'{"id": "a", "x": 1},' * 3 + b'{"id": "a", "x": 1}]}',
        b'{"rows": [{"id": "a", "x": 01}]}', b'{"rows": [{"id": "a", "x": NaN}]}', b'{"rows": [{"id": "\xff", "x": 1}]}',
        b'{"rows": [{"id": "\\ud800", "x": 1}]}', b'{"rows": [{"id": "a", "x": 1}]} x', b'\xef\xbb\xbf{"rows": []}',
        b'{"rows": [{"id": "a", "x": ' + b"9" * 400 + b"}]}", b"[" * 100_000, b'{"rows": [{"id": "a", "x": 1, "x": "b"}]}',
        b'{"rows": [{"id": "a", "x": 1}], "more": 1}',
    ],
)  # fmt: skip
def test_what_the_form_refuses_the_quick_reader_leaves_to_it(sent: bytes) -> None:
    schema = InputSchema((Feature("x", "number", False),), ("a", "b"))
    assert by_the_form(schema, sent) is None
    assert quickly(schema, sent) is None


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(5, random_state=0), ExtraTreesClassifier(5, random_state=0),
        BaggingClassifier(GaussianNB(), n_estimators=3, random_state=0), CalibratedClassifierCV(GaussianNB(), cv=2),
    ],
    ids=lambda model: type(model).__name__,
)  # fmt: skip
def test_a_model_that_says_its_likeliest_class_is_computed_once_and_says_the_same(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.integers(0, 3, (200, 3)).astype(float), columns=list("xyz"))  # few values: many ties
    codes = rng.choice([0, 2, 3], 200)
    schema = replace(schema_of(frame, ("a", "b", "c", "d")))
    model.fit(frame, codes)
    expected = np.array(schema.classes, dtype=object)[model.predict(frame)]
    calls = []
    monkeypatch.setattr(model, "predict", lambda rows: calls.append(rows), raising=False)
    labels, shares = Packaged(frame, {}, "", schema, model).predict(frame)  # type: ignore[arg-type]
    assert labels.tolist() == expected.tolist() and not calls
    assert shares is not None and not shares[:, 1].any()

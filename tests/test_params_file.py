"""params.yaml changed in place: what was asked for is there, and everything else is byte for byte what it was."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from ceteris.params import parse
from ceteris.starting.params_file import changed
from ceteris.store import parse_yaml

SHIPPED = (Path(__file__).resolve().parents[1] / "params.yaml").read_text(encoding="utf-8")
SMALL = """# top
a:
  # above one
  one: 1        # the first
  two:          # a list
    - x
    - y         # last

# of b
b:
  deep:
    same: 1     # stays
    gone: 2     # goes
  end: "a # b"  # not in the quotes
"""


def test_only_the_asked_lines_change() -> None:
    after = changed(SMALL, {("a", "one"): 5})
    assert after == SMALL.replace("one: 1        #", "one: 5        #")


def test_keys_that_hold_what_is_asked_cost_no_reading_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    known = parse_yaml(SHIPPED, "params.yaml")
    asked = {(section, key): value for section, keys in known.items() for key, value in keys.items()}
    assert len(asked) > 40
    read, load = [], YAML.load
    monkeypatch.setattr(YAML, "load", lambda self, stream: (read.append(stream), load(self, stream))[1])
    after = changed(SHIPPED, asked | {("split", "seed"): 7})
    assert len(read) == 2  # once as it was, once as it became
    assert len([1 for old, new in zip(SHIPPED.splitlines(), after.splitlines(), strict=True) if old != new]) == 1


def test_a_list_is_replaced_in_block_style_and_its_keys_comment_is_kept() -> None:
    after = changed(SMALL, {("a", "two"): ["no", "1", "z"]})
    assert "  two:          # a list\n  - \"no\"\n  - '1'\n  - z\n\n# of b\n" in after


def test_null_list_and_back_is_the_identity() -> None:
    there = changed(SMALL, {("a", "two"): None})
    assert "  two:          # a list\n\n# of b\n" in there
    assert changed(changed(SMALL, {("a", "one"): 2}), {("a", "one"): 1}) == SMALL


def test_a_map_is_changed_key_by_key() -> None:
    after = changed(SMALL, {("b", "deep"): {"same": 1, "fresh": {"x": None}}})
    assert "    same: 1     # stays\n    fresh:\n      x:\n  end:" in after
    assert "gone" not in after


def test_a_comment_behind_a_quoted_hash_is_kept() -> None:
    assert changed(SMALL, {("b", "end"): "c"}).endswith("  end: c        # not in the quotes\n")


def test_absent_keys_and_sections_are_added() -> None:
    after = changed("a:\n  one: 1\nb: 2", {("a", "plant", "kind"): "none", ("c", "d"): [1]})
    assert after == "a:\n  one: 1\n  plant:\n    kind: none\nb: 2\n\nc:\n  d:\n  - 1\n"


def test_flow_style_is_written_anew_with_the_same_meaning() -> None:
    after = changed("a: {one: 1, two: [x, y]}  # kept\nb: 2\n", {("a", "one"): 3})
    assert parse_yaml(after, "p") == {"a": {"one": 3, "two": ["x", "y"]}, "b": 2}
    assert "# kept" in after


def test_lists_as_deep_as_their_key_are_replaced_whole() -> None:
    """`dvc exp run -S` writes lists like that."""
    after = changed(
        "a:\n  one:\n  - x: 1\n    y: 2\n  - x: 3\n  two:   # c\n  - z\nb: 1\n", {("a", "one"): ["p"], ("a", "two"): None}
    )
    assert after == "a:\n  one:\n  - p\n  two:   # c\nb: 1\n"


def test_an_experiment_finds_nothing_to_write_otherwise() -> None:
    """`dvc exp run -S` loads and dumps the whole file with ruamel.yaml's defaults: lines that it did not set must come back."""
    after = changed(
        SHIPPED,
        {("ingest", "id"): "key", ("ingest", "group"): None, ("ingest", "drop"): ["a", "b"], ("fix", "recipes"): RECIPES},
    )
    dumped = io.StringIO()
    YAML().dump(YAML().load(after), dumped)
    assert dumped.getvalue() == after


RECIPES = {"given": None, "reviewed": [{"step": "apply_edits"}]}
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=25, deadline=None)
@given(NAMES, st.none() | st.lists(NAMES, min_size=1, max_size=4))
def test_any_column_name_comes_back_and_comments_stay(label: str, drop: Any) -> None:
    changes = {("ingest", "label"): label, ("ingest", "drop"): drop}
    after = changed(SHIPPED, changes)
    found = parse_yaml(after, "params.yaml")["ingest"]
    assert found["label"] == label
    assert found["drop"] == drop
    assert after.count("  # ") >= SHIPPED.count("  # ") - 2
    assert after.splitlines()[-1] == SHIPPED.splitlines()[-1]


@pytest.mark.parametrize("delimiter", ["\t", ";", "|", ","])
def test_shipped_params_still_parse_with_another_delimiter(delimiter: str) -> None:
    assert parse(parse_yaml(changed(SHIPPED, {("ingest", "delimiter"): delimiter}), "p")).ingest.delimiter == delimiter

"""Whoever reviews, in whatever script, has a file of their own in the ledger."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.errors import BadInputError
from ceteris.reviewing.patches import file_of, plain


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("ada", "ada"),
        ("review-train", "review_train"),
        ("Ada Lovelace", "Ada_Lovelace"),
        ("ann@x.org", "ann_x_org"),
        ("x" * 40, "x" * 40),
    ],
)
def test_a_plain_name_is_its_file(name: str, file: str) -> None:
    assert plain(name) == file


def test_names_that_lose_letters_are_told_apart() -> None:
    names = ["李雷", "韩梅梅", "Ä", "Ö", "...", "///", "José", "Jos", "x" * 300, "x" * 301, "\udcff"]
    assert len({plain(name) for name in names}) == len(names)
    assert plain("José").startswith("Jos_")


@given(st.text(min_size=1).filter(str.strip))
def test_one_name_is_one_file_however_its_accents_are_written(name: str) -> None:
    written = {plain(unicodedata.normalize(form, name)) for form in ("NFC", "NFD")}
    assert len(written) == 1
    assert plain("Jos\u00e9") == plain("Jose\u0301")


@given(st.text(min_size=1).filter(str.strip), st.text(min_size=1, max_size=400).filter(str.strip))
def test_every_name_is_a_file_that_every_disk_takes(reviewer: str, batch: str) -> None:
    file = file_of(reviewer, batch)
    assert file.isascii()
    assert len(file) <= 103
    assert file.removesuffix(".csv").replace("_", "").replace("-", "").isalnum()


@pytest.mark.parametrize("name", ["", "  "])
def test_no_name_is_no_file(name: str) -> None:
    with pytest.raises(BadInputError, match="names no file"):
        plain(name)

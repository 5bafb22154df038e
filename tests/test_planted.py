"""Planted errors of five kinds, and what is shipped where they stand."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.data_sets import DATA_SETS, MORE, TWO_CLASSES, data_set
from calibration.planted import KINDS, kinds_in, planted
from calibration.recommending import ALL, cells, recommended


@pytest.mark.parametrize("kind", KINDS)
def test_as_many_labels_as_asked_for_are_wrong_and_none_where_none_is(kind: str) -> None:
    digits = data_set("digits")
    given = planted(digits, kind, 0.2, np.random.default_rng(1))
    assert (given != digits.labels).sum() == round(0.2 * len(digits.labels))
    assert np.array_equal(planted(digits, kind, 0.0, np.random.default_rng(1)), digits.labels)
    again = planted(digits, kind, 0.2, np.random.default_rng(1))
    assert np.array_equal(given, again)


@pytest.mark.parametrize("name", [*DATA_SETS, *MORE])
def test_of_two_classes_an_error_anywhere_is_one_between_neighbours_and_stands_once(name: str) -> None:
    data = data_set(name)
    anywhere, between = (planted(data, kind, 0.2, np.random.default_rng(3)) for kind in ("uniform", "pairwise"))
    assert np.array_equal(anywhere, between) == (data.n_classes == 2) == (name in TWO_CLASSES)
    assert set(KINDS) - set(kinds_in(name)) == ({"pairwise"} if data.n_classes == 2 else set())


def test_errors_of_a_family_stand_in_a_band_of_one_column() -> None:
    digits = data_set("digits")
    wrong = planted(digits, "by family", 0.1, np.random.default_rng(2)) != digits.labels
    ranks = digits.features.rank(method="first", pct=True)
    spans = [((ranks[name][wrong] - middle + 0.5) % 1 - 0.5).abs() < 0.06 for name in ranks for middle in np.arange(0, 1, 0.05)]
    assert max(float(inside.mean()) for inside in spans) > 0.6


def test_a_fix_is_shipped_where_labels_are_verified_and_none_on_given_labels_alone() -> None:
    block = cells().index(("digits", "uniform", 0.3))
    found = recommended(block)[0]
    assert found[f"{ALL}/verified labels: a fix is shipped"] and not found[f"{ALL}/verified labels: the true score falls"]
    assert not found[f"{ALL}/given labels: a fix is shipped"]


def test_clean_labels_are_shipped_as_they_are() -> None:
    shipped = [recommended(cells().index((name, "uniform", 0.0)))[0] for name in ("digits", "credit")]
    assert not any(found[f"{ALL}/{on} labels: a fix is shipped"] for found in shipped for on in ("given", "verified"))

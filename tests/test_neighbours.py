"""The nearest train rows of a row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ceteris.reviewing.neighbours import Neighbourhood

KINDS = pd.Series(["a", "a", "a", "b", None], dtype=object)
ROWS = pd.DataFrame({"x": [0.0, 1.0, 2.0, 10.0, np.nan], "kind": KINDS}).set_axis(list("pqrst"))
LABELS = pd.Series(["ant", "bee", "ant", "ant", "bee"], dtype=object).set_axis(ROWS.index)


def test_the_nearest_of_the_label_and_of_others_come_nearest_first_and_without_the_row() -> None:
    around = Neighbourhood(ROWS, LABELS)
    assert around.nearest(ROWS.loc[["p"]], ["ant"], 2) == [["r", "s"], ["q", "t"]]
    assert around.nearest(ROWS.loc[["q"]], ["bee"], 5) == [["t"], ["p", "r", "s"]]
    assert around.nearest(ROWS.loc[["p"]], ["ant", "bee"], 1) == [["r"], ["q"], []]


def test_a_row_that_is_not_among_them_is_judged_too() -> None:
    stranger = pd.DataFrame({"x": [9.0], "kind": pd.Series(["never seen"], dtype=object)}).set_axis(["z"])
    assert Neighbourhood(ROWS, LABELS).nearest(stranger, ["ant"], 1)[0] == ["s"]


def test_an_exact_copy_with_another_label_is_the_nearest_of_the_others() -> None:
    rows = pd.concat([ROWS, ROWS.loc[["p"]].set_axis(["copy"])])
    around = Neighbourhood(rows, pd.concat([LABELS, pd.Series({"copy": "bee"})]))
    assert around.nearest(rows.loc[["p"]], ["ant"], 1)[1] == ["copy"]

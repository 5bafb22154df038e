"""Errors that the audit's model has learned are no family; where it is unsure is told, and random answers are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small import run_stages
from test_families import CLASSES, features, often, told, world

from ceteris.families.atoms import atoms_of
from ceteris.families.found import find_families, searched
from ceteris.families.patterns import columns_of
from ceteris.families.unsure import COLUMNS, unsure_of
from ceteris.kinds import kinds_of
from ceteris.store import write_table


def learned(seed: int, rows: int = 1500) -> tuple[Any, ...]:
    """Return a world in which half of the labels of source B are another one, and the model, which sees the column, says so."""
    rng = np.random.default_rng(seed)
    frame = features(rows, rng)
    pred_probs = np.full((rows, 3), 0.02)
    true = rng.integers(0, 3, rows)
    pred_probs[np.arange(rows), true] = 0.96
    torn = (frame["source"] == "B").to_numpy()
    other = (true + 1) % 3
    pred_probs[torn] = 0.02
    pred_probs[torn, true[torn]], pred_probs[torn, other[torn]] = 0.5, 0.48
    wrong = np.where(torn, rng.random(rows) < 0.48, rng.random(rows) < 0.04)
    return told(frame, np.where(wrong, other, true), pred_probs)


def test_errors_that_the_model_has_learned_are_told_as_where_it_is_unsure() -> None:
    judged = learned(0)
    assert find_families(*judged).empty
    found = unsure_of(searched(*judged))
    assert found["pattern"].tolist()[:1] == ["source = B"]
    line = found.iloc[0]
    assert line["doubted"] > 0.4 and line["expected"] > 0.4 and line["elsewhere"] < 0.1
    assert line["rows"] == (judged[0].features["source"] == "B").sum()


def test_a_family_is_told_once_and_labels_that_are_numbers_have_no_such_place() -> None:
    judged = world(0, lambda frame, rng: often(0.8, frame["source"] == "B", rng))
    families = find_families(*judged)
    assert "source = B" not in unsure_of(searched(*judged), set(families["pattern"]))["pattern"].tolist()
    assert list(unsure_of(searched(*judged[:2], None, ())).columns) == list(COLUMNS)


def test_where_rows_are_doubted_alike_the_model_is_unsure_nowhere() -> None:
    found = [len(unsure_of(searched(*world(seed)))) for seed in range(20)]
    assert sum(count > 0 for count in found) <= 3


@pytest.mark.parametrize(("errors", "n_clauses"), [((0.8, "B", None), 1), ((0.9, "B", "word3"), 2)])
def test_single_clauses_have_half_of_the_level_and_all_other_patterns_the_other(errors: Any, n_clauses: int) -> None:
    share, source, code = errors

    def wrong(frame: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
        return often(share, (frame["source"] == source) & ((frame["code"] == code) | (code is None)), rng)

    judged = world(0, wrong)
    (family,) = find_families(*judged).itertuples()
    assert str(family.pattern).count(" = ") == n_clauses
    data = judged[0]
    m = len(atoms_of(columns_of(data, labels=True), kinds_of(data.features, judged[4])).clauses)
    tried = 2 * m if n_clauses == 1 else 2 * (m * (m - 1) // 2 + m * len(CLASSES))
    assert family.p_adjusted == pytest.approx(min(1.0, tried * np.exp(-family.likelihood_ratio)), rel=1e-6)


def test_the_command_and_the_report_tell_it_with_the_way_to_random_answers(repo: Path, ceteris_) -> None:
    line = ("source = B", 74, 0.527, 0.49, 0.142)
    write_table(repo / "results/diagnose/unsure.csv", pd.DataFrame([line], columns=list(COLUMNS)))
    said = ceteris_("families").out
    assert "source = B: 74 rows, 53 % doubted (49 % expected), and 14 % elsewhere" in said
    assert "ceteris review 'family: source = B' --rows 20" in said
    run_stages(repo, "report")
    assert "source = B: 74 rows, 53 % doubted (49 % expected)" in (repo / "reports/report.html").read_text(encoding="utf-8")

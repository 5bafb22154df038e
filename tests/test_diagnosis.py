"""Issues beyond labels: what is planted is found, what is clean is not, and what cannot be judged is said to be so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small import STAGES, params, repository, run_stages, table

from ceteris.dataset import ID, LABEL, Dataset
from ceteris.diagnosis import datalab
from ceteris.diagnosis.groups import underperforming
from ceteris.diagnosis.kinds import FOUND, KINDS, NONE, NOT_JUDGED
from ceteris.diagnosis.looked import Looked, look
from ceteris.diagnosis.pictures import pictures_judged
from ceteris.diagnosis.spurious import spurious_correlation
from ceteris.store import read_table

CLASSES = ("ant", "bee")


def rows(n: int = 300, prefix: str = "r", **columns: Any) -> Dataset:
    """Return rows of two numbers that say nothing of one another, numbered as they came."""
    rng = np.random.default_rng(1)
    frame = {"x": rng.normal(size=n), "y": rng.normal(size=n)} | columns
    ids = [f"{prefix}{place:04d}" for place in range(n)]
    return Dataset.from_frame(pd.DataFrame({ID: ids, LABEL: [CLASSES[place % 2] for place in range(n)]} | frame))


def looked(data: Dataset, **more: Any) -> Looked:
    """Return what is found where the audit agrees with every label."""
    return look(data, CLASSES, np.ones(len(data), dtype=bool), **more)


def line(found: Looked, kind: str) -> dict[str, Any]:
    """Return the line of one kind."""
    return dict(found.kinds.set_index("kind").loc[kind])


def which(found: Looked, kind: str) -> list[str]:
    """Return the ids of the rows that have it."""
    return list(found.rows.loc[found.rows[f"is_{kind}_issue"], "id"])


def test_clean_rows_have_no_issue_but_the_few_that_lie_far() -> None:
    found = looked(rows())
    assert set(found.kinds["kind"]) == set(KINDS)
    assert set(found.kinds.loc[found.kinds["status"] == FOUND, "kind"]) <= {"outlier"}
    assert len(which(found, "outlier")) < 0.05 * 300


def test_far_rows_are_outliers_and_copies_are_all_but_the_first() -> None:
    data = rows()
    table = data.features.copy()
    table.loc[10] = [40.0, -40.0]
    table.loc[20] = table.loc[5]
    table.loc[21] = table.loc[5]
    table.loc[30] = table.loc[6] + 1e-9
    found = looked(Dataset(data.ids, data.labels, table))
    assert "r0010" in which(found, "outlier")
    assert which(found, "exact_duplicate") == ["r0020", "r0021"]
    assert json.loads(line(found, "outlier")["examples"])[0] == "r0010"
    assert json.loads(line(found, "exact_duplicate")["examples"]) == ["r0020", "r0021"]
    assert {"r0020", "r0021", "r0030"} <= set(which(found, "near_duplicate"))
    assert not {"r0005", "r0006"} & set(which(found, "near_duplicate"))
    assert line(found, "exact_duplicate")["about"] == "1 set of copies"


def test_rows_that_share_no_category_or_word_are_no_near_copies_though_rare_ones_share_one_place() -> None:
    codes = [f"code{place}" for place in range(300)]
    for kind in ("category", "text"):
        data = Dataset(rows().ids, rows().labels, pd.DataFrame({"t": pd.Series(codes, dtype=object)}))
        assert which(looked(data, kinds={"t": kind} if kind == "text" else None), "near_duplicate") == []
    codes[9] = " CODE4"
    table = rows(t=pd.Series(codes, dtype=object)).features.copy()
    for place in (9, 10):
        table.loc[place, ["x", "y"]] = table.loc[4, ["x", "y"]]
    assert which(looked(Dataset(data.ids, data.labels, table)), "near_duplicate") == ["r0009"]


@pytest.mark.parametrize("values", [1, 3])
def test_rows_that_are_equal_have_no_order(values: int) -> None:
    same = np.random.default_rng(3).integers(0, values, 600).astype(float)
    assert line(looked(rows(600, x=same, y=same)), "non_iid")["status"] == NONE


def test_rows_that_equal_a_validation_row_and_rows_without_values_are_told() -> None:
    data = rows()
    leaking = np.arange(300) == 7
    table = data.features.copy()
    table.loc[9] = np.nan
    found = looked(Dataset(data.ids, data.labels, table), leaking=leaking)
    assert which(found, "leakage") == ["r0007"]
    assert which(found, "missing") == ["r0009"]


def test_a_class_under_a_tenth_of_its_even_share_is_named() -> None:
    data = rows()
    labels = np.where(np.arange(300) < 8, "bee", "ant").astype(object)
    found = looked(Dataset(data.ids, labels, data.features))
    assert line(found, "class_imbalance")["about"] == "bee: 8 rows"
    assert which(found, "class_imbalance") == [f"r{place:04d}" for place in range(8)]


def test_a_missing_value_that_tells_the_label_is_a_spurious_correlation_and_a_random_one_is_none() -> None:
    data = rows()
    table, bees = data.features.copy(), data.labels == "bee"
    table["income"] = np.where(bees & (np.arange(300) % 5 > 0), np.nan, 1.0)
    table["age"] = np.where(np.arange(300) % 3 == 0, np.nan, 1.0)
    found = looked(Dataset(data.ids, data.labels, table))
    told = line(found, "spurious_correlation")
    assert told["status"] == FOUND
    assert "missing income tells 90 % of labels alone (50 % without it)" in told["about"]
    assert "age" not in told["about"]
    assert set(found.rows["group:missing income"]) == {"0", "1"}


def test_noise_is_rarely_called_a_spurious_correlation() -> None:
    labels = np.array(["ant", "bee", "cow"], dtype=object)
    found = [
        spurious_correlation(labels[rng.integers(0, 3, 200)], {f"p{place}": rng.normal(size=200) for place in range(10)}).found
        for rng in map(np.random.default_rng, range(40))
    ]
    assert sum(found) <= 2


def test_the_order_of_rows_is_judged_where_it_is_known() -> None:
    drift = np.sort(np.random.default_rng(2).normal(size=300)) * 5
    assert line(looked(rows(x=drift)), "non_iid")["status"] == FOUND
    assert line(looked(rows()), "non_iid")["status"] == NONE
    unordered = rows(prefix="")
    named = Dataset(np.array([f"{place:x}-row" for place in range(300)], dtype=object), unordered.labels, unordered.features)
    assert line(looked(named), "non_iid")["why"] == "the order in which the rows came is not known"


def test_a_group_of_like_rows_on_which_the_audit_is_wrong_is_told_in_words() -> None:
    rng = np.random.default_rng(3)
    points = np.vstack([rng.normal(size=(500, 2)), np.add(rng.normal(size=(100, 2)), [9, 0])]).astype(np.float32)
    right = np.r_[np.ones(500, dtype=bool), rng.random(100) < 0.4]
    found = underperforming(points, right, ["income", "age"])
    assert found.flags[500:].mean() > 0.95 and found.flags[:500].mean() < 0.02
    assert "income high" in found.about
    clean = [underperforming(points, rng.random(600) < 0.8, []).found for _ in range(20)]
    assert sum(clean) <= 1


def test_a_dark_picture_is_found_and_what_most_pictures_are_like_is_no_issue() -> None:
    pytest.importorskip("cleanvision")
    pictures = np.random.default_rng(4).integers(0, 255, (40, 32, 32, 3), dtype=np.uint8)
    pictures[0] //= 30
    found = pictures_judged(pictures)
    assert np.flatnonzero(found.flags).tolist() == [0] and "dark: 1" in found.about
    pictures[:30] //= 30
    most = pictures_judged(pictures)
    assert not most.flags[1:30].any() and "30 of 40, what these pictures are like" in most.about + most.why


def test_a_check_that_fails_inside_is_not_told_as_nothing_found() -> None:
    from scipy.sparse import csr_matrix

    broken = csr_matrix(np.full((6, 6), np.nan) * (1 - np.eye(6)))
    answers = {judged.kind: judged for judged in datalab.like_rows(broken, True, lambda pairs: np.ones(len(pairs), dtype=bool))}
    assert answers["outlier"].status == NOT_JUDGED
    assert answers["outlier"].why.startswith("cleanlab's check failed: ")


def test_rows_outside_the_sample_have_no_score_and_no_flag() -> None:
    found = looked(rows(), most=100)
    assert found.rows["outlier_score"].notna().sum() == 100
    assert line(found, "outlier")["judged"] == 100 and line(found, "outlier")["of"] == 300
    assert not found.rows.loc[found.rows["outlier_score"].isna(), "is_outlier_issue"].any()


def test_the_same_rows_in_another_order_give_the_same_answers() -> None:
    data = rows()
    back = Dataset.from_frame(data.to_frame().sample(frac=1, random_state=0))
    pd.testing.assert_frame_equal(looked(data).rows, looked(back).rows)


@pytest.mark.parametrize(
    "columns",
    [
        {"x": np.zeros(300), "y": np.zeros(300)},
        {"x": np.full(300, np.nan), "y": np.arange(300.0)},
        {"c": np.array([f"only once {place}" for place in range(300)], dtype=object)},
        {"v": pd.Series([np.full(3, place, dtype=np.float32) for place in range(300)], dtype=object)},
        {"t": np.array(["long text " * 100_000, *["short"] * 299], dtype=object)},
    ],
    ids=["all equal", "all missing", "all different", "vectors", "a text of 1 MB"],
)
def test_strange_columns_are_judged_or_said_not_to_be(columns: dict[str, Any]) -> None:
    found = looked(rows(**columns))
    assert set(found.kinds["status"]) <= {FOUND, NONE, NOT_JUDGED}
    assert (found.kinds.loc[found.kinds["status"] == NOT_JUDGED, "why"] != "").all()


def test_numbers_as_labels_are_judged_by_all_that_needs_no_classes() -> None:
    found = look(rows(), (), np.ones(300, dtype=bool))
    unjudged = set(found.kinds.loc[found.kinds["status"] == NOT_JUDGED, "kind"])
    assert {"class_imbalance", "spurious_correlation", "underperforming_group"} <= unjudged
    assert "outlier" not in unjudged


def planted() -> pd.DataFrame:
    """Return rows of which a source labelled nearly all wrong, with copies, and one far off."""
    found = table(rows=600, wrong=0.05)
    rng = np.random.default_rng(5)
    found["source"] = np.where(rng.random(600) < 0.2, "B", "A")
    wrong = (found["source"] == "B") & (rng.random(600) < 0.9)
    following = found["truth"].map({"ant": "bee", "bee": "cow", "cow": "ant"})
    found["label"] = found["label"].where(~wrong, following)
    found.loc[10, "x"] = 300.0
    for first in range(20, 600, 100):
        found.loc[first + 1 : first + 3, ["x", "y", "source"]] = found.loc[first, ["x", "y", "source"]].to_numpy()
    return found


def test_the_stage_finds_a_planted_family_copies_and_an_outlier_and_recipes_mend_them_with_their_effect(tmp_path: Path) -> None:
    mended = {"given": None, "clear": [{"step": "drop_issues", "issues": ["outlier", "exact_duplicate"]}]}
    planned_contrast = {"axis": "data", "model": "logistic", "baseline": "given", "candidate": "clear"}
    content = params(fix={"recipes": mended}, compare={"planned": [planned_contrast]}, split={"copies": "together"})
    root = repository(tmp_path, content, planted())
    run_stages(root, *STAGES)
    kinds = read_table(root / "results/diagnose/issues.csv", text=("kind", "status", "about", "why")).set_index("kind")
    assert kinds.loc["exact_duplicate", "status"] == FOUND
    families = read_table(root / "results/diagnose/families.csv", text=("pattern",))
    assert families["pattern"].iloc[0] == "source = B"
    versions = read_table(root / "results/fix/versions.csv", text=("version", "note")).set_index("version")
    assert versions.loc["clear", "dropped"] == versions.loc["placebo-clear", "dropped"] >= 1
    report = (root / "reports/report.html").read_text(encoding="utf-8")
    order = [
        report.index(text)
        for text in ("What is wrong with this data", "source = B", "Labels in doubt", "What could not be judged")
    ]
    assert order == sorted(order)
    effects = read_table(
        root / "results/compare/effects.csv", text=("axis", "baseline_version", "candidate_version", "control")
    )
    worth = effects[(effects["baseline_version"] == "given") & (effects["candidate_version"] == "clear")]
    assert len(worth) and (worth["control"] == "placebo-clear").all()

"""What a fix is worth to each group: scores by hand, few rows unknown, and a fix that widens a gap is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small import params
from test_report import Page, tables

from ceteris.errors import BadInputError, ParamsError
from ceteris.measuring.compare import Arm, Scorer
from ceteris.measuring.effect import paired_effect
from ceteris.measuring.fairness import UNKNOWN, Gap, gaps_of, groups_table, metric_of
from ceteris.measuring.fingerprint import Fingerprint
from ceteris.measuring.pairs import Pair, VersionFacts
from ceteris.params import parse
from ceteris.release.judged import BASELINE, CANDIDATE
from ceteris.release.slices import by_group
from ceteris.sections import Compare, Contrast
from ceteris.stages import open_stage
from ceteris.stages.compare import main as compare
from ceteris.telling.groups_told import groups_told
from ceteris.telling.report import Settings, render
from ceteris.training.cells import Cell

FACTS = {name: VersionFacts(control=name == "aa") for name in ("given", "pruned", "same", "aa")}
TOWN = np.array(["big"] * 60 + ["small"] * 40 + ["tiny"] * 29, dtype=object)
LABELS = np.zeros(129, dtype=int)


def arm(version: str, wrong: dict[str, int], key: str = "") -> Arm:
    """Return a cell of two seeds that errs on the first so many rows of each town, and in the second seed on one more."""
    predicted = np.zeros((2, len(TOWN)), dtype=np.int32)
    for town, count in wrong.items():
        first = np.flatnonzero(town == TOWN)[0]
        predicted[0, first : first + count] = 1
        predicted[1, first : first + count + 1] = 1
    return Arm(Cell(predicted, None, 2, False), Fingerprint(key or version, "m", "s", "i", "c"))


def scorer(labels: dict[str, np.ndarray] | None = None, groups: np.ndarray | None = None) -> Scorer:
    arms = {
        ("m", "given"): arm("given", {"big": 12, "small": 8, "tiny": 5}),
        ("m", "pruned"): arm("pruned", {"big": 3, "small": 15, "tiny": 0}),
        ("m", "same"): arm("same", {"big": 12, "small": 8, "tiny": 5}, key="given"),
        ("m", "aa"): arm("aa", {"big": 11, "small": 9, "tiny": 5}),
    }
    planned = Contrast(axis="data", model="m", baseline="given", candidate="pruned")
    return Scorer(arms, labels or {"given": LABELS}, 2, groups, Compare(planned=(planned,)))


PAIRS = [
    Pair("data", ("m", "given"), ("m", "pruned")),
    Pair("data", ("m", "given"), ("m", "same")),
    Pair("data", ("m", "given"), ("m", "aa")),
    Pair("data", ("m", "pruned"), ("m", "given")),
]


def table(**known: Any) -> pd.DataFrame:
    return groups_table(scorer(**known), PAIRS, FACTS, {"town": TOWN})


def test_each_group_has_its_score_before_and_after_and_the_paired_effect_of_its_own_rows() -> None:
    found = table().set_index("group")
    assert found.loc["big", ["rows", "before", "after"]].tolist() == [
        60,
        pytest.approx(1 - 12.5 / 60),
        pytest.approx(1 - 3.5 / 60),
    ]
    known, inside = scorer(), TOWN == "small"
    alone = paired_effect(*(known.scores(("m", name), "accuracy", "given")[:, inside] for name in ("given", "pruned")))
    assert found.loc["small", ["difference", "low", "high"]].tolist() == pytest.approx(
        [alone.difference, alone.low, alone.high]
    )


def test_fixes_alone_are_told_no_control_and_nothing_that_changed_no_row() -> None:
    assert set(table()["version"]) == {"pruned"}


def test_a_group_of_29_rows_is_unknown_and_so_is_one_whose_rows_all_belong_together() -> None:
    found = table().set_index("group")
    assert found["state"].to_dict() == {"big": "", "small": "", "tiny": UNKNOWN}
    assert found.loc["tiny", ["before", "after", "difference"]].isna().all()
    together = table(groups=np.array(["one"] * 60 + [str(row) for row in range(69)], dtype=object)).set_index("group")
    assert together["state"].to_dict() == {"big": UNKNOWN, "small": "", "tiny": UNKNOWN}


def test_the_most_trusted_labels_judge() -> None:
    found = table(labels={"given": 1 - LABELS, "true": LABELS})
    assert set(found["scored_on"]) == {"true"}
    assert found.set_index("group").loc["big", "after"] > 0.9


def test_a_fix_that_helps_on_the_whole_and_widens_the_gap_is_named_with_who_it_costs() -> None:
    (gap,) = gaps_of(table())
    assert gap == Gap("m", "pruned", "town", pytest.approx(0.0042, abs=1e-4), pytest.approx(0.3292, abs=1e-4), ("small",))
    told = groups_told(table(), "accuracy", 0.005)
    assert told["widened"] == [{"model": "m", "version": "pruned", "column": "town", "before": "0.4 pp", "after": "32.9 pp"}]
    assert told["harmed"] == [{"model": "m", "version": "pruned", "groups": "small"}]
    assert groups_told(table(), "accuracy", 0.4)["widened"] == []


def test_a_group_whose_interval_holds_zero_is_not_said_to_be_harmed() -> None:
    line = {"model": "m", "version": "v", "column": "c", "before": 0.5, "after": 0.4, "state": ""}
    lines = [line | {"group": name, "low": -0.3, "high": high} for name, high in (("a", 0.1), ("b", -0.1))]
    assert [gap.harmed for gap in gaps_of(pd.DataFrame(lines))] == [("b",)]


def test_a_gap_that_is_wide_and_narrows_is_not_told_as_wider() -> None:
    line = {
        "model": "m",
        "version": "v",
        "column": "c",
        "scored_on": "true",
        "rows": 30,
        "difference": 0.0,
        "low": -1.0,
        "high": 1.0,
    }
    scores = (("a", 0.9, 0.8), ("b", 0.6, 0.7))
    lines = [line | {"group": name, "before": one, "after": other, "state": ""} for name, one, other in scores]
    assert groups_told(pd.DataFrame(lines), "accuracy", 0.005)["widened"] == []


def test_the_report_and_the_gate_score_a_group_alike() -> None:
    known = scorer()
    one, other = (known.arms["m", name].cell.predicted for name in ("given", "pruned"))
    for seed in range(2):
        rows = pd.DataFrame({"label": LABELS, BASELINE: one[seed], CANDIDATE: other[seed]})
        frame = by_group(rows, {"town": TOWN}, numbers=False).set_index("group")
        alone = {
            name: Arm(Cell(held.cell.predicted[seed : seed + 1], None, 1, True), held.fingerprint)
            for name, held in known.arms.items()
        }
        plain = groups_table(Scorer(alone, known.labels, 2, None, known.compare), PAIRS, FACTS, {"town": TOWN}).set_index(
            "group"
        )
        assert frame["candidate"].equals(plain["after"].astype(float).rename("candidate"))
        assert frame["baseline"].equals(plain["before"].astype(float).rename("baseline"))


def test_of_numbers_the_error_is_told_and_a_smaller_one_is_a_positive_difference() -> None:
    planned = Contrast(axis="data", model="m", baseline="given", candidate="pruned")
    arms = {
        ("m", name): Arm(
            Cell(np.full((1, 60), error) + np.linspace(0, 0.1, 60), None, 2, True), Fingerprint(name, "m", "s", "i", "c")
        )
        for name, error in (("given", 2.0), ("pruned", 1.0))
    }
    known = Scorer(arms, {"given": np.zeros(60)}, 0, None, Compare(planned=(planned,), metric="mae"))
    found = groups_table(known, PAIRS[:1], FACTS, {"all": np.array(["any"] * 60, dtype=object)}).iloc[0]
    assert (found["before"], found["after"], found["difference"]) == pytest.approx((2.05, 1.05, 1.0))
    assert (metric_of(0), metric_of(2)) == ("mae", "accuracy")


def test_the_page_names_fixes_that_widen_a_gap_and_shows_unknown_where_rows_are_few() -> None:
    known = tables()
    found = Page(render(type(known)(**(vars(known) | {"groups": table()})), {}, Settings())).text
    assert "Wider after the fix: pruned with m (gap by town: 0.4 pp, then 32.9 pp)." in found
    assert "Worse for a group, its interval below zero: pruned with m: small." in found
    assert "tiny29unknownunknownfewer than 30 rows" in found
    assert "What each fix is worth to each group" not in Page(render(known, {}, Settings())).text


def test_labels_of_a_page_are_text_whatever_a_group_is_called() -> None:
    known, named = tables(), TOWN.copy()
    named[named == "small"] = "<b>&"
    spiked = groups_table(scorer(), PAIRS, FACTS, {"town": named})
    html = render(type(known)(**(vars(known) | {"groups": spiked})), {}, Settings())
    assert "<b>&" not in html
    assert "&lt;b&gt;&amp;" in html


def test_compare_tells_groups_by_class_or_by_the_columns_that_are_named(repo: Path) -> None:
    classes = pd.read_csv(repo / "results/compare/groups.csv")
    assert set(classes["column"]) == {"label"}
    assert set(classes["group"]) == {"ant", "bee", "cow"}
    assert {"simulated", "pruned"} <= set(classes["version"])

    def named(*columns: str) -> None:
        (repo / "params.yaml").write_text(json.dumps(params(compare={"groups": list(columns)})))
        compare(open_stage("compare", repo))

    named("x")
    quarters = pd.read_csv(repo / "results/compare/groups.csv")
    train, validation = (pd.read_parquet(repo / f"data/split/{part}.parquet")["x"] for part in ("train", "validation"))
    first = quarters[quarters["group"].str.startswith("up to")].iloc[0]
    assert first["rows"] == (validation <= train.quantile(0.25)).sum()
    with pytest.raises(BadInputError, match=r"compare\.groups names the column 'z', .* Known: 'x', 'y'"):
        named("z")


def test_groups_are_named_once_or_not_at_all() -> None:
    for groups in ([], ["x", "x"]):
        with pytest.raises(ParamsError, match=r"compare\.groups: groups names one column or more, each once"):
            parse(params(compare={"groups": groups}))

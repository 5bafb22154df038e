"""A window against the reference: what alarms and what does not, and how accurate the model is with labels and without."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from watched_world import SCHEMA_OF, World, draw, world

from ceteris.dataset import ID, LABEL
from ceteris.errors import BadInputError
from ceteris.measuring.estimates import wilson
from ceteris.monitoring.alarms import judged, share_of
from ceteris.monitoring.asked import queue_of
from ceteris.monitoring.derived import Values, values_of
from ceteris.monitoring.drift import Test as Found
from ceteris.monitoring.drift import missing_test, psi_reading, shift_test
from ceteris.monitoring.expected import calibrated, confidence, expected_accuracy
from ceteris.monitoring.kept import asked_before, keep_queue
from ceteris.monitoring.measured import correlations, fairness, labelled, percentiles
from ceteris.monitoring.settings import Monitor
from ceteris.monitoring.together import classifier_test
from ceteris.monitoring.told import accuracy_told, notes_told, over_told
from ceteris.monitoring.watched import watch
from ceteris.monitoring.windows import window_of
from ceteris.serving.schema import Feature

SETTINGS = Monitor()
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def known() -> World:
    return world()


def said(known: World, rows: pd.DataFrame, settings: Monitor = SETTINGS, **how: Any) -> dict[str, Any]:
    """Return what a window of these rows says."""
    return watch(known.window(rows, **how), known.reference, SCHEMA_OF, settings)


def texts(*values: str) -> np.ndarray:
    return np.array(values, dtype=object)


def one(values: Values) -> Found:
    return shift_test(values, "features")


# One thing at a time


def test_numbers_from_one_source_are_told_apart_no_more_often_than_the_level() -> None:
    rng = np.random.default_rng(1)
    p = [one(Values("x", rng.normal(size=800), rng.normal(size=400))).p for _ in range(400)]
    assert np.mean(np.array(p) < 0.05) <= 0.08


def test_categories_from_one_source_are_told_apart_no_more_often_than_the_level() -> None:
    rng, names = np.random.default_rng(2), texts(*(f"c{place}" for place in range(40)))
    shares = np.array([1 / (place + 1) for place in range(40)])
    deal = lambda count: rng.choice(names, count, p=shares / shares.sum())  # noqa: E731
    p = [one(Values("x", deal(800), deal(400))).p for _ in range(400)]
    assert np.mean(np.array(p) < 0.05) <= 0.08


def test_a_shift_of_half_a_standard_deviation_is_seen_and_its_size_is_the_ks_distance() -> None:
    found = one(Values("x", RNG.normal(size=2000), RNG.normal(0.5, 1, 500)))
    assert found.p < 1e-9
    assert found.shift == pytest.approx(0.197, abs=0.06)  # 2 Phi(0.25) - 1
    assert (found.kind, psi_reading(found.psi)) == ("KS", "much" if found.psi >= 0.25 else "some")


def test_the_shift_of_categories_is_the_share_of_rows_that_moved() -> None:
    found = one(Values("x", np.repeat(texts("a", "b"), [800, 200]), np.repeat(texts("a", "b"), [250, 250])))
    assert found.shift == pytest.approx(0.3)
    assert found.told == "a: 80.0 to 50.0 %"


def test_rare_categories_are_pooled_so_that_new_ones_cannot_alarm_one_by_one() -> None:
    same = np.repeat(texts("a", "b"), [500, 500])
    window = same[::2].copy()
    window[:4] = texts("new1", "new2", "new3", "new4")
    assert one(Values("x", same, window)).p > 0.01
    many = np.concatenate([same[::2][:350], texts(*(f"new{place}" for place in range(150)))])
    found = one(Values("x", same, many))
    assert (found.p < 1e-9, found.shift) == (True, pytest.approx(0.3))


def test_a_hundred_thousand_categories_are_no_drift_and_take_no_time() -> None:
    found = one(Values("x", texts(*(f"r{place}" for place in range(100_000))), texts(*(f"w{place}" for place in range(5000)))))
    assert (np.isnan(found.p), found.told) == (True, "every value is rare")


@pytest.mark.parametrize("values", [np.full(300, 2.5), np.full(300, "x", dtype=object)])
def test_a_constant_feature_is_said_to_be_constant_and_tests_nothing(values: np.ndarray) -> None:
    found = one(Values("x", values, values[:250]))
    assert (np.isnan(found.p), found.told) == (True, "one value in both")


def test_a_feature_that_is_constant_in_the_reference_and_moves_in_the_window_is_tested() -> None:
    assert one(Values("x", np.zeros(500), np.ones(300))).p < 1e-9


def test_missing_values_are_a_test_of_their_own_and_no_part_of_the_others() -> None:
    before, after = RNG.normal(size=1000), RNG.normal(size=500)
    after[:100] = np.nan
    found = missing_test(Values("x", before, after), "x")
    assert found is not None
    assert (found.p < 1e-9, found.shift, found.told) == (True, pytest.approx(0.2), "missing: 0.0 to 20.0 %")
    assert one(Values("x", before, after)).p > 0.001
    assert missing_test(Values("x", before, before), "x") is None
    assert np.isnan(one(Values("x", before, np.full(300, np.nan))).p)


@given(st.permutations(range(60)))
def test_the_order_of_rows_changes_no_test(order: list[int]) -> None:
    values, names = np.arange(60.0) % 7, texts(*"abc")[np.arange(60) % 3]
    for cells in (values, names):
        before = one(Values("x", cells, cells[:30]))
        after = one(Values("x", cells[order], cells[:30]))
        assert (before.p, before.shift) == (after.p, after.shift)


def test_texts_vectors_images_and_sparse_rows_are_tested_by_numbers_derived_from_them() -> None:
    kinds = {"words": "text", "vec": "vector", "pic": "image", "bag": "sparse"}
    rows = pd.DataFrame({"words": ["one two", "three"], "vec": [np.ones(4), 2 * np.ones(4)]})
    rows["pic"] = [np.array([0, 4], dtype=np.uint8), np.array([2, 2], dtype=np.uint8)]
    rows["bag"] = [np.array([0.0, 3.0]), np.array([1.0, 1.0])]
    found = {
        one.name: one.reference.tolist() for one in values_of([Feature(*item, False) for item in kinds.items()], rows, rows)
    }
    assert found == {
        "words: letters": [7, 5], "words: words": [2, 1], "vec: length": [2, 4], "vec: mean": [1, 2],
        "pic: brightness": [2, 2], "pic: contrast": [2, 0], "bag: entries": [1, 2], "bag: sum": [3, 2],
    }  # fmt: skip


# All together


def both(rows: int, turned: bool = False) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two tables of two numbers; `turned`: each number is as before, and how they go together is not."""
    rng = np.random.default_rng(4)
    tables = []
    for sign in (1, -1 if turned else 1):
        x = rng.normal(size=rows)
        tables.append(pd.DataFrame({"x": x, "y": sign * x + rng.normal(0, 0.3, rows)}))
    return tables[0], tables[1]


def together(tables: tuple[pd.DataFrame, pd.DataFrame], **how: Any) -> Found:
    features = [Feature(name, "number", False) for name in tables[0]]
    return classifier_test(features, *tables, **{"level": 0.0025, "sample": 1000, "seed": 0, **how})


def test_the_classifier_sees_what_no_single_feature_shows() -> None:
    tables = both(400, turned=True)
    assert together(tables).p < 0.0025
    for name in "xy":
        assert one(Values(name, *(table[name].to_numpy() for table in tables))).p > 0.01


def test_the_p_of_the_classifier_is_no_smaller_than_it_may_be_where_nothing_has_changed() -> None:
    rng, p = np.random.default_rng(5), []
    for seed in range(100):
        tables = tuple(pd.DataFrame({"x": rng.normal(size=250)}) for _ in range(2))
        p.append(together(tables, seed=seed, level=0.02).p)  # type: ignore[arg-type]
    assert np.mean(np.array(p) <= 0.1) <= 0.18  # one number: where errors of folds go together most
    assert np.mean(p) == pytest.approx(0.5, abs=0.1)


def test_the_classifier_is_judged_by_rows_that_it_did_not_see() -> None:
    """Thirty numbers and few rows: of rows that it has seen it would tell far more than half."""
    rng = np.random.default_rng(22)
    tables = [pd.DataFrame(rng.normal(size=(200, 30))).rename(columns=str) for _ in range(10)]
    auc = [
        float(together((one, other), level=0.2).told.split()[1]) for one, other in zip(tables[::2], tables[1::2], strict=True)
    ]
    assert np.mean(auc) == pytest.approx(0.5, abs=0.05)


def test_the_classifier_says_the_same_each_time_and_of_no_feature_that_varies_nothing() -> None:
    tables = both(300)
    assert together(tables) == together(tables)
    flat = pd.DataFrame({"x": np.ones(300)})
    assert np.isnan(together((flat, flat)).p)


# What alarms


def test_families_share_the_rate_and_holm_keeps_it_within_each() -> None:
    tests = [
        Found("a", "KS", "features", 0.5, 0.002),
        Found("b", "KS", "features", 0.5, 0.4),
        Found("all", "", "rows", 0.5, 0.002),
    ]
    found = judged(tests, SETTINGS, labels=False)
    assert [one.level for one in found] == [pytest.approx(0.01 / 3)] * 3 == [share_of(0.01, labels=False)] * 3
    assert [one.p_holm for one in found] == [0.004, 0.4, 0.002]
    assert [one.alarms for one in found] == [False, False, True]
    assert share_of(0.01, labels=True) == 0.0025


def test_a_change_that_is_sure_and_small_alarms_nobody_in_a_huge_window() -> None:
    values = Values("x", RNG.normal(size=200_000), RNG.normal(0.05, 1, 100_000))
    found = one(values)
    assert found.p < 1e-9
    assert not judged([found], SETTINGS, labels=False)[0].alarms
    assert judged([found], SETTINGS.model_copy(update={"least_shift": 0.0}), labels=False)[0].alarms


def test_a_window_like_the_reference_is_quiet_and_a_moved_one_names_what_moved(known: World) -> None:
    rng = np.random.default_rng(8)
    quiet, moved = said(known, draw(rng, 500)), said(known, draw(rng, 500, moved=0.7))
    assert (quiet["enough"], quiet["alarm"], quiet["because"]) == (True, False, [])
    alarms = {one["name"] for one in moved["tests"] if one["alarm"]}
    assert {"size", "all features", "predicted label"} <= alarms
    assert not alarms & {"city", "age", "age: missing"}
    assert moved["because"][0].startswith("size moved by ")


def test_a_loss_of_accuracy_alarms_by_labels_alone_where_no_feature_moved(known: World) -> None:
    rows = draw(np.random.default_rng(8), 500)
    rows[LABEL] = np.where(np.random.default_rng(9).random(500) < 0.4, "dog", rows[LABEL]).astype(object)
    found = said(known, rows, labelled=1.0)
    assert [one["name"] for one in found["tests"] if one["alarm"]] == ["accuracy"]
    assert found["accuracy"]["real"]["value"] < found["accuracy"]["reference"] - 0.05
    assert found["accuracy"]["expected"]["value"] == pytest.approx(found["accuracy"]["reference"], abs=0.05)  # blind to it


def test_a_loss_of_accuracy_is_told_first_and_then_what_moved_farthest(known: World) -> None:
    rng = np.random.default_rng(8)
    rows = draw(rng, 500, moved=1.0)
    rows["age"] += 5.0
    rows[LABEL] = np.where(rng.random(500) < 0.5, "cat", "dog").astype(object)
    told = said(known, rows, labelled=1.0)["because"]
    assert [one.split()[0] for one in told[:3]] == ["accuracy", "size", "age"]


def test_under_200_rows_nothing_is_told(known: World) -> None:
    found = said(known, draw(RNG, 199))
    assert (found["enough"], found["alarm"]) == (False, False)
    assert found["because"] == ["199 rows to judge, and under 200 nothing is told"]


def test_what_is_said_is_the_same_for_the_same_window(known: World) -> None:
    rows = draw(np.random.default_rng(10), 300)
    assert json.dumps(said(known, rows)) == json.dumps(said(known, rows), allow_nan=False)


def test_no_clock_changes_what_is_said(known: World) -> None:
    raw = known.raw(draw(np.random.default_rng(11), 300))
    back = raw.assign(at=raw["at"].to_numpy()[::-1] - 3600)
    found = [watch(window_of(one, SCHEMA_OF), known.reference, SCHEMA_OF, SETTINGS) for one in (raw, back)]
    assert {key for key in found[0] if found[0][key] != found[1][key]} == {"from", "to"}


# What a log holds


def test_rows_of_the_reference_that_are_replayed_are_left_out_and_a_reused_id_is_not(known: World) -> None:
    replay = known.reference.head(80)[[ID, LABEL, "age", "city", "size"]]
    rows = pd.concat([draw(np.random.default_rng(12), 300), replay], ignore_index=True)
    rows.loc[300:309, "size"] += 1.0  # another row by the same id
    found = said(known, rows)
    assert (found["replayed"], found["rows"]) == (70, 310)


def test_a_row_that_was_asked_for_again_counts_once_by_its_last_line(known: World) -> None:
    rows = draw(np.random.default_rng(13), 300)
    found = said(known, pd.concat([rows, rows.head(50)], ignore_index=True))
    assert (found["rows"], found["asked_again"], found["last"]) == (300, 50, 350)


def test_redacted_features_are_said_to_be_unwatched_and_stop_nothing(known: World) -> None:
    raw = known.raw(draw(np.random.default_rng(14), 300))
    raw["inputs"] = [json.dumps({k: v for k, v in json.loads(text).items() if k != "age"}) for text in raw["inputs"]]
    found = watch(window_of(raw, SCHEMA_OF), known.reference, SCHEMA_OF, SETTINGS)
    assert found["unwatched"] == ["age"]
    assert not any(one["name"].startswith("age") for one in found["tests"])
    raw["inputs"] = "{}"
    nothing = watch(window_of(raw, SCHEMA_OF), known.reference, SCHEMA_OF, SETTINGS)
    assert (nothing["unwatched"], nothing["enough"]) == (["age", "city", "size"], True)


def test_a_line_without_its_features_is_left_out_and_unwatches_nothing_of_the_others(known: World) -> None:
    raw = known.raw(draw(np.random.default_rng(14), 300))
    raw.loc[[3, 7], "inputs"] = ["{}", '{"age": 1.0}']
    found = watch(window_of(raw, SCHEMA_OF), known.reference, SCHEMA_OF, SETTINGS)
    assert (found["unwatched"], found["rows"]) == ([], 298)
    assert found["notes"] == ["2 lines left out: without features that the others hold"]
    assert found["notes"][0] in list(notes_told(found))


def test_answers_and_labels_of_no_class_are_told(known: World) -> None:
    raw = known.raw(draw(np.random.default_rng(14), 300), labelled=1.0)
    raw.loc[[3, 7], "label"] = "wasp"
    raw.loc[[5], "true"] = "bee"
    found = watch(window_of(raw, SCHEMA_OF), known.reference, SCHEMA_OF, SETTINGS)
    assert found["rows"] == 298 and found["notes"] == [
        "2 lines left out: what was predicted is none of the model's answers",
        "1 label of no class of the model: counted as predicted wrong",
    ]
    with pytest.raises(BadInputError, match="holds nothing that this model can have predicted"):
        window_of(raw.assign(label="wasp"), SCHEMA_OF)


def test_an_accuracy_on_validation_says_on_which_labels(known: World) -> None:
    rows = draw(np.random.default_rng(10), 400)
    told = list(accuracy_told(said(known, rows)["accuracy"]))
    assert told[0].startswith("accuracy on given labels of validation rows: ")


def test_rows_that_are_all_equal_alarm_and_crash_nothing(known: World) -> None:
    row = draw(np.random.default_rng(15), 1)
    rows = pd.concat([row] * 300, ignore_index=True).assign(**{ID: [f"same-{place}" for place in range(300)]})
    assert said(known, rows)["alarm"]


def test_a_probability_that_is_null_leaves_the_expected_accuracy_unknown(known: World) -> None:
    raw = known.raw(draw(np.random.default_rng(16), 300))
    raw.loc[5, "probabilities"] = None
    found = watch(window_of(raw, SCHEMA_OF), known.reference, SCHEMA_OF, SETTINGS)
    assert (found["accuracy"]["expected"], found["accuracy"]["expected_told"]) == (None, "not every row has probabilities")


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("inputs", "[1]", "Line 4 of the log holds inputs that are no JSON object."),
        ("inputs", "{", "Line 4 of the log holds inputs that are no JSON object."),
        ("inputs", "[" * 100_000, "Line 4 of the log holds inputs that are no JSON object."),
        ("inputs", '{"age": "old", "city": "rome", "size": 1.0}', "holds values that are none of this model's schema."),
        ("probabilities", "[0.5, 0.2, 0.3]", "Line 4 of the log holds no probabilities of 2 classes."),
        ("probabilities", "[0.9, 0.9]", "Line 4 of the log holds no probabilities of 2 classes."),
        ("probabilities", "[NaN, 1]", "Line 4 of the log holds no probabilities of 2 classes."),
        ("model", "another", "The window holds lines of 2 models"),
    ],
)
def test_a_line_that_is_none_of_this_model_is_named(known: World, column: str, value: str, sentence: str) -> None:
    raw = known.raw(draw(RNG, 10))
    raw.loc[3, column] = value
    with pytest.raises(BadInputError, match=sentence.replace("[", r"\[")):
        window_of(raw, SCHEMA_OF)


# How accurate


def test_words_as_labels_of_a_model_of_numbers_are_refused_and_named(known: World) -> None:
    raw = known.raw(draw(np.random.default_rng(5), 300), labelled=0.5)
    with pytest.raises(BadInputError, match="predicts numbers, and rows of its log are labelled"):
        window_of(raw, replace(SCHEMA_OF, classes=()))


def test_a_queue_tells_a_feature_from_a_column_of_its_own_of_that_name(known: World, tmp_path: Path) -> None:
    named = {"age": "pi", "city": "source", "size": "id"}
    schema = replace(SCHEMA_OF, features=tuple(replace(one, name=named[one.name]) for one in SCHEMA_OF.features))
    raw = known.raw(draw(np.random.default_rng(5), 300))
    raw["inputs"] = [json.dumps({named[name]: value for name, value in json.loads(text).items()}) for text in raw["inputs"]]
    queue = queue_of(window_of(raw, schema), known.reference.rename(columns=named), schema, SETTINGS)
    assert queue.columns.tolist() == ["id", "label", "source", "pi", "ceteris:pi", "ceteris:source", "ceteris:id"]
    assert keep_queue(tmp_path / "queue.csv", queue) and set(asked_before(tmp_path)) == set(queue["id"])


def test_expected_accuracy_is_what_calibrated_probabilities_say() -> None:
    """A model that overstates: half its log odds are true."""
    rng = np.random.default_rng(17)
    odds = rng.normal(1.5, 1.0, 3000)
    right = rng.random(3000) < 1 / (1 + np.exp(-odds))
    found = expected_accuracy(calibrated(2 * odds[:1000], right[:1000]), 2 * odds[1000:])
    assert found is not None
    assert found.low <= right[1000:].mean() <= found.high
    assert found.value == pytest.approx((1 / (1 + np.exp(-odds[1000:]))).mean(), abs=0.03)
    assert expected_accuracy(calibrated(odds, right), odds[:199]) is None


def test_expected_accuracy_follows_the_mix_of_easy_and_hard_rows(known: World) -> None:
    easier = said(known, draw(np.random.default_rng(18), 500, moved=2.0), labelled=1.0)["accuracy"]
    assert easier["expected"]["value"] > easier["reference"] + 0.08
    assert easier["expected"]["low"] <= easier["real"]["value"] <= easier["expected"]["high"]


def test_where_every_validation_row_is_right_there_is_an_interval_below_one() -> None:
    stated = confidence(np.array([[0.99, 0.01]] * 300))
    found = expected_accuracy(calibrated(stated, np.ones(300, dtype=bool)), stated)
    assert found is not None
    assert 0.97 < found.low < found.value < 1


def test_random_rows_of_a_queue_stand_for_all_that_nobody_picked() -> None:
    """Doubtful rows, right half the time, are picked; of the others, right nine times in ten, one in eight is drawn."""
    rng, truth, weighed, naive = np.random.default_rng(19), [], [], []
    for _ in range(200):
        right = np.concatenate([rng.random(100) < 0.5, rng.random(400) < 0.9])
        asked = np.array(["active"] * 100 + [""] * 400, dtype=object)
        asked[100 + rng.choice(400, 50, replace=False)] = "random"
        found = labelled(asked != "", asked, np.where(asked == "random", 50 / 400, 1.0))
        truth.append(right.mean())
        weighed.append(found.share(right[found.rows]).value)
        naive.append(right[asked != ""].mean())
    assert np.mean(weighed) == pytest.approx(np.mean(truth), abs=0.01)
    assert np.mean(naive) < np.mean(truth) - 0.1


def test_picked_rows_alone_say_nothing_of_the_accuracy() -> None:
    asked = np.array(["active"] * 50 + [""] * 150, dtype=object)
    found = labelled(asked == "active", asked, np.ones(200))
    assert (len(found.rows), found.told) == (0, "no labels yet")


def test_unanswered_picks_are_left_out_and_told() -> None:
    asked = np.array(["active"] * 40 + ["random"] * 20 + [""] * 140, dtype=object)
    known = (np.arange(200) < 30) | (asked == "random")
    found = labelled(known, asked, np.where(asked == "random", 20 / 160, 1.0))
    assert found.weights.sum() == pytest.approx(190)
    assert found.told == "20 rows drawn at random stand for 160; 10 that were asked for have no answer and are left out"


def test_wilsons_interval_is_the_published_one() -> None:
    assert wilson(0.1, 100) == pytest.approx((0.0552, 0.1744), abs=1e-4)  # Newcombe (1998), method 3: 10 of 100
    assert wilson(1.0, 10)[1] == 1.0
    assert wilson(0.5, 0) == (0.0, 1.0)


def test_a_group_with_few_labels_is_unknown_and_the_gap_is_between_those_that_are_known(known: World) -> None:
    rows = draw(np.random.default_rng(20), 400)
    rows.loc[:9, "city"] = "lima"
    found = said(known, rows, SETTINGS.model_copy(update={"groups": ("city",)}), labelled=1.0)
    groups = {one["group"]: one for one in found["groups"]}
    assert (groups["lima"]["rows"], groups["lima"]["accuracy"]) == (10, None)
    sure = [one["accuracy"] for one in groups.values() if one["accuracy"] is not None]
    assert len(sure) >= 2
    assert found["gap"]["city"] == pytest.approx(max(sure) - min(sure))
    truth = pd.Series(known.predict(rows)[0] == rows[LABEL].to_numpy()).groupby(rows["city"].to_numpy()).mean()
    assert groups["rome"]["accuracy"] == pytest.approx(truth["rome"])
    assert said(known, rows, SETTINGS.model_copy(update={"groups": ("city",)}))["gap"] == {"city": None}


def test_a_missing_group_is_a_group() -> None:
    table = fairness({"sex": np.array(["f"] * 30 + [None] * 30, dtype=object)}, texts(*"a" * 60), texts(*"a" * 60), np.ones(60))
    assert table["group"].tolist() == ["(missing)", "f"]


def test_latencies_are_told_by_their_percentiles() -> None:
    assert percentiles(np.arange(101.0)) == {"p50": 50.0, "p95": 95.0, "p99": 99.0}


def test_a_business_metric_is_correlated_over_five_windows_and_more() -> None:
    windows = pd.DataFrame({"accuracy": [0.7, 0.75, 0.8, 0.85, 0.9, np.nan], "sales": [1.0, 2, 3, 5, 8, 9], "flat": 1.0})
    found = correlations(windows, ["sales", "flat"]).set_index("metric")
    assert (found.loc["sales", "windows"], found.loc["sales", "correlation"]) == (5, pytest.approx(1.0))
    assert np.isnan(found.loc["flat", "correlation"])
    assert np.isnan(correlations(windows.head(4), ["sales"])["correlation"].iloc[0])


def test_numbers_have_a_mean_absolute_error_and_no_expected_accuracy() -> None:
    rng = np.random.default_rng(21)
    schema = replace(SCHEMA_OF, classes=())
    table = draw(rng, 900)
    table["ceteris:part"] = np.where(np.arange(900) < 500, "train", "validation")
    table[LABEL] = pd.Series((table["size"] + rng.normal(0, 0.5, 900)).map(repr), dtype=object)
    table["ceteris:predicted"] = table["size"]
    rows, reference = table.tail(300).assign(**{ID: [f"new-{place}" for place in range(300)]}), table.head(600)
    raw = pd.DataFrame({"seq": range(1, 301), "at": 0.0, "row_id": rows[ID].to_numpy(), "model": "m", "schema": "s"})
    inputs = rows[["age", "city", "size"]].astype(object).where(rows[["age", "city", "size"]].notna(), None)
    raw["inputs"] = [json.dumps(line) for line in inputs.to_dict("records")]
    raw["label"], raw["probabilities"] = [repr(value) for value in rows["size"]], pd.Series([None] * 300, dtype=object)
    raw = raw.assign(latency_ms=1.0, true=rows[LABEL].to_numpy(), asked="", pi=1.0, outcomes="")
    found = watch(window_of(raw, schema), reference, schema, SETTINGS)["accuracy"]
    assert (found["metric"], found["expected"]) == ("mae", None)
    assert found["real"]["low"] < 0.5 * (2 / np.pi) ** 0.5 < found["real"]["high"]


def test_windows_that_alarmed_are_told_beside_those_that_would_have_by_luck() -> None:
    quiet, loud = {"alarms": 0.01, "alarm": False}, {"alarms": 0.01, "alarm": True}
    assert over_told([quiet] * 12) == "0 of 12 windows alarmed; where nothing had changed, 0.12 would on average"
    assert over_told([loud, loud, *[quiet] * 10]).endswith(
        "0.12 would on average, and so many by luck with a chance of 6 % at most"
    )
    assert over_told([loud, *[quiet] * 199]) == "1 of 200 windows alarmed; where nothing had changed, 2 would on average"
    assert "0.21 would" in over_told([quiet, {"alarms": 0.2, "alarm": False}])  # a rate that was changed meanwhile


def test_what_is_promised_of_many_windows_holds_where_all_hang_on_one_reference() -> None:
    rng, rate, count = np.random.default_rng(5), 0.05, 40
    odd = rng.random(4000) < rate  # a reference that is odd by luck alarms in each of its windows
    alarmed = count * odd
    assert alarmed.mean() == pytest.approx(rate * count, rel=0.2)
    for seen in (1, 10, 40):
        told = over_told([{"alarms": rate, "alarm": place < seen} for place in range(count)])
        bound = float(told.rsplit("chance of ", 1)[1].split()[0]) / 100 if "chance" in told else 1.0
        assert (alarmed >= seen).mean() <= bound + 0.01

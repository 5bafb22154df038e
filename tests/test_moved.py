"""What an experiment moved, by fingerprints alone; which two cells show it; and the words for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from revisions import judging, params, snapshot, version

from ceteris.experiments.moved import Move, judged_otherwise, moved, params_changed, rows_changed, told
from ceteris.experiments.snapshot import Snapshot

PLANNED = {
    "planned": [
        {"axis": "data", "model": "tree", "baseline": "given", "candidate": "reviewed"},
        {"axis": "model", "version": "reviewed", "baseline": "logistic", "candidate": "tree"},
    ]
}
BASE = snapshot("base", parent="")


@pytest.mark.parametrize(
    ("changed", "axis"),
    [
        ({}, "none"),
        ({"models": {"logistic": "m1b", "tree": "m2"}}, "model"),
        ({"models": {"logistic": "m1", "tree": "m2", "forest": "m3"}}, "model"),
        ({"models": {"logistic": "m1"}}, "none"),
        ({"versions": {"given": "d1", "reviewed": "d2"}}, "data"),
        ({"versions": {"given": "d1", "reviewed": "d1", "pruned": "d3"}}, "data"),
        ({"models": {"logistic": "m1b", "tree": "m2"}, "versions": {"given": "d1", "reviewed": "d2"}}, "confounded"),
        ({"seeds": "s10"}, "aa"),
        ({"labels": "other"}, "evaluation"),
        ({"inputs": "v2"}, "evaluation"),
        ({"code": "c2"}, "code"),
        ({"seeds": "s10", "code": "c2"}, "aa"),
        ({"models": {"logistic": "m1b", "tree": "m2"}, "seeds": "s10"}, "model"),
    ],
)
def test_the_axis_is_the_first_that_fingerprints_show(changed: dict[str, Any], axis: str) -> None:
    assert moved(BASE, snapshot("child", **changed)).axis == axis


digests = st.lists(st.sampled_from("abcde"), min_size=1, max_size=4)


@given(digests, digests, digests, digests, st.sampled_from(["s5", "s10"]), st.permutations(range(4)))
def test_renaming_every_model_and_version_changes_no_axis(
    models: list[str], versions: list[str], new_models: list[str], new_versions: list[str], seeds: str, order: list[int]
) -> None:
    parent = snapshot("base", models=named("m", models), versions=named("v", versions), sections={"compare": PLANNED})
    child = snapshot("child", models=named("m", new_models), versions=named("v", new_versions), seeds=seeds)
    other = snapshot(
        "child",
        models={f"M{order[int(name[1:])]}": digest for name, digest in named("m", new_models).items()},
        versions={f"V{order[int(name[1:])]}": digest for name, digest in named("v", new_versions).items()},
        seeds=seeds,
    )
    assert moved(parent, other).axis == moved(parent, child).axis


def named(letter: str, fingerprints: list[str]) -> dict[str, str]:
    return {f"{letter}{place}": digest for place, digest in enumerate(fingerprints)}


def test_a_new_model_is_set_against_the_one_it_replaces() -> None:
    same_name = snapshot("child", models={"logistic": "m1", "tree": "m2b"})
    assert moved(BASE, same_name) == Move("model", ("tree", "given"), ("tree", "given"))
    other_name = snapshot("child", models={"logistic": "m1", "forest": "m3"})
    assert moved(BASE, other_name) == Move("model", ("tree", "given"), ("forest", "given"))
    added = snapshot("child", models={"logistic": "m1", "tree": "m2", "forest": "m3"})
    assert moved(BASE, added) == Move("model", ("logistic", "given"), ("forest", "given"))
    kept_as_old = snapshot("child", models={"logistic": "m1", "old": "m2", "tree": "m2b"})
    assert moved(BASE, kept_as_old) == Move("model", ("tree", "given"), ("tree", "given"))


def test_what_is_planned_is_looked_at_first() -> None:
    sections = {"compare": PLANNED}
    both_new = snapshot("child", versions={"given": "d1", "pruned": "d3", "reviewed": "d2"}, sections=sections)
    assert moved(BASE, both_new) == Move("data", ("tree", "given"), ("tree", "reviewed"))
    new_model = snapshot("child", models={"logistic": "m1", "tree": "m2b"}, sections=sections)
    assert moved(BASE, new_model).candidate == ("tree", "reviewed")


def test_answers_taken_back_move_the_data_as_much_as_answers_given() -> None:
    answered = snapshot("child", versions={"given": "d1", "reviewed": "d2"})
    assert moved(BASE, answered) == Move("data", ("logistic", "given"), ("logistic", "reviewed"))
    assert moved(answered, BASE) == Move("data", ("logistic", "reviewed"), ("logistic", "reviewed"))
    assert moved(snapshot("child", versions={"given": "d1"}), answered).axis == "data"
    assert moved(answered, snapshot("child", versions={"given": "d1"})).axis == "none"


def test_where_all_rows_are_others_what_people_made_of_them_is_looked_at() -> None:
    grown = snapshot("child", versions={"given": "d7", "pruned": "d9", "reviewed": "d8"})
    assert moved(BASE, grown) == Move("data", ("logistic", "reviewed"), ("logistic", "reviewed"))


def test_other_seeds_are_shown_on_a_model_to_which_they_matter() -> None:
    still = frozenset({("logistic", "given"), ("logistic", "reviewed")})
    assert moved(BASE, snapshot("child", seeds="s10", deterministic=still)).candidate == ("tree", "given")
    every = still | {("tree", "given"), ("tree", "reviewed")}
    assert moved(BASE, snapshot("child", seeds="s10", deterministic=every)).candidate == ("logistic", "given")


def words(child: Snapshot, parent: Snapshot = BASE) -> str:
    return told(parent, child, moved(parent, child), None)


def test_a_model_that_changed_is_told_by_its_parameters() -> None:
    changed = snapshot("child", models={"logistic": "m1b", "tree": "m2"}, sections=params(c=0.01))
    assert words(changed) == "logistic: C 1.0 -> 0.01"
    source = snapshot("child", models={"logistic": "m1", "tree": "m2b"})
    assert words(source) == "tree: the source of its estimator"


def test_models_that_are_added_replaced_renamed_and_removed_are_each_told() -> None:
    sections = params()
    sections["train"]["models"] |= {"forest": {"estimator": "sklearn.Forest"}}
    added = snapshot("child", models={"logistic": "m1", "tree": "m2", "forest": "m3"}, sections=sections)
    assert words(added) == "model forest added (sklearn.Forest)"
    assert words(snapshot("child", models={"logistic": "m1", "forest": "m3"}, sections=sections)) == (
        "model tree -> forest (sklearn.Forest)"
    )
    assert words(snapshot("child", models={"linear": "m1", "tree": "m2"})) == "model logistic renamed linear"
    assert words(snapshot("child", models={"logistic": "m1"})) == "model tree removed"


def test_a_version_that_is_renamed_is_told_as_that_and_one_whose_data_moved_is_not() -> None:
    step = [{"step": "simulate_review", "rows": 20}]
    parent = snapshot(
        "base", versions={"given": "d1", "old": "d2"}, sections=params(fix={"recipes": {"given": None, "old": step}})
    )
    sections = params(fix={"recipes": {"given": None, "new": step}})
    assert (
        words(snapshot("child", versions={"given": "d1", "new": "d2"}, sections=sections), parent) == "version old renamed new"
    )
    moved_too = words(snapshot("child", versions={"given": "d1", "new": "d3"}, sections=sections), parent)
    assert "renamed" not in moved_too and "new.rows (absent) -> 20" in moved_too


def test_every_new_model_is_told_that_of_the_move_first() -> None:
    both = snapshot("child", models={"logistic": "m1b", "tree": "m2b"}, sections=params(c=0.5) | {"compare": PLANNED})
    assert words(both) == "tree: the source of its estimator; logistic: C 1.0 -> 0.5"


def test_data_are_told_by_rows_and_the_settings_that_made_them() -> None:
    sections = {"fix": {"recipes": {"pruned": [{"step": "drop_flagged", "rows": 10}]}}}
    child = snapshot("child", versions={"given": "d1", "reviewed": "d2"}, sections=params(**sections))
    tables = version(r1="ant", r2="bee", r3="cow"), version(r1="ant", r2="cow", r4="ant", r5="ant")
    assert told(BASE, child, moved(BASE, child), tables) == (
        "1 label, 1 row dropped, 2 rows added; pruned.step (absent) -> drop_flagged; pruned.rows (absent) -> 10"
    )


def test_seeds_and_code_are_told_even_where_no_setting_names_them() -> None:
    assert words(snapshot("child", seeds="s10")) == "seeds"
    assert words(snapshot("child", seeds="s10", sections={"train": {"seeds": 10}})) == "train.seeds 5 -> 10"
    assert words(snapshot("child", code="c2")) == "training code or libraries"
    assert words(snapshot("child")) == "nothing"


def test_many_changes_and_long_values_are_cut_short() -> None:
    many = snapshot("child", sections=params(audit={f"key{place}": place for place in range(30)}))
    assert words(many).endswith("audit.key7 (absent) -> 7; and 22 more changes")
    long = snapshot("child", sections=params(validate={"classes": [f"class {place}" for place in range(300)]}))
    assert len(words(long)) < 120


@pytest.mark.parametrize(
    "sections",
    [None, [], "text", 7, {"train": None}, {"train": ["logistic"]}, {"train": {"models": ["logistic", "tree"]}},
     {"train": {"models": {"logistic": ["C", 1]}}, "compare": ["planned"]}, {"compare": {"planned": {"axis": "data"}}},
     {"compare": {"planned": [None, "data", {"axis": "data", "model": ["tree"]}]}}, {1: {2: 3}}],
)  # fmt: skip
def test_params_of_an_older_layout_are_told_as_they_are(sections: Any) -> None:
    older = snapshot("base", sections=sections)
    child = snapshot("child", models={"logistic": "m1b", "tree": "m2"}, versions={"given": "d2"})
    move = moved(older, child)
    assert move.axis == moved(child, older).axis == "confounded"
    assert "model logistic -> logistic (sklearn.Logistic)" in words(child, older) or "C" in words(child, older)
    assert "logistic" in words(older, child)


def test_rows_that_changed_are_counted() -> None:
    one, other = version(a="ant", b="bee"), version(a="ant", b="bee")
    assert rows_changed(one, other) == "feature values or weights"
    assert rows_changed(one, version(a="bee", b="ant")) == "2 labels"
    assert rows_changed(one, version(b="bee")) == "1 row dropped"
    assert rows_changed(version(b="bee"), one) == "1 row added"


def test_params_that_changed_are_named_without_the_sections_that_say_nothing() -> None:
    before = {"split": {"seed": 0}, "fix": {"recipes": {"few": [{"step": "a", "rows": 1}]}}, "report": {"title": "x"}}
    after = {"split": {"seed": 1}, "fix": {"recipes": {"few": [{"step": "a", "rows": 2}]}}, "report": {"title": "y"}}
    assert params_changed(before, after, leave_out=("report",)) == ["split.seed 0 -> 1", "few.rows 1 -> 2"]
    assert params_changed({"drop": ["x"]}, {"drop": None}) == ["drop ['x'] -> None"]


def test_validation_rows_and_labels_that_changed_are_counted() -> None:
    before = judging("abcd")
    labels = {"given": np.array(["bee", "bee", "cow"], dtype=object)}
    digests = np.array([b"features of a", b"others", b"features of e"], dtype=object)
    after = judging("abe", labels=labels, digests=digests, answers=np.array([-1, 1, -1]))
    assert judged_otherwise(before, after) == (
        "1 validation label answered, 1 validation label changed, 1 validation row with other features, "
        "2 validation rows dropped, 1 validation row added"
    )


def test_an_answer_is_the_same_whatever_other_classes_there_are() -> None:
    labels = {"given": np.array(["bee", "cow"], dtype=object)}
    rows = [
        judging("ab", classes=classes, labels=labels, answers=np.array([classes.index("bee"), -2]))
        for classes in (("bee", "cow"), ("ant", "bee", "cow"))
    ]
    assert rows[0].digest == rows[1].digest
    assert list(rows[0].said) == ["bee", "(unsure)"]
    assert judging("ab", answers=np.array([-1, -1])).digest != judging("ab", answers=np.array([0, -1])).digest

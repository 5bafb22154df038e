"""Rows of which two people say otherwise are a queue, and how far two people agree is Cohen's kappa of what they first said."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from small import edit
from statsmodels.stats.inter_rater import cohens_kappa, to_table

from ceteris.editing import edits
from ceteris.reviewing.agreement import disagreements, first_answers, kappa, last_answers


def ledger(*lines: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=list(edits.COLUMNS), dtype=object)


def at(second: int) -> str:
    return f"2026-01-31T12:{second // 60:02d}:{second % 60:02d}+00:00"


def test_rows_of_which_two_people_say_otherwise_are_listed_with_what_each_says() -> None:
    found = disagreements(
        ledger(
            edit("a", new="bee", reviewer="bob"),
            edit("a", "confirm", reviewer="ann"),
            edit("b", "drop", reviewer="ann"),
            edit("b", new="cow", reviewer="bob"),
            edit("c", new="cow", reviewer="ann"),
            edit("c", new="cow", reviewer="bob"),
            edit("d", "unsure", reviewer="ann"),
            edit("d", new="cow", reviewer="bob"),
        )
    )
    assert found.to_dict("records") == [
        {"id": "a", "said": "ann: ant; bob: bee"},
        {"id": "b", "said": "ann: drop the row; bob: cow"},
    ]


def test_what_was_taken_back_replaced_or_said_of_a_control_is_no_disagreement() -> None:
    undone = edit("a", new="bee", reviewer="bob")
    lines = [
        edit("a", "confirm"),
        undone,
        edit("a", "revert", reviewer="bob", reverts=undone["answer"], at=at(1)),
        edit("b", "confirm", at=at(0)),
        edit("b", new="bee", at=at(2)),
        edit("b", new="bee", reviewer="bob", at=at(1)),
        edit("c", "confirm", source="control"),
        edit("c", new="bee", source="control", reviewer="bob"),
    ]
    assert disagreements(ledger(*lines)).empty
    assert disagreements(ledger(*lines[:2])).shape == (1, 2)


def test_one_person_and_nobody_disagree_with_nobody() -> None:
    assert disagreements(ledger()).empty and kappa(ledger()).empty and first_answers(ledger()).empty
    assert disagreements(ledger(edit("a", new="bee"))).empty and kappa(ledger(edit("a", new="bee"))).empty


def test_the_first_answer_is_what_was_thought_and_the_last_is_what_counts() -> None:
    first, second = edit("a", "confirm", at=at(1)), edit("a", new="bee", at=at(2))
    undo = edit("a", "revert", reverts=first["answer"], at=at(2))
    for lines in ((second, first), (second, first, undo), (first, first, second)):
        assert list(first_answers(ledger(*lines))["action"]) == ["confirm"]
        assert list(last_answers(ledger(*lines))["action"]) == ["relabel"]


def pair(labels: list[tuple[str, str]]) -> pd.DataFrame:
    lines = []
    for row, said in enumerate(labels):
        for reviewer, label in zip(("ann", "bob"), said, strict=True):
            action = "confirm" if label == "ant" else "relabel"
            lines.append(edit(f"r{row}", action, new="" if label == "ant" else label, reviewer=reviewer))
    return ledger(*lines)


@pytest.mark.parametrize("n_classes", [2, 5, 1000])
def test_kappa_is_that_of_an_independent_library(n_classes: int) -> None:
    rng = np.random.default_rng(n_classes)
    codes = rng.integers(0, n_classes, (60, 2))
    codes[:30, 1] = codes[:30, 0]
    names = np.array(["ant", *(f"class {code}" for code in range(1, n_classes))])
    (found,) = kappa(pair([(str(one), str(other)) for one, other in names[codes]])).to_dict("records")
    assert (found["reviewer"], found["other"], found["n"]) == ("ann", "bob", 60)
    assert found["agree"] == (codes[:, 0] == codes[:, 1]).sum() >= 30
    seen = np.unique(codes, return_inverse=True)[1].reshape(codes.shape)
    assert found["kappa"] == pytest.approx(cohens_kappa(to_table(seen)[0]).kappa)


def test_kappa_by_hand() -> None:
    (found,) = kappa(pair([("ant", "ant")] * 4 + [("bee", "bee")] * 3 + [("ant", "bee")] * 2 + [("bee", "ant")])).to_dict(
        "records"
    )
    # agree 7 of 10; by chance .6 * .5 + .4 * .5 = .5
    assert found["kappa"] == pytest.approx((0.7 - 0.5) / 0.5)


def test_to_drop_a_row_is_an_answer_of_its_own_though_a_class_be_called_so() -> None:
    said = [("ant", "drop")] * 2 + [("drop", "drop")] * 3 + [("ant", "ant")] * 3 + [("unsure", "drop"), ("ant", "unsure")]
    lines = [
        edit(f"r{row}", "confirm" if answer == "ant" else answer, reviewer=reviewer)
        for row, answers in enumerate(said)
        for reviewer, answer in zip(("ann", "bob"), answers, strict=True)
    ]
    (found,) = kappa(ledger(*lines)).to_dict("records")
    assert (found["n"], found["agree"]) == (8, 6)
    # agree 6 of 8; by chance 5/8 * 3/8 + 3/8 * 5/8 = 30/64
    assert found["kappa"] == pytest.approx((6 / 8 - 30 / 64) / (1 - 30 / 64))
    called = [edit("r0", "drop"), edit("r0", new="drop", reviewer="bob")]
    assert kappa(ledger(*called))["agree"].tolist() == [0]


def test_what_was_decided_of_a_whole_family_is_no_answer_that_others_agree_with() -> None:
    lines = pair([("ant", "ant"), ("bee", "ant"), ("bee", "bee")])
    earlier = [edit(f"r{row}", "drop", source="family", at="2020-01-31T12:00:00+00:00") for row in range(3)]
    assert kappa(pd.concat([ledger(*earlier), lines])).equals(kappa(lines))


def test_two_who_named_one_label_throughout_have_no_kappa_and_those_who_share_no_row_no_line() -> None:
    (found,) = kappa(pair([("ant", "ant")] * 3)).to_dict("records")
    assert math.isnan(found["kappa"]) and found["agree"] == found["n"] == 3
    assert kappa(ledger(edit("a", new="bee"), edit("b", new="bee", reviewer="bob"))).empty


def test_three_people_are_three_pairs() -> None:
    lines = [edit("a", new="bee", reviewer=name) for name in ("ann", "bob", "cid")]
    assert [tuple(row) for row in kappa(ledger(*lines))[["reviewer", "other"]].to_numpy()] == [
        ("ann", "bob"),
        ("ann", "cid"),
        ("bob", "cid"),
    ]

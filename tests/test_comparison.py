"""Two revisions side by side: what moved, what it was worth, the diff beside it; and the page of it."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from revisions import SETTINGS, World, cell, judging, never, snapshot, version
from rich.console import Console
from shown import HOSTILE

from ceteris.errors import BadInputError, NotHeldFixedError
from ceteris.experiments import shown
from ceteris.experiments.comparison import PARTS, Comparison, compared
from ceteris.experiments.page import comparison_page
from ceteris.experiments.snapshot import Snapshot
from ceteris.measuring.disagreement import NOT_ANSWERED, UNSURE

ROWS = judging()
BASE = snapshot("base", parent="")
REVIEWED = snapshot("child", versions={"given": "d1", "reviewed": "d2"}, reviewed=2)


def world(*revisions: Snapshot) -> World:
    """Return cells that are wrong on the first 30 rows; what is new of `child`, on the first 12."""
    cells = {}
    for one in (BASE, *revisions):
        for name, print_ in one.cells.items():
            new = one.rev == "child" and {print_.data, print_.model} & {"d2", "m1b"}
            cells[one.rev, *name] = cell(one.judging or ROWS, range(12 if new else 30))
    tables = {
        ("base", "given"): version(a="ant", b="bee", c="cow"),
        ("child", "given"): version(a="ant", b="bee", c="cow", d="ant"),
        ("child", "reviewed"): version(a="bee", c="cow", d="ant"),
    }
    return World(cells, tables)


def side_by_side(child: Snapshot = REVIEWED, of: World | None = None, corner: Any = never, **more: Any) -> Comparison:
    ids = [] if child.judging is None else list(child.judging.ids)
    features = pd.DataFrame({"colour": ["red"] * len(ids)}, index=ids)
    past = (of or world(child)).past
    return compared(BASE, child, past, corner, SETTINGS, features=lambda _: features, **more)


def shown_of(found: Comparison, metric: str) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(shown.side_by_side(found, metric))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_effect_and_the_diff_stand_beside_each_other() -> None:
    found = side_by_side(batches={("a", "bee"): "ann/1", ("b", ""): "ann/1"})
    assert found.measured.effect is not None
    assert found.measured.effect.difference == pytest.approx(18 / 60)
    assert (found.measured.move.axis, found.changed) == ("data", "1 label, 1 row dropped, 1 row added")
    assert dict(zip(found.diff.rows["id"], found.diff.rows["batch"], strict=True)) == {
        "a": "ann/1", "b": "ann/1", "d": "new train rows"
    }  # fmt: skip
    assert list(found.diff.flipped["flip"]) == ["turned right"] * 18
    assert found.diff.by_slice.to_dict("records") == [
        {"slice": "colour = red", "rows": 60, "turned right": 18, "turned wrong": 0}
    ]
    assert [part for part, moved in found.moved.items() if moved] == ["data"]
    assert set(found.moved) == set(PARTS)


def test_labels_that_are_numbers_are_told_by_how_far_they_moved_and_by_no_class() -> None:
    found = side_by_side()
    rows = pd.DataFrame(
        {"id": ["a", "b"], "change": "relabelled", "before": ["1", "2"], "after": ["4", "9"], "batch": "by its recipe"}
    )
    of_numbers = replace(found, diff=replace(found.diff, rows=rows, flipped=found.diff.flipped.iloc[:0]))
    page, told = comparison_page(of_numbers, "mae"), shown_of(of_numbers, "mae")
    assert "Relabelled, by how far" in page and "by how far" in told
    assert "class" not in page.partition("<main>")[2].replace(" class=", "") and "class" not in told
    assert "By class, as it was before" in comparison_page(found, "accuracy") and "by class" in shown_of(found, "accuracy")


def test_an_effect_is_only_called_what_fingerprints_say_it_is() -> None:
    assert side_by_side(claimed="data").measured.effect is not None
    with pytest.raises(NotHeldFixedError, match="said to differ in the model alone, and fingerprints say: data"):
        side_by_side(claimed="model")
    for name in ("code", "labels"):
        with pytest.raises(NotHeldFixedError):
            side_by_side(snapshot("child", **{name: "other"}), claimed="data")


def test_a_claim_is_refused_where_the_seeds_moved_too_and_the_diff_is_shown_without_a_claim() -> None:
    child = snapshot("child", versions={"given": "d1", "reviewed": "d2"}, seeds="s10")
    with pytest.raises(NotHeldFixedError, match="the seeds moved too"):
        side_by_side(child, claimed="data")
    found = side_by_side(child)
    assert found.measured.effect is None
    assert "the seeds moved too" in found.measured.reason
    assert len(found.diff.rows) == 3


def test_cells_can_be_named() -> None:
    assert side_by_side().measured.move.candidate == ("logistic", "reviewed")
    named = side_by_side(cells=(("logistic", "given"), ("tree", "given")))
    assert (named.measured.move.axis, named.measured.move.candidate) == ("model", ("tree", "given"))
    assert named.measured.effect is not None


def test_two_things_that_moved_show_their_square_where_it_is_known() -> None:
    child = snapshot("child", models={"logistic": "m1b", "tree": "m2"}, versions={"given": "d1", "reviewed": "d2"})
    assert side_by_side(child).measured.attribution is None

    def corner(wanted: Any) -> Any:
        return replace(world(child).side(child, ("tree", "given")), fingerprint=wanted)

    found = side_by_side(child, corner=corner)
    assert found.measured.effect is None
    assert found.measured.attribution is not None
    assert found.measured.attribution.whole.difference == pytest.approx(18 / 60)


def test_a_square_is_refused_where_its_corners_would_predict_rows_that_they_did_not_learn_to_read() -> None:
    ids = ROWS.ids
    before = replace(BASE, judging=replace(ROWS, source="one"))
    after = replace(ROWS, source="one", digests=np.array([f"read otherwise {id}".encode() for id in ids], dtype=object))
    child = snapshot("child", models={"logistic": "m1b", "tree": "m2"}, versions={"given": "d1", "reviewed": "d2"}, rows=after)
    past = world(child).past

    def corner(wanted: Any) -> Any:
        return replace(past.side(child, ("tree", "given")), fingerprint=wanted)

    found = compared(before, child, past, corner, SETTINGS, features=lambda _: pd.DataFrame(index=ids))
    assert found.measured.attribution is None
    assert "60 validation rows are read otherwise than before" in found.measured.reason


def test_a_missing_cell_and_rows_that_are_not_shared_are_refused() -> None:
    with pytest.raises(BadInputError, match="not in the DVC cache"):
        side_by_side(of=World())
    strangers = replace(REVIEWED, judging=judging([f"w{row}" for row in range(60)]))
    with pytest.raises(BadInputError, match="no validation row in common"):
        side_by_side(strangers)


def test_flips_are_by_the_labels_of_the_effect_and_unsure_rows_have_none() -> None:
    answers = np.full(60, NOT_ANSWERED)
    answers[12:30] = (np.arange(12, 30) + 1) % 3
    answers[12:14] = UNSURE
    found = side_by_side(replace(REVIEWED, judging=replace(ROWS, answers=answers)))
    assert found.measured.effect is not None and found.measured.review is not None
    assert found.measured.effect.scored_on == found.flips_on == "verified (disagreements)"
    assert found.measured.review.disputed.unsure == found.unjudged == 2
    assert list(found.diff.flipped["flip"]) == ["turned wrong"] * 16
    page = comparison_page(found, "accuracy")
    for words in ("on verified labels (disagreements), 2 unsure or not asked for left out", "A person checked all 18 rows"):
        assert words in page


def test_a_verdict_on_given_labels_is_doubted_with_the_command_that_asks() -> None:
    found = side_by_side()
    assert found.doubt is not None and found.doubt.tipping is not None and found.doubt.review.disputed.left == 18
    assert f"{found.doubt.tipping} of these 18 disagreement labels wrong would undo this verdict" in found.doubt.told
    page = comparison_page(found, "accuracy")
    assert "ceteris queue --between base child" in page
    named = side_by_side(cells=(("logistic", "given"), ("logistic", "reviewed")))
    asks = "ceteris queue --between base child --baseline logistic/given --candidate logistic/reviewed"
    assert asks in comparison_page(named, "accuracy")


# the page


def test_the_page_tells_the_effect_the_rows_and_the_flips() -> None:
    page = comparison_page(side_by_side(batches={("a", "bee"): "ann/1"}), "accuracy")
    effect = ("+30.0 pp", "helps", "given labels", "Moved: training data")
    beside = ("1 label, 1 row dropped, 1 row added", "ann/1", "turned right", "colour = red", "v29", "a hint and no finding")
    for words in effect + beside:
        assert words in page
    assert page == comparison_page(side_by_side(batches={("a", "bee"): "ann/1"}), "accuracy")
    assert ".." not in page.replace("...", "")


def test_the_page_names_both_revisions_by_their_hash_and_says_what_became_of_what() -> None:
    child = replace(REVIEWED, rev="c" * 40)
    cells = world(REVIEWED)
    cells.cells |= {(child.rev, *name): of for (rev, *name), of in cells.cells.items() if rev == "child"}
    cells.versions[child.rev, "reviewed"] = cells.versions["child", "reviewed"]
    page = comparison_page(side_by_side(child, cells), "accuracy")
    assert "(base → ccccccc)" in page
    assert "<p>1 relabelled, 1 dropped, 1 added.</p>" in page
    row = '<tr><th scope="row"><bdi>ant</bdi></th><td><bdi>bee</bdi></td><td class="count">1</td></tr>'
    assert row in page


def test_a_page_alone_points_nowhere_and_one_among_others_to_its_list() -> None:
    assert "<a " not in comparison_page(side_by_side(), "accuracy")
    page = comparison_page(side_by_side(), "accuracy", {"All": "index.html", "The report": "../a b/%.html"})
    assert '<a href="index.html">All</a> · <a href="../a%20b/%25.html">The report</a>' in page


def test_the_page_of_a_square_has_every_part_and_no_headline() -> None:
    child = snapshot("child", models={"logistic": "m1b", "tree": "m2"}, versions={"given": "d1", "reviewed": "d2"})
    cells = world(child)

    def corner(wanted: Any) -> Any:
        return replace(cells.side(child, ("tree", "given")), fingerprint=wanted)

    page = comparison_page(side_by_side(child, cells, corner), "accuracy")
    assert "Data against model" in page
    for part in ("model", "data", "interaction", "model share", "data share", "data beats model", "whole"):
        assert f'<th scope="row">{part}</th>' in page
    assert '<p class="size">' not in page


def test_the_page_of_no_number_says_why() -> None:
    child = snapshot("child", versions={"given": "d1", "reviewed": "d2"}, seeds="s10")
    page = comparison_page(side_by_side(child), "accuracy")
    assert "the seeds moved too" in page
    assert '<p class="size">' not in page


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text_on_the_page(name: str) -> None:
    classes = ("ant", "bee", name)
    rows = judging([name, *(f"v{row}" for row in range(59))], classes=classes)
    base = snapshot("base", rows=rows, models={name: "m1"}, versions={name: "d1"})
    child = snapshot("child", rows=rows, models={name: "m1"}, versions={name: "d2"})
    cells = {("base", name, name): cell(rows, range(30)), ("child", name, name): cell(rows, range(12))}
    tables = {("base", name): version(**{name: "ant", "x": "ant"}), ("child", name): version(**{name: name})}
    features = pd.DataFrame({name: [name] * 60}, index=list(rows.ids))
    found = compared(
        replace(base, name=name), replace(child, name=name), World(cells, tables).past, never, SETTINGS,
        batches={(name, name): f"{name}/1"}, features=lambda _: features,
    )  # fmt: skip
    page = comparison_page(found, "accuracy")
    assert "<script>" not in page
    assert "\x1b" not in page and "\u202e" not in page
    escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;").replace("'", "&#39;")
    if name.isprintable():
        assert f"<bdi>{escaped}</bdi>" in page


def test_many_flips_are_cut_and_counted() -> None:
    rows = judging([f"v{row:03d}" for row in range(300)])
    child = replace(REVIEWED, judging=rows)
    cells = World({("base", *name): cell(rows, range(300)) for name in BASE.cells})
    cells.cells |= {("child", *name): cell(rows) for name in child.cells}
    page = comparison_page(
        compared(replace(BASE, judging=rows), child, cells.past, never, SETTINGS, features=lambda _: pd.DataFrame(index=[])),
        "accuracy",
    )
    assert "Validation rows that flipped: 300" in page
    assert "Cut after 200 of 300" in page
    assert "v199" in page and "v200" not in page

"""`ceteris edits list`, `check` and `who`: what a person sees of the ledger, as a table, as data, and from Python."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from clone import Clone
from faults_stages import line, rows, wrote
from reviewers import answer
from small import by_hand, edit

import ceteris
from ceteris.reviewing import checking, standing

LATER = "2026-02-01T12:00:00+00:00"
HOSTILE = "[/x]\x1b[31mred\u202e<b>"


@pytest.fixture
def answered(repo: Path) -> Path:
    """A repository in which ann answered three rows, changed her mind on one, and bob took another back."""
    taken = line(repo, place=1)
    wrote(line, taken, lambda root: line(root, "unsure", at=LATER), lambda root: line(root, "confirm", place=2))(repo)
    undo = edit(taken["id"], "revert", taken["given_label"], reverts=taken["answer"], reviewer="bob", batch="reverts", at=LATER)
    by_hand(repo / "data/edits/bob-reverts.csv", undo)
    return repo


def test_the_list_says_who_said_what_and_what_became_of_it(answered: Path, ceteris_, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    said = ceteris_("edits", "list")
    (one, given), (other, _) = rows(answered)[:2]
    assert said.code == 0, said.err
    by_row = [words for words in said.out.splitlines() if one in words]
    assert f"{given} \u2192 " in by_row[0] and "replaced by ann, 2026-02-01 12:00" in by_row[0]
    assert "is unsure" in by_row[1] and "counts" in by_row[1]
    assert "reverted by bob, 2026-02-01 12:00" in next(words for words in said.out.splitlines() if other in words)
    assert "5 lines: 2 counting, 1 taking others back, 1 taken back, 1 replaced." in said.out
    assert "Labels reviewed, a row once however many answered it: 2 train." in said.out


def test_lines_are_chosen_and_come_as_csv_and_json_and_from_python(answered: Path, ceteris_) -> None:
    found = list(csv.DictReader(io.StringIO(ceteris_("edits", "list", "--reviewer", "bob", "--csv").out)))
    assert [one["action"] for one in found] == ["revert"]
    as_json = json.loads(ceteris_("edits", "list", "--state", "live", "--since", "2026-02-01", "--json").out)
    assert [(one["action"], one["reviewer"]) for one in as_json] == [("unsure", "ann")]
    table = ceteris.open(answered).edits()
    assert tuple(table.columns) == standing.COLUMNS
    assert table["state"].tolist() == ["replaced", "reverted", "live", "live", "revert"]
    assert ceteris_("edits", "list", "--csv", "--json").code == 2
    assert "Did you mean 'ann'?" in ceteris_("edits", "list", "--reviewer", "an").err


def test_a_long_list_ends_with_how_to_see_all(repo: Path, ceteris_) -> None:
    by_hand(repo / "data/edits/ann-1.csv", *[edit(f"row {number:03d}", "drop", batch=str(number)) for number in range(60)])
    said = ceteris_("edits", "list").out
    assert "row 009" not in said and "row 010" in said
    assert "The last 50 are shown. All: ceteris edits list --all" in said
    assert "row 000" in ceteris_("edits", "list", "--all").out


def test_where_no_line_is_what_was_asked_for_it_is_not_said_that_nobody_answered(answered: Path, ceteris_) -> None:
    for words in (("--since", "2030-01-01"), ("--reviewer", "bob", "--action", "unsure")):
        said = ceteris_("edits", "list", *words)
        assert (said.code, said.out.strip()) == (
            0, "Of 5 lines of the ledger none is one of these. All: ceteris edits list --all"
        )  # fmt: skip


def test_nothing_answered_says_how_to_begin_and_nothing_is_wrong(repo: Path, ceteris_) -> None:
    assert "Begin: ceteris review" in ceteris_("edits", "list").out
    said = ceteris_("edits", "check")
    assert (said.code, said.out.strip()) == (0, "0 lines checked: nothing has to be done.")


def test_the_story_of_a_row_is_told_in_order_with_what_counts(answered: Path, ceteris_) -> None:
    (one, given), (other, _) = rows(answered)[:2]
    said = ceteris_("edits", "who", one).out
    assert said.splitlines()[0] == f"{one}: a train row, given {given}"
    assert said.index(f"ann: {given} \u2192") < said.index("replaced by ann") < said.index("ann: is unsure")
    assert "What counts: ann is unsure." in said
    assert "ceteris edits revert " in said
    assert "No answer counts: the row stays as it is given." in ceteris_("edits", "who", other).out
    told = ceteris_("edits", "who", "nobody")
    assert (told.code, "Nobody has answered for a row 'nobody'" in told.err) == (2, True)


def test_reviewers_who_disagree_are_named_in_the_story(repo: Path, ceteris_) -> None:
    wrote(line, lambda root: line(root, "drop", reviewer="bob"))(repo)
    said = ceteris_("edits", "who", rows(repo)[0][0]).out
    assert "Reviewers disagree: ann says relabel" in said and "bob says drop" in said


def test_how_far_people_agree_is_told_with_cohens_kappa(repo: Path, ceteris_) -> None:
    assert "No two people have answered for the same row yet." in ceteris_("edits", "agree").out
    answer(repo, "ann", slice(0, 20))
    answer(repo, "bob", slice(0, 20))
    answer(repo, "cy", slice(18, 24), wrong=True)
    said = ceteris_("edits", "agree").out
    assert "100 % [84, 100]" in said and "1.00" in said
    ask = "To ask somebody else: ceteris review conflicts (of rows that judge: validation-conflicts)"
    assert f"Today people part on 2 rows. {ask}" in " ".join(said.split())
    table = json.loads(ceteris_("edits", "agree", "--json").out)
    assert [(pair["reviewer"], pair["other"], pair["n"], pair["agree"]) for pair in table] == [
        ("ann", "bob", 20, 20),
        ("ann", "cy", 2, 0),
        ("bob", "cy", 2, 0),
    ]


def test_a_check_lists_every_bad_line_with_what_to_do_and_ends_with_5(repo: Path, ceteris_) -> None:
    bad = edit("gone", new="bee")
    wrote(line, bad, lambda root: line(root, part="test"), edit("x", "relable"))(repo)
    said = ceteris_("edits", "check")
    assert said.code == 5
    assert "data/edits/ann-1.csv line 3 (ann on gone): the id 'gone' is unknown today" in said.out
    assert f"ceteris edits revert {bad['answer']} --reviewer YOUR-NAME" in said.out
    assert "data/edits/ann-1.csv line 5: action 'relable'. Did you mean 'relabel'?\n" in said.out
    assert "Move the line to release/edits/." in said.out
    table = ceteris.open(repo).check_edits()
    assert tuple(table.columns) == checking.COLUMNS
    assert len(table) == 3 == len(json.loads(ceteris_("edits", "check", "--json").out))


def test_what_a_check_says_to_do_resolves_what_it_found(repo: Path, ceteris_) -> None:
    wrote(line, edit("gone", new="bee"), lambda root: line(root, place=3, given_label="dog"))(repo)
    for command in [words.split("ceteris ")[1] for words in ceteris_("edits", "check").out.splitlines() if "revert" in words]:
        assert ceteris_(*command.replace("YOUR-NAME", "lead").split()).code == 0
    said = ceteris_("edits", "check")
    assert (said.code, said.out.strip()) == (0, "5 lines checked: nothing has to be done.")


def test_an_answer_about_a_test_row_that_is_gone_is_taken_back_where_it_stands(repo: Path, ceteris_) -> None:
    gone = edit("gone", new="bee", source="disagreement")
    by_hand(repo / "release/edits/ann-1.csv", gone)
    assert "release/edits/ann-1.csv line 2 (ann on gone): the id 'gone' is unknown" in ceteris_("edits", "check").out
    said = ceteris_("edits", "revert", gone["answer"], "--reviewer", "lead")
    assert "1 answer taken back in release/edits/lead-reverts.csv" in said.out
    assert ceteris_("edits", "check").code == 0


def test_marks_escapes_and_directions_in_ids_and_names_are_shown_literally(
    repo: Path, ceteris_, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "240")
    by_hand(repo / "data/edits/ann-1.csv", edit(HOSTILE, new=HOSTILE, reviewer=HOSTILE, reason=HOSTILE))
    for words in (("list", "--all"), ("check",), ("who", HOSTILE)):
        said = ceteris_("edits", *words)
        assert "[/x]\u241b[31mred\u27e8U+202E\u27e9" in said.out
        assert not {"\x1b", "\u202e"} & set(said.out + said.err)


def test_a_line_that_cannot_be_read_hides_no_other_and_is_said(answered: Path, ceteris_) -> None:
    (answered / "data/edits/eve-1.csv").write_bytes(b"\xff\xfe")
    said = ceteris_("edits", "list")
    assert "5 lines:" in said.out
    assert "Left out, since it cannot be read: data/edits/eve-1.csv line 1: is not UTF-8. See: ceteris edits check" in said.err
    assert "data/edits/eve-1.csv line 1: is not UTF-8." in ceteris_("edits", "check").out


def test_a_revision_shows_the_edits_that_it_held(clone: Clone) -> None:
    path = clone.root / "data/edits/zoe-1.csv"
    by_hand(path, edit("a", new="bee", reviewer="zoe"))
    clone.commit()
    path.unlink()
    now, then = ceteris.open(clone.root).edits(), ceteris.open(clone.root, rev="HEAD").edits()
    assert "zoe" not in set(now["reviewer"])
    assert then.loc[then["reviewer"] == "zoe", ["id", "where"]].to_numpy().tolist() == [["a", "data/edits/zoe-1.csv line 2"]]

"""One person's review: what is dealt is blind, what is answered is on disk once, and nothing is lost without a word."""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from reviewers import answer as answer_before
from small import edit, run_stages

from ceteris.editing import ledger
from ceteris.errors import BadInputError
from ceteris.layout import read_layout
from ceteris.measuring.contrasts import Contrasts
from ceteris.measuring.disagreement import NOT_ANSWERED, UNSURE
from ceteris.reviewing.session import Session, open_session
from ceteris.store import read_params

JUDGED = "logistic.given.simulated"


def session(repo: Path, queue: str = "train", reviewer: str = "ada", **more: Any) -> Session:
    return open_session(queue, reviewer=reviewer, root=repo, **more)


def said(row: dict[str, Any], action: str = "confirm", new_label: str = "", **more: str) -> dict[str, Any]:
    """Return what the browser sends for a row."""
    at = "2026-01-31T12:00:00+00:00"
    return {
        "answer": str(uuid.uuid4()),
        "id": row["id"],
        "ticket": row["ticket"],
        "action": action,
        "new_label": new_label,
        "at": at,
    } | more


def lines(repo: Path) -> pd.DataFrame:
    return ledger.read_ledger(repo / "data/edits")


def test_an_answer_is_a_line_with_all_that_is_known_of_it(repo: Path) -> None:
    here = session(repo, batch="one")
    row = here.deal(1)[0][0]
    other = next(label for label in here.classes if label != row["given"])
    sent = said(row, "relabel", other)
    receipt = here.record([sent])
    assert receipt.saved == (sent["answer"],)
    line = lines(repo).iloc[0]
    question = here.queue.match(row["id"], row["ticket"])
    assert question is not None
    assert (line["id"], line["action"], line["given_label"], line["new_label"]) == (row["id"], "relabel", row["given"], other)
    assert (line["reviewer"], line["batch"], line["source"], line["reason"]) == ("ada", "one", question.source, question.reason)
    assert line["where"] == "data/edits/ada-one.csv line 2"
    assert receipt.told[row["id"]].startswith(f"{row['id']}: you said {other}; given {row['given']}")


def test_nothing_that_is_dealt_tells_where_a_row_comes_from(repo: Path) -> None:
    here = session(repo)
    rows, _ = here.deal(20)
    sources = {question.source for question in here.questions(20)}
    assert {"queue", "random"} <= sources
    assert {key for row in rows for key in row} == {"id", "image", "broken", "texts", "values", "more", "given", "ticket"}


def test_the_same_answers_sent_twice_are_written_once(repo: Path) -> None:
    here = session(repo)
    sent = [said(row) for row in here.deal(5)[0]]
    assert here.record(sent).saved == tuple(one["answer"] for one in sent)
    assert session(repo).record(sent).saved == tuple(one["answer"] for one in sent)
    assert lines(repo)["id"].tolist() == [one["id"] for one in sent]


def test_a_session_goes_on_where_it_was_left(repo: Path) -> None:
    here = session(repo)
    first = [row["id"] for row in here.deal(10)[0]]
    here.record([said(row) for row in here.deal(4)[0]])
    again = session(repo)
    assert again.answered() == 4
    assert not set(first[:4]) & {row["id"] for row in again.deal(50)[0]}
    assert session(repo, reviewer="bob").answered() == 4


def test_rows_under_way_elsewhere_are_not_dealt(repo: Path) -> None:
    here = session(repo)
    first = {row["id"] for row in here.deal(8)[0]}
    assert not first & {row["id"] for row in here.deal(8, first)[0]}


@pytest.mark.parametrize("n", [1, 5])
def test_two_who_review_at_one_pace_seldom_answer_the_same_row(repo: Path, n: int) -> None:
    both = [session(repo, reviewer=name) for name in ("ada", "bob")]
    answered = []
    for _ in range(30 // n):
        held = [here.deal(n)[0] for here in both]  # both hold their rows before either answers
        for here, rows in zip(both, held, strict=True):
            here.record([said(row) for row in rows])
            answered += [row["id"] for row in rows]
    assert len(answered) - len(set(answered)) <= n + 6
    assert both[0].deal(5) == session(repo, reviewer="ada").deal(5)


def test_who_reviews_alone_for_a_while_is_asked_in_the_queues_own_order(repo: Path) -> None:
    session(repo, reviewer="bob").record([said(session(repo).deal(1)[0][0])])
    here = session(repo)
    dealt = [here.questions(5), here.queue.dealer.deal(here.queue.answers(lines(repo), "ada"), 5)]
    assert dealt[0] != dealt[1]
    here.record([said(row, at="2026-02-01T12:00:00+00:00") for row in here.deal(20)[0]])
    assert here.questions(5) == here.queue.dealer.deal(here.queue.answers(lines(repo), "ada"), 5)


def test_a_whole_queue_can_be_answered_and_says_when_it_is(repo: Path) -> None:
    here = session(repo, "x > 2.5")
    rows, exhausted = here.deal(1000)
    assert exhausted
    assert len(rows) == here.total > 3
    here.record([said(row, "unsure") for row in rows])
    assert here.deal(5) == ([], True)
    assert set(lines(repo)["reason"]) == {"slice: x > 2.5"}


def test_an_undone_answer_is_taken_back_by_a_line_and_asked_again(repo: Path) -> None:
    here = session(repo)
    row = here.deal(1)[0][0]
    first = said(row)
    here.record([first])
    here.record([said(row, "revert", reverts=first["answer"])])
    assert lines(repo)["action"].tolist() == ["confirm", "revert"]
    assert lines(repo)["reverts"].tolist() == ["", first["answer"]]
    assert here.answered() == 0
    assert row["id"] in {again["id"] for again in here.deal(20)[0]}


def test_an_answer_and_its_undoing_may_come_in_one_batch(repo: Path) -> None:
    here = session(repo)
    row = here.deal(1)[0][0]
    first = said(row)
    undone = said(row, "revert", reverts=first["answer"])
    assert here.record([first, undone]).saved == (first["answer"], undone["answer"])


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"answer": "no uuid"}, "uuid or time"),
        ({"at": "yesterday"}, "uuid or time"),
        ({"action": "delete"}, "'delete' is no answer"),
        ({"ticket": "0" * 12}, "gone from this queue"),
        ({"id": "row-999"}, "gone from this queue"),
        ({"action": "relabel", "new_label": "beee"}, "'beee' is no class now. Did you mean 'bee'?"),
        ({"action": "relabel", "new_label": ""}, "no class"),
        ({"action": "revert", "reverts": str(uuid.uuid4())}, "never written"),
    ],
)
def test_what_is_no_answer_is_refused_and_the_others_are_kept(repo: Path, changed: dict[str, str], why: str) -> None:
    here = session(repo)
    one, other = here.deal(2)[0]
    bad, good = said(one, **changed), said(other)
    receipt = here.record([bad, good])
    assert receipt.saved == (good["answer"],)
    assert why in receipt.refused[bad["answer"]]
    assert lines(repo)["id"].tolist() == [other["id"]]


def test_a_label_that_changed_since_the_row_was_shown_is_told(repo: Path) -> None:
    row = session(repo).deal(1)[0][0]
    path = repo / "data/split/train.parquet"
    for table in (path, repo / "data/audit/orders.parquet"):
        frame = pd.read_parquet(table)
        id, label = ("ceteris:id", "ceteris:label") if "ceteris:id" in frame else ("id", "given_label")
        frame.loc[frame[id] == row["id"], label] = next(other for other in ("ant", "bee", "cow") if other != row["given"])
        frame.to_parquet(table)
    here = session(repo)
    sent = said(row)
    assert "its label has changed" in here.record([sent]).refused[sent["answer"]]


def test_a_row_that_judges_is_shown_without_its_label_and_cannot_be_dropped(repo: Path) -> None:
    here = session(repo, JUDGED)
    rows, _ = here.deal(5)
    assert here.judging
    assert all(row["given"] is None for row in rows)
    assert here.neighbours(rows[0]["id"]) == []
    dropped, unsure, relabelled = said(rows[0], "drop"), said(rows[1], "unsure"), said(rows[2], "relabel", "bee")
    receipt = here.record([dropped, unsure, relabelled])
    assert list(receipt.refused) == [dropped["answer"]]
    assert set(lines(repo)["source"]) == {"disagreement"}
    given = pd.read_parquet(repo / "data/split/validation.parquet").set_index("ceteris:id")["ceteris:label"]
    assert (lines(repo)["given_label"] == given.loc[lines(repo)["id"]].to_numpy()).all()
    assert lines(repo)["action"].iloc[1] == ("confirm" if given[rows[2]["id"]] == "bee" else "relabel")


def test_an_answer_to_a_judging_row_that_was_answered_meanwhile_is_still_taken(repo: Path) -> None:
    row = session(repo, JUDGED).deal(1)[0][0]
    session(repo, JUDGED, "bob").record([said(row, "unsure")])
    sent = said(row, "unsure")
    assert session(repo, JUDGED).record([sent]).saved == (sent["answer"],)


def test_a_clock_that_is_ahead_is_not_believed(repo: Path) -> None:
    here = session(repo)
    here.record([said(here.deal(1)[0][0], at="2999-01-01T00:00:00+02:00")])
    assert lines(repo)["at"].iloc[0] < "2999"


def test_answers_of_many_threads_are_all_there_once(repo: Path) -> None:
    here = session(repo)
    rows, _ = here.deal(40)
    batches = [[said(row)] for row in rows]
    threads = [threading.Thread(target=here.record, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(lines(repo)["id"]) == sorted(row["id"] for row in rows)


def test_neighbours_bear_the_label_or_another_and_are_other_rows(repo: Path) -> None:
    here = session(repo)
    row = here.deal(1)[0][0]
    same, others = here.neighbours(row["id"])
    assert {one["label"] for one in same["rows"]} == {row["given"]}
    assert row["given"] not in {one["label"] for one in others["rows"]}
    assert same["title"] == f"nearest rows given {row['given']}"
    assert all("x: " in one["brief"] for one in same["rows"])


def test_the_neighbours_of_the_suggested_class_come_with_the_suggestion_after_the_answer(repo: Path) -> None:
    here = session(repo)
    rows = here.deal(40)[0]
    suggested = here.queue.known["suggested_label"]
    row = next(row for row in rows if suggested[row["id"]] != row["given"])
    given, other = row["given"], suggested[row["id"]]
    blind = here.neighbours(row["id"])
    first = said(row)
    here.record([first, said(row, "revert", reverts=first["answer"])])
    same, of_suggested, others = here.neighbours(row["id"])
    assert (blind[0], len(blind)) == (same, 2)
    assert of_suggested["title"] == f"nearest rows given {other}, which the model suggests"
    assert {one["label"] for one in of_suggested["rows"]} == {other}
    assert {one["label"] for one in others["rows"]} == {"ant", "bee", "cow"} - {given, other}
    assert len(session(repo, reviewer="bob").neighbours(row["id"])) == 2


def test_what_of_the_ledger_cannot_be_read_is_named_when_a_session_is_opened(repo: Path) -> None:
    assert session(repo).unreadable() == ""
    (repo / "data/edits/bob-1.csv").write_text("no,ledger\n")
    assert "data/edits/bob-1.csv line 1" in session(repo).unreadable()


def test_flips_are_shown_with_a_wrong_label_and_never_applied(repo: Path) -> None:
    content = (repo / "params.yaml").read_text(encoding="utf-8")
    (repo / "params.yaml").write_text(
        content[: content.rindex("}")] + ', "review": {"random": 0.0, "controls": 0.0, "flips": 0.5}}'
    )
    here = session(repo)
    flipped = [question for question in here.questions(20) if question.reason == "flip"]
    assert len(flipped) == 10
    assert all(question.shown != here.queue.given(question.id) for question in flipped)
    rows = {row["id"]: row for row in here.deal(20)[0]}
    here.record([said(rows[question.id], "relabel", here.queue.given(question.id)) for question in flipped])
    assert set(lines(repo)["source"]) == {"control"}
    from ceteris.editing import edits

    assert edits.resolve(lines(repo)).empty


def test_what_somebody_answered_nobody_is_asked_again(repo: Path) -> None:
    done = answer_before(repo, "bob", slice(0, 30))
    here = session(repo)
    assert here.answered() == 30
    assert not set(done) & {row["id"] for row in here.deal(1000)[0]}


def test_who_answers_is_whom_git_knows_or_the_login(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    for name in ("LOGNAME", "USER"):
        monkeypatch.setenv(name, "grace")
    assert open_session("train", root=repo).reviewer == "grace"
    with pytest.raises(BadInputError, match="Name yourself"):
        session(repo, reviewer="  ")


@pytest.mark.parametrize(
    ("name", "told"),
    [("nonsense", "is no queue"), ("z > 3", "no column 'z'"), ("x > 1e9", "No train row has x > 1e9"), ("test", "look")],
)
def test_a_queue_that_is_none_is_told(repo: Path, name: str, told: str) -> None:
    with pytest.raises(Exception, match=told) as refused:
        session(repo, name)
    assert type(refused.value).__module__ == "ceteris.errors"


def test_the_meter_counts_all_rows_that_are_left_and_says_what_is_ahead(repo: Path) -> None:
    here = session(repo)
    before = here.meter()
    assert before is not None
    assert (before.left, before.ranked.n, before.stop) == (here.total, 0, False)
    here.record([said(row) for row in here.deal(12)[0]])
    after = here.meter()
    assert after is not None
    assert after.left == here.total - 12
    assert after.ranked.n > 5
    assert after.told()


def test_a_slice_counts_its_own_rows_alone(repo: Path) -> None:
    here = session(repo, "x > 2.5")
    meter = here.meter()
    assert meter is not None
    assert meter.left == here.total


def test_rows_that_judge_have_no_meter(repo: Path) -> None:
    assert session(repo, JUDGED).meter() is None


def test_the_summary_is_of_this_batch(repo: Path) -> None:
    here = session(repo, batch="one")
    rows, _ = here.deal(20)
    here.record([said(row) for row in rows])
    found = here.summary()
    asked = [here.queue.match(row["id"], row["ticket"]) for row in rows]
    controls = sum(question is not None and question.source == "control" for question in asked)
    assert controls == 1
    assert (found.actions["confirm"], found.false_fixes.n) == (20 - controls, controls)
    assert session(repo, batch="two").summary().actions["confirm"] == 0


def test_what_answers_were_worth_is_read_from_the_last_results(repo: Path) -> None:
    assert session(repo)._measured() is None
    answer_before(repo, "bob", slice(0, 12), only_wrong=True)
    run_stages(repo, "fix", "train", "compare")
    found = session(repo)._measured()
    assert found is not None
    assert found.changed == 12
    assert found.low <= found.difference <= found.high
    answer_before(repo, "bob", slice(12, 14), only_wrong=True)
    run_stages(repo, "fix")
    assert session(repo)._measured() is None, "what was compared is no effect of these answers"


def test_rows_on_which_two_people_part_are_a_queue_that_asks_again(repo: Path) -> None:
    with pytest.raises(BadInputError, match="No two people say otherwise"):
        session(repo, "conflicts")
    doubted = [question.id for question in session(repo).questions(20) if question.source == "queue"]
    rows = [row for row in session(repo).deal(20)[0] if row["id"] in doubted]
    for reviewer, action in (("ada", "confirm"), ("bob", "drop")):
        session(repo, reviewer=reviewer).record([said(rows[0], action), said(rows[1])])
    for reviewer in ("cy", "ada"):
        here = session(repo, "conflicts", reviewer)
        dealt, exhausted = here.deal(5)
        assert ([row["id"] for row in dealt], exhausted, here.total) == ([rows[0]["id"]], True, 1)
    here.record([said(dealt[0], "drop", at="2026-02-01T12:00:00+00:00")])
    assert (lines(repo)["reason"] == "conflict").sum() == 1
    with pytest.raises(BadInputError, match="No two people say otherwise"):
        session(repo, "conflicts")


def test_a_text_comes_in_parts_and_an_unknown_column_is_refused(repo: Path) -> None:
    here = session(repo)
    row = here.deal(1)[0][0]
    whole = here.text(row["id"], "x", 0)
    assert whole["length"] == len(whole["text"]) > 3
    assert here.text(row["id"], "x", 3)["text"] == whole["text"][3:]
    with pytest.raises(BadInputError, match="no column 'z'"):
        here.text(row["id"], "z", 0)


def test_a_ranking_that_reads_validation_labels_is_marked_exploratory(repo: Path) -> None:
    assert "exploratory" not in session(repo).title
    content = (repo / "params.yaml").read_text(encoding="utf-8")
    review = ', "review": {"rankings": ["expected_gain"]}}'
    (repo / "params.yaml").write_text(content[: content.rindex("}")] + review, encoding="utf-8")
    here = session(repo)
    assert "exploratory: ranked by what validation labels tell" in here.title
    assert {question.reason for question in here.questions(20) if question.source == "queue"} == {"expected_gain"}


def params_of(repo: Path, **review: Any) -> None:
    content = json.loads((repo / "params.yaml").read_text(encoding="utf-8")) | {"review": review}
    (repo / "params.yaml").write_text(json.dumps(content), encoding="utf-8")


def test_a_session_that_was_open_while_the_data_changed_goes_no_further(repo: Path) -> None:
    here = session(repo)
    rows, _ = here.deal(5)
    content = json.loads((repo / "params.yaml").read_text(encoding="utf-8"))
    content["split"]["seed"] = 77
    (repo / "params.yaml").write_text(json.dumps(content), encoding="utf-8")
    run_stages(repo, "split")
    id = rows[0]["id"]
    for go_on in (
        lambda: here.deal(5), lambda: here.record([said(rows[0])]), lambda: here.neighbours(id), lambda: here.text(id, "x", 0)
    ):  # fmt: skip
        with pytest.raises(BadInputError, match="The data have changed since this queue was opened"):
            go_on()
    assert len(lines(repo)) == 0


def test_the_neighbours_of_a_flip_do_not_tell_what_it_is(repo: Path) -> None:
    params_of(repo, random=0.0, controls=0.0, flips=0.5)
    here = session(repo)
    rows, _ = here.deal(20)
    flip = next(row for row in rows if row["given"] != here.queue.given(row["id"]))
    assert here.neighbours(flip["id"])[0]["title"] == f"nearest rows given {flip['given']}"


def test_validation_rows_on_which_people_part_are_asked_once(repo: Path) -> None:
    row = session(repo, JUDGED).deal(1)[0][0]
    given = session(repo, JUDGED).queue.given(row["id"])
    other = next(label for label in ("ant", "bee", "cow") if label != given)
    for reviewer, label in (("ada", given), ("bob", other)):
        session(repo, JUDGED, reviewer).record([said(row, "relabel", label)])
    here = session(repo, "validation-conflicts", "cy")
    asked, _ = here.deal(5)
    assert [one["id"] for one in asked] == [row["id"]]
    here.record([said(asked[0], "unsure", at="2026-03-01T12:00:00+00:00")])
    assert here.deal(5) == ([], True)


def test_an_answer_to_a_judging_row_that_is_undone_and_given_anew_is_kept_and_verifies_nothing(repo: Path) -> None:
    here = session(repo, JUDGED)
    row = here.deal(1)[0][0]
    first = said(row, "relabel", "bee")
    assert "verifies nothing" not in here.record([first]).told[row["id"]]
    here.record([said(row, "revert", reverts=first["answer"])])
    anew = session(repo, JUDGED).record([said(row, "relabel", "cow")])
    assert anew.told[row["id"]].endswith("this answer is kept, and verifies nothing")
    assert lines(repo)["source"].tolist() == ["disagreement", "disagreement", "told"]
    contrasts = Contrasts(repo, read_layout(repo), read_params(repo))
    found = contrasts.answers()
    assert found.codes[found.ids == row["id"]] == [UNSURE]
    assert (found.not_blind, (found.codes >= 0).any()) == (1, False)
    session(repo, JUDGED, "bob").record([said(row, "relabel", "cow")])
    assert contrasts.answers().codes[found.ids == row["id"]] == [contrasts.classes.index("cow")]


def test_an_answer_that_is_undone_before_anything_was_told_is_blind_when_it_is_given_anew(repo: Path) -> None:
    here = session(repo, JUDGED)
    row = here.deal(1)[0][0]
    first = said(row, "relabel", "bee")
    undone, anew = said(row, "revert", reverts=first["answer"]), said(row, "relabel", "cow")
    here.record([first, undone, anew])
    assert set(lines(repo)["source"]) == {"disagreement"}


def test_a_row_that_was_answered_as_a_random_train_row_is_asked_anew_when_it_judges(repo: Path) -> None:
    here = session(repo, JUDGED)
    row = here.deal(1)[0][0]
    moved = edit(row["id"], "confirm", here.queue.given(row["id"]), source="random", reviewer="bob")
    ledger.append(repo / "data/edits/bob-1.csv", [moved])
    assert [one["id"] for one in session(repo, JUDGED).deal(1)[0]] == [row["id"]]
    found = Contrasts(repo, read_layout(repo), read_params(repo)).answers()
    assert (found.not_blind, (found.codes == NOT_ANSWERED).all()) == (1, True)


def test_who_parted_over_a_row_that_judges_is_not_asked_to_settle_it(repo: Path) -> None:
    row = session(repo, JUDGED).deal(1)[0][0]
    for reviewer, label in (("ada", "ant"), ("bob", "bee")):
        session(repo, JUDGED, reviewer).record([said(row, "relabel", label)])
    asked = {
        name: [one["id"] for one in session(repo, "validation-conflicts", name).deal(5)[0]] for name in ("ada", "bob", "cy")
    }
    assert asked == {"ada": [], "bob": [], "cy": [row["id"]]}


def test_people_who_gave_way_to_each_other_are_asked_again(repo: Path) -> None:
    doubted = [question.id for question in session(repo).questions(20) if question.source == "queue"]
    row = next(row for row in session(repo).deal(20)[0] if row["id"] in doubted)
    both = [session(repo, reviewer=name) for name in ("ada", "bob")]
    both[0].record([said(row)])
    both[1].record([said(row, "drop")])
    settling = [session(repo, "conflicts", name) for name in ("ada", "bob")]
    for here, action, at in zip(settling, ("drop", "confirm"), ("2026-02-01", "2026-02-02"), strict=True):
        here.record([said(here.deal(1)[0][0], action, at=f"{at}T12:00:00+00:00")])
    assert [len(session(repo, "conflicts", name).deal(5)[0]) for name in ("ada", "bob")] == [1, 0]


def test_a_queue_without_rows_is_no_error(repo: Path) -> None:
    session(repo).record([said(session(repo).deal(1)[0][0])])
    here = session(repo, "logistic.given.reviewed")
    assert (here.total, here.answered(), here.deal(5)) == (0, 0, ([], True))


def test_answers_that_a_browser_kept_overnight_belong_to_the_same_queue(repo: Path) -> None:
    assert session(repo).store == session(repo).store != session(repo, batch="one").store
    assert "202" not in session(repo)._asked_batch
    assert session(repo, reviewer="bob").store != session(repo).store


def test_an_answer_is_matched_though_the_rankings_are_others_by_now(repo: Path) -> None:
    params_of(repo, rankings=["label_quality"], flips=0.2)
    rows, _ = session(repo).deal(20)
    params_of(repo, rankings=["by_class"])
    sent = [said(row, "unsure") for row in rows]
    assert session(repo).record(sent).refused == {}
    assert {"label_quality", "flip"} <= set(lines(repo)["reason"])


def test_a_revert_takes_back_an_answer_of_that_row_and_no_revert(repo: Path) -> None:
    here = session(repo)
    one, other = here.deal(2)[0]
    first = said(one)
    back = said(one, "revert", reverts=first["answer"])
    here.record([first, back])
    wrong = [said(one, "revert", reverts=back["answer"]), said(other, "revert", reverts=first["answer"])]
    assert set(here.record(wrong).refused) == {answer["answer"] for answer in wrong}


def test_an_answer_is_never_dated_before_the_one_that_it_replaces(repo: Path) -> None:
    here = session(repo)
    row = here.deal(1)[0][0]
    here.record([said(row), said(row, "drop", at="2020-01-01T00:00:00+00:00")])
    assert lines(repo)["at"].is_monotonic_increasing
    assert lines(repo)["action"].tolist() == ["confirm", "drop"]


def test_a_kept_order_that_is_damaged_is_made_anew(repo: Path) -> None:
    params_of(repo, rankings=["expected_gain", "combined"])
    before = [question.id for question in session(repo).questions(20)]
    (kept,) = (repo / ".ceteris/review").iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    assert [question.id for question in session(repo).questions(20)] == before


def test_a_queue_opens_without_the_tables_of_all_rows(repo: Path) -> None:
    before = [question.id for question in session(repo).questions(20)]
    for name in ("issues", "pred_probs"):
        (repo / f"data/audit/{name}.parquet").unlink()
    assert [question.id for question in session(repo).questions(20)] == before


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:100])])
def test_orders_that_are_missing_or_damaged_name_the_command_that_makes_them(repo: Path, spoil: Any) -> None:
    spoil(repo / "data/audit/orders.parquet")
    with pytest.raises(BadInputError, match=r"orders\.parquet.*dvc repro"):
        session(repo)


def test_where_controls_stand_differs_with_the_data(repo: Path) -> None:
    here = session(repo)
    other = replace(here.queue.dealer, seed=here.queue.dealer.seed + 1)
    none = here.queue.answers(here._lines(), "ada")
    sources = [[question.source for question in dealer.deal(none, 60)] for dealer in (here.queue.dealer, other)]
    assert sources[0] != sources[1]

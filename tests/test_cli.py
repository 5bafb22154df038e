"""What a person types, in this process: `ceteris.cli.main` with the words of the command line."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from faults_stages import another
from small import by_hand, edit

import ceteris
from ceteris.editing import edits, ledger
from ceteris.reviewing.session import open_session
from ceteris.store import read_table, single_writer, write_table

PARTS = ("train", "validation")


def fill(path: Path, answers: dict[int, str]) -> list[str]:
    """Write answers into the rows of a queue, and return the ids of these rows."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row, answer in answers.items():
        rows[row]["label"] = answer
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return [rows[row]["id"] for row in answers]


def test_the_command_line_starts_without_what_its_commands_need() -> None:
    heavy = ("numpy", "pandas", "sklearn", "scipy", "matplotlib", "cleanlab", "pyarrow", "dvc", "pydantic", "rich", "jinja2")
    program = f"import sys, ceteris.cli; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_help_is_enough_to_find_the_rest(ceteris_) -> None:
    said = ceteris_("--help")
    assert said.code == 0
    assert all(
        command in said.out
        for command in ("init", "summary", "effects", "queue", "edits", "experiments", "compare", "accept", "dvc repro")
    )


def test_the_summary_names_levers_intervals_labels_and_the_report(repo: Path, ceteris_) -> None:
    said = ceteris_("summary")
    assert said.code == 0, said.err
    assert "with the model logistic held fixed" in said.out
    assert "true labels" in said.out
    assert "[" in said.out
    assert said.out.splitlines()[-1].endswith("reports/report.html")


def test_a_file_that_a_stage_did_not_make_yet_is_named_with_what_makes_it(repo: Path, ceteris_) -> None:
    (repo / "data/split/train.parquet").unlink()
    said = ceteris_("credit")
    assert (said.code, said.out) == (2, "")
    assert said.err == f"{repo}/data/split/train.parquet is not there. Make it: dvc repro, or bring it: dvc pull\n"


def test_results_name_their_plan_and_are_told_where_params_plan_otherwise(repo: Path, ceteris_) -> None:
    plan = json.loads((repo / "results/compare/metrics.json").read_text())["plan"]
    assert set(ceteris.open(repo).effects()["plan"]) == {plan}
    assert f"Made under {plan}\n" in ceteris_("summary").out and f"({plan})" in ceteris_("plan").out
    assert ceteris_("effects").err == ""
    params = repo / "params.yaml"
    params.write_text(params.read_text().replace('"candidate": "pruned"', '"candidate": "reviewed"'))
    words = f"These results were made under {plan}, and params.yaml and the validation rows are now plan-"
    assert words in ceteris_("summary").out and words in ceteris_("effects").err
    assert words in " ".join(ceteris_("plan").out.split())


@pytest.mark.parametrize("content", [None, "{", "[]", "{}"])
@pytest.mark.parametrize("command", ["summary", "effects", "plan"])
def test_a_plan_whose_rows_are_not_known_is_refused_before_anything_is_told(
    command: str, content: str | None, repo: Path, ceteris_
) -> None:
    path = repo / "results/split/rows.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    told = ceteris_(command)
    assert (told.code, told.out) == (2, "") and "results/split/rows.json is not" in told.err and "dvc repro" in told.err


def test_effects_are_the_planned_ones_or_all(repo: Path, ceteris_) -> None:
    planned, every = ceteris_("effects"), ceteris_("effects", "--all")
    assert len(planned.out.splitlines()) == 3
    assert len(every.out.splitlines()) > 10


def test_a_train_queue_goes_out_and_its_answers_come_back(repo: Path, ceteris_) -> None:
    out = ceteris_("queue", "train")
    assert "review-train.csv" in out.out
    assert ", `drop` or `unsure`" in out.out
    table = read_table(Path("review-train.csv"), text=("id", "label"))
    assert list(table.columns) == ["id", "label", "given_label", "ticket", "x", "y"]
    for column in ("given_label (as it came)", "ticket (where the row comes from; to be kept)", "the features of the row"):
        assert column in out.out
    ids = fill(Path("review-train.csv"), {0: another(str(table["given_label"][0])), 1: "unsure", 2: "drop"})
    back = ceteris_("edits", "import", "review-train.csv", "--reviewer", "Ann B.")
    assert "3 new answers in data/edits/Ann_B-review_train.csv" in back.out
    assert "git add data/edits/Ann_B-review_train.csv" in back.out
    known = ledger.read_ledger(repo / "data/edits")
    assert list(known["id"]) == ids
    assert list(known["action"]) == ["relabel", "unsure", "drop"]
    assert set(known["reviewer"]) == {"Ann B."}


def test_answers_that_are_imported_twice_count_once_and_change_no_byte(repo: Path, ceteris_) -> None:
    ceteris_("queue", "train", "--out", "q.csv")
    fill(Path("q.csv"), {0: "drop"})
    ceteris_("edits", "import", "q.csv", "--reviewer", "ann")
    before = (repo / "data/edits/ann-q.csv").read_bytes()
    again = ceteris_("edits", "import", "q.csv", "--reviewer", "ann")
    assert again.out.strip() == "Nothing new: every answer is there already."
    assert (repo / "data/edits/ann-q.csv").read_bytes() == before


def test_a_batch_is_taken_back_in_a_file_of_who_took_it_back(repo: Path, ceteris_) -> None:
    ceteris_("queue", "train", "--out", "q.csv")
    fill(Path("q.csv"), {0: "drop", 1: "unsure"})
    ceteris_("edits", "import", "q.csv", "--reviewer", "ann")
    before = (repo / "data/edits/ann-q.csv").read_bytes()
    said = ceteris_("edits", "revert", "ann/q", "--reviewer", "The lead")
    assert "2 answers taken back in data/edits/The_lead-reverts.csv" in said.out
    assert (repo / "data/edits/ann-q.csv").read_bytes() == before
    assert edits.resolve(ledger.read_ledger(repo / "data/edits")).empty


def test_what_credit_calls_a_batch_is_taken_back_by_that_name(repo: Path, ceteris_) -> None:
    ceteris_("queue", "train", "--out", "q.csv")
    given = read_table(Path("q.csv"), text=("id", "label"))["given_label"]
    fill(Path("q.csv"), dict.fromkeys(range(6), "drop"))
    ceteris_("edits", "import", "q.csv", "--reviewer", "ann")
    said = ceteris_("edits", "revert", "--by", "reviewer,class", f"ann/{given[0]}", "--reviewer", "lead")
    same = int((given[:6] == given[0]).sum())
    assert f"{same} answers taken back in data/edits/lead-reverts.csv" in said.out
    left = edits.resolve(ledger.read_ledger(repo / "data/edits"))
    assert len(left) == 6 - same and given[0] not in set(left["given_label"])
    told = ceteris_("edits", "revert", "nobody", "--by", "reviewer", "--reviewer", "lead")
    assert (told.code, "See: ceteris credit --by reviewer" in told.err) == (2, True)
    assert "was taken back before" in ceteris_("edits", "revert", "--by", "class", str(given[0]), "--reviewer", "lead").err


def test_a_revert_says_where_another_answer_now_counts(repo: Path, ceteris_) -> None:
    ceteris_("queue", "train", "--out", "q.csv")
    for answer, batch in (("drop", "1"), ("unsure", "2")):
        fill(Path("q.csv"), {0: answer})
        ceteris_("edits", "import", "q.csv", "--reviewer", "ann", "--batch", batch)
    said = ceteris_("edits", "revert", "ann/2", "--reviewer", "ann")
    assert "For 1 of these rows another answer, earlier or of somebody else, now counts." in said.out


def test_random_rows_go_out_and_come_back_as_such_each_once(repo: Path, ceteris_) -> None:
    assert "5 rows in review-random.csv" in ceteris_("queue", "random", "--rows", "5").out
    table = read_table(Path("review-random.csv"), text=("id", "label"))
    columns = ["id", "label", "given_label", "ticket", "x", "y"]
    assert list(table.columns) == columns
    fill(Path("review-random.csv"), dict.fromkeys(range(3), "unsure"))
    ceteris_("edits", "import", "review-random.csv", "--reviewer", "ann")
    assert ledger.read_ledger(repo / "data/edits")["source"].tolist() == ["random"] * 3
    ceteris_("queue", "random", "--rows", "5", "--out", "more.csv")
    more = read_table(Path("more.csv"), text=("id", "label"))
    assert more["id"].tolist()[:2] == table["id"].tolist()[3:]


def test_a_queue_that_lost_its_tickets_is_read_and_said_to_have_lost_them(repo: Path, ceteris_) -> None:
    ceteris_("queue", "random", "--rows", "5", "--out", "q.csv")
    table = pd.read_csv("q.csv", dtype=str).drop(columns="ticket")
    table.assign(label="unsure").to_csv("q.csv", index=False)
    assert "q.csv has no column `ticket`" in ceteris_("edits", "import", "q.csv", "--reviewer", "ann").out
    assert ledger.read_ledger(repo / "data/edits")["source"].tolist() == ["queue"] * 5


def test_answers_whose_ticket_was_taken_out_are_counted_as_chosen_by_a_ranking_and_told(repo: Path, ceteris_) -> None:
    ceteris_("queue", "random", "--rows", "5", "--out", "q.csv")
    table = pd.read_csv("q.csv", dtype=str).assign(label="unsure")
    table.loc[:1, "ticket"] = ""
    table.to_csv("q.csv", index=False)
    said = ceteris_("edits", "import", "q.csv", "--reviewer", "ann").out
    assert "2 answers without a ticket count as those to rows that a ranking chose." in said
    assert sorted(ledger.read_ledger(repo / "data/edits")["source"]) == ["queue"] * 2 + ["random"] * 3


def test_a_disagreement_queue_is_blind_and_its_answers_are_verified_labels(repo: Path, ceteris_) -> None:
    said = ceteris_("queue", "logistic.given.simulated")
    assert "`drop`" not in said.out
    table = read_table(Path("review-logistic.given.simulated.csv"), text=("id", "label"))
    assert list(table.columns) == ["id", "label", "pi (the chance with which the row was picked)", "x", "y"]
    assert "pi (the chance with which the row was picked)" in said.out
    assert set(table["id"]) <= ceteris.open(repo).judging_ids()
    fill(Path("review-logistic.given.simulated.csv"), {0: "ant"})
    ceteris_("edits", "import", "review-logistic.given.simulated.csv", "--reviewer", "ann", "--batch", "1")
    assert set(ledger.read_ledger(repo / "data/edits")["source"]) == {"disagreement"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("queue", "trian"), 2, "'trian' is no queue. Did you mean 'train'?"),
        (("queue", "../../etc/passwd"), 2, "is no queue"),
        (("edits", "import", "nowhere.csv", "--reviewer", "ann"), 2, "nowhere.csv is not there. Write one with: ceteris queue"),
        (("edits", "import", "params.yaml", "--reviewer", "  "), 2, "names no file"),
    ],
)
def test_a_refusal_is_a_sentence_and_an_exit_code(repo: Path, ceteris_, words: tuple[str, ...], code: int, said: str) -> None:
    told = ceteris_(*words)
    assert told.code == code
    assert said in told.err
    assert "Traceback" not in told.err
    assert list((repo / "data/edits").iterdir()) == []


def test_a_queue_that_may_hold_answers_is_not_written_over(repo: Path, ceteris_) -> None:
    ceteris_("queue", "train")
    fill(Path("review-train.csv"), {0: "drop"})
    before = Path("review-train.csv").read_bytes()
    said = ceteris_("queue", "train").err
    assert "holds answers that are not imported, to " in said and "ceteris edits import review-train.csv --reviewer" in said
    assert Path("review-train.csv").read_bytes() == before


def test_a_queue_whose_answers_are_imported_stays_and_the_next_one_has_the_next_number(repo: Path, ceteris_) -> None:
    ceteris_("queue", "train")
    assert "no row of it is answered" in ceteris_("queue", "train").err
    table = read_table(Path("review-train.csv"), text=("id", "label"))
    fill(Path("review-train.csv"), {0: "drop", 1: str(table["given_label"][1]), 2: another(str(table["given_label"][2]))})
    ceteris_("edits", "import", "review-train.csv", "--reviewer", "ann")
    before = Path("review-train.csv").read_bytes()
    said = ceteris_("queue", "train")
    assert said.code == 0 and "review-train.csv stays as it is: 3 answers imported." in said.out
    assert "rows in review-train-2.csv" in said.out and Path("review-train-2.csv").is_file()
    assert Path("review-train.csv").read_bytes() == before
    assert "review-train-2.csv is there already, and no row of it is answered" in ceteris_("queue", "train").err
    assert "Pass another --out" in ceteris_("queue", "train", "--out", "review-train.csv").err
    fill(Path("review-train.csv"), {3: "unsure"})
    assert "holds answers that are not imported, to " in ceteris_("queue", "train").err


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"\xff\xfe\x00", b""])
def test_a_file_that_is_no_queue_is_not_written_over(repo: Path, ceteris_, content: bytes) -> None:
    Path("review-train.csv").write_bytes(content)
    said = ceteris_("queue", "train")
    assert said.code == 2 and "review-train.csv" in said.err and "Traceback" not in said.err
    assert Path("review-train.csv").read_bytes() == content


def test_a_queue_without_rows_is_said_and_not_written(repo: Path, ceteris_) -> None:
    every = ceteris.open(repo).train_rows().index
    by_hand(repo / "data/edits/ann-1.csv", *[edit(name, "unsure") for name in every])
    said = ceteris_("queue", "train")
    assert (said.code, said.out.startswith("Nothing to review")) == (0, True), said.err
    assert list(repo.glob("*.csv")) == []


def test_tickets_travel_blind_and_bring_back_where_each_question_came_from(repo: Path, ceteris_) -> None:
    ceteris_("queue", "train", "--rows", "60", "--out", "q.csv")
    table = read_table(Path("q.csv"), text=("id", "label", "ticket"))
    assert len(table) == 60
    assert table["ticket"].str.fullmatch("t[0-9a-f]{12}").all()
    assert not table["ticket"].duplicated().any()
    asked = {question.id: question for question in open_session("train", reviewer="ann").questions(60)}
    fill(Path("q.csv"), dict.fromkeys(range(60), "unsure"))
    assert "60 new answers" in ceteris_("edits", "import", "q.csv", "--reviewer", "ann").out
    found = ledger.read_ledger(repo / "data/edits")
    assert set(found["id"]) == set(asked)
    assert found["source"].tolist() == [asked[name].source for name in found["id"]]
    assert found["reason"].tolist() == [asked[name].reason for name in found["id"]]
    assert {"queue", "random", "control"} == set(found["source"])
    assert "Nothing new" in ceteris_("edits", "import", "q.csv", "--reviewer", "ann").out


def test_rows_of_a_slice_go_out_and_come_back_as_such_however_a_spreadsheet_ordered_them(repo: Path, ceteris_) -> None:
    out = ceteris_("queue", "x > 1")
    assert "ceteris edits import review-x___1.csv --reviewer YOUR-NAME" in out.out
    path = Path("review-x___1.csv")
    asked = [question.id for question in open_session("x > 1", reviewer="ann").questions(500)]
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert table["id"].tolist() == asked and (table["x"].astype(float) > 1).all()
    answered = table.assign(label="unsure").iloc[[4, 1]][["ticket", "x", "label", "id", "given_label", "y"]]
    answered.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    assert "2 new answers" in ceteris_("edits", "import", str(path), "--reviewer", "ann").out
    found = ledger.read_ledger(repo / "data/edits")
    assert (found["id"].tolist(), set(found["reason"])) == ([asked[4], asked[1]], {"slice: x > 1"})
    typed = answered.assign(ticket=answered["ticket"].str.replace("x > 1", "x > 2"))
    typed.to_csv(path, index=False)
    assert "its ticket stands for no question today" in ceteris_("edits", "import", str(path), "--reviewer", "bob").err


def test_rows_on_which_people_part_go_out_as_a_file_that_settles_them(repo: Path, ceteris_) -> None:
    assert "conflicts" not in ceteris_("queue").out
    assert "No two people say otherwise" in ceteris_("queue", "conflicts").err
    rows = {part: ceteris.open(repo).parts().loc[lambda parts, part=part: parts == part].index[0] for part in PARTS}
    for reviewer, label in (("ann", "ant"), ("bob", "bee")):
        write_table(Path("own.csv"), pd.DataFrame({"id": list(rows.values()), "label": label}))
        ceteris_("edits", "import", "own.csv", "--reviewer", reviewer)
    assert ceteris_("queue").out.splitlines()[:4] == ["train", "random", "conflicts", "validation-conflicts"]
    blind = {"conflicts": False, "validation-conflicts": True}
    for (name, is_blind), id in zip(blind.items(), rows.values(), strict=True):
        ceteris_("queue", name)
        table = read_table(Path(f"review-{name}.csv"), text=("id", "label"))
        assert (table["id"].tolist(), "given_label" not in table) == ([id], is_blind)
        fill(Path(f"review-{name}.csv"), {0: "cow"})
        assert "1 new answer in" in ceteris_("edits", "import", f"review-{name}.csv", "--reviewer", "ann").out
        left, _ = open_session(name, reviewer="ann").deal(5)
        assert left == []
    last = ledger.read_ledger(repo / "data/edits").set_index(["id", "new_label"])
    assert last["reason"][rows["train"], "cow"] == "conflict"
    assert last["source"][rows["validation"], "cow"] == "told"


def test_a_ticket_that_stands_for_nothing_is_refused_and_a_file_without_tickets_goes_on(repo: Path, ceteris_) -> None:
    ceteris_("queue", "train", "--out", "q.csv")
    (name, other) = fill(Path("q.csv"), {0: "drop", 1: "unsure"})
    table = read_table(Path("q.csv"), text=("id", "label", "ticket"))
    write_table(Path("typed.csv"), table.assign(ticket=["t123", *table["ticket"][1:]]))
    told = ceteris_("edits", "import", "typed.csv", "--reviewer", "ann")
    assert (told.code, f"'{name}': its ticket stands for no question today" in told.err) == (2, True)
    assert other not in told.err
    assert list((repo / "data/edits").iterdir()) == []
    write_table(Path("blank.csv"), table.assign(ticket=["", *table["ticket"][1:]]))
    write_table(Path("without.csv"), table.drop(columns="ticket"))
    for file, reviewer in (("blank.csv", "ann"), ("without.csv", "bob")):
        assert "2 new answers" in ceteris_("edits", "import", file, "--reviewer", reviewer).out
    found = ledger.read_ledger(repo / "data/edits")
    assert set(found.loc[found["reviewer"] == "bob", "source"]) == {"queue"}


def test_a_queue_that_nobody_filled_in_is_refused(repo: Path, ceteris_) -> None:
    ceteris_("queue", "train", "--out", "q.csv")
    fill(Path("q.csv"), {0: "  "})
    told = ceteris_("edits", "import", "q.csv", "--reviewer", "ann")
    assert told.code == 2
    assert "No row of q.csv is answered. Fill in its column `label`" in told.err
    assert list((repo / "data/edits").iterdir()) == []


def test_outside_a_repository_the_way_in_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ceteris_) -> None:
    monkeypatch.chdir(tmp_path)
    told = ceteris_("summary")
    assert told.code == 2
    assert "Run this inside a ceteris repository" in told.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read"),
        ("id,label\nrow-000,gr\xfcn\n".encode("cp1252"), "cannot be read"),
        (b"id;label\nrow-000;ant\n", "parts its columns with semicolons"),
        (b'id,label\n"row-000,ant\n', "cannot be read"),
        (b"id,label\nrow-000,ant,more\n", "cannot be read: a row holds more values than the header has names. Save it as CSV"),
        (b"id,label\n1E+05,ant\n", "'1E+05' is no train or validation row"),
        (b"id,label\nrow-000,01.02.2026\n", "'01.02.2026' is no class"),
        (b"id,label,label\nrow-000,unsure,drop\n", "has 2 columns 'label'. Keep one of them; nothing was written."),
        (
            b"id,label,x\nrow-000,ant,1\nrow-001,ant\n",
            "2 cells in its last line, where its header has 3: it may be cut off",
        ),
        (b"id,label\nrow-000," + b"a" * 300_000 + b"\n", "aaa'... (300,000 letters) is no class"),
    ],
    ids=["empty", "cp1252", "semicolons", "open quote", "a longer row", "1E+05", "a date", "two labels", "cut", "a long label"],
)
def test_answers_that_a_spreadsheet_mangled_are_refused_and_nothing_is_written(
    repo: Path, ceteris_, content: bytes, said: str
) -> None:
    Path("q.csv").write_bytes(content)
    told = ceteris_("edits", "import", "q.csv", "--reviewer", "ann")
    assert (told.code, said in told.err) == (2, True), told.err
    assert list((repo / "data/edits").iterdir()) == []


def test_a_byte_order_mark_is_read(repo: Path, ceteris_) -> None:
    ceteris_("queue", "train", "--out", "q.csv")
    fill(Path("q.csv"), {0: "drop"})
    Path("q.csv").write_bytes(b"\xef\xbb\xbf" + Path("q.csv").read_bytes())
    assert "1 new answer" in ceteris_("edits", "import", "q.csv", "--reviewer", "ann").out


def test_a_ledger_that_is_broken_is_not_added_to(repo: Path, ceteris_) -> None:
    ceteris_("queue", "train", "--out", "q.csv")
    fill(Path("q.csv"), {0: "drop"})
    path = repo / "data/edits/ann-q.csv"
    path.write_text(",".join(edits.COLUMNS) + "\nbroken\n")
    told = ceteris_("edits", "import", "q.csv", "--reviewer", "ann")
    assert told.code == 5
    assert "data/edits/ann-q.csv line 2: 1 fields, not 11" in told.err
    assert path.read_text().endswith("broken\n")


def test_a_ledger_of_somebody_else_that_is_broken_holds_nobody_up_and_is_said(repo: Path, ceteris_) -> None:
    ceteris_("queue", "train", "--out", "q.csv")
    fill(Path("q.csv"), {0: "drop"})
    (repo / "data/edits/bob-q.csv").write_text(",".join(edits.COLUMNS) + "\nbroken\n")
    told = ceteris_("edits", "import", "q.csv", "--reviewer", "ann")
    assert (told.code, "1 new answer in data/edits/ann-q.csv" in told.out) == (0, True)
    assert "data/edits/bob-q.csv line 2: 1 fields, not 11. The answers in it are not known here" in told.err
    assert "See: ceteris edits check" in told.err


def test_a_run_of_the_pipeline_makes_no_import_wait(repo: Path, ceteris_) -> None:
    ceteris_("queue", "train", "--out", "q.csv")
    fill(Path("q.csv"), {0: "drop"})
    with single_writer(repo, "train"):
        assert ceteris_("edits", "import", "q.csv", "--reviewer", "ann").code == 0


def test_help_tells_what_each_command_does_to_the_end(ceteris_) -> None:
    told = " ".join(ceteris_("--help").out.partition("Commands:")[2].split())
    assert "..." not in told
    assert "serve Serve a packaged model over HTTP: POST /predict, every inference in the log." in told
    assert "edits Reviewed fixes:" in told

"""A family is listed, a random sample of it reviewed, and then fixed as one batch that can be taken back."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small import CLASSES, by_hand, edit, run_stages

import ceteris
from ceteris.diagnosis.told import families_told
from ceteris.editing import edits, ledger
from ceteris.families.found import COLUMNS
from ceteris.families.kept import rows_today
from ceteris.families.sampled import fix_lines, said_of, sample_of
from ceteris.reviewing.rankings import random_order
from ceteris.store import write_table

PATTERN = "x >= 0.5"


@pytest.fixture
def family(repo: Path) -> np.ndarray:
    """The rows of the one family of the small repository, in their random order."""
    kept(repo, PATTERN)
    ids = rows_today(ceteris.open(), PATTERN)
    return ids[random_order(ids)]


def kept(repo: Path, *patterns: str) -> None:
    lines = [(place, name, 60, 60, 0.5, 0.1, "cow", 0.75, 40.0, 1e-9, "[]") for place, name in enumerate(patterns, start=1)]
    (repo / "results/diagnose").mkdir(exist_ok=True)
    write_table(repo / "results/diagnose/families.csv", pd.DataFrame(lines, columns=list(COLUMNS)))


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch):
    def typed(*lines: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("".join(f"{line}\n" for line in lines).encode())))

    return typed


def answered(repo: Path, ids: Any, wrong: int, by: str = "ann") -> None:
    """Answer for rows as the family's own review would ask for them: the first few labels are wrong."""
    given = ceteris.open().issues().set_index("id")["given_label"]
    lines = [
        edit(
            id,
            "relabel" if place < wrong else "confirm",
            given[id],
            next(name for name in CLASSES if name != given[id]) if place < wrong else "",
            reviewer=by,
            reason=f"family: {PATTERN}",
        )
        for place, id in enumerate(ids)
    ]
    by_hand(repo / f"data/edits/{by}-f.csv", *lines)


def test_without_the_stages_result_the_command_that_makes_it_is_told(repo: Path, ceteris_) -> None:
    (repo / "results/diagnose/families.csv").unlink(missing_ok=True)
    said = ceteris_("families")
    assert said.code == 2
    assert "results/diagnose/families.csv is not there" in said.err
    assert "dvc repro diagnose" in said.err


def test_families_are_listed_in_words(repo: Path, family: np.ndarray, ceteris_) -> None:
    assert ceteris_("families").out.splitlines() == [
        "1. x >= 0.5: 60 rows, 50 % doubted (10 % expected), 75 % given cow",
        "Answer a random 20 rows of one, then decide for all of them: ceteris families review 1",
    ]


def test_a_pattern_is_told_as_it_is_written(repo: Path, ceteris_) -> None:
    kept(repo, "note has the word 5%", 'note = "[/x]\x1b[31m"')
    told = ceteris_("families").out
    assert "1. note has the word 5%: 60 rows" in told
    assert "\x1b" not in told


def test_no_family_is_said(repo: Path, ceteris_) -> None:
    kept(repo)
    assert ceteris_("families").out.startswith("No family of errors")


def test_a_number_that_is_none_and_a_damaged_file_are_refused(repo: Path, family: np.ndarray, ceteris_) -> None:
    assert "There is no family 7. They are numbered 1 to 1." in ceteris_("families", "review", 7).err
    (repo / "results/diagnose/families.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert "has no column 'number'" in ceteris_("families").err


def test_a_review_asks_for_random_rows_of_the_family_and_tells_how_many_labels_are_wrong(
    repo: Path, family: np.ndarray, ceteris_, typing
) -> None:
    typing("1", "1", "1", "1", "?", "q")
    said = ceteris_("families", "review", 1, "--reviewer", "ann", "--batch", "b")
    found = ledger.read_ledger(repo / "data/edits")
    assert found["id"].tolist() == family[: len(found)].tolist()
    assert len(found) >= 4
    assert set(found["reason"]) == {f"family: {PATTERN}"}
    assert set(found["source"]) == {"queue"}
    wrong = (found["action"] == "relabel").sum()
    told = (found["action"] != "unsure").sum()
    assert f"{wrong} of {told} given labels are wrong: {wrong / told:.0%}".replace("%", " %") in said.out
    assert f"reviewed at random: {wrong} of {told}" in ceteris_("families").out


def test_nothing_of_the_doubt_is_shown_before_the_answer(repo: Path, family: np.ndarray, ceteris_, typing) -> None:
    typing("q")
    said = ceteris_("families", "review", 1, "--reviewer", "ann")
    before = said.out.split("Of the random rows")[0]
    assert "suggest" not in before
    assert "doubt" not in before


def test_a_family_is_not_fixed_before_twenty_of_its_rows_were_reviewed(repo: Path, family: np.ndarray, ceteris_) -> None:
    answered(repo, family[:19], 19)
    said = ceteris_("families", "apply", 1, "--as", "drop", "--reviewer", "ann")
    assert said.code == 2
    assert "19 of the family's" in said.err
    assert "ceteris families review 1" in said.err
    assert "--anyway" in said.err
    assert len(ledger.read_ledger(repo / "data/edits")) == 19


def test_a_family_whose_review_finds_its_labels_right_is_not_fixed(repo: Path, family: np.ndarray, ceteris_) -> None:
    answered(repo, family[:20], 2)
    said = ceteris_("families", "apply", 1, "--as", "drop", "--reviewer", "ann")
    assert "wrong for most rows: 2 of 20 given labels are wrong: 10 % [3 %, 30 %]" in said.err


def test_a_family_is_dropped_as_one_batch_but_for_rows_that_a_person_answered_and_can_be_taken_back(
    repo: Path, family: np.ndarray, ceteris_
) -> None:
    answered(repo, family[:20], 18)
    said = ceteris_("families", "apply", 1, "--as", "drop", "--reviewer", "ann")
    assert said.code == 0, said.err
    assert f"{len(family) - 20} rows dropped in data/edits/ann-family_1_drop.csv" in said.out
    assert "18 of 20 given labels are wrong: 90 % [70 %, 97 %]" in said.out
    lines = ledger.read_ledger(repo / "data/edits")
    batch = lines[lines["batch"] == "family-1-drop"]
    assert set(batch["id"]) == set(family[20:])
    assert set(batch["source"]) == {"family"}
    assert set(batch["reviewer"]) == {"ann"}
    assert set(batch["action"]) == {"drop"}
    back = ceteris_("edits", "revert", "ann/family-1-drop", "--reviewer", "ann")
    assert f"{len(family) - 20} answers taken back" in back.out
    states = ceteris.open().edits().query("batch == 'family-1-drop'")["state"]
    assert set(states) == {"reverted"}


def test_a_family_is_relabelled_as_the_audit_suggests_or_to_one_label(repo: Path, family: np.ndarray, ceteris_) -> None:
    issues = ceteris.open().issues().set_index("id").loc[family]
    assert ceteris_("families", "apply", 1, "--as", "relabel", "--reviewer", "ann", "--anyway").code == 0
    found = ledger.read_ledger(repo / "data/edits").set_index("id")
    changed = issues.index[issues["given_label"] != issues["suggested_label"]]
    assert found["new_label"].to_dict() == issues.loc[changed, "suggested_label"].to_dict()
    assert ceteris_("families", "apply", 1, "--as", "relabel", "--to", "cow", "--reviewer", "bob", "--anyway").code == 0
    lines = ledger.read_ledger(repo / "data/edits")
    bobs = lines[lines["reviewer"] == "bob"]
    assert set(bobs["new_label"]) == {"cow"}
    assert set(bobs["id"]) == set(issues.index[issues["given_label"] != "cow"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--as", "dorp"), "--as is 'dorp'."),
        (("--as", "relabel", "--to", "cou"), "no class. Did you mean 'cow'"),
        (("--as", "drop", "--to", "cow"), "the rows are to be dropped"),
    ],
)
def test_a_fix_that_is_none_is_refused(repo: Path, family: np.ndarray, ceteris_, words: tuple[str, ...], told: str) -> None:
    said = ceteris_("families", "apply", 1, *words, "--reviewer", "ann", "--anyway")
    assert said.code == 2
    assert told in said.err


def test_a_persons_answer_about_a_row_stands_before_and_after_its_family_is_fixed(repo: Path, family: np.ndarray) -> None:
    given = ceteris.open().issues().set_index("id")["given_label"]
    id = str(family[0])
    of_family = fix_lines([id], given, {id: ""}, PATTERN, reviewer="ann", batch="f", at="2026-02-01T12:00:00+00:00")
    for who, at in (("ann", "2026-01-01T12:00:00+00:00"), ("bob", "2026-03-01T12:00:00+00:00")):
        by_hand(repo / "data/edits/a.csv", *of_family, edit(id, "confirm", given[id], reviewer=who, at=at))
        lines = ledger.read_ledger(repo / "data/edits")
        decided = edits.resolve(lines)
        assert decided["action"].tolist() == ["confirm"], who
        (repo / "data/edits/a.csv").unlink()


def test_rows_of_a_family_that_was_fixed_are_still_asked_for(repo: Path, family: np.ndarray, ceteris_, typing) -> None:
    assert ceteris_("families", "apply", 1, "--as", "drop", "--reviewer", "bob", "--anyway").code == 0
    typing("1", "q")
    ceteris_("families", "review", 1, "--reviewer", "ann", "--batch", "b")
    lines = ledger.read_ledger(repo / "data/edits")
    assert lines.loc[lines["reviewer"] == "ann", "id"].tolist() == [family[0]]


def test_the_batch_alone_is_a_version_with_a_control_of_its_own(repo: Path, family: np.ndarray, ceteris_) -> None:
    answered(repo, family[:20], 18)
    assert ceteris_("families", "apply", 1, "--as", "drop", "--reviewer", "ann").code == 0
    params = json.loads((repo / "params.yaml").read_text(encoding="utf-8"))
    params["fix"]["recipes"]["family-1"] = [{"step": "apply_edits", "batches": ["ann/family-1-drop"]}]
    (repo / "params.yaml").write_text(json.dumps(params), encoding="utf-8")
    run_stages(repo, "fix")
    kept_ids = set(pd.read_parquet(repo / "data/versions/family-1.parquet")["id"])
    all_ids = set(pd.read_parquet(repo / "data/versions/given.parquet")["id"])
    assert all_ids - kept_ids == set(family[20:])
    made = pd.read_csv(repo / "results/fix/versions.csv").set_index("version")
    assert (made.loc["family-1", "reviewed"], made.loc["family-1", "note"]) == (
        0,
        f"{len(family) - 20} rows decided with their family",
    )
    assert made.loc["reviewed", "reviewed"] == 20, "nobody looked at the others"
    assert (repo / "data/versions/placebo-family-1.parquet").is_file()


def test_the_sample_is_random_whichever_review_asked_for_its_rows() -> None:
    ids = np.array([f"r{row}" for row in range(10)], dtype=object)
    given = dict.fromkeys(ids, "ant")
    lines = pd.DataFrame(
        [
            edit("r0", "relabel", "ant", "bee", reason="combined"),  # a ranking asked for it, and it stands in the sample
            edit("r1", "confirm", reason="family: p"),
            edit("r2", "unsure", reason="family: p"),
            edit("r3", "drop", reason="family: p"),
            edit("r7", "relabel", "ant", "bee", reason="combined"),  # beyond the sample: no random row
            edit("r1", "drop", reason="family: p", source="family", reviewer="bob"),
        ],
        dtype=object,
    )
    said = said_of(lines)
    dropped = sample_of(ids, said, "p", given, dict.fromkeys(ids, ""))
    assert (dropped.reviewed, dropped.judged, dropped.right) == (4, 3, 2)
    relabelled = sample_of(ids, said, "p", given, {"r0": "bee", "r1": "bee"})
    assert (relabelled.reviewed, relabelled.judged, relabelled.right) == (4, 2, 1)
    other = sample_of(ids, said, "q", given, dict.fromkeys(ids, ""))
    assert (other.reviewed, other.precision.low, other.precision.high) == (0, 0.0, 1.0)


def test_the_report_tells_shares_of_a_family_in_whole_percent() -> None:
    family = {"pattern": "source = B", "rows": 257, "new_rows": 250, "doubted": 0.684825, "expected": 0.433853}
    table = pd.DataFrame([family | {"given_label": "", "given_share": 0.0, "examples": "[]"}])
    (told,) = families_told(table)
    assert (told["doubted"], told["expected"], told["given"], told["overlap"]) == ("68 %", "43 %", "", 7)

"""People who answered for the same rows decide together; nobody's label is put in that nobody wrote."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import CLASSES, edit, evidence, params, repository, run_stages

import ceteris
from ceteris.editing import edits
from ceteris.editing.consensus import decided_together
from ceteris.editing.ledger import append
from ceteris.errors import ParamsError, StaleEditError
from ceteris.fixing.evidence import read_evidence
from ceteris.fixing.recipes import make
from ceteris.issues.crowd import consensus
from ceteris.layout import read_layout
from ceteris.sections import Step
from ceteris.store import read_params, read_parquet

N_ROWS = 12
IDS = np.array([f"r{row:02d}" for row in range(N_ROWS)], dtype=object)
FLAT = np.full((N_ROWS, 3), 1 / 3)


def live(*lines: dict[str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(lines, columns=list(edits.COLUMNS), dtype=object)
    return edits.live(frame.assign(where=[f"line {row + 2}" for row in range(len(frame))]))


def together(*lines: dict[str, str], pred_probs: np.ndarray = FLAT) -> dict[str, str]:
    found = decided_together(live(*lines), IDS, pred_probs, CLASSES)
    return {row["id"]: f"{row['action']} {row['new_label']}".strip() for row in found.to_dict("records")}


def votes(reviewer: str, labels: list[str]) -> list[dict[str, str]]:
    return [edit(IDS[row], new=label, given="none", reviewer=reviewer) for row, label in enumerate(labels) if label]


def test_one_persons_answers_stand_as_they_are() -> None:
    lines = [edit("r00", new="bee"), edit("r01", "confirm"), edit("r02", "drop"), edit("r03", "unsure")]
    assert together(*lines) == {"r00": "relabel bee", "r01": "confirm", "r02": "drop", "r03": "unsure"}


def test_a_line_about_a_whole_family_is_no_vote_on_a_row_that_somebody_looked_at() -> None:
    family = [edit(row, "drop", reviewer=name, source="family") for row in ("r00", "r01") for name in ("bob", "cid")]
    assert together(edit("r00", new="bee"), *family) == {"r00": "relabel bee", "r01": "drop"}
    doubted = [edit(row, new="cow", reviewer="bob", source="family") for row in IDS[:10]]
    votes_of = votes("ann", ["ant"] * 10) + votes("cid", ["ant"] * 9 + ["bee"])
    assert together(*votes_of, *doubted) == together(*votes_of)


def test_nobody_decides_nothing() -> None:
    assert together() == {}


def test_who_agrees_with_the_others_outweighs_who_does_not() -> None:
    shared = ["ant", "bee", "cow", "ant", "bee", "cow", "ant", "bee", "cow", "ant"]
    careless = ["bee", "cow", "ant", "bee", "cow", "cow", "bee", "cow", "ant", "bee"]
    lines = votes("ann", [*shared, "ant"]) + votes("bob", shared) + votes("cid", [*careless, "bee"])
    assert together(*lines)["r10"] == "relabel ant"
    swapped = votes("ann", [*careless, "ant"]) + votes("bob", shared) + votes("cid", [*shared, "bee"])
    assert together(*swapped)["r10"] == "relabel bee"


def test_between_two_equals_the_audit_decides_but_not_for_a_label_that_nobody_gave() -> None:
    lines = votes("ann", ["ant", "bee", "ant", "ant"]) + votes("bob", ["ant", "bee", "bee", "bee"])
    sure = FLAT.copy()
    sure[2], sure[3] = (0.1, 0.8, 0.1), (0.15, 0.05, 0.8)
    found = together(*lines, pred_probs=sure)
    assert (found["r00"], found["r02"], found["r03"]) == ("relabel ant", "relabel bee", "relabel ant")


def test_a_row_is_dropped_where_more_drop_it_than_name_a_label_and_unsure_counts_for_nothing() -> None:
    one, two, three = ("ann", "bob", "cid")
    assert together(
        edit("r00", "drop", reviewer=one), edit("r00", "drop", reviewer=two), edit("r00", "confirm", reviewer=three),
        edit("r01", "drop", reviewer=one), edit("r01", new="bee", reviewer=two),
        edit("r02", "unsure", reviewer=one), edit("r02", new="cow", reviewer=two),
    ) == {"r00": "drop", "r01": "relabel bee", "r02": "relabel cow"}  # fmt: skip


def test_an_unknown_id_and_a_label_that_is_no_class_are_left_to_be_refused() -> None:
    assert together(edit("gone", new="bee"), edit("r00", new="wasp")) == {"gone": "relabel bee", "r00": "relabel wasp"}


answers = st.lists(
    st.tuples(st.integers(0, N_ROWS - 1), st.sampled_from(["ann", "bob", "cid"]), st.sampled_from(CLASSES)),
    unique_by=lambda line: line[:2],
    max_size=30,
)


@settings(max_examples=40, deadline=None)
@given(answers, st.randoms(use_true_random=False))
def test_what_is_decided_was_said_is_what_all_said_where_they_agree_and_depends_on_no_order_or_chance(
    said: list[tuple[int, str, str]], random: object
) -> None:
    lines = [edit(IDS[row], new=label, given="none", reviewer=reviewer) for row, reviewer, label in said]
    found = together(*lines)
    by_row: dict[str, set[str]] = {}
    for row, _, label in said:
        by_row.setdefault(IDS[row], set()).add(f"relabel {label}")
    assert set(found) == set(by_row)
    assert all(found[id] in labels for id, labels in by_row.items())
    np.random.seed(len(said))  # noqa: NPY002 (cleanlab's ties are broken by this one)
    random.shuffle(lines)  # type: ignore[attr-defined]
    assert together(*lines) == found


@pytest.mark.parametrize("n_classes", [2, 1000])
def test_codes_of_two_or_a_thousand_classes(n_classes: int) -> None:
    rng = np.random.default_rng(0)
    true = rng.integers(0, n_classes, 80)
    given = np.column_stack([np.where(rng.random(80) < wrong, (true + 1) % n_classes, true) for wrong in (0.05, 0.05, 0.4)])
    found = consensus(given.astype(float), np.full((80, n_classes), 1 / n_classes))
    assert (found == true).mean() > 0.9 > (given[:, 2] == true).mean()


def test_a_recipe_takes_what_was_decided_together() -> None:
    lines = live(edit("r00", new="bee"), edit("r00", new="bee", reviewer="bob"))
    decided = decided_together(lines, IDS, FLAT, CLASSES)
    made = make("together", (Step(step="consensus"),), evidence(together=decided))
    assert made.labels[0][0] == "bee" and made.reviewed == 1 and made.note == "1 label reviewed"
    with pytest.raises(ParamsError, match="consensus of answers that are not there"):
        make("together", (Step(step="consensus"),), evidence())


def test_the_fix_stage_makes_a_version_of_what_people_decide_together(tmp_path: object) -> None:
    recipes = {"given": None, "reviewed": [{"step": "apply_edits"}], "together": [{"step": "consensus"}]}
    planned = [{"axis": "data", "model": "logistic", "baseline": "given", "candidate": "together"}]
    root = repository(tmp_path, params(fix={"recipes": recipes, "conflicts": "latest"}, compare={"planned": planned}))
    run_stages(root, "ingest", "validate", "split", "audit")
    given = read_evidence(root, read_layout(root), read_params(root))
    others = [next(label for label in CLASSES if label != given.labels[row]) for row in range(6)]
    for reviewer, rows in (("ann", range(6)), ("bob", range(6)), ("cid", range(1))):
        lines = [
            edit(
                given.ids[row], new=others[row], given=given.labels[row], reviewer=reviewer, at=f"2026-01-31T12:00:0{row}+00:00"
            )
            if reviewer != "cid"
            else edit(given.ids[row], "confirm", given=given.labels[row], reviewer=reviewer, at="2026-02-01T12:00:00+00:00")
            for row in rows
        ]
        append(root / "data/edits" / f"{reviewer}-1.csv", lines)
    run_stages(root, "fix")
    labels = {name: read_parquet(root / f"data/versions/{name}.parquet").set_index("id")["label"] for name in recipes}
    first = given.ids[0]
    assert labels["reviewed"][first] == given.labels[0]  # the latest answer
    assert labels["together"][first] == others[0]  # two of three
    assert (labels["together"][given.ids[1:6]] == others[1:]).all()


def test_where_consensus_alone_is_used_people_may_disagree_and_no_other_rule_is_needed(tmp_path: object) -> None:
    recipes = {"given": None, "together": [{"step": "consensus"}]}
    planned = [{"axis": "data", "model": "logistic", "baseline": "given", "candidate": "together"}]
    root = repository(tmp_path, params(fix={"recipes": recipes, "conflicts": "refuse"}, compare={"planned": planned}))
    run_stages(root, "ingest", "validate", "split", "audit")
    before = read_evidence(root, read_layout(root), read_params(root))
    id, held = before.ids[0], before.labels[0]
    other = next(label for label in CLASSES if label != held)
    for reviewer, action, new in (("ann", "relabel", other), ("bob", "confirm", "")):
        append(root / f"data/edits/{reviewer}-1.csv", [edit(id, action, given=held, new=new, reviewer=reviewer)])
    run_stages(root, "fix", "train", "compare")
    label = read_parquet(root / "data/versions/together.parquet").set_index("id")["label"][id]
    evidence = read_evidence(root, read_layout(root), read_params(root))
    said = evidence.decisions.set_index("id").loc[id]
    assert label == (said["new_label"] or held)
    assert not ceteris.open(root).check_edits()["must"].any()
    of_validation = read_parquet(root / "data/split/validation.parquet")["ceteris:id"].iloc[0]
    for reviewer, new in (("ann", "bee"), ("bob", "cow")):
        line = edit(of_validation, given="ant", new=new, reviewer=reviewer, source="disagreement")
        append(root / f"data/edits/{reviewer}-1.csv", [line])
    for stage in ("fix", "compare"):  # nobody settles rows that judge but the rule
        with pytest.raises(StaleEditError, match=f"Reviewers disagree on these ids:\n  {of_validation}"):
            run_stages(root, stage)

"""What a repair is worth: a run with it beside a run without it, on the rows that both hold, or a sentence on why not."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from checkout import checkout, run
from clone import LOGISTIC, Clone
from messy_files import as_csv, clean
from past import dvc, run_and_commit, store

from ceteris.experiments.account import account
from ceteris.experiments.table import Line
from ceteris.store import read_json

STAGES = ("ingest", "validate", "split", "audit", "fix", "train", "compare")
TRIALS = {
    "no-sentinels": {"ingest.sentinels": {"age": ["-999"]}},
    "wider": {"ingest.id_width": 5},
    "merged": {"ingest.rare_classes": "other"},
    "without-rare": {"ingest.rare_classes": "drop"},
}
SETTINGS = {
    "ingest.source": "data/source/mine.csv",
    "ingest.id": "id",
    "ingest.plant.kind": "none",
    "split.validation": 0.4,
    "split.test": 0.1,
    "split.copies": "together",
    "audit.folds": 2,
    "fix.recipes": {"given": None, "reviewed": [{"step": "apply_edits"}]},
    "train.seeds": 5,
    "train.models": {"logistic": LOGISTIC},
    "compare.planned": [{"axis": "data", "model": "logistic", "baseline": "given", "candidate": "reviewed"}],
}


def messy() -> pd.DataFrame:
    """Return 330 rows: 30 copies, -999 for the age of 90, 9 rows of a rare class, ids some of which lost a zero."""
    table = clean(300)
    table["id"] = [str(2_000 + 89 * row) for row in range(300)]
    table.loc[0:89, "age"] = "-999"
    table.loc[290:298, "label"] = "dodo"
    return pd.concat([table, table.iloc[100:130].assign(id=[str(50_000 + row) for row in range(30)])])


COPIES = int(messy().drop(columns="id").duplicated().sum())


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clone, dict[str, Line], str]:
    """A run on the messy file, and its experiments: one as `ceteris ingest` and `init` tell it, the others stage by stage."""
    clone = Clone(checkout(tmp_path_factory.mktemp("messy")))
    (clone.root / "data/source/mine.csv").write_bytes(as_csv(messy()))
    clone.change(**SETTINGS)
    clone.commit()
    run_and_commit(clone)
    said = clone.dvc("exp", "run", "-n", "once", "-S", "ingest.duplicates=drop", "compare")
    clone.git("reset", "-q", "--hard")
    give_back(clone)
    for name, lines in TRIALS.items():
        clone.change(**lines)
        store(clone, name, STAGES)
        give_back(clone)
    return clone, {line.snapshot.name: line for line in account(clone.root)}, said


def give_back(clone: Clone) -> None:
    with dvc(clone.root) as repo:
        repo.checkout(force=True)


Worth = tuple[Clone, dict[str, Line], str]


def test_rows_that_a_repair_leaves_out_are_left_out_of_the_judging_too(lines: Worth) -> None:
    _, found, said = lines
    against, base = found["once"].against_parent, found["main"].snapshot.judging
    assert against is not None and against.effect is not None and base is not None
    assert against.move.axis == "data"
    assert "ingest.duplicates keep -> drop" in found["once"].changed
    left = len(base.ids) - against.effect.n_rows
    assert 0 < left < COPIES
    told = f"judged on the {against.effect.n_rows} validation rows that both hold, {left} of the baseline's left out"
    assert against.rows == told
    assert f"{COPIES} rows left out (ingest.duplicates): equal to another in all but the id" in said
    assert "once this run is committed: dvc exp run -S ingest.duplicates=keep, then ceteris experiments" in said


def test_rows_that_are_read_otherwise_are_the_same_rows_and_a_repair_that_helps_is_told_to(lines: Worth) -> None:
    against = lines[1]["no-sentinels"].against_parent
    assert against is not None and against.effect is not None
    assert (against.move.axis, against.effect.verdict) == ("data", "helps")
    assert "are read otherwise than before, and each model predicts them as its own revision reads them" in against.rows


def test_ids_that_were_filled_up_are_other_ids_and_no_effect_is_made_of_them(lines: Worth) -> None:
    against = lines[1]["wider"].against_parent
    assert against is not None and against.effect is None
    assert "Ids are made otherwise in these revisions (ingest.id_width None -> 5)" in against.reason


def test_classes_that_were_merged_cannot_be_set_against_those_before_and_those_left_out_can(lines: Worth) -> None:
    merged, without = (lines[1][name].against_parent for name in ("merged", "without-rare"))
    assert merged is not None and merged.effect is None
    assert "Classes were renamed or merged in between: 'dodo' (now 'other')" in merged.reason
    assert without is not None and without.effect is not None and "of the baseline's left out" in without.rows


def test_the_commands_tell_on_which_rows_and_why_not(lines: Worth) -> None:
    root = lines[0].root
    table = " ".join(run(root, "ceteris", "experiments", COLUMNS="200").stdout.split())
    for name in ("once", "no-sentinels", "without-rare"):
        against = lines[1][name].against_parent
        assert against is not None and f"{name}: {against.rows}" in table
    assert "wider: Ids are made otherwise in these revisions" in table
    side = run(root, "ceteris", "compare", "main", "no-sentinels", COLUMNS="200").stdout
    assert "Judged on the " in side and "read otherwise than before" in side
    page = next((root / "comparisons").glob("*no-sentinels*.html")).read_text(encoding="utf-8")
    assert "read otherwise than before" in page


def test_the_manifest_of_a_run_keeps_what_its_repairs_did(lines: Worth, tmp_path: Path) -> None:
    clone = lines[0].copy(tmp_path / "clone")
    clone.dvc("exp", "apply", "once")
    notes = read_json(clone.root / "data/raw/manifest.json")["notes"]
    assert f"{COPIES} rows left out (ingest.duplicates): equal to another in all but the id" in notes

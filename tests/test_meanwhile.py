"""Answers that come in while a stage runs: DVC will say that it knew them, so it had better know them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest
from faults_stages import line

from ceteris.editing import ledger
from ceteris.errors import BadInputError, BusyError
from ceteris.measuring.asking import questions_about
from ceteris.stages import Stage, compare, fix, open_stage
from ceteris.store import read_parquet, read_table


@dataclass(frozen=True)
class Disturbed(Stage):
    """A stage beside which somebody answers: whenever it tells of its work, the next line comes in."""

    coming: list[dict[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def tell(self, line: str) -> None:
        self.said.append(line)
        if self.coming:
            ledger.append(self.root / "data/edits/ann-1.csv", [self.coming.pop(0)])


def disturbed(repo: Path, name: str, *coming: dict[str, str]) -> Disturbed:
    stage = open_stage(name, repo)
    return Disturbed(stage.name, stage.root, stage.params, stage.layout, list(coming))


def test_an_answer_that_comes_in_while_versions_are_made_is_in_them(repo: Path) -> None:
    first, second = line(repo), line(repo, "drop", place=1)
    stage = disturbed(repo, "fix", first, second)
    fix.main(stage)
    reviewed = read_parquet(repo / "data/versions/reviewed.parquet").set_index("id")["label"]
    assert reviewed[first["id"]] == first["new_label"]
    assert second["id"] not in reviewed.index
    assert stage.said.count("answers came in meanwhile: once more") >= 1


def test_an_answer_about_another_part_makes_no_stage_begin_anew(repo: Path) -> None:
    train, judging = line(repo), line(repo, part="validation", source="disagreement")
    for name, stage_of, about in (("fix", fix, judging), ("compare", compare, train)):
        stage = disturbed(repo, name, about)
        stage_of.main(stage)
        assert stage.coming == []
        assert not any("meanwhile" in said for said in stage.said)


def test_an_answer_that_comes_in_while_contrasts_are_judged_counts_and_those_without_end_are_refused(repo: Path) -> None:
    path = next((repo / "results/compare/queues").glob("*.csv"))
    queue = read_table(path, text=("id", "label")).set_index("id")["label"]
    assert set(queue) == {""}
    place = {name: at for at, name in enumerate(pd.read_parquet(repo / "data/split/validation.parquet")["ceteris:id"])}
    lines = [line(repo, "confirm", "validation", place[name], source="disagreement") for name in queue.index]
    stage = disturbed(repo, "compare", lines[0])
    compare.main(stage)
    found = read_table(path, text=("id", "label")).set_index("id")["label"]
    assert set(queue.index) - set(found.index) == {lines[0]["id"]}  # what is answered is asked no more
    assert stage.said.count("answers came in meanwhile: once more") == 1
    restless = [line(repo, "unsure", "validation", at, source="disagreement") for at in range(1, 2 * len(stage.said))]
    with pytest.raises(BusyError, match="keep coming in"):
        compare.main(disturbed(repo, "compare", *restless))


def test_versions_of_another_run_than_their_table_are_named_with_what_brings_them_together(repo: Path) -> None:
    path = repo / "results/fix/versions.csv"
    table = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in table if not line.startswith("pruned,")), encoding="utf-8")
    with pytest.raises(BadInputError, match=r"are of two runs: 'pruned' is in one of them only\. .*dvc checkout; .*dvc repro"):
        questions_about(repo, "logistic.given.simulated")

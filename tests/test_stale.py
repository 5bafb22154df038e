"""Results of other rows or params than those of today are not told as if they were of these."""

from __future__ import annotations

import pytest
from clone import Clone

from ceteris.errors import BadInputError
from ceteris.experiments.stale import refuse_stale

STAGES = ("diagnose", "compare")


@pytest.mark.parametrize("stage", STAGES)
def test_results_of_a_run_are_of_today_and_without_a_lock_nothing_is_known(clone: Clone, stage: str) -> None:
    refuse_stale(clone.root, stage, "Results")
    clone.change(**{"ingest.id": "other"})
    for damaged in (b"stages: [1, 2]", b"{", b"stages: {ingest: 3}"):
        (clone.root / "dvc.lock").write_bytes(damaged)
        refuse_stale(clone.root, stage, "Results")
    (clone.root / "dvc.lock").unlink()
    refuse_stale(clone.root, stage, "Results")


def test_other_data_in_params_make_families_and_recommendations_those_of_another_state(
    clone: Clone, ceteris_, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clone.root)
    assert (ceteris_("families").code, ceteris_("recommend").code) == (0, 0)
    clone.change(**{"compare.confidence": 0.9})
    assert ceteris_("families").code == 0
    said = ceteris_("recommend")
    assert said.code == 2
    assert said.err == (
        "The effects that were measured are of another state of this repository: `compare` of params.yaml has changed since."
        " Make them anew: dvc repro\n"
    )
    clone.change(**{"ingest.id": "other"})
    assert "`ingest` of params.yaml has changed since" in ceteris_("families").err


def test_a_stage_that_was_not_run_since_an_earlier_one_is_named(clone: Clone) -> None:
    lock = clone.root / "dvc.lock"
    made = lock.read_text(encoding="utf-8")
    head, _, tail = made.partition("  validate:\n")
    md5 = head.rpartition("path: data/raw/table.parquet")[2].partition("md5: ")[2].partition("\n")[0]
    lock.write_text(head.replace(md5, "0" * 32) + "  validate:\n" + tail, encoding="utf-8")
    with pytest.raises(BadInputError, match="the stage validate has not run since"):
        refuse_stale(clone.root, "diagnose", "Results")

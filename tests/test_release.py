"""What a person types to release: `ceteris accept`, run by DVC, never by `dvc repro` alone, never twice for one question."""

from __future__ import annotations

import pandas as pd
import pytest
from clone import Clone
from sealed import HELPS, UNSURE, acceptance, looks, true_labels

from ceteris.release.commands import _name
from ceteris.release.looks import FILE


def test_a_candidate_goes_from_the_command_line_to_its_acceptance(
    sealed: Clone, ceteris_, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sealed.root)
    for name, value in sealed.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(sealed.root / "src"))

    refused = ceteris_("accept", UNSURE, "--baseline", "near/given")
    assert refused.code == 2
    assert refused.err.startswith("accept: tree/given is not told to help")
    assert len(refused.err.splitlines()) == 1
    assert looks(sealed) == ()
    assert sealed.repro().stages == []  # it would be refused again: `dvc repro` alone does not run it

    said = ceteris_("accept", HELPS)  # against the baseline that was named before
    assert said.code == 0, said.err
    assert said.out.startswith("Accepted: near/pruned in place of near/given moved accuracy by +")
    assert "  look 1 at the test part, at the level 2.5 %\n" in said.out
    assert "  1 look was taken in all; the next has the level 1.25 %\n" in said.out
    assert said.out.endswith("Keep it: git add release && git commit\n")
    assert "candidate: near/pruned  # MODEL/VERSION" in sealed.read("release/release.yaml")
    assert sealed.git("diff", "--cached", "--name-only").split() == ["release/dvc.lock", FILE]

    sealed.commit()
    again = sealed.dvc("repro", "release/dvc.yaml")
    assert "Stage 'release/dvc.yaml:accept' didn't change, skipping" in again

    assert ceteris_("queue", "test").code == 0
    queue = pd.read_csv("review-test.csv")
    queue.assign(label=queue["id"].map(true_labels())).to_csv("review-test.csv", index=False)
    assert ceteris_("edits", "import", "review-test.csv", "--reviewer", "ann").code == 0
    assert "verified labels (disagreements)" in ceteris_("accept").out
    assert acceptance(sealed)["look"] == len(looks(sealed)) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("accept",), "release/release.yaml names no candidate. Name both cells: ceteris accept MODEL/VERSION --baseline"),
        (("accept", HELPS), "names no baseline"),
        (("accept", "near/purned", "--baseline", "near/given"), "Did you mean 'pruned'?"),
        (("accept", "--baseline", "near/given"), "--baseline was given without a candidate."),
        (("accept", HELPS, "--baseline", "near/given", "--because", " "), "accept.because: say why"),
        (("accept", HELPS, "--baseline", "near/given", "--at-least", "harms"), "accept.at_least is 'harms'"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_written_or_run(
    sealed: Clone, ceteris_, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(sealed.root)
    refused = ceteris_(*words)
    assert refused.code == 2
    assert said in refused.err
    assert sealed.git("status", "--porcelain") == ""


def test_another_candidate_takes_over_neither_the_reason_nor_the_terms_of_the_one_before(sealed: Clone) -> None:
    first = _name(sealed.root, UNSURE, "near/given", "half the time", "no practical difference")
    assert (first.because, first.at_least) == ("half the time", "no practical difference")
    assert _name(sealed.root, None, None, None, None) == first
    second = _name(sealed.root, HELPS, None, None, None)
    assert (second.baseline, second.because, second.at_least) == ("near/given", None, "helps")
    assert sealed.read("release/release.yaml").count("#") == 5


def test_a_stage_that_was_committed_without_a_run_is_no_acceptance(
    sealed: Clone, ceteris_, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sealed.root)
    for name, value in sealed.environment.items():
        monkeypatch.setenv(name, value)
    _name(sealed.root, HELPS, "near/given", None, None)
    sealed.dvc("commit", "--force", "release/dvc.yaml")
    said = ceteris_("accept", HELPS, "--baseline", "near/given")
    assert said.code == 7
    assert said.err.endswith("Run it: dvc repro --force --single-item release/dvc.yaml:accept\n")
    assert looks(sealed) == ()


def test_a_bare_accept_goes_on_with_a_look_and_never_takes_one(
    sealed: Clone, ceteris_, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sealed.root)
    _name(sealed.root, HELPS, "near/given", None, None)
    said = ceteris_("accept")
    assert said.code == 2
    assert f"Name it to take one: ceteris accept {HELPS} --baseline near/given" in said.err
    assert looks(sealed) == ()

"""What a person types to release: `ceteris accept`, run by DVC, never by `dvc repro` alone, never twice for one question."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest
from clone import Clone
from dvc.repo import Repo
from sealed import HELPS, UNSURE, acceptance, go_on, looks, true_labels

from ceteris.errors import BadInputError, CeterisError, IntegrityError
from ceteris.release.commands import _name, _only_with_a_look
from ceteris.release.folder import alone, request
from ceteris.release.looks import FILE
from ceteris.release.promotion import _track

NAMED = {"candidate": HELPS, "baseline": "near/given"}


@pytest.fixture
def inside(sealed: Clone, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """The repository as the working directory, its own code as what DVC runs."""
    monkeypatch.chdir(sealed.root)
    for name, value in sealed.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(sealed.root / "src"))
    return sealed


def test_a_candidate_goes_from_the_command_line_to_its_acceptance(inside: Clone, ceteris_) -> None:
    sealed = inside
    refused = ceteris_("accept", UNSURE, "--baseline", "near/given")
    assert refused.code == 2
    assert refused.err.startswith("accept: tree/given is not told to help")
    assert len(refused.err.splitlines()) == 1
    assert looks(sealed) == ()
    assert sealed.git("status", "--porcelain") == ""  # a refusal names nothing

    said = ceteris_("accept", HELPS, "--baseline", "near/given")
    assert said.code == 0, said.err
    assert said.out.startswith("Accepted: near/pruned in place of near/given moved accuracy by +")
    assert "  look 1 at the test part, at the level 2.5 %\n" in said.out
    assert (
        "  1 look was taken in all (release/verdicts.csv says what came out);"
        " the next is tested at the level 1.25 %, half of the last\n" in said.out
    )
    assert "\nPromoted: near/pruned is what release/model holds now\n  holds: the look at the test part says helps" in said.out
    assert said.out.endswith("Keep it: git add release && git commit -m release && git tag model@v1.0.0 -m near/pruned\n")
    assert "candidate: near/pruned  # MODEL/VERSION" in sealed.read("release/release.yaml")
    assert sealed.git("diff", "--cached", "--name-only").split() == [
        "release/dvc.lock", FILE, "release/model.dvc", "release/verdicts.csv",
    ]  # fmt: skip

    sealed.commit()
    again = sealed.dvc("repro", "release/dvc.yaml")
    assert "Stage 'release/dvc.yaml:accept' didn't change, skipping" in again

    assert ceteris_("queue", "test").code == 0
    queue = pd.read_csv("review-test.csv")
    queue.assign(label=queue["id"].map(true_labels())).to_csv("review-test.csv", index=False)
    assert ceteris_("edits", "import", "review-test.csv", "--reviewer", "ann").code == 0
    assert "verified labels (disagreements)" in ceteris_("accept").out
    assert acceptance(sealed)["look"] == len(looks(sealed)) == 1

    late = ceteris_("accept", HELPS, "--because", "I like it")
    assert "  --because is not in the record: look 1 was taken before it was said\n" in late.out
    assert (acceptance(sealed)["because"], looks(sealed)[0].because) == ("", "")
    assert "accepted, accuracy +" in ceteris_("summary").out

    sealed.change(**{"compare.region": 0.02})
    moved = f"Since look 1 was taken for {HELPS} in place of near/given, this changed: the region of practical equality"
    assert moved in sealed.dvc("repro", "release/dvc.yaml", refused=True)
    bare = ceteris_("accept")
    assert (bare.code, moved in bare.err) == (2, True)
    assert f"at the level 1.25 %: ceteris accept {HELPS} --baseline near/given\n" in bare.err
    assert len(looks(sealed)) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("accept",), "release/release.yaml names no candidate. Name both cells: ceteris accept MODEL/VERSION --baseline"),
        (("accept", HELPS), "names no baseline"),
        (("accept", "--because", "cheap"), "--because was given without a candidate."),
        (("accept", "--at-least", "no practical difference"), "--at-least was given without a candidate."),
        (("accept", "", "--baseline", "near/given"), "The candidate is '', which names no cell"),
        (("accept", HELPS, "--baseline", "near"), "--baseline is 'near', which names no cell"),
        (("accept", "near/purned", "--baseline", "near/given"), "Did you mean 'pruned'?"),
        (("accept", "--baseline", "near/given"), "--baseline was given without a candidate."),
        (("accept", HELPS, "--baseline", "near/given", "--because", " "), "--because is ' ': say why"),
        (
            ("accept", HELPS, "--baseline", "near/given", "--at-least", "harms"),
            "--at-least is 'harms': input should be 'helps'",
        ),
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
    terms = {"because": "half the time", "at_least": "no practical difference"}
    first = _name(sealed.root, {"candidate": UNSURE, "baseline": "near/given", **terms})
    assert (first.because, first.at_least) == ("half the time", "no practical difference")
    again = _name(sealed.root, {"candidate": UNSURE})
    assert (again.because, again.at_least) == (None, "no practical difference")
    comments = sealed.read("release/release.yaml").count("#")
    second = _name(sealed.root, {"candidate": HELPS})
    assert (second.baseline, second.because, second.at_least) == ("near/given", None, "helps")
    assert sealed.read("release/release.yaml").count("#") == comments > 19


def test_a_stage_that_was_committed_without_a_run_is_run_for_what_is_named_and_for_nothing_else(
    inside: Clone, ceteris_
) -> None:
    _name(inside.root, NAMED)
    inside.dvc("commit", "--force", "release/dvc.yaml")
    refused = ceteris_("accept")
    assert (refused.code, "No look was taken for" in refused.err, looks(inside)) == (2, True, ())
    anew = ceteris_("accept", HELPS)
    assert anew.code == 0, anew.err
    assert acceptance(inside)["question"]["candidate"] == HELPS
    assert len(looks(inside)) == 1


def test_of_two_at_once_the_second_is_told_so_in_a_sentence_and_names_nothing(inside: Clone, ceteris_) -> None:
    with alone(inside.root):
        second = ceteris_("accept", HELPS, "--baseline", "near/given")
    assert (second.code, second.out) == (7, "")
    assert second.err == "Another `ceteris accept` is at work here. Wait for it to end, then run this again.\n"
    assert inside.git("status", "--porcelain") == ""


BUSY = "Another DVC command is at work here{}. Wait for it to end, or end it, then run this again.\n"
TORN = "DVC's list of locks, .dvc/tmp/rwlock, was torn when a command was stopped. Remove it, once no DVC command is at work"


def test_where_dvc_is_at_work_that_is_said_in_a_sentence(inside: Clone, ceteris_) -> None:
    ask = ("accept", HELPS, "--baseline", "near/given")
    with Repo(str(inside.root)) as repo, repo.lock:
        whole = ceteris_(*ask)
    assert (whole.code, whole.err) == (7, BUSY.format(""))
    held = {"write": {str(inside.root / FILE): {"pid": os.getpid(), "cmd": "dvc repro"}}, "read": {}}
    (inside.root / ".dvc/tmp/rwlock").write_text(json.dumps(held))
    stage = ceteris_(*ask)
    assert (stage.code, stage.err) == (7, BUSY.format(f" (process {os.getpid()})"))
    (inside.root / ".dvc/tmp/rwlock").write_text("")
    torn = ceteris_(*ask)
    assert (torn.code, torn.err) == (8, f"{TORN} here: rm .dvc/tmp/rwlock\n")
    assert looks(inside) == ()
    assert inside.git("status", "--porcelain") == ""


def test_what_was_named_stays_once_a_look_was_taken_and_goes_where_there_was_none(
    sealed: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = sealed.root / "release/release.yaml"
    before = terms.read_bytes()

    def asked(candidate: str, refusal: type[Exception]) -> bytes:
        named = _name(sealed.root, {"candidate": candidate, "baseline": "near/given"})
        for key, value in request(named).items():
            monkeypatch.setenv(key, value)
        with pytest.raises(refusal), _only_with_a_look(sealed.root, before):
            go_on(sealed)
        return terms.read_bytes()

    assert asked(UNSURE, BadInputError) == before  # it is not told to help on validation
    test = sealed.root / "data/split/test.parquet"
    test.write_bytes(test.read_bytes()[:-1])  # seen only when the part is opened, which is after the look
    assert b"candidate: near/pruned" in asked(HELPS, IntegrityError)
    assert len(looks(sealed)) == 1


def test_what_somebody_else_wrote_to_release_yaml_meanwhile_is_not_put_back(sealed: Clone) -> None:
    terms = sealed.root / "release/release.yaml"
    before = terms.read_bytes()
    _name(sealed.root, NAMED)

    def stopped() -> None:
        with _only_with_a_look(sealed.root, before):
            terms.write_bytes(before + b"# mine\n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert terms.read_bytes() == before + b"# mine\n"


def test_a_package_that_dvc_does_not_keep_says_why(tmp_path: Path) -> None:
    with pytest.raises(CeterisError, match="DVC does not keep release/model: ERROR: you are not inside of a DVC repository"):
        _track(tmp_path)

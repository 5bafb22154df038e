"""What release.yaml may say, and every candidate that cannot be one."""

from __future__ import annotations

from typing import Any

import pytest
from small import REPOSITORY, params

from ceteris.errors import CeterisError, ParamsError
from ceteris.params import parse
from ceteris.release.terms import Accept, asked, cells_of, parse_terms
from ceteris.store import read_yaml


def test_the_shipped_file_names_nobody_and_says_what_may_stand_there() -> None:
    path = REPOSITORY / "release/release.yaml"
    assert parse_terms(read_yaml(path)).accept == Accept()
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all("#" in line for line in lines if line.startswith("  "))


def test_a_cell_is_a_model_and_a_version_of_params() -> None:
    found = cells_of(Accept(candidate="ridge/pruned", baseline="logistic/given"), parse(params()))
    assert found == (("ridge", "pruned"), ("logistic", "given"))


@pytest.mark.parametrize(
    ("candidate", "baseline", "said"),
    [
        (None, "logistic/given", "names no candidate. Name both cells: ceteris accept"),
        ("ridge/given", None, "names no baseline"),
        ("ridge/given", "ridge/given", "Candidate and baseline are both 'ridge/given'"),
        ("ridge", "logistic/given", "accept.candidate is 'ridge', which names no cell"),
        ("ridge/given/1", "logistic/given", "accept.candidate is 'ridge/given/1', which names no cell"),
        ("rigde/given", "logistic/given", "names the model 'rigde', which params.yaml does not. Did you mean 'ridge'?"),
        ("ridge/purned", "logistic/given", "names the version 'purned', which no recipe makes. Did you mean 'pruned'?"),
        ("ridge/given", "logistic/aa", "accept.baseline is 'logistic/aa', and 'aa' is a control"),
        ("ridge/placebo-pruned", "logistic/given", "'placebo-pruned' is a control"),
        ("ridge/random-simulated", "logistic/given", "'random-simulated' is a control"),
    ],
)
def test_who_cannot_be_a_candidate_is_refused_in_a_sentence(candidate: str | None, baseline: str | None, said: str) -> None:
    with pytest.raises(CeterisError) as refusal:
        cells_of(Accept(candidate=candidate, baseline=baseline), parse(params()))
    assert said in str(refusal.value)


def test_what_was_typed_is_named_by_its_option_and_what_stands_in_the_file_by_its_line() -> None:
    accept = Accept(candidate="ridge/given", baseline="logistic")
    for typed, where in ((("baseline",), "--baseline is 'logistic'"), ((), "release.yaml: accept.baseline is 'logistic'")):
        with pytest.raises(ParamsError, match=where):
            cells_of(accept, parse(params()), typed)
    with pytest.raises(ParamsError, match=r"^The candidate names the version 'purned', .* Did you mean 'pruned'"):
        cells_of(Accept(candidate="ridge/purned", baseline="logistic/given"), parse(params()), ("candidate",))


def test_a_request_keeps_the_terms_of_the_same_two_cells_and_no_reason() -> None:
    known = Accept(candidate="a/x", baseline="b/x", at_least="no practical difference", because="cheap")
    assert asked(known, {"candidate": "a/x"}) == Accept(candidate="a/x", baseline="b/x", at_least="no practical difference")
    assert asked(known, {"candidate": "c/x"}) == Accept(candidate="c/x", baseline="b/x")
    assert asked(known, {"candidate": "a/x", "because": " as \n good"}).because == "as good"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"at_least": "harms"}, "--at-least is 'harms': input should be 'helps' or 'no practical difference'."),
        ({"because": " "}, "--because is ' ': say why, in a few words."),
        ({"because": "x" * 501}, f"--because is '{'x' * 76}...: string should have at most 500 characters."),
        ({"because": "\udce9"}, "--because is '\\udce9': input should be a valid string"),
        ({"at_least": "", "because": ""}, "--at-least is '': input should be"),
    ],
)
def test_an_option_that_cannot_be_is_named_as_it_was_typed(typed: dict[str, str], said: str) -> None:
    with pytest.raises(ParamsError) as refusal:
        asked(Accept(candidate="a/x", baseline="b/x"), typed)
    assert str(refusal.value).startswith(said)
    assert str(refusal.value).endswith("See: ceteris accept --help")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([], "release/release.yaml holds list, not sections. Write one section a stage: accept, serve."),
        ({"accept": {"candidat": "a/b"}}, "accept.candidat is not a known key. Did you mean 'candidate'?"),
        ({"acept": {}}, "acept is not a known key. Did you mean 'accept'?"),
        ({"accept": {"at_least": "harms"}}, "accept.at_least is 'harms'"),
        ({"accept": {"because": "  "}}, "accept.because: say why, in a few words"),
        ({"accept": {"because": "x" * 501}}, "accept.because is"),
        ({"accept": {"candidate": 3}}, "accept.candidate is 3"),
    ],
)
def test_what_release_yaml_may_not_say_is_named(content: Any, said: str) -> None:
    with pytest.raises(ParamsError) as refusal:
        parse_terms(content)
    assert said in str(refusal.value)
    assert str(refusal.value).endswith("of release/release.yaml.") or "sections" in said

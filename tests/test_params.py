"""What params.yaml may say, and how it is told what it may not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from small import REPOSITORY, params

from ceteris.errors import ParamsError
from ceteris.params import Params, parse
from ceteris.store import parse_yaml


def refusal(content: object) -> str:
    with pytest.raises(ParamsError) as refused:
        parse(content)
    return str(refused.value)


def with_value(path: str, value: object) -> dict[str, Any]:
    content: Any = json.loads(json.dumps(params()))
    here = content
    *parents, last = path.split(".")
    for key in parents:
        here = here[int(key)] if isinstance(here, list) else here.setdefault(key, {})
    here[last] = value
    return content


def test_the_projects_own_params_are_read() -> None:
    own = parse(parse_yaml((REPOSITORY / "params.yaml").read_text(encoding="utf-8"), "params.yaml"))
    assert own.compare.planned
    assert own.fix.steps()["given"] == ()


def test_every_section_of_the_projects_params_has_a_comment_beside_each_value() -> None:
    text = (REPOSITORY / "params.yaml").read_text(encoding="utf-8")
    bare = [
        line for line in text.splitlines()
        if line.startswith("  ") and line[2] not in " -#" and not line.rstrip().endswith(":") and "#" not in line
    ]  # fmt: skip
    assert [line for line in bare if not line.strip().startswith("title")] == []


def test_params_are_frozen() -> None:
    with pytest.raises(Exception, match="frozen"):
        parse(params()).split.seed = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("splt", {}, "splt is not a known key. Did you mean 'split'?"),
        ("split.validaton", 0.2, "split.validaton is not a known key. Did you mean 'validation'?"),
        ("ingest.plant.rat", 0.2, "ingest.plant.rat is not a known key. Did you mean 'rate'?"),
        ("train.models.logistic.parms", {}, "Did you mean 'params'?"),
        ("fix.recipes.pruned.0.stp", 1, "Did you mean 'step'?"),
        ("compare.planned.0.candidat", "x", "Did you mean 'candidate'?"),
        ("compare.workers", 2, "compare.workers is not a known key"),
    ],
)
def test_an_unknown_key_is_refused_with_its_path_and_the_nearest(path: str, value: object, said: str) -> None:
    assert said in refusal(with_value(path, value))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("train.seeds", 0, "train.seeds is 0. Input should be greater than or equal to 1."),
        ("train.seeds", -3, "train.seeds is -3."),
        ("train.seeds", 10**9, "less than or equal to 1000"),
        ("train.seeds", "10", "train.seeds is '10'. Input should be a valid integer"),
        ("train.seeds", True, "train.seeds is True."),
        ("split.validation", 0.0, "split.validation is 0.0. Input should be greater than 0"),
        ("split.test", 1.5, "split.test is 1.5. Input should be less than 0.9"),
        ("split.validation", float("nan"), "split.validation is nan."),
        ("split.seed", 2**32, "split.seed is 4294967296."),
        ("ingest.plant.rate", 0.6, "less than or equal to 0.5"),
        ("audit.folds", 1, "audit.folds is 1. Input should be greater than or equal to 2"),
        ("audit.folds", 101, "less than or equal to 100"),
        ("audit.filter_by", "best", "'prune_by_noise_rate'"),
        ("compare.metric", "acuracy", "'accuracy'"),
        ("compare.confidence", 1.0, "less than 1"),
        ("compare.review_rows", 5, "greater than or equal to 60"),
        ("fix.conflicts", "newest", "'latest' or 'majority'"),
        ("ingest.delimiter", ";;", "at most 1 character"),
        ("train.models.logistic.prepare", "scale", "'scaled'"),
        ("fix.recipes.simulated.0.rows", 0, "greater than or equal to 1"),
    ],
)
def test_a_value_out_of_range_is_refused_with_what_was_seen_and_the_range(path: str, value: object, said: str) -> None:
    told = refusal(with_value(path, value))
    assert told.startswith(f"params.yaml: {path}")
    assert said in told
    assert told.endswith("Change this line of params.yaml.")


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("split", {"validation": 0.5, "test": 0.5}, "leaves under 10 %"),
        ("train.models", {}, "models is empty"),
        ("compare.planned", [], "planned is empty"),
        ("train.models.a/b", {"estimator": "x"}, "names a folder"),
        ("train.models.../b", {"estimator": "x"}, "names a folder"),
        ("fix.recipes.aa", None, "is the name of a control"),
        ("fix.recipes.placebo-mine", None, "is the name of a control"),
        ("fix.recipes.random-mine", None, "is the name of a control"),
        ("validate.classes", ["ant", "bee", "ant"], "validate.classes: name two classes or more, each once"),
        ("validate.classes", ["ant"], "validate.classes: name two classes or more, each once"),
        ("fix.recipes.given", [{"step": "drop_flagged"}], "recipes must hold `given` with no steps"),
        ("fix.recipes.mine", [{"step": "drop_like"}], "needs `version`"),
        ("fix.recipes.mine", [{"step": "drop_like", "version": "nowhere"}], "which no recipe makes"),
        ("fix.recipes.mine", [{"step": "simulate_review"}], "needs `rows`"),
        ("fix.recipes.mine", [{"step": "apply_edits", "rows": 3}], "takes no `rows`"),
        ("fix.recipes.mine", [{"step": "consensus", "rows": 3}], "takes no `rows`"),
        ("review", {"rankings": []}, "rankings names one ranking or more, each once"),
        ("review", {"rankings": ["combined", "combined"]}, "rankings names one ranking or more, each once"),
        ("review", {"random": 0.7, "controls": 0.3, "flips": 0.2}, "random + controls + flips is 1.20"),
        ("compare.planned.0.candidate", "given", "are both 'given'"),
        ("compare.planned.0.candidate", "simulatd", "Did you mean 'simulated'?"),
        ("compare.planned.0.candidate", "aa", "names `aa`, which moves the seeds"),
        ("compare.planned.0.candidate", "placebo-nowhere", "names the version 'placebo-nowhere'"),
        ("compare.planned.0.model", "logstic", "Did you mean 'logistic'?"),
        ("compare.planned.0.version", "given", "names `model`, which is held fixed, and no `version`"),
        ("compare.planned.1.candidate", "simulated", "is planned twice"),
    ],
)
def test_lines_that_contradict_each_other_are_refused(path: str, value: object, said: str) -> None:
    content = with_value(path, value)
    if path.endswith("../b") or path.endswith("a/b"):
        content = params()
        content["train"]["models"][path.removeprefix("train.models.")] = value
    assert said in refusal(content)


def test_every_bad_line_is_told_at_once() -> None:
    content = with_value("train.seeds", 0)
    content["split"]["sed"] = 1
    told = refusal(content)
    assert "train.seeds is 0" in told
    assert "split.sed" in told
    assert told.endswith("Change these lines of params.yaml.")


def test_a_missing_section_is_named() -> None:
    content = params()
    del content["train"]
    assert "train is missing" in refusal(content)


@pytest.mark.parametrize("content", [None, [], "text", 3])
def test_what_holds_no_sections_is_refused(content: object) -> None:
    assert "Write one section a stage: ingest, validate" in refusal(content)


def test_a_huge_value_is_not_shown_whole() -> None:
    assert len(refusal(with_value("train.seeds", "9" * 10_000))) < 300


def test_a_planned_contrast_has_two_arms_and_a_name() -> None:
    first, _, model = parse(params()).compare.planned
    assert first.arms == (("logistic", "given"), ("logistic", "simulated"))
    assert first.name == "logistic.given.simulated"
    assert model.arms == (("logistic", "given"), ("ridge", "given"))
    assert isinstance(parse(params()), Params)

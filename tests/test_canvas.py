"""The ML canvas: what it says is what is run, or it says where not; what labels return never stands without its interval."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shown
from small import REPOSITORY, params, repository, run_stages
from test_report import Page, tables
from watched_world import draw, world

from ceteris.canvas.commands import PARTS
from ceteris.canvas.commands import canvas as command
from ceteris.canvas.drawn import Drawing, drawing, lines_of
from ceteris.canvas.form import form
from ceteris.canvas.page import canvas_page
from ceteris.canvas.parting import guards_of, partings, probabilities_of
from ceteris.canvas.reading import checked, read_canvas
from ceteris.canvas.returns import Returns, Together, together
from ceteris.canvas.terms import BLOCKS, Canvas, parse_canvas
from ceteris.canvas.told import returns_told, together_told
from ceteris.canvas.windows import metrics_of
from ceteris.errors import BadInputError, ParamsError
from ceteris.monitoring.settings import Monitor
from ceteris.monitoring.watched import watch
from ceteris.monitoring.windows import window_of
from ceteris.params import Params, parse
from ceteris.release.gate_terms import Gate
from ceteris.starting.params_file import changed
from ceteris.store import parse_yaml, read_params, read_table, read_yaml
from ceteris.telling.finding import Finding, findings
from ceteris.telling.report import Settings, render

DIGITS = read_params(REPOSITORY)


GATE = Gate(gap=0.1, latency_ms=250.0)


def said(**changed: dict[str, Any]) -> Canvas:
    """Return the shipped canvas with some keys of some blocks changed, and the guards of `Gate` in it."""
    content = read_yaml(REPOSITORY / "canvas.yaml")
    held = {"offline_evaluation": {"guards": {"gap": 0.1}}, "decisions": {"latency_ms": 250.0}}
    for block in content:
        if block != "when_not":
            content[block] = content[block] | held.get(block, {}) | changed.get(block, {})
    canvas = parse_canvas(content)
    assert canvas is not None
    return canvas


def parted(canvas: Canvas, of: Params = DIGITS, gate: Gate | None = GATE) -> list[str]:
    return [one.told for one in partings(canvas, of, gate)]


def test_the_shipped_canvas_says_what_is_run_and_fills_all_ten_blocks() -> None:
    canvas = read_canvas(REPOSITORY)
    assert canvas is not None and len(BLOCKS) == 10
    assert all(getattr(canvas, block) != getattr(Canvas(), block) for block in BLOCKS)
    assert [one.told for one in checked(REPOSITORY, canvas, DIGITS)] == []


@pytest.mark.parametrize(
    ("block", "key", "value", "told"),
    [
        ("data_sources", "source", "letters.csv", "is 'letters.csv', and ingest.source in params.yaml is 'digits'"),
        ("prediction_task", "labels", "numbers", "with ingest.label_type 'text' in params.yaml they are classes"),
        ("offline_evaluation", "metric", "macro_f1", "is 'macro_f1', and compare.metric in params.yaml is 'accuracy'"),
        ("offline_evaluation", "metric", None, "is null, and compare.metric in params.yaml is 'accuracy'"),
        ("live_evaluation", "model_metric", "r2", "is 'r2', and compare.metric in params.yaml is 'accuracy'"),
        ("decisions", "latency_ms", 50.0, "is 50, and release/release.yaml: gate.latency_ms is 250"),
        ("collecting_data", "labels", 200, "is 200, and fix.recipes.reviewed-simulated: rows in params.yaml is 300"),
        ("collecting_data", "check_labels", 60, "is 60, and compare.review_rows in params.yaml is 150"),
        ("collecting_data", "version", "pruned-by", "measures no data contrast of it. Did you mean 'pruned'?"),
        ("building_models", "models", ["forrest"], "train.models in params.yaml does not. Did you mean 'forest'?"),
        ("offline_evaluation", "guards", {"gap": 0.2}, "is 0.2, and release/release.yaml: gate.gap is 0.1"),
        ("offline_evaluation", "guards", {"gpa": 0.1, "gap": 0.1}, "release/release.yaml: gate. Did you mean 'gap'?"),
        ("offline_evaluation", "guards", None, "does not name gap, and release/release.yaml: gate.gap is 0.1"),
        ("offline_evaluation", "guards", {"gap": 0.1, "worst_slice": 0.8}, "release/release.yaml: gate.worst_slice is null"),
    ],
)  # fmt: skip
def test_each_line_that_says_something_else_is_told_with_both_and_no_other_is(
    block: str, key: str, value: Any, told: str
) -> None:
    assert parted(said()) == []
    found = partings(said(**{block: {key: value}}), DIGITS, GATE)
    assert [(one.block, one.key.split(".")[0]) for one in found] == [(block, key)]
    assert found[0].told.startswith(f"canvas.yaml: {block}.{key}") and found[0].told.endswith(told)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["logistic", "forest"], []),
        (None, []),
        (["logistic", "forest", "svc"], ["names 'svc', and that model gives none"]),
        ([], [f"does not name {one!r}, and that model gives a probability for each class" for one in ("forest", "logistic")]),
        (["logistic", "forest", "svm"], ["names 'svm', which was not measured. Did you mean 'svc'?"]),
    ],
)
def test_a_model_that_gives_no_probability_is_seen_by_what_was_measured(names: list[str] | None, told: list[str]) -> None:
    canvas, grid = said(prediction_task={"probabilities": names}), read_table(REPOSITORY / "results/compare/grid.csv")
    found = partings(canvas, DIGITS, GATE, probabilities_of(grid))
    assert [one.told for one in found] == [f"canvas.yaml: prediction_task.probabilities {one}" for one in told]
    assert all((one.block, one.key) == ("prediction_task", "probabilities") for one in found)
    assert partings(canvas, DIGITS, GATE) == []  # nothing was measured yet


def test_what_is_run_can_move_as_well_as_the_canvas() -> None:
    assert parted(said(), gate=Gate(gap=0.3, latency_ms=None)) == [
        "canvas.yaml: offline_evaluation.guards.gap is 0.1, and release/release.yaml: gate.gap is 0.3",
        "canvas.yaml: decisions.latency_ms is 250, and release/release.yaml: gate.latency_ms is null",
    ]
    told = parted(said(), parse(params()))
    assert any("ingest.source in params.yaml is 'data/source/mine.csv'" in one for one in told)
    assert any("names 'forest'" in one for one in told)


def test_guards_are_the_numbers_that_may_be_null_and_settings_of_a_gate_are_none() -> None:
    thresholds = dict.fromkeys(["worst_slice", "calibration", "size_mb", "load_per_second", "load_ms"])
    assert guards_of(GATE) == thresholds | {"gap": 0.1, "latency_ms": 250.0}


def test_guards_that_no_gate_holds_are_told() -> None:
    assert parted(said(), gate=None) == [
        "canvas.yaml: offline_evaluation.guards names 1, and there is no release/release.yaml to hold them"
    ]


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        ({"valu": {}}, "canvas.yaml: valu is not a known key. Did you mean 'value'?"),
        ({"value": {"fore": "x"}}, "canvas.yaml: value.fore is not a known key. Did you mean 'for'?"),
        (
            {"collecting_data": {"label_costs": 1.0}},
            "collecting_data.label_costs is not a known key. Did you mean 'label_cost'?",
        ),
        ({"decisions": {"volume": -1}}, "decisions.volume is -1. Input should be greater than or equal to 0."),
        ({"decisions": {"volume": float("nan")}}, "decisions.volume is nan. Input should be a finite number."),
        ({"decisions": {"volume": "many"}}, "decisions.volume is 'many'. Input should be a valid number."),
        ({"features": {"seen": "all"}}, "features.seen is 'all'"),
        ({"when_not": ["x" * 401]}, "when_not.0 is"),
        ({"value": {"for": ""}}, "value.for is ''"),
        ([], "canvas.yaml holds list, not sections."),
    ],
)
def test_what_a_canvas_may_not_say_is_named_with_the_nearest_that_it_may(content: Any, refusal: str) -> None:
    with pytest.raises(ParamsError) as refused:
        parse_canvas(content)
    assert refusal in str(refused.value)


@pytest.mark.parametrize("content", [None, {}, {"value": None, "when_not": None}, {"value": {"for": None}}])
def test_a_form_that_nobody_filled_in_is_no_canvas(content: Any) -> None:
    assert parse_canvas(content) is None


def test_a_new_project_starts_with_the_form_its_comments_kept_and_nothing_said() -> None:
    text, own = form(), (REPOSITORY / "canvas.yaml").read_text(encoding="utf-8")
    assert parse_canvas(parse_yaml(text, "canvas.yaml")) is None
    assert list(parse_yaml(text, "canvas.yaml")) == list(BLOCKS)
    assert text.count("(checked)") == own.count("(checked)") > 8
    assert "digits" not in text.replace("ingest", "")


def returns(low: float, high: float, **changed: float) -> Returns:
    held = {"labels": 300, "label_cost": 0.25, "label_minutes": 0.1, "volume": 10_000, "error_cost": 0.4} | changed
    return Returns(difference=(low + high) / 2, low=low, high=high, **held)


def test_what_labels_return_is_the_effect_times_what_was_set() -> None:
    of = returns(0.01, 0.03)
    assert (of.cost, of.hours) == (75.0, 0.5)
    assert of.gain == pytest.approx((80.0, 40.0, 120.0))
    assert of.months == pytest.approx((75 / 80, 75 / 120, 75 / 40))


@pytest.mark.parametrize(("low", "high"), [(-0.01, 0.02), (0.0, 0.02), (-0.02, 0.0), (-0.03, -0.01)])
def test_there_is_no_break_even_where_the_interval_is_not_above_zero(low: float, high: float) -> None:
    assert returns(low, high).months is None
    assert returns(low, high).told_apart == (high < 0)


def effect(low: float, high: float) -> list[Finding]:
    row = shown.effect("reviewed-simulated", (low + high) / 2, (high - low) / 2, labels_reviewed=300)
    return findings(pd.DataFrame([row]), {"reviewed-simulated"})


def told_of(low: float, high: float) -> list[str]:
    return returns_told(said(), effect(low, high), "classes", 0.95)


def test_cost_gain_and_break_even_are_told_with_the_interval_of_the_effect() -> None:
    assert told_of(0.01, 0.03) == [
        "Cost: 300 labels reviewed by a simulated reviewer at 0.25 EUR each: 75 EUR, and 0.5 hours of a person's time.",
        "Gain: +2.0 pp [+1.0, +3.0] (given \u2192 reviewed-simulated with model logistic, whatever is served;"
        " true labels: helps) \u00d7 10,000 predictions a month"
        " \u00d7 0.4 EUR an error: +80 EUR a month [+40, +120], 95 % interval.",
        "Break-even: after 0.94 months [0.62, 1.9].",
    ]


def test_an_interval_that_holds_zero_cannot_tell_when_labels_are_paid() -> None:
    cost, gain, even = told_of(-0.01, 0.02)
    assert cost.startswith("Cost: 300 labels")
    assert "+20 EUR a month [\u221240, +80]" in gain and "cannot tell" in gain
    assert even == (
        "Break-even: cannot tell, since the interval of the gain holds zero: at its upper end after 0.94 months, at its lower"
        " end never."
    )
    assert told_of(-0.03, -0.01)[2] == "Break-even: never, since reviewed-simulated costs more each month than given."


@pytest.mark.parametrize(
    ("canvas", "changed", "told"),
    [
        (said(decisions={"volume": None}), {}, "does not say decisions.volume (predictions a month)."),
        (said(collecting_data={"label_cost": None}), {}, "does not say collecting_data.label_cost (what a label costs)."),
        (said(collecting_data={"version": None}), {}, "names no version that labels were bought for"),
        (said(), {"planned": False}, "no planned data contrast of reviewed-simulated was measured in accuracy"),
        (said(), {"metric": "macro_f1"}, "no planned data contrast of reviewed-simulated was measured in accuracy"),
        (said(), {"low": np.nan, "high": np.nan}, "Cannot tell: the effect of reviewed-simulated has no interval"),
    ],
)
def test_nothing_is_computed_from_what_is_not_there(canvas: Canvas, changed: dict[str, Any], told: str) -> None:
    row = shown.effect("reviewed-simulated", 0.02, 0.01, labels_reviewed=300) | changed
    (only,) = returns_told(canvas, findings(pd.DataFrame([row])), "classes", 0.95)
    assert told in only
    assert "a month [" not in only


def test_errors_are_counted_in_accuracy_whatever_the_primary_metric_is() -> None:
    first = shown.effect("reviewed-simulated", 0.5, 0.1, labels_reviewed=300, metric="macro_f1")
    other = shown.effect("reviewed-simulated", 0.02, 0.01, labels_reviewed=300, planned=False)
    found = findings(pd.DataFrame([first, other]))
    assert "+80 EUR a month" in returns_told(said(), found, "classes", 0.95)[1]


def test_two_metrics_move_together_as_fisher_says() -> None:
    from scipy.stats import pearsonr

    rng = np.random.default_rng(3)
    model = rng.normal(size=40)
    business = model + rng.normal(size=40)
    found, oracle = together(business, model), pearsonr(business, model)
    bounds = oracle.confidence_interval(0.95)
    assert (found.correlation, found.low, found.high) == pytest.approx((oracle.statistic, bounds.low, bounds.high))
    assert found.windows == 40


def test_the_interval_of_a_correlation_holds_it_in_95_of_100_worlds() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(1000):
        model = rng.normal(size=20)
        found = together(0.6 * model + 0.8 * rng.normal(size=20), model)
        held += found.low <= 0.6 <= found.high
    assert 930 <= held <= 970


@pytest.mark.parametrize(
    ("business", "model", "windows"),
    [
        ([], [], 0),
        ([1, 2, 3], [1, 2, 4], 3),
        ([1, 1, 1, 1, 1], [1, 2, 3, 4, 5], 5),
        ([1, np.nan, 3, np.inf, 5], [1, 2, 3, 4, 5], 3),
    ],
)
def test_too_few_windows_or_a_metric_that_stands_still_cannot_tell(business: list, model: list, windows: int) -> None:
    found = together(np.array(business, dtype=float), np.array(model, dtype=float))
    assert math.isnan(found.correlation) and not found.known and found.windows == windows
    assert "cannot tell" in together_told(found, said(), 0.95)


def test_metrics_that_move_as_one_are_no_fault() -> None:
    assert together(np.arange(9.0), 2 * np.arange(9.0) + 1) == Together(1.0, 1.0, 1.0, 9)
    with pytest.raises(ValueError, match="one value a window"):
        together(np.arange(3.0), np.arange(4.0))


def test_a_correlation_is_told_with_its_interval_or_that_no_window_is_logged() -> None:
    names = "Correlation of letters delivered at the first attempt and accuracy"
    assert together_told(None, said(), 0.95) == f"{names}: no logged windows yet."
    assert together_told(Together(0.5, 0.2, 0.8, 30), said(), 0.95) == (
        f"{names} over 30 logged windows: +0.5 [+0.2, +0.8], 95 % interval."
    )
    assert together_told(Together(0.1, -0.2, 0.4, 30), said(), 0.95).endswith("cannot tell, since the interval holds zero.")


def test_windows_that_monitor_judged_are_taken_once_and_as_they_were_measured() -> None:
    of, rng, windows = world(600), np.random.default_rng(1), []
    name = "letters delivered at the first attempt"
    for place in range(3):
        raw = of.raw(draw(rng, 250, start=250 * place), labelled=1.0, first=1 + 250 * place)
        raw["outcomes"] = [json.dumps({name: float(right)}) for right in raw["label"] == raw["true"]]
        windows.append(watch(window_of(raw, of.schema), of.reference, of.schema, Monitor()))
    table = metrics_of([*windows, windows[1] | {"first": windows[1]["first"] + 9}], name, "accuracy")
    assert table.shape == (3, 2)
    assert table["business_metric"].tolist() == pytest.approx(table["model_metric"].tolist())
    assert together(table["business_metric"].to_numpy(), table["model_metric"].to_numpy()).windows == 3
    for names in (("other", "accuracy"), (name, "mae")):
        assert metrics_of(windows, *names).isna().any(axis=None)
    assert metrics_of([], name, "accuracy").empty


def drawn(canvas: Canvas | None = None) -> Drawing:
    of = canvas or said()
    return drawing(of, partings(of, DIGITS, GATE), effect(0.01, 0.03), DIGITS, together_told(None, of, 0.95))


def test_the_picture_holds_every_word_of_the_canvas_and_marks_the_lines_that_part() -> None:
    page = Page(canvas_page(drawn(said(offline_evaluation={"metric": "macro_f1"})), "Digits"))
    for block in BLOCKS:
        assert f"canvas-{block}" in {attrs.get("id") for attrs in page.all("h3")}
    for text in read_yaml(REPOSITORY / "canvas.yaml")["when_not"]:
        assert text in page.text
    assert "Metric: macro_f1 (differs)" in page.text and page.text.count("(differs)") == 1
    assert "It parts from what is run on 1 line." in page.text
    for fact in ("For a post office", "Latency, at most: 250 ms", "gap: 0.1", "Volume: 10,000 predictions a month"):
        assert fact in page.text
    guards = Page(canvas_page(drawn(said(offline_evaluation={"guards": {"gap": 0.2, "size_mb": None}})), "Digits")).text
    assert "gap: 0.2 (differs) size_mb: not asked" in guards and guards.count("(differs)") == 1
    assert "It says what is run." in Page(canvas_page(drawn(), "Digits")).text


def test_the_page_fetches_nothing_and_every_text_stays_text() -> None:
    hostile = said(value={"for": shown.HOSTILE[1], "who": "x" * 400}, building_models={"how": shown.HOSTILE})
    page = Page(canvas_page(drawn(hostile), "<b>"))
    assert {tag for tag, _ in page.tags} & {"script", "link", "iframe", "b"} == set()
    assert "<script>alert(1)</script>" in page.text
    assert not any("src" in attrs or "onload" in attrs for _, attrs in page.tags)


def test_the_report_shows_the_canvas_where_there_is_one() -> None:
    with_one, without = (render(tables(), {}, Settings(), canvas) for canvas in (drawn(), None))
    assert "Value proposition" in Page(with_one).text and "they say the same" in Page(with_one).text
    assert "canvas" not in Page(without).text and ".canvas" not in without


def test_a_terminal_is_told_the_same() -> None:
    lines = list(lines_of(drawn(said(offline_evaluation={"metric": "macro_f1"}))))
    assert lines[0] == "canvas.yaml and what is run part on 1 line:"
    assert lines[1].startswith("  canvas.yaml: offline_evaluation.metric is 'macro_f1'")
    assert [line.partition(":")[0] for line in lines[2:5]] == ["Cost", "Gain", "Break-even"]
    assert next(iter(lines_of(drawn()))) == "canvas.yaml and what is run say the same: metric, guards, budgets"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with everything but its report, and no canvas."""
    root = repository(tmp_path_factory.mktemp("canvas") / "repository")
    run_stages(root, "ingest", "validate", "split", "audit", "fix", "train", "compare")
    return root


def test_the_report_stage_tells_or_refuses_as_params_say_and_needs_no_canvas(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = made / "reports/report.html"
    run_stages(made, "report")
    assert "Value proposition" not in report.read_text(encoding="utf-8")
    (made / "canvas.yaml").write_text((REPOSITORY / "canvas.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    run_stages(made, "report")
    assert "report: canvas.yaml: data_sources.source is 'digits'" in capsys.readouterr().err
    assert "they part on" in report.read_text(encoding="utf-8")
    (made / "params.yaml").write_text(json.dumps(params(report={"canvas": "refuse"})))
    before = report.read_bytes()
    with pytest.raises(ParamsError, match=r"(?s)part:\n  canvas\.yaml: .*report\.canvas: tell"):
        run_stages(made, "report")
    assert report.read_bytes() == before


def test_the_command_ends_with_9_where_it_parts_and_keeps_its_page_where_the_report_links_to(
    made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(made)
    (made / "params.yaml").write_text(json.dumps(params()))
    text = (REPOSITORY / "canvas.yaml").read_text(encoding="utf-8")
    (made / "canvas.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        command(windows=None, page=None)
    assert ended.value.code == PARTS == 9
    assert "no logged windows yet" in capsys.readouterr().out
    assert "Value proposition" in (made / "comparisons/canvas.html").read_text(encoding="utf-8")
    assert "canvas.html" in (made / "comparisons/index.html").read_text(encoding="utf-8")
    together_file = tmp_path / "windows.csv"
    together_file.write_text("letters,accuracy\n" + "".join(f"{n},{n % 3}\n" for n in range(9)), encoding="utf-8")
    with pytest.raises(BadInputError, match=r"has no column 'letters delivered.*live_evaluation\.business_metric"):
        command(windows=together_file, page=None)
    together_file.write_text("", encoding="utf-8")
    with pytest.raises(BadInputError, match=r"windows\.csv is no table"):
        command(windows=together_file, page=None)
    together_file.write_text("letters,accuracy\n" + "".join(f"{n},{n % 3}\n" for n in range(9)), encoding="utf-8")
    fitting = {
        ("data_sources", "source"): "data/source/mine.csv", ("building_models", "models"): ["ridge"],
        ("prediction_task", "probabilities"): ["logistic"],
        ("collecting_data", "version"): "simulated", ("collecting_data", "labels"): 20,
        ("offline_evaluation", "guards"): None, ("live_evaluation", "business_metric"): "letters",
    }  # fmt: skip
    (made / "canvas.yaml").write_text(changed(text, fitting), encoding="utf-8")
    capsys.readouterr()
    command(windows=together_file, page=tmp_path / "page.html")
    told = capsys.readouterr().out
    assert "say the same" in told and "Cost: 20 labels" in told and "over 9 logged windows: " in told
    assert "It says what is run." in (tmp_path / "page.html").read_text(encoding="utf-8")
    (made / "canvas.yaml").write_text(form(), encoding="utf-8")
    with pytest.raises(BadInputError, match="holds nothing that is filled in"):
        command(windows=None, page=None)

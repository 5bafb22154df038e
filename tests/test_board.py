"""The exchange-rate board of a repository: reviews simulated or of people, trials of the past, in words, figure and page."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shown
from clone import Clone
from reviewers import answer
from test_shown_experiments import drawn

import ceteris
from ceteris import plots
from ceteris.dataset import ID
from ceteris.editing.answers import random_rows
from ceteris.errors import BadInputError
from ceteris.experiments.board import read_board
from ceteris.experiments.board_page import board_page
from ceteris.experiments.board_shown import advice_told, board_shown
from ceteris.experiments.reviewing import Reviewing
from ceteris.measuring.budget import PEOPLE, SIMULATED, Board, Trial, budget_curve
from ceteris.measuring.effect import Effect, paired_effect
from ceteris.plots.board import BOARD_WIDTH, exchange_board


def read(root: Path, most: int = 20) -> Board:
    return read_board(root, Reviewing(root), most)


def no_truth(repo: Path) -> None:
    """Take the true labels of the train rows away."""
    path = repo / "data/split/truth-train.parquet"
    pd.read_parquet(path).head(0).to_parquet(path)


def test_simulated_reviews_end_in_the_effect_that_the_pipeline_measured(repo: Path) -> None:
    board = read(repo)
    assert board.answered_by == SIMULATED
    assert board.curve is not None
    effects = ceteris.open(repo).effects(axis="data", planned=True)
    known = effects[(effects["candidate_version"] == "simulated") & (effects["metric"] == "accuracy")].set_index("scored_on")
    value = ceteris.open(repo).grid("accuracy", "true").loc["logistic", "given"]
    assert (board.left_to_gain, board.scored_on) == (pytest.approx(1 - value, abs=1e-6), "true")
    last = board.curve.points[-1]
    assert last.reviews == 20
    assert last.ranked.difference == pytest.approx(known.loc["true", "difference"], abs=1e-6)
    assert last.ranked.low == pytest.approx(known.loc["true", "low"], abs=1e-6)
    assert last.random is not None


def test_the_models_of_params_are_trials_with_the_seconds_that_they_took(repo: Path) -> None:
    board = read(repo)
    (trial,) = board.trials
    effects = ceteris.open(repo).effects(axis="model", planned=True)
    known = effects[(effects["metric"] == "accuracy") & (effects["scored_on"] == "true")].iloc[0]
    assert (trial.name, trial.effect.axis) == ("ridge", "model")
    assert trial.effect.difference == pytest.approx(known["difference"], abs=1e-6)
    times = pd.read_csv(repo / ".ceteris/times.csv")
    took = times[(times["model"] == "ridge") & (times["version"] == "given")]["cpu_seconds"]
    assert trial.cpu_seconds == pytest.approx(took.iloc[-1])


def test_people_are_taken_in_their_order_where_no_truth_is_known(repo: Path) -> None:
    answer(repo, "ann", slice(0, 30))
    no_truth(repo)
    board = read(repo, 100)
    assert board.answered_by == PEOPLE
    assert board.curve is not None
    assert [point.reviews for point in board.curve.points] == [25, 30]
    assert board.curve.area is None
    reviewed = ceteris.open(repo)
    assert reviewed.budget(100)["arm"].tolist() == ["ranked", "ranked", "ridge"]


def test_nobody_and_no_truth_is_a_board_of_trials_alone(repo: Path) -> None:
    no_truth(repo)
    board = read(repo)
    assert board.curve is None
    assert len(board.trials) == 1
    assert "Nobody has reviewed a train row yet" in drawn(board_shown(board))
    assert "no reviews show what a label is worth (ceteris queue train)" in advice_told(board)


def test_people_s_ranked_and_random_answers_are_compared(repo: Path) -> None:
    train = pd.read_parquet(repo / "data/split/train.parquet", columns=[ID])[ID]
    chance = random_rows(list(train), [], 30)
    places = {name: place for place, name in enumerate(train)}
    answer(repo, "ann", slice(0, 40), only_wrong=False)
    for batch, name in enumerate(chance):
        answer(repo, "bob", slice(places[name], places[name] + 1), batch=str(batch), source="random")
    board = read(repo, 100)
    assert board.answered_by == PEOPLE
    assert board.curve is not None
    assert [(point.reviews, point.random is not None) for point in board.curve.points] == [(25, True), (30, True), (40, False)]
    assert (board.curve.drawn_from, board.curve.compared_to) == (30, 30)
    assert board.curve.area is not None
    text = " ".join(drawn(board_shown(board)).split())
    assert "answers of people in their order, beside those to random rows" in text
    assert "drawn for each seed from the 30 that were answered" in text


def test_all_answers_to_the_head_of_the_random_order_are_worth_what_the_data_with_them_is(repo: Path) -> None:
    train = pd.read_parquet(repo / "data/split/train.parquet", columns=[ID])[ID]
    places = {name: place for place, name in enumerate(train)}
    head = random_rows(list(train), [], 40)
    before = answer(repo, "ann", slice(0, 60))
    for batch, name in enumerate(head):
        if name not in before or name == head[-1]:  # the others were asked for by a ranking, and are passed over
            answer(repo, "bob", slice(places[name], places[name] + 1), batch=str(batch), source="random")
    assert 5 < len(set(head) & set(before)) < 35
    board = read(repo, 40)
    assert board.curve is not None
    reviewing = Reviewing(repo)
    mine = reviewing.moving["id"].isin(head).to_numpy()
    none, fixed = reviewing.scores([reviewing.given, reviewing.patch(reviewing.moving).training(mine)])
    last = board.curve.points[-1]
    assert last.reviews == 40 and last.random is not None
    assert last.random.difference == pytest.approx(fixed.mean() - none.mean(), abs=1e-9)


def test_every_model_of_the_past_that_was_trained_on_these_labels_is_a_trial_once(past: Clone, tmp_path: Path) -> None:
    root = past.copy(tmp_path / "past").root
    board = read(root)
    names = [trial.name for trial in board.trials]
    # Not: the same model by another name, other data, other seeds, other code; `both` tried what `softer` had.
    assert sorted(names) == ["added: stump", "softer: logistic", "tree"]
    assert board.unread == 0
    assert not any(math.isnan(trial.cpu_seconds) for trial in board.trials if trial.name != "softer: logistic")
    with pytest.raises(BadInputError, match=r"'HEAD' is open\. Open it without rev"):
        ceteris.open(root, rev="HEAD").budget(20)
    line = ceteris.open(root).experiments().set_index("name").loc["softer"]
    if line["baseline"] == "logistic/given":
        softer = next(trial.effect for trial in board.trials if trial.name == "softer: logistic")
        assert softer.difference == pytest.approx(line["difference"])


def measured(gain: float) -> Effect:
    rng = np.random.default_rng(int(1000 * abs(gain)))
    arms = [((np.arange(400) < 400 * share) ^ (rng.random((6, 400)) < 0.03)).astype(float) for share in (0.6, 0.6 + gain)]
    return paired_effect(*arms)


def board(n_trials: int = 4, curve: bool = True, **changed: object) -> Board:
    base = np.tile(np.arange(400) < 240, (6, 1)).astype(float)
    arms = {k: np.tile(np.arange(400) < 240 + k // 10, (6, 1)).astype(float) for k in (25, 100, 400)}
    half = {k: np.tile(np.arange(400) < 240 + k // 20, (6, 1)).astype(float) for k in (25, 100)}
    names = [*shown.HOSTILE, *(f"exp-{place}: logistic" for place in range(40))]
    trials = tuple(Trial(names[place], measured(0.02 * place - 0.3), 10.0 + place) for place in range(n_trials))
    made = Board(
        budget_curve(base, arms, half) if curve else None,
        PEOPLE,
        trials,
        0.4,
        metric="accuracy",
        model="linear",
        scored_on="given",
    )
    return dataclasses.replace(made, **changed)  # type: ignore[arg-type]


BOARDS = {
    "few": board(),
    "many": board(30),
    "nobody": board(0, curve=False),
    "untimed": board(trials=tuple(Trial("a", measured(0.1)) for _ in range(2))),
    "nats": board(metric="log_loss"),
    "long": board(10, model="a model whose name is long, and then goes on and on", scored_on="verified (disagreements)"),
}


@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.parametrize("theme", plots.THEMES, ids=lambda theme: theme.name)
def test_the_figure_is_valid_repeatable_and_stays_on_its_sheet(name: str, theme: plots.Theme) -> None:
    figure = exchange_board(BOARDS[name], theme=theme)
    svg = plots.to_svg(figure)
    assert svg == plots.to_svg(exchange_board(BOARDS[name], theme=theme))
    assert ET.fromstring(svg).tag.endswith("svg")
    assert theme.surface in svg
    width, height = figure.get_size_inches() * figure.dpi
    assert width == pytest.approx(BOARD_WIDTH * figure.dpi)
    for text in figure.axes[0].texts:
        if not re.search(r"[^\x00-\u05ff\u2000-\u2bff]|\u05e2", text.get_text()):
            box = text.get_window_extent(figure._get_renderer())  # type: ignore[attr-defined]
            assert box.x0 >= -1 and box.x1 <= width + 1 and box.y0 >= -1 and box.y1 <= height + 1, text.get_text()


def said(figure: object) -> str:
    tree = ET.fromstring(plots.to_svg(figure))  # type: ignore[arg-type]
    return "\n".join("".join(node.itertext()) for node in tree.iter("{http://www.w3.org/2000/svg}text"))


def test_the_figure_says_where_review_pays_and_what_the_ranking_is_worth() -> None:
    found = BOARDS["few"]
    assert found.curve is not None and found.curve.area is not None
    text = said(exchange_board(found))
    assert f"helps from {found.curve.pays_from} on" in text
    assert f"{100 * found.curve.area.difference:+.1f} pp" in text
    assert "10 min" in text and "CPU seconds of all trials so far" in text
    assert "1 $\\frac{$" in text
    assert "Nobody has reviewed a row yet" in said(exchange_board(BOARDS["nobody"]))
    assert "No trial's CPU time is known here." in said(exchange_board(BOARDS["untimed"]))
    assert "positive: lower log-loss" in said(exchange_board(BOARDS["nats"]))


def test_of_many_trials_those_are_named_that_were_the_best() -> None:
    text = said(exchange_board(BOARDS["many"]))
    assert "30 exp-19" in text
    assert "frac" not in text  # the first of them is worse than the baseline


@pytest.mark.parametrize("name", BOARDS)
def test_the_page_holds_the_figure_and_the_numbers_and_nothing_from_elsewhere(name: str) -> None:
    page = board_page(BOARDS[name])
    assert page == board_page(BOARDS[name])
    assert page.count("data:image/svg+xml;base64,") == 2
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")
    for trial in BOARDS[name].trials[:3]:
        assert f"{100 * trial.effect.difference:+.1f}".replace("-", "\u2212") in page or name == "nats"


@pytest.mark.parametrize(("width", "lines"), [(80, 4), (120, 3)])
def test_the_board_fits_its_terminal(width: int, lines: int) -> None:
    text = drawn(board_shown(BOARDS["few"], width), width)
    assert max(len(line) for line in text.splitlines()) <= width
    rows = text.splitlines()
    first = next(place for place, line in enumerate(rows) if line.strip().startswith("25 "))
    second = next(place for place, line in enumerate(rows) if line.strip().startswith("100 "))
    assert second - first == lines - 1
    assert "\x1b" not in text


def test_the_advice_names_its_evidence() -> None:
    text = advice_told(BOARDS["few"])
    assert "from 400 of the 460 labels reviewed so far" in advice_told(dataclasses.replace(BOARDS["few"], reviewed=460))
    assert "from the 400 labels reviewed so far" in text and "from 4 trials of models" in text
    assert "accuracy with the model linear held fixed, scored on given labels" in text
    assert re.search(r"The chance that reviewing gains more: \d+ %", text)
    assert "The reviewer is simulated" not in text
    assert advice_told(board(answered_by=SIMULATED)).endswith("The reviewer is simulated.")


def test_the_command_writes_both_themes_and_a_page(repo: Path, ceteris_) -> None:
    done = ceteris_("budget", "--most", "20", "--figure", "out/board.svg", "--page", "out/board.html")
    assert not Path("comparisons").exists()
    assert done.code == 0, done.err
    assert "What reviewed labels are worth: a simulated reviewer" in done.out
    assert sorted(path.name for path in Path("out").iterdir()) == ["board-dark.svg", "board-light.svg", "board.html"]
    told = ceteris_("budget", "--figure", "board.png")
    assert (told.code, "Name an SVG file" in told.err) == (2, True)
    assert ceteris_("next", "--most", "20").out.startswith(("Review", "Tune", "Cannot tell"))


def test_the_page_is_kept_among_the_comparisons_where_git_does_not_see_it(repo: Path, ceteris_) -> None:
    assert "The page: comparisons/board~logistic.html\n" in ceteris_("budget", "--most", "20").out
    page = (repo / "comparisons/board~logistic.html").read_text(encoding="utf-8")
    assert '<a href="index.html">All comparisons</a>' in page
    listed = (repo / "comparisons/index.html").read_text(encoding="utf-8")
    assert '<a href="board~logistic.html">' in listed and "100 more labels are expected to gain" in listed
    assert (repo / "comparisons/.gitignore").read_text() == "*\n"


def test_the_advice_is_given_as_one_object(repo: Path, ceteris_) -> None:
    found = json.loads(ceteris_("next", "--most", "20", "--json").out, parse_constant=pytest.fail)
    board = read(repo)
    assert (found["advice"], found["told"]) == (board.advice.verdict, advice_told(board))
    assert board.advice.labels is not None
    assert (found["labels"], found["labels_evidence"]) == (board.advice.labels.expected, board.advice.labels.evidence)
    assert (found["trials"], found["trials_low"], found["trials_evidence"]) == (None, None, "")  # one trial tells nothing
    assert (found["metric"], found["model"], found["scored_on"]) == ("accuracy", "logistic", "true")

"""The table of experiments in a terminal, drawn from literal lines: numbers, refusals, and hostile names as text."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from revisions import N_ROWS, SETTINGS, World, cell, judging, never, snapshot, version
from rich.console import Console, RenderableType
from shown import HOSTILE

from ceteris.errors import BadInputError
from ceteris.experiments.comparison import compared
from ceteris.experiments.shown import shown, side_by_side
from ceteris.experiments.snapshot import NotCachedError, Snapshot
from ceteris.experiments.table import Line, judged, lines
from ceteris.telling.wording import literal, visible

BASE = snapshot("base", parent="")
ROWS = judging()


def drawn(what: RenderableType, width: int = 160) -> str:
    """Return what a terminal without colours shows."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(what)
    return console.file.getvalue()  # type: ignore[attr-defined]


def told(*trials: Snapshot, spoil: Any = lambda _: None) -> list[Line]:
    every = [BASE, *trials]
    world = World({(one.rev, *name): cell(ROWS, range(30)) for one in every for name in one.cells})
    for one in trials:
        world.cells |= {key: cell(ROWS, range(12)) for key in world.cells if key[:2] == (one.rev, "logistic")}
    spoil(world)
    return judged(lines(every, world.past, SETTINGS), [], SETTINGS)[0]


def better(name: str, **changed: Any) -> Snapshot:
    return snapshot(name, **({"models": {"logistic": "m1b", "tree": "m2"}} | changed))


def test_a_line_has_its_axis_words_effects_and_verdict() -> None:
    text = drawn(shown(told(better("softer", reviewed=1200)), "accuracy"))
    assert "Effects on accuracy, scored on given labels" in text
    row = next(line for line in text.splitlines() if line.startswith("  softer"))
    assert "model" in row and row.count("+30.0 pp") == 2 and "1,200" in row
    assert "on base" in text and "logistic: the source of its estimator" in text and "helps" in text


def test_a_narrow_terminal_leaves_the_first_run_out() -> None:
    row = next(line for line in drawn(shown(told(better("softer")), "accuracy", 80), 80).splitlines() if "softer" in line)
    assert row.count("+30.0 pp") == 1


def test_a_confounded_pair_has_no_number_but_its_missing_corners() -> None:
    text = drawn(shown(told(better("both", versions={"given": "d1", "reviewed": "d2"})), "accuracy"))
    assert "logistic of base on reviewed of both must be trained: --run-missing" in " ".join(text.split())
    assert "pp" not in text


def test_a_confounded_pair_with_its_corners_tells_its_parts() -> None:
    corner = snapshot("corner", versions={"given": "d1", "reviewed": "d2"})
    both = better("both", versions={"given": "d1", "reviewed": "d2"})
    text = " ".join(drawn(shown(told(corner, both), "accuracy")).split())
    assert "both: data and model both moved: data +30.0 pp [" in text
    assert ", model +30.0 pp [" in text and ", interaction \u221230.0 pp [" in text


def test_what_cannot_be_measured_is_said_below_and_the_rest_is_shown() -> None:
    def spoil(world: World) -> None:
        del world.cells["lost", "logistic", "given"]

    lost, softer = better("lost"), better("softer")
    broken = snapshot("broken", fault=BadInputError("dvc.lock of broken\nnames no stages.", "Make it anew: dvc repro"))
    text = " ".join(drawn(shown(told(lost, softer, broken, spoil=spoil), "accuracy")).split())
    assert "lost: What lost made is not in the DVC cache. Bring it with dvc repro." in text
    assert "broken is not read: dvc.lock of broken names no stages. Make it anew: dvc repro" in text
    assert "+30.0 pp" in text


def test_of_many_faults_five_are_told_and_the_others_counted() -> None:
    faults = [snapshot(f"f{n}", fault=BadInputError("No.", "Do.")) for n in range(9)]
    text = drawn(shown(told(*faults), "accuracy"))
    assert text.count("is not read") == 5
    assert "and 4 more are not read: ceteris experiments --json" in text


def absent(name: str, *, remote: bool = False, **of: Any) -> Snapshot:
    return snapshot(name, fault=NotCachedError(f"What {name} made is not in the DVC cache.", "Bring it.", remote=remote), **of)


def test_runs_that_are_in_no_cache_are_one_sentence_with_the_command_that_brings_them() -> None:
    many = [absent(f"c{n}", remote=True) for n in range(40)]
    found = told(better("softer"), *many, absent("exp", remote=True, experiment=True))
    text = " ".join(drawn(shown(found, "accuracy")).split())
    assert (
        "What 2 runs made is here; what 40 commits and 1 experiment made is not, since git clones no results (exp, c39, c38, "
        "c37, c36 and 36 more); to fetch it: dvc fetch --all-commits && dvc exp pull --all-commits origin"
    ) in text
    assert "is not read" not in text


def test_a_clone_that_was_just_run_reads_like_a_beginning() -> None:
    lines = [Line(absent("c1"), None, "gone"), Line(snapshot("main"), None, "the first run that can be read here")]
    text = " ".join(drawn(shown(lines, "accuracy")).split())
    assert text.startswith("Effects on accuracy: none yet ")
    assert (
        "What main made is here; what 1 commit made is not, since git clones no results (c1); DVC knows no remote to fetch it "
        "from; to make the newest of it anew: git checkout c1 && dvc repro && git checkout - && dvc checkout"
    ) in text


def test_where_no_run_can_be_read_there_is_no_empty_table() -> None:
    text = drawn(shown([Line(snapshot("one", fault=BadInputError("No.", "Do.")), None, "No.")], "accuracy"))
    assert "No run can be read here" in text and "one is not read: No. Do." in text and "experiment" not in text


def test_a_repository_without_a_run_is_told_what_to_do() -> None:
    assert "No commit or experiment holds a run yet. Make one: dvc repro" in drawn(shown([], "accuracy"))


def test_what_moved_no_training_is_no_note() -> None:
    assert "nothing moved" not in drawn(shown(told(snapshot("renamed", models={"a": "m1", "b": "m2"})), "accuracy"))


@pytest.mark.parametrize("name", [*HOSTILE, "[bold red]", "[link=x]y[/link]", "[", "\\[", "a\nb"])
def test_hostile_names_are_drawn_literally(name: str) -> None:
    fault = snapshot("fault", fault=BadInputError(f"{name} is odd.", "Mend it."))
    found = told(snapshot("one", models={name: "m1b", "tree": "m2"}), fault)
    text = drawn(shown([*found, Line(snapshot(name), BASE, name)], "accuracy"), 300)
    assert "\x1b" not in text and "\u202e" not in text
    assert literal(name) in text
    assert f"{visible(' '.join(name.split()))} is odd" in text


@pytest.mark.parametrize("name", [*HOSTILE, "[bold red]", "a\nb"])
def test_hostile_names_are_drawn_literally_side_by_side(name: str) -> None:
    rows = judging([name, *(f"v{row}" for row in range(N_ROWS - 1))], classes=("ant", "bee", name))
    base = snapshot(name, rows=rows, models={name: "m1"}, versions={name: "d1"})
    child = snapshot("child", rows=rows, models={name: "m1"}, versions={name: "d2"})
    cells = {(name, name, name): cell(rows, range(30)), ("child", name, name): cell(rows, range(12))}
    tables = {(name, name): version(**{name: "ant"}), ("child", name): version(**{name: name})}
    features = pd.DataFrame({name: [name] * N_ROWS}, index=list(rows.ids))
    found = compared(
        base, child, World(cells, tables).past, never, SETTINGS, batches={(name, name): name}, features=lambda _: features
    )
    text = drawn(side_by_side(found, "accuracy"), 300)
    assert "\x1b" not in text and "\u202e" not in text
    assert f"{literal(name)} \u2192 child: data" in text
    assert f"{literal(name)} = {literal(name)}" in text or literal(f"{name} = {name}") in text


def test_side_by_side_shows_effect_reason_and_what_changed_beside_it() -> None:
    tables = {("base", "given"): version(a="ant", b="bee"), ("child", "reviewed"): version(a="bee", b="bee")}
    child = snapshot("child", versions={"given": "d1", "reviewed": "d2"})
    cells = {(one.rev, *name): cell(ROWS, range(30)) for one in (BASE, child) for name in one.cells}
    cells["child", "logistic", "reviewed"] = cell(ROWS, range(12))
    features = pd.DataFrame({"size": np.arange(N_ROWS, dtype=float)}, index=list(ROWS.ids))
    found = compared(BASE, child, World(cells, tables).past, never, SETTINGS, features=lambda _: features)
    text = drawn(side_by_side(found, "accuracy"))
    head = ("base \u2192 child: data", "what changed: 1 label", "logistic/given \u2192 logistic/reviewed")
    worth = ("helps", "moved: training data; the same: model recipe, seeds", "why: the interval lies above 0")
    diff = ("train rows changed: 1, by class", "validation rows flipped: 18, on given labels, by class", "size 14.75 to 29.5")
    for words in head + worth + diff:
        assert words in text, words

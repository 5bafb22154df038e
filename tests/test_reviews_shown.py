"""Credit in a terminal: batches with the commands that take the harmful ones back, and one person's own answers."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from reviewers import answer
from shown import HOSTILE
from test_shown_experiments import drawn

from ceteris.experiments.reviews_shown import answers_shown, credit_shown
from ceteris.measuring.contribution import Answered
from ceteris.measuring.credit import Credit
from ceteris.measuring.effect import Effect, paired_effect
from ceteris.telling.wording import literal

BASE = np.tile(np.arange(400) < 200, (6, 1)).astype(float)
HELPS, HARMS, NOTHING = (
    paired_effect(BASE, np.tile(np.arange(400) < right, (6, 1)).astype(float)) for right in (240, 160, 205)
)


def credit(name: str, effect: Effect, shares: bool = True) -> Credit:
    return Credit(name, 12, effect, effect, effect if shares else None)


def test_a_harmful_batch_comes_with_the_command_that_takes_it_back() -> None:
    text = drawn(credit_shown([credit("eve/1", HARMS), credit("ann/1", HELPS)], "batch", "accuracy", "beside"), 200)
    assert "eve/1 harms. To take it back: ceteris edits revert --reviewer YOUR-NAME eve/1" in text
    assert text.count("To take it back") == 1


@pytest.mark.parametrize("name", ["a class", "it's", "-1", "x; rm -rf .", "$HOME", "3 -> 8"])
def test_the_command_is_what_a_shell_reads_as_that_name(name: str) -> None:
    text = drawn(credit_shown([credit(name, HARMS)], "class", "accuracy", "beside"), 400)
    command = shlex.split(text.split("To take it back: ")[1].splitlines()[0])
    assert command[-1] == name
    assert command[:5] == ["ceteris", "edits", "revert", "--by", "class"]
    assert ("--" in command) == name.startswith("-")


def test_too_many_batches_and_sampled_orders_are_said() -> None:
    many = [credit(f"b{place}", HELPS, shares=False) for place in range(9)]
    assert "9 batches are too many" in drawn(credit_shown(many, "batch", "accuracy", "beside"), 200)
    sampled = [credit(f"b{place}", HELPS) for place in range(9)]
    assert "orders that each seed draws" in drawn(credit_shown(sampled, "batch", "accuracy", "beside"), 200)
    assert "orders" not in drawn(credit_shown(sampled[:7], "batch", "accuracy", "beside"), 200)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_drawn_literally(name: str) -> None:
    text = drawn(credit_shown([credit(name, HARMS)], "class", "accuracy", "beside"), 400)
    assert literal(name) in text and "\x1b" not in text and "\u202e" not in text


def answers(n_moving: int) -> Answered:
    actions = ["relabel"] * (n_moving - 1) + ["drop", "confirm", "confirm", "unsure", "relabel"]
    frame = pd.DataFrame({"id": [f"r{place}" for place in range(len(actions))], "action": actions, "batch": "1"})
    frame = frame.assign(given_label="ant", new_label=np.where(frame["action"] == "drop", "", "bee"), reviewer="ada")
    flipped = pd.DataFrame({"id": ["v1", "v2", "v3"], "flip": ["turned right", "turned right", "turned wrong"]})
    effects = [HELPS, *[NOTHING] * (n_moving - 2), HARMS]
    return Answered("ada", frame, frame.head(n_moving), HELPS, effects, flipped)


def test_what_is_certain_is_summed_up_and_each_answer_is_told() -> None:
    text = " ".join(drawn(answers_shown(answers(5), "accuracy", "beside"), 200).split())
    assert (
        "Of 9 answers, 5 changed a row; 2 confirmed what was given; 1 said unsure; 1 asked for what the data hold by now."
        in text
    )
    assert "Together they moved accuracy by +10.0 pp" in text
    assert "Validation rows that turned right by them: 2; wrong: 1." in text
    assert "One by one, 1 helped and 1 harmed; of 3 it cannot be told." in text
    assert "r0 ant -> bee 1 +10.0 pp" in text and "r4 ant dropped 1 \u221210.0 pp" in text
    assert "Banzhaf" in text and "Holm" in text and "more that gained" not in text


def test_of_many_answers_those_are_listed_that_gained_or_cost_most() -> None:
    found = answers(40)
    text = drawn(answers_shown(found, "accuracy", "beside"), 200)
    assert "and 20 more that gained or cost less: ceteris credit --reviewer ada --all" in text
    assert "r0 " in text and "r39 " in text
    assert "and 20 more" not in drawn(answers_shown(found, "accuracy", "beside", every=True), 200)


def test_a_person_sees_their_own_answers_and_nobody_else(repo: Path, ceteris_) -> None:
    answer(repo, "ann", slice(0, 6), only_wrong=True)
    answer(repo, "eve", slice(60, 80), wrong=True)
    done = ceteris_("credit", "--reviewer", "ann")
    assert done.code == 0, done.err
    assert "Of 6 answers, 6 changed a row." in done.out and "eve" not in done.out
    assert "cells to train" in done.err
    assert "eve/1" in ceteris_("credit").out

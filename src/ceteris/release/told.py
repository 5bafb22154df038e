"""What the looks at the test part said, in a few sentences for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ceteris.measuring.verdicts import HELPS
from ceteris.metrics import METRICS
from ceteris.release.guards import Guard, opens
from ceteris.telling.wording import amount, count, interval, labels_of, literal, metric_name, orientation, percent, upper_first

__all__ = ["gate_told", "looks_told", "told"]


def told(found: Mapping[str, Any]) -> list[str]:
    """Return the verdict on the test part and all that a reader must know of it, a sentence a line."""
    question, test = found["question"], found["test"]
    head = "accepted" if found["accepted"] else "not accepted"
    lines = [f"{head}: {question['candidate']} in place of {question['baseline']} moved {_effect(test)}: {test['verdict']}"]
    if not found["accepted"]:
        asked = "" if question["at_least"] == "helps" else f" (asked for: at least {question['at_least']})"
        lines.append(f"  {upper_first(_signed(test['reason']))}{asked}")
    if "net" in test:
        net = f"{amount(test['net'], test['metric'])} {interval(test['net_low'], test['net_high'], test['metric'])}"
        lines.append(f"  against as many rows dropped at random: {net}")
    if found["given"]:
        lines.append(f"  on given labels: {_size(found['given'])}: {found['given']['verdict']}")
    if found["tipping"]:
        check = " To check: ceteris queue test" if found["tipping"]["count"] is not None else ""
        lines.append(f"  {found['tipping']['told']}{check}")
    lines += [f"  {note}" for note in found["notes"]]
    before = found["validation"]
    why = "" if before["verdict"] == HELPS else f" ({_signed(before['reason'])})"
    lines.append(f"  on validation: {_size(before)}, on {labels_of(before['scored_on'])}: {before['verdict']}{why}")
    if found["because"]:
        lines.append(f"  opened because: {literal(found['because'])}")
    return [*lines, f"  look {found['look']} at the test part, at the level {percent(found['level'])}"]


def gate_told(gate: Mapping[str, Any]) -> list[str]:
    """Return whether the gate opened and what each guard saw, a sentence a line; those that do not hold come first."""
    guards = [Guard(**one) for one in gate["guards"]]
    closed = [guard for guard in guards if not opens([guard])]
    names = ", ".join(guard.name for guard in closed)
    head = f"the gate is closed for {gate['candidate']}, and what is served stays as it is: {names}" if closed else (
        f"promoted: {gate['candidate']} is what release/model holds now"
    )  # fmt: skip
    return [head, *(f"  {guard.state}: {literal(guard.told)}" for guard in sorted(guards, key=lambda one: one not in closed))]


def looks_told(looks: pd.DataFrame, most: int = 5) -> list[str]:
    """Return a line for each of the last looks; `looks` is from `record.looks_table`."""
    lines = [
        f"sealed test, look {one['look']} (level {percent(one['level'])}, at {one['revision']}): "
        f"{one['candidate']} in place of {one['baseline']}: {_said(one)}"
        for one in looks.tail(most).to_dict("records")
    ]
    before = len(looks) - len(lines)
    return [*([f"sealed test: {count(before)} earlier look{'s' if before > 1 else ''}"] if before else []), *lines]


def _said(look: Mapping[Any, Any]) -> str:
    if not look["verdict"]:
        return "no verdict stands here"
    accepted = "accepted" if look["accepted"] else "not accepted"
    size, on = f"{metric_name(look['metric'])} {_size(look)}", labels_of(look["scored_on"])
    return f"{look['verdict']}, {accepted}, {size} on {on}"


def _effect(line: Mapping[str, Any]) -> str:
    metric = line["metric"]
    # Almost every row's probabilities differ between two arms, so a count of such rows says nothing.
    discordant = "" if METRICS[metric].every_row else f"{count(line['n_discordant'])} discordant"
    about = [
        orientation(metric), f"{percent(line['confidence'])} interval",
        f"{count(line['n_seeds'])} seeds \u00d7 {count(line['n_rows'])} rows", discordant,
        f"scored on {labels_of(line['scored_on'])}",
    ]  # fmt: skip
    return f"{metric_name(metric)} by {_size(line)} ({', '.join(filter(None, about))})"


def _size(line: Mapping[Any, Any]) -> str:
    return f"{amount(line['difference'], line['metric'])} {interval(line['low'], line['high'], line['metric'])}"


def _signed(reason: str) -> str:
    return reason.replace("+-", "\u00b1")

"""What acceptance.json says, in a few sentences for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ceteris.scoring import NEEDS_PROBABILITIES
from ceteris.verdicts import HELPS
from ceteris.wording import amount, count, interval, labels_of, literal, metric_name, orientation, percent, upper_first

__all__ = ["told"]


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


def _effect(line: Mapping[str, Any]) -> str:
    metric = line["metric"]
    # Almost every row's probabilities differ between two arms, so a count of such rows says nothing.
    discordant = "" if metric in NEEDS_PROBABILITIES else f"{count(line['n_discordant'])} discordant"
    about = [
        orientation(metric), f"{percent(line['confidence'])} interval",
        f"{count(line['n_seeds'])} seeds \u00d7 {count(line['n_rows'])} rows", discordant,
        f"scored on {labels_of(line['scored_on'])}",
    ]  # fmt: skip
    return f"{metric_name(metric)} by {_size(line)} ({', '.join(filter(None, about))})"


def _size(line: Mapping[str, Any]) -> str:
    return f"{amount(line['difference'], line['metric'])} {interval(line['low'], line['high'], line['metric'])}"


def _signed(reason: str) -> str:
    return reason.replace("+-", "\u00b1")

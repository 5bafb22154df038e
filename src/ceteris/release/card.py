"""The card of a packaged model: what it is, what it was made of and what it was worth, in Markdown, from results alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ceteris.measuring.slicing import FEWEST
from ceteris.metrics import METRICS
from ceteris.release.guards import Guard
from ceteris.release.slices import ROWS
from ceteris.serving.schema import InputSchema
from ceteris.telling.wording import amount, count, interval, labels_of, metric_name, percent, upper_first, visible

__all__ = ["Facts", "card", "with_guards"]

_PENDING = "Not measured yet: the stage `gate` of release/dvc.yaml measures them.\n"
_TIMED = ("latency_ms", "load_per_second", "load_ms")
_MOST = 40  # features that are listed


@dataclass(frozen=True)
class Facts:
    """What a card tells.

    Attributes
    ----------
    acceptance : release/acceptance.json
    recipe, steps : the model's and the version's, as params.yaml has them
    source : what the rows came from
    version : its line of results/fix/versions.csv
    reviewers : answers that changed or confirmed a row of the version, by reviewer
    """

    acceptance: Mapping[str, Any]
    recipe: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]
    source: str
    version: Mapping[Any, Any]
    reviewers: Mapping[Any, int]
    schema: InputSchema
    fingerprints: Mapping[str, Any]


def card(facts: Facts) -> str:
    """Return the card; its guards are still to be measured."""
    name = facts.acceptance["question"]["candidate"]
    sections = [
        f"# {_text(name)}\n",
        f"{_what(facts)}\n",
        f"## Data\n\n{_data(facts)}\n",
        f"## Who reviewed\n\n{_reviewed(facts)}\n",
        f"## What it is worth\n\n{_worth(facts.acceptance)}\n",
        f"## Guards\n\n{_PENDING}",
        f"## Limits\n\n{_limits(facts)}\n",
        f"## How to serve it\n\n{_serving(facts.schema)}\n",
    ]
    return "\n".join(sections)


def with_guards(text: str, guards: Sequence[Guard], groups: pd.DataFrame, *, numbers: bool) -> str:
    """Return a card with its guards and groups. What was measured in time is not told: it is another each time."""
    rows = [[guard.name, guard.state, _told(guard)] for guard in guards]
    table = _table(["guard", "state", "what was seen and asked"], rows)
    told = [
        [one["column"], one["group"], count(one[ROWS]), *_scores(one, numbers)] for one in groups.to_dict("records")
    ]  # fmt: skip
    score = "mean absolute error" if numbers else "accuracy"
    heads = ["by", "group", "test rows", f"{score}, baseline", f"{score}, this model", "95 % interval"]
    return text.replace(_PENDING, f"{table}\n## Groups\n\n{_table(heads, told)}")


def _told(guard: Guard) -> str:
    if guard.name not in _TIMED:
        return guard.told
    asked = "nothing is asked" if guard.threshold is None else f"{guard.threshold:g} is asked"
    return f"{asked}; what was measured stands in release/gate.json"


def _scores(one: Mapping[Any, Any], numbers: bool) -> list[str]:
    if one["state"]:
        return ["unknown", "unknown", f"fewer than {FEWEST} rows"]
    known = one["low"] == one["low"]
    between = f"{_shown(one['low'], numbers)} to {_shown(one['high'], numbers)}" if known else ""
    return [_shown(one["baseline"], numbers), _shown(one["candidate"], numbers), between]


def _shown(score: float, numbers: bool) -> str:
    return f"{score:.4g}" if numbers else f"{100 * score:.1f} %"


def _what(facts: Facts) -> str:
    recipe = facts.recipe
    settings = ", ".join(f"{key}={value!r}" for key, value in (recipe.get("params") or {}).items())
    classes = facts.schema.classes
    answers = f"one of {len(classes)} classes: {', '.join(map(_text, classes[:_MOST]))}" if classes else "a number"
    return (
        f"`{_code(recipe['estimator'])}`{f' with {_text(settings)}' if settings else ''}, columns prepared as "
        f"`{_code(recipe.get('prepare', 'scaled'))}`. It answers with {answers}{' ...' if len(classes) > _MOST else ''}. The"
        " first of the seeds that were measured is the one that is packaged."
    )


def _data(facts: Facts) -> str:
    version, prints = facts.version, facts.fingerprints
    steps = "; ".join(_text(", ".join(f"{key}: {value}" for key, value in step.items())) for step in facts.steps)
    note = f" {_text(version['note'])}." if version.get("note") else ""
    return (
        f"{_text(facts.source)}, {count(version['rows'])} train rows: {count(version['dropped'])} were dropped and"
        f" {count(version['relabelled'])} relabelled by the recipe of the version ({steps or 'none: as they came'}).{note}"
        f"\n\n- fingerprint of the rows: `{prints['data']}`\n- of the model's recipe: `{prints['model']}`\n"
        f"- of the ledger lines that made the version: {'`' + prints['edits'] + '`' if prints['edits'] else 'none'}"
    )


def _reviewed(facts: Facts) -> str:
    if facts.version.get("simulated"):
        answers = count(facts.version["reviewed"])
        return f"Nobody: {answers} answers are those of a **simulated** reviewer, who knows the true labels."
    if not facts.reviewers:
        return "Nobody: no answer of a person made a row of these data."
    return "\n".join(f"- {_text(who)}: {counted}" for who, n in facts.reviewers.items() for counted in [f"{count(n)} answers"])


def _worth(found: Mapping[str, Any]) -> str:
    question = found["question"]
    lines = [
        f"- on {part}: {_effect(found[key])}" for part, key in (("the sealed test part", "test"), ("validation", "validation"))
    ]
    head = f"In place of {_text(question['baseline'])}, with the same seeds on the same rows:"
    look = f"Look {found['look']} at the test part, at the level {percent(found['level'])}."
    because = [f"Opened because: {_text(found['because'])}."] if found["because"] else []
    notes = [f"{upper_first(_text(note))}." for note in found["notes"]]
    return "\n\n".join([head, "\n".join(lines), " ".join([look, *because, *notes])])


def _effect(line: Mapping[str, Any]) -> str:
    metric = line["metric"]
    size = f"{metric_name(metric)} {amount(line['difference'], metric)} {interval(line['low'], line['high'], metric)}"
    rows = f"{count(line['n_seeds'])} seeds, {count(line['n_rows'])} rows, on {labels_of(line['scored_on'])}"
    return f"{size.strip()} ({rows}): **{line['verdict']}**"


def _limits(facts: Facts) -> str:
    metric = facts.acceptance["question"]["metric"]
    lines = [
        "It was measured on rows of the same source; of rows that come from elsewhere, or later, this card says nothing.",
        f"Groups of fewer than {FEWEST} test rows are unknown. What was not named as a group was not looked at.",
    ]
    if facts.acceptance["test"]["scored_on"] == "given":
        lines.append("It was scored on labels as they came, which may be wrong themselves.")
    if METRICS[metric].labels != "numbers":
        lines.append("It answers with one of its classes whatever it is shown, things of no class included.")
    if facts.recipe.get("embedding"):
        lines.append(
            f"It needs the folder {_text(facts.recipe['embedding'])} beside it, as it is now, which is not in the package."
        )
    return "\n".join(f"- {line}" for line in lines)


def _serving(schema: InputSchema) -> str:
    rows = [
        [one.name, one.kind + (f" of {one.width}" if one.width else ""), "yes" if one.nullable else "no"]
        for one in schema.features[:_MOST]
    ]
    more = len(schema.features) - len(rows)
    table = _table(["feature", "kind", "may be missing"], rows) + (
        f"\nand {count(more)} more: see schema.json.\n" if more else ""
    )
    return f"```\nceteris serve release/model\n```\n\n{table}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *([_text(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _text(value: object) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*_\[\]<>|~&$])", r"\\\1", visible(value))


def _code(value: object) -> str:
    return visible(value).replace("`", "'")

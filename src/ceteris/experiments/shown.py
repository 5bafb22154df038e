"""The table of experiments as a terminal shows it."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence

import pandas as pd
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ceteris.editing.reviewed import noted
from ceteris.experiments.beside import checked_told, flips_told
from ceteris.experiments.comparison import PARTS, Comparison
from ceteris.experiments.diff import by_class, relabellings, shifts, tally
from ceteris.experiments.snapshot import NotCachedError, Snapshot
from ceteris.experiments.table import Line
from ceteris.measuring.effect import Effect
from ceteris.measuring.planning import made_otherwise, reviews_needed, visible_table
from ceteris.measuring.verdicts import visible_text
from ceteris.metrics import METRICS, NUMBERS
from ceteris.sections import Compare
from ceteris.telling.scored_twice import given_told, parting
from ceteris.telling.tabled import keep_whole
from ceteris.telling.wording import amount, interval, labels_of, literal, metric_name

__all__ = ["STYLES", "planned", "shown", "side_by_side"]

_MOST_LINES, _MOST_FAULTS = 20, 5
_WIDE, _NARROW, _NARROWEST = 110, 100, 72
_NAME = "experiment\non its parent"
STYLES = {"helps": "green", "harms": "red", "cannot tell": "yellow", "no practical difference": "dim"}


def shown(lines: Sequence[Line], metric: str, width: int = 120) -> RenderableType:
    """Return the lines as a table, with what needs more words below it.

    Parameters
    ----------
    width : int
        Characters that a line holds; under 110 the effect against the first run is left out, under 100 each interval stands
        below its effect, under 72 the CPU seconds are left out.
    """
    if not lines:
        return Text("No commit or experiment holds a run yet. Make one: dvc repro && git add -A && git commit")
    measurable = [line for line in lines if line.snapshot.fault is None]
    scored = {effect.scored_on for line in measurable for effect in _effects(line)}
    on = " and ".join(labels_of(kind) for kind in sorted(scored))
    title = f"Effects on {metric_name(metric)}{f', scored on {on}' if on else ': none yet'}"
    if not measurable:
        return Group(Text(f"No run can be read here, so no effect on {metric_name(metric)} is known."), *_unread(lines))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=width >= _NARROWEST)
    table.add_column(_NAME)
    table.add_column("axis\nwhat changed", overflow="fold", min_width=10, ratio=1)
    table.add_column("against its parent" if width >= _NARROW else "against\nits parent", justify="right", no_wrap=True)
    if width >= _WIDE:
        table.add_column("against the first", justify="right", no_wrap=True)
    table.add_column("labels", justify="right", no_wrap=True)
    if width >= _NARROWEST:
        table.add_column("CPU s", justify="right", no_wrap=True)
    for line in measurable:
        table.add_row(*_row(line, metric, width, named=len(scored) > 1))
    return Group(Text(title), keep_whole(table, _NAME), *_notes(lines, metric, named=len(scored) > 1))


def _effects(line: Line) -> list[Effect]:
    """Return the effects that are shown of a line, whose labels must be named."""
    measured = [one for one in (line.against_parent, line.against_first) if one is not None]
    whole = [one.attribution.whole for one in measured[:1] if one.attribution]
    return [*(one.effect for one in measured if one.effect is not None), *whole]


def _row(line: Line, metric: str, width: int, named: bool) -> list[Text]:
    against, first = line.against_parent, line.against_first
    parent = f"\non {literal(line.parent.name)}" if line.parent else ""
    axis = f"{against.move.axis}\n" if against else ""
    return [
        Text(literal(line.snapshot.name), style="bold").append(parent, style="not bold dim"),
        Text(axis, style="bold").append(literal(line.changed), style="not bold"),
        _amount(line.effect, metric, named, width),
        *([_amount(first.effect if first else None, metric, named, width)] if width >= _WIDE else []),
        Text(f"{line.labels_reviewed:,}"),
        *([Text("" if math.isnan(line.cpu_seconds) else f"{line.cpu_seconds:,.1f}")] if width >= _NARROWEST else []),
    ]


def _amount(effect: Effect | None, metric: str, named: bool, width: int) -> Text:
    """Return an effect and its verdict; `named`: with the labels it was scored on, since others of the table have others."""
    if effect is None:
        return Text("")
    on = f" on {effect.scored_on.partition(' ')[0]}" if named else ""
    told = _one_line(effect, metric) if width >= _NARROW else _one_line(effect, metric).replace(" [", "\n[")
    return (
        Text(told + "\n")
        .append(effect.verdict, style=STYLES.get(effect.verdict, ""))
        .append(on if width >= _NARROW else on.replace(" ", "\n", 1))
    )


def _notes(lines: Sequence[Line], metric: str, named: bool) -> list[Text]:
    notes = []
    for line in lines:
        against = line.against_parent
        if against and against.attribution:
            parts = dict(against.attribution.items())
            told = ", ".join(f"{part} {_one_line(parts[part], metric)}" for part in ("data", "model", "interaction"))
            on = f", on {labels_of(parts['whole'].scored_on)}" if named else ""
            notes.append(Text(f"{literal(line.snapshot.name)}: {against.reason}{on}: {told}"))
        elif against and against.effect is None and against.move.axis not in ("none", "evaluation"):
            notes.append(Text(f"{literal(line.snapshot.name)}: {_sentence(against.reason)}"))
        if against and against.rows:
            notes.append(Text(f"{literal(line.snapshot.name)}: {against.rows}"))
    return [*notes, *_beside(lines), *_unread(lines)]


def _unread(lines: Sequence[Line]) -> list[Text]:
    """Return what keeps revisions from being read: of all that are in no cache at once, of others one by one."""
    faulty = [line.snapshot for line in lines if line.snapshot.fault is not None]
    absent = [one for one in faulty if isinstance(one.fault, NotCachedError)]
    others = [one for one in faulty if not isinstance(one.fault, NotCachedError)]
    here = [line.snapshot for line in lines if line.snapshot.fault is None]
    notes = [_not_cached(absent, here)] if absent else []
    notes += [f"{literal(one.name)} is not read: {_sentence(one.fault)}" for one in others[:_MOST_FAULTS]]
    if len(others) > _MOST_FAULTS:
        notes.append(f"and {len(others) - _MOST_FAULTS:,} more are not read: ceteris experiments --json")
    return [Text(note, style="dim") for note in notes]


def _not_cached(absent: Sequence[Snapshot], here: Sequence[Snapshot]) -> str:
    """Return what is here, what is in no cache, and the one command that brings all of it, or makes the newest anew."""
    commits, experiments = ([one for one in absent if one.experiment == kind] for kind in (False, True))
    kinds = [(len(found), what) for found, what in ((commits, "commit"), (experiments, "experiment")) if found]
    told = " and ".join(f"{number:,} {what}{'s' * (number > 1)}" for number, what in kinds)
    names = ", ".join(literal(one.name) for one in absent[-_MOST_FAULTS:][::-1])
    more = f" and {len(absent) - _MOST_FAULTS:,} more" if len(absent) > _MOST_FAULTS else ""
    one_is_here = f"What {literal(here[0].name)} made is here" if len(here) == 1 else f"What {len(here):,} runs made is here"
    found = one_is_here if here else "The history is here"
    if any(isinstance(one.fault, NotCachedError) and one.fault.remote for one in absent):
        bring = f"to fetch it:\n{' && '.join(_BRING[what] for _, what in kinds)}"
    else:
        back = " && git checkout - && dvc checkout" if here and commits else ""
        again = f"{_goes((commits or experiments)[-1])} && dvc repro{back}"
        bring = f"DVC knows no remote to fetch it from; to make the newest of it anew:\n{again}"
    return f"{found}; what {told} made is not, since git clones no results ({names}{more}); {bring}"


def _goes(one: Snapshot) -> str:
    return f"{'dvc exp apply' if one.experiment else 'git checkout'} {literal(shlex.quote(one.name))}"


_BRING = {"commit": "dvc fetch --all-commits", "experiment": "dvc exp pull --all-commits origin"}


def _beside(lines: Sequence[Line]) -> list[Text]:
    """Return where given labels part from better ones, and what becomes of verdicts that stand on given labels."""
    notes = []
    for line in lines:
        given = line.against_parent.on_given if line.against_parent else None
        if line.effect is not None and given is not None and parting(line.effect, given):
            told = f"{given_told(given)}. {parting(line.effect, given)}"
            notes.append(Text(f"{literal(line.snapshot.name)}: {told}"))
    doubtful = [
        (f"{literal(line.parent.name)} {literal(line.snapshot.name)}", METRICS[line.effect.metric].labels == NUMBERS)
        for line in lines
        if line.effect is not None and line.effect.scored_on == "given" and line.parent
    ]
    if doubtful:
        pair, numbers = doubtful[0]
        told = "Given labels may hold errors, and the sign itself may be wrong."
        if not numbers:  # of which no few decide
            told += f" How few of them would undo a verdict: ceteris compare A B, as in ceteris compare {pair}. To check them:"
            told += " ceteris queue --between A B"
        notes.append(Text(told))
    return notes


def _sentence(refusal: object) -> str:
    """Return a refusal on one line, whatever names it quotes."""
    return literal(" ".join(str(refusal).split()))


def _one_line(effect: Effect, metric: str) -> str:
    return f"{amount(effect.difference, metric)} {interval(effect.low, effect.high, metric)}"


def side_by_side(found: Comparison, metric: str) -> RenderableType:
    """Return a comparison of two revisions: what moved, what it was worth, and the diff beside it."""
    one, other = literal(found.baseline.name), literal(found.candidate.name)
    against = found.measured
    arms = " \u2192 ".join(literal("/".join(name)) for name in (against.move.baseline, against.move.candidate))
    moved = [PARTS[part] for part, differs in found.moved.items() if differs]
    same = [PARTS[part] for part, differs in found.moved.items() if not differs]
    head = [
        Text(f"{one} \u2192 {other}: {against.move.axis}", style="bold"),
        Text(f"what changed: {literal(found.changed)}"),
        Text(f"compared: {arms}"),
        Text(f"moved: {', '.join(moved) or 'nothing'}; the same: {', '.join(same)}"),
        *_worth(found, metric),
    ]
    rows, flipped = found.diff.rows, found.diff.flipped
    if METRICS[metric].labels == NUMBERS:
        by_label = [*_table(f"train rows changed: {len(rows):,}; relabelled, by how far", shifts(rows))]
    else:
        by_label = [
            *_table(f"train rows changed: {len(rows):,}, by class", by_class(rows)),
            *_table("relabelled, from class to class", relabellings(rows)),
        ]
    return Group(
        *head,
        *by_label,
        *_table("by batch", tally(rows, "batch", "change")),
        *_table(
            f"validation rows flipped: {len(flipped):,}, on {flips_told(found)}, by class",
            tally(flipped, "label", "flip"),
        ),
        *_table("by slice (looked for: a hint, no finding)", found.diff.by_slice),
    )


def _worth(found: Comparison, metric: str) -> list[Text]:
    against = found.measured
    if against.effect is not None:
        told, verdict = str(against.effect).removesuffix(against.effect.verdict), against.effect.verdict
        return [
            Text(f"worth: {told}").append(verdict, style=STYLES.get(verdict, "")),
            Text(f"why: {literal(noted(against.effect.reason, against.review))}"),
            *map(Text, checked_told(found)),
        ]
    if against.attribution is not None:
        parts = against.attribution.items()
        on = f", on {labels_of(against.attribution.whole.scored_on)}"
        worth = [f"{name.replace('_', ' ')}: {_one_line(effect, metric)}, {effect.verdict}{on}" for name, effect in parts]
        return [Text(line) for line in (*worth, *checked_told(found))]
    return [Text(_sentence(against.reason))]


def _table(title: str, content: pd.DataFrame) -> list[RenderableType]:
    """Return a table below its title, or nothing where there are no rows."""
    table = Table(box=box.SIMPLE_HEAD)
    for name in content.columns:
        table.add_column(
            literal(name), justify="right" if pd.api.types.is_numeric_dtype(content[name]) else "left", overflow="fold"
        )
    for row in content.head(_MOST_LINES).itertuples(index=False):
        table.add_row(*(Text(f"{value:,}" if isinstance(value, int) else literal(value)) for value in row))
    return [Text(title), keep_whole(table, *map(literal, content.columns[:1]))] if len(content) else []


def _visible(n_rows: int) -> list[RenderableType]:
    visible = visible_table(n_rows)
    told = pd.DataFrame({"rows that differ": [f"{100 * share:g} %" for share in visible["discordant_share"]]})
    told["smallest effect that shows"] = [visible_text(value) for value in visible["smallest_visible"]]
    for name in visible.columns[2:]:
        told[name] = ["cannot be" if math.isnan(value) else f"{int(value):,}" for value in visible[name]]
    return _table(
        f"{n_rows:,} validation rows: what is seen in 80 of 100 such runs, by the share of rows on which two arms differ", told
    )


def planned(n_rows: int, compare: Compare, plan: str, effects: pd.DataFrame | None) -> RenderableType:
    """Return what a validation part of so many rows can see, and the contrasts that are planned.

    Parameters
    ----------
    plan : str
        Its name.
    effects : DataFrame or None
        results/compare/effects.csv of the last run.
    """
    shares = METRICS[compare.metric].unit == "pp"  # what follows is reckoned in shares of rows
    names = [f"{contrast.axis}: {contrast.name}" for contrast in compare.planned]
    parts: list[RenderableType] = [
        *(_visible(n_rows) if shares else [Text(f"{n_rows:,} validation rows; what they show is known once controls ran.")]),
        Text(f"{len(names)} contrasts planned on {metric_name(compare.metric)} ({plan}):"),
        *(Text(f"  {literal(name)}") for name in names),
    ]
    if effects is not None and made_otherwise(effects, plan):
        parts.append(Text(made_otherwise(effects, plan), style="yellow"))
    reviews = reviews_needed(effects, compare.metric) if effects is not None and shares else pd.DataFrame()
    if not shares:
        return Group(*parts)
    if len(reviews):
        parts += _table("labels to review, at the rate of the reviews so far; later labels gain less", reviews)
    else:
        parts.append(Text("What a reviewed label is worth is not known before the first review: ceteris queue train"))
    return Group(*parts)

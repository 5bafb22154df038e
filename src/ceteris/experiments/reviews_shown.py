"""What reviews were worth as a terminal shows it: batches, and one person's own answers."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ceteris.errors import counted
from ceteris.experiments.diff import FLIPS
from ceteris.experiments.shown import STYLES
from ceteris.measuring.contribution import Answered
from ceteris.measuring.credit import MOST_FOR_SHAPLEY, Credit
from ceteris.measuring.effect import Effect
from ceteris.measuring.verdicts import HARMS, HELPS
from ceteris.telling.tabled import keep_whole
from ceteris.telling.wording import amount, interval, labels_of, literal, metric_name

__all__ = ["amount_of", "answers_shown", "beside", "credit_shown", "plain", "titled"]

_MOST_ANSWERS, _WIDE = 20, 100
_EXPLORATORY = "Read off validation labels as often as one likes, so exploratory: no part of the planned family."


def credit_shown(credits: Sequence[Credit], by: str, metric: str, beside: str, width: int = 120) -> RenderableType:
    """Return the batches, the most harmful first, and the commands that take back those that harm.

    Parameters
    ----------
    beside : str
        What was held fixed and what was scored on, from `beside`.
    width : int
        Characters that a line holds; under 100 each interval stands below its effect.
    """
    table = titled(f"Credit by {by}: {beside}", (by, "changed a row", "share of all", "alone", "lost without it"))
    for one in credits:
        table.add_row(
            Text(literal(one.batch)),
            Text(f"{one.answers:,}"),
            *(amount_of(effect, metric, width >= _WIDE) for effect in (one.share, one.alone, one.last)),
        )
    notes = [
        f"{literal(one.batch)} harms. To take it back: {literal(_revert(one.batch, by))}" for one in credits if one.harmful
    ]
    if len(credits) > MOST_FOR_SHAPLEY and all(one.share for one in credits):
        notes.append("Shares are means over orders that each seed draws for itself: their luck is in the intervals.")
    if any(one.share is None for one in credits):
        notes.append(f"Shares are left out: {len(credits):,} batches are too many. Form fewer: ceteris credit --by reviewer")
    return Group(keep_whole(table, by), *map(Text, [*notes, _EXPLORATORY]))


def _revert(batch: str, by: str) -> str:
    """Return the command that takes a batch back, for a shell to read."""
    end = ["--"] if batch.startswith("-") else []
    words = ["ceteris", "edits", "revert", *(["--by", by] if by != "batch" else []), "--reviewer", "YOUR-NAME", *end, batch]
    return shlex.join(words)


def answers_shown(found: Answered, metric: str, beside: str, every: bool = False) -> RenderableType:
    """Return which of one person's answers mattered: theirs alone, beside nobody else's.

    Parameters
    ----------
    every : bool
        Whether all answers that changed a row are listed, and not the 20 that gained or cost most.
    """
    table = titled(f"Answers of {literal(found.reviewer)}: {beside}", _ANSWERS)
    lines = found.table()
    shown = lines if every else lines.loc[lines["difference"].abs().nlargest(_MOST_ANSWERS).index.sort_values()]
    for row in shown.to_dict("records"):
        change = f"{literal(row['given_label'])} {'-> ' + literal(row['new_label']) if row['new_label'] else 'dropped'}"
        worth = f"{amount(row['difference'], metric)} {interval(row['low'], row['high'], metric)}"
        verdict = Text(row["verdict"], style=STYLES.get(row["verdict"], ""))
        table.add_row(Text(literal(row["id"])), Text(change), Text(literal(row["batch"])), Text(worth), verdict)
    left = len(lines) - len(shown)
    notes = [
        f"and {left:,} more that gained or cost less: ceteris credit --reviewer {shlex.quote(found.reviewer)} --all"
    ] * bool(left)
    return Group(
        *map(Text, _summed(found, metric)), keep_whole(table, "answer to", "batch"), *map(Text, [*notes, _METHOD, _EXPLORATORY])
    )


_ANSWERS = ("answer to", "change", "batch", "on a random half", "verdict")
_METHOD = (
    "On a random half: what an answer adds on average to a random half of these answers (its Banzhaf value), from fits of "
    "random halves that tell of all answers at once; the verdict is adjusted for all of them (Holm)."
)


def _summed(found: Answered, metric: str) -> list[str]:
    """Return, in sentences, what is certain: of all answers together, and of how many one by one."""
    counts = found.answers["action"].value_counts()
    kinds = [f"{counts[kind]:,} {said}" for kind, said in _SAID.items() if counts.get(kind)]
    already = int(counts.get("relabel", 0) + counts.get("drop", 0)) - len(found.moving)
    kinds += [f"{already:,} asked for what the data hold by now"] * bool(already)
    verdicts = [effect.verdict for effect in found.effects]
    unknown = len(verdicts) - verdicts.count(HELPS) - verdicts.count(HARMS)
    flips = found.flipped["flip"].value_counts()
    return [
        f"Of {counted(len(found.answers), 'answer')}, {len(found.moving):,} changed a row"
        + "".join(f"; {kind}" for kind in kinds)
        + ".",
        f"Together they moved {metric_name(metric)} by {plain(found.together, metric)}: {found.together.verdict}.",
        f"Validation rows that turned right by them: {flips.get(FLIPS[0], 0):,}; wrong: {flips.get(FLIPS[1], 0):,}.",
        f"One by one, {verdicts.count(HELPS):,} helped and {verdicts.count(HARMS):,} harmed; of {unknown:,} it cannot be told.",
    ]


_SAID = {"confirm": "confirmed what was given", "unsure": "said unsure"}


def beside(metric: str, model: str, scored_on: str) -> str:
    """Return what stands beside every number here."""
    return f"{metric_name(metric)} with the model {literal(model)} held fixed, scored on {labels_of(scored_on)}"


def titled(title: str, columns: Sequence[str], wide: bool = True) -> Table:
    """Return an empty table, its first column to the left, the others to the right; without margins where it is not wide."""
    table = Table(title=title, title_justify="left", title_style="", box=box.SIMPLE_HEAD, pad_edge=wide)
    for place, name in enumerate(columns):
        table.add_column(name, justify="left" if place == 0 else "right", overflow="fold")
    return table


def amount_of(effect: Effect | None, metric: str, wide: bool = True) -> Text:
    """Return an effect, its interval beside or below it, over its verdict; nothing where there is none."""
    if effect is None:
        return Text("")
    told = plain(effect, metric) if wide else plain(effect, metric).replace(" [", "\n[")
    return Text(told + "\n").append(effect.verdict, style=STYLES.get(effect.verdict, ""))


def plain(effect: Effect, metric: str) -> str:
    """Return an effect with its interval."""
    return f"{amount(effect.difference, metric)} {interval(effect.low, effect.high, metric)}"

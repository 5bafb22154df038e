"""The ledger of edits as a terminal shows it: a table of answers, the story of one row, and what stands against lines."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pandas as pd
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ceteris.editing import edits
from ceteris.errors import counted
from ceteris.telling.tabled import keep_whole
from ceteris.telling.wording import literal

__all__ = ["agreed", "checked_shown", "listed", "story"]

_STYLES = {"live": "green", "replaced": "yellow", "reverted": "red"}
_STATES = {"live": "counts", "control": "a control: counts nowhere", "revert": "", "again": "sent again"}
_WIDE = 100
_ROW = "row\nby whom, when (UTC)"


def listed(table: pd.DataFrame, most: int | None = 50, width: int = 120, *, every: int = 0) -> RenderableType:
    """Return lines of the ledger as a table, the last ones, and how many there are.

    Parameters
    ----------
    table : DataFrame
        From `standing.standing`.
    most : int, optional
        How many lines are shown; None: all.
    width : int
        Characters that a line holds; under 100 batch and source are left out, and who and when stand below the row.
    every : int
        How many lines there are, those included that were not asked for.
    """
    if table.empty and every:
        return Text(f"Of {counted(every, 'line')} of the ledger none is one of these. All: ceteris edits list --all")
    if table.empty:
        return Text("Nobody has answered anything yet. Begin: ceteris review")
    shown, wide = Table(box=box.SIMPLE_HEAD), width >= _WIDE
    heads = ("when (UTC)", "who", "batch", "source", "row") if wide else (_ROW,)
    for name in (*heads, "answer", "now"):
        shown.add_column(name, overflow="fold", no_wrap=name == "when (UTC)")
    lines = table if most is None else table.tail(most)
    for line in lines.itertuples():
        at, who, batch, source, id, state = (
            str(getattr(line, name)) for name in ("at", "reviewer", "batch", "source", "id", "state")
        )
        about = [_when(at), literal(who), literal(batch), literal(source), literal(id)]
        cells = about if wide else [f"{literal(id)}\n{literal(who)}\n{_when(at)}"]
        shown.add_row(*map(Text, [*cells, _said(line)]), Text(_now(line), style=_STYLES.get(state, "dim")))
    counts = table["state"].value_counts()
    told = ", ".join(f"{counts[state]:,} {_COUNTED[state]}" for state in edits.STATES if counts.get(state))
    notes = [f"{len(table):,} line{'s' * (len(table) != 1)}: {told}."]
    if reviewed := table[table["state"] == "live"].drop_duplicates("id")["part"].value_counts().to_dict():
        parts = ", ".join(f"{count:,} {part or 'of no part today'}" for part, count in reviewed.items())
        notes.append(f"Labels reviewed, a row once however many answered it: {parts}.")
    if len(lines) < len(table):
        notes.append(f"The last {len(lines):,} are shown. All: ceteris edits list --all")
    return Group(keep_whole(shown, _ROW, "who", "batch", "row"), *map(Text, notes))


_COUNTED = {
    "live": "counting", "again": "sent again", "revert": "taking others back", "reverted": "taken back",
    "control": "of controls", "replaced": "replaced",
}  # fmt: skip


def agreed(pairs: pd.DataFrame, parted: pd.DataFrame) -> RenderableType:
    """Return how far each two reviewers agree, and on how many rows people part now.

    Parameters
    ----------
    pairs, parted : DataFrame
        From `agreement.kappa` and `agreement.disagreements`.
    """
    if pairs.empty:
        return Text("No two people have answered for the same row yet.")
    shown = Table(box=box.SIMPLE_HEAD)
    for name in ("who", "and", "rows", "agree", "kappa"):
        shown.add_column(name, overflow="fold", justify="left" if name in ("who", "and") else "right")
    for pair in pairs.to_dict("records"):
        share = f"{100 * pair['agree'] / pair['n']:.0f} % [{100 * pair['low']:.0f}, {100 * pair['high']:.0f}]"
        kappa = "—" if pd.isna(pair["kappa"]) else f"{pair['kappa']:.2f}"
        shown.add_row(*map(Text, (literal(pair["reviewer"]), literal(pair["other"]), f"{pair['n']:,}", share, kappa)))
    ask = "To ask somebody else: ceteris review conflicts (of rows that judge: validation-conflicts)"
    do = ask if len(parted) else "Nothing is to be settled."
    return Group(
        keep_whole(shown, "who", "and"),
        Text("By first answers, of which a drop is one and unsure none; kappa is Cohen's: 0 as often as by chance, 1 always."),
        Text(f"Today people part on {len(parted):,} row{'s' * (len(parted) != 1)}. {do}"),
    )


def story(table: pd.DataFrame, id: str, held: str | None, settled: edits.Settled) -> RenderableType:
    """Return every answer to one row, in order, and what they come to.

    Parameters
    ----------
    table : DataFrame
        From `standing.standing`, the lines of this row alone.
    held : str, optional
        The label that the data hold today; None where nobody may see it, or there is no such row.
    settled : Settled
        What the ledger comes to.
    """
    part = str(table["part"].iloc[-1])
    where = f"a {part} row" if part else "no row of the data today"
    head = Text(literal(id), style="bold").append(
        f": {where}{f', given {literal(held)}' if held is not None else ''}", "not bold"
    )
    return Group(head, *(one for line in table.itertuples() for one in _told(line)), *map(Text, _outcome(id, part, settled)))


def _told(line: object) -> Iterator[Text]:
    at, who, state, batch, source, reason, answer, where = (
        str(getattr(line, name)) for name in ("at", "reviewer", "state", "batch", "source", "reason", "answer", "where")
    )
    yield Text(f"{_when(at)}  {literal(who)}: {_said(line)}")
    origin = f"{literal(source)}{f' ({literal(reason)})' if reason else ''}, batch {literal(batch)}, {literal(where)}"
    yield Text(f"  {origin}", style="dim")
    yield Text(f"  {literal(answer)}  ", style="dim").append(_now(line), style=_STYLES.get(state, "dim"))


def _outcome(id: str, part: str, settled: edits.Settled) -> list[str]:
    """Return what the answers to a row come to."""
    if id in settled.conflicts:
        return [f"Reviewers disagree: {literal(edits.disputed(settled.conflicts[id]))}.", "What to do: ceteris edits check"]
    found = settled.decisions[settled.decisions["id"] == id]
    if found.empty:
        return ["No answer counts: the row stays as it is given."]
    line = next(found.itertuples())
    counts = "verifies the label" if part == "validation" else "counts"
    return [f"What {counts}: {literal(line.reviewer)} {_said(line)}.", f"To take it back: {_revert(str(line.answer))}"]


def checked_shown(found: pd.DataFrame, lines: int) -> RenderableType:
    """Return what stands against lines of the ledger, each with what to do.

    Parameters
    ----------
    found : DataFrame
        From `checking.check`.
    lines : int
        How many lines were checked.
    """
    must, known = found[found["must"].astype(bool)], found[~found["must"].astype(bool)]
    shown: list[Text] = []
    for title, style, part in (("To be done before the next run:", "red", must), ("To be known:", "yellow", known)):
        if len(part):
            shown.append(Text(title, style=style))
            shown += [one for line in part.itertuples() for one in _finding(line)]
    if not len(must):
        shown.append(Text(f"{lines:,} line{'s' * (lines != 1)} checked: nothing has to be done."))
    return Group(*shown)


def _finding(line: object) -> Iterator[Text]:
    where, id, reviewer, what, do = (str(getattr(line, name)) for name in ("where", "id", "reviewer", "what", "do"))
    who = f" ({literal(reviewer)} on {literal(id)})" if reviewer and id else ""
    yield Text(
        f"  {literal(where)}{who}: {literal(what)}{'' if what.endswith(('.', '?')) else '.'}" if where else f"  {literal(what)}"
    )
    yield Text(f"    {literal(do)}", style="dim")


def _said(line: object) -> str:
    """Return what a line says, in words."""
    action, given, new = (literal(getattr(line, name)) for name in ("action", "given_label", "new_label"))
    said = {
        "relabel": f"{given} \u2192 {new}",
        "confirm": f"keeps {given}",
        "drop": f"drops it, {given}",
        "unsure": "is unsure",
    }
    return said.get(action) or f"takes back {literal(getattr(line, 'reverts'))[:8]}"  # noqa: B009


def _now(line: object) -> str:
    """Return what became of a line, and by whom."""
    state, by, at = (str(getattr(line, name)) for name in ("state", "ended_by", "ended_at"))
    return f"{state} by {literal(by)}, {_when(at)}" if by else _STATES.get(state, state)


def _when(at: str) -> str:
    """Return a moment in UTC to the minute."""
    return pd.Timestamp(at).tz_convert("UTC").strftime("%Y-%m-%d %H:%M")


def _revert(answer: str) -> str:
    return f"ceteris edits revert {shlex.quote(answer)} --reviewer YOUR-NAME"

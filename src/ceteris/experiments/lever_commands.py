"""The commands about the levers: what reviews and trials of models were worth, and which to pull next."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from ceteris.errors import BadInputError
from ceteris.experiments.commands import json_text, objects_of, tell_page

__all__ = ["add_to", "progress"]

Model = Annotated[str | None, typer.Option(help="Held fixed; default: that of the first planned data contrast.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(credit)
    app.command()(budget)
    app.command("next")(next_)
    app.command()(replay)


def credit(
    by: Annotated[
        str,
        typer.Option(help="What makes a batch: batch, reviewer, class, issue, source, round (a day), or several: class,round."),
    ] = "batch",
    reviewer: Annotated[
        str | None, typer.Option(help="Tell which of this person's answers mattered, one by one; nobody else's are shown.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="With --reviewer: all answers, not the 20 that mattered most.")] = False,
    model: Model = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, a list of objects.")] = False,
) -> None:
    """Tell which batch of edits helped and which hurt, or which of one person's answers mattered; cells are trained."""
    from rich.console import Console

    from ceteris.experiments.crediting import credit_of_answers, credit_of_batches
    from ceteris.experiments.reviewing import Reviewing
    from ceteris.experiments.reviews_shown import answers_shown, beside, credit_shown
    from ceteris.measuring.credit import table, ways
    from ceteris.store import find_root

    ways(by)
    if reviewer is not None and by != "batch":
        raise BadInputError("--by forms batches, and --reviewer tells of one person's answers.", "Choose one of them.")
    if every and reviewer is None:
        raise BadInputError("--all is of the answers of one person.", "Name them: --reviewer NAME")
    reviewing = Reviewing(find_root(), model, progress("credit"))
    metric, console = reviewing.params.compare.metric, Console()
    answered = None if reviewer is None else credit_of_answers(reviewing, reviewer)
    batches = credit_of_batches(reviewing, by) if answered is None else []
    held = beside(metric, reviewing.model, reviewing.scored_on)
    if as_json:
        found = table(batches).assign(by=by) if answered is None else answered.table().assign(reviewer=reviewer)
        print(json_text(objects_of(found.assign(metric=metric, model=reviewing.model, scored_on=reviewing.scored_on))))
    elif answered is None:
        console.print(credit_shown(batches, by, metric, held, console.width), crop=False)
    else:
        console.print(answers_shown(answered, metric, held, every), crop=False)


def budget(
    most: Annotated[int, typer.Option(min=1, help="Reviews up to which the curve goes.")] = 400,
    model: Model = None,
    figure: Annotated[
        Path | None, typer.Option(help="Write it as a figure: NAME.svg makes NAME-light.svg and NAME-dark.svg.")
    ] = None,
    page: Annotated[Path | None, typer.Option(help="Write the page here instead.")] = None,
) -> None:
    """The exchange-rate board: what reviewed labels are worth, ranked against random, beside trials of models by CPU time."""
    from rich.console import Console

    from ceteris.experiments.board import read_board
    from ceteris.experiments.board_page import board_page
    from ceteris.experiments.board_shown import board_shown
    from ceteris.experiments.pages import keep_board
    from ceteris.experiments.reviewing import Reviewing
    from ceteris.store import find_root, write_text

    if figure is not None and figure.suffix != ".svg":
        raise BadInputError(f"--figure is {str(figure)!r}.", "Name an SVG file: --figure board.svg")
    root = find_root()
    reviewing = Reviewing(root, model, progress("budget"))
    board, confidence = read_board(root, reviewing, most), reviewing.params.compare.confidence
    console = Console()
    console.print(board_shown(board, console.width), crop=False)
    if figure is not None:
        from ceteris.plots import THEMES, to_svg
        from ceteris.plots.board import exchange_board

        for theme in THEMES:
            path = figure.with_stem(f"{figure.stem}-{theme.name}")
            write_text(path, to_svg(exchange_board(board, confidence=confidence, theme=theme)))
            print(f"The figure: {path}")
    if page is not None:
        write_text(page, board_page(board, confidence))
        print(f"The page: {page}")
    else:
        tell_page(lambda: keep_board(root, board, confidence))


def next_(
    most: Annotated[int, typer.Option(min=1, help="Reviews up to which the budget curve goes.")] = 400,
    model: Model = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, one object.")] = False,
) -> None:
    """Say whether to review 100 more labels or to tune 100 more trials, from what either has earned so far."""
    from ceteris.experiments.board import read_board
    from ceteris.experiments.board_shown import advice_row, advice_told
    from ceteris.experiments.reviewing import Reviewing
    from ceteris.store import find_root

    root = find_root()
    board = read_board(root, Reviewing(root, model, progress("next")), most)
    print(json_text(advice_row(board)) if as_json else advice_told(board))


def replay(
    version: Annotated[str, typer.Argument(help="A version of fix.recipes that a rule or a simulated reviewer makes.")],
    model: Model = None,
    splits: Annotated[int, typer.Option(help="Re-splits of the train rows, 2 to 1000.")] = 15,
) -> None:
    """Tell what this kind of fix is worth on data like this: audit, fix and fits anew in every re-split of the train rows."""
    from ceteris.fixing.replaying import replay_version
    from ceteris.store import find_root

    print(replay_version(find_root(), version, model, splits, progress("replay", "re-splits to make")))


def progress(who: str, what: str = "cells to train; finished ones are kept") -> Callable[[int, int], None]:
    """Return what tells how much is to be done, and every few seconds how much is and for how long it will last."""
    started = told = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal started, told
        now = time.monotonic()
        if not done:
            started = told = now
            print(f"{who}: {total:,} {what}", file=sys.stderr, flush=True)
        elif now - told > 3 and done < total:
            told, left = now, (now - started) / done * (total - done)
            print(f"{who}: {done:,} of {total:,} done, about {left:,.0f} s left", file=sys.stderr, flush=True)

    return tell

"""The commands about experiments: what each of them moved, and what that was worth."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ceteris.errors import BadInputError, CeterisError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ceteris.experiments.table import Line
    from ceteris.pairs import Name

__all__ = ["add_to", "as_rows", "cells_named"]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(experiments)
    app.command()(compare)
    app.command()(plan)
    app.command()(credit)
    app.command()(budget)
    app.command("next")(next_)
    app.command()(replay)


def experiments(
    run_missing: Annotated[
        bool, typer.Option("--run-missing", help="Train the cells that tell data from model where both moved.")
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, a list of objects.")] = False,
) -> None:
    """Tell of every experiment and commit what moved, data or model, and what that was worth against its parent."""
    from ceteris.experiments.account import account
    from ceteris.experiments.shown import shown
    from ceteris.experiments.table import table
    from ceteris.store import find_root, read_params, table_text

    if csv and as_json:
        raise BadInputError("--csv and --json were both asked for.", "Choose one of them.")
    root = find_root()
    remarks: list[str] = []
    found = account(root, run_missing=run_missing, remark=remarks.append)
    metric = read_params(root).compare.metric
    if csv or as_json:
        print(*remarks, sep="\n", end="\n" if remarks else "", file=sys.stderr)
    if csv:
        sys.stdout.write(table_text(table(found, metric)))
    elif as_json:
        print(json.dumps(as_rows(found, metric), indent=1, ensure_ascii=False, allow_nan=False))
    else:
        from rich.console import Console

        console = Console()
        console.print(shown(found, metric, console.width), *remarks, sep="\n", markup=False, highlight=False)


def compare(
    one: Annotated[str, typer.Argument(help="The baseline: an experiment, branch, tag or hash, or `workspace`.")],
    other: Annotated[str, typer.Argument(help="The candidate.")],
    baseline: Annotated[str | None, typer.Option(help="MODEL/VERSION of the baseline; default: what shows the move.")] = None,
    candidate: Annotated[str | None, typer.Option(help="MODEL/VERSION of the candidate.")] = None,
    page: Annotated[Path | None, typer.Option(help="Write the page, with every row that changed, here instead.")] = None,
    claim: Annotated[str | None, typer.Option(help="data or model: refuse unless the effect is of that alone.")] = None,
    run_missing: Annotated[bool, typer.Option("--run-missing", help="Train the cells that tell data from model.")] = False,
) -> None:
    """Set two revisions side by side: what moved, what that was worth, which rows changed, which predictions flipped."""
    from rich.console import Console

    from ceteris.experiments.account import compare_revisions
    from ceteris.experiments.page import comparison_page
    from ceteris.experiments.pages import keep_page
    from ceteris.experiments.shown import side_by_side
    from ceteris.store import find_root, read_params, write_text

    if claim not in (None, "data", "model"):
        raise BadInputError(f"--claim is {claim!r}.", "Say data or model.")
    root = find_root()
    cells = cells_named(baseline, candidate)
    found = compare_revisions(root, one, other, cells=cells, claimed=claim, run_missing=run_missing)
    metric = read_params(root).compare.metric
    Console().print(side_by_side(found, metric))
    if page is not None:
        write_text(page, comparison_page(found, metric))
        print(f"The page: {page}")
        return
    try:
        kept = keep_page(root, found, metric, arms=cells is not None)
        print(f"The page: {os.path.relpath(kept)}")
    except CeterisError as refusal:
        print(refusal, file=sys.stderr)


def plan() -> None:
    """Tell, before any work, what this validation part can see, what would show more, and which contrasts are planned."""
    from rich.console import Console

    import ceteris
    from ceteris.experiments.shown import planned

    bench = ceteris.open()
    try:
        effects = bench.effects()
    except BadInputError:
        effects = None
    Console().print(planned(bench.split_counts()["validation"], bench.params.compare, bench.plan(), effects))


def credit(
    by: Annotated[
        str,
        typer.Option(help="What makes a batch: batch, reviewer, class, issue, source, round (a day), or several: class,round."),
    ] = "batch",
    reviewer: Annotated[
        str | None, typer.Option(help="Tell which of this person's answers mattered, one by one; nobody else's are shown.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="With --reviewer: all answers, not the 20 that mattered most.")] = False,
    model: Annotated[str | None, typer.Option(help="Held fixed; default: that of the first planned data contrast.")] = None,
) -> None:
    """Tell which batch of edits helped and which hurt, or which of one person's answers mattered; cells are trained."""
    from rich.console import Console

    from ceteris.experiments.crediting import credit_of_answers, credit_of_batches
    from ceteris.experiments.reviewing import Reviewing
    from ceteris.experiments.reviews_shown import answers_shown, beside, credit_shown
    from ceteris.store import find_root

    reviewing = Reviewing(find_root(), model, _progress("credit"))
    metric = reviewing.params.compare.metric
    console = Console()
    if reviewer is not None:
        answered = credit_of_answers(reviewing, reviewer)
        console.print(answers_shown(answered, metric, beside(metric, reviewing.model, reviewing.scored_on), every))
    else:
        batches = credit_of_batches(reviewing, by)
        held = beside(metric, reviewing.model, reviewing.scored_on)
        console.print(credit_shown(batches, by, metric, held, console.width))


def budget(
    most: Annotated[int, typer.Option(min=1, help="Reviews up to which the curve goes.")] = 400,
    model: Annotated[str | None, typer.Option(help="Held fixed; default: that of the first planned data contrast.")] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Write it as a figure: NAME.svg makes NAME-light.svg and NAME-dark.svg.")
    ] = None,
    page: Annotated[Path | None, typer.Option(help="Write it as one HTML page.")] = None,
) -> None:
    """The exchange-rate board: what reviewed labels are worth, ranked against random, beside trials of models by CPU time."""
    from rich.console import Console

    from ceteris.experiments.board import read_board
    from ceteris.experiments.board_shown import board_shown
    from ceteris.experiments.reviewing import Reviewing
    from ceteris.store import find_root, write_text

    if figure is not None and figure.suffix != ".svg":
        raise BadInputError(f"--figure is {str(figure)!r}.", "Name an SVG file: --figure board.svg")
    root = find_root()
    reviewing = Reviewing(root, model, _progress("budget"))
    board, confidence = read_board(root, reviewing, most), reviewing.params.compare.confidence
    console = Console()
    console.print(board_shown(board, console.width))
    if figure is not None:
        from ceteris.plots import THEMES, to_svg
        from ceteris.plots.board import exchange_board

        for theme in THEMES:
            path = figure.with_stem(f"{figure.stem}-{theme.name}")
            write_text(path, to_svg(exchange_board(board, confidence=confidence, theme=theme)))
            print(f"The figure: {path}")
    if page is not None:
        from ceteris.experiments.board_page import board_page

        write_text(page, board_page(board, confidence))
        print(f"The page: {page}")


def next_(
    most: Annotated[int, typer.Option(min=1, help="Reviews up to which the budget curve goes.")] = 400,
    model: Annotated[str | None, typer.Option(help="Held fixed; default: that of the first planned data contrast.")] = None,
) -> None:
    """Say whether to review 100 more labels or to tune 100 more trials, from what either has earned so far."""
    from ceteris.experiments.board import read_board
    from ceteris.experiments.board_shown import advice_told
    from ceteris.experiments.reviewing import Reviewing
    from ceteris.store import find_root

    root = find_root()
    board = read_board(root, Reviewing(root, model, _progress("next")), most)
    print(advice_told(board))


def replay(
    version: Annotated[str, typer.Argument(help="A version of fix.recipes that a rule or a simulated reviewer makes.")],
    model: Annotated[str | None, typer.Option(help="Held fixed; default: that of the first planned data contrast.")] = None,
    splits: Annotated[int, typer.Option(help="Re-splits of the train rows, 2 to 1000.")] = 15,
) -> None:
    """Tell what this kind of fix is worth on data like this: audit, fix and fits anew in every re-split of the train rows."""
    from ceteris.replaying import replay_version
    from ceteris.store import find_root

    print(replay_version(find_root(), version, model, splits, _progress("replay", "re-splits to make")))


def _progress(who: str, what: str = "cells to train; finished ones are kept") -> Callable[[int, int], None]:
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


def cells_named(baseline: str | None, candidate: str | None) -> tuple[Name, Name] | None:
    """Return the two cells that are named, the same of both revisions where one is; None where none is."""
    if baseline is None and candidate is None:
        return None
    parts = [str(other if name is None else name).split("/") for name, other in ((baseline, candidate), (candidate, baseline))]
    wrong = ["/".join(part) for part in parts if len(part) != 2 or not all(part)]
    if wrong:
        raise BadInputError(f"{wrong[0]!r} names no cell.", "Write MODEL/VERSION, as in --baseline logistic/given.")
    return (parts[0][0], parts[0][1]), (parts[1][0], parts[1][1])


def as_rows(lines: Sequence[Line], metric: str) -> list[dict[str, Any]]:
    """Return the table of experiments as plain objects, whose blanks are None: JSON knows no NaN."""
    from ceteris.experiments.table import table

    rows = table(lines, metric).to_dict("records")
    return [{str(name): None if value != value else value for name, value in row.items()} for row in rows]

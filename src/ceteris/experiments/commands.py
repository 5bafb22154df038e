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
    Console().print(planned(bench.split_counts()["validation"], bench.params.compare, effects))


def credit(
    by: Annotated[str, typer.Option(help="What makes a batch: batch, reviewer, class, issue or source.")] = "batch",
    model: Annotated[str | None, typer.Option(help="Held fixed; default: that of the first planned data contrast.")] = None,
) -> None:
    """Tell which batch of edits helped and which hurt, each with its interval; coalitions of batches are trained."""
    from rich.console import Console

    from ceteris.experiments.reviewing import Reviewing
    from ceteris.experiments.reviews_shown import beside, credit_shown
    from ceteris.store import find_root

    reviewing = Reviewing(find_root(), model, _progress("credit"))
    metric = reviewing.params.compare.metric
    Console().print(credit_shown(reviewing.credit(by), by, metric, beside(metric, reviewing.model, reviewing.scored_on)))


def budget(
    most: Annotated[int, typer.Option(help="Reviews up to which the curve goes.")] = 400,
    model: Annotated[str | None, typer.Option(help="Held fixed; default: that of the first planned data contrast.")] = None,
) -> None:
    """Tell what 25, 50, 100, ... reviewed labels are worth, ranked against random; versions in between are trained."""
    from rich.console import Console

    from ceteris.experiments.reviewing import Reviewing
    from ceteris.experiments.reviews_shown import beside, budget_shown
    from ceteris.store import find_root

    reviewing = Reviewing(find_root(), model, _progress("budget"))
    curve, simulated = reviewing.budget(most)
    metric = reviewing.params.compare.metric
    Console().print(budget_shown(curve, simulated, metric, beside(metric, reviewing.model, reviewing.scored_on)))


def next_(
    most: Annotated[int, typer.Option(help="Reviews up to which the budget curve goes.")] = 400,
    model: Annotated[str | None, typer.Option(help="Held fixed; default: that of the first planned data contrast.")] = None,
) -> None:
    """Say whether to review 100 more labels or to tune 100 more trials, from what either has earned so far."""
    from ceteris.experiments.lever import next_lever
    from ceteris.experiments.reviews_shown import advice_told, beside
    from ceteris.store import find_root

    advice, reviewing, simulated = next_lever(find_root(), model, most, _progress("next"))
    metric = reviewing.params.compare.metric
    print(advice_told(advice, metric, beside(metric, reviewing.model, reviewing.scored_on), simulated))


def replay(
    version: Annotated[str, typer.Argument(help="A version of fix.recipes that a rule or a simulated reviewer makes.")],
    model: Annotated[str | None, typer.Option(help="Held fixed; default: that of the first planned data contrast.")] = None,
    splits: Annotated[int, typer.Option(help="Re-splits of the train rows, 2 to 1000.")] = 15,
) -> None:
    """Tell what this kind of fix is worth on data like this: audit, fix and fits anew in every re-split of the train rows."""
    from ceteris.replaying import replay_version
    from ceteris.store import find_root

    print(replay_version(find_root(), version, model, splits, _progress("replay", "re-splits done")))


def _progress(who: str, what: str = "cells fitted") -> Callable[[int, int], None]:
    """Return what tells, every few seconds, how much is done."""
    told = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told > 3 and done < total:
            told = time.monotonic()
            print(f"{who}: {done} of {total} {what}", file=sys.stderr, flush=True)

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

"""The commands about experiments: what each of them moved, and what that was worth."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ceteris.errors import BadInputError, CeterisError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pandas import DataFrame

    from ceteris.experiments.table import Line
    from ceteris.measuring.pairs import Name

__all__ = ["add_to", "as_rows", "cells_named", "json_text", "objects_of", "tell_page"]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(experiments)
    app.command()(compare)
    app.command()(plan)


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
        print(json_text(as_rows(found, metric)))
    else:
        from rich.console import Console

        console = Console()
        console.print(shown(found, metric, console.width), *remarks, sep="\n", markup=False, highlight=False, crop=False)


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
    Console().print(side_by_side(found, metric), crop=False)
    if page is not None:
        write_text(page, comparison_page(found, metric))
        print(f"The page: {page}")
        return
    tell_page(lambda: keep_page(root, found, metric, arms=cells is not None))


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

    return objects_of(table(lines, metric))


def objects_of(table: DataFrame) -> list[dict[str, Any]]:
    """Return a table as a list of plain objects, one a row, whose blanks are None."""
    rows = table.to_dict("records")
    return [{str(name): None if value != value else value for name, value in row.items()} for row in rows]


def json_text(content: object) -> str:
    """Return what `--json` prints."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)


def tell_page(keep: Callable[[], Path]) -> None:
    """Keep a page and say where it stands, or why it could not be kept: what was told before it holds all the same."""
    try:
        print(f"The page: {os.path.relpath(keep())}")
    except CeterisError as refusal:
        print(refusal, file=sys.stderr)

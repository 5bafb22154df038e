"""The commands about experiments: what each of them moved, and what that was worth."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(experiments)


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

    root = find_root()
    found, metric = account(root, run_missing=run_missing), read_params(root).compare.metric
    if csv:
        sys.stdout.write(table_text(table(found, metric)))
    elif as_json:
        print(json.dumps([_plain(row) for row in table(found, metric).to_dict("records")], indent=1, ensure_ascii=False))
    else:
        from rich.console import Console

        Console().print(shown(found, metric))


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    """Return a row whose blanks are null: JSON knows no NaN."""
    return {name: None if value != value else value for name, value in row.items()}

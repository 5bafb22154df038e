"""The command that tries detectors on the user's own train rows."""

from __future__ import annotations

import sys

import typer

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(detectors)


def detectors() -> None:
    """Which ranking finds errors like yours? Plants errors in train rows, tries each, and lets the queue follow the best."""
    from ceteris.detectors.kept import FOLDER, TABLE
    from ceteris.detectors.running import run_bake_off
    from ceteris.detectors.told import choice_told, table_told
    from ceteris.experiments.lever_commands import progress
    from ceteris.layout import read_layout
    from ceteris.store import find_root, read_params, single_writer

    root = find_root()
    with single_writer(root, "detectors"):
        table, evidence = run_bake_off(root, _tell, progress("detectors", "draws of planted errors"))
    for line in table_told(table):
        print(line)
    print(f"The queue is {choice_told(evidence.choice, evidence.draws, evidence.rate, evidence.rows)}.")
    if "best" not in read_params(root).review.rankings:
        print("review.rankings does not name `best`, so that queues do not follow it.", file=sys.stderr)
    print(f"The table: {read_layout(root)['results']}/{FOLDER}/{TABLE}")


def _tell(line: str) -> None:
    print(f"detectors: {line}", file=sys.stderr, flush=True)

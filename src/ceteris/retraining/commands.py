"""The command that brings labelled rows back: `ceteris retrain` makes a batch of them, weighs it, and goes to the gate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ceteris.retraining.run import Retrained

__all__ = ["NOT_BETTER", "add_to"]

NOT_BETTER = 13  # exit code


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(retrain)


def retrain(
    log: Annotated[Path, typer.Option(metavar="FILE.sqlite", help="What `ceteris serve --log` writes.")],
    package: Annotated[Path, typer.Option(help="The package that is served.")] = Path("release/model"),
    batch: Annotated[str | None, typer.Option(help="What the batch is called; default: a number and the day.")] = None,
    promote: Annotated[
        bool, typer.Option(help="Go to the gate where the batch helps; it spends a look at the test part.")
    ] = True,
) -> None:
    """Make a batch of the labelled rows of a log, train with it and without, promote what is better (exit code 13: it is not).

    Only labels lead here: drift alone promotes nothing.
    """
    from ceteris.errors import counted
    from ceteris.experiments.git import Git
    from ceteris.retraining.plan import kept_by
    from ceteris.retraining.run import note_promoted
    from ceteris.retraining.run import retrain as made_of
    from ceteris.store import find_root

    root = find_root()
    folder = package if package.is_absolute() or package.is_dir() else root / package
    with Git(root) as git:
        before = git.changed(beside="release")
    made = made_of(root, log, folder, batch, lambda line: print(f"retrain: {line}", file=sys.stderr, flush=True))
    print(f"{made.candidate} with the batch {made.batch} ({counted(made.rows, 'row')}), against the same without:")
    print(f"  {made.decision.new}\n  {made.decision.old}")
    tag = None
    try:
        if not made.decision.passed:
            note_promoted(root, made.batch, "no: it did not pass on validation")
            print("It goes no further, and stands in results/ as an experiment of its own.")
        elif promote:
            tag = _to_the_gate(root, made, before)
    finally:
        print(kept_by(made.batch, made.file, made.changed, before, tag))
    if tag is None and (promote or not made.decision.passed):
        raise typer.Exit(NOT_BETTER)


def _to_the_gate(root: Path, made: Retrained, before: list[str]) -> str | None:
    """Take the look and go to the gate; return the command that tags what was promoted, None where nothing was."""
    from ceteris.release.commands import GATE_FAILED, opened, tagged
    from ceteris.retraining.run import note_promoted

    typed = {"candidate": made.candidate, "baseline": made.baseline, "because": f"retrain: {made.decision.new}"[:500]}
    promoted = "no: it did not come to the gate"
    try:
        found, gate = opened(typed, before)
        promoted = "yes" if gate["passed"] else "no: the gate is closed"
    except SystemExit:
        promoted = "no: the gate is closed, or the look was refused"
        raise
    finally:
        note_promoted(root, made.batch, promoted)
    if found["accepted"] and not gate["passed"]:
        raise SystemExit(GATE_FAILED)
    return tagged(found, gate) if gate["passed"] else None

"""The commands of families of errors: list them, review a random sample of one, then drop or relabel it as one batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ceteris.workbench import Workbench

__all__ = ["add_to"]

families_app = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    help="Families of errors: patterns under which far more train labels are doubted than expected.",
)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(families_app, name="families")


@families_app.callback()
def list_(context: typer.Context) -> None:
    """List the families of errors among the train rows, the surest first."""
    from ceteris.families.kept import read_families
    from ceteris.families.told import listed

    if context.invoked_subcommand is None:
        print("\n".join(listed(read_families(_bench()))))


def _bench() -> Workbench:
    import ceteris

    bench: Workbench = ceteris.open()
    return bench

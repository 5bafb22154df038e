"""The commands of families of errors: list them, review a random sample of one, then drop or relabel it as one batch."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ceteris.workbench import Workbench

__all__ = ["add_to"]

families_app = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    help="Families of errors: patterns under which far more train labels are doubted than expected.",
)
Number = Annotated[int, typer.Argument(help="As `ceteris families` numbers them.")]
Reviewer = Annotated[str | None, typer.Option(help="Who decides; default: git's user.name.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(families_app, name="families")


@families_app.callback()
def list_(context: typer.Context) -> None:
    """List the families of errors among the train rows, the surest first."""
    if context.invoked_subcommand is not None:
        return
    from ceteris.families.applying import samples_so_far
    from ceteris.families.kept import read_families, read_unsure
    from ceteris.families.told import listed
    from ceteris.reviewing.patches import Ledgers

    bench = _bench()
    families, (lines, _) = read_families(bench), Ledgers(bench).readable()
    print("\n".join(listed(families, samples_so_far(bench, families, lines), read_unsure(bench))))


@families_app.command()
def review(
    number: Number,
    reviewer: Reviewer = None,
    batch: Annotated[str | None, typer.Option(help="Name of this batch of answers; default: the family and the day.")] = None,
    rows: Annotated[int, typer.Option(min=1, help="How many random rows to ask for.")] = 20,
) -> None:
    """Answer for random rows of a family here, without being told what is doubted."""
    from ceteris.families.applying import dropped_sample
    from ceteris.families.kept import family_of
    from ceteris.families.told import sample_told
    from ceteris.reviewing.arms import FAMILY
    from ceteris.reviewing.patches import Ledgers
    from ceteris.reviewing.session import open_session
    from ceteris.reviewing.terminal import converse

    bench = _bench()
    pattern = str(family_of(bench, number)["pattern"])
    name = batch or f"family-{number}-{datetime.now().date().isoformat()}"
    converse(open_session(f"{FAMILY}: {pattern}", reviewer=reviewer, batch=name), rows)
    sample = dropped_sample(bench, pattern, Ledgers(bench).readable()[0])
    print(f"Of the random rows of family {number}, {sample_told(sample)}")
    print(f"Fix all of its rows as one batch: ceteris families apply {number} --as drop (or relabel)")


@families_app.command()
def apply(
    number: Number,
    how: Annotated[str, typer.Option("--as", help="drop, or relabel as the audit suggests (or --to).")],
    to: Annotated[str | None, typer.Option(help="With --as relabel: the label that every row is to bear.")] = None,
    reviewer: Reviewer = None,
    batch: Annotated[str | None, typer.Option(help="Name of the batch of edits; default: family-NUMBER-drop.")] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Whatever its review says, and where there was none.")] = False,
) -> None:
    """Drop or relabel all rows of a family as one batch of edits, after 20 random ones of them were reviewed."""
    from ceteris.families.applying import applied
    from ceteris.families.kept import family_of
    from ceteris.families.told import applied_told
    from ceteris.reviewing.ledger_commands import next_step
    from ceteris.reviewing.session import name_of

    bench = _bench()
    who, pattern = name_of(reviewer, bench.root), str(family_of(bench, number)["pattern"])
    done = applied(bench, number, pattern, how, to=to, reviewer=who, batch=batch, anyway=anyway)
    print("\n".join(applied_told(done, how, who)))
    print(f"Keep it and see what it is worth: {next_step(done.written.files)}")


def _bench() -> Workbench:
    import ceteris

    bench: Workbench = ceteris.open()
    return bench

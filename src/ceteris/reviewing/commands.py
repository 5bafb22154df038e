"""The commands of a review: write a queue to fill in; `ledger_commands` holds those of the answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ceteris.errors import BadInputError
from ceteris.reviewing.ledger_commands import edits_app

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from ceteris.workbench import Workbench

__all__ = ["add_to"]

NOTHING_OF_TRAIN = "Nothing to review: every train row is answered."
NOTHING_OF_TEST = (
    "Nothing to review: every row that could change this look is answered, or it is scored on true labels, or its arms never "
    "predict differently."
)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(queue)
    app.command()(review)
    app.add_typer(edits_app, name="edits")


def queue(
    name: Annotated[
        str | None,
        typer.Argument(help="`train`, `random`, a contrast, or `test` within a look; default: print the names there are."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write it; default: review-NAME.csv.")] = None,
    between: Annotated[tuple[str, str] | None, typer.Option(help="Two revisions or experiments, instead of a NAME.")] = None,
    baseline: Annotated[str | None, typer.Option(help="With --between: MODEL/VERSION of the first.")] = None,
    candidate: Annotated[str | None, typer.Option(help="With --between: MODEL/VERSION of the second.")] = None,
    rows: Annotated[int | None, typer.Option(min=1, help="How many of `train` (default: 200) or `random` (50).")] = None,
) -> None:
    """Write a queue to fill in: train rows in doubt, random ones to compare, or the rows that decide a contrast (blind)."""
    if (name is None) == (between is None):
        if name is not None:
            raise BadInputError("A NAME and --between were both given.", "Choose one of them.")
        from ceteris.asking import queue_names

        print("\n".join(["train", "random", *queue_names(_bench().root)]))
        return
    if between is None and (baseline or candidate):
        raise BadInputError("--baseline and --candidate name cells of two revisions.", "Name these: --between A B")
    from ceteris.reviewing.patches import Ledgers, plain
    from ceteris.reviewing.place import free_place

    bench = _bench()
    target = free_place(out, "-".join(map(plain, between)) if between else str(name), lambda: Ledgers(bench).lines())
    if name in ("train", "random"):
        _write_train_queue(bench, target, name, rows or (200 if name == "train" else 50))
    elif name == "test":
        from ceteris.release.review import asked_rows

        _write(target, *asked_rows(bench.root), nothing=NOTHING_OF_TEST)
    elif between is None:
        from ceteris.asking import questions_about

        asked, features = questions_about(bench.root, str(name))
        _write(target, asked.rows, features, told=asked.told, nothing=asked.nothing)
    else:
        from ceteris.experiments.asking import questions_between
        from ceteris.experiments.commands import cells_named

        asked, features = questions_between(bench.root, *between, cells_named(baseline, candidate))
        _write(target, asked.rows, features, told=asked.told, nothing=asked.nothing)


def review(
    queue: Annotated[
        str,
        typer.Argument(help="`train`, `random`, a contrast, A...B of two revisions, COLUMN=VALUE, or `test` within a look."),
    ] = "train",
    reviewer: Annotated[str | None, typer.Option(help="Who answers; default: git's user.name.")] = None,
    batch: Annotated[str | None, typer.Option(help="Name of this batch of answers; default: the queue and the day.")] = None,
    rows: Annotated[int | None, typer.Option(min=1, help="How many to ask for; default: all that there are.")] = None,
) -> None:
    """Answer a queue here, row by row: every answer is on disk before the next row is shown."""
    from ceteris.reviewing.session import open_session
    from ceteris.reviewing.terminal import converse

    converse(open_session(queue, reviewer=reviewer, batch=batch), rows)


def _write_train_queue(bench: Workbench, target: Path, name: str, most: int) -> None:
    """Write the questions that a review would ask next, each with its ticket: nothing tells doubted rows from others."""
    import pandas as pd

    from ceteris.answers import TICKET
    from ceteris.reviewing.patches import Ledgers
    from ceteris.reviewing.queues import open_queue
    from ceteris.reviewing.tickets import written

    asked = open_queue(bench, name)
    lines, _ = Ledgers(bench).readable()
    questions = asked.deal(lines.assign(reviewer=""), "", most, ())
    table = {"id": "id", "given_label": "shown", TICKET: "ticket"}
    rows = pd.DataFrame({column: [getattr(one, name) for one in questions] for column, name in table.items()}, dtype=object)
    rows[TICKET] = rows[TICKET].map(written)
    features = asked.fetched.of(list(rows["id"]))
    _write(target, rows, features, ("given_label", TICKET), nothing=NOTHING_OF_TRAIN, also=", `drop`")
    if asked.ranked:
        print(f"Rows in doubt are {asked.ranked}.")


def _write(
    target: Path,
    rows: pd.DataFrame,
    features: pd.DataFrame,
    columns: tuple[str, ...] = ("pi",),
    *,
    nothing: str,
    told: Callable[[], str] = lambda: "",
    also: str = "",
) -> None:
    """Write a queue, and say how many rows it holds, what is known of them, and how answers come back."""
    from ceteris.answers import columns_told, to_review
    from ceteris.store import write_table

    if rows.empty:
        print(nothing)
        return
    write_table(target, to_review(rows, features, columns))
    print(f"{len(rows):,} rows in {target}{f': {said}' if (said := told()) else '.'}")
    print(f"Fill in the column `label` with the right label{also} or `unsure`.")
    print(f"The other columns are there to look at: {columns_told(columns)}, then the features of the row.")
    print(f"Bring the answers back with: ceteris edits import {target} --reviewer YOUR-NAME")


def _bench() -> Workbench:
    import ceteris

    bench: Workbench = ceteris.open()
    return bench

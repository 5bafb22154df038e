"""The commands of a review: write a queue to fill in; `ledger_commands` holds those of the answers."""

from __future__ import annotations

import re
import shlex
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
NOTHING_OF_ROWS = "Nothing to review: every row of this queue is answered."
NAMES = "`train`, `random`, a contrast, a slice like 'age > 90', `conflicts` and `validation-conflicts` (where people part)"
_WHOLE = re.compile(r"[\w.-]+")  # a name that is a part of a file's name as it is
MOST = {"train": 200, "random": 50}
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
        typer.Argument(help=f"{NAMES}, or `test` within a look; default: print the names there are."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write it; default: review-NAME.csv.")] = None,
    between: Annotated[tuple[str, str] | None, typer.Option(help="Two revisions or experiments, instead of a NAME.")] = None,
    baseline: Annotated[str | None, typer.Option(help="With --between: MODEL/VERSION of the first.")] = None,
    candidate: Annotated[str | None, typer.Option(help="With --between: MODEL/VERSION of the second.")] = None,
    rows: Annotated[int | None, typer.Option(min=1, help="How many at most; default: 200 of `train`, 50 of `random`.")] = None,
) -> None:
    """Write a queue to fill in: train rows in doubt, random ones to compare, or the rows that decide a contrast (blind)."""
    if (name is None) == (between is None):
        if name is not None:
            raise BadInputError("A NAME and --between were both given.", "Choose one of them.")
        from ceteris.measuring.asking import queue_names
        from ceteris.reviewing.queues import parted_queues

        bench = _bench()
        print("\n".join(["train", "random", *parted_queues(bench), *queue_names(bench.root)]))
        return
    if between is None and (baseline or candidate):
        raise BadInputError("--baseline and --candidate name cells of two revisions.", "Name these: --between A B")
    from ceteris.reviewing.patches import Ledgers, plain
    from ceteris.reviewing.place import free_place
    from ceteris.reviewing.queues import is_of_rows

    bench = _bench()
    named = str(name) if name and _WHOLE.fullmatch(name) else "-".join(map(plain, between or (str(name),)))
    target = free_place(out, named, lambda: Ledgers(bench).lines())
    if name is not None and is_of_rows(name):
        _write_rows(bench, target, name, rows)
    elif name == "test":
        from ceteris.release.review import asked_rows

        _write(bench, target, *asked_rows(bench.root), nothing=NOTHING_OF_TEST)
    elif between is None:
        from ceteris.measuring.asking import questions_about

        asked, features = questions_about(bench.root, str(name))
        _write(bench, target, asked.rows, features, told=asked.told, nothing=asked.nothing)
    else:
        from ceteris.experiments.asking import questions_between
        from ceteris.experiments.commands import cells_named

        asked, features = questions_between(bench.root, *between, cells_named(baseline, candidate))
        _write(bench, target, asked.rows, features, told=asked.told, nothing=asked.nothing)


def review(
    queue: Annotated[
        str,
        typer.Argument(help=f"{NAMES}, A...B of two revisions, or `test` within a look."),
    ] = "train",
    reviewer: Annotated[str | None, typer.Option(help="Who answers; default: git's user.name.")] = None,
    batch: Annotated[str | None, typer.Option(help="Name of this batch of answers; default: the queue and the day.")] = None,
    rows: Annotated[int | None, typer.Option(min=1, help="How many to ask for; default: all that there are.")] = None,
) -> None:
    """Answer a queue here, row by row: every answer is on disk before the next row is shown."""
    from ceteris.reviewing.session import open_session
    from ceteris.reviewing.terminal import converse

    converse(open_session(queue, reviewer=reviewer, batch=batch), rows)


def _write_rows(bench: Workbench, target: Path, name: str, most: int | None) -> None:
    """Write the questions that a review would ask next, each of a train row with its ticket, which tells no doubted one."""
    import pandas as pd

    from ceteris.editing.answers import TICKET
    from ceteris.reviewing.patches import Ledgers
    from ceteris.reviewing.queues import open_queue
    from ceteris.reviewing.tickets import written

    asked = open_queue(bench, name)
    lines, _ = Ledgers(bench).readable()
    questions = asked.deal_to_anybody(lines, most or MOST.get(name, asked.total))
    cells = [(one.id, one.shown, written(one)) for one in questions]
    rows = pd.DataFrame(cells, columns=["id", "given_label", TICKET], dtype=object)
    features = asked.fetched.of(list(rows["id"]))
    if asked.judging:
        return _write(bench, target, rows, features, (), nothing=NOTHING_OF_ROWS)
    nothing = NOTHING_OF_TRAIN if name in MOST else NOTHING_OF_ROWS
    _write(bench, target, rows, features, ("given_label", TICKET), nothing=nothing, also=", `drop`")
    if asked.ranked:
        print(f"Rows in doubt are {asked.ranked}.")


def _write(
    bench: Workbench,
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
    from ceteris.editing.answers import columns_told, to_review
    from ceteris.store import write_table

    if rows.empty:
        print(nothing)
        return
    write_table(target, to_review(rows, features, columns, bench.params.ingest.kinds))
    known = f": {said}" if (said := told()) else "."
    print(f"{len(rows):,} row{'s' * (len(rows) != 1)} in {target}{known}")
    print(f"Fill in the column `label` with the right label{also} or `unsure`.")
    first = f"{columns_told(columns)}, then " if columns else ""
    print(f"The other columns are there to look at: {first}the features of the row.")
    print(f"Bring the answers back with: ceteris edits import {shlex.quote(str(target))} --reviewer YOUR-NAME")


def _bench() -> Workbench:
    import ceteris

    bench: Workbench = ceteris.open()
    return bench
